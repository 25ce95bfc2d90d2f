//! What the library leaves unchecked in an ID token (OpenID Connect Core section 3.1.3.7).

use aws_lc_rs::digest::{self, SHA256, SHA384, SHA512};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::super::super::error::ProviderFault;
use super::super::super::jwt::{Claims, Compact};
use super::super::super::secret;

/// What a token is checked against.
pub(super) struct Given<'a> {
    pub(super) client_id: &'a str,
    pub(super) now: Timestamp,
    pub(super) started_at: Timestamp,
    pub(super) skew: SignedDuration,
    pub(super) max_age: Option<u32>,
}

/// An ID token after every check.
#[derive(Debug)]
pub(super) struct Checked {
    pub(super) claims: Claims,
    pub(super) subject: String,
    pub(super) authenticated_at: Timestamp,
}

/// Checks a token whose signature, issuer, audience, expiry and nonce the library has accepted.
pub(super) fn check(
    token: Compact<'_>,
    access_token: &str,
    given: &Given<'_>,
) -> Result<Checked, ProviderFault> {
    let refused = ProviderFault::Token;
    if token.header("typ").is_some() && !token.is_typ("jwt") {
        return Err(refused("typ is another kind of token"));
    }
    let algorithm = token
        .header("alg")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    let claims = token.verified_elsewhere();
    if !is_alone(claims.get("aud"), given.client_id) {
        return Err(refused("aud is not this client alone"));
    }
    if claims
        .get("azp")
        .is_some_and(|azp| azp.as_str() != Some(given.client_id))
    {
        return Err(refused("azp is another client"));
    }
    if let Some(stated) = claims.get("at_hash")
        && stated.as_str() != half_hash(&algorithm, access_token).as_deref()
    {
        return Err(refused("at_hash is of another access token"));
    }
    let issued = claims
        .instant("iat")
        .map_err(|_| refused("iat is missing or malformed"))?;
    if issued > given.now + given.skew || issued < given.started_at - given.skew {
        return Err(refused("iat is in the future or before the log-in began"));
    }
    let start = claims
        .optional_instant("nbf")
        .map_err(|_| refused("nbf is malformed"))?;
    if start.is_some_and(|start| start > given.now + given.skew) {
        return Err(refused("nbf is in the future"));
    }
    let subject = match claims.text("sub") {
        Ok(subject) if subject.is_ascii() => subject.to_owned(),
        _ => return Err(refused("sub is not 1 to 255 ASCII characters")),
    };
    let proved = claims
        .optional_instant("auth_time")
        .map_err(|_| refused("auth_time"))?;
    if proved.is_some_and(|proved| proved > given.now + given.skew) {
        return Err(refused("auth_time is in the future"));
    }
    if let Some(seconds) = given.max_age {
        let oldest = given.now - SignedDuration::from_secs(seconds.into()) - given.skew;
        if proved.is_none_or(|proved| proved < oldest) {
            return Err(refused("auth_time is missing or too long ago"));
        }
    }
    Ok(Checked {
        claims,
        subject,
        authenticated_at: proved.unwrap_or(issued),
    })
}

/// `aud` as one string, or as a list of that one string.
fn is_alone(audience: Option<&Value>, client: &str) -> bool {
    match audience {
        Some(Value::String(only)) => only == client,
        Some(Value::Array(list)) => matches!(&list[..], [Value::String(only)] if only == client),
        _ => false,
    }
}

/// Left half of the hash that belongs to the algorithm, base64url.
fn half_hash(algorithm: &str, access_token: &str) -> Option<String> {
    let hash = match algorithm {
        "ES256" | "PS256" | "RS256" => &SHA256,
        "ES384" => &SHA384,
        "EdDSA" => &SHA512,
        _ => return None,
    };
    let hash = digest::digest(hash, access_token.as_bytes());
    Some(secret::base64url(&hash.as_ref()[..hash.as_ref().len() / 2]))
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::{Map, json};

    use super::*;

    const NOW: i64 = 1_795_363_200;

    /// Checks an otherwise honest token with these changes to its claims; null takes one out.
    fn checked(changes: &Value, max_age: Option<u32>) -> Result<Checked, ProviderFault> {
        let mut claims = json!({
            "aud": "us", "sub": "somebody", "iat": NOW, "auth_time": NOW - 5,
            "at_hash": half_hash("ES256", "token"),
        });
        let all = claims.as_object_mut().unwrap();
        all.extend(changes.as_object().unwrap().clone());
        all.retain(|_, value| !value.is_null());
        check_as(&json!({ "alg": "ES256" }), &claims, max_age)
    }

    fn check_as(
        header: &Value,
        claims: &Value,
        max_age: Option<u32>,
    ) -> Result<Checked, ProviderFault> {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let token = format!("{}.{}.AAAA", part(header), part(claims));
        let instant = |seconds| Timestamp::from_second(seconds).unwrap();
        let given = Given {
            client_id: "us",
            now: instant(NOW),
            started_at: instant(NOW - 30),
            skew: SignedDuration::from_secs(10),
            max_age,
        };
        check(Compact::parse(&token).unwrap(), "token", &given)
    }

    #[test]
    fn an_honest_token_passes_and_says_when_they_proved_it() {
        let checked = checked(&json!({}), Some(300)).unwrap();
        assert_eq!(checked.authenticated_at.as_second(), NOW - 5);
        assert_eq!(checked.subject, "somebody");
    }

    #[test]
    fn what_the_library_lets_through_is_refused_by_name() {
        for (changes, named) in [
            (json!({ "azp": "another" }), "azp"),
            (json!({ "azp": ["us"] }), "azp"),
            (json!({ "aud": ["us", "another"] }), "aud"),
            (json!({ "aud": [] }), "aud"),
            (json!({ "aud": 1 }), "aud"),
            (
                json!({ "at_hash": half_hash("ES256", "another") }),
                "at_hash",
            ),
            (json!({ "at_hash": 7 }), "at_hash"),
            (json!({ "iat": NOW + 11 }), "iat"),
            (json!({ "iat": NOW - 41 }), "iat"),
            (json!({ "iat": "now" }), "iat"),
            (json!({ "iat": null }), "iat"),
            (json!({ "nbf": NOW + 11 }), "nbf"),
            (json!({ "sub": "x".repeat(256) }), "sub"),
            (json!({ "sub": "s\u{f3}c" }), "sub"),
            (json!({ "sub": "" }), "sub"),
            (json!({ "sub": 1 }), "sub"),
            (json!({ "auth_time": NOW + 11 }), "auth_time"),
            (json!({ "auth_time": NOW - 311 }), "auth_time"),
            (json!({ "auth_time": null }), "auth_time"),
        ] {
            match checked(&changes, Some(300)) {
                Err(ProviderFault::Token(words)) => {
                    assert!(words.starts_with(named), "{changes}: {words}");
                }
                other => panic!("{changes}: {other:?}"),
            }
        }
    }

    #[test]
    fn what_the_specification_leaves_open_is_let_through() {
        for changes in [
            json!({ "aud": ["us"] }),
            json!({ "azp": "us" }),
            json!({ "at_hash": null }),
            json!({ "iat": NOW + 10 }),
            json!({ "nbf": NOW }),
            json!({ "sub": "x".repeat(255) }),
        ] {
            assert!(checked(&changes, None).is_ok(), "{changes}");
        }
        assert!(checked(&json!({ "auth_time": null }), None).is_ok());
    }

    #[test]
    fn the_hash_of_the_access_token_follows_the_algorithm() {
        for alg in ["ES256", "ES384", "EdDSA", "PS256", "RS256"] {
            let mut claims = Map::new();
            claims.extend([
                ("aud".to_owned(), json!("us")),
                ("sub".to_owned(), json!("somebody")),
                ("iat".to_owned(), json!(NOW)),
                ("at_hash".to_owned(), json!(half_hash(alg, "token"))),
            ]);
            let claims = Value::Object(claims);
            assert!(
                check_as(&json!({ "alg": alg }), &claims, None).is_ok(),
                "{alg}"
            );
            let other = if alg == "EdDSA" { "ES256" } else { "EdDSA" };
            assert!(
                check_as(&json!({ "alg": other }), &claims, None).is_err(),
                "{alg}"
            );
        }
    }

    /// OpenID Connect Core appendix A.3: the hash of the example's access token.
    #[test]
    fn the_published_example_of_a_hash_is_reproduced() {
        assert_eq!(
            half_hash("RS256", "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y").as_deref(),
            Some("77QmUPtjPfzWtF2AnpK9RQ")
        );
    }

    #[test]
    fn attack_10_another_kind_of_token_is_no_id_token() {
        let claims = json!({ "aud": "us", "sub": "somebody", "iat": NOW });
        for (typ, passes) in [("JWT", true), ("at+jwt", false), ("logout+jwt", false)] {
            let header = json!({ "alg": "ES256", "typ": typ });
            assert_eq!(check_as(&header, &claims, None).is_ok(), passes, "{typ}");
        }
    }
}
