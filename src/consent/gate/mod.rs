//! The gate: no source is asked, no answer used and no profile released past it without consent.
//!
//! Consent events and the gate change the same row, `subject_head`: whichever commits first, the
//! other sees it. A conditional insert alone would not do, at any isolation level.

mod close;
mod keep;
mod open;
mod release;
mod store;

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::audit::{Log, LogError, Stalled};
use crate::citizen::{BodyId, ExchangeId, ItemId, JobId, ProductCode, PurposeId, SubjectId};
use crate::clock::World;
use crate::store::outbox::Outbox;
use crate::store::{Db, StoreError};

use super::grant_terms::About;
use super::item::State;
use super::proof::ConsentProof;
use super::terms::Terms;

pub use close::{Outcome, OutcomeResult, Use};
pub use release::Release;

/// Holds everyone to what people agreed to.
#[derive(Clone, Debug)]
pub struct Gate {
    db: Db,
    log: Arc<Log>,
    terms: Arc<Terms>,
    outbox: Outbox,
    world: World,
}

/// A request to ask one source about one person, once. A retry is another one.
#[derive(Clone)]
pub struct Ask {
    /// About whom.
    pub subject: SubjectId,
    /// In whose name.
    pub body: BodyId,
    /// What for.
    pub purpose: PurposeId,
    /// The service and modality.
    pub product: ProductCode,
    /// The moment it asks about.
    pub about: About,
    /// The fetch it belongs to.
    pub job: Option<JobId>,
    /// `IdPeticion`. Burnt for ever, whatever happens.
    pub request_id: String,
    /// SHA-256 of the exact bytes that may leave.
    pub request_sha256: [u8; 32],
    /// What else the log keeps, encrypted: finality, officer, certificate, parameters.
    pub details: Map<String, Value>,
    /// The failed exchange this one repeats.
    pub retry_of: Option<ExchangeId>,
}

impl std::fmt::Debug for Ask {
    // The details may name people.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ask")
            .field("subject", &self.subject)
            .field("product", &self.product)
            .field("request_id", &self.request_id)
            .finish_non_exhaustive()
    }
}

/// The gate opened: the intent is durable.
#[derive(Debug)]
pub struct Opened {
    /// What the transport consumes.
    pub proof: ConsentProof,
    /// What must be closed with the outcome, before the answer is looked at.
    pub exchange: OpenExchange,
}

/// An exchange whose intent is recorded and whose outcome is not.
///
/// Dropping it writes nothing, for a drop cannot wait for a disk: the exchange stays open until
/// [`Gate::abandon`] closes it. Whoever asks runs in a task of its own, so that a caller who goes
/// away cannot skip [`Gate::close`].
#[derive(Debug)]
#[must_use = "an exchange that is not closed has no outcome, and its answer may not be used"]
pub struct OpenExchange {
    id: ExchangeId,
    subject: SubjectId,
    item: ItemId,
    purpose: PurposeId,
    consent_seq: i64,
}

impl OpenExchange {
    /// Its id in the log.
    pub fn id(&self) -> ExchangeId {
        self.id
    }
}

/// Why the gate stays shut. Nothing was asked, used or released.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The person asked for erasure, or objected: their data are blocked (LOPDGDD 32).
    #[error("the person's data are blocked")]
    Blocked,
    /// Never decided, refused or withdrawn: outside, these look the same.
    #[error("there is no consent for {product}")]
    ConsentRequired {
        /// What consent is missing for.
        product: ProductCode,
    },
    /// The person kept deciding while we asked.
    #[error("the consent kept changing; ask again")]
    Contended,
    /// The permission allows no more requests for now.
    #[error("the permission for {product} allows no more requests for now")]
    Exhausted {
        /// What was asked as often as agreed.
        product: ProductCode,
        /// When it may be asked again; never, under this grant, if nothing is said.
        again: Option<Timestamp>,
    },
    /// The consent ended.
    #[error("the consent for {product} expired")]
    Expired {
        /// What consent is needed for again.
        product: ProductCode,
    },
    /// The log does not take entries, and without a record nothing is asked.
    #[error("the exchange cannot be recorded")]
    Log(#[from] LogError),
    /// Entries wait too long for their place in the log.
    #[error("the log does not keep up")]
    LogUnavailable(#[from] Stalled),
    /// The body does not ask for this under this purpose, or the data are another person's.
    #[error("this may not be asked or released here")]
    NotAllowed,
    /// The question reaches further back than was agreed.
    #[error("the permission for {product} does not reach that far back")]
    OutsidePeriod {
        /// What it was asked of.
        product: ProductCode,
    },
    /// The notice changed in a way that needs a new answer.
    #[error("the notice for {product} changed and needs a new answer")]
    ReconsentRequired {
        /// What consent is needed for again.
        product: ProductCode,
    },
    /// A request id that was used before.
    #[error("the request id was used before")]
    RequestIdReused,
    /// Consent ended while the data were on their way out.
    #[error("the consent ended meanwhile")]
    RevokedInFlight,
    /// The database did not carry out a statement.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why an outcome was not recorded. The answer may not be used.
#[derive(Debug, thiserror::Error)]
pub enum GateError {
    /// The log did not take the entry.
    #[error("the outcome could not be logged")]
    Log(#[from] LogError),
    /// The database did not carry out a statement.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Gate {
    /// A gate over `db`, recording in `log`.
    pub fn new(db: Db, log: Arc<Log>, terms: Arc<Terms>, world: World) -> Self {
        Self {
            db,
            log,
            terms,
            outbox: Outbox::default(),
            world,
        }
    }

    /// The same gate, which tells recipients through this outbox.
    #[must_use]
    pub fn telling(mut self, outbox: Outbox) -> Self {
        self.outbox = outbox;
        self
    }
}

#[cfg(test)]
impl Gate {
    /// The same rows under other terms, as after a new deployment.
    pub(super) fn under(&self, terms: Arc<Terms>) -> Self {
        Self {
            terms,
            ..self.clone()
        }
    }
}

/// Only a live grant opens; everything else says why not.
pub(super) fn admit(state: State, product: &ProductCode) -> Result<(), Refusal> {
    let product = product.clone();
    match state {
        State::Granted { .. } => Ok(()),
        State::Expired { .. } => Err(Refusal::Expired { product }),
        State::Invalidated { .. } => Err(Refusal::ReconsentRequired { product }),
        State::NotAsked | State::Refused | State::Withdrawn => {
            Err(Refusal::ConsentRequired { product })
        }
    }
}
