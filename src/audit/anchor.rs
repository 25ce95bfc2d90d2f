//! The anchor: the newest checkpoint, in a file outside the database, so that an older copy of the
//! database is noticed.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use super::LogError;
#[cfg(test)]
use crate::store::faults::around_file as attempt;

/// The bytes of the anchor file, or nothing if there is none.
pub(super) async fn read(path: &Path) -> Result<Option<Vec<u8>>, LogError> {
    let path = path.to_owned();
    off_the_runtime(move || match File::open(path) {
        Ok(file) => {
            let mut note = Vec::new();
            file.take(MOST).read_to_end(&mut note)?;
            Ok(Some(note))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    })
    .await
    .map_err(LogError::Anchor)
}

/// Replaces the anchor file: whoever reads finds the old one or the new one, whole.
///
/// Crashed before the rename: the old anchor stays, and a file that ends in `aside` beside it.
pub(super) async fn write(path: &Path, aside: &str, note: &str) -> Result<(), LogError> {
    let (path, note) = (path.to_owned(), note.to_owned());
    let new = beside(&path, aside);
    off_the_runtime(move || {
        let mut file = File::create(&new)?;
        file.write_all(note.as_bytes())?;
        file.sync_all()?;
        fs::rename(&new, &path)?;
        sync_folder_of(&path)
    })
    .await
    .map_err(LogError::Anchor)
}

fn beside(path: &Path, aside: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(aside);
    PathBuf::from(name)
}

/// Makes a rename durable, where folders can be synced.
fn sync_folder_of(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    if cfg!(unix) {
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    }
    Ok(())
}

async fn off_the_runtime<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    attempt(async {
        let done = tokio::task::spawn_blocking(work).await;
        done.unwrap_or_else(|stopped| Err(io::Error::other(stopped)))
    })
    .await
}

/// One use of the file. Tests make it fail, before or after it is done.
#[cfg(not(test))]
const fn attempt<F: Future>(call: F) -> F {
    call
}

/// Bytes; more than any checkpoint, which refuses what is longer.
const MOST: u64 = 64 * 1024;
