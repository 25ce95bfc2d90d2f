//! Signed statements of what was decided: the citizen's copy, good without this service.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject;
use serde::Serialize;
use serde_json::json;

use crate::citizen::{EntryId, ItemId, ProductCode, PurposeId, ReceiptId, SourceId, SubjectId};

use super::grant_terms::GrantTerms;
use super::ledger::BodyName;
use super::purpose::{Authority, Controller, Retention};

/// `typ` of the signature (RFC 7515 section 4.1.9).
const TYPE: &str = "consent-receipt+jwt";

/// A receipt, as stored and handed out.
#[derive(Clone, Eq, PartialEq)]
pub struct Receipt {
    /// Its id, `jti` inside.
    pub id: ReceiptId,
    /// Six characters for paper and telephone, such as `7Q4-M2K`.
    pub code: String,
    /// Compact JWS (RFC 7515).
    pub jws: String,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// The log entry that records the event.
    pub entry: EntryId,
}

impl std::fmt::Debug for Receipt {
    // The signature's payload names what a person agreed to.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Receipt")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// What a receipt states.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReceiptEvent {
    /// Answers to a notice, yes and no.
    GrantedAndRefused,
    /// Consent taken back.
    Withdrawn,
}

impl ReceiptEvent {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::GrantedAndRefused => "granted-and-refused",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// The claims of a receipt. Schema: `schemas/consent-receipt.schema.json`.
#[derive(Debug, Serialize)]
pub(super) struct Claims<'a> {
    pub iss: &'a str,
    pub sub: SubjectId,
    pub jti: ReceiptId,
    /// Seconds since 1970 (RFC 7519 section 2).
    pub iat: i64,
    pub schema: &'static str,
    pub event: ReceiptEvent,
    pub body: &'a BodyName,
    pub purpose: &'a PurposeId,
    pub lawful_basis: &'a str,
    pub notice: NoticeClaim<'a>,
    pub items: Vec<ItemClaim>,
    pub recipients: &'a [String],
    pub retention: &'a Retention,
    pub rights: &'a [String],
    pub withdrawal_uri: String,
    pub authority: &'a Authority,
    pub controller: &'a Controller,
    /// `sha-256:` of the person's previous receipt: a private chain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prev: Option<String>,
    pub log: LogClaim<'a>,
}

#[derive(Debug, Serialize)]
pub(super) struct NoticeClaim<'a> {
    pub id: &'a str,
    pub version: u32,
    pub language: &'a str,
    pub digest: &'a str,
}

/// One item of a receipt, also as the log entry records it.
#[derive(Clone, Debug, Serialize)]
pub(super) struct ItemClaim {
    pub item: ItemId,
    pub product: ProductCode,
    pub source: SourceId,
    pub categories: Vec<String>,
    /// `granted`, `refused` or `withdrawn`.
    pub decision: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Timestamp>,
    /// Of a grant: how far back, how often, how long kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub terms: Option<GrantTerms>,
}

#[derive(Debug, Serialize)]
pub(super) struct LogClaim<'a> {
    pub origin: &'a str,
    /// Hexadecimal leaf hash of the entry that records the event.
    pub leaf_hash: String,
}

impl Claims<'_> {
    /// Profile of ISO/IEC TS 27560 that receipts follow, as an IRI of the W3C Data Privacy Vocabulary.
    pub(super) const SCHEMA: &'static str = "https://w3id.org/dpv/schema/dpv-27560#receipt-eu-gdpr";
}

/// Signs receipts. The key serves nothing else.
pub struct ReceiptSigner {
    kid: String,
    key: Ed25519KeyPair,
}

/// Why a key cannot sign receipts. Never carries the key.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ReceiptKeyError {
    /// Not an Ed25519 key in PKCS#8 (RFC 8410).
    #[error("not an Ed25519 private key in PKCS#8")]
    Key,
    /// No `PRIVATE KEY` block.
    #[error("no PEM block with a private key")]
    Pem,
}

impl ReceiptSigner {
    /// A signer with the PKCS#8 key of a PEM file.
    pub fn from_pem(pem: &[u8]) -> Result<Self, ReceiptKeyError> {
        let der = PrivatePkcs8KeyDer::from_pem_slice(pem).map_err(|_| ReceiptKeyError::Pem)?;
        Self::from_der(der.secret_pkcs8_der())
    }

    /// A signer with a PKCS#8 key. Its `kid` is the key's thumbprint (RFC 7638, RFC 8037).
    pub fn from_der(pkcs8: &[u8]) -> Result<Self, ReceiptKeyError> {
        let key =
            Ed25519KeyPair::from_pkcs8_maybe_unchecked(pkcs8).map_err(|_| ReceiptKeyError::Key)?;
        let kid = thumbprint(&public(&key));
        Ok(Self { kid, key })
    }

    /// Names the key in headers and in the key set.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The public key as a JWK (RFC 8037), for the key set.
    pub fn jwk(&self) -> serde_json::Value {
        let mut jwk = jwk(&self.kid, &public(&self.key));
        jwk["state"] = json!("active");
        jwk
    }

    /// Signs the claims.
    pub(super) fn sign(
        &self,
        claims: &Claims<'_>,
        entry: EntryId,
    ) -> Result<Receipt, serde_json::Error> {
        let header = json!({"alg": "EdDSA", "typ": TYPE, "kid": self.kid});
        let signed = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(serde_jcs::to_vec(&header)?),
            URL_SAFE_NO_PAD.encode(serde_jcs::to_vec(claims)?)
        );
        let signature = self.key.sign(signed.as_bytes());
        let jws = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature));
        Ok(Receipt {
            id: claims.jti,
            code: code(&jws),
            jws,
            issued_at: Timestamp::from_second(claims.iat).unwrap_or(Timestamp::MAX),
            entry,
        })
    }
}

impl std::fmt::Debug for ReceiptSigner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReceiptSigner")
            .field("kid", &self.kid)
            .finish_non_exhaustive()
    }
}

/// A receipt key as a JWK (RFC 8037).
pub(super) fn jwk(kid: &str, x: &str) -> serde_json::Value {
    json!({"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": kid, "x": x})
}

/// The name of a receipt key: its thumbprint (RFC 7638, RFC 8037).
pub(super) fn thumbprint(x: &str) -> String {
    let members = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
    URL_SAFE_NO_PAD.encode(digest(&SHA256, members.as_bytes()))
}

fn public(key: &Ed25519KeyPair) -> String {
    URL_SAFE_NO_PAD.encode(key.public_key())
}

/// How a following receipt refers to this one.
pub(super) fn digest_of(jws: &str) -> String {
    format!("sha-256:{}", hex::encode(digest(&SHA256, jws.as_bytes())))
}

/// The first 30 bits of the receipt's hash in Crockford's base 32, which has no I, L, O or U.
fn code(jws: &str) -> String {
    const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let hash = digest(&SHA256, jws.as_bytes());
    let bits = hash
        .as_ref()
        .iter()
        .take(4)
        .fold(0_u32, |bits, byte| (bits << 8) | u32::from(*byte))
        >> 2;
    let mut code: String = (0..6_u32)
        .rev()
        .map(|place| char::from(ALPHABET[(bits >> (5 * place)) as usize % ALPHABET.len()]))
        .collect();
    code.insert(3, '-');
    code
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The private key of RFC 8037 appendix A.1, wrapped as PKCS#8 (RFC 8410 section 7).
    fn rfc_8037() -> ReceiptSigner {
        let seed = URL_SAFE_NO_PAD
            .decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A")
            .unwrap();
        let mut pkcs8 = hex::decode("302e020100300506032b657004220420").unwrap();
        pkcs8.extend(seed);
        ReceiptSigner::from_der(&pkcs8).unwrap()
    }

    #[test]
    fn the_key_of_rfc_8037_has_its_public_key_and_thumbprint() {
        let jwk = rfc_8037().jwk();
        assert_eq!(jwk["x"], "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
        assert_eq!(jwk["kid"], "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }

    #[test]
    fn a_file_without_a_key_is_refused() {
        assert_eq!(
            ReceiptSigner::from_pem(b"nothing").unwrap_err(),
            ReceiptKeyError::Pem
        );
        assert_eq!(
            ReceiptSigner::from_der(&[0; 48]).unwrap_err(),
            ReceiptKeyError::Key
        );
    }

    #[test]
    fn a_code_is_short_and_without_confusing_letters() {
        for number in 0..500 {
            let code = code(&number.to_string());
            assert_eq!(code.len(), 7);
            assert!(code.chars().all(|letter| !"ILOU".contains(letter)));
        }
        // SHA-256 of the empty text starts e3 b0 c4 42.
        assert_eq!(code(""), "WER-C8G");
    }

    #[test]
    fn debug_output_never_shows_the_key() {
        let shown = format!("{:?}", rfc_8037());
        assert_eq!(
            shown,
            r#"ReceiptSigner { kid: "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k", .. }"#
        );
    }
}
