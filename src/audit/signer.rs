//! The key that signs checkpoints.

use std::fmt;
use std::path::Path;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject as _;
use zeroize::Zeroizing;

use crate::clock::Entropy;
use crate::store::keyring::secret_file::{self, SecretFileError};

/// An Ed25519 key pair, kept for checkpoints and nothing else.
pub struct LogSigner {
    pair: Ed25519KeyPair,
}

/// Why a file is no signing key.
#[derive(Debug, thiserror::Error)]
pub enum InvalidSigningKey {
    /// The file could not be used.
    #[error(transparent)]
    File(#[from] SecretFileError),
    /// Not PKCS#8 of an Ed25519 key, in PEM.
    #[error(
        "not an Ed25519 private key in PKCS#8 PEM; make one with: openssl genpkey -algorithm ed25519"
    )]
    NotEd25519,
}

impl LogSigner {
    /// Reads a PKCS#8 PEM file that only its owner can read.
    pub fn open(file: &Path) -> Result<Self, InvalidSigningKey> {
        Self::from_pem(&secret_file::read(file)?)
    }

    /// Reads PKCS#8 PEM, with or without the public key in it.
    pub fn from_pem(pem: &[u8]) -> Result<Self, InvalidSigningKey> {
        let der = PrivatePkcs8KeyDer::from_pem_slice(pem);
        let der = der.map_err(|_| InvalidSigningKey::NotEd25519)?;
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der.secret_pkcs8_der());
        Ok(Self {
            pair: pair.map_err(|_| InvalidSigningKey::NotEd25519)?,
        })
    }

    /// The key of a 32-byte seed (RFC 8032).
    pub fn from_seed(seed: &[u8; 32]) -> Result<Self, InvalidSigningKey> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed);
        Ok(Self {
            pair: pair.map_err(|_| InvalidSigningKey::NotEd25519)?,
        })
    }

    /// The PKCS#8 PEM of a new key, for [`secret_file::create`].
    pub fn new_pem(entropy: &dyn Entropy) -> Zeroizing<String> {
        // PrivateKeyInfo (RFC 5958) of an Ed25519 seed (RFC 8410): a fixed head, then the seed.
        const HEAD: [u8; 16] = [
            0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22,
            0x04, 0x20,
        ];
        let seed = Zeroizing::new(entropy.bytes::<32>());
        let der = Zeroizing::new([&HEAD[..], &seed[..]].concat());
        let text = Zeroizing::new(BASE64_STANDARD.encode(&*der));
        Zeroizing::new(format!(
            "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
            &*text
        ))
    }

    /// The 32 bytes of the public key.
    pub fn public_key(&self) -> &[u8] {
        self.pair.public_key().as_ref()
    }

    /// The Ed25519 signature of a message.
    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.pair.sign(message).as_ref().to_vec()
    }
}

impl fmt::Debug for LogSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LogSigner({})", hex::encode(&self.public_key()[..4]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::World;

    #[test]
    fn a_new_key_is_read_back_from_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.key");
        let pem = LogSigner::new_pem(&*World::real().entropy);
        secret_file::create(&path, pem.as_bytes()).unwrap();
        let signer = LogSigner::open(&path).unwrap();
        let again = LogSigner::from_pem(pem.as_bytes()).unwrap();
        assert_eq!(signer.public_key(), again.public_key());
    }

    #[test]
    fn a_key_of_another_kind_is_refused() {
        let other = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
        for pem in [other.serialize_pem().as_str(), "", "-----BEGIN"] {
            assert!(matches!(
                LogSigner::from_pem(pem.as_bytes()),
                Err(InvalidSigningKey::NotEd25519)
            ));
        }
    }
}
