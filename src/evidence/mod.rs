//! The evidence of one exchange, put together: what the person was shown, who they were, what they
//! signed, what was asked, what came of it, who received it, and the proofs that all of it was recorded.
//!
//! Leans on `exchange` (what was asked), `consent` (receipts and what was sealed with them) and `audit`
//! (records and proofs), and writes nothing. Only the API leans on it. A part that is not there makes
//! the bundle incomplete and is named in it (CON-15); a store that does not answer is an error.

mod archive;
mod bundle;
mod store;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;

use crate::audit::LogError;
use crate::citizen::{EntryId, ExchangeId, ReceiptId, SubjectId};
use crate::consent::ConsentError;
use crate::exchange::officer_place;
use crate::store::StoreError;
use crate::store::keyring::{KeyringError, RetentionClass};
use store::Rows;

pub use archive::Archive;
pub use bundle::{
    Bundle, DecisionEvidence, LogEvidence, NoticeEvidence, ReceiptEvidence, Record, Records,
};

/// Puts evidence together.
#[derive(Clone, Debug)]
pub struct Evidence {
    /// What it is put together from.
    pub archive: Archive,
    /// The published keys (RFC 7517).
    pub keys: Arc<Value>,
}

/// For whom evidence is put together.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Reader {
    /// An auditor, whose reading was recorded: also who was answerable for the question.
    Auditor,
    /// The person it is about: of whoever was answerable, the unit and the role (VIEW-05).
    Person(SubjectId),
}

/// Why there is no telling what evidence there is.
#[derive(Debug, thiserror::Error)]
pub enum EvidenceError {
    /// The receipts could not be read.
    #[error(transparent)]
    Consent(#[from] ConsentError),
    /// The keys could not be used.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    /// The log could not be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The database did not carry out a statement.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Evidence {
    /// From what was recorded, and the keys its receipts are checked with.
    pub fn new(archive: Archive, keys: Arc<Value>) -> Self {
        Self { archive, keys }
    }

    /// The person an exchange is about; `None` if there is no such exchange.
    pub async fn subject(&self, exchange: ExchangeId) -> Result<Option<SubjectId>, StoreError> {
        store::subject(&self.archive.db, exchange).await
    }

    /// All there is about an exchange; `None` if there is no such exchange of the reader's.
    pub async fn bundle(
        &self,
        exchange: ExchangeId,
        reader: Reader,
    ) -> Result<Option<Bundle>, EvidenceError> {
        let Some(subject) = self.subject(exchange).await? else {
            return Ok(None);
        };
        if matches!(reader, Reader::Person(person) if person != subject) {
            return Ok(None);
        }
        let Some(view) = self.archive.exchange.exchange(subject, exchange).await? else {
            return Ok(None);
        };
        let Some(rows) = store::rows(&self.archive.db, subject, exchange).await? else {
            return Ok(None);
        };
        let intent = self.record(rows.intent, reader).await?;
        let officer = match (reader, &intent) {
            (Reader::Auditor, Some(intent)) => self.officer(intent).await?,
            _ => None,
        };
        let mut releases = Vec::new();
        for entry in store::releases(&self.archive.db, exchange).await? {
            releases.extend(self.record(Some(entry), reader).await?);
        }
        let authentication = match rows.receipt {
            Some(receipt) => self.authentication(subject, receipt).await?,
            None => None,
        };
        let receipt = self.receipt(subject, &rows).await?;
        let decision_entry = receipt.as_ref().map(|(_, entry)| *entry);
        let mut bundle = Bundle {
            schema: bundle::SCHEMA,
            status: "complete",
            missing: Vec::new(),
            made_at: self.archive.world.now(),
            shown_to: match reader {
                Reader::Auditor => "auditor",
                Reader::Person(_) => "person",
            },
            log: LogEvidence {
                origin: self.archive.log.origin().to_owned(),
                key: self.archive.log.verifier_key().to_owned(),
            },
            notice: self.notice(&rows),
            decision: rows.decision.clone(),
            authentication,
            receipt: receipt.map(|(receipt, _)| receipt),
            records: Records {
                notice_served: self.record(rows.served_entry, reader).await?,
                decision: self.record(decision_entry, reader).await?,
                outcome: self.record(rows.outcome, reader).await?,
                intent,
                releases,
            },
            officer,
            exchange: view,
        };
        bundle.conclude();
        Ok(Some(bundle))
    }

    /// What was shown, from where it was kept; or from the program, if it still ships that very text.
    fn notice(&self, rows: &Rows) -> Option<NoticeEvidence> {
        let mut notice = rows.notice.clone()?;
        if notice.text.is_none() {
            let language = notice.language.parse().ok();
            let shipped = language
                .zip(rows.purpose.as_ref())
                .and_then(|(language, purpose)| {
                    self.archive
                        .terms
                        .notices
                        .text(purpose, notice.version, language)
                });
            notice.text = shipped
                .filter(|shipped| shipped.digest == notice.digest)
                .map(|shipped| shipped.source.clone());
        }
        Some(notice)
    }

    /// The receipt with the public half of its key, and the entry it is about.
    async fn receipt(
        &self,
        subject: SubjectId,
        rows: &Rows,
    ) -> Result<Option<(ReceiptEvidence, EntryId)>, EvidenceError> {
        let Some(id) = rows.receipt else {
            return Ok(None);
        };
        let receipt = match self.archive.ledger.receipt(subject, id).await {
            Ok(receipt) => receipt,
            Err(ConsentError::UnknownReceipt) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let key = kid(&receipt.jws).and_then(|kid| key_of(&self.keys, &kid));
        let evidence = ReceiptEvidence {
            id: receipt.id.to_string(),
            code: receipt.code,
            jws: receipt.jws,
            issued_at: receipt.issued_at,
            key,
        };
        Ok(Some((evidence, receipt.entry)))
    }

    /// What was sealed with the receipt: who decided, how they were recognised, what they had seen.
    async fn authentication(
        &self,
        subject: SubjectId,
        receipt: ReceiptId,
    ) -> Result<Option<Value>, EvidenceError> {
        match self.archive.ledger.evidence(subject, receipt).await {
            Ok(bytes) => Ok(serde_json::from_slice(&bytes).ok()),
            Err(ConsentError::UnknownReceipt) => Ok(None),
            Err(ConsentError::Keyring(error)) if is_lost(&error) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// A record, opened, with its proof; parts of it may be missing.
    async fn record(
        &self,
        entry: Option<EntryId>,
        reader: Reader,
    ) -> Result<Option<Record>, EvidenceError> {
        let Some(entry) = entry else {
            return Ok(None);
        };
        let payload = readable(self.archive.log.payload(entry).await)?;
        let withheld =
            matches!(reader, Reader::Person(_)) && payload.as_ref().is_some_and(names_an_officer);
        let proof = match (&payload, withheld) {
            (Some(_), false) => readable(self.archive.log.proof(entry).await)?.flatten(),
            _ => None,
        };
        Ok(Some(Record {
            entry: entry.to_string(),
            payload: payload.filter(|_| !withheld),
            proof,
        }))
    }

    /// Who was answerable for the question, as an intent has it sealed.
    async fn officer(&self, intent: &Record) -> Result<Option<Value>, EvidenceError> {
        let Some(payload) = &intent.payload else {
            return Ok(None);
        };
        let sealed = payload["details"]["officer"]["sealed"].as_str();
        let sealed = sealed.and_then(|sealed| BASE64_STANDARD.decode(sealed).ok());
        let (Some(sealed), Some(request)) = (sealed, payload["request_id"].as_str()) else {
            return Ok(None);
        };
        let class = RetentionClass::Evidence;
        let place = officer_place(request);
        match self
            .archive
            .keyring
            .open_sealed(None, class, &place, &sealed)
            .await
        {
            Ok(bytes) => Ok(serde_json::from_slice(&bytes).ok()),
            Err(error) if is_lost(&error) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

/// What is there, apart from what is gone; anything else is for the operator.
fn readable<T>(read: Result<T, LogError>) -> Result<Option<T>, LogError> {
    match read {
        Ok(read) => Ok(Some(read)),
        Err(LogError::Damaged(_) | LogError::Erased | LogError::UnknownEntry) => Ok(None),
        Err(LogError::Keyring(error)) if is_lost(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Keys that are gone, and bytes that do not open: no later attempt will find otherwise.
const fn is_lost(error: &KeyringError) -> bool {
    matches!(
        error,
        KeyringError::Erased | KeyringError::Missing | KeyringError::Unreadable
    )
}

/// Intents of earlier versions name the officer in the clear: not for the person to see.
fn names_an_officer(payload: &Value) -> bool {
    let officer = &payload["details"]["officer"];
    officer.get("name").is_some() || officer.get("nif").is_some()
}

/// The name of the key that signed a compact JWS.
fn kid(jws: &str) -> Option<String> {
    let header = URL_SAFE_NO_PAD.decode(jws.split('.').next()?).ok()?;
    let header: Value = serde_json::from_slice(&header).ok()?;
    Some(header["kid"].as_str()?.to_owned())
}

fn key_of(set: &Value, kid: &str) -> Option<Value> {
    let keys = set["keys"].as_array()?;
    keys.iter().find(|key| key["kid"] == kid).cloned()
}
