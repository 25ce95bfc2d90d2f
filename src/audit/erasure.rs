//! Erasing a person: their keys go, their entries stay, and the log says that it happened.

use serde_json::{Map, Value};

use super::{Kind, Log, LogError, Staged};
use crate::citizen::SubjectId;
use crate::store::Db;
use crate::store::keyring::Keyring;

impl Log {
    /// Records that a person is erased, then destroys their keys.
    ///
    /// In this order because a recorded erasure can be [repeated](Log::repeat_erasures), an
    /// unrecorded one is forgotten by the next restore.
    pub async fn erase(&self, subject: SubjectId) -> Result<Staged, LogError> {
        let staged = self.record_erasure(subject).await?;
        self.keyring.erase(subject).await?;
        Ok(staged)
    }

    /// The first half alone, where another user of the keyring is the one that may destroy keys.
    pub async fn record_erasure(&self, subject: SubjectId) -> Result<Staged, LogError> {
        let payload = Map::from_iter([
            ("event".to_owned(), Value::from("erased")),
            ("whose".to_owned(), Value::from(subject.to_string())),
        ]);
        let mut tx = self.db.begin().await?;
        let staged = self.stage(&mut tx, Kind::KeyEvent, None, payload).await?;
        let values = vec![
            subject.to_string().into(),
            staged.entry.to_string().into(),
            staged.at.into(),
        ];
        tx.execute(
            "INSERT INTO erasure (subject, entry, at) VALUES ($1, $2, $3)",
            values,
        )
        .await?;
        tx.commit().await?;
        Ok(staged)
    }

    /// Destroys again the keys that an older copy of the keyring brought back. Gives their number.
    ///
    /// To be run after every restore of the keyring, before anything else.
    pub async fn repeat_erasures(&self) -> Result<u64, LogError> {
        repeat_erasures(&self.db, &self.keyring).await
    }
}

/// [`Log::repeat_erasures`], for whoever may delete keys and has no log open.
pub async fn repeat_erasures(db: &Db, keyring: &Keyring) -> Result<u64, LogError> {
    let erased = db.rows("SELECT DISTINCT subject FROM erasure", vec![]);
    let mut keys = 0;
    for row in erased.await? {
        keys += keyring.erase(row.parsed(0)?).await?;
    }
    Ok(keys)
}
