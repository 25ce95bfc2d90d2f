//! The checks of single files, each a straight line of steps that ends at the first that fails.

use std::collections::BTreeMap;

use crate::{
    clock_face,
    defect::Defect,
    entry::{Extra, Leaf},
    merkle::{verify_consistency, verify_inclusion},
    note::{Checkpoint, SignedNote, VerifierKey},
    proof::{TlogProof, parse_hashes},
    receipt::{KeySet, KeyState, Receipt, ReceiptFile},
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
    /// What was known of the log before a receipt key was compromised.
    pub earlier: Option<Earlier>,
}

/// A checkpoint kept from before, and what ties it to the log of now.
#[derive(Debug)]
pub struct Earlier {
    pub checkpoint: Vec<u8>,
    /// The consistency proof between its size and that of the proof's checkpoint.
    pub growth: Option<Vec<u8>>,
}

/// An entry that was proved.
pub(crate) struct Proven {
    pub(crate) leaf: Leaf,
    pub(crate) place: Place,
    tree: Checkpoint,
}

/// A receipt whose signature was checked.
pub(crate) struct Signed {
    pub(crate) receipt: Receipt,
    pub(crate) kid: String,
    pub(crate) key: KeyState,
}

impl Signed {
    pub(crate) const fn key_is_compromised(&self) -> bool {
        matches!(self.key, KeyState::Compromised { .. })
    }
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
        let Proven { place, .. } = prove(report, file, trust)?;
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
        let signed = signed(report, file, keys, now)?;
        let receipt = &signed.receipt;
        report.proved.headline = format!(
            "receipt {} of {}",
            Shown(&receipt.id),
            Shown(&receipt.issuer)
        );
        if let Some((proof, trust)) = log {
            let proven = prove(report, proof, trust)?;
            recorded(report, &signed, &proven, trust)?;
            report.proved.place = Some(proven.place);
        } else if signed.key_is_compromised() {
            return Err(Defect::RcptKeyCompromised);
        } else {
            report.notes.push(
                "Not checked: that the log holds this event. Add --proof and --key.".to_owned(),
            );
        }
        report.proved.receipt = Some(signed.receipt);
        Ok(())
    })
}

/// The steps that tie a receipt to the log entry it names, which was just proved.
pub(crate) fn recorded(
    report: &mut Report,
    signed: &Signed,
    proven: &Proven,
    trust: &LogTrust,
) -> Result<(), Defect> {
    let receipt = &signed.receipt;
    receipt.is_recorded_as(&proven.leaf, &proven.place.origin)?;
    report.held("link", "the receipt names exactly this log entry");
    if let Some(entry) = &report.proved.entry {
        receipt.states_the_same_as(entry)?;
        report.held("record", "the log entry states the same decisions");
    }
    match signed.key {
        KeyState::Compromised { since } => before(report, proven, trust, since),
        KeyState::InUse | KeyState::Retired { .. } => Ok(()),
    }
}

/// Checks that the log held the entry before its receipt's key was compromised: then it was signed
/// by whom it should be, for nobody else had the key.
fn before(
    report: &mut Report,
    proven: &Proven,
    trust: &LogTrust,
    since: u64,
) -> Result<(), Defect> {
    let earlier = trust.earlier.as_ref().ok_or(Defect::RcptKeyCompromised)?;
    let note =
        str::from_utf8(&earlier.checkpoint).map_err(|_| Defect::NoteFormat("it is not UTF-8"))?;
    let note = SignedNote::parse(note)?;
    let then = Checkpoint::parse(note.text())?;
    vouched(report, &note, &then, trust)?;
    if then.origin != proven.place.origin {
        return Err(Defect::LogOrigin);
    }
    if cosigned(&note, trust, |seen| seen < since)? < needed(trust) {
        return Err(Defect::WitnessLate);
    }
    if proven.place.index >= then.size {
        return Err(Defect::RcptNotBefore);
    }
    let growth = match &earlier.growth {
        None if then.size == proven.tree.size => Vec::new(),
        None => return Err(Defect::GrowthMissing),
        Some(hashes) => {
            let hashes =
                str::from_utf8(hashes).map_err(|_| Defect::HashesFormat("it is not UTF-8"))?;
            parse_hashes(hashes)?
        }
    };
    let mut trees = [&then, &proven.tree];
    trees.sort_by_key(|tree| tree.size);
    let [old, new] = trees;
    verify_consistency(old.size, &old.root, new.size, &new.root, &growth)?;
    report.held(
        "before",
        format!(
            "the log held it among its first {} entries, before its key was compromised",
            then.size
        ),
    );
    if trust.witnesses.is_empty() {
        report.notes.push(format!(
            "Not checked: that the earlier checkpoint is from before {}. No witness was named that \
             says when it was seen.",
            clock_face::from_unix(since)
        ));
    }
    Ok(())
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
pub(crate) fn signed(
    report: &mut Report,
    file: &[u8],
    keys: Option<&KeySet>,
    now: u64,
) -> Result<Signed, Defect> {
    let file = str::from_utf8(file).map_err(|_| Defect::RcptFormat("it is not UTF-8"))?;
    let file = ReceiptFile::parse(file)?;
    let jws = file.jws()?;
    let keys = keys.ok_or(Defect::RcptNoKeys)?;
    let payload = jws.verify(keys)?;
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
    let key = keys.state(jws.kid())?;
    receipt.issued_while(key)?;
    if key != KeyState::InUse {
        report.held("key", said_of(key));
    }
    let kid = jws.kid().to_owned();
    Ok(Signed { receipt, kid, key })
}

fn said_of(key: KeyState) -> String {
    match key {
        KeyState::InUse => "in use".to_owned(),
        KeyState::Retired { not_after } => {
            format!("retired {}, after it", clock_face::from_unix(not_after))
        }
        KeyState::Compromised { since } => {
            format!("compromised since {}", clock_face::from_unix(since))
        }
    }
}

/// The steps from an entry's content up to the signature over the whole log.
pub(crate) fn prove(report: &mut Report, file: &[u8], trust: &LogTrust) -> Result<Proven, Defect> {
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
        origin: tree.origin.clone(),
        index: proof.index,
        tree_size: tree.size,
        leaf_hash: leaf.hash.to_string(),
    };
    Ok(Proven { leaf, place, tree })
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
    let cosigned = cosigned(note, trust, |_| true)?;
    if cosigned < needed(trust) {
        return Err(Defect::WitnessQuorum);
    }
    if !trust.witnesses.is_empty() {
        report.held(
            "witnesses",
            format!("{cosigned} of {} cosigned it", witnesses(trust).len()),
        );
    }
    Ok(())
}

/// How many witnesses cosigned, at a time (Unix seconds) that counts.
fn cosigned(
    note: &SignedNote<'_>,
    trust: &LogTrust,
    counts: impl Fn(u64) -> bool,
) -> Result<usize, Defect> {
    let mut cosigned = 0;
    for witness in witnesses(trust).values() {
        if note.cosigned_at(witness)?.is_some_and(&counts) {
            cosigned += 1;
        }
    }
    Ok(cosigned)
}

fn needed(trust: &LogTrust) -> usize {
    trust.quorum.unwrap_or(witnesses(trust).len())
}

fn witnesses(trust: &LogTrust) -> BTreeMap<[u8; 32], &VerifierKey> {
    trust
        .witnesses
        .iter()
        .map(|key| (key.public, key))
        .collect()
}
