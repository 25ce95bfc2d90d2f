//! ES256 keys and compact JWS, written so that any header and any claim can be put in a token:
//! hostile tokens are made with the same two functions as honest ones.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _,
    UnparsedPublicKey,
};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject as _;
use serde_json::{Map, Value, json};

/// A P-256 key that signs ES256 (RFC 7518 section 3.4), with its key id.
#[derive(Clone)]
pub struct Es256 {
    pair: Arc<EcdsaKeyPair>,
    kid: String,
}

/// The text is not a PKCS#8 P-256 key in PEM.
#[derive(Debug, thiserror::Error)]
#[error("not a P-256 private key in PKCS#8 PEM")]
pub struct NotAKey;

impl Es256 {
    /// A fresh key whose id is its thumbprint.
    #[expect(clippy::expect_used, reason = "without randomness no stand-in can run")]
    pub fn generate() -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)
            .expect("the system gives random bytes");
        Self::of(pair)
    }

    /// Reads a key from PKCS#8 PEM; its id is its thumbprint until [`Es256::with_kid`] says else.
    pub fn from_pem(pem: &str) -> Result<Self, NotAKey> {
        let der = PrivatePkcs8KeyDer::from_pem_slice(pem.as_bytes()).map_err(|_| NotAKey)?;
        let pair =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der.secret_pkcs8_der())
                .map_err(|_| NotAKey)?;
        Ok(Self::of(pair))
    }

    fn of(pair: EcdsaKeyPair) -> Self {
        let mut key = Self {
            pair: Arc::new(pair),
            kid: String::new(),
        };
        key.kid = key.thumbprint();
        key
    }

    #[must_use]
    pub fn with_kid(mut self, kid: &str) -> Self {
        kid.clone_into(&mut self.kid);
        self
    }

    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The key in PKCS#8 PEM.
    #[expect(clippy::expect_used, reason = "a key of ours can always be written")]
    pub fn to_pem(&self) -> String {
        let der = self
            .pair
            .to_pkcs8v1()
            .expect("the pair was made from PKCS#8 parts");
        let text = STANDARD.encode(der.as_ref());
        let lines: Vec<&str> = (0..text.len())
            .step_by(64)
            .map(|start| &text[start..text.len().min(start + 64)])
            .collect();
        format!(
            "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
            lines.join("\n")
        )
    }

    /// The public key as a bare JWK, as `DPoP` proofs carry it.
    pub fn bare_jwk(&self) -> Value {
        // uncompressed point: 0x04, then 32 bytes of x and 32 of y
        let point = self.pair.public_key().as_ref();
        let coordinate = |from: usize| URL_SAFE_NO_PAD.encode(&point[from..from + 32]);
        json!({"kty": "EC", "crv": "P-256", "x": coordinate(1), "y": coordinate(33)})
    }

    /// The public key as it stands in a key set.
    pub fn jwk(&self) -> Value {
        let mut jwk = self.bare_jwk();
        jwk["kid"] = json!(self.kid);
        jwk["use"] = json!("sig");
        jwk["alg"] = json!("ES256");
        jwk
    }

    /// RFC 7638 thumbprint, the `jkt` of RFC 9449.
    pub fn thumbprint(&self) -> String {
        let jwk = self.bare_jwk();
        // members in lexicographic order, no white space
        let canonical = format!(
            r#"{{"crv":"P-256","kty":"EC","x":{},"y":{}}}"#,
            jwk["x"], jwk["y"]
        );
        sha256_base64url(canonical.as_bytes())
    }

    /// Signs; `alg` and `kid` are added to the header unless it already names them.
    pub fn sign(&self, header: &Map<String, Value>, claims: &Value) -> String {
        let mut full = Map::new();
        full.insert("alg".to_owned(), json!("ES256"));
        full.insert("kid".to_owned(), json!(self.kid));
        full.extend(header.clone());
        full.retain(|_, value| !value.is_null());
        self.sign_exactly(&Value::Object(full), claims)
    }

    /// Signs with precisely this header.
    #[expect(
        clippy::expect_used,
        reason = "signing bytes in memory with a sound key"
    )]
    pub fn sign_exactly(&self, header: &Value, claims: &Value) -> String {
        let input = signing_input(header, claims);
        let signature = self
            .pair
            .sign(&SystemRandom::new(), input.as_bytes())
            .expect("a P-256 key signs any message");
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
    }
}

impl fmt::Debug for Es256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Es256({})", self.kid)
    }
}

/// The first two parts of a compact JWS.
pub fn signing_input(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}", part(header), part(claims))
}

/// Checks an ES256 compact JWS against a public JWK and gives header and claims.
pub fn verify(compact: &str, jwk: &Value) -> Option<(Value, Value)> {
    let (input, signature) = compact.rsplit_once('.')?;
    let (header, claims) = input.split_once('.')?;
    let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).ok();
    let header: Value = serde_json::from_slice(&decode(header)?).ok()?;
    if header["alg"] != "ES256" {
        return None;
    }
    let mut point = vec![4_u8];
    point.extend(decode(jwk["x"].as_str()?)?);
    point.extend(decode(jwk["y"].as_str()?)?);
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
        .verify(input.as_bytes(), &decode(signature)?)
        .ok()?;
    Some((header, serde_json::from_slice(&decode(claims)?).ok()?))
}

/// SHA-256 in unpadded base64url, as PKCE, `ath` and thumbprints want it.
pub fn sha256_base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, bytes))
}

/// `at_hash` of an ES256 ID token: the left half of the token's SHA-256 (OIDC Core 3.1.3.6).
pub fn half_hash(access_token: &str) -> String {
    URL_SAFE_NO_PAD.encode(&digest(&SHA256, access_token.as_bytes()).as_ref()[..16])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_survives_its_pem() {
        let key = Es256::generate();
        let again = Es256::from_pem(&key.to_pem()).unwrap();
        assert_eq!(key.jwk(), again.jwk());
    }

    #[test]
    fn a_signature_verifies_only_under_its_key() {
        let key = Es256::generate();
        let token = key.sign(&Map::new(), &json!({"sub": "x"}));
        assert_eq!(verify(&token, &key.jwk()).unwrap().1, json!({"sub": "x"}));
        assert!(verify(&token, &Es256::generate().jwk()).is_none());
    }

    #[test]
    fn the_thumbprint_is_the_one_jsonwebtoken_computes() {
        let key = Es256::generate();
        let jwk: jsonwebtoken::jwk::Jwk = serde_json::from_value(key.jwk()).unwrap();
        let independent = jwk
            .thumbprint(jsonwebtoken::jwk::ThumbprintHash::SHA256)
            .unwrap();
        assert_eq!(key.thumbprint(), independent);
    }
}
