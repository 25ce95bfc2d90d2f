//! A receipt in words: read from the signed statement itself, so that both say the same.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::Deserialize;

use super::source_name;
use crate::citizen::{Language, SourceId};
use crate::consent::Receipt;
use crate::pages::format;
use crate::products::Catalogue;

/// What a receipt says.
#[derive(Clone, Debug)]
pub(crate) struct Statement {
    pub code: String,
    pub issued: String,
    pub body: String,
    /// Sources that may be asked, with until when.
    pub granted: Vec<(String, String)>,
    pub refused: Vec<String>,
    pub withdrawn: Vec<String>,
}

/// The members of the signed claims that the page needs.
#[derive(Deserialize)]
struct Claims {
    body: BodyClaim,
    items: Vec<ItemClaim>,
}

#[derive(Deserialize)]
struct BodyClaim {
    name: String,
}

#[derive(Deserialize)]
struct ItemClaim {
    source: SourceId,
    decision: String,
    valid_until: Option<Timestamp>,
}

impl Statement {
    /// `None` when the statement is not one of ours.
    pub(crate) fn read(
        receipt: &Receipt,
        catalogue: &Catalogue,
        language: Language,
    ) -> Option<Self> {
        let claims = receipt.jws.split('.').nth(1)?;
        let claims = URL_SAFE_NO_PAD.decode(claims).ok()?;
        let claims: Claims = serde_json::from_slice(&claims).ok()?;
        let mut statement = Self {
            code: receipt.code.clone(),
            issued: format::instant(language, receipt.issued_at),
            body: claims.body.name,
            granted: Vec::new(),
            refused: Vec::new(),
            withdrawn: Vec::new(),
        };
        for item in claims.items {
            let name = source_name(catalogue, &item.source, language);
            match (item.decision.as_str(), item.valid_until) {
                ("granted", Some(until)) => {
                    let entry = (name, format::day(language, until));
                    // One answer covers several products of a source; people see the source once.
                    if !statement.granted.contains(&entry) {
                        statement.granted.push(entry);
                    }
                }
                ("refused", _) => once(&mut statement.refused, name),
                ("withdrawn", _) => once(&mut statement.withdrawn, name),
                _ => return None,
            }
        }
        Some(statement)
    }
}

fn once(names: &mut Vec<String>, name: String) {
    if !names.contains(&name) {
        names.push(name);
    }
}
