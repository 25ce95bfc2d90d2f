//! Wrapping keys: what the stored data keys are encrypted under.

use std::fmt;
use std::path::Path;

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use aws_lc_rs::hmac;
use zeroize::Zeroizing;

use super::secret_file::{self, SecretFileError};

/// Encrypts data keys. A file here; the seam for a key service or a hardware module.
///
/// `context` is bound to the wrapped bytes: they unwrap in the row they were made for, and nowhere
/// else.
pub trait Wrapper: Send + Sync + fmt::Debug {
    /// The name of the key that wraps now, stored beside what it wraps.
    fn id(&self) -> &str;

    /// Encrypts a data key under the current wrapping key.
    fn wrap(&self, context: &str, key: &[u8; 32]) -> Result<Vec<u8>, WrapperError>;

    /// Decrypts what the wrapping key called `id` encrypted, which may be an older one.
    fn unwrap(
        &self,
        id: &str,
        context: &str,
        wrapped: &[u8],
    ) -> Result<Zeroizing<[u8; 32]>, WrapperError>;
}

/// Why a wrapping key did not wrap or unwrap.
#[derive(Debug, thiserror::Error)]
pub enum WrapperError {
    /// The key refused to work at all.
    #[error("the wrapping key did not work")]
    Failed,
    /// The key file could not be used.
    #[error("the wrapping key could not be read")]
    File(#[from] SecretFileError),
    /// A wrapping key is exactly 32 bytes.
    #[error("a wrapping key file holds exactly 32 bytes, this one {found}")]
    Length {
        /// The bytes it holds.
        found: usize,
    },
    /// A key wrapped by a wrapping key that is not configured (any more).
    #[error(
        "no wrapping key is called {id}; keep the previous one configured until all are rewrapped"
    )]
    Unknown {
        /// The name stored beside the wrapped key.
        id: String,
    },
    /// The wrapped key was changed, or moved from another row.
    #[error("a stored key does not unwrap: changed, or moved from another row")]
    Unreadable,
}

/// Wrapping keys in files of 32 bytes that only their owner can read.
pub struct FileWrapper {
    keys: Vec<Named>, // the current one first
}

struct Named {
    id: String,
    cipher: RandomizedNonceKey,
}

impl FileWrapper {
    /// The current wrapping key, and previous ones that still unwrap.
    pub fn open(current: &Path, previous: &[&Path]) -> Result<Self, WrapperError> {
        let files = std::iter::once(current).chain(previous.iter().copied());
        let keys = files.map(|file| {
            let key = secret_file::read(file)?;
            let found = key.len();
            let key: &[u8; 32] = key
                .as_slice()
                .try_into()
                .map_err(|_| WrapperError::Length { found })?;
            Named::new(key)
        });
        Ok(Self {
            keys: keys.collect::<Result<_, _>>()?,
        })
    }

    fn current(&self) -> &Named {
        &self.keys[0] // `open` always puts one there
    }
}

impl Wrapper for FileWrapper {
    fn id(&self) -> &str {
        &self.current().id
    }

    fn wrap(&self, context: &str, key: &[u8; 32]) -> Result<Vec<u8>, WrapperError> {
        let mut text = key.to_vec(); // encrypted in place
        let nonce = self
            .current()
            .cipher
            .seal_in_place_append_tag(Aad::from(context), &mut text)
            .map_err(|_| WrapperError::Failed)?;
        Ok([&nonce.as_ref()[..], &text].concat())
    }

    fn unwrap(
        &self,
        id: &str,
        context: &str,
        wrapped: &[u8],
    ) -> Result<Zeroizing<[u8; 32]>, WrapperError> {
        let key = self.keys.iter().find(|key| key.id == id);
        let key = key.ok_or_else(|| WrapperError::Unknown { id: id.to_owned() })?;
        let (nonce, text) = wrapped
            .split_first_chunk::<12>()
            .ok_or(WrapperError::Unreadable)?;
        let mut text = Zeroizing::new(text.to_vec());
        let opened = key
            .cipher
            .open_in_place(
                Nonce::assume_unique_for_key(*nonce),
                Aad::from(context),
                text.as_mut_slice(),
            )
            .map_err(|_| WrapperError::Unreadable)?;
        let opened: [u8; 32] = (&*opened)
            .try_into()
            .map_err(|_| WrapperError::Unreadable)?;
        Ok(Zeroizing::new(opened))
    }
}

impl Named {
    /// The name follows from the key, so that a file put in another's place is noticed.
    fn new(key: &[u8; 32]) -> Result<Self, WrapperError> {
        let tag = hmac::sign(
            &hmac::Key::new(hmac::HMAC_SHA256, key),
            b"interop-gateway/wrapping-key-name/v1",
        );
        Ok(Self {
            id: format!("file:{}", hex::encode(&tag.as_ref()[..8])),
            cipher: RandomizedNonceKey::new(&AES_256_GCM, key).map_err(|_| WrapperError::Failed)?,
        })
    }
}

impl fmt::Debug for FileWrapper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.keys.iter().map(|key| &key.id))
            .finish()
    }
}
