//! The gate and the ledger as a state machine, explored in every order of steps.
//!
//! One person decides in one or more places while replicas ask, read and release, time passes,
//! processes die and a sweeper closes what they left. Every step is one transaction, one statement
//! outside a transaction, or one thing the world can see; between any two of them anything else may
//! happen. What a step decides it asks of the code itself: [`Event::state`], [`Event::stands`],
//! [`Event::supersedes`], [`admit`], [`OutcomeResult::verdict`], [`is_fresh`].
//!
//! `docs/model.md` says what is left out, how far this goes and how to go further.
//!
//! [`Event::state`]: super::item::Event::state
//! [`Event::stands`]: super::item::Event::stands
//! [`Event::supersedes`]: super::item::Event::supersedes
//! [`admit`]: super::gate::admit
//! [`OutcomeResult::verdict`]: super::OutcomeResult::verdict
//! [`is_fresh`]: super::proof::is_fresh

mod actions;
mod bounds;
mod deciding;
mod fetching;
mod invariants;
mod mutation;
mod rows;
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use stateright::{Model, Property};

use super::OutcomeResult;
use rows::{Item, Rows};

pub(super) use actions::Action;
pub(super) use bounds::Bounds;
pub(super) use mutation::Mutation;
pub(super) use rows::Exchange;

/// Time, in steps of [`TICK`].
pub(super) type Tick = i64;

/// Longer than a proof lives, so that a proof is fresh in its own tick and stale in the next.
const TICK: i64 = 3;

/// How long a grant lasts, in ticks: long enough that a proof can go stale under a live grant.
const GRANT: Tick = 2;

/// The oldest version of the notice that counts, and the only one.
const MINIMUM: u32 = 1;

/// What is checked: the gateway as it is, or spoilt in one way, within bounds.
#[derive(Clone, Debug)]
pub(super) struct Gateway {
    pub(super) bounds: Bounds,
    pub(super) mutation: Mutation,
}

/// Everything at one moment: what is stored, what replicas remember, what the world has seen.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub(super) struct Fleet {
    now: Tick,
    pub(super) rows: Rows,
    /// What the task on each replica remembers. Sorted: replicas have no names.
    pub(super) replicas: Vec<Task>,
    /// Answers that were read, kept for the profile. Any replica may release them.
    results: BTreeSet<Exchange>,
    /// Where the person decides, each with a showing of the notice. Sorted as well.
    tabs: Vec<Tab>,
    spent: Spent,
    /// When the bytes of an exchange left for the source.
    pub(super) calls: BTreeMap<Exchange, Tick>,
    /// What left for clients: the number of the release, if there is one, and what was in it.
    departures: BTreeSet<Departure>,
    /// What the person was told about the end of a consent.
    told: Vec<Told>,
    /// Whether a row changed or went away after it was written.
    rewritten: bool,
}

/// The next thing a replica's task does. A crash forgets it.
#[derive(Clone, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) enum Task {
    #[default]
    Idle,
    /// `Gate::attempt` has read the epoch.
    EpochRead { item: Item, epoch: i64 },
    /// It has read the newest event too, and let it in.
    Admitted {
        item: Item,
        epoch: i64,
        consent_seq: i64,
    },
    /// It holds a `ConsentProof` and an `OpenExchange`.
    Opened { exchange: Exchange, born: Tick },
    /// The bytes have left.
    Sent { exchange: Exchange },
    /// There is a result, unread.
    Answered { exchange: Exchange, result: Answer },
    /// The release is recorded and the profile not yet handed over.
    Released { departure: Departure },
    /// Mutations only: the first half of something torn in two, or turned round.
    Torn(Torn),
}

/// The results that differ for the gate.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) enum Answer {
    /// Data came.
    Ok,
    /// The request may have left and nothing came back.
    Timeout,
    /// The proof was stale; nothing left.
    Stale,
}

impl Answer {
    pub(super) const fn result(self) -> OutcomeResult {
        match self {
            Self::Ok => OutcomeResult::Ok,
            Self::Timeout => OutcomeResult::Timeout,
            Self::Stale => OutcomeResult::Error,
        }
    }
}

#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) enum Torn {
    Ask { item: Item, consent_seq: i64 },
    Close { exchange: Exchange, used: bool },
    Release { exchanges: BTreeSet<Exchange> },
}

#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) struct Departure {
    release: Option<usize>,
    exchanges: BTreeSet<Exchange>,
}

/// One place where the person decides: a window of the browser, a folder.
#[derive(Clone, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) struct Tab {
    /// The newest event when the notice was shown here.
    seen: i64,
    waiting: Waiting,
}

#[derive(Clone, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) enum Waiting {
    #[default]
    No,
    /// For the reply: nothing granted for these items up to these events counts any more.
    ForReply(Vec<(Item, i64)>),
    /// Mutations only: the first half of a decision torn in two.
    Torn { items: Vec<Item>, grant: bool },
}

/// The person knows: of this item, no grant up to event `seq` counts any more.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(super) struct Told {
    item: Item,
    seq: i64,
    /// How many entries there were when the reply arrived.
    entries: i64,
}

/// How much of the bounds is used up.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub(super) struct Spent {
    asks: usize,
    decisions: usize,
    releases: usize,
    crashes: usize,
}

impl Model for Gateway {
    type State = Fleet;
    type Action = Action;

    fn init_states(&self) -> Vec<Fleet> {
        vec![Fleet {
            replicas: vec![Task::Idle; self.bounds.replicas],
            tabs: vec![Tab::default(); self.bounds.tabs],
            ..Fleet::default()
        }]
    }

    fn actions(&self, fleet: &Fleet, actions: &mut Vec<Action>) {
        self.possible(fleet, actions);
    }

    fn next_state(&self, fleet: &Fleet, action: Action) -> Option<Fleet> {
        let mut next = fleet.clone();
        self.take(&mut next, action)?;
        next.rewritten |= !next.rows.extends(&fleet.rows);
        next.replicas.sort_unstable();
        next.tabs.sort_unstable();
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        invariants::properties()
    }
}

/// The instant of a tick.
fn instant(tick: Tick) -> Timestamp {
    Timestamp::from_second(tick * TICK).unwrap()
}

/// The monotonic clock at a tick.
fn monotonic(tick: Tick) -> Duration {
    Duration::from_secs((tick * TICK).unsigned_abs())
}
