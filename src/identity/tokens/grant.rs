//! What a token stands for, kept here: the token itself names nobody.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::super::citizen::Login;
use super::super::clients::Client;
use super::super::error::Unavailable;
use super::super::secret;
use super::super::subjects::Subjects;
use super::LIFE;
use super::assertion::Vouched;
use crate::citizen::{ClientId, SubjectId};
use crate::store::keyring::RetentionClass;
use crate::store::{Db, Tx};

/// A token's row: found by the hash of its `jti`, deleted to revoke it.
pub(super) struct AccessGrant {
    key: String,
}

/// What a citizen's token stands for.
pub(super) struct Granted {
    pub(super) client: ClientId,
    /// Absent for auditors.
    pub(super) subject: Option<(SubjectId, Login)>,
}

#[derive(Deserialize, Serialize)]
struct Record {
    login: Login,
    /// The client's signed statement, as it was presented.
    statement: String,
}

impl AccessGrant {
    pub(super) fn of(jti: &str) -> Self {
        Self {
            key: secret::hashed(jti),
        }
    }

    /// Names a log-in in records; opens nothing.
    pub(super) fn reference(&self) -> String {
        secret::hashed(&format!("grant/{}", self.key))
    }

    /// Evidence, not session data: who vouched for whom has to outlive the five minutes.
    pub(super) async fn seal(
        &self,
        subjects: &Subjects,
        subject: SubjectId,
        vouched: &Vouched,
    ) -> Result<Vec<u8>, Unavailable> {
        let record = Record {
            login: vouched.login.clone(),
            statement: vouched.text.clone(),
        };
        let context = self.context();
        subjects
            .seal(Some(subject), RetentionClass::Evidence, &context, &record)
            .await
    }

    pub(super) async fn write(
        &self,
        tx: &mut Tx,
        client: &Client,
        sealed: Option<(SubjectId, Vec<u8>)>,
        now: Timestamp,
    ) -> Result<(), Unavailable> {
        let (subject, sealed) = sealed.unzip();
        tx.execute(
            "INSERT INTO access_grant (token, client, subject, sealed, issued_at, expires_at) \
             VALUES ($1, $2, $3, $4, $5, $6)",
            vec![
                self.key.as_str().into(),
                client.id.as_str().into(),
                subject.map(|subject| subject.to_string()).into(),
                sealed.into(),
                now.into(),
                (now + LIFE).into(),
            ],
        )
        .await?;
        Ok(())
    }

    pub(super) async fn revoke(
        tx: &mut Tx,
        client: &ClientId,
        now: Timestamp,
    ) -> Result<u64, Unavailable> {
        let sql = "UPDATE access_grant SET revoked_at = $2 \
                   WHERE client = $1 AND expires_at > $2 AND revoked_at IS NULL";
        Ok(tx
            .execute(sql, vec![client.as_str().into(), now.into()])
            .await?)
    }

    /// What the token stands for; `None` when it was revoked or was never ours, or the citizen
    /// was erased.
    pub(super) async fn read(
        &self,
        db: &Db,
        subjects: &Subjects,
    ) -> Result<Option<Granted>, Unavailable> {
        let sql = "SELECT client, subject, sealed FROM access_grant \
                   WHERE token = $1 AND revoked_at IS NULL";
        let Some(row) = db.row(sql, vec![self.key.as_str().into()]).await? else {
            return Ok(None);
        };
        let subject = match (row.text_or_null(1)?, row.bytes_or_null(2)?) {
            (Some(subject), Some(sealed)) => {
                let subject = subject.parse().map_err(|_| Unavailable::Record)?;
                let context = self.context();
                let record: Option<Record> = subjects
                    .open(Some(subject), RetentionClass::Evidence, &context, &sealed)
                    .await?;
                let Some(record) = record else {
                    return Ok(None);
                };
                Some((subject, record.login))
            }
            (None, None) => None,
            _ => return Err(Unavailable::Record),
        };
        Ok(Some(Granted {
            client: row.parsed(0)?,
            subject,
        }))
    }

    fn context(&self) -> String {
        format!("access_grant/{}", self.key)
    }
}
