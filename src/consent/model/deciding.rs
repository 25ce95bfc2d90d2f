//! The person's steps: [`Ledger`](super::super::Ledger).

use std::sync::LazyLock;

use super::super::Decision;
use super::super::item::What;
use super::mutation::Mutation;
use super::rows::{ConsentEvent, Item, Rows};
use super::{Fleet, GRANT, Gateway, Told, Waiting, instant};
use crate::citizen::ServedId;
use crate::clock::SystemEntropy;

impl Gateway {
    /// `Ledger::decide`: one transaction, which locks the person's head and looks only then.
    pub(super) fn decide(
        &self,
        fleet: &mut Fleet,
        tab: usize,
        items: Vec<Item>,
        decision: Decision,
    ) -> Option<()> {
        fleet.spent.decisions += 1;
        let seen = fleet.tabs[tab].seen;
        match decision {
            Decision::Refuse => {
                fleet.rows.record(&items, What::Refused, seen);
                fleet.await_reply(tab, &items);
            }
            Decision::Grant if self.refuses_to_agree(fleet) => return None,
            Decision::Grant if check_order(&fleet.rows, &items, seen).is_none() => return None,
            Decision::Grant if self.mutation == Mutation::DecideChecksBeforeLock => {
                let grant = true;
                fleet.tabs[tab].waiting = Waiting::Torn { items, grant };
            }
            Decision::Grant => fleet.grant(&items, seen),
        }
        Some(())
    }

    fn refuses_to_agree(&self, fleet: &Fleet) -> bool {
        fleet.rows.blocks() && self.mutation != Mutation::GrantWhileBlocked
    }

    /// `Ledger::revoke`. What is not granted stays as it is, and its receipt comes again.
    pub(super) fn revoke(&self, fleet: &mut Fleet, tab: usize, items: Vec<Item>) -> Option<()> {
        fleet.spent.decisions += 1;
        let newest = |item: &Item| fleet.rows.newest(*item).map(ConsentEvent::event);
        let granted = |item: &Item| newest(item).is_some_and(|event| event.is_grant());
        let granted: Vec<Item> = items.iter().copied().filter(granted).collect();
        if items.iter().all(|item| newest(item).is_none()) {
            return None;
        }
        if self.mutation == Mutation::ReplyBeforeCommit {
            fleet.tell(fleet.decided(&items));
            let grant = false;
            fleet.tabs[tab].waiting = Waiting::Torn { items, grant };
            return Some(());
        }
        fleet.withdraw(&granted);
        fleet.await_reply(tab, &items);
        Some(())
    }
}

impl Fleet {
    /// `Ledger::block`: one transaction, which locks the person's head first.
    pub(super) fn block(&mut self, items: &[Item]) {
        let granted: Vec<Item> = items
            .iter()
            .copied()
            .filter(|item| {
                let newest = self.rows.newest(*item).map(ConsentEvent::event);
                newest.is_some_and(|event| event.is_grant())
            })
            .collect();
        self.withdraw(&granted);
        self.rows.mark_block();
    }

    pub(super) fn reply(&mut self, tab: usize) -> Option<()> {
        let Waiting::ForReply(ended) = std::mem::take(&mut self.tabs[tab].waiting) else {
            return None;
        };
        self.tell(ended);
        Some(())
    }

    pub(super) fn second_half_of_decision(&mut self, tab: usize) -> Option<()> {
        let Waiting::Torn { items, grant } = std::mem::take(&mut self.tabs[tab].waiting) else {
            return None;
        };
        if grant {
            self.grant(&items, self.tabs[tab].seen);
        } else {
            self.withdraw(&items);
        }
        Some(())
    }

    fn grant(&mut self, items: &[Item], seen: i64) {
        let until = instant(self.now + GRANT);
        self.rows.record(items, What::Granted { until }, seen);
    }

    fn withdraw(&mut self, granted: &[Item]) {
        if !granted.is_empty() {
            let seen = self.rows.last_seq();
            self.rows.record(granted, What::Withdrawn, seen);
        }
    }

    fn await_reply(&mut self, tab: usize, items: &[Item]) {
        self.tabs[tab].waiting = Waiting::ForReply(self.decided(items));
    }

    /// The newest event of each item that was ever decided.
    fn decided(&self, items: &[Item]) -> Vec<(Item, i64)> {
        let seq = |item: &Item| Some((*item, self.rows.newest(*item)?.seq));
        items.iter().filter_map(seq).collect()
    }

    fn tell(&mut self, ended: Vec<(Item, i64)>) {
        let entries = self.rows.subject_head.entries;
        let told = |(item, seq)| Told { item, seq, entries };
        self.told.extend(ended.into_iter().map(told));
    }
}

/// As `Decisions::check_order`: `None` if an item was decided after the notice was shown.
fn check_order(rows: &Rows, items: &[Item], seen: i64) -> Option<()> {
    // Of a showing nobody answered yet: the same answer sent twice is no decision.
    static SERVED: LazyLock<ServedId> =
        LazyLock::new(|| ServedId::random(&SystemEntropy::default()));
    let newest = items.iter().filter_map(|item| rows.newest(*item));
    let superseded = newest
        .into_iter()
        .any(|newest| newest.event().supersedes(*SERVED, seen));
    (!superseded).then_some(())
}
