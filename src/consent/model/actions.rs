//! What may happen next.

use std::collections::BTreeSet;

use super::super::Decision;
use super::mutation::Mutation;
use super::rows::{Exchange, Item};
use super::{Answer, Fleet, Gateway, Task, Waiting};

/// One step. Replicas and tabs are named by their place, which the next step may change.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(in super::super) enum Action {
    /// Time passes.
    Tick,

    /// `Ledger::serve`: the notice is shown.
    Serve { tab: usize },
    /// `Ledger::decide`.
    Decide {
        tab: usize,
        items: Vec<Item>,
        decision: Decision,
    },
    /// `Ledger::revoke`, or `revoke_all` of every item.
    Revoke { tab: usize, items: Vec<Item> },
    /// The reply to a refusal or withdrawal arrives.
    Reply { tab: usize },

    /// `Ledger::block`: takes back what is granted of these items, and blocks. A replica of another
    /// build may not know every purpose, and leaves what it does not know.
    Block { items: Vec<Item> },
    /// `Ledger::lift`, or the person takes the request back.
    Lift,

    /// `Gate::attempt` reads the epoch.
    ReadEpoch { replica: usize, item: Item },
    /// It reads the newest event and lets it in, or refuses.
    Admit { replica: usize },
    /// Its transaction: `count_at`, once more `admit`, the intent.
    Open { replica: usize },
    /// The bytes leave, if the proof still admits them.
    Send { replica: usize },
    /// The source answers, or does not.
    Answer { replica: usize, result: Answer },
    /// `Gate::read` or `Gate::close`.
    Close { replica: usize },
    /// `Gate::release`.
    Release {
        replica: usize,
        exchanges: BTreeSet<Exchange>,
    },
    /// The profile leaves for the client.
    HandOver { replica: usize },

    /// `Gate::abandon`, of one exchange. At start-up it takes any, so here too.
    Abandon { exchange: Exchange },
    /// A task is gone, and what it remembered. So ends a process, a panic, a dropped request, and
    /// a commit whose answer was lost.
    Crash { replica: usize },

    /// Mutations only: what a torn step does last.
    SecondHalfOfTask { replica: usize },
    /// As above, of a decision.
    SecondHalfOfDecision { tab: usize },
}

impl Gateway {
    pub(super) fn possible(&self, fleet: &Fleet, actions: &mut Vec<Action>) {
        if fleet.now < self.bounds.ticks {
            actions.push(Action::Tick);
        }
        for tab in distinct(&fleet.tabs) {
            self.decisions(fleet, tab, actions);
        }
        if fleet.rows.blocks() {
            actions.push(Action::Lift);
        } else if fleet.rows.block.len() < self.bounds.blocks {
            let all = (0..self.bounds.items).collect();
            actions.extend([all, Vec::new()].map(|items| Action::Block { items }));
        }
        for replica in distinct(&fleet.replicas) {
            self.tasks(fleet, replica, actions);
        }
        if self.mutation != Mutation::NobodySweeps {
            actions.extend(
                self.sweepable(fleet)
                    .map(|exchange| Action::Abandon { exchange }),
            );
        }
    }

    fn decisions(&self, fleet: &Fleet, tab: usize, actions: &mut Vec<Action>) {
        match &fleet.tabs[tab].waiting {
            Waiting::ForReply(_) => actions.push(Action::Reply { tab }),
            Waiting::Torn { .. } => actions.push(Action::SecondHalfOfDecision { tab }),
            Waiting::No if fleet.spent.decisions == self.bounds.decisions => {}
            Waiting::No => {
                if fleet.tabs[tab].seen != fleet.rows.last_seq() {
                    actions.push(Action::Serve { tab });
                }
                for items in self.items() {
                    for decision in [Decision::Grant, Decision::Refuse] {
                        let items = items.clone();
                        actions.push(Action::Decide {
                            tab,
                            items,
                            decision,
                        });
                    }
                    actions.push(Action::Revoke { tab, items });
                }
            }
        }
    }

    /// Each item, and all of them together.
    fn items(&self) -> Vec<Vec<Item>> {
        let mut choices: Vec<Vec<Item>> = (0..self.bounds.items).map(|item| vec![item]).collect();
        if self.bounds.items > 1 {
            choices.push((0..self.bounds.items).collect());
        }
        choices
    }

    fn tasks(&self, fleet: &Fleet, replica: usize, actions: &mut Vec<Action>) {
        match &fleet.replicas[replica] {
            Task::Idle => {
                if fleet.spent.asks < self.bounds.asks {
                    actions.extend(
                        (0..self.bounds.items).map(|item| Action::ReadEpoch { replica, item }),
                    );
                }
                if fleet.spent.releases < self.bounds.releases {
                    let profiles = subsets(&fleet.results).into_iter();
                    actions
                        .extend(profiles.map(|exchanges| Action::Release { replica, exchanges }));
                }
                return;
            }
            Task::EpochRead { .. } => actions.push(Action::Admit { replica }),
            Task::Admitted { .. } => actions.push(Action::Open { replica }),
            Task::Opened { .. } => actions.push(Action::Send { replica }),
            Task::Sent { .. } => actions.extend(
                [Answer::Ok, Answer::Timeout].map(|result| Action::Answer { replica, result }),
            ),
            Task::Answered { .. } => actions.push(Action::Close { replica }),
            Task::Released { .. } => actions.push(Action::HandOver { replica }),
            Task::Torn(_) => actions.push(Action::SecondHalfOfTask { replica }),
        }
        if fleet.spent.crashes < self.bounds.crashes {
            actions.push(Action::Crash { replica });
        }
    }

    fn sweepable<'a>(&self, fleet: &'a Fleet) -> Box<dyn Iterator<Item = Exchange> + 'a> {
        if self.mutation == Mutation::SweepOverwrites {
            let used = fleet.rows.exchange_outcome.iter().filter(|row| row.used);
            return Box::new(used.map(|row| row.exchange));
        }
        Box::new(fleet.rows.left_open())
    }

    /// Does it. `None`: it would change nothing.
    pub(super) fn take(&self, fleet: &mut Fleet, action: Action) -> Option<()> {
        match action {
            Action::Tick => fleet.now += 1,
            Action::Serve { tab } => fleet.tabs[tab].seen = fleet.rows.last_seq(),
            Action::Decide {
                tab,
                items,
                decision,
            } => self.decide(fleet, tab, items, decision)?,
            Action::Revoke { tab, items } => self.revoke(fleet, tab, items)?,
            Action::Reply { tab } => fleet.reply(tab)?,
            Action::Block { items } => fleet.block(&items),
            Action::Lift => fleet.rows.lift(),
            Action::ReadEpoch { replica, item } => self.read_epoch(fleet, replica, item),
            Action::Admit { replica } => self.admit(fleet, replica)?,
            Action::Open { replica } => self.open(fleet, replica)?,
            Action::Send { replica } => self.send(fleet, replica)?,
            Action::Answer { replica, result } => self.answer(fleet, replica, result)?,
            Action::Close { replica } => self.close(fleet, replica)?,
            Action::Release { replica, exchanges } => self.release(fleet, replica, exchanges),
            Action::HandOver { replica } => fleet.hand_over(replica)?,
            Action::Abandon { exchange } => self.abandon(fleet, exchange)?,
            Action::Crash { replica } => {
                fleet.replicas[replica] = Task::Idle;
                fleet.spent.crashes += 1;
            }
            Action::SecondHalfOfTask { replica } => self.second_half_of_task(fleet, replica)?,
            Action::SecondHalfOfDecision { tab } => fleet.second_half_of_decision(tab)?,
        }
        Some(())
    }
}

/// The places whose neighbour before is not the same: twins would do the same twice.
fn distinct<T: PartialEq>(sorted: &[T]) -> impl Iterator<Item = usize> {
    (0..sorted.len()).filter(|&place| place == 0 || sorted[place - 1] != sorted[place])
}

/// Every profile that could be made of these answers.
fn subsets(results: &BTreeSet<Exchange>) -> Vec<BTreeSet<Exchange>> {
    let mut subsets = vec![BTreeSet::new()];
    for exchange in results {
        for mut subset in subsets.clone() {
            subset.insert(*exchange);
            subsets.push(subset);
        }
    }
    subsets.split_off(1)
}
