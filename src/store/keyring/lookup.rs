//! How a person is found by a document without the document being stored.

use std::fmt;
use std::path::Path;

use aws_lc_rs::hmac;
use base64::prelude::{BASE64_STANDARD, Engine as _};
use zeroize::Zeroizing;

use super::secret_file::{self, SecretFileError};
use crate::citizen::Document;

/// Versioned HMAC keys. The newest writes, all of them read.
///
/// There are some 10⁸ document numbers: without the key a hash of one is as good as the number.
pub struct LookupKeys {
    keys: Vec<(u32, hmac::Key)>, // newest first, never empty
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
        let mut keys: Vec<(u32, hmac::Key)> = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let line_text = line.trim();
            if line_text.is_empty() || line_text.starts_with('#') {
                continue;
            }
            let (version, key) =
                key_of(line_text).ok_or(InvalidLookupKeys::Line { line: index + 1 })?;
            if keys.iter().any(|(known, _)| *known == version) {
                return Err(InvalidLookupKeys::Twice { version });
            }
            keys.push((version, key));
        }
        keys.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
        if keys.is_empty() {
            return Err(InvalidLookupKeys::None);
        }
        Ok(Self { keys })
    }

    /// A file for one new key of a version.
    pub fn file_text(version: u32, key: &[u8; 32]) -> Zeroizing<String> {
        Zeroizing::new(format!("{version} {}\n", BASE64_STANDARD.encode(key)))
    }

    /// Version and hash under the newest key.
    pub(super) fn newest(&self, document: &Document) -> (u32, Vec<u8>) {
        let (version, key) = &self.keys[0]; // `parse` never leaves it empty
        (*version, hash(key, document))
    }

    /// Version and hash under every key, newest first.
    pub(super) fn hashes(&self, document: &Document) -> Vec<(u32, Vec<u8>)> {
        let keys = self.keys.iter();
        keys.map(|(version, key)| (*version, hash(key, document)))
            .collect()
    }
}

fn key_of(line: &str) -> Option<(u32, hmac::Key)> {
    let (version, key) = line.split_once(' ')?;
    let key = Zeroizing::new(BASE64_STANDARD.decode(key.trim()).ok()?);
    if key.len() != 32 {
        return None;
    }
    Some((
        version.parse().ok()?,
        hmac::Key::new(hmac::HMAC_SHA256, &key),
    ))
}

fn hash(key: &hmac::Key, document: &Document) -> Vec<u8> {
    hmac::sign(key, document.lookup_key().as_bytes())
        .as_ref()
        .to_vec()
}

impl fmt::Debug for LookupKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.keys.iter().map(|(version, _)| version))
            .finish()
    }
}
