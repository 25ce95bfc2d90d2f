//! Carrying events to receivers: at least once, in each person's order, however many carry.
//!
//! A lease says which process carries for a receiver; it saves work and protects nothing. What keeps
//! the order is the outbox: an event is due only when none of the same person before it is pending,
//! and each attempt is claimed by its number before it begins. A courier that was paused can at worst
//! send again what was sent, under the same `jti`.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::push::{Receiver, Verdict};
use super::store::{self, Due};
use super::{Events, Sending, backoff};
use crate::store::StoreError;
use crate::store::lease::{Lease, Leases};

/// How often it is looked what is due.
const EVERY: Duration = Duration::from_millis(500);

/// How long a courier may be silent before another takes over.
const TTL: Duration = Duration::from_secs(30);

/// Events under way at one receiver, each of another person.
const AT_ONCE: u32 = 4;

/// When an attempt that nobody concluded counts as lost. Longer than the longest attempt.
const LOST: SignedDuration = SignedDuration::from_secs(60);

impl Events {
    /// Carries to every receiver until told to stop, one task each: a slow one holds up no other.
    ///
    /// `holder` is the name this process takes leases under.
    pub async fn run(self: Arc<Self>, holder: String, stop: CancellationToken) {
        let mut couriers = JoinSet::new();
        let count = self
            .sending
            .as_ref()
            .map_or(0, |sending| sending.receivers.len());
        for index in 0..count {
            let (events, holder, stop) = (Arc::clone(&self), holder.clone(), stop.clone());
            couriers.spawn(async move { events.carry(index, holder, stop).await });
        }
        couriers.join_all().await;
    }

    async fn carry(&self, index: usize, holder: String, stop: CancellationToken) {
        let Some((sending, receiver)) = self
            .sending
            .as_ref()
            .and_then(|sending| Some((sending, sending.receivers.get(index)?)))
        else {
            return;
        };
        let leases = Leases::new(self.db.clone(), holder, self.world.clone());
        let mut held = None;
        while tokio::time::timeout(EVERY, stop.cancelled()).await.is_err() {
            let carried = async {
                if self.is_ours(&leases, receiver, &mut held).await? {
                    self.deliver_to(sending, receiver).await?;
                }
                Ok::<_, StoreError>(())
            };
            // A receiver that does not answer does not keep the process from ending: what it then
            // has and nobody recorded comes again.
            let carried = tokio::select! {
                carried = carried => carried,
                () = stop.cancelled() => break,
            };
            if let Err(error) = carried {
                tracing::warn!(%error, receiver = receiver.id, "events wait for the database");
            }
        }
        if let Some(lease) = held
            && let Err(error) = leases.give_back(lease).await
        {
            tracing::warn!(%error, "a courier's lease runs out instead of being given back");
        }
    }

    /// Whether this process carries for the receiver. On a file there is no other.
    async fn is_ours(
        &self,
        leases: &Leases,
        receiver: &Receiver,
        held: &mut Option<Lease>,
    ) -> Result<bool, StoreError> {
        if !self.db.is_shared() {
            return Ok(true);
        }
        match held {
            Some(lease) if !lease.is_half_over(self.world.now()) => {}
            _ => *held = leases.take(&format!("events/{}", receiver.id), TTL).await?,
        }
        Ok(held.is_some())
    }

    /// Sends what is due now, to every receiver; says how many attempts were made. For whoever drives
    /// the room from within.
    pub async fn deliver(&self) -> Result<usize, StoreError> {
        let Some(sending) = &self.sending else {
            return Ok(0);
        };
        let mut attempts = 0;
        for receiver in &sending.receivers {
            attempts += self.deliver_to(sending, receiver).await?;
        }
        Ok(attempts)
    }

    async fn deliver_to(
        &self,
        sending: &Sending,
        receiver: &Receiver,
    ) -> Result<usize, StoreError> {
        let due = store::due(&self.db, &receiver.id, self.world.now(), AT_ONCE).await?;
        let attempts = due
            .into_iter()
            .map(|due| self.attempt(sending, receiver, due));
        let mut made = 0;
        for attempt in futures_util::future::join_all(attempts).await {
            made += usize::from(attempt?);
        }
        Ok(made)
    }

    /// Tries once. `false`: another courier has it.
    async fn attempt(
        &self,
        sending: &Sending,
        receiver: &Receiver,
        due: Due,
    ) -> Result<bool, StoreError> {
        let lost_at = after(self.world.now(), LOST);
        if !store::claim(&self.db, &due, lost_at).await? {
            return Ok(false);
        }
        // Crashed from here on: nothing concludes the attempt, and at `lost_at` it is sent again.
        let attempt = due.attempts + 1;
        let verdict = match sending.pen.write(&receiver.to, &due.event) {
            Ok(set) => receiver.push(set, attempt).await,
            Err(_) => Verdict::Again("unsigned"),
        };
        self.conclude(receiver, &due, attempt, verdict).await?;
        Ok(true)
    }

    async fn conclude(
        &self,
        receiver: &Receiver,
        due: &Due,
        attempt: u32,
        verdict: Verdict,
    ) -> Result<(), StoreError> {
        let now = self.world.now();
        let id = &due.event.id;
        match verdict {
            Verdict::Acknowledged => store::acknowledged(&self.db, id, now).await,
            Verdict::Refused(code) => {
                tracing::error!(
                    event.id = id,
                    receiver = receiver.id,
                    code,
                    "a receiver refuses an event; it is parked, and the person's next ones go on"
                );
                store::refused(&self.db, id, code).await
            }
            Verdict::Again(code) => {
                let chance = u64::from_le_bytes(self.world.entropy.bytes());
                let wait = backoff::wait(attempt, chance);
                tracing::warn!(
                    event.id = id,
                    receiver = receiver.id,
                    code,
                    attempt,
                    "an event was not acknowledged and is sent again later"
                );
                let wait = SignedDuration::try_from(wait).unwrap_or(LOST);
                store::put_off(&self.db, id, attempt, code, after(now, wait)).await
            }
        }
    }
}

fn after(now: Timestamp, wait: SignedDuration) -> Timestamp {
    now.checked_add(wait).unwrap_or(Timestamp::MAX)
}
