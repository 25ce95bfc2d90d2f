//! Checks, offline, what the gateway says it has recorded: a proof of one log entry, a signed
//! consent receipt, the whole evidence of an exchange, and that one checkpoint of the log extends
//! another.
//!
//! It shares no code with the gateway, on purpose: an error in the log would otherwise be repeated
//! by the program that should find it. Hashing is RFC 6962, proofs follow the algorithms of
//! RFC 9162, files are C2SP `tlog-proof`, `signed-note` and `tlog-checkpoint`. Signatures, hashes and
//! MACs come from aws-lc-rs; everything else is here, small enough to be read in an hour.
//!
//! Start at [`check`]; the format rules are in `docs/verify-a-proof.md`.

pub mod bundle;
pub mod check;
mod clock_face;
mod crypto;
pub mod defect;
pub mod entry;
mod json;
pub mod merkle;
pub mod note;
pub mod proof;
pub mod receipt;
pub mod report;
mod show;

pub use check::{Earlier, LogTrust};
pub use defect::{Defect, Verdict};
pub use report::Report;

/// The largest file any check reads, in bytes. A real proof is under 8 KiB.
pub const MAX_FILE: usize = 1024 * 1024;
