//! Releasing: the record of what leaves for whom, durable before it leaves.

use std::collections::BTreeSet;

use serde_json::json;

use crate::audit::Kind;
use crate::citizen::{ExchangeId, JobId, SubjectId};
use crate::store::Tx;

use super::super::ledger::{block, fields};
use super::{Gate, Refusal, store};

/// A profile about to leave.
#[derive(Clone, Debug)]
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
        }
        let id = self.world.entropy.uuid().to_string();
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
        Ok(())
    }
}
