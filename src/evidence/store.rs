//! What the tables say about an exchange, whatever is missing of it.

use crate::citizen::{EntryId, ExchangeId, PurposeId, ReceiptId, SubjectId};
use crate::store::{Db, Row, StoreError, instant};

use super::bundle::{DecisionEvidence, NoticeEvidence};

/// Everything that hangs on one intent.
#[derive(Debug)]
pub(super) struct Rows {
    pub purpose: Option<PurposeId>,
    pub intent: Option<EntryId>,
    pub outcome: Option<EntryId>,
    pub decision: Option<DecisionEvidence>,
    pub receipt: Option<ReceiptId>,
    pub notice: Option<NoticeEvidence>,
    pub served_entry: Option<EntryId>,
}

/// More releases than one exchange ever has: an answer lives fifteen minutes.
const MOST: u32 = 200;

/// The person an exchange is about.
pub(super) async fn subject(
    db: &Db,
    exchange: ExchangeId,
) -> Result<Option<SubjectId>, StoreError> {
    let row = db.row(
        "SELECT subject FROM exchange_intent WHERE exchange = $1",
        vec![exchange.to_string().into()],
    );
    row.await?.map(|row| row.parsed(0)).transpose()
}

/// What hangs on the intent; what is gone is `None`.
pub(super) async fn rows(
    db: &Db,
    subject: SubjectId,
    exchange: ExchangeId,
) -> Result<Option<Rows>, StoreError> {
    let row = db
        .row(
            "SELECT i.purpose, i.entry, o.entry, e.item, e.product, e.event, e.seq, e.at, \
                    e.valid_until, e.receipt, e.served, n.at, n.channel, n.notice, n.version, \
                    n.language, n.digest, n.entry, t.text \
             FROM exchange_intent i \
             LEFT JOIN exchange_outcome o ON o.exchange = i.exchange \
             LEFT JOIN consent_event e ON e.subject = i.subject AND e.seq = i.consent_seq \
             LEFT JOIN notice_served n ON n.served = e.served AND n.subject = i.subject \
             LEFT JOIN notice_text t ON t.digest = n.digest \
             WHERE i.exchange = $1 AND i.subject = $2",
            vec![exchange.to_string().into(), subject.to_string().into()],
        )
        .await?;
    row.as_ref().map(read).transpose()
}

/// The log entries of what left with this exchange in it, oldest first.
pub(super) async fn releases(db: &Db, exchange: ExchangeId) -> Result<Vec<EntryId>, StoreError> {
    let rows = db
        .rows(
            "SELECT r.entry FROM release_exchange x JOIN release r ON r.release = x.release \
             WHERE x.exchange = $1 ORDER BY r.at, r.release LIMIT $2",
            vec![exchange.to_string().into(), MOST.into()],
        )
        .await?;
    rows.iter().map(|row| row.parsed(0)).collect()
}

fn read(row: &Row) -> Result<Rows, StoreError> {
    let at =
        |column: usize| -> Result<_, StoreError> { Ok(row.int_or_null(column)?.and_then(instant)) };
    let decision = match (
        row.text_or_null(3)?,
        row.text_or_null(4)?,
        row.text_or_null(5)?,
    ) {
        (Some(item), Some(product), Some(decision)) => Some(DecisionEvidence {
            item,
            product,
            decision,
            seq: row.int(6)?,
            at: row.instant(7)?,
            valid_until: at(8)?,
        }),
        _ => None,
    };
    let notice = match (row.text_or_null(10)?, at(11)?) {
        (Some(served), Some(served_at)) => Some(NoticeEvidence {
            served,
            served_at,
            channel: row.text(12)?,
            id: row.text(13)?,
            version: u32::try_from(row.int(14)?).map_err(|_| StoreError::Corrupt { column: 14 })?,
            language: row.text(15)?,
            digest: row.text(16)?,
            text: row.text_or_null(18)?,
        }),
        _ => None,
    };
    Ok(Rows {
        purpose: Some(row.parsed(0)?),
        intent: parsed(row, 1)?,
        outcome: parsed(row, 2)?,
        receipt: parsed(row, 9)?,
        served_entry: parsed(row, 17)?,
        decision,
        notice,
    })
}

/// A name that may be missing.
fn parsed<T: std::str::FromStr>(row: &Row, column: usize) -> Result<Option<T>, StoreError> {
    let text = row.text_or_null(column)?;
    text.map(|text| text.parse().map_err(|_| StoreError::Corrupt { column }))
        .transpose()
}
