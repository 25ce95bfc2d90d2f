//! What running gateways can read, so that no key comes into use that one of them lacks.

use std::time::Duration;

use jiff::Timestamp;

use super::{Keyring, KeyringError};
use crate::store::{Row, Tx, micros};

/// How long a gateway is taken to be running after it was last heard of; it is heard each minute.
const LIVES: Duration = Duration::from_mins(3);

impl Keyring {
    /// Says which keys this process can read, then checks them as [`Keyring::check`] does.
    ///
    /// To be called before answering and every minute after.
    pub async fn announce(&self) -> Result<(), KeyringError> {
        self.write_reader(micros(self.world.now())).await?;
        self.check().await
    }

    /// Says that this process reads no more.
    pub async fn depart(&self) -> Result<(), KeyringError> {
        self.write_reader(0).await
    }

    async fn write_reader(&self, seen_at: i64) -> Result<(), KeyringError> {
        let lookups: Vec<_> = self
            .lookup
            .all()
            .map(|key| name_of(key.version, &key.name))
            .collect();
        let values = vec![
            self.replica.as_str().into(),
            self.wrapper.ids().join(" ").into(),
            lookups.join(" ").into(),
            seen_at.into(),
        ];
        let mut tx = self.db.begin().await?;
        tx.execute(
            "INSERT INTO reader (replica, wrappers, lookups, seen_at) VALUES ($1, $2, $3, $4)
             ON CONFLICT (replica) DO UPDATE SET wrappers = excluded.wrappers,
             lookups = excluded.lookups, seen_at = excluded.seen_at",
            values,
        )
        .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Refuses while a running gateway lacks a wrapping key.
    pub(super) async fn all_can_unwrap(&self, tx: &mut Tx, id: &str) -> Result<(), KeyringError> {
        self.all_have(tx, 1, id).await
    }

    /// Refuses while a running gateway lacks a hashing key.
    pub(super) async fn all_can_look_up(
        &self,
        tx: &mut Tx,
        version: u32,
        name: &str,
    ) -> Result<(), KeyringError> {
        self.all_have(tx, 2, &name_of(version, name)).await
    }

    async fn all_have(&self, tx: &mut Tx, column: usize, key: &str) -> Result<(), KeyringError> {
        let mut behind = Vec::new();
        for row in self.running(tx).await? {
            if !row.text(column)?.split(' ').any(|one| one == key) {
                behind.push(row.instant(0)?);
            }
        }
        match behind.iter().max() {
            None => Ok(()),
            Some(&last) => Err(KeyringError::Behind {
                readers: behind.len(),
                until: last + LIVES,
            }),
        }
    }

    /// Whoever is heard of; the others are forgotten.
    async fn running(&self, tx: &mut Tx) -> Result<Vec<Row>, KeyringError> {
        let since = vec![self.since().into()];
        tx.execute("DELETE FROM reader WHERE seen_at <= $1", since.clone())
            .await?;
        Ok(tx.rows(RUNNING, since).await?)
    }

    /// Whoever was heard of since then is taken to be running.
    pub(super) fn since(&self) -> Timestamp {
        self.world.now() - LIVES
    }
}

/// The key itself counts, not only its version: two replicas may have been given different ones.
fn name_of(version: u32, name: &str) -> String {
    format!("{version}:{name}")
}

const RUNNING: &str = "SELECT seen_at, wrappers, lookups FROM reader WHERE seen_at > $1";
