//! Opening: the intent, durable before the first byte leaves.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::audit::Kind;
use crate::citizen::{ExchangeId, ItemId, ProductCode, PurposeId, SourceId};
use crate::store::{StoreError, Tx};

use super::super::capacity::Capacity;
use super::super::item::{Event, State};
use super::super::ledger::{block, fields, store as ledger};
use super::super::proof::{Bound, ConsentProof};
use super::super::publication::store as publication;
use super::super::purpose::Purpose;
use super::store::Intent;
use super::{Ask, Gate, OpenExchange, Opened, Refusal, admit, store};

/// How often a decision in between is tolerated before giving up.
const ATTEMPTS: usize = 3;

impl Gate {
    /// Opens one exchange, if a live consent covers it at the instant the intent commits.
    ///
    /// Take permits and connection first: the request must leave within two seconds of this
    /// returning. If the caller is cancelled here, the intent stays open and is later abandoned.
    pub async fn open(&self, ask: Ask) -> Result<Opened, Refusal> {
        self.log.admits_exchanges()?;
        let (purpose, offer) = self
            .terms
            .find(&ask.body, &ask.purpose, &ask.product)
            .ok_or(Refusal::NotAllowed)?;
        for _ in 0..ATTEMPTS {
            if let Some(opened) = self.attempt(&ask, purpose, &offer.source).await? {
                return Ok(opened);
            }
        }
        Err(Refusal::Contended)
    }

    /// `None` when the person decided something between reading their consent and writing.
    async fn attempt(
        &self,
        ask: &Ask,
        purpose: &Purpose,
        source: &SourceId,
    ) -> Result<Option<Opened>, Refusal> {
        // The epoch first: what is decided after this line moves it, and the update finds no row.
        let epoch = ledger::epoch(&self.db, ask.subject).await?;
        let capacity = Capacity::seen(&self.db, ask.subject, &ask.body, purpose).await?;
        let capacity = capacity.ok_or_else(|| Refusal::ConsentRequired {
            product: ask.product.clone(),
        })?;
        let item = capacity.item(&ask.product);
        let grant = ledger::newest_seen(&self.db, item).await?;
        let grant = grant.ok_or_else(|| Refusal::ConsentRequired {
            product: ask.product.clone(),
        })?;
        admit(grant.state(self.world.now(), 0), &ask.product)?;

        let mut tx = self.db.begin().await?;
        let Some(counter) = store::count_at(&mut tx, ask.subject, epoch).await? else {
            return Ok(None);
        };
        if block::holds(&mut tx, ask.subject, &ask.body, &ask.purpose).await? {
            return Err(Refusal::Blocked);
        }
        // Once more, for waiting for the writer may have taken us past the end.
        let now = self.world.now();
        let minimum = self.minimum(&mut tx, purpose, &ask.product, now).await?;
        admit(grant.state(now, minimum), &ask.product)?;
        self.keeps_terms(&mut tx, ask, purpose, &grant, now).await?;

        let id = ExchangeId::random(&*self.world.entropy);
        let intent = Intent {
            id,
            source,
            epoch,
            counter,
            grant: &grant,
            at: now,
        };
        self.record_intent(&mut tx, ask, purpose, &intent).await?;
        // The two seconds start before the commit can be seen by anybody: a revocation may come right
        // after it, and its confirmation may take as long as it likes to get here.
        let born = self.world.clock.monotonic();
        tx.commit().await?;
        // From here on the intent is there whatever happens.
        let proof = ConsentProof::new(Bound {
            exchange: id,
            subject: ask.subject,
            item,
            product: ask.product.clone(),
            epoch,
            request_sha256: ask.request_sha256,
            born,
        });
        let exchange = OpenExchange {
            id,
            subject: ask.subject,
            item,
            purpose: ask.purpose.clone(),
            consent_seq: grant.seq,
        };
        Ok(Some(Opened { proof, exchange }))
    }

    async fn record_intent(
        &self,
        tx: &mut Tx,
        ask: &Ask,
        purpose: &Purpose,
        intent: &Intent<'_>,
    ) -> Result<(), Refusal> {
        let payload = payload(ask, purpose, intent);
        let entry = self
            .log
            .stage(tx, Kind::Intent, Some(ask.subject), payload)
            .await?
            .entry;
        store::insert_intent(tx, ask, intent, entry)
            .await
            .map_err(|error| match error {
                StoreError::Conflict => Refusal::RequestIdReused,
                other => other.into(),
            })
    }

    /// The oldest version of the notice under which consent to a product still counts (CON-13).
    ///
    /// By the database alone, so that every replica says the same whatever files it has.
    async fn minimum(
        &self,
        tx: &mut Tx,
        purpose: &Purpose,
        product: &ProductCode,
        now: Timestamp,
    ) -> Result<u32, StoreError> {
        let minima = publication::minima(tx, &purpose.notice, now).await?;
        Ok(minima.of(product))
    }

    /// Whether the very grant an exchange rested on still stands.
    ///
    /// The caller holds the person's head row, so the answer is still true when it commits.
    pub(super) async fn stands(
        &self,
        tx: &mut Tx,
        item: ItemId,
        consent_seq: i64,
        purpose: &PurposeId,
        now: Timestamp,
    ) -> Result<State, StoreError> {
        let Some(newest) = ledger::newest(tx, item).await? else {
            return Ok(State::NotAsked);
        };
        let minimum = match self.terms.purposes.get(purpose) {
            Some(purpose) => self.minimum(tx, purpose, &newest.product, now).await?,
            None => u32::MAX,
        };
        Ok(newest.stands(consent_seq, now, minimum))
    }
}

fn payload(ask: &Ask, purpose: &Purpose, intent: &Intent<'_>) -> Map<String, Value> {
    let Event {
        item,
        seq,
        version,
        receipt,
        ..
    } = intent.grant;
    fields(json!({
        "counter": intent.counter,
        "exchange": intent.id,
        "retry_of": ask.retry_of,
        "job": ask.job,
        "body": ask.body,
        "purpose": ask.purpose,
        "product": ask.product,
        "source": intent.source,
        "request_id": ask.request_id,
        "request_sha256": hex::encode(ask.request_sha256),
        "wire_consent": purpose.wire_consent,
        "consent": {
            "item": item, "seq": seq, "epoch": intent.epoch,
            "receipt": receipt, "notice": purpose.notice, "version": version,
        },
        "details": ask.details,
    }))
}
