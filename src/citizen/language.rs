//! The four languages of the pages.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A language a citizen can read: Catalan and Spanish always, English and Aranese once reviewed.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// Catalan.
    Ca,
    /// Spanish.
    Es,
    /// English.
    En,
    /// Occitan, in its Aranese variety.
    Oc,
}

/// A tag outside the four languages.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the languages are ca, es, en and oc")]
pub struct UnknownLanguage;

impl Language {
    /// All of them, in the order the pages offer them.
    pub const ALL: [Self; 4] = [Self::Ca, Self::Es, Self::En, Self::Oc];

    /// BCP 47 tag.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Ca => "ca",
            Self::Es => "es",
            Self::En => "en",
            Self::Oc => "oc",
        }
    }

    /// The language's name in itself.
    pub const fn autonym(self) -> &'static str {
        match self {
            Self::Ca => "Català",
            Self::Es => "Castellano",
            Self::En => "English",
            Self::Oc => "Aranés",
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.tag())
    }
}

impl FromStr for Language {
    type Err = UnknownLanguage;

    fn from_str(text: &str) -> Result<Self, UnknownLanguage> {
        Self::ALL
            .into_iter()
            .find(|language| language.tag() == text)
            .ok_or(UnknownLanguage)
    }
}
