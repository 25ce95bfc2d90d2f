//! How a person is found by a document without the document being stored.

use std::fmt;
use std::path::Path;

use aws_lc_rs::hmac;
use base64::prelude::{BASE64_STANDARD, Engine as _};
use zeroize::Zeroizing;

use super::secret_file::{self, SecretFileError};
use crate::citizen::Document;

/// Versioned HMAC keys. All of them read; which ones write, the keyring's database says, so that
/// every replica says the same.
///
/// There are some 10⁸ document numbers: without the key a hash of one is as good as the number.
pub struct LookupKeys {
    keys: Vec<LookupKey>, // newest first, never empty
}

/// One of them.
pub(super) struct LookupKey {
    pub(super) version: u32,
    /// Follows from the key, so that another key under the same version is noticed.
    pub(super) name: String,
    key: hmac::Key,
}

/// Why a file of look-up keys is of no use.
#[derive(Debug, thiserror::Error)]
pub enum InvalidLookupKeys {
    /// The file could not be used.
    #[error(transparent)]
    File(#[from] SecretFileError),
    /// A line is not `<version> <base64 of 32 bytes>`.
    #[error("line {line} is not a version and 32 bytes in base64")]
    Line {
        /// Counted from 1.
        line: usize,
    },
    /// No key at all.
    #[error("the file holds no key")]
    None,
    /// Two keys of one version.
    #[error("version {version} appears twice")]
    Twice {
        /// The version.
        version: u32,
    },
}

impl LookupKeys {
    /// Reads a file that only its owner can read. See [`LookupKeys::parse`].
    pub fn open(file: &Path) -> Result<Self, InvalidLookupKeys> {
        let bytes = secret_file::read(file)?;
        let text = std::str::from_utf8(&bytes).map_err(|_| InvalidLookupKeys::Line { line: 1 })?;
        Self::parse(text)
    }

    /// One key per line: its version, a space, 32 bytes in base64. `#` begins a comment.
    pub fn parse(text: &str) -> Result<Self, InvalidLookupKeys> {
        let mut keys: Vec<LookupKey> = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let line_text = line.trim();
            if line_text.is_empty() || line_text.starts_with('#') {
                continue;
            }
            let key = key_of(line_text).ok_or(InvalidLookupKeys::Line { line: index + 1 })?;
            if keys.iter().any(|known| known.version == key.version) {
                return Err(InvalidLookupKeys::Twice {
                    version: key.version,
                });
            }
            keys.push(key);
        }
        keys.sort_by_key(|key| std::cmp::Reverse(key.version));
        if keys.is_empty() {
            return Err(InvalidLookupKeys::None);
        }
        Ok(Self { keys })
    }

    /// A file for one new key of a version.
    pub fn file_text(version: u32, key: &[u8; 32]) -> Zeroizing<String> {
        Zeroizing::new(format!("{version} {}\n", BASE64_STANDARD.encode(key)))
    }

    /// The newest.
    pub(super) fn newest(&self) -> &LookupKey {
        &self.keys[0] // `parse` never leaves it empty
    }

    /// The one of a version.
    pub(super) fn of(&self, version: u32) -> Option<&LookupKey> {
        self.keys.iter().find(|key| key.version == version)
    }

    /// All of them, newest first.
    pub(super) fn all(&self) -> impl Iterator<Item = &LookupKey> {
        self.keys.iter()
    }
}

impl LookupKey {
    /// What a document is called under this key.
    pub(super) fn hash(&self, document: &Document) -> Vec<u8> {
        hmac::sign(&self.key, document.lookup_key().as_bytes())
            .as_ref()
            .to_vec()
    }
}

fn key_of(line: &str) -> Option<LookupKey> {
    let (version, key) = line.split_once(' ')?;
    let key = Zeroizing::new(BASE64_STANDARD.decode(key.trim()).ok()?);
    if key.len() != 32 {
        return None;
    }
    let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
    let tag = hmac::sign(&key, b"interop-gateway/lookup-key-name/v1");
    Some(LookupKey {
        version: version.parse().ok()?,
        name: hex::encode(&tag.as_ref()[..8]),
        key,
    })
}

impl fmt::Debug for LookupKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.keys.iter().map(|key| key.version))
            .finish()
    }
}
