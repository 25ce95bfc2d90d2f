//! Grants that a newer notice ended: said once each, to those who hold data that rest on them.
//!
//! Who says it is the leased sweep, not whoever publishes: a version takes effect at an instant to
//! come, touches people without number, and at its instant nobody decides anything. A sweep goes
//! through them in batches, one transaction per person, under the person's head like every other
//! event about them; the row in `consent_lapse` makes it once, whichever replica sweeps. Until then
//! the gate refuses by itself, by the clock. That the version was published, and what it touches, the
//! log says already; so there is no entry per person.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::Events;
use super::lapse::{BATCH, Lapsing, Together, insert, lock, stands};
use crate::audit::LogError;
use crate::citizen::SubjectId;
use crate::store::outbox::{EventKind, Holders, News, OWN_PAGES};
use crate::store::{Db, StoreError, Tx};

impl Events {
    /// Tells of grants that versions in force since `from` ended. Gives how many.
    pub(super) async fn outdate_between(
        &self,
        from: Timestamp,
        now: Timestamp,
    ) -> Result<u64, LogError> {
        let mut told = 0;
        loop {
            // What was told of, by whomever, is not found again: this comes to an end.
            let found = outdated(&self.db, from, now).await?;
            for (together, grants) in &found {
                told += self.tell_outdated(together, grants).await?;
            }
            if found.values().map(Vec::len).sum::<usize>() < BATCH as usize {
                return Ok(told);
            }
        }
    }

    /// One transaction: that it was said, and the news for those who hold data.
    async fn tell_outdated(
        &self,
        together: &Together,
        grants: &[Lapsing],
    ) -> Result<u64, LogError> {
        let (now, kind, subject) = (self.world.now(), EventKind::Invalidated, together.subject);
        let mut tx = self.db.begin().await?;
        // First: no decision and no release of this person, and no other sweep, commits before we do.
        let epoch = lock(&mut tx, subject).await?;
        let (mut items, mut holders) = (Vec::new(), Holders::new());
        for grant in grants {
            if !stands(&mut tx, subject, grant, kind).await? {
                continue;
            }
            insert(&mut tx, subject, grant.seq, kind, now, None).await?;
            holders.insert(grant.item, holding(&mut tx, subject, grant).await?);
            self.outbox.take_back(&mut tx, subject, grant.item).await?;
            items.push(grant.news());
        }
        let told = items.len() as u64;
        let news = News {
            subject,
            body: together.body.clone(),
            purpose: together.purpose.clone(),
            kind,
            items,
            epoch,
            cause: together.receipt.clone(),
            effective_at: together.until,
            at: now,
        };
        let entropy = &*self.world.entropy;
        self.outbox
            .stage_to_holders(&mut tx, entropy, &news, &holders)
            .await?;
        tx.commit().await?;
        Ok(told)
    }
}

/// Grants that are their item's newest event, that a version in force since then ended before their
/// time, and of whose end nothing was said.
async fn outdated(
    db: &Db,
    from: Timestamp,
    to: Timestamp,
) -> Result<BTreeMap<Together, Vec<Lapsing>>, StoreError> {
    let rows = db
        .rows(
            "SELECT g.subject, g.body, g.purpose, MIN(m.effective_at), g.receipt, g.seq, g.item,
                    g.product
             FROM (SELECT notice, CAST('' AS TEXT) AS product, version, effective_at
                   FROM notice_minimum WHERE effective_at > $1 AND effective_at <= $2
                   UNION ALL
                   SELECT notice, product, version, effective_at
                   FROM notice_product_minimum WHERE effective_at > $1 AND effective_at <= $2) m
             JOIN consent_event g ON g.notice = m.notice AND g.version < m.version
                 AND (m.product = '' OR m.product = g.product)
             WHERE g.event = 'granted' AND g.valid_until > m.effective_at
               AND NOT EXISTS (
                   SELECT 1 FROM consent_event n WHERE n.item = g.item AND n.seq > g.seq)
               AND NOT EXISTS (
                   SELECT 1 FROM consent_lapse l
                   WHERE l.subject = g.subject AND l.seq = g.seq
                     AND l.what IN ('expired', 'invalidated'))
             GROUP BY g.subject, g.body, g.purpose, g.receipt, g.seq, g.item, g.product
             ORDER BY g.subject, g.seq LIMIT $3",
            vec![from.into(), to.into(), BATCH.into()],
        )
        .await?;
    let mut found: BTreeMap<Together, Vec<Lapsing>> = BTreeMap::new();
    for row in &rows {
        let (together, grant) = super::lapse::read(row)?;
        found.entry(together).or_default().push(grant);
    }
    Ok(found)
}

/// The clients that were handed data of an item and were not told to erase them since.
async fn holding(
    tx: &mut Tx,
    subject: SubjectId,
    grant: &Lapsing,
) -> Result<BTreeSet<String>, StoreError> {
    let rows = tx
        .rows(
            "SELECT DISTINCT r.recipient FROM exchange_intent i
             JOIN release_exchange x ON x.exchange = i.exchange
             JOIN release r ON r.release = x.release
             WHERE i.subject = $1 AND i.item = $2 AND i.consent_seq <= $3 AND r.recipient <> $4
               AND NOT EXISTS (
                   SELECT 1 FROM consent_event w
                   WHERE w.item = i.item AND w.seq > i.consent_seq AND w.seq < $3
                     AND w.event <> 'granted')",
            vec![
                subject.to_string().into(),
                grant.item.to_string().into(),
                grant.seq.into(),
                OWN_PAGES.into(),
            ],
        )
        .await?;
    rows.iter().map(|row| row.text(0)).collect()
}
