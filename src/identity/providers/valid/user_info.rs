//! What VALid's `getUserInfo` answers.

use serde::Deserialize;

use super::super::super::config::ValidConfig;
use super::super::super::error::{DocumentDefect, LoginError, ProviderFault};
use super::super::document::{self, Kind};
use crate::citizen::{LevelOfAssurance, Person, PersonName};

/// The members that are used. Telephone and mail address are not read: no purpose needs them.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct UserInfo {
    identifier: Option<String>,
    identifier_type: Option<TextOrNumber>,
    /// The official example writes `identifierType` so.
    document_type: Option<TextOrNumber>,
    country_code: Option<String>,
    name: Option<String>,
    surnames: Option<String>,
    surname1: Option<String>,
    surname2: Option<String>,
    method: Option<String>,
    certificate_type: Option<TextOrNumber>,
    assurance_level: Option<String>,
}

#[derive(Deserialize)]
struct Status {
    status: Option<String>,
    error: Option<String>,
}

/// Codes come as text or as a number, depending on who is asked.
#[derive(Deserialize)]
#[serde(untagged)]
enum TextOrNumber {
    Number(u8),
    Text(String),
}

impl TextOrNumber {
    fn code(&self) -> Option<u8> {
        match self {
            Self::Number(code) => Some(*code),
            Self::Text(text) => text.trim().parse().ok(),
        }
    }
}

impl UserInfo {
    /// Reads the answer; `status` decides, whatever HTTP said.
    pub(super) fn read(body: &[u8]) -> Result<Self, LoginError> {
        let contract = ProviderFault::Contract;
        let status: Status = serde_json::from_slice(body)
            .map_err(|_| contract("the user information is not JSON"))?;
        match (status.status.as_deref(), status.error) {
            (Some("ok"), None) => {}
            (Some("ok" | "ko"), Some(code)) => return Err(ProviderFault::refused(&code).into()),
            (Some("ko"), None) => return Err(ProviderFault::refused("ko").into()),
            _ => return Err(contract("status").into()),
        }
        Ok(serde_json::from_slice(body).map_err(|_| contract("the user information"))?)
    }

    /// Only what VALid returns counts: never derived from the method, which it documents two ways.
    pub(super) fn level(&self) -> LevelOfAssurance {
        // Its own words only; it never writes the eIDAS addresses.
        match self.assurance_level.as_deref() {
            Some(level @ ("low" | "substantial" | "high")) => LevelOfAssurance::read(level),
            _ => LevelOfAssurance::Unknown,
        }
    }

    /// The method, if it and (for certificates) the kind of certificate are let in.
    pub(super) fn accepted_method(&self, config: &ValidConfig) -> Result<&str, LoginError> {
        let method = self
            .method
            .as_deref()
            .ok_or(ProviderFault::Contract("method"))?;
        if !config.methods.contains(method) {
            return Err(ProviderFault::Method.into());
        }
        if method == "certificat" {
            let kind = self.certificate_type.as_ref().and_then(TextOrNumber::code);
            if !kind.is_some_and(|kind| config.certificate_types.contains(&kind)) {
                return Err(DocumentDefect::Certificate.into());
            }
        }
        Ok(method)
    }

    pub(super) fn person(self) -> Result<Person, LoginError> {
        let stated = self
            .identifier_type
            .as_ref()
            .or(self.document_type.as_ref());
        let kind = match stated.map(TextOrNumber::code) {
            None => Kind::Unstated,
            Some(Some(1 | 2)) => Kind::Nif,
            Some(Some(3)) => Kind::Passport,
            Some(Some(4)) => Kind::Foreign,
            Some(_) => return Err(DocumentDefect::Unsupported.into()),
        };
        let number = self.identifier.as_deref().ok_or(DocumentDefect::Missing)?;
        Ok(Person {
            document: document::read(kind, number, self.country_code.as_deref())?,
            name: PersonName {
                given: self.name,
                // Joined surnames stay joined: nobody can tell where "de la Fuente Puig" divides.
                surname1: self.surname1.or(self.surnames),
                surname2: self.surname2,
            },
        })
    }
}
