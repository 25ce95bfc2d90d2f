//! The data-exchange log: who asked what about whom, kept so that nobody can quietly alter it.
//!
//! Whoever acts [stages](Log::stage) an entry in their own transaction. The sequencer numbers staged
//! entries, hashes them into a Merkle tree (RFC 6962, C2SP tlog-tiles) and signs its head, the
//! checkpoint. The tree holds keyed commitments only; what they commit to is encrypted under the
//! person's key, and unreadable once that key is erased, while every proof still verifies.

mod anchor;
mod check;
mod entry;
mod erasure;
pub mod log;
mod number;
mod prove;
mod publish;
mod sequencer;
mod signer;
mod start;
mod store;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{Mutex, Notify};

pub use check::{Checked, Finding};
pub use entry::{Entry, Staged};
pub use erasure::repeat_erasures;
pub use log::checkpoint::CheckpointError;
pub use log::leaf::Kind;
pub use log::tile::Place;
pub use sequencer::SequenceReport;
pub use signer::{InvalidSigningKey, LogSigner};

use self::log::checkpoint::Checkpoint;
use self::sequencer::Sequencer;
use crate::clock::World;
use crate::store::keyring::{Keyring, KeyringError};
use crate::store::lease::Lease;
use crate::store::{Db, StoreError, micros};

/// How a log is called and where its anchor lies.
#[derive(Clone, Debug)]
pub struct LogConfig {
    /// Name of the log in its checkpoints, such as `gateway.example.cat/exchange/2026`.
    pub origin: String,
    /// How long an entry may wait for its number before new exchanges stop.
    pub stall_after: Duration,
    /// The file that keeps the newest checkpoint outside the database.
    pub anchor: PathBuf,
}

/// Where the log lies, and as whom this process works on it.
#[derive(Clone, Debug)]
pub struct LogStores {
    /// The database, to read it all and to add entries.
    pub db: Db,
    /// The same database as a user who may number entries and publish. `None`: this process leaves
    /// that to others.
    pub sequencer: Option<Db>,
}

impl From<Db> for LogStores {
    /// One user for everything, as on a file.
    fn from(db: Db) -> Self {
        Self {
            sequencer: Some(db.clone()),
            db,
        }
    }
}

/// Why the log did not do as asked.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The anchor could not be read or written.
    #[error("the anchor file could not be used")]
    Anchor(#[source] std::io::Error),
    /// The log has entries, is older than its first hour, and has no anchor to compare it with.
    #[error(
        "the log has {size} entries but its anchor file is missing; put back the newest checkpoint that was published"
    )]
    AnchorMissing {
        /// Numbered entries in the database.
        size: u64,
    },
    /// A checkpoint, stored or anchored, is not one of this log.
    #[error("a kept checkpoint is not this log's")]
    Checkpoint(#[from] CheckpointError),
    /// What is stored contradicts itself.
    #[error("the stored log contradicts itself: {0}")]
    Damaged(&'static str),
    /// The person's keys were erased: the entry is there, what it says is not.
    #[error("the entry cannot be read any more: its keys were erased")]
    Erased,
    /// The keyring failed.
    #[error(transparent)]
    Keyring(KeyringError),
    /// There is no log yet, and this process may not begin one.
    #[error("there is no log yet; first start a gateway that may number it")]
    NotBegun,
    /// Not a name a checkpoint can carry.
    #[error("the log's name must not be empty nor hold spaces, plus signs or control characters")]
    Origin,
    /// The database is not the one whose checkpoint is anchored.
    #[error(
        "the log differs from the one anchored at {anchored} entries: another database, or altered"
    )]
    OtherHistory {
        /// Entries under the anchored checkpoint.
        anchored: u64,
    },
    /// Another sequencer was faster; nothing was written.
    #[error("another sequencer moved the log meanwhile")]
    Overtaken,
    /// The payload is no canonical JSON object, or too long.
    #[error("a log entry's payload is not writable: {0}")]
    Payload(&'static str),
    /// The database is older than what was already published.
    #[error(
        "the log has {found} entries but {anchored} were published: an older copy was restored, or a \
         fail-over lost the newest (docs/operating.md, Fail-over)"
    )]
    RolledBack {
        /// Entries under the anchored checkpoint.
        anchored: u64,
        /// Numbered entries in the database.
        found: u64,
    },
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No entry of that name.
    #[error("no such log entry")]
    UnknownEntry,
}

impl From<KeyringError> for LogError {
    fn from(error: KeyringError) -> Self {
        match error {
            KeyringError::Erased => Self::Erased,
            other => Self::Keyring(other),
        }
    }
}

/// Entries wait too long for their number: no new exchange may begin.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("log entries have been waiting since {since}")]
pub struct Stalled {
    /// When the oldest waiting entry was staged.
    pub since: Timestamp,
}

/// The data-exchange log of one gateway.
#[derive(Debug)]
pub struct Log {
    db: Db,
    keyring: Arc<Keyring>,
    config: LogConfig,
    signer: LogSigner,
    verifier_key: String,
    world: World,
    oldest: AtomicI64, // microseconds of the oldest entry known to wait, or NONE_WAITS
    wake: Notify,
    last: std::sync::Mutex<Option<(Checkpoint, Vec<u8>)>>, // the last one read, and its note
    sequencer: Option<Sequencer>,
    turn: Mutex<Option<Lease>>, // one step of the sequencer at a time in this process
}

impl Log {
    /// The log's public key as a C2SP vkey, for whoever verifies.
    pub fn verifier_key(&self) -> &str {
        &self.verifier_key
    }

    /// The name of the log.
    pub fn origin(&self) -> &str {
        &self.config.origin
    }

    /// Whether a new exchange may begin. Costs one atomic read.
    ///
    /// Revocations never ask: they are recorded however long the sequencer takes.
    pub fn admits_exchanges(&self) -> Result<(), Stalled> {
        let oldest = self.oldest.load(Ordering::Relaxed);
        let waits = micros(self.world.now()).saturating_sub(oldest);
        let most = i64::try_from(self.config.stall_after.as_micros()).unwrap_or(i64::MAX);
        match crate::store::instant(oldest) {
            Some(since) if oldest != NONE_WAITS && waits > most => Err(Stalled { since }),
            _ => Ok(()),
        }
    }

    /// Takes note that an entry waits; the sequencer later says which really do.
    fn note_waiting(&self, at: Timestamp) {
        self.oldest.fetch_min(micros(at), Ordering::Relaxed);
        self.wake.notify_one();
    }
}

const NONE_WAITS: i64 = i64::MAX;
