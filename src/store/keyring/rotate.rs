//! Replacing the wrapping key, in steps that can each be the last before a crash.
//!
//! 1. Its file is made and given to every replica: nothing wraps under it yet.
//! 2. [`Keyring::use_wrapping_key`]: from its commit on, whatever is wrapped is wrapped under it. It
//!    refuses while a running gateway could not read that.
//! 3. [`Keyring::rewrap_some`], until nothing is left under an older one.
//! 4. [`Keyring::retire_wrapping_keys`]: the database itself refuses while a data key names one, and
//!    from its commit on no data key can.

use std::collections::BTreeSet;

use super::{Keyring, KeyringError, WrapperError, context_of, hold};
use crate::store::{Row, Tx, Value};

impl Keyring {
    /// Wraps under another of the wrapping keys at hand from now on.
    pub async fn use_wrapping_key(&self, id: &str) -> Result<(), KeyringError> {
        if !self.wrapper.ids().contains(&id) {
            return Err(WrapperError::Unknown { id: id.to_owned() }.into());
        }
        let mut tx = self.eraser.begin().await?;
        if self.current_wrapper(&mut tx).await? == id {
            tx.commit().await?;
            return Ok(());
        }
        let retired = "SELECT at FROM retired_wrapper WHERE wrapper = $1";
        if tx.row(retired, vec![id.into()]).await?.is_some() {
            return Err(KeyringError::Retired { id: id.to_owned() });
        }
        self.all_can_unwrap(&mut tx, id).await?;
        tx.execute(
            "INSERT INTO wrapping_key (wrapper, generation, since)
             SELECT $1, MAX(generation) + 1, $2 FROM wrapping_key",
            vec![id.into(), self.world.now().into()],
        )
        .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Wraps at most so many keys anew under the current wrapping key. Gives how many older ones it
    /// found; none are left when that is 0.
    ///
    /// One transaction: after a crash they are all done or none is.
    pub async fn rewrap_some(&self, at_most: u32) -> Result<u64, KeyringError> {
        let mut tx = self.eraser.begin().await?;
        let current = self.current_wrapper(&mut tx).await?;
        let stale = stale(&mut tx, &current, at_most).await?;
        // In one order, and before any of their rows: two of these, or one and an erasure, wait for
        // each other and never in a circle.
        let mut owners = BTreeSet::new();
        for row in &stale {
            owners.insert(row.text(0)?);
        }
        for owner in &owners {
            hold(&mut tx, owner).await?;
        }
        for row in &stale {
            self.rewrap(&mut tx, row, &current).await?;
        }
        tx.commit().await?;
        if stale.is_empty() {
            self.eraser.truncate_journal().await?; // or what the old key opens would linger there
        }
        Ok(stale.len() as u64)
    }

    /// Gives up every wrapping key but the current one; gives their names. Their files may be
    /// destroyed once no backup is left that needs them.
    pub async fn retire_wrapping_keys(&self) -> Result<Vec<String>, KeyringError> {
        let mut tx = self.eraser.begin().await?;
        let current = self.current_wrapper(&mut tx).await?;
        let old = older(&mut tx, &current).await?;
        for id in &old {
            let left = "SELECT COUNT(*) FROM data_key WHERE wrapper = $1";
            let left = tx.row(left, vec![id.as_str().into()]).await?;
            let left = left.map_or(Ok(0), |row| row.int(0))?;
            if left > 0 {
                return Err(KeyringError::StillNeeded {
                    rows: left.unsigned_abs(),
                });
            }
            // A key wrapped under it in a transaction that still runs makes this wait, and fail.
            tx.execute(
                "DELETE FROM wrapping_key WHERE wrapper = $1",
                vec![id.as_str().into()],
            )
            .await?;
            tx.execute(
                "INSERT INTO retired_wrapper (wrapper, at) VALUES ($1, $2)",
                vec![id.as_str().into(), self.world.now().into()],
            )
            .await?;
        }
        tx.commit().await?;
        Ok(old)
    }

    /// The key that wraps; a new keyring begins with the first at hand.
    pub(super) async fn current_wrapper(&self, tx: &mut Tx) -> Result<String, KeyringError> {
        if let Some(row) = tx.row(CURRENT, vec![]).await? {
            return Ok(row.text(0)?);
        }
        let first = self.wrapper.ids().first().copied().unwrap_or_default();
        tx.execute(
            "INSERT INTO wrapping_key (wrapper, generation, since) VALUES ($1, 1, $2)
             ON CONFLICT DO NOTHING",
            vec![first.into(), self.world.now().into()],
        )
        .await?;
        // Another replica may have been faster, with another first key.
        let row = tx.row(CURRENT, vec![]).await?;
        Ok(row.ok_or(KeyringError::Missing)?.text(0)?)
    }

    async fn rewrap(&self, tx: &mut Tx, stale: &Row, current: &str) -> Result<(), KeyringError> {
        let (owner, year, class) = (stale.text(0)?, stale.int(1)?, stale.text(2)?);
        let row: Vec<Value> = vec![
            owner.as_str().into(),
            year.into(),
            class.as_str().into(),
            stale.text(3)?.into(),
        ];
        // Read again behind the lock: it may have been erased, or wrapped anew, meanwhile.
        let Some(found) = tx.row(WRAPPED, row.clone()).await? else {
            return Ok(());
        };
        let context = context_of(&owner, year, &class);
        let key = self
            .wrapper
            .unwrap(&stale.text(3)?, &context, &found.bytes(0)?)?;
        let mut values = row;
        values.extend([
            current.into(),
            self.wrapper.wrap(current, &context, &key)?.into(),
        ]);
        tx.execute(
            "UPDATE data_key SET wrapper = $5, wrapped = $6
             WHERE subject = $1 AND year = $2 AND class = $3 AND wrapper = $4",
            values,
        )
        .await?;
        Ok(())
    }
}

/// Wrapping keys that still unwrap something, or might.
async fn older(tx: &mut Tx, current: &str) -> Result<Vec<String>, KeyringError> {
    let sql = "SELECT wrapper FROM wrapping_key WHERE wrapper <> $1 ORDER BY generation";
    let rows = tx.rows(sql, vec![current.into()]).await?;
    Ok(rows
        .iter()
        .map(|row| row.text(0))
        .collect::<Result<_, _>>()?)
}

/// Some data keys under the oldest wrapping key that has any.
async fn stale(tx: &mut Tx, current: &str, at_most: u32) -> Result<Vec<Row>, KeyringError> {
    for id in older(tx, current).await? {
        let rows = tx.rows(
            "SELECT subject, year, class, wrapper FROM data_key WHERE wrapper = $1
             ORDER BY subject LIMIT $2",
            vec![id.into(), at_most.into()],
        );
        let rows = rows.await?;
        if !rows.is_empty() {
            return Ok(rows);
        }
    }
    Ok(Vec::new())
}

/// Wrapping keys data keys may name, oldest first.
pub(super) const IN_USE: &str = "SELECT wrapper FROM wrapping_key ORDER BY generation";

const CURRENT: &str = "SELECT wrapper FROM wrapping_key ORDER BY generation DESC LIMIT 1";

const WRAPPED: &str = "SELECT wrapped FROM data_key
    WHERE subject = $1 AND year = $2 AND class = $3 AND wrapper = $4";
