//! Bending a token: the same knob for every token a client makes.

use serde_json::{Map, Value, json};

use crate::jose::Es256;

/// Changes to the header and the claims of a token, and the key that signs it.
///
/// A null value takes the member out.
#[derive(Clone, Debug, Default)]
pub struct Twist {
    header: Map<String, Value>,
    claims: Map<String, Value>,
    shift: i64,
    key: Option<Es256>,
}

impl Twist {
    /// The honest token.
    pub fn none() -> Self {
        Self::default()
    }

    /// Sets one claim, known or not.
    #[must_use]
    pub fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.claims.insert(name.to_owned(), value.into());
        self
    }

    /// Leaves one claim out.
    #[must_use]
    pub fn without(self, name: &str) -> Self {
        self.claim(name, Value::Null)
    }

    /// Sets one member of the header.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.header.insert(name.to_owned(), value.into());
        self
    }

    /// Moves `iat`, `nbf` and `exp` by so many seconds; negative is stale.
    #[must_use]
    pub fn issued(mut self, seconds: i64) -> Self {
        self.shift = seconds;
        self
    }

    /// Signs with another key, under the `kid` of that key.
    #[must_use]
    pub fn signed_by(mut self, key: Es256) -> Self {
        self.key = Some(key);
        self
    }

    /// Makes the token.
    pub(super) fn sign(&self, key: &Es256, header: &Value, claims: &Value) -> String {
        let mut full = claims.as_object().cloned().unwrap_or_default();
        for name in ["iat", "nbf", "exp"] {
            if let Some(time) = full.get(name).and_then(Value::as_i64) {
                full.insert(name.to_owned(), json!(time + self.shift));
            }
        }
        full.extend(self.claims.clone());
        full.retain(|_, value| !value.is_null());
        let mut top = header.as_object().cloned().unwrap_or_default();
        top.extend(self.header.clone());
        self.key
            .as_ref()
            .unwrap_or(key)
            .sign(&top, &Value::Object(full))
    }
}
