//! Checkpoints: the signed size and root of the log (C2SP checkpoint over a signed note).

use base64::prelude::{BASE64_STANDARD, Engine as _};
use signed_note::{Note, NoteError, Signature, StandardVerifier, VerificationError, VerifierList};
use tlog_tiles::Hash;

/// Size and root of the log at some moment.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Checkpoint {
    /// Entries in the tree.
    pub size: u64,
    /// Root of the tree.
    pub root: [u8; 32],
}

/// Why a text is not a checkpoint of this log. Never carries the text.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum CheckpointError {
    /// Of another log: the first line is not its origin.
    #[error("the checkpoint is of another log")]
    Origin,
    /// The note is well-formed, its text is not a size and a root.
    #[error("not a size and a root")]
    Shape,
    /// Not a signed note, or longer than one can be.
    #[error("not a signed note")]
    Note,
    /// Signed by nobody we know.
    #[error("the log's key did not sign it")]
    Unsigned,
    /// The log's own signature does not hold.
    #[error("the signature does not hold")]
    Signature,
    /// Not a verifier key of Ed25519.
    #[error("not a verifier key")]
    VerifierKey,
}

/// Whether a log can be called so: no spaces, plus signs or control characters.
pub fn is_origin(name: &str) -> bool {
    signed_note::is_key_name_valid(name) && !name.chars().any(char::is_control)
}

/// The verifier key (vkey) of an Ed25519 public key.
pub fn verifier_key(origin: &str, public_key: &[u8]) -> String {
    let key = typed(public_key);
    let id = signed_note::key_id(origin, &key);
    format!("{origin}+{id:08x}+{}", BASE64_STANDARD.encode(key))
}

/// The signed note. `sign` gives the Ed25519 signature of the bytes it gets.
pub fn issue(
    origin: &str,
    public_key: &[u8],
    checkpoint: &Checkpoint,
    sign: impl FnOnce(&[u8]) -> Vec<u8>,
) -> Result<String, CheckpointError> {
    let text = text(origin, checkpoint)?;
    let id = signed_note::key_id(origin, &typed(public_key));
    let signature = Signature::new(origin.to_owned(), id, sign(&text));
    let note = signature.and_then(|signature| Note::new(&text, &[signature]));
    let note = note.map_err(|_| CheckpointError::Note)?;
    String::from_utf8(note.to_bytes()).map_err(|_| CheckpointError::Note)
}

/// Reads a checkpoint and verifies that the key signed it. Other signatures, as of witnesses, are
/// left alone.
pub fn read(note: &[u8], verifier_key: &str) -> Result<Checkpoint, CheckpointError> {
    if note.len() > MOST {
        return Err(CheckpointError::Note);
    }
    let verifier = StandardVerifier::new(verifier_key).map_err(|_| CheckpointError::VerifierKey)?;
    let origin = signed_note::Verifier::name(&verifier).to_owned();
    let note = Note::from_bytes(note).map_err(|_| CheckpointError::Note)?;
    note.verify(&VerifierList::new(vec![Box::new(verifier)]))
        .map_err(|error| match error {
            NoteError::UnverifiedNote
            | NoteError::VerificationError(VerificationError::UnknownKey { .. }) => {
                CheckpointError::Unsigned
            }
            _ => CheckpointError::Signature,
        })?;
    let parsed = tlog_tiles::Checkpoint::from_bytes(note.text());
    let parsed = parsed.map_err(|_| CheckpointError::Shape)?;
    let checkpoint = Checkpoint {
        size: parsed.size(),
        root: parsed.hash().0,
    };
    if parsed.origin() != origin {
        return Err(CheckpointError::Origin);
    }
    // One text per checkpoint: no extension lines, one way to write a number and a hash.
    if note.text() != text(&origin, &checkpoint)? || i64::try_from(checkpoint.size).is_err() {
        return Err(CheckpointError::Shape);
    }
    Ok(checkpoint)
}

fn text(origin: &str, checkpoint: &Checkpoint) -> Result<Vec<u8>, CheckpointError> {
    tlog_tiles::Checkpoint::new(origin, checkpoint.size, Hash(checkpoint.root), "")
        .map(|checkpoint| checkpoint.to_bytes())
        .map_err(|_| CheckpointError::Origin)
}

/// The public key after the byte that says Ed25519.
fn typed(public_key: &[u8]) -> Vec<u8> {
    [&[1], public_key].concat()
}

/// Bytes; room for a few dozen witnesses.
const MOST: usize = 16 * 1024;
