//! Values that must not be guessed, and how they are kept: by hash.

use std::fmt;
use std::path::Path;

use aws_lc_rs::{constant_time, digest, hmac};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::SecretString;
use zeroize::Zeroizing;

use crate::citizen::{ClientId, ItemId, SubjectId};
use crate::clock::Entropy;

/// 256 unpredictable bits as 43 characters that need no escaping.
pub(super) fn token(entropy: &dyn Entropy) -> Zeroizing<String> {
    let bytes = Zeroizing::new(entropy.bytes::<32>());
    Zeroizing::new(base64url(bytes.as_slice()))
}

/// Base64url without padding (RFC 7515 section 2).
pub(super) fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// SHA-256, base64url: how a secret is stored and looked up.
pub(super) fn hashed(text: &str) -> String {
    base64url(sha256(text.as_bytes()).as_ref())
}

pub(super) fn sha256(bytes: &[u8]) -> digest::Digest {
    digest::digest(&digest::SHA256, bytes)
}

/// Whether two texts are the same, in a time that does not tell where they differ.
pub(super) fn same(a: &str, b: &str) -> bool {
    constant_time::verify_slices_are_equal(a.as_bytes(), b.as_bytes()).is_ok()
}

/// HMAC-SHA-256, base64url.
pub(super) fn mac(key: &hmac::Key, parts: &[&[u8]]) -> String {
    let mut context = hmac::Context::with_key(key);
    for part in parts {
        // The length goes first, so that no two lists of parts read the same.
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    base64url(context.sign().as_ref())
}

/// A secret file that cannot serve.
#[derive(Debug, thiserror::Error)]
pub enum UnreadableSecret {
    /// It cannot be read.
    #[error("the secret file cannot be read")]
    File(#[from] std::io::Error),
    /// It is empty, or shorter than its purpose needs.
    #[error("the secret is empty or too short")]
    Short,
}

/// Reads a secret text, without the line end editors add.
pub(super) fn read(file: &Path) -> Result<SecretString, UnreadableSecret> {
    let text = Zeroizing::new(std::fs::read_to_string(file)?);
    match text.trim_end_matches(['\r', '\n']) {
        "" => Err(UnreadableSecret::Short),
        text => Ok(SecretString::from(text)),
    }
}

/// Gives a citizen a different name at every client, so that clients cannot compare notes.
pub struct PairwiseKey(hmac::Key);

impl PairwiseKey {
    /// At least 32 bytes.
    pub fn new(bytes: &[u8]) -> Result<Self, UnreadableSecret> {
        if bytes.len() < 32 {
            return Err(UnreadableSecret::Short);
        }
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, bytes)))
    }

    /// Reads the key's bytes from a file.
    pub fn open(file: &Path) -> Result<Self, UnreadableSecret> {
        Self::new(&Zeroizing::new(std::fs::read(file)?))
    }

    /// The citizen's name at that client: `sub` of its tokens.
    pub fn subject_at(&self, client: &ClientId, subject: SubjectId) -> String {
        mac(
            &self.0,
            &[
                b"pairwise/v1",
                client.as_str().as_bytes(),
                subject.as_bytes(),
            ],
        )
    }

    /// The citizen's name at a recipient that is no client.
    pub fn subject_for(&self, recipient: &str, subject: SubjectId) -> String {
        let parts: [&[u8]; 3] = [
            b"pairwise-recipient/v1",
            recipient.as_bytes(),
            subject.as_bytes(),
        ];
        mac(&self.0, &parts)
    }

    /// The name of an item of consent at a recipient that is no client: the item's own is the same
    /// for all, and would let them compare.
    pub fn item_for(&self, recipient: &str, item: ItemId) -> String {
        let parts: [&[u8]; 3] = [b"pairwise-item/v1", recipient.as_bytes(), item.as_bytes()];
        mac(&self.0, &parts)
    }

    /// A key of its own, to compare what was handed over without keeping it.
    pub fn values_key(&self) -> Zeroizing<[u8; 32]> {
        let mut key = Zeroizing::new([0; 32]);
        let tag = hmac::sign(&self.0, b"values-handed-over/v1");
        key.copy_from_slice(tag.as_ref());
        key
    }
}

impl fmt::Debug for PairwiseKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PairwiseKey(·)")
    }
}
