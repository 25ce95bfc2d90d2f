//! Verifier keys as one line of text: `name+key id in hexadecimal+base64(kind || public key)`.

use std::str::FromStr;

use base64::{Engine, prelude::BASE64_STANDARD};

use crate::{crypto::sha256, defect::Defect};

/// A public key, bound to the name of who signs with it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct VerifierKey {
    /// For a log, its origin.
    pub name: String,
    /// First four bytes of SHA-256(name || 0x0A || kind || public key).
    pub id: [u8; 4],
    pub kind: KeyKind,
    pub public: [u8; 32],
}

/// What a key signs, after the kind bytes of the signed-note specification.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum KeyKind {
    /// 0x01: the text of a note.
    Ed25519,
    /// 0x04: a checkpoint together with the time at which a witness saw it.
    Cosigner,
}

impl FromStr for VerifierKey {
    type Err = Defect;

    fn from_str(line: &str) -> Result<Self, Defect> {
        // Base64 may contain `+`, a name may not.
        let mut parts = line.splitn(3, '+');
        let (Some(name), Some(id), Some(encoded)) = (parts.next(), parts.next(), parts.next())
        else {
            return Err(Defect::KeyFormat("it has fewer than three parts"));
        };
        if !is_name(name) {
            return Err(Defect::KeyFormat("its name is empty or has spaces"));
        }
        let id: [u8; 4] = hex::decode(id)
            .ok()
            .and_then(|bytes| bytes.try_into().ok())
            .ok_or(Defect::KeyFormat("its id is not 8 hexadecimal digits"))?;
        let bytes = BASE64_STANDARD
            .decode(encoded)
            .map_err(|_| Defect::KeyFormat("its last part is not base64"))?;
        let hash = sha256(&[name.as_bytes(), b"\n", &bytes]);
        if hash[..4] != id {
            return Err(Defect::KeyFormat("its id is not the hash of its parts"));
        }
        let (kind, public) = match bytes.split_first() {
            Some((0x01, public)) => (KeyKind::Ed25519, public),
            Some((0x04, public)) => (KeyKind::Cosigner, public),
            _ => return Err(Defect::KeyType),
        };
        let public = public
            .try_into()
            .map_err(|_| Defect::KeyFormat("its key is not 32 bytes long"))?;
        Ok(Self {
            name: name.to_owned(),
            id,
            kind,
            public,
        })
    }
}

/// Names are not empty and have neither spaces nor `+`.
pub(super) fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c.is_control() || c == '+')
}
