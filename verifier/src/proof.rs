//! C2SP `tlog-proof` files: an entry's place in the tree, and the checkpoint of that tree.

use base64::{Engine, prelude::BASE64_STANDARD};

use crate::{
    defect::Defect,
    merkle::{Hash, MAX_HASHES},
    note::{SignedNote, decimal},
};

/// The first line of every proof.
pub const HEADER: &str = "c2sp.org/tlog-proof@v1";

/// A proof taken apart; nothing in it is trusted yet.
pub struct TlogProof<'a> {
    /// The bytes of the `extra` line. Ours is the leaf and how to open it, see [`crate::entry`].
    pub extra: Option<Vec<u8>>,
    /// Counted from zero.
    pub index: u64,
    /// The leaf's sibling first.
    pub hashes: Vec<Hash>,
    pub checkpoint: SignedNote<'a>,
}

impl<'a> TlogProof<'a> {
    pub fn parse(file: &'a str) -> Result<Self, Defect> {
        let rest = file
            .strip_prefix(HEADER)
            .and_then(|rest| rest.strip_prefix('\n'))
            .ok_or(Defect::ProofFormat(
                "its first line is not c2sp.org/tlog-proof@v1",
            ))?;
        let (head, note) = rest.split_once("\n\n").ok_or(Defect::ProofFormat(
            "no blank line comes before the checkpoint",
        ))?;
        let mut lines = head.split('\n').peekable();
        let extra = match lines.next_if(|line| line.starts_with("extra ")) {
            Some(line) => Some(
                BASE64_STANDARD
                    .decode(&line["extra ".len()..])
                    .map_err(|_| Defect::ProofFormat("its extra line is not base64"))?,
            ),
            None => None,
        };
        let index = lines
            .next()
            .and_then(|line| line.strip_prefix("index "))
            .and_then(decimal)
            .ok_or(Defect::ProofFormat(
                "it has no line \"index\" with a decimal number",
            ))?;
        let hashes = hashes(lines).ok_or(Defect::ProofFormat(
            "after its index come other than at most 64 hashes",
        ))?;
        Ok(Self {
            extra,
            index,
            hashes,
            checkpoint: SignedNote::parse(note)?,
        })
    }
}

/// Reads the file of a consistency proof: one base64 hash a line, perhaps none.
pub fn parse_hashes(file: &str) -> Result<Vec<Hash>, Defect> {
    let body = file.strip_suffix('\n').unwrap_or(file);
    if body.is_empty() {
        return Ok(Vec::new());
    }
    hashes(body.split('\n')).ok_or(Defect::HashesFormat(
        "a line is no hash, or there are over 64",
    ))
}

fn hashes<'l>(lines: impl Iterator<Item = &'l str>) -> Option<Vec<Hash>> {
    let mut hashes = Vec::new();
    for line in lines {
        if hashes.len() == MAX_HASHES {
            return None;
        }
        hashes.push(Hash::from_base64(line)?);
    }
    Some(hashes)
}
