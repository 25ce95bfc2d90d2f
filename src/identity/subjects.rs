//! From the person a provider named to the random id everything is kept under, and back.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::error::Unavailable;
use crate::citizen::{Document, Person, PersonName, SubjectId};
use crate::store::keyring::{Keyring, KeyringError, RetentionClass};
use crate::store::{Db, Tx};

/// People, encrypted.
#[derive(Clone, Debug)]
pub(super) struct Subjects {
    keyring: Arc<Keyring>,
}

/// A person sealed and ready to be written in the transaction that recognises them.
pub(super) struct Enrolled {
    pub(super) subject: SubjectId,
    sealed: Vec<u8>,
}

#[derive(Deserialize, Serialize)]
struct Record {
    document: String,
    given: Option<String>,
    surname1: Option<String>,
    surname2: Option<String>,
}

impl Subjects {
    pub(super) fn new(keyring: Arc<Keyring>) -> Self {
        Self { keyring }
    }

    /// Finds or makes the subject of a document. Enrolling twice gives the same one.
    pub(super) async fn enrol(&self, person: &Person) -> Result<Enrolled, Unavailable> {
        let subject = self.keyring.enrol(&person.document).await?;
        let record = Record {
            document: person.document.lookup_key().as_str().to_owned(),
            given: person.name.given.clone(),
            surname1: person.name.surname1.clone(),
            surname2: person.name.surname2.clone(),
        };
        let plain = Zeroizing::new(serde_json::to_vec(&record).map_err(|_| Unavailable::Record)?);
        let sealed = self
            .keyring
            .seal(subject, RetentionClass::Identity, &context(subject), &plain)
            .await?;
        Ok(Enrolled { subject, sealed })
    }

    /// Writes who they are now; a later log-in replaces an earlier name.
    pub(super) async fn write(
        tx: &mut Tx,
        enrolled: Enrolled,
        now: Timestamp,
    ) -> Result<(), Unavailable> {
        let id = enrolled.subject.to_string();
        tx.execute(
            "INSERT INTO subject (subject, created_at, person) VALUES ($1, $2, $3) \
             ON CONFLICT (subject) DO UPDATE SET person = excluded.person",
            vec![id.as_str().into(), now.into(), enrolled.sealed.into()],
        )
        .await?;
        tx.execute(
            "INSERT INTO subject_head (subject) VALUES ($1) ON CONFLICT (subject) DO NOTHING",
            vec![id.into()],
        )
        .await?;
        Ok(())
    }

    /// Who a subject is; `None` once they were erased.
    pub(super) async fn person(
        &self,
        db: &Db,
        subject: SubjectId,
    ) -> Result<Option<Person>, Unavailable> {
        let sql = "SELECT person FROM subject WHERE subject = $1";
        let Some(row) = db.row(sql, vec![subject.to_string().into()]).await? else {
            return Ok(None);
        };
        let record: Option<Record> = self
            .open(
                Some(subject),
                RetentionClass::Identity,
                &context(subject),
                &row.bytes(0)?,
            )
            .await?;
        let Some(record) = record else {
            return Ok(None);
        };
        let document = Zeroizing::new(record.document);
        Ok(Some(Person {
            document: Document::from_lookup_key(&document).map_err(|_| Unavailable::Record)?,
            name: PersonName {
                given: record.given,
                surname1: record.surname1,
                surname2: record.surname2,
            },
        }))
    }

    /// Seals a small record about a subject, or about nobody yet.
    pub(super) async fn seal<T: Serialize>(
        &self,
        subject: Option<SubjectId>,
        class: RetentionClass,
        context: &str,
        record: &T,
    ) -> Result<Vec<u8>, Unavailable> {
        let plain = Zeroizing::new(serde_json::to_vec(record).map_err(|_| Unavailable::Record)?);
        Ok(self.keyring.seal(subject, class, context, &plain).await?)
    }

    /// Opens what [`Subjects::seal`] sealed for the same place; `None` once its owner was erased.
    pub(super) async fn open<T: for<'a> Deserialize<'a>>(
        &self,
        subject: Option<SubjectId>,
        class: RetentionClass,
        context: &str,
        sealed: &[u8],
    ) -> Result<Option<T>, Unavailable> {
        let opened = self.keyring.open_sealed(subject, class, context, sealed);
        match opened.await {
            Ok(plain) => serde_json::from_slice(&plain)
                .map(Some)
                .map_err(|_| Unavailable::Record),
            Err(KeyringError::Erased) => Ok(None),
            Err(cause) => Err(cause.into()),
        }
    }
}

/// Ties a sealed person to its row: moved to another, it does not open.
fn context(subject: SubjectId) -> String {
    format!("subject/{subject}")
}
