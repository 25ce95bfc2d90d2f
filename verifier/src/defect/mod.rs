//! The ways a check can end other than "valid", each with a code that never changes.

mod table;

use std::fmt;

use crate::show::Shown;

/// The answer to the one question asked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// Every step held.
    Valid,
    /// A step failed: what was presented is not what the log or the receipt key vouches for.
    NotValid,
    /// A file could not be read, or is not of the format it should be.
    Malformed,
    /// Nothing was found wrong, but something needed to decide is missing.
    CannotTell,
    /// The key that signed was compromised, and nothing shows that it signed this before.
    Indeterminate,
}

impl Verdict {
    /// The process exit code: 0, 1, 4, 5, 6.
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Valid => 0,
            Self::NotValid => 1,
            Self::Malformed => 4,
            Self::CannotTell => 5,
            Self::Indeterminate => 6,
        }
    }

    /// The word of the JSON output.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::NotValid => "not-valid",
            Self::Malformed => "malformed",
            Self::CannotTell => "cannot-tell",
            Self::Indeterminate => "indeterminate",
        }
    }

    /// The graver of two answers to parts of one question.
    #[must_use]
    pub fn or_graver(self, other: Self) -> Self {
        let weight = |verdict| match verdict {
            Self::Valid => 0,
            Self::CannotTell => 1,
            Self::Indeterminate => 2,
            Self::Malformed => 3,
            Self::NotValid => 4,
        };
        if weight(other) > weight(self) {
            other
        } else {
            self
        }
    }
}

/// Why a check did not end as valid. The text in a variant says what exactly was malformed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Defect {
    /// The file is not a bundle of evidence.
    BundleFormat(&'static str),
    /// Something the bundle should hold is not in it.
    BundleIncomplete,
    /// Two parts of the bundle contradict each other.
    BundleMismatch(&'static str),
    /// The text of the notice is not the one whose digest was recorded.
    BundleNotice,
    /// The text between header and signatures is not origin, size and root.
    CheckpointFormat(&'static str),
    /// The earlier checkpoint is of another size, and nothing ties it to the proof's.
    GrowthMissing,
    /// The file of a consistency proof is not one base64 hash a line.
    HashesFormat(&'static str),
    /// A file is larger than [`crate::MAX_FILE`].
    InputTooLarge(String),
    /// A file could not be opened or read.
    InputUnreadable(String),
    /// The key set is not a JWK Set, or the key the receipt names is damaged.
    JwksFormat(&'static str),
    /// A verifier key is not `name+id+base64`, or its id is not the hash of its parts.
    KeyFormat(&'static str),
    /// A verifier key is of a kind that cannot be used where it was given.
    KeyType,
    /// Payload and entry key do not give the commitment in the leaf.
    LogCommitmentMismatch,
    /// The newer tree does not contain the older one as its beginning.
    LogConsistency,
    /// The hashes do not lead from this leaf, at this index, to the root of the checkpoint.
    LogInclusion,
    /// The leaf is not the canonical JSON of a commitment, a kind and a minute.
    LogLeafFormat(&'static str),
    /// The leaf's kind or minute is not the payload's.
    LogLeafMismatch,
    /// The `extra` line is not JSON with leaf, payload and key.
    LogOpeningFormat(&'static str),
    /// The two checkpoints are of different logs.
    LogOrigin,
    /// The committed payload is not an entry.
    LogPayloadFormat(&'static str),
    /// The second checkpoint is of a smaller tree than the first.
    LogRollback,
    /// Two checkpoints of one size have different roots, both signed.
    LogSplitView,
    /// The entry is of a version this verifier does not know.
    LogVersion,
    /// The note is not text, a blank line and signature lines.
    NoteFormat(&'static str),
    /// No key of the log was given.
    NoteNoKey,
    /// The key is of another log than the checkpoint's first line names.
    NoteOrigin,
    /// A signature line of the given key does not verify.
    NoteSignature,
    /// No signature line is of the given key.
    NoteUnknownKey,
    /// The file is not a `tlog-proof`.
    ProofFormat(&'static str),
    /// The proof has no `extra` line, so there is no leaf to look for.
    ProofNoLeaf,
    /// The algorithm is not the one pinned to the key.
    RcptAlg,
    /// The signed statement lacks something a receipt must say.
    RcptClaims(&'static str),
    /// The file is neither a compact JWS nor the JSON that holds one.
    RcptFormat(&'static str),
    /// The identifier around the receipt is not the one inside.
    RcptIdMismatch,
    /// The key was compromised, and no checkpoint from before shows that the log held the receipt.
    RcptKeyCompromised,
    /// The receipt was issued after its key had been retired.
    RcptKeyRetired,
    /// The key set has no key of this name.
    RcptKidUnknown,
    /// Receipt and log entry are of different kinds.
    RcptKindMismatch,
    /// The proof is of another entry than the one the receipt names.
    RcptLeafMismatch,
    /// No key set was given.
    RcptNoKeys,
    /// The log did not hold the receipt yet when its key was compromised.
    RcptNotBefore,
    /// The proof is of another log than the one the receipt names.
    RcptOriginMismatch,
    /// Receipt and log entry are linked but do not state the same.
    RcptRecordMismatch,
    /// The receipt follows a schema this verifier does not know.
    RcptSchema,
    /// The signature of the receipt does not verify.
    RcptSignature,
    /// The receipt was issued later than this machine's clock.
    RcptTime,
    /// The JWS is of another type than a consent receipt.
    RcptTyp,
    /// Fewer of the named witnesses than asked for had cosigned before the key was compromised.
    WitnessLate,
    /// Fewer of the named witnesses than asked for have cosigned.
    WitnessQuorum,
    /// A cosignature line of a named witness does not verify.
    WitnessSignature,
}

impl Defect {
    /// The stable code, for scripts and for the documentation.
    pub fn code(&self) -> &'static str {
        table::row(self).code
    }

    pub fn verdict(&self) -> Verdict {
        table::row(self).verdict
    }

    /// What to do next.
    pub fn advice(&self) -> &'static str {
        table::row(self).advice
    }

    fn detail(&self) -> &str {
        match self {
            Self::BundleFormat(detail)
            | Self::BundleMismatch(detail)
            | Self::CheckpointFormat(detail)
            | Self::HashesFormat(detail)
            | Self::JwksFormat(detail)
            | Self::KeyFormat(detail)
            | Self::LogLeafFormat(detail)
            | Self::LogOpeningFormat(detail)
            | Self::LogPayloadFormat(detail)
            | Self::NoteFormat(detail)
            | Self::ProofFormat(detail)
            | Self::RcptClaims(detail)
            | Self::RcptFormat(detail) => detail,
            Self::InputTooLarge(detail) | Self::InputUnreadable(detail) => detail,
            _ => "",
        }
    }

    /// One of each, for the tests that compare the table with the documentation.
    pub fn all() -> Vec<Self> {
        vec![
            Self::BundleFormat(""),
            Self::BundleIncomplete,
            Self::BundleMismatch(""),
            Self::BundleNotice,
            Self::CheckpointFormat(""),
            Self::GrowthMissing,
            Self::HashesFormat(""),
            Self::InputTooLarge(String::new()),
            Self::InputUnreadable(String::new()),
            Self::JwksFormat(""),
            Self::KeyFormat(""),
            Self::KeyType,
            Self::LogCommitmentMismatch,
            Self::LogConsistency,
            Self::LogInclusion,
            Self::LogLeafFormat(""),
            Self::LogLeafMismatch,
            Self::LogOpeningFormat(""),
            Self::LogOrigin,
            Self::LogPayloadFormat(""),
            Self::LogRollback,
            Self::LogSplitView,
            Self::LogVersion,
            Self::NoteFormat(""),
            Self::NoteNoKey,
            Self::NoteOrigin,
            Self::NoteSignature,
            Self::NoteUnknownKey,
            Self::ProofFormat(""),
            Self::ProofNoLeaf,
            Self::RcptAlg,
            Self::RcptClaims(""),
            Self::RcptFormat(""),
            Self::RcptIdMismatch,
            Self::RcptKeyCompromised,
            Self::RcptKeyRetired,
            Self::RcptKidUnknown,
            Self::RcptKindMismatch,
            Self::RcptLeafMismatch,
            Self::RcptNoKeys,
            Self::RcptNotBefore,
            Self::RcptOriginMismatch,
            Self::RcptRecordMismatch,
            Self::RcptSchema,
            Self::RcptSignature,
            Self::RcptTime,
            Self::RcptTyp,
            Self::WitnessLate,
            Self::WitnessQuorum,
            Self::WitnessSignature,
        ]
    }
}

impl fmt::Display for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(table::row(self).sentence)?;
        match self.detail() {
            "" => f.write_str("."),
            detail => write!(f, ": {}.", Shown(detail)),
        }
    }
}

impl std::error::Error for Defect {}
