//! Files that hold secrets: refused when others can read them, never half written.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

/// Why a secret file was not used.
#[derive(Debug, thiserror::Error)]
pub enum SecretFileError {
    /// Others than its owner may read it.
    #[error("{path} can be read by others; run: chmod 600 {path}", path = .0.display())]
    Exposed(PathBuf),
    /// The file could not be read or written.
    #[error("{}", .0.display())]
    Io(PathBuf, #[source] io::Error),
    /// No secret is that long: it is some other file.
    #[error("{} is longer than any secret", .0.display())]
    TooLong(PathBuf),
}

/// The content of a secret file that only its owner may read.
pub fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, SecretFileError> {
    let failed = |error| SecretFileError::Io(path.to_owned(), error);
    let file = File::open(path).map_err(failed)?;
    if readable_by_others(&file.metadata().map_err(failed)?) {
        return Err(SecretFileError::Exposed(path.to_owned()));
    }
    // Room from the start: a buffer that grew would leave copies of the secret behind.
    let mut content = Zeroizing::new(Vec::with_capacity(MOST + 1));
    file.take(MOST as u64 + 1)
        .read_to_end(&mut content)
        .map_err(failed)?;
    if content.len() > MOST {
        return Err(SecretFileError::TooLong(path.to_owned()));
    }
    Ok(content)
}

/// Writes a new secret file that only its owner may read; never over an existing one.
pub fn create(path: &Path, content: &[u8]) -> Result<(), SecretFileError> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
        .open(path)
        .and_then(|mut file| {
            file.write_all(content)?;
            file.sync_all()
        })
        .map_err(|error| SecretFileError::Io(path.to_owned(), error))
}

#[cfg(unix)]
fn readable_by_others(metadata: &fs::Metadata) -> bool {
    std::os::unix::fs::MetadataExt::mode(metadata) & 0o077 != 0
}

#[cfg(not(unix))]
fn readable_by_others(_: &fs::Metadata) -> bool {
    false
}

/// Bytes; a PEM file with an RSA key of 4096 bits is a fifth of it.
const MOST: usize = 16 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_created_reads_back_and_is_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        create(&path, b"secret").unwrap();
        assert_eq!(read(&path).unwrap().as_slice(), b"secret");
        assert!(matches!(create(&path, b"x"), Err(SecretFileError::Io(..))));
        assert_eq!(read(&path).unwrap().as_slice(), b"secret");
    }

    #[cfg(unix)]
    #[test]
    fn a_file_others_can_read_is_refused_with_the_remedy() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        create(&path, b"secret").unwrap();
        for mode in [0o640, 0o604, 0o666] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let refused = read(&path).unwrap_err();
            assert!(matches!(refused, SecretFileError::Exposed(_)));
            assert!(refused.to_string().contains("chmod 600"));
        }
    }

    #[test]
    fn a_file_longer_than_any_secret_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        create(&path, &vec![0; MOST + 1]).unwrap();
        assert!(matches!(read(&path), Err(SecretFileError::TooLong(_))));
    }
}
