//! Why a fetch does not start, and why its profile is not handed over.

use jiff::Timestamp;

use crate::audit::LogError;
use crate::citizen::{LevelOfAssurance, ProductCode};
use crate::consent::{ConsentError, Refusal};
use crate::store::StoreError;

/// Why a fetch did not start. Nothing was asked.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// What the person decided could not be read.
    #[error(transparent)]
    Consent(#[from] ConsentError),
    /// No product has a live permission.
    #[error("no product of this purpose has a live permission")]
    ConsentRequired {
        /// The products that lack one.
        products: Vec<ProductCode>,
    },
    /// Every permission was used as often as it allows.
    #[error("the permissions allow no more requests for now")]
    Exhausted {
        /// The products that would be asked.
        products: Vec<ProductCode>,
        /// When the first of them may be asked again; never, under these permissions, if nothing is
        /// said.
        again: Option<Timestamp>,
    },
    /// The person must identify themself more strongly.
    #[error("fetching needs a surer log-in")]
    LevelTooLow {
        /// The least level that would do.
        needed: LevelOfAssurance,
    },
    /// The body is not one of this gateway's, or does not act for that purpose.
    #[error("this body does not act for that purpose")]
    NotAllowed,
    /// The other replicas may believe that this one is gone, and would end what it begins.
    #[error("this replica does not hold its lease")]
    NotAlive,
    /// The job could not be recorded.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a profile is not handed over. Nothing left.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// What the person decided could not be read.
    #[error(transparent)]
    Consent(#[from] ConsentError),
    /// The profile is kept no longer; fetch again.
    #[error("the profile is kept no longer")]
    Gone,
    /// The release was refused or could not be recorded.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The fetch has not ended.
    #[error("the fetch has not ended")]
    Running,
    /// The job could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No such job of this person.
    #[error("no such job")]
    Unknown,
}

impl From<LogError> for StartError {
    fn from(error: LogError) -> Self {
        Self::Consent(error.into())
    }
}
