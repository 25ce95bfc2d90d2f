//! The compact serialisation and its JSON, read without mercy.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::JwtError;

/// The three parts of a compact JWS, decoded; nothing about it is true yet.
pub(super) struct Parts<'a> {
    pub(super) header: Map<String, Value>,
    pub(super) claims: Map<String, Value>,
    /// What the signature is over.
    pub(super) message: &'a str,
    pub(super) signature: &'a str,
}

pub(super) fn parts(token: &str, longest: usize) -> Result<Parts<'_>, JwtError> {
    if token.len() > longest {
        return Err(JwtError::TooLong);
    }
    let (message, signature) = token.rsplit_once('.').ok_or(JwtError::Malformed)?;
    let (header, claims) = message.split_once('.').ok_or(JwtError::Malformed)?;
    // A dot is outside the alphabet, so a fourth part fails here.
    decode(signature)?;
    Ok(Parts {
        header: object(&decode(header)?)?,
        claims: object(&decode(claims)?)?,
        message,
        signature,
    })
}

/// The engine refuses padding, foreign characters and non-zero trailing bits, so one sequence of
/// bytes has one spelling.
fn decode(part: &str) -> Result<Vec<u8>, JwtError> {
    URL_SAFE_NO_PAD
        .decode(part)
        .map_err(|_| JwtError::Malformed)
}

/// A JSON object in which no member appears twice, at any depth.
pub(in crate::identity) fn object(bytes: &[u8]) -> Result<Map<String, Value>, JwtError> {
    match serde_json::from_slice(bytes) {
        Ok(Unique(Value::Object(object))) => Ok(object),
        _ => Err(JwtError::Malformed),
    }
}

/// A JSON value whose objects have no duplicate members: two readers of the same bytes must not
/// come to different conclusions. Depth is bounded by the JSON reader (128).
struct Unique(Value);

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UniqueVisitor).map(Self)
    }
}

struct UniqueVisitor;

impl<'de> Visitor<'de> for UniqueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON without duplicate members")
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Value, E> {
        Ok(truth.into())
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Unique(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some((name, Unique(value))) = members.next_entry::<String, Unique>()? {
            if object.insert(name, value).is_some() {
                return Err(A::Error::custom("a member appears twice"));
            }
        }
        Ok(Value::Object(object))
    }
}
