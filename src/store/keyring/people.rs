//! Finding people by their documents.

use super::lookup::LookupKey;
use super::{Keyring, KeyringError, hold_living};
use crate::citizen::{Document, SubjectId};
use crate::store::{Row, StoreError, Tx};

impl Keyring {
    /// The person a document belongs to, if we know them.
    pub async fn subject_of(&self, document: &Document) -> Result<Option<SubjectId>, KeyringError> {
        for key in self.lookup.all() {
            let values = vec![key.version.into(), key.hash(document).into()];
            if let Some(row) = self.db.row(FIND, values).await? {
                return Ok(Some(row.parsed(0)?));
            }
        }
        Ok(None)
    }

    /// The person a document belongs to; a new one when nobody is known by it.
    ///
    /// Somebody found by an older hashing key is indexed under the newer ones as well.
    pub async fn enrol(&self, document: &Document) -> Result<SubjectId, KeyringError> {
        if let Some(subject) = self.indexed(document).await? {
            return Ok(subject);
        }
        for _ in 0..TRIES {
            if let Some(subject) = self.try_enrol(document).await? {
                return Ok(subject);
            }
        }
        Err(StoreError::Conflict.into())
    }

    /// Lets a person be known by one more document, as when a NIE becomes a DNI; or indexes them
    /// under hashing keys that came into use since.
    pub async fn alias(&self, subject: SubjectId, document: &Document) -> Result<(), KeyringError> {
        let mut tx = self.db.begin().await?;
        match self.find_in(&mut tx, document).await? {
            Some(other) if other != subject => return Err(KeyringError::AnotherSubject),
            _ => self.index_in(&mut tx, document, subject).await?,
        }
        tx.commit().await?;
        Ok(())
    }

    /// The hashing key that a row of [`IN_USE`] is about.
    pub(super) fn lookup_key(&self, row: &Row) -> Result<&LookupKey, KeyringError> {
        let version = version(row, 0)?;
        let key = self.lookup.of(version);
        let key = key.ok_or(KeyringError::LookupKeyMissing { version })?;
        if key.name != row.text(1)? {
            return Err(KeyringError::LookupKeyChanged { version });
        }
        Ok(key)
    }

    /// Whoever is indexed under the newest hashing key in use, as nearly everybody always is.
    async fn indexed(&self, document: &Document) -> Result<Option<SubjectId>, KeyringError> {
        let in_use = self.db.rows(IN_USE, vec![]).await?;
        let Some(newest) = in_use.last() else {
            return Ok(None);
        };
        let key = self.lookup_key(newest)?;
        let values = vec![key.version.into(), key.hash(document).into()];
        let found = self.db.row(FIND, values).await?;
        Ok(found.map(|row| row.parsed(0)).transpose()?)
    }

    /// `None`: somebody else enrolled the document, or erased the person, meanwhile.
    async fn try_enrol(&self, document: &Document) -> Result<Option<SubjectId>, KeyringError> {
        let mut tx = self.db.begin().await?;
        let found = self.find_in(&mut tx, document).await?;
        let subject = found.unwrap_or_else(|| SubjectId::random(&*self.world.entropy));
        match self.index_in(&mut tx, document, subject).await {
            Ok(()) => {
                tx.commit().await?;
                Ok(Some(subject))
            }
            Err(KeyringError::AnotherSubject | KeyringError::Erased) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn find_in(
        &self,
        tx: &mut Tx,
        document: &Document,
    ) -> Result<Option<SubjectId>, KeyringError> {
        for key in self.lookup.all() {
            let values = vec![key.version.into(), key.hash(document).into()];
            if let Some(row) = tx.row(FIND, values).await? {
                return Ok(Some(row.parsed(0)?));
            }
        }
        Ok(None)
    }

    /// Indexes a person under every hashing key in use.
    ///
    /// Under every one, oldest first: replicas that see different keys in use, while one comes into
    /// use or goes, still meet on those both see, and nobody becomes two people.
    async fn index_in(
        &self,
        tx: &mut Tx,
        document: &Document,
        subject: SubjectId,
    ) -> Result<(), KeyringError> {
        let whose = subject.to_string();
        hold_living(tx, &whose).await?;
        for key in self.lookup_keys_in_use(tx).await? {
            let values = vec![key.version.into(), key.hash(document).into()];
            let mut row = values.clone();
            row.extend([whose.as_str().into(), self.world.now().into()]);
            let inserted = tx.execute(
                "INSERT INTO subject_lookup (version, hash, subject, added_at)
                 VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
                row,
            );
            if inserted.await? == 0 {
                let holder = tx.row(FIND, values).await?;
                let holder: Option<SubjectId> = holder.map(|row| row.parsed(0)).transpose()?;
                if holder != Some(subject) {
                    return Err(KeyringError::AnotherSubject);
                }
            }
        }
        Ok(())
    }

    /// The hashing keys people are indexed under; a new keyring begins with the newest at hand.
    async fn lookup_keys_in_use(&self, tx: &mut Tx) -> Result<Vec<&LookupKey>, KeyringError> {
        let mut rows = tx.rows(IN_USE, vec![]).await?;
        if rows.is_empty() {
            let first = self.lookup.newest();
            let values = vec![
                first.version.into(),
                first.name.as_str().into(),
                self.world.now().into(),
            ];
            tx.execute(BEGIN_USE, values).await?;
            rows = tx.rows(IN_USE, vec![]).await?;
        }
        rows.iter().map(|row| self.lookup_key(row)).collect()
    }
}

/// A version of hashing keys, as it is stored.
pub(super) fn version(row: &Row, column: usize) -> Result<u32, StoreError> {
    u32::try_from(row.int(column)?).map_err(|_| StoreError::Corrupt { column })
}

/// Hashing keys people are indexed under, oldest first.
pub(super) const IN_USE: &str =
    "SELECT version, name FROM lookup_key WHERE retiring IS NULL ORDER BY version";

pub(super) const BEGIN_USE: &str =
    "INSERT INTO lookup_key (version, name, since) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";

const FIND: &str = "SELECT subject FROM subject_lookup WHERE version = $1 AND hash = $2";

/// Of enrolling a document that others enrol or erase at the same moment. The second finds what the
/// first ran into.
const TRIES: usize = 4;
