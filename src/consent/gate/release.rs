//! Releasing: the record of what leaves for whom, durable before it leaves.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use crate::audit::Kind;
use crate::citizen::{ExchangeId, JobId, SubjectId};
use crate::store::Tx;
use crate::store::outbox::{Handed, HandedItem, NewsItem};

use super::super::ledger::{block, fields};
use super::{Gate, Refusal, store};

/// A profile about to leave.
#[derive(Clone)]
pub struct Release {
    /// Whose profile.
    pub subject: SubjectId,
    /// The fetch it came from.
    pub job: JobId,
    /// Who receives it.
    pub recipient: String,
    /// Names of the fields that leave, never values.
    pub fields: Vec<String>,
    /// Every exchange whose answer is in it, as its provenance lists them.
    pub exchanges: BTreeSet<ExchangeId>,
    /// The values each of them gave the profile: compared with what others hold, never kept.
    pub values: BTreeMap<ExchangeId, String>,
}

impl std::fmt::Debug for Release {
    // The values are a person's.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Release")
            .field("subject", &self.subject)
            .field("job", &self.job)
            .field("recipient", &self.recipient)
            .finish_non_exhaustive()
    }
}

impl Gate {
    /// Records that a profile leaves, if every consent it rests on still stands at that instant.
    ///
    /// Another decision in between does no harm; a consent that ended does, even one given anew.
    pub async fn release(&self, release: Release) -> Result<(), Refusal> {
        self.release_together(vec![release]).await
    }

    /// Records that one thing made of several people's data leaves, if every consent of each of them
    /// still stands at that instant: all of it, or nothing.
    pub async fn release_together(&self, mut releases: Vec<Release>) -> Result<(), Refusal> {
        self.log.admits_exchanges()?;
        // In one order everywhere, so that two that hold several people never wait for each other.
        releases.sort_by_key(|release| release.subject);
        let mut tx = self.db.begin().await?;
        for release in &releases {
            self.record_release(&mut tx, release).await?;
        }
        Ok(tx.commit().await?)
    }

    async fn record_release(&self, tx: &mut Tx, release: &Release) -> Result<(), Refusal> {
        // First: it locks the person's head, so no withdrawal can commit before we do.
        let position = store::count(tx, release.subject).await?;
        let now = self.world.now();
        if block::holds_for(tx, release.subject, release.job).await? {
            return Err(Refusal::Blocked);
        }
        let mut handed: Option<Handed> = None;
        let id = self.world.entropy.uuid().to_string();
        for exchange in &release.exchanges {
            let part = store::contribution(tx, *exchange)
                .await?
                .ok_or(Refusal::NotAllowed)?;
            if part.subject != release.subject {
                return Err(Refusal::NotAllowed);
            }
            let state = self
                .stands(tx, part.item, part.consent_seq, &part.purpose, now)
                .await?;
            if !state.is_granted() {
                return Err(Refusal::RevokedInFlight);
            }
            let all = handed.get_or_insert_with(|| Handed {
                subject: part.subject,
                body: part.body,
                purpose: part.purpose,
                recipient: release.recipient.clone(),
                release: id.clone(),
                epoch: position.epoch,
                at: now,
                items: Vec::new(),
            });
            all.items.push(HandedItem {
                item: NewsItem {
                    item: part.item,
                    product: part.product,
                },
                until: part.until,
                values: release.values.get(exchange).cloned().unwrap_or_default(),
            });
        }
        let payload = fields(json!({
            "counter": position.counter,
            "epoch": position.epoch,
            "release": id,
            "job": release.job,
            "recipient": release.recipient,
            "fields": release.fields,
            "exchanges": release.exchanges,
        }));
        let entry = self
            .log
            .stage(tx, Kind::Release, Some(release.subject), payload)
            .await?
            .entry;
        store::insert_release(tx, &id, release, &position, now, entry).await?;
        if let Some(handed) = handed {
            let entropy = &*self.world.entropy;
            self.outbox.hand_over(tx, entropy, &handed).await?;
        }
        Ok(())
    }
}
