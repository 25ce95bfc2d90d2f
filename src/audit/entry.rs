//! Entries: writing one, and reading what it says.

use jiff::Timestamp;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::log::leaf::{Kind, commitment, leaf, leaf_hash};
use super::{Log, LogError, store};
use crate::citizen::{EntryId, SubjectId};
use crate::store::keyring::{RetentionClass, year_of};
use crate::store::{Row, StoreError, Tx, instant, micros};

/// An entry that is part of the log once its transaction commits.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Staged {
    /// The name of the entry.
    pub entry: EntryId,
    /// The hash of its leaf: what a receipt quotes.
    pub leaf_hash: [u8; 32],
    /// When, to the microsecond, as the payload says it.
    pub at: Timestamp,
}

/// What is known of an entry without opening it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Entry {
    /// What it is about.
    pub kind: Kind,
    /// Whose key opens it; `None` for the gateway's own.
    pub subject: Option<SubjectId>,
    /// When it was staged.
    pub at: Timestamp,
    /// The exact bytes in the tree.
    pub leaf: Vec<u8>,
    /// Its place in the tree, once it has one.
    pub position: Option<u64>,
}

/// An entry's payload and the key that proves it.
pub(super) struct Opened {
    pub(super) key: Zeroizing<[u8; 32]>,
    pub(super) payload: Zeroizing<Vec<u8>>,
}

impl Log {
    /// Writes an entry in the caller's transaction: with it or not at all.
    ///
    /// The payload gets `v`, `kind`, `at` and `subject`; a `counter` is the caller's. Its data key is
    /// made first, in the keyring, and stays there if the transaction is undone.
    pub async fn stage(
        &self,
        tx: &mut Tx,
        kind: Kind,
        subject: Option<SubjectId>,
        payload: Map<String, Value>,
    ) -> Result<Staged, LogError> {
        let entry = EntryId::random(&*self.world.entropy);
        let at = to_the_microsecond(self.world.now())?;
        let payload = complete(payload, kind, at, subject)?;
        let class = RetentionClass::Evidence;
        let key = self.keyring.data_key(subject, year_of(at), class).await?;
        let leaf = leaf(kind, at, &commitment(&key.entry_key(entry), &payload));
        let leaf_hash = leaf_hash(&leaf);
        let values = vec![
            entry.to_string().into(),
            kind.as_str().into(),
            subject.map(|subject| subject.to_string()).into(),
            at.into(),
            leaf.into(),
            key.seal(&place(entry), &payload)?.into(),
        ];
        tx.execute(
            "INSERT INTO log_entry (entry, kind, subject, at, leaf, sealed)
             VALUES ($1, $2, $3, $4, $5, $6)",
            values,
        )
        .await?;
        self.note_waiting(at);
        Ok(Staged {
            entry,
            leaf_hash,
            at,
        })
    }

    /// What an entry says. [`LogError::Erased`] once its person's keys are gone.
    pub async fn payload(&self, entry: EntryId) -> Result<Value, LogError> {
        let row = self.entry_row(entry).await?;
        let opened = self.open_entry(entry, &read(&row)?, &row.bytes(4)?).await?;
        serde_json::from_slice(&opened.payload)
            .map_err(|_| LogError::Damaged("a payload is not JSON"))
    }

    /// What is known of an entry without its key.
    pub async fn entry(&self, entry: EntryId) -> Result<Entry, LogError> {
        read(&self.entry_row(entry).await?)
    }

    pub(super) async fn entry_row(&self, entry: EntryId) -> Result<Row, LogError> {
        let row = self.db.row(store::ENTRY, vec![entry.to_string().into()]);
        row.await?.ok_or(LogError::UnknownEntry)
    }

    /// Opens an entry and checks that the leaf commits to what was opened.
    pub(super) async fn open_entry(
        &self,
        name: EntryId,
        entry: &Entry,
        sealed: &[u8],
    ) -> Result<Opened, LogError> {
        let (year, class) = (year_of(entry.at), RetentionClass::Evidence);
        let key = self
            .keyring
            .existing_key(entry.subject, year, class)
            .await?;
        let payload = key.open(&place(name), sealed)?;
        let key = key.entry_key(name);
        if leaf(entry.kind, entry.at, &commitment(&key, &payload)) != entry.leaf {
            return Err(LogError::Damaged("a leaf does not commit to its payload"));
        }
        Ok(Opened { key, payload })
    }
}

/// Reads a row of [`store::ENTRY`].
pub(super) fn read(row: &Row) -> Result<Entry, LogError> {
    let subject = row.text_or_null(1)?.map(|subject| subject.parse());
    let position = row.int_or_null(5)?.map(u64::try_from);
    Ok(Entry {
        kind: row.parsed(0)?,
        subject: subject
            .transpose()
            .map_err(|_| StoreError::Corrupt { column: 1 })?,
        at: row.instant(2)?,
        leaf: row.bytes(3)?,
        position: position
            .transpose()
            .map_err(|_| StoreError::Corrupt { column: 5 })?,
    })
}

/// Adds what every payload has, and writes it as RFC 8785 does.
fn complete(
    mut payload: Map<String, Value>,
    kind: Kind,
    at: Timestamp,
    subject: Option<SubjectId>,
) -> Result<Zeroizing<Vec<u8>>, LogError> {
    let ours = [
        ("v", Some(Value::from(1))),
        ("kind", Some(Value::from(kind.as_str()))),
        ("at", Some(Value::from(format!("{at:.6}")))),
        (
            "subject",
            subject.map(|subject| Value::from(subject.to_string())),
        ),
    ];
    for (name, value) in ours {
        if payload.contains_key(name) {
            return Err(LogError::Payload("v, kind, at and subject are the log's"));
        }
        payload.extend(value.map(|value| (name.to_owned(), value)));
    }
    let bytes = serde_jcs::to_vec(&Value::Object(payload))
        .map_err(|_| LogError::Payload("it has no canonical form"))?;
    if bytes.len() > MOST {
        return Err(LogError::Payload("it is longer than a mebibyte"));
    }
    Ok(Zeroizing::new(bytes))
}

/// What the database can hold, so that payload and row say the same.
fn to_the_microsecond(at: Timestamp) -> Result<Timestamp, StoreError> {
    instant(micros(at)).ok_or(StoreError::Corrupt { column: 0 })
}

/// Where an entry's payload lies, to which its ciphertext is bound.
fn place(entry: EntryId) -> String {
    format!("log_entry/{entry}")
}

const MOST: usize = 1024 * 1024;
