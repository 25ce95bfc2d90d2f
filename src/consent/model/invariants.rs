//! What must hold at every moment, numbered as in design section 3, and what must be possible.
//!
//! Order is read from counters and epochs, never from time. Nothing here asks the code how a grant
//! stands: the properties judge it.

use stateright::{Model, Property};

use super::super::item::What;
use super::rows::{Exchange, Intent, Item, Rows};
use super::{Answer, Fleet, Gateway, TICK, Task, Tick, Told, instant};

pub(super) const NO_CONSENT_NO_CALL: &str = "1 no consent, no call";
pub(super) const NO_RECORD_NO_CALL: &str = "2 no record, no call";
pub(super) const NO_RECORD_NO_DATA: &str = "2 no record, no data";
pub(super) const ONE_OUTCOME: &str = "2 every intent ends in exactly one outcome";
pub(super) const REVOCATION_IS_IMMEDIATE: &str = "3 revocation is immediate";
pub(super) const NOTHING_REVIVES: &str = "3 a grant given anew revives nothing";
pub(super) const NO_LATE_GRANT: &str = "3 no late copy of a grant brings consent back";
pub(super) const GAPLESS: &str = "8 counters are gapless";
pub(super) const BLOCKED: &str = "LOG-11 nothing begins, leaves or is agreed to while blocked";
pub(super) const APPEND_ONLY: &str = "8 append only";

pub(super) fn properties() -> Vec<Property<Gateway>> {
    vec![
        Property::always(NO_CONSENT_NO_CALL, no_consent_no_call),
        Property::always(NO_RECORD_NO_CALL, no_record_no_call),
        Property::always(NO_RECORD_NO_DATA, no_record_no_data),
        Property::always(ONE_OUTCOME, one_outcome),
        Property::always(REVOCATION_IS_IMMEDIATE, revocation_is_immediate),
        Property::always(NOTHING_REVIVES, nothing_revives),
        Property::always(NO_LATE_GRANT, no_late_grant),
        Property::always(GAPLESS, gapless),
        Property::always(BLOCKED, nothing_while_blocked),
        Property::always(APPEND_ONLY, |_, fleet: &Fleet| !fleet.rewritten),
        // What never happens shows nothing: these must.
        Property::sometimes("a profile of two exchanges leaves", two_exchanges_leave),
        Property::sometimes("an answer is discarded", |_, fleet: &Fleet| {
            ends_as(fleet, "discarded_revoked")
        }),
        Property::sometimes("an intent is abandoned", |_, fleet: &Fleet| {
            ends_as(fleet, "abandoned")
        }),
        Property::sometimes("a proof goes stale under a live grant", goes_stale),
        Property::sometimes(
            "bytes of an earlier intent may leave after the reply",
            may_leave_after_the_reply,
        ),
        Property::sometimes(
            "an exchange outlives a decision about another item",
            outlives_another_decision,
        ),
        Property::sometimes("a person is asked about again after a block", asked_again),
        Property::sometimes(
            "a grant outlives a block that did not know it",
            |_, fleet: &Fleet| {
                fleet.rows.blocks()
                    && newest_at(&fleet.rows, 0, fleet.rows.epoch())
                        .is_some_and(|(_, what)| matches!(what, What::Granted { .. }))
            },
        ),
    ]
}

fn two_exchanges_leave(_: &Gateway, fleet: &Fleet) -> bool {
    let mut departures = fleet.departures.iter();
    departures.any(|departure| departure.exchanges.len() == 2)
}

fn ends_as(fleet: &Fleet, result: &str) -> bool {
    let mut outcomes = fleet.rows.exchange_outcome.iter();
    outcomes.any(|outcome| outcome.result == result)
}

fn goes_stale(_: &Gateway, fleet: &Fleet) -> bool {
    fleet.replicas.iter().any(|task| match task {
        Task::Answered {
            exchange,
            result: Answer::Stale,
        } => fleet
            .rows
            .intent(*exchange)
            .is_some_and(|intent| consented(&fleet.rows, intent, fleet.rows.epoch(), fleet.now)),
        _ => false,
    })
}

fn may_leave_after_the_reply(_: &Gateway, fleet: &Fleet) -> bool {
    let ended = |intent: &Intent| fleet.told.iter().any(|told| told.ends(intent));
    fleet.replicas.iter().any(|task| match task {
        Task::Opened { exchange, born } if *born == fleet.now => {
            fleet.rows.intent(*exchange).is_some_and(ended)
        }
        _ => false,
    })
}

fn outlives_another_decision(_: &Gateway, fleet: &Fleet) -> bool {
    commits(&fleet.rows).any(|commit| {
        let mut intents = commit.rests_on.iter();
        intents.any(|intent| intent.epoch < commit.epoch)
    })
}

/// Every intent commits under its grant, and its bytes leave within two seconds or not at all.
fn no_consent_no_call(_: &Gateway, fleet: &Fleet) -> bool {
    let rows = &fleet.rows;
    rows.exchange_intent.iter().all(|intent| {
        let left = fleet.calls.get(&intent.exchange);
        consented(rows, intent, intent.epoch, intent.at)
            && left.is_none_or(|left| (left - intent.at) * TICK <= 2)
    })
}

fn no_record_no_call(_: &Gateway, fleet: &Fleet) -> bool {
    fleet
        .calls
        .keys()
        .all(|exchange| fleet.rows.intent(*exchange).is_some())
}

/// What was read has an outcome that says so; what left has a release that names all of it.
fn no_record_no_data(_: &Gateway, fleet: &Fleet) -> bool {
    let rows = &fleet.rows;
    let used = |exchange: &Exchange| rows.contribution(*exchange).is_some();
    fleet.results.iter().all(used)
        && fleet.departures.iter().all(|departure| {
            let release = departure.release.and_then(|place| rows.release.get(place));
            release.is_some_and(|release| release.exchanges == departure.exchanges)
                && departure.exchanges.iter().all(used)
        })
}

/// Never two, and none missing when nothing more can happen.
fn one_outcome(gateway: &Gateway, fleet: &Fleet) -> bool {
    let rows = &fleet.rows;
    let outcomes = &rows.exchange_outcome;
    let twice = (1..outcomes.len()).any(|place| {
        outcomes[..place]
            .iter()
            .any(|earlier| earlier.exchange == outcomes[place].exchange)
    });
    !twice && (rows.left_open().next().is_none() || !is_over(gateway, fleet))
}

fn is_over(gateway: &Gateway, fleet: &Fleet) -> bool {
    let mut actions = Vec::new();
    gateway.actions(fleet, &mut actions);
    actions.is_empty()
}

/// After the reply no intent, use or release commits under what was taken back.
fn revocation_is_immediate(_: &Gateway, fleet: &Fleet) -> bool {
    fleet.told.iter().all(|told| {
        commits(&fleet.rows).all(|commit| {
            commit.counter <= told.entries
                || !commit.rests_on.iter().any(|intent| told.ends(intent))
        })
    })
}

/// Every use and release commits while the very grant the exchange rests on is the newest word.
fn nothing_revives(_: &Gateway, fleet: &Fleet) -> bool {
    let rows = &fleet.rows;
    commits(rows).all(|commit| {
        commit
            .rests_on
            .iter()
            .all(|intent| consented(rows, intent, commit.epoch, commit.at))
    })
}

/// Between a block and its end no intent or release is numbered, and no grant recorded.
fn nothing_while_blocked(_: &Gateway, fleet: &Fleet) -> bool {
    let rows = &fleet.rows;
    rows.block.iter().enumerate().all(|(place, from)| {
        let to = rows.request_end.get(place);
        let within = |number: i64, from: i64, to: Option<i64>| {
            number > from && to.is_none_or(|to| number <= to)
        };
        let entry = |counter| within(counter, from.entries, to.map(|to| to.entries));
        let event = |seq| within(seq, from.seq, to.map(|to| to.seq));
        let grants = rows
            .consent_event
            .iter()
            .filter(|event| matches!(event.what, What::Granted { .. }));
        !rows.exchange_intent.iter().any(|row| entry(row.counter))
            && !rows.release.iter().any(|row| entry(row.counter))
            && !grants.into_iter().any(|row| event(row.seq))
    })
}

fn asked_again(_: &Gateway, fleet: &Fleet) -> bool {
    let rows = &fleet.rows;
    rows.request_end.first().is_some_and(|end| {
        let mut intents = rows.exchange_intent.iter();
        intents.any(|intent| intent.counter > end.entries)
    })
}

/// No grant is recorded over a decision the person had not been shown.
fn no_late_grant(_: &Gateway, fleet: &Fleet) -> bool {
    let events = &fleet.rows.consent_event;
    let grants = events
        .iter()
        .filter(|event| matches!(event.what, What::Granted { .. }));
    grants.into_iter().all(|grant| {
        !events.iter().any(|other| {
            other.item == grant.item && other.seq > grant.seen && other.seq < grant.seq
        })
    })
}

/// Entries are numbered 1, 2, 3 ... and the epoch never goes back as they go on.
fn gapless(_: &Gateway, fleet: &Fleet) -> bool {
    let rows = &fleet.rows;
    let mut entries: Vec<(i64, i64)> = rows
        .exchange_intent
        .iter()
        .map(|row| (row.counter, row.epoch))
        .chain(
            rows.exchange_outcome
                .iter()
                .map(|row| (row.counter, row.epoch)),
        )
        .chain(rows.release.iter().map(|row| (row.counter, row.epoch)))
        .collect();
    entries.sort_unstable();
    entries.len() == usize::try_from(rows.subject_head.entries).unwrap()
        && (1..).zip(&entries).all(|(number, entry)| entry.0 == number)
        && entries.is_sorted_by_key(|entry| entry.1)
}

impl Told {
    /// Whether the intent rests on what ended.
    fn ends(&self, intent: &Intent) -> bool {
        intent.item == self.item && intent.consent_seq <= self.seq
    }
}

/// An entry that needs consent, with the exchanges it needs it for.
struct Commit<'a> {
    counter: i64,
    epoch: i64,
    at: Tick,
    rests_on: Vec<&'a Intent>,
}

/// Every intent, use and release.
fn commits(rows: &Rows) -> impl Iterator<Item = Commit<'_>> {
    let intents = rows.exchange_intent.iter().map(|intent| Commit {
        counter: intent.counter,
        epoch: intent.epoch,
        at: intent.at,
        rests_on: vec![intent],
    });
    let uses = rows.exchange_outcome.iter().filter(|row| row.used);
    let uses = uses.map(|row| Commit {
        counter: row.counter,
        epoch: row.epoch,
        at: row.at,
        rests_on: rows.intent(row.exchange).into_iter().collect(),
    });
    let releases = rows.release.iter().map(|row| Commit {
        counter: row.counter,
        epoch: row.epoch,
        at: row.at,
        rests_on: row
            .exchanges
            .iter()
            .filter_map(|id| rows.intent(*id))
            .collect(),
    });
    intents.chain(uses).chain(releases)
}

/// Whether at this epoch and instant the intent's own grant was the item's newest event, and live.
fn consented(rows: &Rows, intent: &Intent, epoch: i64, at: Tick) -> bool {
    newest_at(rows, intent.item, epoch).is_some_and(|(seq, what)| {
        seq == intent.consent_seq && matches!(what, What::Granted { until } if instant(at) < until)
    })
}

fn newest_at(rows: &Rows, item: Item, epoch: i64) -> Option<(i64, What)> {
    rows.consent_event
        .iter()
        .filter(|event| event.item == item && event.epoch <= epoch)
        .map(|event| (event.seq, event.what))
        .max_by_key(|(seq, _)| *seq)
}
