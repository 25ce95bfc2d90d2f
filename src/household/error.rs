//! Why an act in a household did not happen.

use crate::audit::LogError;
use crate::citizen::LevelOfAssurance;
use crate::consent::ConsentError;
use crate::store::StoreError;
use crate::store::keyring::KeyringError;

/// Why a household did not do as asked. Nothing was recorded.
#[derive(Debug, thiserror::Error)]
pub enum HouseholdError {
    /// The person is in a household for this body and purpose.
    #[error("the person is in a household already")]
    Already,
    /// A household has 1 to 20 adults.
    #[error("a household has 1 to 20 adults")]
    Adults,
    /// A birth date in the future, or of nobody who lives.
    #[error("nobody who lives was born on that date")]
    BirthDate,
    /// The person's data are blocked here.
    #[error("the person's data are blocked")]
    Blocked,
    /// Nobody answers for who is fourteen or older.
    #[error("from 14 on a person decides for themself")]
    DecidesThemself,
    /// The log-in is too weak to bind anybody.
    #[error("level {required:?} is needed")]
    InsufficientLevel {
        /// The least that will do.
        required: LevelOfAssurance,
    },
    /// Used, expired, unknown, another body's, or of no use to who is in a household: never told apart.
    #[error("the invitation cannot be used")]
    InvitationNotValid,
    /// Under fourteen nobody joins by themself.
    #[error("under 14 a guardian answers")]
    NeedsGuardian,
    /// The client may not bind a person.
    #[error("this client may not bind a person")]
    NotAllowed,
    /// The person is in no household for this body and purpose.
    #[error("the person is in no household")]
    NotInHousehold,
    /// More children than one person answers for.
    #[error("a person answers for 20 children at most")]
    TooManyChildren,
    /// As many invitations are open as a household may have.
    #[error("too many invitations are open")]
    TooManyInvitations,
    /// No child of that name that this person answers for.
    #[error("the person answers for no such child")]
    UnknownChild,
    /// Not a purpose for households.
    #[error("there is no such purpose for households")]
    UnknownPurpose,
    /// A record or an instant that cannot be written.
    #[error("the record could not be written")]
    Unwritable,
    /// The permissions could not be read or withdrawn.
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
