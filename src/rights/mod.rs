//! What people may ask for by right, and what came of it: access, rectification, erasure, objection,
//! restriction, portability (GDPR 15 to 22), each with its due date and its state.
//!
//! Leans on `consent` (withdrawing and blocking), `evidence` (what is kept), `audit` and the store.
//! The API and the operator's commands lean on it. What can be answered by machine is answered at once;
//! the rest waits for the data-protection officer.

mod due;
mod export;
mod lift;
mod list;
mod operate;
mod request;
mod right;
mod store;
mod words;

use crate::audit::LogError;
use crate::consent::ConsentError;
use crate::evidence::Archive;
use crate::store::StoreError;
use crate::store::keyring::KeyringError;

pub use due::{due_after, extended};
pub use export::{Export, ExportedExchange, ExportedPerson};
pub use list::{RightView, RightsOfPurpose};
pub use operate::{Answer, DueForErasure, Identified, Pending};
pub use request::{BlockView, Complaint, Filed, NewRequest, RequestView, RequestsPage};
pub use right::{RequestState, Right};
pub use words::{InvalidWords, Words};

/// The registry of requests.
#[derive(Clone, Debug)]
pub struct Rights {
    /// What is kept about people, requests among it.
    pub archive: Archive,
}

impl Rights {
    /// Over what is kept about people.
    pub fn new(archive: Archive) -> Self {
        Self { archive }
    }
}

/// Why a request was not recorded, answered or read.
#[derive(Debug, thiserror::Error)]
pub enum RightsError {
    /// Its answer was given already.
    #[error("the request is answered already")]
    Answered,
    /// It was extended before, and may be so only once (GDPR 12.3).
    #[error("the request was extended already")]
    Extended,
    /// The month in which the person must be told has passed (GDPR 12.3).
    #[error("the first month has passed; it can only be answered now")]
    TooLate,
    /// It blocks nothing, or not any more.
    #[error("the request does not block, or not any more")]
    NothingBlocked,
    /// The person was not told that their block will be lifted (GDPR 18.3).
    #[error("the person must be told first: give --words")]
    NotTold,
    /// They were told already.
    #[error("the person was told already; lift it with --now")]
    Told,
    /// No such request.
    #[error("there is no such request")]
    Unknown,
    /// Not a purpose of this service.
    #[error("there is no such purpose")]
    UnknownPurpose,
    /// A record that cannot be written, or the end of time.
    #[error("the record could not be written")]
    Unwritable,
    /// The consents could not be withdrawn.
    #[error(transparent)]
    Consent(#[from] ConsentError),
    /// The keys could not be used.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    /// The log did not take the entry.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The database did not carry out a statement.
    #[error(transparent)]
    Store(#[from] StoreError),
}
