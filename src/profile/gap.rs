//! Why a field has no value.

use serde::{Deserialize, Serialize};

use super::Audience;
use crate::products::EncodeError;

/// Why a field has no value. Ordered: when two products could have filled it, the greater tells more.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GapReason {
    /// The person was not asked, or gave no answer.
    NotAsked,
    /// The person said no.
    Refused,
    /// The person withdrew a yes.
    Revoked,
    /// A yes that has run out.
    Expired,
    /// The person's choice, told no closer.
    NotAvailableByChoice,
    /// The sources cannot be asked about this kind of document.
    DocumentNotSupported,
    /// The question makes no sense for this person.
    NotApplicable,
    /// Something is missing that we need to ask: a surname, a municipality.
    NotAskable,
    /// The source did not answer.
    NotAnswering,
    /// An answer came that does not settle it.
    CannotTell,
    /// The source does not find the person, or something is wrong with their document.
    NotIdentified,
    /// The source has nothing recorded. Not zero.
    NoRecord,
    /// The source has not got that year.
    YearUnavailable,
    /// Several tax returns: the agency discloses none of them.
    SeveralReturns,
    /// A couple's joint figure, withheld until both have agreed.
    WithheldJointReturn,
}

impl GapReason {
    /// Whether it comes from what the person decided. These must look the same to a recommender.
    pub const fn is_choice(self) -> bool {
        matches!(
            self,
            Self::Expired
                | Self::NotAsked
                | Self::NotAvailableByChoice
                | Self::Refused
                | Self::Revoked
        )
    }

    /// The reason as this audience may know it.
    #[must_use]
    pub const fn seen_by(self, audience: Audience) -> Self {
        match audience {
            Audience::Recommender if self.is_choice() => Self::NotAvailableByChoice,
            Audience::Citizen | Audience::Recommender => self,
        }
    }

    /// The word in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CannotTell => "cannot_tell",
            Self::DocumentNotSupported => "document_not_supported",
            Self::Expired => "expired",
            Self::NoRecord => "no_record",
            Self::NotAnswering => "not_answering",
            Self::NotApplicable => "not_applicable",
            Self::NotAskable => "not_askable",
            Self::NotAsked => "not_asked",
            Self::NotAvailableByChoice => "not_available_by_choice",
            Self::NotIdentified => "not_identified",
            Self::Refused => "refused",
            Self::Revoked => "revoked",
            Self::SeveralReturns => "several_returns",
            Self::WithheldJointReturn => "withheld_joint_return",
            Self::YearUnavailable => "year_unavailable",
        }
    }
}

impl GapReason {
    /// The reason of that word.
    pub fn read(word: &str) -> Option<Self> {
        let word = serde::de::value::StrDeserializer::<serde::de::value::Error>::new(word);
        Self::deserialize(word).ok()
    }
}

impl From<EncodeError> for GapReason {
    /// A question that could not even be put.
    fn from(error: EncodeError) -> Self {
        match error {
            EncodeError::DocumentNotSupported => Self::DocumentNotSupported,
            EncodeError::CaseFile
            | EncodeError::Cohabitants
            | EncodeError::FiscalYearMissing
            | EncodeError::MunicipalityMissing
            | EncodeError::NameMissing
            | EncodeError::SurnameMissing
            | EncodeError::Unwritable => Self::NotAskable,
        }
    }
}
