//! JWK Sets (RFC 7517), read for their Ed25519 keys (RFC 8037) only.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Map, Value};

use crate::{defect::Defect, json};

/// The most keys a set may hold.
const MAX_KEYS: usize = 64;

/// The public keys somebody trusts; keys of other kinds may be among them.
#[derive(Debug)]
pub struct KeySet(Vec<Map<String, Value>>);

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

    /// The Ed25519 key of this name.
    ///
    /// A key made for another algorithm or use is refused as [`Defect::RcptAlg`]: it is here to
    /// verify something else.
    pub(super) fn ed25519(&self, kid: &str) -> Result<[u8; 32], Defect> {
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
