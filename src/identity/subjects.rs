//! From the person a provider named to the random id everything is kept under, and back.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::error::Unavailable;
use crate::citizen::{Document, Person, PersonName, SubjectId};
use crate::clock::World;
use crate::store::keyring::{Keyring, KeyringError, RetentionClass};
use crate::store::{Db, Tx};

/// People, encrypted.
#[derive(Clone, Debug)]
pub(super) struct Subjects {
    pub(super) keyring: Arc<Keyring>,
    pub(super) world: World,
}

/// A person sealed and ready to be written in the transaction that recognises them.
pub(super) struct Enrolled {
    pub(super) subject: SubjectId,
    sealed: Vec<u8>,
    /// Their document, when it was not kept among the others yet.
    document: Option<SealedDocument>,
}

/// A document ready to be kept among those a person is found by.
pub(super) struct SealedDocument {
    id: String,
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
    pub(super) fn new(keyring: Arc<Keyring>, world: World) -> Self {
        Self { keyring, world }
    }

    /// Finds or makes the subject of a document. Enrolling twice gives the same one.
    pub(super) async fn enrol(&self, db: &Db, person: &Person) -> Result<Enrolled, Unavailable> {
        let subject = self.keyring.enrol(&person.document).await?;
        let document = self.unkept(db, subject, &person.document).await?;
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
        Ok(Enrolled {
            subject,
            sealed,
            document,
        })
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
        match enrolled.document {
            Some(document) => Self::keep(tx, enrolled.subject, document, now).await,
            None => Ok(()),
        }
    }

    /// A document, sealed, unless it is kept among the person's already.
    pub(super) async fn unkept(
        &self,
        db: &Db,
        subject: SubjectId,
        document: &Document,
    ) -> Result<Option<SealedDocument>, Unavailable> {
        if self.kept(db, subject).await?.contains(document) {
            return Ok(None);
        }
        let id = self.world.entropy.uuid().to_string();
        let (class, context) = (RetentionClass::Identity, document_context(&id));
        let text = document.lookup_key();
        let sealed = self.keyring.seal(subject, class, &context, text.as_bytes());
        Ok(Some(SealedDocument {
            sealed: sealed.await?,
            id,
        }))
    }

    /// Keeps a document among those the person is found by.
    pub(super) async fn keep(
        tx: &mut Tx,
        subject: SubjectId,
        document: SealedDocument,
        now: Timestamp,
    ) -> Result<(), Unavailable> {
        tx.execute(
            "INSERT INTO subject_document (id, subject, sealed, added_at) VALUES ($1, $2, $3, $4)",
            vec![
                document.id.into(),
                subject.to_string().into(),
                document.sealed.into(),
                now.into(),
            ],
        )
        .await?;
        Ok(())
    }

    /// The documents a person is found by, as far as they can be read.
    pub(super) async fn kept(
        &self,
        db: &Db,
        subject: SubjectId,
    ) -> Result<Vec<Document>, Unavailable> {
        let sql = "SELECT id, sealed FROM subject_document WHERE subject = $1";
        let mut kept = Vec::new();
        for row in db.rows(sql, vec![subject.to_string().into()]).await? {
            let (context, sealed) = (document_context(&row.text(0)?), row.bytes(1)?);
            if let Some(document) = self.open_document(subject, &context, &sealed).await?
                && !kept.contains(&document)
            {
                kept.push(document);
            }
        }
        Ok(kept)
    }

    /// `None` when its key is gone, or it does not read: that of an older keyring, or damage.
    async fn open_document(
        &self,
        subject: SubjectId,
        context: &str,
        sealed: &[u8],
    ) -> Result<Option<Document>, Unavailable> {
        let class = RetentionClass::Identity;
        let opened = self.keyring.open_sealed(subject, class, context, sealed);
        match opened.await {
            Ok(text) => Ok(std::str::from_utf8(&text)
                .ok()
                .and_then(|text| Document::from_lookup_key(text).ok())),
            Err(KeyringError::Erased | KeyringError::Missing | KeyringError::Unreadable) => {
                Ok(None)
            }
            Err(cause) => Err(cause.into()),
        }
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

/// Ties a sealed document to its row.
fn document_context(id: &str) -> String {
    format!("subject_document/{id}")
}

/// Ties a sealed person to its row: moved to another, it does not open.
fn context(subject: SubjectId) -> String {
    format!("subject/{subject}")
}
