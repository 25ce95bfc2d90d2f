//! The closed lists a catalogue may use, and texts in four languages.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use crate::citizen::Language;
use crate::products::ProductKind;

/// A text in the four languages of the pages.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Words {
    ca: String,
    es: String,
    en: String,
    oc: String,
}

impl Words {
    pub(super) fn new(ca: &str, es: &str, en: &str, oc: &str) -> Self {
        Self {
            ca: ca.to_owned(),
            es: es.to_owned(),
            en: en.to_owned(),
            oc: oc.to_owned(),
        }
    }

    /// The text in that language.
    pub fn in_language(&self, language: Language) -> &str {
        match language {
            Language::Ca => &self.ca,
            Language::Es => &self.es,
            Language::En => &self.en,
            Language::Oc => &self.oc,
        }
    }
}

/// A word outside its closed list.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not one of the listed words")]
pub struct UnknownWord;

macro_rules! closed_list {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant),+];
            pub(super) const ACCEPTED: &str = closed_list!(@accepted $($word)+);

            /// The word as written in the catalogue.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = UnknownWord;

            fn from_str(text: &str) -> Result<Self, UnknownWord> {
                Self::ALL
                    .iter()
                    .find(|known| known.as_str() == text)
                    .copied()
                    .ok_or(UnknownWord)
            }
        }
    };
    (@accepted $only:literal) => { $only };
    (@accepted $first:literal $($rest:literal)+) => { concat!("one of ", $first, $(", ", $rest,)+) };
}

closed_list! {
    /// A kind of datum a citizen can agree to.
    ///
    /// The categories of article 9 LOPDGDD and of article 9 GDPR are not here, so no catalogue can
    /// offer them.
    Category {
        /// How many of those named live at one address.
        LivingTogether = "household.living_together",
        /// People registered at the address.
        HouseholdSize = "household.size",
        /// Municipality of the address.
        HouseholdMunicipality = "household.municipality",
        /// Whether the police know the person by this document.
        IdentityVerified = "identity.verified",
        /// Income of a tax year, and how it is known.
        IncomeAnnual = "income.annual",
        /// Birth date.
        BirthDate = "person.birth_date",
        /// Nationality.
        Nationality = "person.nationality",
        /// In work or not on a date.
        InWork = "work.in_work",
    }
}

closed_list! {
    /// The ground on which data are processed. This purpose has one.
    LegalBasis {
        /// Consent, article 6(1)(a) GDPR.
        Consent = "eu-gdpr:A6-1-a",
    }
}

closed_list! {
    /// What a consent does besides being the ground of the GDPR.
    ConsentRole {
        /// Authorises the consultation between administrations (article 28 of Law 39/2015).
        Consultation = "administrative_consultation",
        /// The authorisation a sector's law demands (article 95.1.k of the General Tax Law).
        SectorLawAuthorisation = "sector_law_authorisation",
    }
}

closed_list! {
    /// `Consentimiento`. The wire knows others; this purpose can only say yes.
    WireConsent {
        /// The person agreed.
        Si = "Si",
    }
}

closed_list! {
    /// A kind of document a service can be asked about.
    DocumentKind {
        /// Foreigner's number.
        Nie = "NIE",
        /// DNI, or a K, L or M number.
        Nif = "NIF",
    }
}

closed_list! {
    /// A group of addresses of the platform.
    Cluster {
        /// All Via Oberta services.
        Iop = "iop",
    }
}

impl ProductKind {
    /// The data its codec reads.
    pub const fn categories(self) -> &'static [Category] {
        match self {
            Self::AeatC2 | Self::AeatC4 => &[Category::IncomeAnnual],
            Self::DgpIdentity => &[
                Category::IdentityVerified,
                Category::BirthDate,
                Category::Nationality,
            ],
            Self::PadroCohabitants => &[Category::LivingTogether],
            Self::PadroHouseholdSize => &[Category::HouseholdSize, Category::HouseholdMunicipality],
            Self::TgssInWork => &[Category::InWork],
        }
    }
}
