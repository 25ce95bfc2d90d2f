//! Why a decision was not recorded.

use crate::audit::LogError;
use crate::citizen::{LevelOfAssurance, ProductCode};
use crate::store::StoreError;
use crate::store::keyring::KeyringError;

/// Why the ledger did not do as asked. Nothing was recorded.
#[derive(Debug, thiserror::Error)]
pub enum ConsentError {
    /// The person's data are blocked here: nothing can be agreed to.
    #[error("the person's data are blocked")]
    Blocked,
    /// The text shown is a draft, and a draft cannot be decided on.
    #[error("the notice in this language is not reviewed yet")]
    Draft,
    /// One product answered twice in a request.
    #[error("{0} is answered twice")]
    Duplicate(ProductCode),
    /// A request that decides nothing.
    #[error("there is no decision")]
    Empty,
    /// The client may not say yes in a person's name. Refusing and withdrawing it always may.
    #[error("this client may not give consent in a person's name")]
    GrantNotAllowed,
    /// The idempotency key came before with another request.
    #[error("the idempotency key belongs to another request")]
    IdempotencyKeyReused,
    /// Agreeing needs a surer log-in. Refusing and withdrawing never do.
    #[error("agreeing needs level of assurance {}", required.as_str())]
    InsufficientLevel {
        /// The least level that would do.
        required: LevelOfAssurance,
    },
    /// The keys could not be used.
    #[error("the evidence could not be sealed")]
    Keyring(#[from] KeyringError),
    /// The log did not take the entry.
    #[error("the decision could not be logged")]
    Log(#[from] LogError),
    /// There is no notice for this purpose, or none in this language.
    #[error("there is no such notice")]
    NoSuchNotice,
    /// The body does not ask for this product, or the purpose does not allow it.
    #[error("{0} is not asked for here")]
    NotOffered(ProductCode),
    /// The version in force is not among this process's files, or reads otherwise there: it runs an
    /// older build than another replica.
    #[error("this replica does not have the notice in force")]
    NoticeNotHere,
    /// A household's purpose, and the person is in no household.
    #[error("the person is in no household here")]
    NotInHousehold,
    /// No notice was shown under this id.
    #[error("no notice was shown under this id")]
    NotServed,
    /// Nothing stands granted and nothing ever was withdrawn.
    #[error("nothing is granted")]
    NothingGranted,
    /// The notice was shown to someone else, or in the name of another body. Outside, this looks
    /// like [`ConsentError::NotServed`].
    #[error("the notice was shown to someone else")]
    ServedToAnother,
    /// Specially protected data is agreed to alone (GDPR 9, CON-05).
    #[error("{0} is specially protected and is agreed to on its own")]
    Special(ProductCode),
    /// A newer version is in force than the one shown.
    #[error("the notice changed since it was shown")]
    StaleNotice,
    /// The database did not carry out a statement.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The item changed after the notice was shown: a late copy of an old answer, most often.
    #[error("{0} was decided again after the notice was shown")]
    Superseded(ProductCode),
    /// No such item of this person and body, or it was never decided.
    #[error("there is no such item")]
    UnknownItem,
    /// Not a purpose of this gateway.
    #[error("there is no such purpose")]
    UnknownPurpose,
    /// No such receipt of this person.
    #[error("there is no such receipt")]
    UnknownReceipt,
    /// A record did not turn into canonical JSON, or the end of time was reached.
    #[error("the record could not be written")]
    Unwritable,
}

impl From<serde_json::Error> for ConsentError {
    fn from(_: serde_json::Error) -> Self {
        Self::Unwritable
    }
}
