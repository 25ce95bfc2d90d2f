//! Requests that come twice under one `Idempotency-Key`, and get the answer of the first.

use aws_lc_rs::digest::{SHA256, digest};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::error::ConsentError;
use crate::citizen::SubjectId;
use crate::store::{Db, StoreError, Tx};

/// How long a repeated request is answered with the first one's answer.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(24);

/// One request and the key it came under. Of both only hashes are kept.
#[derive(Clone, Debug)]
pub struct Repeat {
    key: String,
    request: String,
}

impl Repeat {
    /// The same for the same JSON, however it was written.
    pub fn new(key: &str, request: &Value) -> Result<Self, serde_json::Error> {
        Ok(Self {
            key: hash(key.as_bytes()),
            request: hash(&serde_jcs::to_vec(request)?),
        })
    }

    /// What the request was answered with, if it came before. The caller holds the person's head row,
    /// so that of two at once the second sees the first.
    pub async fn earlier(
        &self,
        tx: &mut Tx,
        subject: SubjectId,
        now: Timestamp,
    ) -> Result<Option<String>, ConsentError> {
        // Only this one: the rest is swept, and nobody waits for the rows of others.
        tx.execute(
            "DELETE FROM idempotency WHERE subject = $1 AND key = $2 AND expires_at <= $3",
            vec![
                subject.to_string().into(),
                self.key.as_str().into(),
                now.into(),
            ],
        )
        .await?;
        let row = tx
            .row(
                "SELECT request, receipt FROM idempotency WHERE subject = $1 AND key = $2",
                vec![subject.to_string().into(), self.key.as_str().into()],
            )
            .await?;
        match row {
            None => Ok(None),
            Some(row) if row.text(0)? == self.request => Ok(Some(row.text(1)?)),
            Some(_) => Err(ConsentError::IdempotencyKeyReused),
        }
    }

    /// Keeps the names of what the request was answered with.
    pub async fn remember(
        &self,
        tx: &mut Tx,
        subject: SubjectId,
        answer: &str,
        now: Timestamp,
    ) -> Result<(), ConsentError> {
        let expires_at = now
            .checked_add(REMEMBERED)
            .map_err(|_| ConsentError::Unwritable)?;
        tx.execute(
            "INSERT INTO idempotency (subject, key, request, receipt, expires_at) \
             VALUES ($1, $2, $3, $4, $5)",
            vec![
                subject.to_string().into(),
                self.key.as_str().into(),
                self.request.as_str().into(),
                answer.into(),
                expires_at.into(),
            ],
        )
        .await?;
        Ok(())
    }
}

/// Forgets answers whose requests will not be repeated any more.
pub(super) async fn forget(db: &Db, now: Timestamp) -> Result<u64, StoreError> {
    db.clear(
        "DELETE FROM idempotency WHERE (subject, key) IN
             (SELECT subject, key FROM idempotency WHERE expires_at <= $1 LIMIT $2)",
        vec![now.into()],
    )
    .await
}

fn hash(bytes: &[u8]) -> String {
    hex::encode(digest(&SHA256, bytes))
}
