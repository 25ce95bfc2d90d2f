//! The terms of a grant, kept where its intents are written.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::citizen::{ItemId, ProductCode, SubjectId};
use crate::clock::madrid;
use crate::store::{StoreError, Tx};

use super::super::grant_terms::Frequency;
use super::super::item::Event;
use super::super::ledger::ItemState;
use super::super::purpose::Purpose;
use super::{Ask, Gate, Refusal, store};

/// Clocks of replicas differ by less, so no intent under a grant is older than it by more.
const CLOCKS_APART: SignedDuration = SignedDuration::from_hours(1);

impl Gate {
    /// Whether one more request stays within what was agreed, and within what the register says
    /// today where that is stricter.
    ///
    /// The caller holds the person's head row, so nobody counts beside it.
    pub(super) async fn keeps_terms(
        &self,
        tx: &mut Tx,
        ask: &Ask,
        purpose: &Purpose,
        grant: &Event,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let product = || ask.product.clone();
        let today = purpose.terms(&ask.product).ok_or(Refusal::NotAllowed)?;
        let agreed = grant.agreed();
        let day = now.to_zoned(madrid()).date();
        if !agreed.tightened_by(today).period.covers(ask.about, day) {
            return Err(Refusal::OutsidePeriod { product: product() });
        }
        let mut limits = vec![agreed.frequency];
        if today.frequency != agreed.frequency {
            limits.push(today.frequency);
        }
        for limit in limits.into_iter().filter(|limit| limit.limits()) {
            let since = begin(limit, grant.at, now);
            let values =
                store::nth_newest_of(ask.subject, since, grant.item, grant.seq, limit.at_most);
            if let Some(row) = tx.row(store::NTH_NEWEST, values).await? {
                return Err(Refusal::Exhausted {
                    product: product(),
                    again: again(limit, row.instant(0)?),
                });
            }
        }
        Ok(())
    }

    /// The permissions that allow no more requests for now, and when they do again. For telling
    /// people: only [`Gate::open`] decides.
    pub async fn exhausted(
        &self,
        subject: SubjectId,
        items: &[ItemState],
    ) -> Result<BTreeMap<ProductCode, Option<Timestamp>>, StoreError> {
        let now = self.world.now();
        let mut exhausted = BTreeMap::new();
        for item in items.iter().filter(|item| item.state.is_granted()) {
            let (Some(seq), Some(at)) = (item.seq, item.at) else {
                continue;
            };
            let limit = item.terms.frequency;
            if let Some(nth) = self
                .nth_newest(subject, item.item, seq, at, limit, now)
                .await?
            {
                exhausted.insert(item.product.clone(), again(limit, nth));
            }
        }
        Ok(exhausted)
    }

    async fn nth_newest(
        &self,
        subject: SubjectId,
        item: ItemId,
        seq: i64,
        granted_at: Timestamp,
        limit: Frequency,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, StoreError> {
        if !limit.limits() {
            return Ok(None);
        }
        let since = begin(limit, granted_at, now);
        let values = store::nth_newest_of(subject, since, item, seq, limit.at_most);
        let row = self.db.row(store::NTH_NEWEST, values).await?;
        row.map(|row| row.instant(0)).transpose()
    }
}

/// From when on intents count.
fn begin(limit: Frequency, granted_at: Timestamp, now: Timestamp) -> Timestamp {
    limit.since(now).unwrap_or_else(|| {
        granted_at
            .checked_sub(CLOCKS_APART)
            .unwrap_or(Timestamp::MIN)
    })
}

/// When there is room again: the oldest request that counts leaves the window.
fn again(limit: Frequency, oldest: Timestamp) -> Option<Timestamp> {
    limit.window.map(|window| window.after(oldest))
}
