//! What is said about each defect.

use super::{Defect, Verdict};

pub(super) struct Row {
    pub(super) code: &'static str,
    pub(super) verdict: Verdict,
    /// A sentence without its full stop, so that a detail can follow.
    pub(super) sentence: &'static str,
    /// The next step, in the imperative.
    pub(super) advice: &'static str,
}

#[expect(clippy::too_many_lines, reason = "a table reads best in one piece")]
pub(super) fn row(defect: &Defect) -> Row {
    use Verdict::{CannotTell, Indeterminate, Malformed, NotValid};
    let (code, verdict, sentence, advice) = match defect {
        Defect::BundleFormat(_) => (
            "BUNDLE-FORMAT",
            Malformed,
            "The file is not a bundle of evidence",
            "fetch it again from /v1/me/exchanges/{id}/evidence and keep it byte for byte",
        ),
        Defect::BundleIncomplete => (
            "BUNDLE-INCOMPLETE",
            CannotTell,
            "The bundle does not hold this part",
            "fetch it again in a minute; if it is still missing, ask the operator why",
        ),
        Defect::BundleMismatch(_) => (
            "BUNDLE-MISMATCH",
            NotValid,
            "Two parts of the bundle contradict each other",
            "fetch it again; if it fails again, keep it and tell the data protection officer",
        ),
        Defect::BundleNotice => (
            "BUNDLE-NOTICE-DIGEST",
            NotValid,
            "The text of the notice is not the text whose digest was recorded when it was shown",
            "fetch it again; if it fails again, keep it and tell the data protection officer",
        ),
        Defect::CheckpointFormat(_) => (
            "CHECKPOINT-FORMAT",
            Malformed,
            "The checkpoint is not three lines of origin, size and root",
            "fetch it again from /v1/log/checkpoint and keep it byte for byte",
        ),
        Defect::GrowthMissing => (
            "GROWTH-MISSING",
            Indeterminate,
            "Nothing shows that the tree of the earlier checkpoint is the beginning of the proof's",
            "add --growth with the consistency proof between the two sizes, from /v1/log/consistency",
        ),
        Defect::HashesFormat(_) => (
            "HASHES-FORMAT",
            Malformed,
            "The consistency proof is not one base64 hash a line",
            "see docs/verify-a-proof.md, \"Consistency\"",
        ),
        Defect::InputTooLarge(_) => (
            "INPUT-TOO-LARGE",
            Malformed,
            "The file is larger than 1 MiB",
            "check that it is the file you meant; a proof is a few kilobytes",
        ),
        Defect::InputUnreadable(_) => (
            "INPUT-UNREADABLE",
            Malformed,
            "The file cannot be read",
            "check its name and permissions; `-` reads standard input",
        ),
        Defect::JwksFormat(_) => (
            "JWKS-FORMAT",
            Malformed,
            "The key set cannot be used",
            "fetch it again from /.well-known/jwks.json",
        ),
        Defect::KeyFormat(_) => (
            "KEY-FORMAT",
            Malformed,
            "The verifier key is not name+id+base64",
            "copy it whole from /v1/log/key, in quotes, or use --key-file",
        ),
        Defect::KeyType => (
            "KEY-TYPE",
            CannotTell,
            "The verifier key is of a kind that cannot be used here",
            "give an Ed25519 log key (01) to --key, a cosigner key (04) to --witness",
        ),
        Defect::LogCommitmentMismatch => (
            "LOG-COMMITMENT-MISMATCH",
            NotValid,
            "The payload and its key do not give the commitment in the leaf: the content shown is not the content recorded",
            "fetch the proof again; if it fails again, tell the data protection officer",
        ),
        Defect::LogConsistency => (
            "LOG-CONSISTENCY",
            NotValid,
            "The newer tree does not begin with the older one: the history was changed, or the proof is of other sizes",
            "fetch the proof again for exactly these two sizes; keep both checkpoints as evidence",
        ),
        Defect::LogInclusion => (
            "LOG-INCLUSION",
            NotValid,
            "The hashes do not lead from this entry to the root of the checkpoint",
            "fetch the proof again; if it fails again, keep it as evidence",
        ),
        Defect::LogLeafFormat(_) => (
            "LOG-LEAF-FORMAT",
            Malformed,
            "The leaf is not in its canonical form",
            "fetch the proof again",
        ),
        Defect::LogLeafMismatch => (
            "LOG-LEAF-MISMATCH",
            NotValid,
            "The leaf states another kind or minute than the payload it commits to",
            "fetch the proof again; if it fails again, tell the data protection officer",
        ),
        Defect::LogOpeningFormat(_) => (
            "LOG-OPENING-FORMAT",
            Malformed,
            "The extra line of the proof cannot be used",
            "fetch the proof again",
        ),
        Defect::LogOrigin => (
            "LOG-ORIGIN",
            NotValid,
            "The two checkpoints are of different logs",
            "compare their first lines and take two of the same log",
        ),
        Defect::LogPayloadFormat(_) => (
            "LOG-PAYLOAD-FORMAT",
            Malformed,
            "The payload is committed to but is not a log entry",
            "report it to the operator; the proof is otherwise consistent",
        ),
        Defect::LogRollback => (
            "LOG-ROLLBACK",
            NotValid,
            "The second checkpoint is of a smaller tree than the first",
            "check that the older file comes first; if it does, the log was cut back",
        ),
        Defect::LogSplitView => (
            "LOG-SPLIT-VIEW",
            NotValid,
            "Two trees of the same size have different roots, both signed by the log",
            "keep both files: they prove that the log told two stories",
        ),
        Defect::LogVersion => (
            "LOG-VERSION",
            CannotTell,
            "The entry is of a version this verifier does not know",
            "use a newer verifier",
        ),
        Defect::NoteFormat(_) => (
            "NOTE-FORMAT",
            Malformed,
            "The checkpoint is not a signed note",
            "fetch it again and keep it byte for byte",
        ),
        Defect::NoteNoKey => (
            "NOTE-NO-KEY",
            CannotTell,
            "No key was given, so nothing tells whose checkpoint this is",
            "add --key or --key-file with the log's key, from /v1/log/key or its printed copy",
        ),
        Defect::NoteOrigin => (
            "NOTE-ORIGIN",
            NotValid,
            "The key is of another log than the one the checkpoint names",
            "give the key of the log named on the checkpoint's first line",
        ),
        Defect::NoteSignature => (
            "NOTE-SIGNATURE",
            NotValid,
            "The log's signature does not cover this checkpoint: it was changed after signing, or never signed",
            "fetch the proof again; if it fails again, keep it as evidence",
        ),
        Defect::NoteUnknownKey => (
            "NOTE-UNKNOWN-KEY",
            CannotTell,
            "The checkpoint carries no signature of the given key",
            "check that key and file are of the same log and year",
        ),
        Defect::ProofFormat(_) => (
            "PROOF-FORMAT",
            Malformed,
            "The file is not a tlog-proof",
            "fetch it again and keep it byte for byte, with its line ends",
        ),
        Defect::ProofNoLeaf => (
            "PROOF-NO-LEAF",
            CannotTell,
            "The proof has no extra line, so it does not say which entry it proves",
            "fetch the proof from the gateway, which adds the entry",
        ),
        Defect::RcptAlg => (
            "RCPT-ALG",
            NotValid,
            "The receipt's algorithm is not the one its key is pinned to, EdDSA with Ed25519",
            "fetch the receipt again; do not trust this file",
        ),
        Defect::RcptClaims(_) => (
            "RCPT-CLAIMS",
            Malformed,
            "The signature holds, but the statement lacks something a receipt must say",
            "report it to the operator",
        ),
        Defect::RcptFormat(_) => (
            "RCPT-FORMAT",
            Malformed,
            "The file is not a receipt",
            "give the JSON of the receipt or the value of its \"jws\"",
        ),
        Defect::RcptIdMismatch => (
            "RCPT-ID-MISMATCH",
            NotValid,
            "The file names another receipt than the one that was signed",
            "fetch the receipt again",
        ),
        Defect::RcptKeyCompromised => (
            "RCPT-KEY-COMPROMISED",
            Indeterminate,
            "The key that signed the receipt was compromised, and nothing shows that it signed this before",
            "add --proof, and --before with a checkpoint from before the compromise",
        ),
        Defect::RcptKeyRetired => (
            "RCPT-KEY-RETIRED",
            NotValid,
            "The receipt says it was issued after its key had been retired",
            "keep the file and tell the operator: nobody should sign with that key any more",
        ),
        Defect::RcptKidUnknown => (
            "RCPT-KID-UNKNOWN",
            CannotTell,
            "The key set has no key of the name the receipt gives",
            "fetch the key set again; keys no longer in use stay published",
        ),
        Defect::RcptKindMismatch => (
            "RCPT-KIND-MISMATCH",
            NotValid,
            "The receipt and the log entry it names are of different kinds",
            "keep both files and tell the data protection officer",
        ),
        Defect::RcptLeafMismatch => (
            "RCPT-LEAF-MISMATCH",
            NotValid,
            "The proof is of another log entry than the one the receipt names",
            "fetch the proof of this receipt: /v1/me/receipts/{id}/proof",
        ),
        Defect::RcptNoKeys => (
            "RCPT-NO-KEYS",
            CannotTell,
            "No key set was given, so nothing tells who signed the receipt",
            "add --jwks with the file from /.well-known/jwks.json",
        ),
        Defect::RcptNotBefore => (
            "RCPT-NOT-BEFORE",
            Indeterminate,
            "The log did not hold the receipt at the checkpoint from before its key was compromised",
            "give the newest checkpoint that is older than the compromise",
        ),
        Defect::RcptOriginMismatch => (
            "RCPT-ORIGIN-MISMATCH",
            NotValid,
            "The proof is of another log than the one the receipt names",
            "fetch the proof of this receipt: /v1/me/receipts/{id}/proof",
        ),
        Defect::RcptRecordMismatch => (
            "RCPT-RECORD-MISMATCH",
            NotValid,
            "The receipt and the log entry it names do not state the same decisions",
            "keep both files: the operator signed both; tell the data protection officer",
        ),
        Defect::RcptSchema => (
            "RCPT-SCHEMA",
            CannotTell,
            "The receipt follows a schema this verifier does not know",
            "use a newer verifier",
        ),
        Defect::RcptSignature => (
            "RCPT-SIGNATURE",
            NotValid,
            "The signature does not cover this receipt: it was changed after signing, or never signed",
            "fetch the receipt again; if it fails again, keep it as evidence",
        ),
        Defect::RcptTime => (
            "RCPT-TIME",
            CannotTell,
            "The receipt was issued later than this machine's clock says it is now",
            "set the clock and try again",
        ),
        Defect::RcptTyp => (
            "RCPT-TYP",
            NotValid,
            "The signed object is not a consent receipt",
            "give a receipt; access tokens and other objects are not one",
        ),
        Defect::WitnessLate => (
            "WITNESS-LATE",
            Indeterminate,
            "Fewer witnesses than asked for had cosigned the earlier checkpoint before the compromise",
            "give a checkpoint that they cosigned before, or lower --quorum",
        ),
        Defect::WitnessQuorum => (
            "WITNESS-QUORUM",
            CannotTell,
            "Fewer witnesses than asked for have cosigned the checkpoint",
            "fetch a newer proof, which may carry more cosignatures, or lower --quorum",
        ),
        Defect::WitnessSignature => (
            "WITNESS-SIGNATURE",
            NotValid,
            "A cosignature of a named witness does not cover this checkpoint",
            "fetch the proof again; if it fails again, keep it as evidence",
        ),
    };
    Row {
        code,
        verdict,
        sentence,
        advice,
    }
}
