//! Keys, in a database of their own, so that what was written for ever can still be forgotten.
//!
//! Every person has a data key per year and retention class. It is made and durable before its
//! first use, stored wrapped, and never cached: once [`Keyring::erase`] has returned, nothing sealed
//! for that person opens again, on any replica.
//!
//! Replicas agree through this database. Which wrapping key wraps and under which hashing keys people
//! are indexed are rows of it; whoever makes a key for a person, indexes or erases them first locks
//! the person's row in `holder`.

mod backup;
mod data_key;
mod erase;
mod lookup;
mod people;
mod readers;
mod reindex;
mod rotate;
pub mod secret_file;
mod status;
#[cfg(test)]
pub(crate) mod tests;
mod wrapper;

use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use zeroize::Zeroizing;

use super::{Db, Row, StoreError, Tx, Value};
use crate::citizen::{EntryId, SubjectId};
use crate::clock::World;

pub use backup::BackupError;
pub(crate) use data_key::DataKey;
pub use lookup::{InvalidLookupKeys, LookupKeys};
pub use status::{LookupStatus, Role, Status, WrappingStatus};
pub use wrapper::{FileWrapper, Wrapper, WrapperError};

/// Why the keyring did not do as asked.
#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    /// The document already belongs to someone else here.
    #[error("the document is already known as another person's")]
    AnotherSubject,
    /// A key cannot come into use before every running gateway can read it.
    #[error(
        "{readers} running gateway(s) do not have the new key: give them the file and restart them. One that is gone for good counts until {until}"
    )]
    Behind {
        /// How many.
        readers: usize,
        /// When the last of them is taken for gone, should it not be heard of again.
        until: Timestamp,
    },
    /// The person's keys were destroyed, on purpose.
    #[error("the keys of this person were erased")]
    Erased,
    /// Not the hashing key people were indexed under, though it has that version.
    #[error(
        "lookup.keys has another key of version {version} than people are indexed under; put the right one back"
    )]
    LookupKeyChanged {
        /// The version.
        version: u32,
    },
    /// People are indexed under a hashing key that is not at hand.
    #[error(
        "lookup.keys lacks version {version}, under which people are indexed; copy the line from a replica that has it"
    )]
    LookupKeyMissing {
        /// The version.
        version: u32,
    },
    /// People must stay findable: this hashing key is the newest one in use.
    #[error(
        "version {version} is the newest in use; add a newer one to lookup.keys and re-index first"
    )]
    LookupKeyNewest {
        /// The version.
        version: u32,
    },
    /// Nobody is indexed under that version.
    #[error("no look-up key of version {version} is in use")]
    LookupKeyUnknown {
        /// The version.
        version: u32,
    },
    /// No such key, though nobody erased it: a keyring older than the database, or another's.
    #[error("the key is not in the keyring, and was not erased")]
    Missing,
    /// A wrapping key that was replaced is not used again.
    #[error("the wrapping key {id} was retired; remove its file")]
    Retired {
        /// Its name.
        id: String,
    },
    /// Something still depends on what was to be given up.
    #[error("{rows} row(s) still need it")]
    StillNeeded {
        /// How many rows.
        rows: u64,
    },
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
    eraser: Db,
    wrapper: Arc<dyn Wrapper>,
    lookup: LookupKeys,
    world: World,
    replica: String, // of this process, in what it announces
}

impl Keyring {
    /// The keyring in a database opened with [`Schema::Keyring`](super::Schema::Keyring).
    pub fn open(db: Db, wrapper: Arc<dyn Wrapper>, lookup: LookupKeys, world: World) -> Self {
        Self {
            eraser: db.clone(),
            db,
            wrapper,
            lookup,
            replica: world.entropy.uuid().to_string(),
            world,
        }
    }

    /// Deletes and replaces keys through another handle: that of the one role which may.
    #[must_use]
    pub fn with_eraser(self, eraser: Db) -> Self {
        Self { eraser, ..self }
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

    /// Whether the keys at hand are those in use: one data key of each wrapping key is tried.
    ///
    /// A service started with other keys would find nobody and open nothing, and say so one by one.
    pub async fn check(&self) -> Result<(), KeyringError> {
        for lookup in self.db.rows(people::IN_USE, vec![]).await? {
            self.lookup_key(&lookup)?;
        }
        for wrapper in self.db.rows(rotate::IN_USE, vec![]).await? {
            let id = wrapper.text(0)?;
            if !self.wrapper.ids().contains(&id.as_str()) {
                return Err(WrapperError::Unknown { id }.into());
            }
            let row = self.db.row(
                "SELECT wrapper, wrapped, subject, year, class FROM data_key WHERE wrapper = $1
                 LIMIT 1",
                vec![id.into()],
            );
            if let Some(row) = row.await? {
                let context = context_of(&row.text(2)?, row.int(3)?, &row.text(4)?);
                self.wrapper
                    .unwrap(&row.text(0)?, &context, &row.bytes(1)?)?;
            }
        }
        Ok(())
    }

    /// Whether a person has any key. Nobody of whom anything is kept is without one, unless they were
    /// erased, or the keyring is older than the database.
    pub async fn has_keys(&self, subject: SubjectId) -> Result<bool, KeyringError> {
        let sql = "SELECT year FROM data_key WHERE subject = $1 LIMIT 1";
        let row = self.db.row(sql, vec![subject.to_string().into()]).await?;
        Ok(row.is_some())
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

    /// Two callers may arrive here at once: one waits, and finds what the other made.
    async fn make_key(
        &self,
        subject: Option<SubjectId>,
        year: i16,
        class: RetentionClass,
    ) -> Result<DataKey, KeyringError> {
        let mut tx = self.db.begin().await?;
        hold_living(&mut tx, &owner(subject)).await?;
        if let Some(row) = tx.row(DATA_KEY, key_of(subject, year, class)).await? {
            return self.unwrap(&row, subject, year, class);
        }
        let fresh = Zeroizing::new(self.world.entropy.bytes::<32>());
        let context = context_of(&owner(subject), year.into(), class.as_str());
        let current = self.current_wrapper(&mut tx).await?;
        let wrapped = self.wrapper.wrap(&current, &context, &fresh)?;
        let mut values = key_of(subject, year, class);
        values.extend([current.into(), wrapped.into(), self.world.now().into()]);
        tx.execute(
            "INSERT INTO data_key (subject, year, class, wrapper, wrapped, created_at)
             VALUES ($1, $2, $3, $4, $5, $6)",
            values,
        )
        .await?;
        tx.commit().await?;
        Ok(DataKey::new(fresh, year, class))
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
}

/// Locks a person's row until the transaction ends.
async fn hold(tx: &mut Tx, owner: &str) -> Result<(), KeyringError> {
    tx.execute(
        "INSERT INTO holder (subject) VALUES ($1)
         ON CONFLICT (subject) DO UPDATE SET subject = excluded.subject",
        vec![owner.into()],
    )
    .await?;
    Ok(())
}

/// The same, for what is not done for the erased.
async fn hold_living(tx: &mut Tx, owner: &str) -> Result<(), KeyringError> {
    hold(tx, owner).await?;
    match tx.row(IS_ERASED, vec![owner.into()]).await? {
        Some(_) => Err(KeyringError::Erased),
        None => Ok(()),
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

const DATA_KEY: &str =
    "SELECT wrapper, wrapped FROM data_key WHERE subject = $1 AND year = $2 AND class = $3";
const IS_ERASED: &str = "SELECT at FROM erased WHERE subject = $1";
