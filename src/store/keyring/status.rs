//! What the keyring holds, counted: nothing about anybody.

use jiff::Timestamp;

use super::{Keyring, KeyringError, people};

/// The keyring in numbers.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Status {
    /// Wrapping keys: those in use, oldest first, then those at hand that were never used.
    pub wrapping: Vec<WrappingStatus>,
    /// Wrapping keys that were given up, and when.
    pub retired: Vec<(String, Timestamp)>,
    /// Hashing keys: those in use, oldest first, then those at hand that were never used.
    pub lookup: Vec<LookupStatus>,
    /// People who can be found.
    pub people: u64,
    /// People who were erased.
    pub erased: u64,
    /// Gateways heard of in the last minutes.
    pub running: u64,
}

/// A wrapping key in numbers.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct WrappingStatus {
    /// Its name.
    pub id: String,
    /// Data keys it wraps.
    pub keys: u64,
    /// Whether it wraps, merely unwraps, or was never used.
    pub role: Role,
    /// Whether it is at hand.
    pub at_hand: bool,
}

/// A hashing key in numbers.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LookupStatus {
    /// Its version.
    pub version: u32,
    /// Documents indexed under it.
    pub documents: u64,
    /// Whether people are indexed under it, merely found, or neither yet.
    pub role: Role,
    /// Whether it is at hand.
    pub at_hand: bool,
}

/// What a key is used for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Role {
    /// Writes, and reads.
    Current,
    /// Reads what it once wrote.
    Older,
    /// At hand, and not in use yet.
    Unused,
}

impl Keyring {
    /// Counts what is there.
    pub async fn status(&self) -> Result<Status, KeyringError> {
        Ok(Status {
            wrapping: self.wrapping_status().await?,
            retired: self.retired().await?,
            lookup: self.lookup_status().await?,
            people: self
                .count("SELECT COUNT(DISTINCT subject) FROM subject_lookup")
                .await?,
            erased: self.count("SELECT COUNT(*) FROM erased").await?,
            running: self.running_count().await?,
        })
    }

    async fn wrapping_status(&self) -> Result<Vec<WrappingStatus>, KeyringError> {
        let rows = self.db.rows(
            "SELECT w.wrapper, (SELECT COUNT(*) FROM data_key k WHERE k.wrapper = w.wrapper)
             FROM wrapping_key w ORDER BY w.generation",
            vec![],
        );
        let at_hand = self.wrapper.ids();
        let mut found = Vec::new();
        for row in rows.await? {
            let id = row.text(0)?;
            found.push(WrappingStatus {
                keys: row.int(1)?.unsigned_abs(),
                role: Role::Older,
                at_hand: at_hand.contains(&id.as_str()),
                id,
            });
        }
        if let Some(newest) = found.last_mut() {
            newest.role = Role::Current;
        }
        let retired = self.retired().await?;
        for id in at_hand {
            let known = found.iter().any(|key| key.id == id);
            if !known && !retired.iter().any(|(gone, _)| gone == id) {
                found.push(WrappingStatus {
                    id: id.to_owned(),
                    keys: 0,
                    role: Role::Unused,
                    at_hand: true,
                });
            }
        }
        Ok(found)
    }

    async fn lookup_status(&self) -> Result<Vec<LookupStatus>, KeyringError> {
        let rows = self.db.rows(
            "SELECT k.version, k.retiring,
             (SELECT COUNT(*) FROM subject_lookup l WHERE l.version = k.version)
             FROM lookup_key k ORDER BY k.version",
            vec![],
        );
        let mut found = Vec::new();
        for row in rows.await? {
            let version = people::version(&row, 0)?;
            found.push(LookupStatus {
                version,
                documents: row.int(2)?.unsigned_abs(),
                role: match row.int_or_null(1)? {
                    None => Role::Current,
                    Some(_) => Role::Older,
                },
                at_hand: self.lookup.of(version).is_some(),
            });
        }
        for key in self.lookup.all() {
            if !found.iter().any(|known| known.version == key.version) {
                found.push(LookupStatus {
                    version: key.version,
                    documents: 0,
                    role: Role::Unused,
                    at_hand: true,
                });
            }
        }
        Ok(found)
    }

    async fn retired(&self) -> Result<Vec<(String, Timestamp)>, KeyringError> {
        let rows = self.db.rows(
            "SELECT wrapper, at FROM retired_wrapper ORDER BY at",
            vec![],
        );
        let mut retired = Vec::new();
        for row in rows.await? {
            retired.push((row.text(0)?, row.instant(1)?));
        }
        Ok(retired)
    }

    async fn running_count(&self) -> Result<u64, KeyringError> {
        let sql = "SELECT COUNT(*) FROM reader WHERE seen_at > $1";
        let row = self.db.row(sql, vec![self.since().into()]).await?;
        Ok(row.map_or(Ok(0), |row| row.int(0))?.unsigned_abs())
    }

    async fn count(&self, sql: &'static str) -> Result<u64, KeyringError> {
        let row = self.db.row(sql, vec![]).await?;
        Ok(row.map_or(Ok(0), |row| row.int(0))?.unsigned_abs())
    }
}
