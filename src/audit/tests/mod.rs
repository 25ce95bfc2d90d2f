//! The log on a real database.

mod failing;
mod proving;
mod replicas;
pub(crate) mod rfc6962;
mod sequencing;
mod tampering;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde_json::{Map, Value, json};

use super::log::checkpoint::Checkpoint;
use super::sequencer::TTL;
use super::*;
use crate::citizen::SubjectId;
use crate::store::Schema;
use crate::store::keyring::tests as keyring;
use crate::store::testing::{self, Hands};

pub(super) const ORIGIN: &str = "log.example.cat/exchange/2026";

/// A log on a database of its own, and the clock it goes by.
pub(crate) struct Scratch {
    pub(crate) keys: keyring::Scratch,
    pub(crate) db: Db,
    pub(crate) log: Arc<Log>,
    pub(crate) hands: Hands,
}

pub(crate) async fn scratch() -> Scratch {
    let keys = keyring::scratch().await;
    let db = testing::open(&keys.folder.path().join("gateway.db"), Schema::Gateway).await;
    let hands = Hands::running();
    let log = open(&keys, &db, &hands).await.unwrap();
    Scratch {
        keys,
        db,
        log: Arc::new(log),
        hands,
    }
}

pub(super) async fn open(keys: &keyring::Scratch, db: &Db, hands: &Hands) -> Result<Log, LogError> {
    open_with(keys, db.clone(), config(keys, "anchor"), hands).await
}

/// How the log is called, and a file for its anchor.
pub(super) fn config(keys: &keyring::Scratch, anchor: &str) -> LogConfig {
    LogConfig {
        origin: ORIGIN.to_owned(),
        stall_after: Duration::from_secs(10),
        anchor: keys.folder.path().join(anchor),
    }
}

pub(super) async fn open_with(
    keys: &keyring::Scratch,
    stores: impl Into<LogStores>,
    config: LogConfig,
    hands: &Hands,
) -> Result<Log, LogError> {
    let seed = std::array::from_fn(|n| u8::try_from(n).unwrap());
    let signer = LogSigner::from_seed(&seed).unwrap();
    let keyring = Arc::clone(&keys.keyring);
    Log::open(stores, keyring, config, signer, hands.world()).await
}

impl Scratch {
    /// Opens the log again, as after a crash: when the lease of the dead one has run out.
    pub(super) async fn reopened(&self) -> Result<Log, LogError> {
        self.hands.advance(TTL);
        open(&self.keys, &self.db, &self.hands).await
    }

    /// Another replica, with connections and an anchor of its own.
    pub(super) async fn replica(&self, anchor: &str) -> Arc<Log> {
        let stores = LogStores::from(self.another_handle().await);
        self.replica_on(stores, anchor).await
    }

    /// Another replica that only looks.
    pub(super) async fn onlooker(&self, anchor: &str) -> Arc<Log> {
        let db = self.another_handle().await;
        let sequencer = None;
        self.replica_on(LogStores { db, sequencer }, anchor).await
    }

    async fn replica_on(&self, stores: LogStores, anchor: &str) -> Arc<Log> {
        let config = config(&self.keys, anchor);
        if let Some(note) = store::newest_note(&self.db).await.unwrap() {
            std::fs::write(&config.anchor, note).unwrap();
        }
        let log = open_with(&self.keys, stores, config, &self.hands).await;
        Arc::new(log.unwrap())
    }

    /// Another replica that nobody gave an anchor.
    pub(super) async fn newcomer(&self, anchor: &str) -> Result<Log, LogError> {
        let stores = LogStores::from(self.another_handle().await);
        let config = config(&self.keys, anchor);
        open_with(&self.keys, stores, config, &self.hands).await
    }

    async fn another_handle(&self) -> Db {
        let file = self.keys.folder.path().join("gateway.db");
        testing::open(&file, Schema::Gateway).await
    }

    /// Numbers what waits and publishes nothing.
    pub(super) async fn number(&self) -> u64 {
        let fence = fence_of(&self.log).await;
        let sequencer = self.log.sequencer.as_ref().unwrap();
        self.log.number(sequencer, fence).await.unwrap()
    }

    pub(super) async fn publish(&self) {
        let sequencer = self.log.sequencer.as_ref().unwrap();
        self.log.publish(sequencer).await.unwrap();
    }

    pub(super) fn anchor(&self) -> PathBuf {
        self.log.config.anchor.clone()
    }

    /// Stages that many entries of one person.
    pub(super) async fn stage(&self, count: usize, subject: Option<SubjectId>) -> Vec<Staged> {
        let mut tx = self.db.begin().await.unwrap();
        let mut staged = Vec::new();
        for counter in 1..=count {
            let payload = payload(json!({"counter": counter, "product": "AEAT_IRPF/C4"}));
            let one = self.log.stage(&mut tx, Kind::Intent, subject, payload);
            staged.push(one.await.unwrap());
        }
        tx.commit().await.unwrap();
        staged
    }

    /// The leaf hashes in the order of their numbers.
    pub(super) async fn leaves(&self) -> Vec<[u8; 32]> {
        let rows = self.db.rows(
            "SELECT e.leaf FROM log_sequence s JOIN log_entry e ON e.entry = s.entry
             ORDER BY s.position",
            vec![],
        );
        let rows = rows.await.unwrap();
        rows.iter()
            .map(|row| rfc6962::leaf_hash(&row.bytes(0).unwrap()))
            .collect()
    }

    /// The signed checkpoint of that size.
    pub(super) async fn note_of(&self, size: i64) -> String {
        let row = self.db.row(
            "SELECT note FROM log_checkpoint WHERE size = $1",
            vec![size.into()],
        );
        row.await.unwrap().unwrap().text(0).unwrap()
    }

    /// The newest checkpoint, read.
    pub(super) async fn tree(&self) -> Checkpoint {
        self.log.newest().await.unwrap().unwrap().0
    }
}

/// Takes the lease for a log; gives the fence it numbers under.
pub(super) async fn fence_of(log: &Log) -> i64 {
    let head = store::head(&log.db).await.unwrap();
    let sequencer = log.sequencer.as_ref().unwrap();
    let mut turn = log.turn.lock().await;
    let fence = log.hold(sequencer, &mut turn, &head).await.unwrap();
    fence.expect("the lease is free")
}

/// The checkpoint in an anchor file.
pub(super) fn anchored(log: &Log) -> Checkpoint {
    let note = std::fs::read(&log.config.anchor).unwrap();
    log.signed(&note).unwrap()
}

/// Fails unless every entry that was staged has a number, and the log is one.
pub(super) async fn assert_whole(scratch: &Scratch, log: &Log, staged: &[Staged]) {
    let checked = log.audit_self().await.unwrap();
    assert_eq!(checked.findings, []);
    let rows = scratch.db.rows(
        "SELECT position, entry FROM log_sequence ORDER BY position",
        vec![],
    );
    let mut numbered = BTreeSet::new();
    for (expected, row) in rows.await.unwrap().iter().enumerate() {
        assert_eq!(row.int(0).unwrap(), i64::try_from(expected).unwrap());
        numbered.insert(row.text(1).unwrap());
    }
    let staged: BTreeSet<_> = staged.iter().map(|one| one.entry.to_string()).collect();
    assert_eq!(numbered, staged);
    assert_eq!(store::oldest_waiting(&scratch.db).await.unwrap(), None);

    let leaves = scratch.leaves().await;
    let notes = scratch.db.rows("SELECT note FROM log_checkpoint", vec![]);
    for row in notes.await.unwrap() {
        let note = row.text(0).unwrap(); // that the log signed it is checked above
        let lines: Vec<_> = note.lines().collect();
        let root = rfc6962::root(&leaves[..lines[1].parse().unwrap()]);
        assert_eq!(lines[2], BASE64_STANDARD.encode(root));
    }
    let newest = log.newest().await.unwrap().unwrap().0;
    assert_eq!(newest.size, leaves.len() as u64);
    assert_eq!(anchored(log), newest);
}

pub(super) fn payload(value: Value) -> Map<String, Value> {
    let Value::Object(payload) = value else {
        panic!("a payload is an object")
    };
    payload
}

pub(super) fn somebody() -> SubjectId {
    SubjectId::random(&*World::real().entropy)
}
