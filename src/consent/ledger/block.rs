//! People whose data are blocked (LOPDGDD 32): nothing is asked or released about them any more.
//!
//! Whoever blocks holds the person's head row, and so does the gate when it looks here.

use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use serde_json::json;

use crate::audit::Kind;
use crate::citizen::{BodyId, JobId, PurposeId, RequestId, SubjectId};
use crate::store::{StoreError, Tx};

use super::super::error::ConsentError;
use super::super::purpose::Purpose;
use super::super::receipt::Receipt;
use super::{Consenter, Ledger, fields, store};

/// What blocks a person's data.
#[derive(Clone, Debug)]
pub struct Blocking {
    /// The request of theirs that asks for it.
    pub request: RequestId,
    /// Only for this purpose; `None` is for all the body has.
    pub purpose: Option<PurposeId>,
}

impl Ledger {
    /// Takes back everything the person granted to the body, and blocks their data there: in the
    /// caller's transaction, all of it or nothing.
    ///
    /// Said again, nothing changes: the evidence is kept no longer than the first time said.
    pub async fn block(
        &self,
        tx: &mut Tx,
        who: &Consenter,
        block: &Blocking,
    ) -> Result<Vec<Receipt>, ConsentError> {
        store::lock(tx, who.subject).await?;
        let now = self.world.now();
        let mut receipts = Vec::new();
        let mut until = now;
        for purpose in self.terms.purposes.iter() {
            if block
                .purpose
                .as_ref()
                .is_some_and(|only| *only != purpose.id)
            {
                continue;
            }
            until = until.max(kept_until(purpose, now).ok_or(ConsentError::Unwritable)?);
            receipts.extend(self.withdraw_under(tx, who, &purpose.id).await?);
        }
        let withdrawn: Vec<_> = receipts.iter().map(|receipt| receipt.id).collect();
        let payload = fields(json!({
            "request": block.request,
            "body": who.body,
            "purpose": block.purpose,
            "until": until,
            "receipts": withdrawn,
        }));
        let entry = self
            .log
            .stage(tx, Kind::Blocked, Some(who.subject), payload)
            .await?
            .entry;
        tx.execute(
            "INSERT INTO blocking (subject, body, purpose, request, at, until, entry) \
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
            vec![
                who.subject.to_string().into(),
                who.body.id.as_str().into(),
                block.purpose.as_ref().map_or("", PurposeId::as_str).into(),
                block.request.to_string().into(),
                now.into(),
                until.into(),
                entry.to_string().into(),
            ],
        )
        .await?;
        Ok(receipts)
    }
}

/// Whether a person's data are blocked for a body and purpose. The caller holds the person's head row.
pub(in super::super) async fn holds(
    tx: &mut Tx,
    subject: SubjectId,
    body: &BodyId,
    purpose: &PurposeId,
) -> Result<bool, StoreError> {
    let row = tx
        .row(
            "SELECT at FROM blocking \
             WHERE subject = $1 AND body = $2 AND (purpose = '' OR purpose = $3) LIMIT 1",
            vec![
                subject.to_string().into(),
                body.as_str().into(),
                purpose.as_str().into(),
            ],
        )
        .await?;
    Ok(row.is_some())
}

/// The same, for what a fetch is for. The caller holds the person's head row.
pub(in super::super) async fn holds_for(
    tx: &mut Tx,
    subject: SubjectId,
    job: JobId,
) -> Result<bool, StoreError> {
    let row = tx
        .row(
            "SELECT b.at FROM blocking b JOIN job j ON j.body = b.body AND j.subject = b.subject \
             WHERE b.subject = $1 AND j.job = $2 AND (b.purpose = '' OR b.purpose = j.purpose) \
             LIMIT 1",
            vec![subject.to_string().into(), job.to_string().into()],
        )
        .await?;
    Ok(row.is_some())
}

/// Until when claims about what was done for a purpose can be made.
fn kept_until(purpose: &Purpose, from: Timestamp) -> Option<Timestamp> {
    let kept = purpose.retention.evidence.parse::<Span>().ok()?;
    let until = from.to_zoned(TimeZone::UTC).checked_add(kept).ok()?;
    Some(until.timestamp())
}
