//! The rights there is a request for, and where a request stands.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A right that a person invokes.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Right {
    /// To know what is kept and who received it (GDPR 15).
    Access,
    /// To have it deleted (GDPR 17).
    Erasure,
    /// That it is not used any more (GDPR 21).
    Objection,
    /// To have it in a form machines read (GDPR 20).
    Portability,
    /// To have what is wrong corrected (GDPR 16).
    Rectification,
    /// That it is kept and not used (GDPR 18).
    Restriction,
}

impl Right {
    /// Every right there is a request for.
    pub const ALL: [Self; 6] = [
        Self::Access,
        Self::Erasure,
        Self::Objection,
        Self::Portability,
        Self::Rectification,
        Self::Restriction,
    ];

    /// The word of the API, the log and the table.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Erasure => "erasure",
            Self::Objection => "objection",
            Self::Portability => "portability",
            Self::Rectification => "rectification",
            Self::Restriction => "restriction",
        }
    }

    /// The article of the GDPR it stands in.
    pub const fn article(self) -> u8 {
        match self {
            Self::Access => 15,
            Self::Rectification => 16,
            Self::Erasure => 17,
            Self::Restriction => 18,
            Self::Portability => 20,
            Self::Objection => 21,
        }
    }

    /// Whether nothing more may be done with the data from now on.
    pub const fn blocks(self) -> bool {
        matches!(self, Self::Erasure | Self::Objection)
    }

    /// Whether a copy of everything is the answer.
    pub const fn is_copy(self) -> bool {
        matches!(self, Self::Access | Self::Portability)
    }

    /// Whether the service answers by itself.
    pub const fn is_answered_at_once(self) -> bool {
        self.blocks() || self.is_copy()
    }

    pub(super) fn read(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|right| right.as_str() == word)
    }
}

/// Where a request stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RequestState {
    /// Nobody looked at it yet.
    Received,
    /// Somebody does.
    InProgress,
    /// It was answered.
    Answered,
    /// It was refused, with the reason.
    Refused,
    /// The person took it back.
    Withdrawn,
}

impl RequestState {
    /// The word of the table and of the log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::InProgress => "in_progress",
            Self::Answered => "answered",
            Self::Refused => "refused",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// Whether anything is left to do.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Received | Self::InProgress)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_right_reads_back_by_its_word() {
        for right in Right::ALL {
            assert_eq!(Right::read(right.as_str()), Some(right));
            assert_eq!(json!(right), right.as_str());
        }
        assert_eq!(Right::read("withdrawal"), None);
    }
}
