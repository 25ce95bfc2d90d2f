//! Receipt keys that do not sign: published so that what they signed can still be verified.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::receipt::{jwk, thumbprint};

/// A receipt key besides the one in use.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(try_from = "Written")]
pub struct PublishedKey {
    x: String,
    kid: String,
    state: KeyState,
}

/// Where in its life a key is that does not sign.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum KeyState {
    /// Stolen or lost: what it signed holds only where the log held it before (CON-17).
    Compromised {
        /// Since when somebody else may have it.
        since: Timestamp,
    },
    /// Published ahead of its use, so that whoever keeps the key set has it when it signs.
    Next,
    /// Signed until then.
    Retired {
        /// Nothing it signed is later.
        not_after: Timestamp,
    },
}

/// A key as configuration writes it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    public: String,
    state: Word,
    not_after: Option<Timestamp>,
    compromised_since: Option<Timestamp>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Word {
    Compromised,
    Next,
    Retired,
}

/// Why a published key cannot be what it says.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum InvalidPublishedKey {
    /// Not 32 bytes in base64url.
    #[error("public is not an Ed25519 public key: 32 bytes in base64url, as `x` in the key set")]
    Public,
    /// A time that is missing, or of another state.
    #[error(
        "a retired key has not_after, a compromised one compromised_since, the next one neither"
    )]
    Time,
}

impl PublishedKey {
    /// Its name in receipts and in the key set.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// Where in its life it is.
    pub const fn state(&self) -> KeyState {
        self.state
    }

    /// The key as the key set has it. Its state and times are members of our own (RFC 7517 section 4
    /// lets readers ignore them); times are Unix seconds.
    pub fn jwk(&self) -> Value {
        let mut jwk = jwk(&self.kid, &self.x);
        let (state, time) = match self.state {
            KeyState::Compromised { since } => ("compromised", Some(("compromised_since", since))),
            KeyState::Next => ("next", None),
            KeyState::Retired { not_after } => ("retired", Some(("not_after", not_after))),
        };
        jwk["state"] = json!(state);
        if let Some((member, at)) = time {
            jwk[member] = json!(at.as_second());
        }
        jwk
    }
}

impl TryFrom<Written> for PublishedKey {
    type Error = InvalidPublishedKey;

    fn try_from(written: Written) -> Result<Self, InvalidPublishedKey> {
        let bytes = URL_SAFE_NO_PAD.decode(&written.public).ok();
        if bytes.is_none_or(|bytes| bytes.len() != 32) {
            return Err(InvalidPublishedKey::Public);
        }
        let state = match (written.state, written.not_after, written.compromised_since) {
            (Word::Next, None, None) => KeyState::Next,
            (Word::Retired, Some(not_after), None) => KeyState::Retired { not_after },
            (Word::Compromised, None, Some(since)) => KeyState::Compromised { since },
            _ => return Err(InvalidPublishedKey::Time),
        };
        Ok(Self {
            kid: thumbprint(&written.public),
            x: written.public,
            state,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const X: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

    fn read(rest: &str) -> Result<PublishedKey, String> {
        let read = toml::from_str(&format!("public = \"{X}\"\n{rest}"));
        read.map_err(|error: toml::de::Error| error.message().to_owned())
    }

    #[test]
    fn a_published_key_says_its_state_and_since_when() {
        let retired = read("state = \"retired\"\nnot_after = \"2026-11-22T16:05:00Z\"").unwrap();
        let jwk = retired.jwk();
        // The thumbprint of RFC 8037 appendix A.3.
        assert_eq!(jwk["kid"], "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
        assert_eq!(
            (&jwk["state"], &jwk["not_after"]),
            (&json!("retired"), &json!(1_795_363_500))
        );
        let stolen = "state = \"compromised\"\ncompromised_since = \"2026-11-22T16:05:00Z\"";
        let jwk = read(stolen).unwrap().jwk();
        assert_eq!(jwk["compromised_since"], 1_795_363_500);
        assert_eq!(read("state = \"next\"").unwrap().jwk()["state"], "next");
    }

    #[test]
    fn a_state_without_its_time_or_a_key_that_is_none_is_refused() {
        let time = InvalidPublishedKey::Time.to_string();
        for wrong in [
            "state = \"retired\"",
            "state = \"compromised\"",
            "state = \"next\"\nnot_after = \"2026-11-22T16:05:00Z\"",
            "state = \"retired\"\ncompromised_since = \"2026-11-22T16:05:00Z\"",
        ] {
            assert_eq!(read(wrong), Err(time.clone()), "{wrong}");
        }
        assert!(read("state = \"active\"").is_err(), "that one is a file");
        let short: Result<PublishedKey, _> = toml::from_str("public = \"AAAA\"\nstate = \"next\"");
        assert!(short.is_err());
    }
}
