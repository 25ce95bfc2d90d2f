//! JSON Web Tokens, by one set of rules.
//!
//! `jsonwebtoken` computes the signatures. Every other decision is here, because its defaults let
//! through tokens without issuer or audience, from the future, of another type, or with critical
//! headers nobody understood. Nothing else in the program verifies tokens that others sign for us,
//! except the OpenID Connect library for the ID tokens of providers.

mod key;
mod strict;
#[cfg(test)]
mod tests;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

pub(super) use strict::object;

pub use key::{Algorithm, KeyDefect, Signer, VerifyingKey, VerifyingKeys, jwks};

/// The longest token that is looked at, in bytes.
pub const LONGEST: usize = 8 * 1024;

/// How far the clocks of two honest parties may differ.
pub const SKEW: SignedDuration = SignedDuration::from_secs(10);

/// Why a token is not accepted. Names claims, never their values.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum JwtError {
    /// `alg` is not the one this key is for: confusion, downgrade, or `none`.
    #[error("the algorithm is not the key's")]
    Algorithm,
    /// A claim is missing, of another type, or not what it must be.
    #[error("the claim {0} is missing or wrong")]
    Claim(&'static str),
    /// A critical header: there is none we understand.
    #[error("the header declares a critical extension")]
    Critical,
    /// No key of that name.
    #[error("no such key")]
    Key,
    /// Not three parts of base64url with JSON objects, or a member appears twice.
    #[error("not a well-formed token")]
    Malformed,
    /// The signature does not match.
    #[error("the signature does not match")]
    Signature,
    /// A token of ours could not be signed.
    #[error("the token could not be signed")]
    Signing,
    /// Longer than allowed.
    #[error("the token is too long")]
    TooLong,
    /// A token of another kind.
    #[error("the token is of another type")]
    Type,
}

/// What a token for us must say.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The `typ` it must have.
    pub typ: &'a str,
    /// Whether `typ` may be absent.
    pub typ_required: bool,
    /// The exact `iss`.
    pub issuer: &'a str,
    /// The exact and only `aud`.
    pub audience: &'a str,
    /// The most that may lie between `iat` and `exp`, and between `iat` and now.
    pub longest_life: SignedDuration,
}

/// A token taken apart. Nothing it says is to be believed before [`Compact::verify`].
pub struct Compact<'a> {
    parts: strict::Parts<'a>,
}

impl<'a> Compact<'a> {
    /// Takes a token apart, refusing whatever has more than one reading.
    pub fn parse(token: &'a str) -> Result<Self, JwtError> {
        Self::parse_up_to(token, LONGEST)
    }

    /// The same, for tokens whose issuer is known to write long ones.
    pub(super) fn parse_up_to(token: &'a str, longest: usize) -> Result<Self, JwtError> {
        let parts = strict::parts(token, longest)?;
        if parts.header.contains_key("crit") {
            return Err(JwtError::Critical);
        }
        Ok(Self { parts })
    }

    /// The name of the key, to choose among configured ones. `jku`, `x5u` and `x5c` are not read.
    pub fn kid(&self) -> Option<&str> {
        self.parts.header.get("kid").and_then(Value::as_str)
    }

    /// Whether `typ` is this media type, with or without `application/`, in any case.
    pub fn is_typ(&self, typ: &str) -> bool {
        self.parts
            .header
            .get("typ")
            .and_then(Value::as_str)
            .is_some_and(|stated| {
                let stated = stated.to_ascii_lowercase();
                stated.strip_prefix("application/").unwrap_or(&stated) == typ.to_ascii_lowercase()
            })
    }

    /// A header member.
    pub(super) fn header(&self, name: &str) -> Option<&Value> {
        self.parts.header.get(name)
    }

    /// The issuer it claims, to find out whose keys to try.
    pub(super) fn claimed(&self, name: &str) -> Option<&str> {
        self.parts.claims.get(name).and_then(Value::as_str)
    }

    /// Checks the signature; the algorithm is the key's, and the header has to agree.
    pub fn verify(self, key: &VerifyingKey) -> Result<Claims, JwtError> {
        if self.parts.header.get("alg").and_then(Value::as_str) != Some(key.algorithm().as_str()) {
            return Err(JwtError::Algorithm);
        }
        if !key.verifies(self.parts.message, self.parts.signature) {
            return Err(JwtError::Signature);
        }
        Ok(Claims(self.parts.claims))
    }

    /// The claims of a token that another verifier has accepted, for what that one leaves out.
    pub(super) fn verified_elsewhere(self) -> Claims {
        Claims(self.parts.claims)
    }
}

/// Verifies a token by one of these keys, and everything [`Expected`] says.
pub fn verify(
    token: &str,
    keys: &VerifyingKeys,
    expected: &Expected<'_>,
    now: Timestamp,
) -> Result<Claims, JwtError> {
    let compact = Compact::parse(token)?;
    let key = compact
        .kid()
        .and_then(|kid| keys.named(kid))
        .ok_or(JwtError::Key)?;
    let typ_fits = match compact.header("typ") {
        None => !expected.typ_required,
        Some(_) => compact.is_typ(expected.typ),
    };
    if !typ_fits {
        return Err(JwtError::Type);
    }
    let claims = compact.verify(key)?;
    claims.check(expected, now)?;
    Ok(claims)
}

/// The claims of a token whose signature was verified.
#[derive(Clone)]
pub struct Claims(Map<String, Value>);

impl Claims {
    /// Everything a token meant for us must say: `iss`, `aud`, `sub`, `jti`, `iat`, `exp`, `nbf`.
    fn check(&self, expected: &Expected<'_>, now: Timestamp) -> Result<(), JwtError> {
        if self.text("iss")? != expected.issuer {
            return Err(JwtError::Claim("iss"));
        }
        // A single string: an array would let one token be played at two services.
        if self.text("aud")? != expected.audience {
            return Err(JwtError::Claim("aud"));
        }
        self.text("sub")?;
        self.text("jti")?;
        let (issued, expires) = (self.instant("iat")?, self.instant("exp")?);
        if issued > now + SKEW || now.duration_since(issued) > expected.longest_life + SKEW {
            return Err(JwtError::Claim("iat"));
        }
        let life = expires.duration_since(issued);
        if life <= SignedDuration::ZERO || life > expected.longest_life || now >= expires + SKEW {
            return Err(JwtError::Claim("exp"));
        }
        match self.optional_instant("nbf")? {
            Some(start) if start > now + SKEW => Err(JwtError::Claim("nbf")),
            _ => Ok(()),
        }
    }

    /// A text of 1 to 255 bytes.
    pub fn text(&self, name: &'static str) -> Result<&str, JwtError> {
        self.optional_text(name)?.ok_or(JwtError::Claim(name))
    }

    /// A text of 1 to 255 bytes, or nothing.
    pub fn optional_text(&self, name: &'static str) -> Result<Option<&str>, JwtError> {
        match self.0.get(name) {
            None => Ok(None),
            Some(Value::String(text)) if (1..=255).contains(&text.len()) => Ok(Some(text)),
            Some(_) => Err(JwtError::Claim(name)),
        }
    }

    /// An instant: whole seconds since 1970.
    pub fn instant(&self, name: &'static str) -> Result<Timestamp, JwtError> {
        self.optional_instant(name)?.ok_or(JwtError::Claim(name))
    }

    /// An instant, or nothing. Fractions, texts and the years before 1970 and after 9000 are
    /// defects, not absence: a reader that drops what it does not like drops the expiry.
    pub fn optional_instant(&self, name: &'static str) -> Result<Option<Timestamp>, JwtError> {
        const YEAR_9000: i64 = 221_845_392_000;
        match self.0.get(name) {
            None => Ok(None),
            Some(value) => match value.as_i64() {
                Some(seconds @ 0..YEAR_9000) => Ok(Timestamp::from_second(seconds).ok()),
                _ => Err(JwtError::Claim(name)),
            },
        }
    }

    /// Any claim, as it is.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }
}

impl std::fmt::Debug for Claims {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Claims(·)")
    }
}
