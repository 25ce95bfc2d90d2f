//! Files of strangers, never read beyond the bound.

use std::{
    fs::File,
    io::{self, Read},
};

use verifier::{Defect, MAX_FILE};

/// Reads a file, or standard input when the name is `-`.
pub(super) fn read(name: &str) -> Result<Vec<u8>, Defect> {
    let unreadable = |error: io::Error| Defect::InputUnreadable(format!("{name}: {error}"));
    let mut bytes = Vec::new();
    let bound = MAX_FILE as u64 + 1;
    if name == "-" {
        io::stdin()
            .lock()
            .take(bound)
            .read_to_end(&mut bytes)
            .map_err(unreadable)?;
    } else {
        let file = File::open(name).map_err(unreadable)?;
        file.take(bound)
            .read_to_end(&mut bytes)
            .map_err(unreadable)?;
    }
    if bytes.len() > MAX_FILE {
        return Err(Defect::InputTooLarge(name.to_owned()));
    }
    Ok(bytes)
}
