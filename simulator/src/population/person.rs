//! A person, and what the registers other than the tax agency's know about them.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Deserialize;

use super::document::Document;
use super::tax::TaxRecord;

/// One invented person.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// What makes this person interesting, in one line; the demo prints it.
    pub story: String,
    /// DNI or NIE.
    pub document: Document,
    /// Given name, as a citizen writes it.
    pub given_name: String,
    /// First surname.
    pub surname1: String,
    /// Second surname, which foreigners may lack.
    #[serde(default)]
    pub surname2: Option<String>,
    /// Date of birth.
    pub born: Date,
    /// `F` or `M`.
    pub sex: char,
    /// `ECIVIL` of the tax return: 1 single, 2 married, 3 widowed, 4 separated or divorced.
    pub civil_status: u8,
    /// As the police register writes it.
    #[serde(default = "spain")]
    pub nationality: String,
    /// What social security knows.
    pub social_security: SocialSecurity,
    /// What the municipal register knows.
    pub register: Registration,
    /// What the police register knows.
    pub identity: PoliceRecord,
    /// Tax records that are not returns, by fiscal year.
    #[serde(default)]
    pub(super) tax: BTreeMap<String, TaxRecord>,
    /// Issuers that do not answer when asked about this person.
    #[serde(default)]
    pub down: BTreeMap<Issuer, Outage>,
}

/// Who holds the data.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd)]
#[serde(rename_all = "UPPERCASE")]
pub enum Issuer {
    /// State tax agency.
    Aeat,
    /// Police: identity documents.
    Dgp,
    /// Municipal registers.
    Padro,
    /// Social security treasury.
    Tgss,
}

/// How an issuer fails.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Outage {
    /// The answer arrives, with the issuer's own code for "system error".
    Issuer,
    /// The platform gives up and answers `0502` itself.
    Platform,
}

/// Whether somebody is working, as social security tells it (`Q2827003ATGSS006`).
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum SocialSecurity {
    /// Registered as working on the date.
    InWork,
    /// Not working on the date.
    NotInWork,
    /// The identifier is not known.
    Unknown,
    /// The identifier belongs to more than one person.
    Duplicate,
}

/// What the municipal register says about a person.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Registration {
    /// Registered in this household.
    Home(String),
    /// The municipality has not connected its register.
    NotConnected,
    /// Not registered where they were looked for.
    NotFound,
    /// The register answers with an error.
    Failing,
}

/// What the police register says about a document.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case", untagged)]
pub enum PoliceRecord {
    /// A document in force.
    Valid {
        /// Number of the card (`numeroSuport`).
        support: String,
        /// Expiry; foreigners' records carry none.
        #[serde(default)]
        expires: Option<Date>,
        /// Town of birth.
        birthplace: String,
    },
    /// Anything else.
    Trouble(Trouble),
}

/// Why the police register gives no data.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Trouble {
    /// The identity card is being renewed, retained or withdrawn (59).
    UnderRenewal,
    /// The holder of the foreigner's number became a Spanish citizen (71).
    BecameSpanish,
}

impl Person {
    /// Surnames and name in capitals, as registers write them: `FICTICI PROVA ANNA`.
    pub fn register_name(&self) -> String {
        let parts = [
            Some(&self.surname1),
            self.surname2.as_ref(),
            Some(&self.given_name),
        ];
        parts
            .into_iter()
            .flatten()
            .map(|part| part.to_uppercase())
            .collect::<Vec<_>>()
            .join(" ")
    }
}

fn spain() -> String {
    "ESPAÑA".to_owned()
}
