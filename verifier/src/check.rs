//! The three checks, each a straight line of steps that ends at the first that fails.

use std::collections::BTreeMap;

use crate::{
    clock_face,
    defect::Defect,
    entry::{Extra, Leaf},
    merkle::{verify_consistency, verify_inclusion},
    note::{Checkpoint, SignedNote, VerifierKey},
    proof::{TlogProof, parse_hashes},
    receipt::{KeySet, Receipt, ReceiptFile},
    report::{Place, Report},
    show::Shown,
};

/// Whom to believe about the state of a log.
#[derive(Debug, Default)]
pub struct LogTrust {
    /// The log's own key. Without it a proof can be found wrong, but never right.
    pub log: Option<VerifierKey>,
    pub witnesses: Vec<VerifierKey>,
    /// How many of the witnesses must have cosigned; `None` is all of them.
    pub quorum: Option<usize>,
}

impl LogTrust {
    /// Trusts the log's key alone.
    pub fn in_key(key: VerifierKey) -> Self {
        Self {
            log: Some(key),
            ..Self::default()
        }
    }
}

/// Checks a `tlog-proof`: what it says was recorded, and stands in the tree that the log signed.
pub fn proof(file: &[u8], trust: &LogTrust) -> Report {
    Report::of(|report| {
        let (_, place) = prove(report, file, trust)?;
        report.proved.headline = format!(
            "entry {} of the log {}, in its tree of {}",
            place.index,
            Shown(&place.origin),
            place.tree_size
        );
        report.proved.place = Some(place);
        Ok(())
    })
}

/// Checks a receipt against the keys one trusts and, given a proof, that the log holds its event.
///
/// `now` is in Unix seconds.
pub fn receipt(
    file: &[u8],
    keys: Option<&KeySet>,
    log: Option<(&[u8], &LogTrust)>,
    now: u64,
) -> Report {
    Report::of(|report| {
        let receipt = signed(report, file, keys, now)?;
        report.proved.headline = format!(
            "receipt {} of {}",
            Shown(&receipt.id),
            Shown(&receipt.issuer)
        );
        if let Some((proof, trust)) = log {
            let (leaf, place) = prove(report, proof, trust)?;
            receipt.is_recorded_as(&leaf, &place.origin)?;
            report.held("link", "the receipt names exactly this log entry");
            if let Some(entry) = &report.proved.entry {
                receipt.states_the_same_as(entry)?;
                report.held("record", "the log entry states the same decisions");
            }
            report.proved.place = Some(place);
        } else {
            report.notes.push(
                "Not checked: that the log holds this event. Add --proof and --key.".to_owned(),
            );
        }
        report.proved.receipt = Some(receipt);
        Ok(())
    })
}

/// Checks that the newer checkpoint's tree begins with the older one's: nothing was changed,
/// removed or put between.
pub fn consistency(old: &[u8], new: &[u8], hashes: &[u8], trust: &LogTrust) -> Report {
    Report::of(|report| {
        let not_text = |_| Defect::NoteFormat("it is not UTF-8");
        let old = SignedNote::parse(str::from_utf8(old).map_err(not_text)?)?;
        let new = SignedNote::parse(str::from_utf8(new).map_err(not_text)?)?;
        let hashes = str::from_utf8(hashes).map_err(|_| Defect::HashesFormat("it is not UTF-8"))?;
        let hashes = parse_hashes(hashes)?;
        let old_tree = Checkpoint::parse(old.text())?;
        let new_tree = Checkpoint::parse(new.text())?;
        // Signatures come first here: only two signed checkpoints accuse anyone.
        vouched(report, &old, &old_tree, trust)?;
        vouched(report, &new, &new_tree, trust)?;
        if old_tree.origin != new_tree.origin {
            return Err(Defect::LogOrigin);
        }
        verify_consistency(
            old_tree.size,
            &old_tree.root,
            new_tree.size,
            &new_tree.root,
            &hashes,
        )?;
        let (from, to) = (old_tree.size, new_tree.size);
        report.held(
            "consistency",
            format!("the first {from} of {to} entries are unchanged"),
        );
        report.proved.headline = format!(
            "the log {} only grew, from {from} to {to}",
            Shown(&old_tree.origin)
        );
        Ok(())
    })
}

/// The steps about a receipt alone.
fn signed(
    report: &mut Report,
    file: &[u8],
    keys: Option<&KeySet>,
    now: u64,
) -> Result<Receipt, Defect> {
    let file = str::from_utf8(file).map_err(|_| Defect::RcptFormat("it is not UTF-8"))?;
    let file = ReceiptFile::parse(file)?;
    let jws = file.jws()?;
    let payload = jws.verify(keys.ok_or(Defect::RcptNoKeys)?)?;
    report.held(
        "receipt",
        format!("signed with key {}, Ed25519", Shown(jws.kid())),
    );
    let receipt = Receipt::parse(payload)?;
    file.names(&receipt)?;
    report.held("content", "the statement is complete");
    receipt.issued_before(now)?;
    report.held(
        "time",
        format!("issued {}", clock_face::from_unix(receipt.issued_at)),
    );
    Ok(receipt)
}

/// The steps from an entry's content up to the signature over the whole log.
fn prove(report: &mut Report, file: &[u8], trust: &LogTrust) -> Result<(Leaf, Place), Defect> {
    let file = str::from_utf8(file).map_err(|_| Defect::ProofFormat("it is not UTF-8"))?;
    let proof = TlogProof::parse(file)?;
    let tree = Checkpoint::parse(proof.checkpoint.text())?;
    let Extra { leaf, opening } = Extra::parse(proof.extra.as_deref().ok_or(Defect::ProofNoLeaf)?)?;
    if let Some(opening) = opening {
        report.proved.entry = Some(opening.open(&leaf)?);
        report.held(
            "opening",
            "the content shown is the content the leaf commits to",
        );
    } else {
        report.notes.push(format!(
            "The content ({}, {}) is not in the proof: it was erased or is withheld.",
            leaf.kind, leaf.minute
        ));
    }
    verify_inclusion(
        &leaf.hash,
        proof.index,
        tree.size,
        &proof.hashes,
        &tree.root,
    )?;
    report.held(
        "inclusion",
        format!("it is entry {} of a tree of {}", proof.index, tree.size),
    );
    vouched(report, &proof.checkpoint, &tree, trust)?;
    let place = Place {
        origin: tree.origin,
        index: proof.index,
        tree_size: tree.size,
        leaf_hash: leaf.hash.to_string(),
    };
    Ok((leaf, place))
}

/// The steps about who vouches for a checkpoint.
fn vouched(
    report: &mut Report,
    note: &SignedNote<'_>,
    tree: &Checkpoint,
    trust: &LogTrust,
) -> Result<(), Defect> {
    let key = trust.log.as_ref().ok_or(Defect::NoteNoKey)?;
    note.verify(key)?;
    if key.name != tree.origin {
        return Err(Defect::NoteOrigin);
    }
    report.held(
        "signature",
        format!(
            "{} signed the tree of {}, Ed25519",
            Shown(&key.name),
            tree.size
        ),
    );
    witnessed(report, note, trust)
}

/// Counts the witnesses that cosigned. One key is one witness, however often it is named.
fn witnessed(report: &mut Report, note: &SignedNote<'_>, trust: &LogTrust) -> Result<(), Defect> {
    let witnesses: BTreeMap<_, _> = trust
        .witnesses
        .iter()
        .map(|key| (key.public, key))
        .collect();
    let needed = trust.quorum.unwrap_or(witnesses.len());
    let mut cosigned = 0;
    for witness in witnesses.values() {
        if note.cosigned_at(witness)?.is_some() {
            cosigned += 1;
        }
    }
    if cosigned < needed {
        return Err(Defect::WitnessQuorum);
    }
    if !witnesses.is_empty() {
        report.held(
            "witnesses",
            format!("{cosigned} of {} cosigned it", witnesses.len()),
        );
    }
    Ok(())
}
