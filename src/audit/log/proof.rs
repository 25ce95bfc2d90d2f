//! Proofs a citizen can keep: one text with everything needed to verify one entry offline.

use base64::prelude::{BASE64_STANDARD, Engine as _};

/// What opens the entry: without it the leaf is a random-looking number.
#[derive(Debug)]
pub struct Opening<'a> {
    /// The bytes that were hashed.
    pub leaf: &'a [u8],
    /// What the leaf commits to, canonical JSON.
    pub payload: &'a [u8],
    /// The entry's key.
    pub key: &'a [u8; 32],
}

/// The text of a C2SP tlog-proof. `hashes` begin with the leaf's sibling.
pub fn text(opening: &Opening<'_>, index: u64, hashes: &[[u8; 32]], checkpoint: &str) -> String {
    let extra = format!(
        r#"{{"leaf":"{}","payload":"{}","key":"{}"}}"#,
        BASE64_STANDARD.encode(opening.leaf),
        BASE64_STANDARD.encode(opening.payload),
        BASE64_STANDARD.encode(opening.key),
    );
    let mut lines = vec![
        "c2sp.org/tlog-proof@v1".to_owned(),
        format!("extra {}", BASE64_STANDARD.encode(extra)),
        format!("index {index}"),
    ];
    lines.extend(hashes.iter().map(|hash| BASE64_STANDARD.encode(hash)));
    format!("{}\n\n{checkpoint}", lines.join("\n"))
}
