//! A copy of the keyring, apart from that of the other database.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::secret_file::{self, SecretFileError};
use super::{Keyring, StoreError};

/// Why there is no copy.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// A copy is never written over anything.
    #[error("{} exists; name a new file", .0.display())]
    Exists(PathBuf),
    /// The copy could not be written.
    #[error(transparent)]
    File(#[from] SecretFileError),
    /// SQLite takes names in UTF-8 only.
    #[error("the name of the file is not UTF-8")]
    Name,
    /// Its server copies it better.
    #[error(
        "the keyring is on a server: copy it there, alone, with pg_dump --format=custom, and delete the copy after 30 days"
    )]
    Server,
    /// The keyring could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Keyring {
    /// Copies an embedded keyring into a new file that only its owner may read, while it is in use.
    ///
    /// The file is there whole or not at all.
    pub async fn backup(&self, file: &Path) -> Result<(), BackupError> {
        if file.exists() {
            return Err(BackupError::Exists(file.to_owned()));
        }
        if self.db.is_shared() {
            return Err(BackupError::Server);
        }
        let part = PathBuf::from(format!("{}.part", file.to_str().ok_or(BackupError::Name)?));
        forget(&part)?; // what an interrupted run left
        secret_file::create(&part, b"")?;
        let copied = self.copy(&part, file).await;
        if copied.is_err() {
            forget(&part)?;
        }
        copied
    }

    async fn copy(&self, part: &Path, file: &Path) -> Result<(), BackupError> {
        self.db
            .copy_into(part.to_str().ok_or(BackupError::Name)?)
            .await?;
        let failed = |error| SecretFileError::Io(file.to_owned(), error);
        let folder = match file.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        File::open(part)
            .and_then(|copy| copy.sync_all())
            .and_then(|()| fs::rename(part, file))
            .and_then(|()| File::open(folder)?.sync_all())
            .map_err(failed)?;
        Ok(())
    }
}

fn forget(part: &Path) -> Result<(), SecretFileError> {
    match fs::remove_file(part) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(SecretFileError::Io(part.to_owned(), error))
        }
        _ => Ok(()),
    }
}
