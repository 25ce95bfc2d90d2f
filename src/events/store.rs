//! The room's statements.

use jiff::Timestamp;

use super::parked::{Count, Resend, Waiting};
use super::set::Event;
use crate::store::{Db, Row, StoreError};

/// An event that is due, and how often it was tried.
#[derive(Debug)]
pub(super) struct Due {
    pub event: Event,
    pub attempts: u32,
}

/// Events due at one receiver, at most one per person: the oldest that is neither acknowledged nor
/// refused. What follows it waits, whoever looks.
pub(super) async fn due(
    db: &Db,
    receiver: &str,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<Due>, StoreError> {
    let rows = db
        .rows(
            "SELECT o.event, o.subject, o.number, o.kind, o.body, o.purpose, o.items, o.epoch,
                    o.effective_at, o.at, d.attempts
             FROM event_delivery d JOIN event_outbox o ON o.event = d.event
             WHERE d.receiver = $1 AND d.state = 'pending' AND d.next_at <= $2
               AND NOT EXISTS (
                   SELECT 1 FROM event_delivery e
                   WHERE e.receiver = d.receiver AND e.subject = d.subject
                     AND e.number < d.number AND e.state = 'pending')
             ORDER BY d.next_at, d.event LIMIT $3",
            vec![receiver.into(), now.into(), limit.into()],
        )
        .await?;
    rows.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Due, StoreError> {
    let items = row.text(6)?;
    Ok(Due {
        event: Event {
            id: row.text(0)?,
            subject: row.parsed(1)?,
            number: row.int(2)?,
            kind: row.parsed(3)?,
            body: row.parsed(4)?,
            purpose: row.parsed(5)?,
            items: serde_json::from_str(&items).map_err(|_| StoreError::Corrupt { column: 6 })?,
            epoch: row.int(7)?,
            effective_at: row.instant(8)?,
            at: row.instant(9)?,
        },
        attempts: u32::try_from(row.int(10)?).map_err(|_| StoreError::Corrupt { column: 10 })?,
    })
}

/// Claims the next attempt, until `lost_at`. `false`: somebody else has it, or it is over.
pub(super) async fn claim(db: &Db, due: &Due, lost_at: Timestamp) -> Result<bool, StoreError> {
    let mut tx = db.begin().await?;
    let claimed = tx
        .execute(
            "UPDATE event_delivery SET attempts = attempts + 1, next_at = $1
             WHERE event = $2 AND state = 'pending' AND attempts = $3",
            vec![
                lost_at.into(),
                due.event.id.as_str().into(),
                due.attempts.into(),
            ],
        )
        .await?;
    tx.commit().await?;
    Ok(claimed == 1)
}

/// Takes note that the receiver has it. An acknowledgement counts however late it is read.
pub(super) async fn acknowledged(db: &Db, event: &str, now: Timestamp) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    tx.execute(
        "UPDATE event_delivery SET state = 'acknowledged', acknowledged_at = $1, code = NULL
         WHERE event = $2 AND state <> 'acknowledged'",
        vec![now.into(), event.into()],
    )
    .await?;
    tx.commit().await
}

/// Parks an event that the receiver will not take.
pub(super) async fn refused(db: &Db, event: &str, code: &str) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    tx.execute(
        "UPDATE event_delivery SET state = 'refused', code = $1
         WHERE event = $2 AND state = 'pending'",
        vec![code.into(), event.into()],
    )
    .await?;
    tx.commit().await
}

/// Puts off an event whose attempt of that number failed, unless somebody tried again meanwhile.
pub(super) async fn put_off(
    db: &Db,
    event: &str,
    attempt: u32,
    code: &str,
    next_at: Timestamp,
) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    tx.execute(
        "UPDATE event_delivery SET next_at = $1, code = $2
         WHERE event = $3 AND state = 'pending' AND attempts = $4",
        vec![next_at.into(), code.into(), event.into(), attempt.into()],
    )
    .await?;
    tx.commit().await
}

/// Forgets deliveries that were acknowledged before an instant. What was told stays in the outbox.
pub(super) async fn forget(db: &Db, before: Timestamp) -> Result<u64, StoreError> {
    db.clear(
        "DELETE FROM event_delivery WHERE event IN
             (SELECT event FROM event_delivery
              WHERE state = 'acknowledged' AND acknowledged_at < $1 LIMIT $2)",
        vec![before.into()],
    )
    .await
}

/// How many are not acknowledged, per receiver. Whether it is configured, the database cannot tell.
pub(super) async fn counts(db: &Db) -> Result<Vec<Count>, StoreError> {
    let rows = db
        .rows(
            "SELECT o.receiver, o.recipient,
                    COUNT(CASE WHEN d.state = 'pending' THEN 1 END),
                    COUNT(CASE WHEN d.state = 'refused' THEN 1 END)
             FROM event_delivery d JOIN event_outbox o ON o.event = d.event
             WHERE d.state <> 'acknowledged'
             GROUP BY o.receiver, o.recipient ORDER BY o.receiver, o.recipient",
            vec![],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Count {
                receiver: row.text(0)?,
                recipient: row.text(1)?,
                pending: row.int(2)?,
                parked: row.int(3)?,
                connected: false,
            })
        })
        .collect()
}

/// The oldest of one state.
pub(super) async fn waiting(
    db: &Db,
    state: &str,
    at_most: u32,
) -> Result<Vec<Waiting>, StoreError> {
    let rows = db
        .rows(
            "SELECT o.event, o.receiver, o.recipient, o.kind, d.attempts, d.code, o.at
             FROM event_delivery d JOIN event_outbox o ON o.event = d.event
             WHERE d.state = $1 ORDER BY o.at, o.event LIMIT $2",
            vec![state.into(), at_most.into()],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Waiting {
                event: row.text(0)?,
                receiver: row.text(1)?,
                recipient: row.text(2)?,
                kind: row.parsed(3)?,
                parked: state == "refused",
                attempts: row.int(4)?,
                code: row.text_or_null(5)?,
                at: row.instant(6)?,
            })
        })
        .collect()
}

/// Puts parked events on their way again, as if they had never been tried.
pub(super) async fn resend(db: &Db, which: Resend<'_>, now: Timestamp) -> Result<u64, StoreError> {
    let mut tx = db.begin().await?;
    let resent = match which {
        Resend::Event(event) => {
            tx.execute(
                "UPDATE event_delivery SET state = 'pending', attempts = 0, next_at = $1
                 WHERE state = 'refused' AND event = $2",
                vec![now.into(), event.into()],
            )
            .await?
        }
        Resend::Recipient(recipient) => {
            tx.execute(
                "UPDATE event_delivery SET state = 'pending', attempts = 0, next_at = $1
                 WHERE state = 'refused'
                   AND event IN (SELECT event FROM event_outbox WHERE recipient = $2)",
                vec![now.into(), recipient.into()],
            )
            .await?
        }
    };
    tx.commit().await?;
    Ok(resent)
}
