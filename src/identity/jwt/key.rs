//! Keys: public ones of others, filtered before use, and private ones of ours.

use std::fmt;
use std::path::Path;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{
    AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, KeyOperations, PublicKeyUse,
    ThumbprintHash,
};
use jsonwebtoken::{DecodingKey, EncodingKey};
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use super::{JwtError, strict};

/// The signature algorithms spoken here. There is no HMAC and no `none` to confuse them with.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Algorithm {
    /// Ed25519 (RFC 8037).
    EdDsa,
    /// ECDSA on P-256 (RFC 7518).
    Es256,
}

impl Algorithm {
    /// The `alg` value.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EdDsa => "EdDSA",
            Self::Es256 => "ES256",
        }
    }

    pub(super) const fn library(self) -> jsonwebtoken::Algorithm {
        match self {
            Self::EdDsa => jsonwebtoken::Algorithm::EdDSA,
            Self::Es256 => jsonwebtoken::Algorithm::ES256,
        }
    }
}

/// Why a key cannot serve.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum KeyDefect {
    /// Two keys of a set have the same name.
    #[error("two keys have the same kid")]
    Duplicate,
    /// The file cannot be read.
    #[error("the key file cannot be read")]
    File,
    /// Not a key at all, or its numbers do not fit its curve.
    #[error("the key is malformed")]
    Malformed,
    /// A key of a set without a name, or with one over 256 bytes.
    #[error("the key has no usable kid")]
    Nameless,
    /// Meant for encryption, or not for verifying.
    #[error("the key is not for signatures")]
    Purpose,
    /// A private or symmetric key where a public one belongs.
    #[error("the key contains private material")]
    Secret,
    /// Neither ES256 nor `EdDSA`.
    #[error("the key is for an algorithm that is not accepted")]
    Unsupported,
}

/// A public key that verifies with exactly one algorithm.
#[derive(Clone)]
pub struct VerifyingKey {
    algorithm: Algorithm,
    key: DecodingKey,
    thumbprint: String,
}

impl VerifyingKey {
    /// Reads a public JWK (RFC 7517), refusing what must not verify anything.
    pub fn from_jwk(jwk: &Map<String, Value>) -> Result<Self, KeyDefect> {
        if ["d", "p", "q", "dp", "dq", "qi", "oth", "k"]
            .iter()
            .any(|name| jwk.contains_key(*name))
        {
            return Err(KeyDefect::Secret);
        }
        // Read from text: the library borrows from the input in places.
        let text = Value::Object(jwk.clone()).to_string();
        let jwk: Jwk = serde_json::from_str(&text).map_err(|_| KeyDefect::Malformed)?;
        let for_signatures = !matches!(&jwk.common.public_key_use, Some(purpose) if *purpose != PublicKeyUse::Signature)
            && !matches!(&jwk.common.key_operations, Some(allowed) if !allowed.contains(&KeyOperations::Verify));
        if !for_signatures {
            return Err(KeyDefect::Purpose);
        }
        let algorithm = match &jwk.algorithm {
            AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => {
                coordinate(&key.x)?;
                coordinate(&key.y)?;
                Algorithm::Es256
            }
            AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => {
                coordinate(&key.x)?;
                Algorithm::EdDsa
            }
            _ => return Err(KeyDefect::Unsupported),
        };
        if let Some(stated) = jwk.common.key_algorithm
            && stated != KeyAlgorithm::from(algorithm.library())
        {
            return Err(KeyDefect::Unsupported);
        }
        Ok(Self {
            algorithm,
            key: DecodingKey::from_jwk(&jwk).map_err(|_| KeyDefect::Malformed)?,
            thumbprint: jwk
                .thumbprint(ThumbprintHash::SHA256)
                .map_err(|_| KeyDefect::Malformed)?,
        })
    }

    /// The one algorithm it verifies.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// RFC 7638 thumbprint, SHA-256, base64url.
    pub fn thumbprint(&self) -> &str {
        &self.thumbprint
    }

    pub(super) fn verifies(&self, message: &str, signature: &str) -> bool {
        jsonwebtoken::crypto::verify(
            signature,
            message.as_bytes(),
            &self.key,
            self.algorithm.library(),
        )
        .unwrap_or(false)
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "VerifyingKey({}, {})",
            self.algorithm.as_str(),
            self.thumbprint
        )
    }
}

/// A coordinate of P-256 or Ed25519: 32 bytes in their one spelling.
fn coordinate(text: &str) -> Result<(), KeyDefect> {
    match URL_SAFE_NO_PAD.decode(text) {
        Ok(bytes) if bytes.len() == 32 => Ok(()),
        _ => Err(KeyDefect::Malformed),
    }
}

/// The public keys of one party, by name.
#[derive(Clone, Debug)]
pub struct VerifyingKeys(Vec<(String, VerifyingKey)>);

impl VerifyingKeys {
    /// Reads a JWK set written by an operator: every key must be usable, or it says which defect.
    pub fn from_jwks(text: &str) -> Result<Self, KeyDefect> {
        let set = strict::object(text.as_bytes()).map_err(|_| KeyDefect::Malformed)?;
        let listed = set
            .get("keys")
            .and_then(Value::as_array)
            .ok_or(KeyDefect::Malformed)?;
        let mut keys: Vec<(String, VerifyingKey)> = Vec::new();
        for jwk in listed {
            let jwk = jwk.as_object().ok_or(KeyDefect::Malformed)?;
            let name = match jwk.get("kid").and_then(Value::as_str) {
                Some(name) if (1..=256).contains(&name.len()) => name.to_owned(),
                _ => return Err(KeyDefect::Nameless),
            };
            if keys.iter().any(|(other, _)| *other == name) {
                return Err(KeyDefect::Duplicate);
            }
            keys.push((name, VerifyingKey::from_jwk(jwk)?));
        }
        if keys.is_empty() {
            return Err(KeyDefect::Malformed);
        }
        Ok(Self(keys))
    }

    /// The public half of a key of ours.
    pub fn of(signer: &Signer) -> Self {
        Self(vec![(signer.kid.clone(), signer.verifying.clone())])
    }

    /// Reads a JWK set file.
    pub fn open(file: &Path) -> Result<Self, KeyDefect> {
        Self::from_jwks(&std::fs::read_to_string(file).map_err(|_| KeyDefect::File)?)
    }

    /// The key of that name.
    pub fn named(&self, kid: &str) -> Option<&VerifyingKey> {
        self.0
            .iter()
            .find(|(name, _)| name == kid)
            .map(|(_, key)| key)
    }
}

/// A private key of ours.
pub struct Signer {
    algorithm: Algorithm,
    key: EncodingKey,
    kid: String,
    public: Map<String, Value>,
    verifying: VerifyingKey,
}

impl Signer {
    /// Reads a PKCS#8 PEM key, P-256 or Ed25519. Its name is its thumbprint unless one is given.
    pub fn from_pem(pem: &[u8], kid: Option<&str>) -> Result<Self, KeyDefect> {
        let (algorithm, key, mut public) = if let Ok(key) = EncodingKey::from_ec_pem(pem) {
            let jwk = Jwk::from_encoding_key(&key, jsonwebtoken::Algorithm::ES256)
                .map_err(|_| KeyDefect::Unsupported)?;
            let AlgorithmParameters::EllipticCurve(point) = jwk.algorithm else {
                return Err(KeyDefect::Unsupported);
            };
            let public = json!({ "kty": "EC", "crv": point.curve, "x": point.x, "y": point.y });
            (Algorithm::Es256, key, public)
        } else {
            let key = EncodingKey::from_ed_pem(pem).map_err(|_| KeyDefect::Malformed)?;
            let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(key.as_bytes())
                .map_err(|_| KeyDefect::Malformed)?;
            let x = URL_SAFE_NO_PAD.encode(pair.public_key().as_ref());
            (
                Algorithm::EdDsa,
                key,
                json!({ "kty": "OKP", "crv": "Ed25519", "x": x }),
            )
        };
        let Some(public_key) = public.as_object_mut() else {
            return Err(KeyDefect::Malformed);
        };
        let verifying = VerifyingKey::from_jwk(public_key)?;
        let kid = kid.unwrap_or_else(|| verifying.thumbprint()).to_owned();
        for (name, value) in [
            ("kid", kid.as_str()),
            ("use", "sig"),
            ("alg", algorithm.as_str()),
        ] {
            public_key.insert(name.to_owned(), value.into());
        }
        let public = std::mem::take(public_key);
        Ok(Self {
            algorithm,
            key,
            kid,
            public,
            verifying,
        })
    }

    /// Reads a PKCS#8 PEM file.
    pub fn open(file: &Path, kid: Option<&str>) -> Result<Self, KeyDefect> {
        let pem = Zeroizing::new(std::fs::read(file).map_err(|_| KeyDefect::File)?);
        Self::from_pem(&pem, kid)
    }

    /// Signs claims as a compact JWS of that `typ`.
    pub fn sign(&self, typ: &str, claims: &Map<String, Value>) -> Result<String, JwtError> {
        self.sign_with(json!({ "typ": typ, "kid": self.kid }), claims)
    }

    /// Signs claims under these header members; `alg` is the key's.
    pub(super) fn sign_with(
        &self,
        mut header: Value,
        claims: &Map<String, Value>,
    ) -> Result<String, JwtError> {
        header["alg"] = self.algorithm.as_str().into();
        let claims = serde_json::to_vec(claims).map_err(|_| JwtError::Signing)?;
        let message = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(header.to_string()),
            URL_SAFE_NO_PAD.encode(claims)
        );
        let signature =
            jsonwebtoken::crypto::sign(message.as_bytes(), &self.key, self.algorithm.library())
                .map_err(|_| JwtError::Signing)?;
        Ok(format!("{message}.{signature}"))
    }

    /// The name others know the key by.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The public half as a JWK, with `kid`, `use` and `alg`.
    pub fn public_jwk(&self) -> &Map<String, Value> {
        &self.public
    }

    /// The public half, to verify what this key signed.
    pub fn verifying_key(&self) -> &VerifyingKey {
        &self.verifying
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({}, {})", self.algorithm.as_str(), self.kid)
    }
}

/// The JWK set of these keys, as published.
pub fn jwks<'a>(signers: impl IntoIterator<Item = &'a Signer>) -> Value {
    let keys: Vec<_> = signers
        .into_iter()
        .map(|signer| signer.public.clone())
        .collect();
    json!({ "keys": keys })
}
