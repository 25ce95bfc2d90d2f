//! The ledger's statements.

use std::str::FromStr;

use jiff::Timestamp;

use crate::citizen::{BodyId, EntryId, ItemId, PurposeId, ServedId, SubjectId};
use crate::store::{Db, Row, StoreError, Tx, Value, instant};

use super::super::grant_terms::{Frequency, GrantTerms};
use super::super::item::{Event, What};
use super::super::notice::Notice;
use super::super::record::Recorded;
use super::Consenter;

/// What is new about a showing.
pub(super) struct Showing {
    pub served: ServedId,
    /// Newest event the person's history had when it was shown.
    pub seen: i64,
    pub at: Timestamp,
    pub entry: EntryId,
}

/// A showing as recorded.
#[derive(Debug)]
pub(super) struct Shown {
    pub served: ServedId,
    pub subject: SubjectId,
    pub body: BodyId,
    pub purpose: PurposeId,
    pub notice: String,
    pub version: u32,
    pub language: String,
    pub digest: String,
    pub seen: i64,
    pub at: Timestamp,
}

pub(super) async fn insert_served(
    tx: &mut Tx,
    who: &Consenter,
    purpose: &PurposeId,
    notice: &Notice,
    showing: Showing,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO notice_served (served, subject, body, purpose, notice, version, language, \
         digest, channel, seen, at, entry) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        vec![
            showing.served.to_string().into(),
            who.subject.to_string().into(),
            who.body.id.as_str().into(),
            purpose.as_str().into(),
            notice.id.as_str().into(),
            notice.version.into(),
            notice.language.tag().into(),
            notice.digest.as_str().into(),
            who.channel().into(),
            showing.seen.into(),
            showing.at.into(),
            showing.entry.to_string().into(),
        ],
    )
    .await?;
    Ok(())
}

/// Keeps the exact text that is about to be shown, for as long as there is evidence of it.
pub(super) async fn keep_text(
    tx: &mut Tx,
    notice: &Notice,
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO notice_text (digest, text, added_at) VALUES ($1, $2, $3) \
         ON CONFLICT DO NOTHING",
        vec![
            notice.digest.as_str().into(),
            notice.source.as_str().into(),
            now.into(),
        ],
    )
    .await?;
    Ok(())
}

pub(super) async fn shown(tx: &mut Tx, served: ServedId) -> Result<Option<Shown>, StoreError> {
    let row = tx
        .row(
            "SELECT subject, body, purpose, notice, version, language, digest, seen, at \
             FROM notice_served WHERE served = $1",
            vec![served.to_string().into()],
        )
        .await?;
    row.map(|row| {
        Ok(Shown {
            served,
            subject: row.parsed(0)?,
            body: row.parsed(1)?,
            purpose: row.parsed(2)?,
            notice: row.text(3)?,
            version: version(&row, 4)?,
            language: row.text(5)?,
            digest: row.text(6)?,
            seen: row.int(7)?,
            at: row.instant(8)?,
        })
    })
    .transpose()
}

/// Number of the person's newest event; 0 before the first.
pub(super) async fn last_seq(tx: &mut Tx, subject: SubjectId) -> Result<i64, StoreError> {
    let row = tx
        .row(
            "SELECT COALESCE(MAX(seq), 0) FROM consent_event WHERE subject = $1",
            vec![subject.to_string().into()],
        )
        .await?;
    row.map_or(Ok(0), |row| row.int(0))
}

/// Locks the person's head row: what is read of them afterwards stays so until this commits.
///
/// Where there is one writer the transaction has the lock already. Where rows are locked, a
/// decision read before its lock would be checked against a history that goes on.
pub(in super::super) async fn lock(tx: &mut Tx, subject: SubjectId) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO subject_head (subject) VALUES ($1) \
         ON CONFLICT (subject) DO UPDATE SET epoch = subject_head.epoch",
        vec![subject.to_string().into()],
    )
    .await?;
    Ok(())
}

/// Moves the person's epoch; whoever else would write about them waits until this commits.
pub(super) async fn advance_epoch(tx: &mut Tx, subject: SubjectId) -> Result<i64, StoreError> {
    let row = tx
        .row(
            "INSERT INTO subject_head (subject, epoch) VALUES ($1, 1) \
             ON CONFLICT (subject) DO UPDATE SET epoch = subject_head.epoch + 1 RETURNING epoch",
            vec![subject.to_string().into()],
        )
        .await?;
    row.ok_or(StoreError::Corrupt { column: 0 })?.int(0)
}

/// The person's epoch; 0 before their first decision.
pub(in super::super) async fn epoch(db: &Db, subject: SubjectId) -> Result<i64, StoreError> {
    let row = db
        .row(
            "SELECT epoch FROM subject_head WHERE subject = $1",
            vec![subject.to_string().into()],
        )
        .await?;
    row.map_or(Ok(0), |row| row.int(0))
}

const EVENTS: &str = "SELECT seq, item, product, event, version, served, valid_until, receipt, at, \
     source, language, period, fetch_limit, fetch_window, data_life, beneficiary FROM consent_event \
     WHERE subject = $1 AND body = $2 AND purpose = $3 ORDER BY seq";

fn events_of(subject: SubjectId, body: &BodyId, purpose: &PurposeId) -> Vec<Value> {
    vec![
        subject.to_string().into(),
        body.as_str().into(),
        purpose.as_str().into(),
    ]
}

pub(super) async fn events(
    tx: &mut Tx,
    subject: SubjectId,
    body: &BodyId,
    purpose: &PurposeId,
) -> Result<Vec<Event>, StoreError> {
    tx.rows(EVENTS, events_of(subject, body, purpose))
        .await?
        .iter()
        .map(event)
        .collect()
}

/// As [`events`], outside a transaction.
pub(super) async fn events_shown(
    db: &Db,
    subject: SubjectId,
    body: &BodyId,
    purpose: &PurposeId,
) -> Result<Vec<Event>, StoreError> {
    db.rows(EVENTS, events_of(subject, body, purpose))
        .await?
        .iter()
        .map(event)
        .collect()
}

const NEWEST: &str = "SELECT seq, item, product, event, version, served, valid_until, receipt, at, \
     source, language, period, fetch_limit, fetch_window, data_life, beneficiary \
     FROM consent_event WHERE item = $1 ORDER BY seq DESC LIMIT 1";

/// The purpose of an item of this person and body, if it was ever decided.
pub(super) async fn purpose_of(
    tx: &mut Tx,
    subject: SubjectId,
    body: &BodyId,
    item: ItemId,
) -> Result<Option<PurposeId>, StoreError> {
    let row = tx
        .row(
            "SELECT purpose FROM consent_event WHERE item = $1 AND subject = $2 AND body = $3 LIMIT 1",
            vec![item.to_string().into(), subject.to_string().into(), body.as_str().into()],
        )
        .await?;
    row.map(|row| row.parsed(0)).transpose()
}

/// The newest event of one item.
pub(in super::super) async fn newest(
    tx: &mut Tx,
    item: ItemId,
) -> Result<Option<Event>, StoreError> {
    tx.row(NEWEST, vec![item.to_string().into()])
        .await?
        .as_ref()
        .map(event)
        .transpose()
}

/// As [`newest`], outside a transaction: the caller checks the epoch when writing.
pub(in super::super) async fn newest_seen(
    db: &Db,
    item: ItemId,
) -> Result<Option<Event>, StoreError> {
    db.row(NEWEST, vec![item.to_string().into()])
        .await?
        .as_ref()
        .map(event)
        .transpose()
}

/// Everything decided about one item of a person and body, oldest first, with what was shown.
pub(in super::super) async fn history(
    db: &Db,
    subject: SubjectId,
    body: &BodyId,
    item: ItemId,
) -> Result<Vec<Recorded>, StoreError> {
    let rows = db
        .rows(
            "SELECT e.seq, e.item, e.product, e.event, e.version, e.served, e.valid_until, \
             e.receipt, e.at, e.source, e.language, e.period, e.fetch_limit, e.fetch_window, \
             e.data_life, e.beneficiary, e.purpose, e.notice, s.digest, s.at FROM consent_event e \
             LEFT JOIN notice_served s ON s.served = e.served \
             WHERE e.item = $1 AND e.subject = $2 AND e.body = $3 ORDER BY e.seq",
            vec![
                item.to_string().into(),
                subject.to_string().into(),
                body.as_str().into(),
            ],
        )
        .await?;
    let shown = |row: &Row| -> Result<_, StoreError> {
        let Some(digest) = row.text_or_null(18)? else {
            return Ok(None);
        };
        Ok(Some((digest, row.instant(19)?)))
    };
    rows.iter()
        .map(|row| {
            Ok(Recorded {
                event: event(row)?,
                purpose: row.parsed(16)?,
                notice: row.text(17)?,
                shown: shown(row)?,
            })
        })
        .collect()
}

fn event(row: &Row) -> Result<Event, StoreError> {
    let corrupt = |column| StoreError::Corrupt { column };
    let what = match row.text(3)?.as_str() {
        "granted" => What::Granted {
            until: row.int_or_null(6)?.and_then(instant).ok_or(corrupt(6))?,
        },
        "refused" => What::Refused,
        "withdrawn" => What::Withdrawn,
        _ => return Err(corrupt(3)),
    };
    let served = row
        .text_or_null(5)?
        .map(|text| text.parse())
        .transpose()
        .map_err(|_| corrupt(5))?;
    Ok(Event {
        seq: row.int(0)?,
        item: row.parsed(1)?,
        product: row.parsed(2)?,
        what,
        version: version(row, 4)?,
        served,
        receipt: row.parsed(7)?,
        at: row.instant(8)?,
        source: row.parsed(9)?,
        language: row.text(10)?,
        terms: terms(row)?,
        beneficiary: row.parsed(15)?,
    })
}

/// The terms of a grant that states them: all of them, or none.
fn terms(row: &Row) -> Result<Option<GrantTerms>, StoreError> {
    fn read<T: FromStr>(text: &str, column: usize) -> Result<T, StoreError> {
        text.parse().map_err(|_| StoreError::Corrupt { column })
    }
    let Some(period) = row.text_or_null(11)? else {
        return Ok(None);
    };
    let window = row.text_or_null(13)?;
    let window = window.map(|text| read(&text, 13)).transpose()?;
    let at_most = u32::try_from(row.int(12)?).map_err(|_| StoreError::Corrupt { column: 12 })?;
    Ok(Some(GrantTerms {
        period: read(&period, 11)?,
        frequency: Frequency { at_most, window },
        data_life: read(&row.text(14)?, 14)?,
    }))
}

pub(super) async fn insert_event(
    tx: &mut Tx,
    who: &Consenter,
    purpose: &PurposeId,
    notice: &str,
    epoch: i64,
    event: &Event,
) -> Result<(), StoreError> {
    let terms = event.terms;
    let window = terms.and_then(|terms| terms.frequency.window);
    tx.execute(
        "INSERT INTO consent_event (subject, seq, epoch, item, body, purpose, product, source, \
         beneficiary, event, notice, version, language, served, valid_until, at, receipt, period, \
         fetch_limit, fetch_window, data_life) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, \
         $19, $20, $21)",
        vec![
            who.subject.to_string().into(),
            event.seq.into(),
            epoch.into(),
            event.item.to_string().into(),
            who.body.id.as_str().into(),
            purpose.as_str().into(),
            event.product.as_str().into(),
            event.source.as_str().into(),
            event.beneficiary.to_string().into(),
            event.what.as_str().into(),
            notice.into(),
            event.version.into(),
            event.language.as_str().into(),
            event.served.map(|served| served.to_string()).into(),
            event.what.until().into(),
            event.at.into(),
            event.receipt.to_string().into(),
            terms.map(|terms| terms.period.to_string()).into(),
            terms.map(|terms| i64::from(terms.frequency.at_most)).into(),
            window.map(|window| window.to_string()).into(),
            terms.map(|terms| terms.data_life.to_string()).into(),
        ],
    )
    .await?;
    Ok(())
}

fn version(row: &Row, column: usize) -> Result<u32, StoreError> {
    u32::try_from(row.int(column)?).map_err(|_| StoreError::Corrupt { column })
}
