//! The tables about one person, and the statements that change them.
//!
//! Tables, columns and functions are called as in the migrations, [`super::super::gate`]'s and
//! [`super::super::ledger`]'s `store`. A step that is one transaction in the code works on a copy
//! of the rows and puts it back, or does not.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use jiff::Timestamp;

use super::super::item::{Beneficiary, Event, What};
use super::Tick;
use crate::citizen::{ItemId, ReceiptId};
use crate::clock::SystemEntropy;

/// 0, 1 ...: which product is asked for.
pub(in super::super) type Item = usize;
/// 0, 1 ...: in the order in which their ids were drawn.
pub(in super::super) type Exchange = usize;

#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub(in super::super) struct Rows {
    pub subject_head: SubjectHead,
    pub consent_event: Vec<ConsentEvent>,
    pub exchange_intent: Vec<Intent>,
    pub exchange_outcome: Vec<Outcome>,
    pub release: Vec<Release>,
    pub block: Vec<Mark>,
    /// The first ends the first block, and so on: one stands at a time.
    pub request_end: Vec<Mark>,
}

#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub(in super::super) struct SubjectHead {
    pub epoch: i64,
    pub entries: i64,
}

#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(in super::super) struct ConsentEvent {
    pub seq: i64,
    pub epoch: i64,
    pub item: Item,
    pub what: What,
    /// `notice_served.seen` of the showing it answers: the newest event the person knew of.
    pub seen: i64,
}

#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(in super::super) struct Intent {
    pub exchange: Exchange,
    pub item: Item,
    pub consent_seq: i64,
    pub epoch: i64,
    pub counter: i64,
    pub at: Tick,
}

#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(in super::super) struct Outcome {
    pub exchange: Exchange,
    pub result: &'static str,
    pub used: bool,
    pub epoch: i64,
    pub counter: i64,
    pub at: Tick,
}

#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(in super::super) struct Release {
    pub exchanges: BTreeSet<Exchange>,
    pub epoch: i64,
    pub counter: i64,
    pub at: Tick,
}

/// Between which entries and events a block was put, or ended.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(in super::super) struct Mark {
    pub entries: i64,
    pub seq: i64,
}

/// As the gate's: the epoch, and the number of the entry about to be written.
pub(super) struct Position {
    pub epoch: i64,
    pub counter: i64,
}

/// The exchange has an outcome already: the primary key of `exchange_outcome` says so.
pub(super) struct Conflict;

impl Rows {
    pub(super) fn last_seq(&self) -> i64 {
        self.consent_event.last().map_or(0, |event| event.seq)
    }

    pub(super) fn advance_epoch(&mut self) -> i64 {
        self.subject_head.epoch += 1;
        self.subject_head.epoch
    }

    pub(super) fn epoch(&self) -> i64 {
        self.subject_head.epoch
    }

    pub(super) fn newest(&self, item: Item) -> Option<&ConsentEvent> {
        self.consent_event
            .iter()
            .rev()
            .find(|event| event.item == item)
    }

    /// As `Ledger::record`: one epoch for all, then a number for each.
    pub(super) fn record(&mut self, items: &[Item], what: What, seen: i64) {
        let epoch = self.advance_epoch();
        for item in items {
            let seq = self.last_seq() + 1;
            self.consent_event.push(ConsentEvent {
                seq,
                epoch,
                item: *item,
                what,
                seen,
            });
        }
    }

    pub(super) fn count_at(&mut self, epoch: i64) -> Option<i64> {
        (self.subject_head.epoch == epoch).then(|| self.count().counter)
    }

    pub(super) fn count(&mut self) -> Position {
        self.subject_head.entries += 1;
        Position {
            epoch: self.subject_head.epoch,
            counter: self.subject_head.entries,
        }
    }

    pub(super) fn insert_outcome(&mut self, outcome: Outcome) -> Result<(), Conflict> {
        if self.outcome(outcome.exchange).is_some() {
            return Err(Conflict);
        }
        self.exchange_outcome.push(outcome);
        Ok(())
    }

    pub(in super::super) fn left_open(&self) -> impl Iterator<Item = Exchange> {
        self.exchange_intent
            .iter()
            .map(|intent| intent.exchange)
            .filter(|exchange| self.outcome(*exchange).is_none())
    }

    /// The intent, if its answer was allowed to be used.
    pub(super) fn contribution(&self, exchange: Exchange) -> Option<&Intent> {
        self.outcome(exchange)
            .filter(|outcome| outcome.used)
            .and_then(|_| self.intent(exchange))
    }

    pub(super) fn intent(&self, exchange: Exchange) -> Option<&Intent> {
        self.exchange_intent
            .iter()
            .find(|intent| intent.exchange == exchange)
    }

    pub(in super::super) fn outcome(&self, exchange: Exchange) -> Option<&Outcome> {
        self.exchange_outcome
            .iter()
            .find(|outcome| outcome.exchange == exchange)
    }

    pub(super) fn event(&self, seq: i64) -> Option<&ConsentEvent> {
        self.consent_event.iter().find(|event| event.seq == seq)
    }

    /// As `block::holds`.
    pub(super) fn blocks(&self) -> bool {
        self.block.len() > self.request_end.len()
    }

    pub(super) fn mark_block(&mut self) {
        self.block.push(self.mark());
    }

    pub(super) fn lift(&mut self) {
        self.request_end.push(self.mark());
    }

    fn mark(&self) -> Mark {
        Mark {
            entries: self.subject_head.entries,
            seq: self.last_seq(),
        }
    }

    /// Whether every row of `before` is still here as it was.
    pub(super) fn extends(&self, before: &Self) -> bool {
        self.consent_event.starts_with(&before.consent_event)
            && self.exchange_intent.starts_with(&before.exchange_intent)
            && self.exchange_outcome.starts_with(&before.exchange_outcome)
            && self.release.starts_with(&before.release)
            && self.block.starts_with(&before.block)
            && self.request_end.starts_with(&before.request_end)
    }
}

impl ConsentEvent {
    /// The ledger's own type, which knows how an item stands.
    pub(super) fn event(&self) -> Event {
        Event {
            seq: self.seq,
            what: self.what,
            ..SOME_EVENT.clone()
        }
    }
}

/// What the gate does not look at.
static SOME_EVENT: LazyLock<Event> = LazyLock::new(|| {
    let entropy = SystemEntropy::default();
    Event {
        seq: 0,
        item: ItemId::random(&entropy),
        product: "AEAT_IRPF/C4".parse().unwrap(),
        source: "AEAT".parse().unwrap(),
        beneficiary: Beneficiary::Own,
        what: What::Refused,
        version: super::MINIMUM,
        language: "ca".to_owned(),
        served: None,
        receipt: ReceiptId::random(&entropy),
        at: Timestamp::UNIX_EPOCH,
        terms: None,
    }
});
