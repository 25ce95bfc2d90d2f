//! C2SP signed notes: a text, a blank line, and lines `— name base64(key id || signature)`.

mod checkpoint;
mod key;

pub use checkpoint::Checkpoint;
pub(crate) use checkpoint::decimal;
pub use key::{KeyKind, VerifierKey};

use base64::{Engine, prelude::BASE64_STANDARD};

use crate::{crypto, defect::Defect};

/// The most signature lines read, as many as the specification asks a verifier to accept.
pub const MAX_SIGNATURES: usize = 16;

/// A note taken apart; nothing in it is trusted until one of the checks below succeeded.
#[derive(Debug)]
pub struct SignedNote<'a> {
    /// What is signed, with its last newline.
    text: &'a str,
    signatures: Vec<SignatureLine<'a>>,
}

#[derive(Debug)]
struct SignatureLine<'a> {
    name: &'a str,
    key_id: [u8; 4],
    /// What follows the key id: the signature, for a cosigner preceded by its time.
    signature: Vec<u8>,
}

impl<'a> SignedNote<'a> {
    pub fn parse(note: &'a str) -> Result<Self, Defect> {
        if note.chars().any(|c| c.is_ascii_control() && c != '\n') {
            return Err(Defect::NoteFormat(
                "it has control characters, perhaps Windows line ends",
            ));
        }
        // The last blank line separates: the text itself may have others.
        let end = note
            .rfind("\n\n")
            .ok_or(Defect::NoteFormat("no blank line ends its text"))?
            + 1;
        let (text, rest) = note.split_at(end);
        let lines = rest[1..].strip_suffix('\n').ok_or(Defect::NoteFormat(
            "its last line has no end, or no signature follows",
        ))?;
        if lines.split('\n').count() > MAX_SIGNATURES {
            return Err(Defect::NoteFormat("it has more than 16 signature lines"));
        }
        let signatures = lines
            .split('\n')
            .map(SignatureLine::parse)
            .collect::<Result<_, _>>()?;
        Ok(Self { text, signatures })
    }

    /// The signed text, with its last newline.
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// Checks the signature of the log's own key.
    ///
    /// Lines of other keys are ignored; every line of this key must verify.
    pub fn verify(&self, key: &VerifierKey) -> Result<(), Defect> {
        if key.kind != KeyKind::Ed25519 {
            return Err(Defect::KeyType);
        }
        let mut lines = self.of(key).peekable();
        if lines.peek().is_none() {
            return Err(Defect::NoteUnknownKey);
        }
        let signed = |line: &SignatureLine<'_>| {
            crypto::ed25519_matches(&key.public, self.text.as_bytes(), &line.signature)
        };
        if lines.all(signed) {
            Ok(())
        } else {
            Err(Defect::NoteSignature)
        }
    }

    /// Checks the cosignature of a witness; says when (Unix seconds) it saw the checkpoint, or
    /// `None` when it did not cosign.
    pub fn cosigned_at(&self, key: &VerifierKey) -> Result<Option<u64>, Defect> {
        if key.kind != KeyKind::Cosigner {
            return Err(Defect::KeyType);
        }
        let mut seen = None;
        for line in self.of(key) {
            let (time, signature) = line
                .signature
                .split_first_chunk()
                .ok_or(Defect::WitnessSignature)?;
            let time = u64::from_be_bytes(*time);
            let message = format!("cosignature/v1\ntime {time}\n{}", self.text);
            if !crypto::ed25519_matches(&key.public, message.as_bytes(), signature) {
                return Err(Defect::WitnessSignature);
            }
            seen = seen.max(Some(time));
        }
        Ok(seen)
    }

    fn of(&self, key: &VerifierKey) -> impl Iterator<Item = &SignatureLine<'a>> {
        self.signatures
            .iter()
            .filter(|line| line.name == key.name && line.key_id == key.id)
    }
}

impl<'a> SignatureLine<'a> {
    fn parse(line: &'a str) -> Result<Self, Defect> {
        const SHAPE: Defect = Defect::NoteFormat("a signature line is not \"— name base64\"");
        let (name, encoded) = line
            .strip_prefix("— ")
            .and_then(|rest| rest.split_once(' '))
            .ok_or(SHAPE)?;
        if !key::is_name(name) {
            return Err(SHAPE);
        }
        let bytes = BASE64_STANDARD.decode(encoded).map_err(|_| SHAPE)?;
        let (key_id, signature) = bytes.split_first_chunk().ok_or(SHAPE)?;
        if signature.is_empty() {
            return Err(SHAPE);
        }
        Ok(Self {
            name,
            key_id: *key_id,
            signature: signature.to_vec(),
        })
    }
}
