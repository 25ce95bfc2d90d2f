//! People whose data are blocked (LOPDGDD 32): nothing is asked or released about them any more.
//!
//! Whoever blocks holds the person's head row, and so does the gate when it looks here.

use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use serde_json::json;

use crate::audit::Kind;
use crate::citizen::{BodyId, EntryId, JobId, PurposeId, RequestId, SubjectId};
use crate::store::{StoreError, Tx, instant};

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

/// A request whose block is about to end.
#[derive(Clone, Copy, Debug)]
pub struct Blocked<'a> {
    /// Whose.
    pub subject: SubjectId,
    /// The request.
    pub request: RequestId,
    /// Where it blocks.
    pub body: &'a str,
    /// For what; `None` is for everything.
    pub purpose: Option<&'a PurposeId>,
}

/// How a request and its block end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum BlockEnd {
    /// The controller lifted the block.
    Lifted,
    /// The person took the request back.
    Withdrawn,
}

impl BlockEnd {
    /// The word of the table and of the log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Lifted => "lifted",
            Self::Withdrawn => "withdrawn",
        }
    }
}

impl Ledger {
    /// Takes back everything the person granted to the body, and blocks their data there: in the
    /// caller's transaction, all of it or nothing.
    ///
    /// Said again while it holds, the evidence is kept no longer than the first time said. The
    /// request's own row is there already: it is what the gate heeds.
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
        until = until_of_the_same(tx, who, block).await?.unwrap_or(until);
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
        tx.execute(
            "INSERT INTO block_term (request, until) VALUES ($1, $2)",
            vec![block.request.to_string().into(), until.into()],
        )
        .await?;
        Ok(receipts)
    }

    /// Whether a person's data are blocked for a body and purpose. The caller holds their head row.
    pub async fn is_blocked(
        &self,
        tx: &mut Tx,
        subject: SubjectId,
        body: &BodyId,
        purpose: &PurposeId,
    ) -> Result<bool, StoreError> {
        holds(tx, subject, body, purpose).await
    }

    /// Ends the block of one request, in the caller's transaction. What it withdrew stays withdrawn,
    /// and another request may still block.
    pub async fn lift(
        &self,
        tx: &mut Tx,
        who: &Blocked<'_>,
        event: BlockEnd,
    ) -> Result<EntryId, ConsentError> {
        store::lock(tx, who.subject).await?;
        let payload = fields(json!({
            "request": who.request,
            "body": who.body,
            "purpose": who.purpose,
            "event": event.as_str(),
        }));
        let staged = self
            .log
            .stage(tx, Kind::BlockLifted, Some(who.subject), payload)
            .await?;
        Ok(staged.entry)
    }
}

/// Until when evidence is kept under a block of the same scope that stands, if one does.
async fn until_of_the_same(
    tx: &mut Tx,
    who: &Consenter,
    block: &Blocking,
) -> Result<Option<Timestamp>, StoreError> {
    let row = tx
        .row(
            "SELECT MAX(COALESCE(k.until, f.until)) FROM rights_request r \
             LEFT JOIN block_term k ON k.request = r.request \
             LEFT JOIN blocking f ON f.subject = r.subject AND f.body = r.body \
                 AND f.purpose = COALESCE(r.purpose, '') \
             WHERE r.subject = $1 AND r.body = $2 AND COALESCE(r.purpose, '') = $3 \
               AND r.request <> $4 AND r.kind IN ('erasure', 'objection') \
               AND NOT EXISTS (SELECT 1 FROM request_end e WHERE e.request = r.request)",
            vec![
                who.subject.to_string().into(),
                who.body.id.as_str().into(),
                block.purpose.as_ref().map_or("", PurposeId::as_str).into(),
                block.request.to_string().into(),
            ],
        )
        .await?;
    let until = row.map(|row| row.int_or_null(0)).transpose()?.flatten();
    Ok(until.and_then(instant))
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
            "SELECT r.at FROM rights_request r \
             WHERE r.subject = $1 AND r.body = $2 AND r.kind IN ('erasure', 'objection') \
               AND (r.purpose IS NULL OR r.purpose = $3) \
               AND NOT EXISTS (SELECT 1 FROM request_end e WHERE e.request = r.request) LIMIT 1",
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
            "SELECT r.at FROM rights_request r \
             JOIN job j ON j.body = r.body AND j.subject = r.subject \
             WHERE r.subject = $1 AND j.job = $2 AND r.kind IN ('erasure', 'objection') \
               AND (r.purpose IS NULL OR r.purpose = j.purpose) \
               AND NOT EXISTS (SELECT 1 FROM request_end e WHERE e.request = r.request) LIMIT 1",
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
