//! Signing what we ask and verifying what we are told (WS-Security 1.0, X.509 token profile).
//!
//! What is signed is what is sent: the Body is canonical text before it is signed, and no
//! serialiser touches it afterwards. What is used is what was signed: [`verify`] hands on a tree
//! read from the very bytes whose digest the signature covers.

mod algorithm;
mod certificate;
mod claim;
mod defect;
mod sign;
mod timestamp;
mod verify;

pub use algorithm::{DigestAlgorithm, SignatureAlgorithm};
pub use certificate::{Signer, TrustRoots, UnusableCertificates};
pub use defect::{Algorithm, SignatureError};
pub use sign::{
    CanonicalBody, SignedEnvelope, SigningError, SigningIdentity, UnusableIdentity, sign,
};
pub use timestamp::TimestampDefect;
pub use verify::{Evidence, Part, Timing, VerifiedEnvelope, verify};

pub(super) use algorithm::sha256;
#[cfg(test)]
pub(super) use sign::test_envelope;

use base64::Engine as _;

/// Base64 on one line, as everything in our header is written.
fn base64(bytes: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// Base64 as others write it: folded, with carriage returns, with spaces.
fn from_base64(text: &str) -> Option<Vec<u8>> {
    let packed: Vec<u8> = text
        .bytes()
        .filter(|byte| !byte.is_ascii_whitespace())
        .collect();
    base64::engine::general_purpose::STANDARD
        .decode(packed)
        .ok()
}
