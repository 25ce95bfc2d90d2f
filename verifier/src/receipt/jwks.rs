//! JWK Sets (RFC 7517), read for their Ed25519 keys (RFC 8037) only.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Map, Value};

use crate::{defect::Defect, json};

/// The most keys a set may hold.
const MAX_KEYS: usize = 64;

/// The public keys somebody trusts; keys of other kinds may be among them.
#[derive(Debug)]
pub struct KeySet(Vec<Map<String, Value>>);

/// What the issuer says about one of its keys. Times are Unix seconds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum KeyState {
    /// Signs, or is about to. A key of which nothing is said is in use.
    InUse,
    /// Signed until then, and nothing since.
    Retired { not_after: u64 },
    /// Whoever stole it may sign since then, with any date.
    Compromised { since: u64 },
}

impl KeySet {
    pub fn parse(file: &[u8]) -> Result<Self, Defect> {
        let mut set = json::object(file).ok_or(Defect::JwksFormat(
            "it is no JSON object, or repeats a member",
        ))?;
        let Some(Value::Array(keys)) = set.remove("keys") else {
            return Err(Defect::JwksFormat("it has no array \"keys\""));
        };
        if keys.len() > MAX_KEYS {
            return Err(Defect::JwksFormat("it has more than 64 keys"));
        }
        let object = |key| match key {
            Value::Object(key) => Ok(key),
            _ => Err(Defect::JwksFormat("one of its keys is no object")),
        };
        keys.into_iter()
            .map(object)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// What is said about the key of this name.
    pub fn state(&self, kid: &str) -> Result<KeyState, Defect> {
        let key = self.named(kid)?;
        let at = |member: &str| {
            key.get(member)
                .and_then(Value::as_u64)
                .ok_or(Defect::JwksFormat(
                    "a key that is no longer in use does not say since when",
                ))
        };
        match key.get("state").map(Value::as_str) {
            None | Some(Some("active" | "next")) => Ok(KeyState::InUse),
            Some(Some("retired")) => Ok(KeyState::Retired {
                not_after: at("not_after")?,
            }),
            Some(Some("compromised")) => Ok(KeyState::Compromised {
                since: at("compromised_since")?,
            }),
            Some(_) => Err(Defect::JwksFormat(
                "the key is in a state that does not exist",
            )),
        }
    }

    /// The `x` of the key of this name, as the set spells it.
    pub(crate) fn x(&self, kid: &str) -> Result<Option<&str>, Defect> {
        Ok(json::text(self.named(kid)?, "x"))
    }

    fn named(&self, kid: &str) -> Result<&Map<String, Value>, Defect> {
        let mut named = self
            .0
            .iter()
            .filter(|key| json::text(key, "kid") == Some(kid));
        let key = named.next().ok_or(Defect::RcptKidUnknown)?;
        if named.next().is_some() {
            return Err(Defect::JwksFormat(
                "two of its keys have the name the receipt gives",
            ));
        }
        Ok(key)
    }

    /// The Ed25519 key of this name.
    ///
    /// A key made for another algorithm or use is refused as [`Defect::RcptAlg`]: it is here to
    /// verify something else.
    pub(super) fn ed25519(&self, kid: &str) -> Result<[u8; 32], Defect> {
        let key = self.named(kid)?;
        let is = |member, value| json::text(key, member) == Some(value);
        let is_or_absent = |member, value| !key.contains_key(member) || is(member, value);
        if !(is("kty", "OKP")
            && is("crv", "Ed25519")
            && is_or_absent("alg", "EdDSA")
            && is_or_absent("use", "sig"))
        {
            return Err(Defect::RcptAlg);
        }
        json::text(key, "x")
            .and_then(|x| BASE64_URL_SAFE_NO_PAD.decode(x).ok()?.try_into().ok())
            .ok_or(Defect::JwksFormat(
                "the key's x is not 32 bytes in base64url",
            ))
    }
}
