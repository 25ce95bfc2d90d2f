//! The gate's statements.

use std::ops::Range;

use jiff::Timestamp;

use crate::citizen::{
    BodyId, EntryId, ExchangeId, ItemId, JobId, ProductCode, PurposeId, SourceId, SubjectId,
};
use crate::store::{Db, StoreError, Tx, Value};

use super::super::item::Event;
use super::{Ask, Release};

/// What the gate knows of an intent besides what was asked.
pub(super) struct Intent<'a> {
    pub id: ExchangeId,
    pub source: &'a SourceId,
    pub epoch: i64,
    pub counter: i64,
    pub grant: &'a Event,
    pub at: Timestamp,
}

/// Where a person's history stands: the epoch, and the number of the entry about to be written.
pub(super) struct Position {
    pub epoch: i64,
    pub counter: i64,
}

/// Numbers the next entry, if nothing was decided since `epoch`. Locks the person's head row.
pub(super) async fn count_at(
    tx: &mut Tx,
    subject: SubjectId,
    epoch: i64,
) -> Result<Option<i64>, StoreError> {
    let row = tx
        .row(
            "UPDATE subject_head SET entries = entries + 1 \
             WHERE subject = $1 AND epoch = $2 RETURNING entries",
            vec![subject.to_string().into(), epoch.into()],
        )
        .await?;
    row.map(|row| row.int(0)).transpose()
}

/// Numbers the next entry and tells the epoch. Locks the person's head row.
pub(super) async fn count(tx: &mut Tx, subject: SubjectId) -> Result<Position, StoreError> {
    let row = tx
        .row(
            "INSERT INTO subject_head (subject, entries) VALUES ($1, 1) \
             ON CONFLICT (subject) DO UPDATE SET entries = subject_head.entries + 1 \
             RETURNING epoch, entries",
            vec![subject.to_string().into()],
        )
        .await?
        .ok_or(StoreError::Corrupt { column: 0 })?;
    Ok(Position {
        epoch: row.int(0)?,
        counter: row.int(1)?,
    })
}

pub(super) async fn insert_intent(
    tx: &mut Tx,
    ask: &Ask,
    intent: &Intent<'_>,
    entry: EntryId,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO exchange_intent (exchange, job, subject, item, body, purpose, product, source, \
         epoch, consent_seq, counter, request_id, request_sha256, at, entry) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
        vec![
            intent.id.to_string().into(),
            ask.job.map(|job| job.to_string()).into(),
            ask.subject.to_string().into(),
            intent.grant.item.to_string().into(),
            ask.body.as_str().into(),
            ask.purpose.as_str().into(),
            ask.product.as_str().into(),
            intent.source.as_str().into(),
            intent.epoch.into(),
            intent.grant.seq.into(),
            intent.counter.into(),
            ask.request_id.as_str().into(),
            hex::encode(ask.request_sha256).into(),
            intent.at.into(),
            entry.to_string().into(),
        ],
    )
    .await?;
    Ok(())
}

/// When the `n`-th newest intent under a grant was made, if there were so many after `since`.
pub(super) const NTH_NEWEST: &str = "SELECT at FROM exchange_intent \
     WHERE subject = $1 AND at > $2 AND item = $3 AND consent_seq = $4 \
     ORDER BY at DESC LIMIT 1 OFFSET $5";

pub(super) fn nth_newest_of(
    subject: SubjectId,
    since: Timestamp,
    item: ItemId,
    consent_seq: i64,
    n: u32,
) -> Vec<Value> {
    vec![
        subject.to_string().into(),
        since.into(),
        item.to_string().into(),
        consent_seq.into(),
        n.saturating_sub(1).into(),
    ]
}

/// An outcome about to be recorded.
pub(super) struct NewOutcome<'a> {
    pub exchange: ExchangeId,
    pub result: &'static str,
    pub used: bool,
    pub code: Option<&'a str>,
    pub answer_sha256: Option<String>,
    pub position: Position,
    pub at: Timestamp,
}

pub(super) async fn insert_outcome(
    tx: &mut Tx,
    outcome: &NewOutcome<'_>,
    entry: EntryId,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO exchange_outcome (exchange, result, used, code, answer_sha256, epoch, counter, \
         at, entry) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        vec![
            outcome.exchange.to_string().into(),
            outcome.result.into(),
            outcome.used.into(),
            outcome.code.into(),
            outcome.answer_sha256.clone().into(),
            outcome.position.epoch.into(),
            outcome.position.counter.into(),
            outcome.at.into(),
            entry.to_string().into(),
        ],
    )
    .await?;
    Ok(())
}

/// Intents looked at in one go.
pub(super) const BATCH: u32 = 500;

/// The oldest intents of a span that have no outcome.
pub(super) async fn left_open(
    db: &Db,
    made: &Range<Timestamp>,
) -> Result<Vec<(ExchangeId, SubjectId)>, StoreError> {
    let rows = db
        .rows(
            "SELECT i.exchange, i.subject FROM exchange_intent i \
             LEFT JOIN exchange_outcome o ON o.exchange = i.exchange \
             WHERE o.exchange IS NULL AND i.at >= $1 AND i.at < $2 ORDER BY i.at LIMIT $3",
            vec![made.start.into(), made.end.into(), BATCH.into()],
        )
        .await?;
    rows.iter()
        .map(|row| Ok((row.parsed(0)?, row.parsed(1)?)))
        .collect()
}

/// The intents of a fetch that have no outcome.
pub(super) async fn left_open_of(
    tx: &mut Tx,
    subject: SubjectId,
    job: JobId,
) -> Result<Vec<ExchangeId>, StoreError> {
    // By person and time, which an index knows. A minute is more than a clock goes back.
    let rows = tx
        .rows(
            "SELECT i.exchange FROM job j \
             JOIN exchange_intent i \
                 ON i.subject = $1 AND i.at >= j.created_at - 60000000 AND i.job = j.job \
             LEFT JOIN exchange_outcome o ON o.exchange = i.exchange \
             WHERE j.job = $2 AND o.exchange IS NULL ORDER BY i.at",
            vec![subject.to_string().into(), job.to_string().into()],
        )
        .await?;
    rows.iter().map(|row| row.parsed(0)).collect()
}

/// What a used exchange rested on.
pub(super) struct Contribution {
    pub subject: SubjectId,
    pub item: ItemId,
    pub body: BodyId,
    pub purpose: PurposeId,
    pub product: ProductCode,
    pub consent_seq: i64,
    /// When the consent it was asked under ends at the latest.
    pub until: Timestamp,
}

/// The exchange, if its answer was allowed to be used.
pub(super) async fn contribution(
    tx: &mut Tx,
    exchange: ExchangeId,
) -> Result<Option<Contribution>, StoreError> {
    let row = tx
        .row(
            "SELECT i.subject, i.item, i.body, i.purpose, i.product, i.consent_seq, g.valid_until \
             FROM exchange_intent i \
             JOIN exchange_outcome o ON o.exchange = i.exchange \
             JOIN consent_event g ON g.subject = i.subject AND g.seq = i.consent_seq \
             WHERE i.exchange = $1 AND o.used = 1",
            vec![exchange.to_string().into()],
        )
        .await?;
    row.map(|row| {
        Ok(Contribution {
            subject: row.parsed(0)?,
            item: row.parsed(1)?,
            body: row.parsed(2)?,
            purpose: row.parsed(3)?,
            product: row.parsed(4)?,
            consent_seq: row.int(5)?,
            until: row.instant(6)?,
        })
    })
    .transpose()
}

pub(super) async fn insert_release(
    tx: &mut Tx,
    id: &str,
    release: &Release,
    position: &Position,
    at: Timestamp,
    entry: EntryId,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO release (release, job, subject, recipient, fields, epoch, counter, at, entry) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        vec![
            id.into(),
            release.job.to_string().into(),
            release.subject.to_string().into(),
            release.recipient.as_str().into(),
            release.fields.join(",").into(),
            position.epoch.into(),
            position.counter.into(),
            at.into(),
            entry.to_string().into(),
        ],
    )
    .await?;
    for exchange in &release.exchanges {
        tx.execute(
            "INSERT INTO release_exchange (release, exchange) VALUES ($1, $2)",
            vec![id.into(), exchange.to_string().into()],
        )
        .await?;
    }
    Ok(())
}
