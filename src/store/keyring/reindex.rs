//! Replacing the hashing key that people are found by, in steps that can each be the last before a
//! crash.
//!
//! 1. A line with a newer version is added to `lookup.keys` of every replica: nobody is indexed
//!    under it yet.
//! 2. [`Keyring::use_lookup_key`]: from its commit on, whoever logs in is indexed under both.
//! 3. Whoever is [not yet](Keyring::unindexed) is indexed from the documents kept about them
//!    ([`People::reindex`](crate::identity::People::reindex)).
//! 4. [`Keyring::retire_lookup_key`]: nobody is indexed under the old one any more, its rows go, and
//!    the database itself refuses to give it up before.

use std::time::Duration;

use super::people::BEGIN_USE;
use super::{Keyring, KeyringError, hold, people};
use crate::citizen::SubjectId;
use crate::store::Tx;

/// How old the look-up of somebody who is not known otherwise must be to be dropped: they may be
/// logging in for the first time.
const STRAY: Duration = Duration::from_hours(1);

/// People whose look-ups are deleted in one transaction.
const BATCH: u32 = 100;

impl Keyring {
    /// Indexes people under the newest hashing key at hand from now on, beside those in use. Gives
    /// its version.
    pub async fn use_lookup_key(&self) -> Result<u32, KeyringError> {
        let newest = self.lookup.newest();
        let mut tx = self.eraser.begin().await?;
        let in_use = tx.rows(people::IN_USE, vec![]).await?;
        for row in &in_use {
            self.lookup_key(row)?;
            if people::version(row, 0)? >= newest.version {
                return Ok(people::version(row, 0)?);
            }
        }
        self.all_can_look_up(&mut tx, newest.version, &newest.name)
            .await?;
        let values = vec![
            newest.version.into(),
            newest.name.as_str().into(),
            self.world.now().into(),
        ];
        tx.execute(BEGIN_USE, values).await?;
        tx.commit().await?;
        Ok(newest.version)
    }

    /// Some people with a document that is not indexed under the newest hashing key in use, in the
    /// order of their ids and after `after`.
    pub async fn unindexed(
        &self,
        after: Option<SubjectId>,
        at_most: u32,
    ) -> Result<Vec<SubjectId>, KeyringError> {
        let after = after.map_or_else(String::new, |subject| subject.to_string());
        let rows = self
            .db
            .rows(UNINDEXED, vec![after.into(), at_most.into()])
            .await?;
        Ok(rows
            .iter()
            .map(|row| row.parsed(0))
            .collect::<Result<_, _>>()?)
    }

    /// Whether all of a person's documents are indexed under the newest hashing key in use.
    pub async fn is_indexed(&self, subject: SubjectId) -> Result<bool, KeyringError> {
        let row = self.db.row(BEHIND, vec![subject.to_string().into()]);
        Ok(row.await?.is_none())
    }

    /// Forgets how to find somebody of whom the gateway knows nothing: a log-in that never ended.
    /// `false` when they are indexed after all, or began it within the last hour.
    pub async fn drop_stray(&self, subject: SubjectId) -> Result<bool, KeyringError> {
        let whose = subject.to_string();
        let mut tx = self.eraser.begin().await?;
        hold(&mut tx, &whose).await?;
        let fresh = "SELECT subject FROM subject_lookup WHERE subject = $1 AND added_at > $2";
        let values = vec![whose.as_str().into(), (self.world.now() - STRAY).into()];
        let is_fresh = tx.row(fresh, values).await?.is_some();
        let behind = tx.row(BEHIND, vec![whose.as_str().into()]).await?.is_some();
        if is_fresh || !behind {
            return Ok(false);
        }
        tx.execute(
            "DELETE FROM subject_lookup WHERE subject = $1",
            vec![whose.into()],
        )
        .await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Gives up a hashing key and every look-up under it; gives the number of these.
    ///
    /// Refuses while somebody would be lost. What it began, the next call ends.
    pub async fn retire_lookup_key(&self, version: u32) -> Result<u64, KeyringError> {
        self.stop_indexing(version).await?;
        let mut gone = 0;
        let mut after = String::new();
        while let Some((batch, last)) = self.drop_lookups(version, after).await? {
            gone += batch;
            after = last;
        }
        self.end_lookup_key(version).await?;
        self.eraser.truncate_journal().await?; // or the deleted hashes would linger beside the file
        Ok(gone)
    }

    /// From its commit on, nobody is indexed under the key any more.
    pub(super) async fn stop_indexing(&self, version: u32) -> Result<(), KeyringError> {
        let mut tx = self.eraser.begin().await?;
        let newest = tx.row(NEWEST, vec![]).await?;
        match newest.map(|row| people::version(&row, 0)).transpose()? {
            Some(newest) if newest == version => {
                return Err(KeyringError::LookupKeyNewest { version });
            }
            _ => {}
        }
        let lost = self.unindexed(None, u32::MAX).await?;
        if !lost.is_empty() {
            return Err(KeyringError::StillNeeded {
                rows: lost.len() as u64,
            });
        }
        let marked = tx.execute(
            "UPDATE lookup_key SET retiring = $2 WHERE version = $1",
            vec![version.into(), self.world.now().into()],
        );
        if marked.await? == 0 {
            return Err(KeyringError::LookupKeyUnknown { version });
        }
        tx.commit().await?;
        Ok(())
    }

    /// Deletes the look-ups of the next people, as far as they are found without them. Gives their number and the last person looked at; `None` after the last.
    pub(super) async fn drop_lookups(
        &self,
        version: u32,
        after: String,
    ) -> Result<Option<(u64, String)>, KeyringError> {
        let mut tx = self.eraser.begin().await?;
        let people = tx.rows(
            "SELECT DISTINCT subject FROM subject_lookup WHERE version = $1 AND subject > $2
             ORDER BY subject LIMIT $3",
            vec![version.into(), after.into(), BATCH.into()],
        );
        let (mut gone, mut last) = (0, None);
        for row in people.await? {
            let whose = row.text(0)?;
            hold(&mut tx, &whose).await?; // in the order of ids, as everywhere
            gone += Self::drop_lookups_of(&mut tx, version, &whose).await?;
            last = Some(whose);
        }
        tx.commit().await?;
        Ok(last.map(|last| (gone, last)))
    }

    async fn drop_lookups_of(tx: &mut Tx, version: u32, whose: &str) -> Result<u64, KeyringError> {
        if tx.row(BEHIND, vec![whose.into()]).await?.is_some() {
            return Ok(0);
        }
        let gone = tx.execute(
            "DELETE FROM subject_lookup WHERE version = $1 AND subject = $2",
            vec![version.into(), whose.into()],
        );
        Ok(gone.await?)
    }

    async fn end_lookup_key(&self, version: u32) -> Result<(), KeyringError> {
        let mut tx = self.eraser.begin().await?;
        let left = "SELECT COUNT(*) FROM subject_lookup WHERE version = $1";
        let left = tx.row(left, vec![version.into()]).await?;
        let left = left.map_or(Ok(0), |row| row.int(0))?;
        if left > 0 {
            return Err(KeyringError::StillNeeded {
                rows: left.unsigned_abs(),
            });
        }
        tx.execute(
            "DELETE FROM lookup_key WHERE version = $1",
            vec![version.into()],
        )
        .await?;
        tx.commit().await?;
        Ok(())
    }
}

const NEWEST: &str =
    "SELECT version FROM lookup_key WHERE retiring IS NULL ORDER BY version DESC LIMIT 1";

/// People with more documents under an older hashing key than under the newest in use.
const UNINDEXED: &str = "SELECT DISTINCT o.subject FROM subject_lookup o WHERE o.subject > $1
    AND (SELECT COUNT(*) FROM subject_lookup v WHERE v.subject = o.subject AND v.version = o.version)
      > (SELECT COUNT(*) FROM subject_lookup w WHERE w.subject = o.subject AND w.version =
            (SELECT MAX(version) FROM lookup_key WHERE retiring IS NULL))
    ORDER BY o.subject LIMIT $2";

/// The same of one person.
const BEHIND: &str = "SELECT o.subject FROM subject_lookup o WHERE o.subject = $1
    AND (SELECT COUNT(*) FROM subject_lookup v WHERE v.subject = o.subject AND v.version = o.version)
      > (SELECT COUNT(*) FROM subject_lookup w WHERE w.subject = o.subject AND w.version =
            (SELECT MAX(version) FROM lookup_key WHERE retiring IS NULL))
    LIMIT 1";
