//! How sure the provider was of who logged in.

use serde::{Deserialize, Serialize};

/// eIDAS level of assurance, ordered.
///
/// `Unknown` is what an unmapped or missing value becomes: below `Low`, and it satisfies nothing.
#[derive(
    Clone, Copy, Debug, Default, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize,
)]
#[serde(rename_all = "lowercase")]
pub enum LevelOfAssurance {
    /// The provider said nothing we understand.
    #[default]
    Unknown,
    /// For instance idCAT Mòbil registered remotely.
    Low,
    /// For instance idCAT Mòbil registered in person, or a software certificate.
    Substantial,
    /// For instance a certificate on a card.
    High,
}

impl LevelOfAssurance {
    /// The word of VALid's `assuranceLevel`, also used in the log and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Low => "low",
            Self::Substantial => "substantial",
            Self::High => "high",
        }
    }

    /// Reads the bare words and the eIDAS URIs; anything else is `Unknown`.
    ///
    /// `http://eidas.europa.eu/NotNotified/LoA/…` is not notified to other states and stays
    /// `Unknown` here: an operator who trusts it maps it explicitly.
    pub fn read(text: &str) -> Self {
        match text
            .strip_prefix("http://eidas.europa.eu/LoA/")
            .unwrap_or(text)
        {
            "low" => Self::Low,
            "substantial" => Self::Substantial,
            "high" => Self::High,
            _ => Self::Unknown,
        }
    }

    /// The eIDAS URI used as `acr`, for the levels that have one.
    pub const fn acr(self) -> Option<&'static str> {
        match self {
            Self::Unknown => None,
            Self::Low => Some("http://eidas.europa.eu/LoA/low"),
            Self::Substantial => Some("http://eidas.europa.eu/LoA/substantial"),
            Self::High => Some("http://eidas.europa.eu/LoA/high"),
        }
    }
}
