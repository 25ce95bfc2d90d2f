//! Keys, in a database of their own, so that what was written for ever can still be forgotten.
//!
//! Every person has a data key per year and retention class. It is made and durable before its
//! first use, stored wrapped, and never cached: once [`Keyring::erase`] has returned, nothing sealed
//! for that person opens again, on any replica.

mod data_key;
mod lookup;
pub mod secret_file;
#[cfg(test)]
pub(crate) mod tests;
mod wrapper;

use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use zeroize::Zeroizing;

use super::{Db, Row, StoreError, Tx, Value};
use crate::citizen::{Document, EntryId, SubjectId};
use crate::clock::World;

pub(crate) use data_key::DataKey;
pub use lookup::{InvalidLookupKeys, LookupKeys};
pub use wrapper::{FileWrapper, Wrapper, WrapperError};

/// Why the keyring did not do as asked.
#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    /// The document already belongs to someone else here.
    #[error("the document is already known as another person's")]
    AnotherSubject,
    /// The person's keys were destroyed, on purpose.
    #[error("the keys of this person were erased")]
    Erased,
    /// No such key, though nobody erased it: a keyring older than the database, or another's.
    #[error("the key is not in the keyring, and was not erased")]
    Missing,
    /// The database of keys failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What was sealed is not what is read, or was sealed for another place.
    #[error("sealed bytes do not open: changed, cut short, or from another place")]
    Unreadable,
    /// The wrapping key did not wrap or unwrap.
    #[error(transparent)]
    Wrapper(#[from] WrapperError),
}

/// How long what a key seals must be kept.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum RetentionClass {
    /// Consent and exchange log: five years.
    Evidence,
    /// Who somebody is: as long as they use the service.
    Identity,
    /// Sessions and log-ins on their way: hours.
    Session,
}

impl RetentionClass {
    /// The word stored beside the key.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Evidence => "evidence",
            Self::Identity => "identity",
            Self::Session => "session",
        }
    }
}

/// The keys, and who they belong to.
#[derive(Debug)]
pub struct Keyring {
    db: Db,
    wrapper: Arc<dyn Wrapper>,
    lookup: LookupKeys,
    world: World,
}

impl Keyring {
    /// The keyring in a database opened with [`Schema::Keyring`](super::Schema::Keyring).
    pub fn open(db: Db, wrapper: Arc<dyn Wrapper>, lookup: LookupKeys, world: World) -> Self {
        Self {
            db,
            wrapper,
            lookup,
            world,
        }
    }

    /// The person a document belongs to, if we know them.
    pub async fn subject_of(&self, document: &Document) -> Result<Option<SubjectId>, KeyringError> {
        for (version, hash) in self.lookup.hashes(document) {
            let row = self.db.row(FIND, vec![version.into(), hash.into()]);
            if let Some(row) = row.await? {
                return Ok(Some(row.parsed(0)?));
            }
        }
        Ok(None)
    }

    /// The person a document belongs to; a new one when nobody is known by it.
    ///
    /// Somebody found by an older hashing key is indexed under the newest as well, so that the old
    /// key can be retired.
    pub async fn enrol(&self, document: &Document) -> Result<SubjectId, KeyringError> {
        let (newest, hash) = self.lookup.newest(document);
        let found = self.db.row(FIND, vec![newest.into(), hash.into()]).await?;
        if let Some(row) = found {
            return Ok(row.parsed(0)?);
        }
        let mut tx = self.db.begin().await?;
        let subject = match self.find_in(&mut tx, document).await? {
            Some(subject) => subject,
            None => SubjectId::random(&*self.world.entropy),
        };
        self.index_in(&mut tx, document, subject).await?;
        tx.commit().await?;
        Ok(subject)
    }

    /// Lets a person be known by one more document, as when a NIE becomes a DNI.
    pub async fn alias(&self, subject: SubjectId, document: &Document) -> Result<(), KeyringError> {
        let mut tx = self.db.begin().await?;
        match self.find_in(&mut tx, document).await? {
            Some(other) if other != subject => return Err(KeyringError::AnotherSubject),
            _ => self.index_in(&mut tx, document, subject).await?,
        }
        tx.commit().await?;
        Ok(())
    }

    /// Encrypts under the data key of this year. `None` is the gateway itself, for what concerns
    /// nobody yet.
    ///
    /// `context` says where the bytes will lie (table and row): they open nowhere else.
    pub async fn seal(
        &self,
        subject: impl Into<Option<SubjectId>>,
        class: RetentionClass,
        context: &str,
        plaintext: &[u8],
    ) -> Result<Vec<u8>, KeyringError> {
        let year = year_of(self.world.now());
        let key = self.data_key(subject.into(), year, class).await?;
        key.seal(context, plaintext)
    }

    /// Decrypts what [`Keyring::seal`] gave for the same person, class and context.
    pub async fn open_sealed(
        &self,
        subject: impl Into<Option<SubjectId>>,
        class: RetentionClass,
        context: &str,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, KeyringError> {
        let year = DataKey::year_of(sealed)?;
        let key = self.existing_key(subject.into(), year, class).await?;
        key.open(context, sealed)
    }

    /// The key that opens one log entry, derived from the person's evidence key of that year.
    ///
    /// Never makes a data key: an entry that exists has one, or was erased.
    pub async fn entry_key(
        &self,
        subject: Option<SubjectId>,
        year: i16,
        entry: EntryId,
    ) -> Result<Zeroizing<[u8; 32]>, KeyringError> {
        let class = RetentionClass::Evidence;
        Ok(self
            .existing_key(subject, year, class)
            .await?
            .entry_key(entry))
    }

    /// Destroys every key of a person, and how they were found. Gives the number of keys.
    ///
    /// Nothing brings them back but an older copy of this database; after restoring one, see
    /// [`Log::repeat_erasures`](crate::audit::Log::repeat_erasures).
    pub async fn erase(&self, subject: SubjectId) -> Result<u64, KeyringError> {
        let mut tx = self.db.begin().await?;
        let whose = subject.to_string();
        let tombstone = vec![whose.as_str().into(), self.world.now().into()];
        tx.execute(
            "INSERT INTO erased (subject, at) VALUES ($1, $2) ON CONFLICT DO NOTHING",
            tombstone,
        )
        .await?;
        let keys = tx
            .execute(
                "DELETE FROM data_key WHERE subject = $1",
                vec![whose.as_str().into()],
            )
            .await?;
        tx.execute(
            "DELETE FROM subject_lookup WHERE subject = $1",
            vec![whose.into()],
        )
        .await?;
        tx.commit().await?;
        self.db.truncate_journal().await?; // or the deleted bytes would linger beside the file
        Ok(keys)
    }

    /// Whether the wrapping keys at hand open what is kept: one data key of each is tried.
    ///
    /// A service started with another wrapping key would find nobody's data, and say so one by one.
    pub async fn check(&self) -> Result<(), KeyringError> {
        for wrapper in self
            .db
            .rows("SELECT DISTINCT wrapper FROM data_key", vec![])
            .await?
        {
            let row = self.db.row(
                "SELECT wrapper, wrapped, subject, year, class FROM data_key WHERE wrapper = $1
                 LIMIT 1",
                vec![wrapper.text(0)?.into()],
            );
            if let Some(row) = row.await? {
                let context = context_of(&row.text(2)?, row.int(3)?, &row.text(4)?);
                self.wrapper
                    .unwrap(&row.text(0)?, &context, &row.bytes(1)?)?;
            }
        }
        Ok(())
    }

    /// Wraps every key anew under the current wrapping key, so that an older one can be retired.
    pub async fn rewrap(&self) -> Result<u64, KeyringError> {
        let mut tx = self.db.begin().await?;
        let stale = tx
            .rows(
                "SELECT wrapper, wrapped, subject, year, class FROM data_key WHERE wrapper <> $1",
                vec![self.wrapper.id().into()],
            )
            .await?;
        for row in &stale {
            let context = context_of(&row.text(2)?, row.int(3)?, &row.text(4)?);
            let key = self
                .wrapper
                .unwrap(&row.text(0)?, &context, &row.bytes(1)?)?;
            let values = vec![
                self.wrapper.id().into(),
                self.wrapper.wrap(&context, &key)?.into(),
                row.text(2)?.into(),
                row.int(3)?.into(),
                row.text(4)?.into(),
            ];
            tx.execute(
                "UPDATE data_key SET wrapper = $1, wrapped = $2
                 WHERE subject = $3 AND year = $4 AND class = $5",
                values,
            )
            .await?;
        }
        tx.commit().await?;
        Ok(stale.len() as u64)
    }

    /// The data key, made first if there is none. When this returns it is on the disk.
    pub(crate) async fn data_key(
        &self,
        subject: Option<SubjectId>,
        year: i16,
        class: RetentionClass,
    ) -> Result<DataKey, KeyringError> {
        match self.existing_key(subject, year, class).await {
            Err(KeyringError::Missing) => self.make_key(subject, year, class).await,
            found => found,
        }
    }

    /// The data key, if there is one.
    pub(crate) async fn existing_key(
        &self,
        subject: Option<SubjectId>,
        year: i16,
        class: RetentionClass,
    ) -> Result<DataKey, KeyringError> {
        let values = key_of(subject, year, class);
        if let Some(row) = self.db.row(DATA_KEY, values).await? {
            return self.unwrap(&row, subject, year, class);
        }
        let erased = self.db.row(IS_ERASED, vec![owner(subject).into()]).await?;
        Err(erased.map_or(KeyringError::Missing, |_| KeyringError::Erased))
    }

    /// Two callers may arrive here at once: the insert lets one win, and both read the winner's.
    async fn make_key(
        &self,
        subject: Option<SubjectId>,
        year: i16,
        class: RetentionClass,
    ) -> Result<DataKey, KeyringError> {
        let fresh = Zeroizing::new(self.world.entropy.bytes::<32>());
        let context = context_of(&owner(subject), year.into(), class.as_str());
        let wrapped = self.wrapper.wrap(&context, &fresh)?;
        let mut tx = self.db.begin().await?;
        if (tx.row(IS_ERASED, vec![owner(subject).into()]).await?).is_some() {
            return Err(KeyringError::Erased);
        }
        let mut values = key_of(subject, year, class);
        values.extend([
            self.wrapper.id().into(),
            wrapped.into(),
            self.world.now().into(),
        ]);
        tx.execute(
            "INSERT INTO data_key (subject, year, class, wrapper, wrapped, created_at)
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
            values,
        )
        .await?;
        let row = tx.row(DATA_KEY, key_of(subject, year, class)).await?;
        tx.commit().await?;
        self.unwrap(&row.ok_or(KeyringError::Missing)?, subject, year, class)
    }

    fn unwrap(
        &self,
        row: &Row,
        subject: Option<SubjectId>,
        year: i16,
        class: RetentionClass,
    ) -> Result<DataKey, KeyringError> {
        let context = context_of(&owner(subject), year.into(), class.as_str());
        let key = self
            .wrapper
            .unwrap(&row.text(0)?, &context, &row.bytes(1)?)?;
        Ok(DataKey::new(key, year, class))
    }

    async fn find_in(
        &self,
        tx: &mut Tx,
        document: &Document,
    ) -> Result<Option<SubjectId>, KeyringError> {
        for (version, hash) in self.lookup.hashes(document) {
            if let Some(row) = tx.row(FIND, vec![version.into(), hash.into()]).await? {
                return Ok(Some(row.parsed(0)?));
            }
        }
        Ok(None)
    }

    async fn index_in(
        &self,
        tx: &mut Tx,
        document: &Document,
        subject: SubjectId,
    ) -> Result<(), KeyringError> {
        let (version, hash) = self.lookup.newest(document);
        let values = vec![
            version.into(),
            hash.into(),
            subject.to_string().into(),
            self.world.now().into(),
        ];
        tx.execute(
            "INSERT INTO subject_lookup (version, hash, subject, added_at)
             VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
            values,
        )
        .await?;
        Ok(())
    }
}

/// The year, in UTC, whose key seals what happens at an instant.
pub(crate) fn year_of(at: Timestamp) -> i16 {
    at.to_zoned(TimeZone::UTC).year()
}

fn owner(subject: Option<SubjectId>) -> String {
    subject.map_or_else(|| "service".to_owned(), |subject| subject.to_string())
}

fn key_of(subject: Option<SubjectId>, year: i16, class: RetentionClass) -> Vec<Value> {
    vec![
        owner(subject).into(),
        i64::from(year).into(),
        class.as_str().into(),
    ]
}

/// What a wrapped key is bound to: moved to another row, it does not unwrap.
fn context_of(owner: &str, year: i64, class: &str) -> String {
    format!("data_key/{owner}/{year}/{class}")
}

const FIND: &str = "SELECT subject FROM subject_lookup WHERE version = $1 AND hash = $2";
const DATA_KEY: &str =
    "SELECT wrapper, wrapped FROM data_key WHERE subject = $1 AND year = $2 AND class = $3";
const IS_ERASED: &str = "SELECT at FROM erased WHERE subject = $1";
