//! Reading the exchanges back: one's own, and an auditor's search.

use jiff::Timestamp;

use super::view::{AuditedExchange, ExchangePage, ExchangeView, SearchQuery};
use crate::citizen::{EntryId, ExchangeId, SubjectId};
use crate::store::{Db, Row, StoreError, Value, micros};

/// Which log entry of an exchange a proof is wanted for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Bracket {
    /// Written before the first byte left.
    Intent,
    /// Written before the answer was used.
    Outcome,
}

/// Columns shared by every read, in the order [`read_exchange`] expects.
macro_rules! exchange_columns {
    ($rest:literal) => {
        concat!(
            "SELECT i.exchange, i.at, i.body, i.source, i.product, i.purpose, i.item, o.result,
                    o.code, o.used, i.counter, o.at, i.request_sha256, o.answer_sha256,
                    i.subject, i.request_id, i.entry, o.entry
             FROM exchange_intent i LEFT JOIN exchange_outcome o ON o.exchange = i.exchange ",
            $rest
        )
    };
}

/// A person's exchanges, newest first.
pub(super) async fn own(
    db: &Db,
    subject: SubjectId,
    after: Option<&Position>,
    limit: u32,
) -> Result<ExchangePage, StoreError> {
    let who = subject.to_string();
    let (at, exchange) = Position::bounds(after);
    let rows = db
        .rows(
            exchange_columns!(
                "WHERE i.subject = $1 AND (i.at < $2 OR (i.at = $2 AND i.exchange < $3))
                 ORDER BY i.at DESC, i.exchange DESC LIMIT $4"
            ),
            vec![who.as_str().into(), at, exchange, limit.into()],
        )
        .await?;
    let total = db
        .row(
            "SELECT COUNT(*) FROM exchange_intent WHERE subject = $1",
            vec![who.into()],
        )
        .await?
        .map_or(Ok(0), |row| row.int(0))?;
    let exchanges = rows
        .iter()
        .map(read_exchange)
        .collect::<Result<Vec<_>, _>>()?;
    let next = (exchanges.len() == limit as usize)
        .then(|| exchanges.last().map(Position::of))
        .flatten();
    Ok(ExchangePage {
        exchanges,
        total,
        next,
    })
}

/// One of a person's own exchanges.
pub(super) async fn one(
    db: &Db,
    subject: SubjectId,
    exchange: ExchangeId,
) -> Result<Option<ExchangeView>, StoreError> {
    let row = db
        .row(
            exchange_columns!("WHERE i.exchange = $1 AND i.subject = $2"),
            vec![exchange.to_string().into(), subject.to_string().into()],
        )
        .await?;
    row.as_ref().map(read_exchange).transpose()
}

/// The log entry of one of a person's own exchanges.
pub(super) async fn entry(
    db: &Db,
    subject: SubjectId,
    exchange: ExchangeId,
    bracket: Bracket,
) -> Result<Option<EntryId>, StoreError> {
    let row = db
        .row(
            exchange_columns!("WHERE i.exchange = $1 AND i.subject = $2"),
            vec![exchange.to_string().into(), subject.to_string().into()],
        )
        .await?;
    let Some(row) = row else { return Ok(None) };
    match bracket {
        Bracket::Intent => row.parsed(16).map(Some),
        Bracket::Outcome => row
            .text_or_null(17)?
            .map(|text| text.parse().map_err(|_| StoreError::Corrupt { column: 17 }))
            .transpose(),
    }
}

/// What an auditor is looking for, newest first.
pub(super) async fn search(
    db: &Db,
    query: &SearchQuery,
) -> Result<Vec<AuditedExchange>, StoreError> {
    let after = query.after.as_deref().and_then(Position::read);
    let (at, exchange) = Position::bounds(after.as_ref());
    let rows = db
        .rows(
            exchange_columns!(
                "WHERE ($1 = '' OR i.subject = $1) AND i.at >= $2 AND i.at < $3
                   AND ($4 = '' OR i.product = $4)
                   AND ($5 = '' OR COALESCE(o.result, 'open') = $5)
                   AND (i.at < $6 OR (i.at = $6 AND i.exchange < $7))
                 ORDER BY i.at DESC, i.exchange DESC LIMIT $8"
            ),
            vec![
                query
                    .subject
                    .map(|subject| subject.to_string())
                    .unwrap_or_default()
                    .into(),
                query.from.map_or(0, micros).into(),
                query.to.map_or(i64::MAX, micros).into(),
                query
                    .product
                    .as_ref()
                    .map_or("", |product| product.as_str())
                    .into(),
                query.result.as_deref().unwrap_or("").into(),
                at,
                exchange,
                query.limit.into(),
            ],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(AuditedExchange {
                subject: row.text(14)?,
                exchange: read_exchange(row)?,
                request_id: row.text(15)?,
                intent_entry: row.text(16)?,
                outcome_entry: row.text_or_null(17)?,
            })
        })
        .collect()
}

/// A place in a list that is ordered by time and id: where the next page begins.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Position {
    at: Timestamp,
    exchange: ExchangeId,
}

impl Position {
    /// Reads what an earlier page gave as `next`.
    pub fn read(text: &str) -> Option<Self> {
        let (at, exchange) = text.split_once('_')?;
        let at = crate::store::instant(at.parse().ok()?)?;
        Some(Self {
            at,
            exchange: exchange.parse().ok()?,
        })
    }

    fn of(view: &ExchangeView) -> String {
        format!("{}_{}", micros(view.at), view.exchange)
    }

    /// What comes strictly after the position; everything, without one.
    fn bounds(after: Option<&Self>) -> (Value, Value) {
        after.map_or((i64::MAX.into(), "".into()), |position| {
            (position.at.into(), position.exchange.to_string().into())
        })
    }
}

impl AuditedExchange {
    /// Where the page after this one begins.
    pub fn position(&self) -> String {
        Position::of(&self.exchange)
    }
}

fn read_exchange(row: &Row) -> Result<ExchangeView, StoreError> {
    Ok(ExchangeView {
        exchange: row.text(0)?,
        at: row.instant(1)?,
        body: row.text(2)?,
        source: row.text(3)?,
        product: row.text(4)?,
        purpose: row.text(5)?,
        item: row.text(6)?,
        result: row.text_or_null(7)?,
        code: row.text_or_null(8)?,
        used: row.int_or_null(9)? == Some(1),
        counter: row.int(10)?,
        ended_at: row.int_or_null(11)?.and_then(crate::store::instant),
        request_sha256: row.text(12)?,
        answer_sha256: row.text_or_null(13)?,
    })
}
