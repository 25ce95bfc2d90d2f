//! The replicas' steps: [`Gate`](super::super::Gate), and who calls it.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use super::super::Use;
use super::super::gate::admit;
use super::super::item::State;
use super::super::proof::is_fresh;
use super::mutation::Mutation;
use super::rows::{ConsentEvent, Exchange, Intent, Item, Outcome, Release, Rows};
use super::{Answer, Departure, Fleet, Gateway, MINIMUM, Task, Tick, Torn, instant, monotonic};
use crate::citizen::ProductCode;

impl Fleet {
    pub(super) fn hand_over(&mut self, replica: usize) -> Option<()> {
        let Task::Released { departure } = std::mem::take(&mut self.replicas[replica]) else {
            return None;
        };
        self.departures.insert(departure);
        Some(())
    }
}

impl Gateway {
    /// What `Gate::attempt` reads first.
    pub(super) fn read_epoch(&self, fleet: &mut Fleet, replica: usize, item: Item) {
        fleet.spent.asks += 1;
        let epoch = fleet.rows.epoch();
        fleet.replicas[replica] = match self.mutation {
            Mutation::NewestBeforeEpoch => fleet.admitted(item).map_or(Task::Idle, |grant| {
                let consent_seq = grant.seq;
                Task::Torn(Torn::Ask { item, consent_seq })
            }),
            _ => Task::EpochRead { item, epoch },
        };
    }

    /// What it reads next, and whether it goes on.
    pub(super) fn admit(&self, fleet: &mut Fleet, replica: usize) -> Option<()> {
        let Task::EpochRead { item, epoch } = fleet.replicas[replica] else {
            return None;
        };
        let Some(consent_seq) = fleet.admitted(item).map(|grant| grant.seq) else {
            fleet.replicas[replica] = Task::Idle;
            return Some(());
        };
        let early = self.mutation == Mutation::IntentChecksBlockBeforeLock;
        if early && fleet.rows.blocks() {
            fleet.replicas[replica] = Task::Idle;
            return Some(());
        }
        fleet.replicas[replica] = Task::Admitted {
            item,
            epoch,
            consent_seq,
        };
        if self.mutation == Mutation::SendWithoutIntent {
            let exchange = fleet.rows.exchange_intent.len();
            fleet.calls.insert(exchange, fleet.now);
        }
        Some(())
    }

    /// The transaction of `Gate::attempt`.
    pub(super) fn open(&self, fleet: &mut Fleet, replica: usize) -> Option<()> {
        let Task::Admitted {
            item,
            epoch,
            consent_seq,
        } = fleet.replicas[replica]
        else {
            return None;
        };
        let exchange = fleet.rows.exchange_intent.len();
        let mut tx = fleet.rows.clone();
        let counter = if self.mutation == Mutation::IntentIgnoresEpoch {
            Some(tx.count().counter)
        } else {
            tx.count_at(epoch)
        };
        let Some(counter) = counter else {
            // `Gate::open` tries again: as often as decisions come in between, which are counted.
            fleet.replicas[replica] = Task::EpochRead {
                item,
                epoch: fleet.rows.epoch(),
            };
            return Some(());
        };
        let refuses = match self.mutation {
            Mutation::IntentIgnoresBlock | Mutation::IntentChecksBlockBeforeLock => false,
            _ => tx.blocks(),
        };
        if refuses {
            fleet.replicas[replica] = Task::Idle;
            return Some(());
        }
        let grant = tx.event(consent_seq)?.event();
        let looks_again = self.mutation != Mutation::IntentLooksOnce;
        if looks_again && !admits(grant.state(instant(fleet.now), MINIMUM)) {
            fleet.replicas[replica] = Task::Idle;
            return Some(());
        }
        tx.exchange_intent.push(Intent {
            exchange,
            item,
            consent_seq,
            epoch,
            counter,
            at: fleet.now,
        });
        fleet.rows = tx;
        fleet.replicas[replica] = Task::Opened {
            exchange,
            born: fleet.now,
        };
        Some(())
    }

    /// `Platform::ask` up to the last byte.
    pub(super) fn send(&self, fleet: &mut Fleet, replica: usize) -> Option<()> {
        let Task::Opened { exchange, born } = fleet.replicas[replica] else {
            return None;
        };
        let fresh = is_fresh(monotonic(born), monotonic(fleet.now));
        fleet.replicas[replica] = if fresh || self.mutation == Mutation::ProofNeverStale {
            fleet.calls.insert(exchange, fleet.now);
            Task::Sent { exchange }
        } else {
            Task::Answered {
                exchange,
                result: Answer::Stale,
            }
        };
        Some(())
    }

    pub(super) fn answer(&self, fleet: &mut Fleet, replica: usize, result: Answer) -> Option<()> {
        let Task::Sent { exchange } = fleet.replicas[replica] else {
            return None;
        };
        fleet.replicas[replica] = Task::Answered { exchange, result };
        if self.mutation == Mutation::UseWithoutOutcome {
            fleet.results.insert(exchange);
        }
        Some(())
    }

    /// `Gate::end`: one transaction, which locks the person's head and looks only then.
    pub(super) fn close(&self, fleet: &mut Fleet, replica: usize) -> Option<()> {
        let Task::Answered { exchange, result } = fleet.replicas[replica] else {
            return None;
        };
        let intent = fleet.rows.intent(exchange)?;
        let result = result.result();
        let verdict = result.verdict(self.stands(&fleet.rows, intent, fleet.now));
        let used = verdict == Use::Allowed;
        fleet.replicas[replica] = Task::Idle;
        if self.mutation == Mutation::CloseChecksBeforeLock {
            fleet.replicas[replica] = Task::Torn(Torn::Close { exchange, used });
            return Some(());
        }
        let word = match verdict {
            Use::Discarded => "discarded_revoked",
            Use::Allowed | Use::Nothing => result.as_str(),
        };
        if self.record_outcome(fleet, exchange, word, used) && used {
            fleet.results.insert(exchange);
        }
        Some(())
    }

    /// `Gate::release`: one transaction, which locks the person's head and looks only then.
    pub(super) fn release(&self, fleet: &mut Fleet, replica: usize, exchanges: BTreeSet<Exchange>) {
        fleet.spent.releases += 1;
        if fleet.rows.blocks() && self.mutation != Mutation::ReleaseIgnoresBlock {
            return;
        }
        let stand = exchanges.iter().all(|exchange| {
            fleet
                .rows
                .contribution(*exchange)
                .is_some_and(|part| self.stands(&fleet.rows, part, fleet.now).is_granted())
        });
        if !stand {
            return;
        }
        match self.mutation {
            Mutation::ReleaseChecksBeforeLock => {
                fleet.replicas[replica] = Task::Torn(Torn::Release { exchanges });
            }
            Mutation::LeaveWithoutRelease => {
                let release = None;
                fleet.departures.insert(Departure { release, exchanges });
            }
            _ => fleet.record_release(replica, exchanges),
        }
    }

    /// `Gate::abandon`, of one exchange.
    pub(super) fn abandon(&self, fleet: &mut Fleet, exchange: Exchange) -> Option<()> {
        if self.mutation == Mutation::SweepOverwrites {
            let rows = &mut fleet.rows.exchange_outcome;
            let row = rows.iter_mut().find(|row| row.exchange == exchange)?;
            row.result = "abandoned";
            return Some(());
        }
        self.record_outcome(fleet, exchange, "abandoned", false);
        Some(())
    }

    pub(super) fn second_half_of_task(&self, fleet: &mut Fleet, replica: usize) -> Option<()> {
        let Task::Torn(torn) = std::mem::take(&mut fleet.replicas[replica]) else {
            return None;
        };
        match torn {
            Torn::Ask { item, consent_seq } => {
                let epoch = fleet.rows.epoch();
                fleet.replicas[replica] = Task::Admitted {
                    item,
                    epoch,
                    consent_seq,
                };
            }
            Torn::Close { exchange, used } => {
                if self.record_outcome(fleet, exchange, "ok", used) && used {
                    fleet.results.insert(exchange);
                }
            }
            Torn::Release { exchanges } => fleet.record_release(replica, exchanges),
        }
        Some(())
    }

    /// Counts and writes an outcome. `false` if there was one already, and nothing was written.
    fn record_outcome(
        &self,
        fleet: &mut Fleet,
        exchange: Exchange,
        result: &'static str,
        used: bool,
    ) -> bool {
        let mut tx = fleet.rows.clone();
        let position = tx.count();
        if self.mutation == Mutation::CountApart {
            fleet.rows.subject_head = tx.subject_head;
        }
        let outcome = Outcome {
            exchange,
            result,
            used,
            epoch: position.epoch,
            counter: position.counter,
            at: fleet.now,
        };
        if self.mutation == Mutation::OutcomeTwice {
            tx.exchange_outcome.push(outcome);
        } else if tx.insert_outcome(outcome).is_err() {
            return false;
        }
        fleet.rows = tx;
        true
    }

    /// As `Gate::stands`.
    fn stands(&self, rows: &Rows, intent: &Intent, now: Tick) -> State {
        let Some(newest) = rows.newest(intent.item).map(ConsentEvent::event) else {
            return State::NotAsked;
        };
        match self.mutation {
            Mutation::CloseIgnoresWithdrawal => rows
                .event(intent.consent_seq)
                .map_or(State::NotAsked, |grant| {
                    grant.event().state(instant(now), MINIMUM)
                }),
            Mutation::CloseTakesAnyGrant => newest.state(instant(now), MINIMUM),
            _ => newest.stands(intent.consent_seq, instant(now), MINIMUM),
        }
    }
}

impl Fleet {
    /// The item's newest event, if the gate lets it in. The version is looked at later, in the
    /// transaction.
    fn admitted(&self, item: Item) -> Option<&ConsentEvent> {
        let grant = self.rows.newest(item)?;
        admits(grant.event().state(instant(self.now), 0)).then_some(grant)
    }

    fn record_release(&mut self, replica: usize, exchanges: BTreeSet<Exchange>) {
        let position = self.rows.count();
        let release = self.rows.release.len();
        self.rows.release.push(Release {
            exchanges: exchanges.clone(),
            epoch: position.epoch,
            counter: position.counter,
            at: self.now,
        });
        let departure = Departure {
            release: Some(release),
            exchanges,
        };
        self.replicas[replica] = Task::Released { departure };
    }
}

/// Whether the gate lets an item in this state in.
fn admits(state: State) -> bool {
    static PRODUCT: LazyLock<ProductCode> = LazyLock::new(|| "AEAT_IRPF/C4".parse().unwrap());
    admit(state, &PRODUCT).is_ok()
}
