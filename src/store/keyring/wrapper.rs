//! Wrapping keys: what the stored data keys are encrypted under.

use std::fmt;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use aws_lc_rs::hmac;
use zeroize::Zeroizing;

use super::secret_file::{self, SecretFileError};

/// Encrypts data keys. Files here; the seam for a key service or a hardware module.
///
/// Which of its keys wraps, the keyring's database says, so that every replica says the same.
/// `context` is bound to the wrapped bytes: they unwrap in the row they were made for, and nowhere
/// else.
pub trait Wrapper: Send + Sync + fmt::Debug {
    /// The names of the keys at hand, never none. The first is the one a new keyring begins with.
    fn ids(&self) -> Vec<&str>;

    /// Encrypts a data key under the wrapping key called `id`, which is stored beside it.
    fn wrap(&self, id: &str, context: &str, key: &[u8; 32]) -> Result<Vec<u8>, WrapperError>;

    /// Decrypts what the wrapping key called `id` encrypted.
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
    /// A key wrapped by a wrapping key that is not at hand (any more, or yet).
    #[error(
        "no wrapping key here is called {id}; put its file back, or copy it from a replica that has it"
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
    keys: Vec<Named>, // never empty
}

struct Named {
    id: String,
    cipher: RandomizedNonceKey,
}

impl FileWrapper {
    /// The wrapping keys in these files; `first` is the one a new keyring begins with.
    pub fn open(first: &Path, others: &[&Path]) -> Result<Self, WrapperError> {
        let files = std::iter::once(first).chain(others.iter().copied());
        let keys = files.map(|file| Named::new(&*key_in(file)?));
        Ok(Self {
            keys: keys.collect::<Result<_, _>>()?,
        })
    }

    /// The wrapping keys of a folder: see [`FileWrapper::files`].
    pub fn open_folder(folder: &Path) -> Result<Self, WrapperError> {
        let mut files = Self::files(folder)?;
        if files.is_empty() {
            files.push(folder.join(FIRST)); // so that the error names it
        }
        let others: Vec<_> = files.iter().skip(1).map(PathBuf::as_path).collect();
        Self::open(&files[0], &others)
    }

    /// Every `wrapping.key` and `wrapping-*.key` of a folder, the former first.
    pub fn files(folder: &Path) -> Result<Vec<PathBuf>, SecretFileError> {
        let failed = |error| SecretFileError::Io(folder.to_owned(), error);
        let mut found = Vec::new();
        for entry in folder.read_dir().map_err(failed)? {
            let name = entry.map_err(failed)?.file_name();
            let name = name.to_string_lossy();
            if name == FIRST || (name.starts_with("wrapping-") && name.ends_with(".key")) {
                found.push(folder.join(&*name));
            }
        }
        found.sort_by_key(|file| (file.file_name() != Some(FIRST.as_ref()), file.clone()));
        Ok(found)
    }

    /// The name of the wrapping key in a file.
    pub fn name_in(file: &Path) -> Result<String, WrapperError> {
        Ok(Named::new(&*key_in(file)?)?.id)
    }

    /// Writes a new wrapping key into a folder, in a file named after it: `wrapping-<name>.key`.
    ///
    /// The file is there whole or not at all.
    pub fn make(folder: &Path, key: &[u8; 32]) -> Result<PathBuf, WrapperError> {
        let id = Named::new(key)?.id;
        let file = folder.join(format!("wrapping-{}.key", id.trim_start_matches("file:")));
        let half = folder.join("wrapping.new");
        let failed = |error| SecretFileError::Io(half.clone(), error);
        match fs::remove_file(&half) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(error))?,
            _ => {} // what an interrupted run left is no key of anything
        }
        secret_file::create(&half, key)?;
        fs::rename(&half, &file)
            .and_then(|()| File::open(folder)?.sync_all())
            .map_err(failed)?;
        Ok(file)
    }

    fn named(&self, id: &str) -> Result<&Named, WrapperError> {
        let key = self.keys.iter().find(|key| key.id == id);
        key.ok_or_else(|| WrapperError::Unknown { id: id.to_owned() })
    }
}

impl Wrapper for FileWrapper {
    fn ids(&self) -> Vec<&str> {
        self.keys.iter().map(|key| key.id.as_str()).collect()
    }

    fn wrap(&self, id: &str, context: &str, key: &[u8; 32]) -> Result<Vec<u8>, WrapperError> {
        let mut text = key.to_vec(); // encrypted in place
        let nonce = self
            .named(id)?
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
        let key = self.named(id)?;
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

fn key_in(file: &Path) -> Result<Zeroizing<[u8; 32]>, WrapperError> {
    let key = secret_file::read(file)?;
    let found = key.len();
    let key: &[u8; 32] = key
        .as_slice()
        .try_into()
        .map_err(|_| WrapperError::Length { found })?;
    Ok(Zeroizing::new(*key))
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

/// The wrapping key that `keys init` makes.
const FIRST: &str = "wrapping.key";
