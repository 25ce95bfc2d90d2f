//! From a provider's claims to a person, by the table its configuration gives.

use serde_json::{Map, Value};

use super::super::super::config::OidcConfig;
use super::super::super::error::{DocumentDefect, LoginError, ProviderFault};
use super::super::Asserted;
use super::super::document::{self, Kind};
use super::checks::Checked;
use crate::citizen::{LevelOfAssurance, Person, PersonName};

/// Reads who it is. The ID token, which is signed, wins over the user information, which is not;
/// about the document they may not differ at all.
pub(super) fn asserted(
    checked: &Checked,
    user_info: &Map<String, Value>,
    config: &OidcConfig,
) -> Result<Asserted, LoginError> {
    let names = &config.claims;
    let find = |name: &str| text(checked.claims.get(name).or_else(|| user_info.get(name)));
    let stated = |name: &Option<String>| name.as_deref().and_then(find);
    let signed = text(checked.claims.get(&names.document));
    let told = text(user_info.get(&names.document));
    if let (Some(signed), Some(told)) = (&signed, &told)
        && signed != told
    {
        return Err(ProviderFault::Contract("two documents for one person").into());
    }
    let number = signed.or(told).ok_or(DocumentDefect::Missing)?;
    let kind = kind(stated(&names.document_type).as_deref())?;
    let country = stated(&names.country);
    Ok(Asserted {
        person: Person {
            document: document::read(kind, &number, country.as_deref())?,
            name: PersonName {
                given: find(&names.given_name),
                surname1: find(&names.surname1),
                surname2: stated(&names.surname2),
            },
        },
        level: level(checked.claims.get("acr"), config),
        method: stated(&names.method).unwrap_or_else(|| "oidc".to_owned()),
        authenticated_at: checked.authenticated_at,
    })
}

/// Only the signed `acr` counts; a list, a number or an unknown word is no level at all.
fn level(acr: Option<&Value>, config: &OidcConfig) -> LevelOfAssurance {
    match acr {
        Some(Value::String(acr)) => config
            .acr_levels
            .get(acr)
            .copied()
            .unwrap_or_else(|| LevelOfAssurance::read(acr)),
        _ => LevelOfAssurance::Unknown,
    }
}

fn kind(stated: Option<&str>) -> Result<Kind, DocumentDefect> {
    match stated {
        None => Ok(Kind::Unstated),
        Some("NIF" | "DNI" | "NIE" | "1" | "2") => Ok(Kind::Nif),
        Some("PASSPORT" | "PASSAPORT" | "3") => Ok(Kind::Passport),
        Some("EIDAS" | "4") => Ok(Kind::Foreign),
        Some(_) => Err(DocumentDefect::Unsupported),
    }
}

/// A text of at most 255 bytes, or a whole number as text.
fn text(claim: Option<&Value>) -> Option<String> {
    match claim {
        Some(Value::String(text)) if (1..=255).contains(&text.len()) => Some(text.clone()),
        Some(Value::Number(number)) if number.is_u64() => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn attack_27_only_a_known_word_is_a_level() {
        let config: OidcConfig = serde_json::from_value(json!({
            "id": "b", "issuer": "https://b.example", "client_id": "us",
            "authentication": { "method": "client_secret_basic", "secret_file": "s" },
            "claims": { "document": "document" }, "acr_levels": { "loa3": "high" },
        }))
        .unwrap();
        for (acr, expected) in [
            (
                json!("http://eidas.europa.eu/LoA/substantial"),
                LevelOfAssurance::Substantial,
            ),
            (json!("loa3"), LevelOfAssurance::High),
            (json!("loa4"), LevelOfAssurance::Unknown),
            (json!("HIGH"), LevelOfAssurance::Unknown),
            (
                json!("http://eidas.europa.eu/NotNotified/LoA/high"),
                LevelOfAssurance::Unknown,
            ),
            (
                json!(["http://eidas.europa.eu/LoA/high"]),
                LevelOfAssurance::Unknown,
            ),
            (json!(3), LevelOfAssurance::Unknown),
        ] {
            assert_eq!(level(Some(&acr), &config), expected, "{acr}");
        }
        assert_eq!(level(None, &config), LevelOfAssurance::Unknown);
    }
}
