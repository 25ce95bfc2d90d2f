//! Grants that come to their end: said once each, to the log and to recipients.
//!
//! Nothing depends on it. Whether a grant holds is decided by the gate, by the clock, at the instant;
//! what is told here comes a little later, and nothing here renews anything.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::Events;
use crate::audit::{Kind, LogError};
use crate::citizen::{BodyId, ItemId, ProductCode, PurposeId, SubjectId};
use crate::store::outbox::{EventKind, News, NewsItem};
use crate::store::{Db, Row, StoreError, Tx};

/// Grants looked at in one go.
pub(super) const BATCH: u32 = 500;

/// How far back a sweep looks once one has looked at everything.
const OVERLAP: SignedDuration = SignedDuration::from_hours(1);

/// A grant whose end came, or comes near.
#[derive(Clone, Debug)]
pub(super) struct Lapsing {
    pub(super) seq: i64,
    pub(super) item: ItemId,
    pub(super) product: ProductCode,
}

/// What grants that are told of together have in common.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Together {
    pub(super) subject: SubjectId,
    pub(super) body: BodyId,
    pub(super) purpose: PurposeId,
    pub(super) until: Timestamp,
    pub(super) receipt: String,
}

/// Which ends are looked for.
#[derive(Clone, Copy, Debug)]
struct Span {
    kind: EventKind,
    from: Timestamp,
    to: Timestamp,
}

impl Events {
    /// Tells of grants that ended, and of those that soon will. Gives how many.
    pub async fn lapse(&self) -> Result<u64, LogError> {
        let now = self.world.now();
        let from = self.lapsed_until();
        // First: what a newer notice ended does not run out any more.
        let mut told = self.outdate_between(from, now).await?;
        told += self
            .lapse_between(Span {
                kind: EventKind::Expired,
                from,
                to: now,
            })
            .await?;
        if self.outbox.wants(EventKind::Expiring) {
            // Only what came near since the last look, as with what ended.
            told += self
                .lapse_between(Span {
                    kind: EventKind::Expiring,
                    from: self.soon(from).max(now),
                    to: self.soon(now),
                })
                .await?;
        }
        self.remember_lapsed(now.checked_sub(OVERLAP).unwrap_or(Timestamp::UNIX_EPOCH));
        Ok(told)
    }

    /// The instant that is near at another.
    fn soon(&self, at: Timestamp) -> Timestamp {
        let soon = at.to_zoned(TimeZone::UTC).checked_add(self.expiring_before);
        soon.map_or(at, |soon| soon.timestamp())
    }

    async fn lapse_between(&self, span: Span) -> Result<u64, LogError> {
        let mut told = 0;
        loop {
            // What was told of, by whomever, is not found again: this comes to an end.
            let found = lapsing(&self.db, span).await?;
            for (together, grants) in &found {
                told += self.tell_lapse(span.kind, together, grants).await?;
            }
            if found.values().map(Vec::len).sum::<usize>() < BATCH as usize {
                return Ok(told);
            }
        }
    }

    /// One transaction: that it was said, the log entry, the news.
    async fn tell_lapse(
        &self,
        kind: EventKind,
        together: &Together,
        grants: &[Lapsing],
    ) -> Result<u64, LogError> {
        let now = self.world.now();
        let mut tx = self.db.begin().await?;
        // First: no decision of this person, and no other sweep, commits before we do.
        let epoch = lock(&mut tx, together.subject).await?;
        let mut still = Vec::new();
        for grant in grants {
            if stands(&mut tx, together.subject, grant, kind).await? {
                still.push(grant);
            }
        }
        if still.is_empty() {
            return Ok(0);
        }
        let entry = if kind == EventKind::Expired {
            let payload = payload(together, epoch, &still);
            let subject = Some(together.subject);
            let staged = self
                .log
                .stage(&mut tx, Kind::ConsentExpired, subject, payload)
                .await?;
            Some(staged.entry.to_string())
        } else {
            None
        };
        for grant in &still {
            insert(
                &mut tx,
                together.subject,
                grant.seq,
                kind,
                now,
                entry.clone(),
            )
            .await?;
        }
        let news = News {
            subject: together.subject,
            body: together.body.clone(),
            purpose: together.purpose.clone(),
            kind,
            items: still.iter().map(|grant| grant.news()).collect(),
            epoch,
            cause: together.receipt.clone(),
            effective_at: together.until,
            at: now,
        };
        let entropy = &*self.world.entropy;
        self.outbox.stage(&mut tx, entropy, &news).await?;
        tx.commit().await?;
        Ok(still.len() as u64)
    }
}

impl Lapsing {
    pub(super) fn news(&self) -> NewsItem {
        NewsItem {
            item: self.item,
            product: self.product.clone(),
        }
    }
}

fn payload(together: &Together, epoch: i64, grants: &[&Lapsing]) -> serde_json::Map<String, Value> {
    let items: Vec<_> = grants
        .iter()
        .map(|one| json!({"item": one.item, "product": one.product, "seq": one.seq}))
        .collect();
    let payload = json!({
        "body": together.body,
        "purpose": together.purpose,
        "epoch": epoch,
        "receipt": together.receipt,
        "ended_at": together.until,
        "items": items,
    });
    match payload {
        Value::Object(members) => members,
        _ => serde_json::Map::new(),
    }
}

/// Grants that are their item's newest event and end in the span, and of which it was not yet said.
async fn lapsing(db: &Db, span: Span) -> Result<BTreeMap<Together, Vec<Lapsing>>, StoreError> {
    let rows = db
        .rows(
            "SELECT g.subject, g.body, g.purpose, g.valid_until, g.receipt, g.seq, g.item, g.product
             FROM consent_event g
             WHERE g.event = 'granted' AND g.valid_until > $1 AND g.valid_until <= $2
               AND NOT EXISTS (
                   SELECT 1 FROM consent_event n WHERE n.item = g.item AND n.seq > g.seq)
               AND NOT EXISTS (
                   SELECT 1 FROM consent_lapse l
                   WHERE l.subject = g.subject AND l.seq = g.seq
                     AND l.what IN ($3, 'expired', 'invalidated'))
             ORDER BY g.valid_until, g.subject, g.seq LIMIT $4",
            vec![
                span.from.into(),
                span.to.into(),
                span.kind.as_str().into(),
                BATCH.into(),
            ],
        )
        .await?;
    let mut found: BTreeMap<Together, Vec<Lapsing>> = BTreeMap::new();
    for row in &rows {
        let (together, grant) = read(row)?;
        found.entry(together).or_default().push(grant);
    }
    Ok(found)
}

pub(super) fn read(row: &Row) -> Result<(Together, Lapsing), StoreError> {
    let together = Together {
        subject: row.parsed(0)?,
        body: row.parsed(1)?,
        purpose: row.parsed(2)?,
        until: row.instant(3)?,
        receipt: row.text(4)?,
    };
    let grant = Lapsing {
        seq: row.int(5)?,
        item: row.parsed(6)?,
        product: row.parsed(7)?,
    };
    Ok((together, grant))
}

/// Locks the person's head row, and gives their epoch. It does not move: nothing was decided.
pub(super) async fn lock(tx: &mut Tx, subject: SubjectId) -> Result<i64, StoreError> {
    let row = tx
        .row(
            "UPDATE subject_head SET epoch = epoch WHERE subject = $1 RETURNING epoch",
            vec![subject.to_string().into()],
        )
        .await?;
    row.ok_or(StoreError::Corrupt { column: 0 })?.int(0)
}

/// Whether the grant is still its item's newest event, and nobody said this of it nor that it ended.
pub(super) async fn stands(
    tx: &mut Tx,
    subject: SubjectId,
    grant: &Lapsing,
    kind: EventKind,
) -> Result<bool, StoreError> {
    let row = tx
        .row(
            "SELECT (SELECT COUNT(*) FROM consent_event WHERE item = $1 AND seq > $2)
                  + (SELECT COUNT(*) FROM consent_lapse
                     WHERE subject = $3 AND seq = $2 AND what IN ($4, 'expired', 'invalidated'))",
            vec![
                grant.item.to_string().into(),
                grant.seq.into(),
                subject.to_string().into(),
                kind.as_str().into(),
            ],
        )
        .await?;
    Ok(row.map_or(Ok(1), |row| row.int(0))? == 0)
}

pub(super) async fn insert(
    tx: &mut Tx,
    subject: SubjectId,
    seq: i64,
    kind: EventKind,
    at: Timestamp,
    entry: Option<String>,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO consent_lapse (subject, seq, what, at, entry) VALUES ($1, $2, $3, $4, $5)",
        vec![
            subject.to_string().into(),
            seq.into(),
            kind.as_str().into(),
            at.into(),
            entry.into(),
        ],
    )
    .await?;
    Ok(())
}
