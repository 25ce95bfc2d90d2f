//! The log on a real database.

mod proving;
pub(crate) mod rfc6962;
mod sequencing;
mod tampering;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::*;
use crate::citizen::SubjectId;
use crate::store::keyring::tests as keyring;
use crate::store::{Schema, testing};

pub(super) const ORIGIN: &str = "log.example.cat/exchange/2026";

/// A log on files of its own.
pub(crate) struct Scratch {
    pub(crate) keys: keyring::Scratch,
    pub(crate) db: Db,
    pub(crate) log: Arc<Log>,
}

pub(crate) async fn scratch() -> Scratch {
    let keys = keyring::scratch().await;
    let db = testing::open(&keys.folder.path().join("gateway.db"), Schema::Gateway).await;
    let log = open(&keys, &db).await.unwrap();
    Scratch {
        keys,
        db,
        log: Arc::new(log),
    }
}

pub(super) async fn open(keys: &keyring::Scratch, db: &Db) -> Result<Log, LogError> {
    let config = LogConfig {
        origin: ORIGIN.to_owned(),
        stall_after: Duration::from_secs(10),
        anchor: keys.folder.path().join("anchor"),
    };
    open_with(keys, db, config).await
}

pub(super) async fn open_with(
    keys: &keyring::Scratch,
    db: &Db,
    config: LogConfig,
) -> Result<Log, LogError> {
    let seed = std::array::from_fn(|n| u8::try_from(n).unwrap());
    let signer = LogSigner::from_seed(&seed).unwrap();
    let keyring = Arc::clone(&keys.keyring);
    Log::open(db.clone(), keyring, config, signer, World::real()).await
}

impl Scratch {
    /// Opens the log again, as after a crash.
    pub(super) async fn reopened(&self) -> Result<Log, LogError> {
        open(&self.keys, &self.db).await
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
    pub(super) async fn tree(&self) -> log::checkpoint::Checkpoint {
        self.log.newest().await.unwrap().unwrap().0
    }
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
