//! What goes wrong when, as a seed decides.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::fleet::REPLICAS;
use super::seed::Seed;

/// Something that goes wrong.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub(super) enum Fault {
    /// A gateway ends at once, and is started again.
    Kill(usize),
    /// A gateway gets no processor time; its sockets stay.
    Pause(usize),
    /// The gateway's connections to its neighbour break, and new ones are refused.
    Cut(usize, Neighbour),
    /// They stay, and no byte moves.
    Stall(usize, Neighbour),
    /// What it says arrives, what it is told does not: it does not learn that a commit succeeded.
    StallReplies(usize, Neighbour),
    /// `PostgreSQL` crashes, and is started again with what was committed.
    CrashPostgres,
    /// `PostgreSQL` gets no processor time.
    PausePostgres,
    /// Redis ends, and is started again empty.
    LoseRedis,
    /// Redis gets no processor time.
    PauseRedis,
}

/// Whom a gateway talks to.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub(super) enum Neighbour {
    /// Those who call it.
    Clients,
    Postgres,
    Redis,
}

/// A fault from its beginning to its end, counted from the beginning of the plan.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trouble {
    pub(super) fault: Fault,
    pub(super) from: Duration,
    pub(super) to: Duration,
}

#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) troubles: Vec<Trouble>,
    pub(super) length: Duration,
}

/// What one fault at a time can happen to.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Place {
    Process(usize),
    Road(usize, Neighbour),
    Postgres,
    Redis,
}

/// Faults at the same time, at most: with more, nobody gets anything done.
const AT_ONCE: usize = 3;

/// The longest pause of a gateway, in milliseconds.
const LONGEST_PAUSE: u64 = 8_000;

impl Plan {
    /// Every kind of fault once, in any order, and then whatever comes.
    pub(super) fn from_seed(seed: u64, length: Duration) -> Self {
        let mut seed = Seed::new(seed).branch(1);
        let mut first: Vec<u64> = (0..KINDS).collect();
        seed.shuffle(&mut first);
        let end = milliseconds(length);
        // As close together as it takes to have each kind in a short form.
        let gap = (end / (KINDS + 3)).clamp(300, 2_500);
        let mut free: BTreeMap<Place, u64> = BTreeMap::new();
        let mut troubles: Vec<Trouble> = Vec::new();
        let mut at = gap / 2;
        while at < end {
            let kind = first.last().copied();
            let fault = fault(kind.unwrap_or_else(|| seed.below(KINDS)), &mut seed);
            let lasts = lasts(fault, end, &mut seed);
            let place = fault.place();
            let now = Duration::from_millis(at);
            let under_way = troubles.iter().filter(|one| one.to > now).count();
            if under_way < AT_ONCE && free.get(&place).is_none_or(|free| *free < at) {
                first.pop();
                free.insert(place, at + lasts + 500);
                troubles.push(Trouble {
                    fault,
                    from: now,
                    to: Duration::from_millis(at + lasts),
                });
            }
            at += seed.between(gap / 2, gap);
        }
        Self { troubles, length }
    }
}

const KINDS: u64 = 15;

fn fault(kind: u64, seed: &mut Seed) -> Fault {
    let replica = seed.index(REPLICAS);
    match kind {
        0 | 1 => Fault::Kill(replica),
        2 | 3 => Fault::Pause(replica),
        4 => Fault::Cut(replica, Neighbour::Clients),
        5 => Fault::Cut(replica, Neighbour::Postgres),
        6 => Fault::Cut(replica, Neighbour::Redis),
        7 => Fault::Stall(replica, Neighbour::Postgres),
        8 => Fault::Stall(replica, Neighbour::Redis),
        9 => Fault::StallReplies(replica, Neighbour::Clients),
        10 => Fault::StallReplies(replica, Neighbour::Postgres),
        11 => Fault::CrashPostgres,
        12 => Fault::PausePostgres,
        13 => Fault::LoseRedis,
        _ => Fault::PauseRedis,
    }
}

/// How long, in milliseconds.
fn lasts(fault: Fault, end: u64, seed: &mut Seed) -> u64 {
    let longest = LONGEST_PAUSE.min(end / 5);
    match fault {
        Fault::Kill(_) | Fault::LoseRedis => seed.between(0, 2_000),
        Fault::CrashPostgres => seed.between(0, 1_000),
        Fault::PausePostgres | Fault::PauseRedis => seed.between(200, 2_500),
        _ => seed.between(500, longest),
    }
}

impl Fault {
    fn place(self) -> Place {
        match self {
            Self::Kill(replica) | Self::Pause(replica) => Place::Process(replica),
            Self::Cut(replica, neighbour)
            | Self::Stall(replica, neighbour)
            | Self::StallReplies(replica, neighbour) => Place::Road(replica, neighbour),
            Self::CrashPostgres | Self::PausePostgres => Place::Postgres,
            Self::LoseRedis | Self::PauseRedis => Place::Redis,
        }
    }

    /// What a summary counts it as.
    pub(super) fn kind(self) -> &'static str {
        match self {
            Self::Kill(_) => "gateways killed",
            Self::Pause(_) => "gateways paused",
            Self::Cut(..) => "roads cut",
            Self::Stall(..) => "roads stalled",
            Self::StallReplies(..) => "replies held back",
            Self::CrashPostgres => "PostgreSQL crashed",
            Self::PausePostgres => "PostgreSQL paused",
            Self::LoseRedis => "Redis lost",
            Self::PauseRedis => "Redis paused",
        }
    }
}

fn milliseconds(length: Duration) -> u64 {
    u64::try_from(length.as_millis()).unwrap()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_seed_makes_the_same_plan_again_and_another_seed_another() {
        let plan = |seed| format!("{:?}", Plan::from_seed(seed, Duration::from_mins(1)));
        assert_eq!(plan(7), plan(7));
        assert_ne!(plan(7), plan(8));
    }

    #[test]
    fn every_plan_of_a_short_form_has_every_kind_of_fault() {
        for seed in 0..200 {
            let plan = Plan::from_seed(seed, super::super::SHORT);
            let kinds: BTreeSet<_> = plan.troubles.iter().map(|one| one.fault.kind()).collect();
            assert_eq!(kinds.len(), 9, "seed {seed}: {kinds:?}");
        }
    }

    #[test]
    fn no_place_has_two_faults_at_once() {
        for seed in 0..50 {
            let plan = Plan::from_seed(seed, Duration::from_mins(2));
            for (number, one) in plan.troubles.iter().enumerate() {
                for other in &plan.troubles[number + 1..] {
                    let apart = one.fault.place() != other.fault.place();
                    assert!(apart || one.to <= other.from, "{one:?} {other:?}");
                }
            }
        }
    }
}
