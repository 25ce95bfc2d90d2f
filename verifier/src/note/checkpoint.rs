//! C2SP checkpoints: which log, how many entries, under which root.

use crate::{defect::Defect, merkle::Hash};

/// The state of a log that its operator signed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Checkpoint {
    /// The log's name, as `gateway.example.cat/exchange/2026`.
    pub origin: String,
    /// How many entries the tree has.
    pub size: u64,
    pub root: Hash,
}

impl Checkpoint {
    /// Reads the text of a signed note. Extension lines may follow; they are signed but not read.
    pub fn parse(text: &str) -> Result<Self, Defect> {
        let body = text
            .strip_suffix('\n')
            .ok_or(Defect::CheckpointFormat("its last line has no end"))?;
        let mut lines = body.split('\n');
        let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next())
        else {
            return Err(Defect::CheckpointFormat("it has fewer than three lines"));
        };
        if origin.is_empty() || lines.any(str::is_empty) {
            return Err(Defect::CheckpointFormat("it has an empty line"));
        }
        let size = decimal(size).ok_or(Defect::CheckpointFormat(
            "its second line is not a decimal number",
        ))?;
        let root = Hash::from_base64(root).ok_or(Defect::CheckpointFormat(
            "its third line is not a base64 hash",
        ))?;
        Ok(Self {
            origin: origin.to_owned(),
            size,
            root,
        })
    }
}

/// ASCII digits without sign or leading zeros, below 2^64.
pub(crate) fn decimal(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}
