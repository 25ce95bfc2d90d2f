//! Who can log in at the doubles.

use std::fmt;

use serde::Serialize;

/// A synthetic citizen as an identity provider knows them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Person {
    /// Short name for scripts and links, `anna`.
    pub key: String,
    /// What makes this person worth trying, in a few words for the chooser.
    pub situation: String,
    pub document: String,
    pub document_type: DocumentType,
    /// ISO 3166-1 alpha-2; the country that issued the document.
    pub country: String,
    pub given_name: String,
    pub surname1: String,
    pub surname2: Option<String>,
    pub method: Method,
    pub assurance: Assurance,
}

impl Person {
    /// A citizen with a Spanish document who uses idCAT Mòbil registered in person.
    ///
    /// `["Serra", ""]` is a person with one surname. The type follows the first character of the document: X, Y and Z begin an NIE.
    pub fn new(key: &str, document: &str, given_name: &str, [first, second]: [&str; 2]) -> Self {
        let document_type = match document.as_bytes().first() {
            Some(b'X' | b'Y' | b'Z') => DocumentType::Nie,
            _ => DocumentType::Nif,
        };
        Self {
            key: key.to_owned(),
            situation: String::new(),
            document: document.to_owned(),
            document_type,
            country: "ES".to_owned(),
            given_name: given_name.to_owned(),
            surname1: first.to_owned(),
            surname2: (!second.is_empty()).then(|| second.to_owned()),
            method: Method::IdcatMobil,
            assurance: Assurance::Substantial,
        }
    }

    #[must_use]
    pub fn in_situation(mut self, situation: &str) -> Self {
        situation.clone_into(&mut self.situation);
        self
    }

    #[must_use]
    pub fn by(mut self, method: Method) -> Self {
        self.method = method;
        self
    }

    #[must_use]
    pub fn at(mut self, assurance: Assurance) -> Self {
        self.assurance = assurance;
        self
    }

    /// The same person identified by a passport of `country`.
    #[must_use]
    pub fn with_passport(mut self, number: &str, country: &str) -> Self {
        number.clone_into(&mut self.document);
        country.clone_into(&mut self.country);
        self.document_type = DocumentType::Passport;
        self
    }

    /// Both surnames as one text.
    pub fn surnames(&self) -> String {
        match &self.surname2 {
            Some(second) => format!("{} {second}", self.surname1),
            None => self.surname1.clone(),
        }
    }
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum DocumentType {
    Nif,
    Nie,
    Passport,
}

impl DocumentType {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Nif => "NIF",
            Self::Nie => "NIE",
            Self::Passport => "PASSPORT",
        }
    }

    /// VALid's `identifierType`: 1 NIF, 2 NIE, 3 passport.
    pub fn valid_code(self) -> u8 {
        match self {
            Self::Nif => 1,
            Self::Nie => 2,
            Self::Passport => 3,
        }
    }
}

/// How the person identified themself, in VALid's words.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Method {
    IdcatMobil,
    /// With VALid's `certificateType`, 0 to 12.
    Certificate(u8),
    Clave,
}

impl Method {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::IdcatMobil => "idcatmobil",
            Self::Certificate(_) => "certificat",
            Self::Clave => "clave",
        }
    }
}

/// eIDAS level of assurance.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Assurance {
    Low,
    Substantial,
    High,
}

impl Assurance {
    /// The `acr` value of Regulation (EU) 2015/1502's three levels.
    pub fn acr(self) -> String {
        format!("http://eidas.europa.eu/LoA/{self}")
    }
}

impl fmt::Display for Assurance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Low => "low",
            Self::Substantial => "substantial",
            Self::High => "high",
        })
    }
}
