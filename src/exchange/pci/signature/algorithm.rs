//! The signature algorithms of the wire, and which of them are weak.

use aws_lc_rs::digest;
use serde::{Deserialize, Serialize};

/// A signature algorithm together with the digest that goes with it.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SignatureAlgorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-1, which is what the platform speaks. SHA-1 resists no
    /// collisions: the record of an exchange rests on its own SHA-256 of the bytes.
    RsaSha1,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    RsaSha256,
}

impl SignatureAlgorithm {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::RsaSha1, Self::RsaSha256];

    /// Identifier of the signature method (XML Signature 1.1, section 6.4).
    pub const fn uri(self) -> &'static str {
        match self {
            Self::RsaSha1 => "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
            Self::RsaSha256 => "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
        }
    }

    /// The digest signed along with it.
    pub const fn digest(self) -> DigestAlgorithm {
        match self {
            Self::RsaSha1 => DigestAlgorithm::Sha1,
            Self::RsaSha256 => DigestAlgorithm::Sha256,
        }
    }

    /// The name people use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RsaSha1 => "rsa-sha1",
            Self::RsaSha256 => "rsa-sha256",
        }
    }

    /// Whether it should be replaced as soon as the other side can.
    pub const fn is_weak(self) -> bool {
        matches!(self, Self::RsaSha1)
    }

    pub(super) fn from_uri(uri: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|algorithm| algorithm.uri() == uri)
    }
}

/// A digest of the wire.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DigestAlgorithm {
    /// SHA-1.
    Sha1,
    /// SHA-256.
    Sha256,
}

impl DigestAlgorithm {
    /// Identifier of the digest method (XML Signature 1.1, section 6.2).
    pub const fn uri(self) -> &'static str {
        match self {
            Self::Sha1 => "http://www.w3.org/2000/09/xmldsig#sha1",
            Self::Sha256 => "http://www.w3.org/2001/04/xmlenc#sha256",
        }
    }

    /// Whether it should be replaced as soon as the other side can.
    pub const fn is_weak(self) -> bool {
        matches!(self, Self::Sha1)
    }

    pub(super) fn from_uri(uri: &str) -> Option<Self> {
        [Self::Sha1, Self::Sha256]
            .into_iter()
            .find(|algorithm| algorithm.uri() == uri)
    }

    pub(in crate::exchange::pci) fn of(self, bytes: &[u8]) -> digest::Digest {
        let algorithm = match self {
            Self::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => &digest::SHA256,
        };
        digest::digest(algorithm, bytes)
    }
}

/// SHA-256, by which the log names the exact bytes that left or came in.
pub(in crate::exchange::pci) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    out
}
