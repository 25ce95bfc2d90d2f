//! Walks through the model, taken by the real ledger and gate on real tables at the same time.
//!
//! The model is about the code only as long as both write the same rows and say yes to the same
//! things. Here a replica's steps up to its intent are taken at once, for the code takes them so;
//! what comes between them is the model's own affair, and of the tests of races.

use std::cell::RefCell;
use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};
use stateright::Model;

use super::super::model::{Action, Answer, Bounds, Exchange, Fleet, Gateway, Mutation, Task};
use super::*;

/// By the model's number of the item.
const CODES: [&str; 2] = [C4, IN_WORK];

/// A proof is stale after one, and a grant over after two.
const TICK: Duration = Duration::from_hours(24 * 184);

const BOUNDS: Bounds = Bounds {
    name: "replays",
    items: CODES.len(),
    replicas: 2,
    tabs: 1,
    asks: 20,
    decisions: 20,
    releases: 6,
    crashes: 2,
    ticks: 5,
    blocks: 0,
};

struct Replay {
    house: House,
    gateway: Gateway,
    fleet: Fleet,
    served: ServedId,
    /// The same answer to the same showing is the same receipt, which the model does not know.
    answered: bool,
    proofs: BTreeMap<Exchange, ConsentProof>,
    open: BTreeMap<Exchange, OpenExchange>,
    ids: Vec<ExchangeId>,
}

impl Replay {
    async fn new() -> Self {
        let house = House::new().await;
        let gateway = Gateway {
            bounds: BOUNDS,
            mutation: Mutation::None,
        };
        Self {
            fleet: gateway.init_states().remove(0),
            served: house.serve().await,
            house,
            gateway,
            answered: false,
            proofs: BTreeMap::new(),
            open: BTreeMap::new(),
            ids: Vec::new(),
        }
    }

    /// What the walk may do next, the likely more than once.
    fn actions(&self) -> Vec<Action> {
        let mut actions = Vec::new();
        self.gateway.actions(&self.fleet, &mut actions);
        actions.retain(|action| !(self.answered && matches!(action, Action::Decide { .. })));
        actions
            .into_iter()
            .flat_map(|action| std::iter::repeat_n(action.clone(), weight(&action)))
            .collect()
    }

    /// Takes the step in the model. Whether it changed anything.
    fn advance(&mut self, action: Action) -> bool {
        let next = self.gateway.next_state(&self.fleet, action);
        let changed = next.is_some();
        self.fleet = next.unwrap_or_else(|| self.fleet.clone());
        changed
    }

    /// Takes the step in both.
    async fn take(&mut self, action: Action) {
        // No two entries at the same instant, so that the sweeper's order is known.
        self.house.wait(Duration::from_micros(1));
        match action {
            Action::Tick => {
                // Else the log has stalled when the clock is moved.
                self.house.log.sequence_once().await.unwrap();
                self.house.wait(TICK);
            }
            Action::Serve { .. } => {
                self.served = self.house.serve().await;
                self.answered = false;
            }
            Action::Decide { .. } | Action::Revoke { .. } => return self.decide(action).await,
            Action::ReadEpoch { replica, item } => return self.open(replica, item).await,
            Action::Send { replica } => return self.send(replica),
            Action::Close { replica } => return self.close(replica).await,
            Action::Release { .. } => return self.release(action).await,
            Action::Abandon { .. } => return self.abandon().await,
            Action::Crash { replica } => {
                if let Some(exchange) = held(&self.fleet.replicas[replica]) {
                    self.proofs.remove(&exchange);
                    self.open.remove(&exchange);
                }
            }
            _ => {}
        }
        self.advance(action);
    }

    async fn decide(&mut self, action: Action) {
        let (ledger, anna) = (&self.house.ledger, &self.house.anna);
        let done = match &action {
            Action::Decide {
                items, decision, ..
            } => {
                let decisions: Vec<_> =
                    items.iter().map(|item| (CODES[*item], *decision)).collect();
                let done = ledger.decide(anna, answers(self.served, &decisions)).await;
                self.answered = done.is_ok();
                done.is_ok()
            }
            Action::Revoke { items, .. } if items.len() == 1 => {
                let item = self.house.state(CODES[items[0]]).await.item;
                ledger.revoke(anna, item).await.is_ok()
            }
            _ => {
                // With nothing ever granted it says so; the model does nothing and says nothing.
                let _ = ledger.revoke_all(anna, &purpose()).await;
                self.advance(action);
                return;
            }
        };
        assert_eq!(self.advance(action.clone()), done, "{action:?}");
    }

    async fn open(&mut self, replica: usize, item: usize) {
        let before = self.ids.len();
        self.advance(Action::ReadEpoch { replica, item });
        while let Some(action) = self.fleet.replicas.iter().enumerate().find_map(unfinished) {
            self.advance(action);
        }
        let opened = self.house.gate.open(self.house.ask(CODES[item])).await;
        if let Ok(opened) = opened {
            self.ids.push(opened.exchange.id());
            self.proofs.insert(before, opened.proof);
            self.open.insert(before, opened.exchange);
        }
        assert_eq!(self.ids.len(), self.fleet.rows.exchange_intent.len());
    }

    fn send(&mut self, replica: usize) {
        let exchange = held(&self.fleet.replicas[replica]).unwrap();
        let proof = self.proofs.remove(&exchange).unwrap();
        let admitted = proof.admits(&[7; 32], self.house.world.clock.monotonic());
        self.advance(Action::Send { replica });
        assert_eq!(admitted.is_ok(), self.fleet.calls.contains_key(&exchange));
    }

    async fn close(&mut self, replica: usize) {
        let Task::Answered { exchange, result } = self.fleet.replicas[replica] else {
            panic!("nothing to close");
        };
        let open = self.open.remove(&exchange).unwrap();
        let outcome = Outcome {
            result: result.result(),
            ..ok()
        };
        let closed = match result {
            Answer::Ok => self.house.gate.read(open, [8; 32], || outcome).await,
            Answer::Stale | Answer::Timeout => self.house.gate.close(open, outcome).await,
        };
        let entries = self.fleet.rows.subject_head.entries;
        self.advance(Action::Close { replica });
        let row = self.fleet.rows.outcome(exchange).unwrap();
        let expected = match row.result {
            _ if row.counter <= entries => Use::Discarded,
            "discarded_revoked" => Use::Discarded,
            _ if row.used => Use::Allowed,
            _ => Use::Nothing,
        };
        assert_eq!(closed.unwrap(), expected);
    }

    async fn release(&mut self, action: Action) {
        let Action::Release { exchanges, .. } = &action else {
            panic!("not a release");
        };
        let ids = exchanges.iter().map(|exchange| self.ids[*exchange]);
        let released = self.house.gate.release(self.house.release(ids)).await;
        let before = self.fleet.rows.release.len();
        self.advance(action);
        assert_eq!(released.is_ok(), self.fleet.rows.release.len() > before);
    }

    /// The sweeper takes all there are, and the model one after the other.
    async fn abandon(&mut self) {
        let open: Vec<Exchange> = self.fleet.rows.left_open().collect();
        let now = self.house.world.now();
        let abandoned = self.house.gate.abandon(Timestamp::MIN..now).await.unwrap();
        assert_eq!(abandoned, open.len() as u64);
        for exchange in open {
            self.advance(Action::Abandon { exchange });
        }
    }

    /// Every row the model has, as a line.
    fn modelled(&self) -> Vec<String> {
        let rows = &self.fleet.rows;
        let head = format!("{} {}", rows.subject_head.epoch, rows.subject_head.entries);
        let mut events: Vec<_> = rows.consent_event.iter().collect();
        events.sort_by_key(|row| (row.epoch, row.item));
        let events = events.into_iter().map(|row| {
            let code = CODES[row.item];
            format!("{} {code} {}", row.epoch, row.what.as_str())
        });
        let intents = rows.exchange_intent.iter().map(|row| {
            let (id, code) = (self.ids[row.exchange], CODES[row.item]);
            format!(
                "{id} {code} {} {} {}",
                row.consent_seq, row.epoch, row.counter
            )
        });
        let outcomes = rows.exchange_outcome.iter().map(|row| {
            let (id, used) = (self.ids[row.exchange], i64::from(row.used));
            format!("{id} {} {used} {} {}", row.result, row.epoch, row.counter)
        });
        let releases = rows.release.iter().flat_map(|row| {
            let mut ids: Vec<_> = row
                .exchanges
                .iter()
                .map(|at| self.ids[*at].to_string())
                .collect();
            ids.sort();
            ids.into_iter()
                .map(|id| format!("{id} {} {}", row.epoch, row.counter))
        });
        [head]
            .into_iter()
            .chain(events)
            .chain(intents)
            .chain(outcomes)
            .chain(releases)
            .collect()
    }

    /// Every row there really is, written the same way.
    async fn written(&self) -> Vec<String> {
        let lines = [
            "SELECT COALESCE(MAX(epoch), 0) || ' ' || COALESCE(MAX(entries), 0) FROM subject_head",
            // Several withdrawals at once are numbered as their items' random ids fall.
            "SELECT epoch || ' ' || product || ' ' || event FROM consent_event \
             ORDER BY epoch, product",
            "SELECT exchange || ' ' || product || ' ' || consent_seq || ' ' || epoch || ' ' || \
             counter FROM exchange_intent ORDER BY counter",
            "SELECT exchange || ' ' || result || ' ' || used || ' ' || epoch || ' ' || counter \
             FROM exchange_outcome ORDER BY counter",
            "SELECT x.exchange || ' ' || r.epoch || ' ' || r.counter FROM release r \
             JOIN release_exchange x ON x.release = r.release ORDER BY r.counter, x.exchange",
        ];
        let mut written = Vec::new();
        for sql in lines {
            let rows = self.house.db.rows(sql, vec![]).await.unwrap();
            written.extend(rows.iter().map(|row| row.text(0).unwrap()));
        }
        written
    }
}

/// So that most exchanges get somewhere before something comes between.
fn weight(action: &Action) -> usize {
    match action {
        Action::Serve { .. } | Action::Send { .. } | Action::Answer { .. } => 8,
        Action::Release { exchanges, .. } if exchanges.len() > 2 => 0,
        Action::Release { .. }
        | Action::HandOver { .. }
        | Action::Close { .. }
        | Action::ReadEpoch { .. }
        | Action::Decide {
            decision: Decision::Grant,
            ..
        } => 4,
        _ => 1,
    }
}

/// The exchange a task could still close.
fn held(task: &Task) -> Option<Exchange> {
    match task {
        Task::Opened { exchange, .. }
        | Task::Sent { exchange }
        | Task::Answered { exchange, .. } => Some(*exchange),
        _ => None,
    }
}

/// The next step of a task on its way to an intent.
fn unfinished((replica, task): (usize, &Task)) -> Option<Action> {
    match task {
        Task::EpochRead { .. } => Some(Action::Admit { replica }),
        Task::Admitted { .. } => Some(Action::Open { replica }),
        _ => None,
    }
}

/// Walks as chosen; gives what happened on the way.
async fn play(choices: Vec<usize>) -> BTreeSet<&'static str> {
    let mut replay = Replay::new().await;
    for choice in choices {
        let mut actions = replay.actions();
        if actions.is_empty() {
            break;
        }
        let action = actions.swap_remove(choice % actions.len());
        replay.take(action.clone()).await;
        assert_eq!(
            replay.written().await,
            replay.modelled(),
            "after {action:?}"
        );
    }
    let rows = &replay.fleet.rows;
    let results = rows.exchange_outcome.iter().map(|outcome| outcome.result);
    let released = rows.release.iter().map(|_| "released");
    results.chain(released).collect()
}

#[test]
fn the_ledger_and_the_gate_write_the_rows_the_model_writes() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let walks = prop::collection::vec(0..1000_usize, 60..120);
    // The same walks every time, so that what they meet is known.
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(ProptestConfig::with_cases(6), rng);
    let met = RefCell::new(BTreeSet::new());
    runner
        .run(&walks, |choices| {
            met.borrow_mut().extend(runtime.block_on(play(choices)));
            Ok(())
        })
        .unwrap();
    let every = [
        "abandoned",
        "discarded_revoked",
        "error",
        "ok",
        "released",
        "timeout",
    ];
    assert_eq!(met.into_inner(), every.into());
}
