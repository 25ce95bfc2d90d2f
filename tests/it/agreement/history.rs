//! What citizens did and what they were told.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use serde::Serialize;
use simulator::pci::system_clock;

/// Microseconds since 1970, measured from one look at the clock by a watch that nobody sets.
pub(super) type Micros = i64;

#[derive(Clone, Copy, Debug)]
pub(super) struct Watch {
    began: Instant,
    at: Micros,
}

impl Watch {
    pub(super) fn start() -> Self {
        Self {
            began: Instant::now(),
            at: system_clock()().as_microsecond(),
        }
    }

    pub(super) fn now(self) -> Micros {
        self.at + i64::try_from(self.began.elapsed().as_micros()).unwrap()
    }
}

/// One thing a citizen wanted, however many gateways they had to try.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Op {
    /// Whose.
    pub(super) person: String,
    /// Which of their devices.
    pub(super) device: usize,
    pub(super) wish: Wish,
    pub(super) began: Micros,
    pub(super) ended: Micros,
    pub(super) outcome: Outcome,
}

#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub(super) enum Wish {
    /// To agree to these products.
    Grant(Vec<String>),
    /// To take back one.
    Revoke(String),
    RevokeAll,
    /// To see what they decided.
    Read,
    /// To have the sources asked.
    Fetch,
    /// To be given the profile of a fetch.
    Profile(String),
    /// To see what was exchanged about them.
    List,
}

#[derive(Clone, Debug, Serialize)]
pub(super) enum Outcome {
    /// It happened, and this was the answer.
    Done(Seen),
    /// It did not happen, for this reason.
    Refused(String),
    /// Nobody can tell from outside: time ran out, the connection broke, or the service failed.
    Unknown(String),
}

/// What an answer said, as far as it matters here.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Seen {
    /// Of a decision.
    pub(super) receipt: Option<String>,
    /// Where every item stood, by product.
    pub(super) items: BTreeMap<String, Standing>,
    /// Of a fetch.
    pub(super) job: Option<String>,
    /// Exchanges whose answers are in a profile, with their products.
    pub(super) sources: BTreeMap<String, String>,
    /// Exchanges of a list.
    pub(super) listed: BTreeSet<String>,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct Standing {
    pub(super) state: String,
    /// Of the decision that made it so.
    pub(super) receipt: Option<String>,
}

impl Op {
    /// What was answered, if it certainly happened.
    pub(super) fn done(&self) -> Option<&Seen> {
        match &self.outcome {
            Outcome::Done(seen) => Some(seen),
            Outcome::Refused(_) | Outcome::Unknown(_) => None,
        }
    }

    /// Whether it takes back consent for a product, if it happens.
    pub(super) fn revokes(&self, product: &str) -> bool {
        match &self.wish {
            Wish::Revoke(one) => one == product,
            Wish::RevokeAll => true,
            _ => false,
        }
    }

    /// Whether it gives consent for a product, if it happens.
    pub(super) fn grants(&self, product: &str) -> bool {
        matches!(&self.wish, Wish::Grant(products) if products.iter().any(|one| one == product))
    }
}

/// A request as the platform received it.
#[derive(Clone, Debug, Serialize, serde::Deserialize)]
pub(super) struct Arrival {
    pub(super) at: Micros,
    /// `IdPeticion`.
    pub(super) request_id: Option<String>,
    pub(super) product: Option<String>,
}
