//! Events for those who hold data: they learn that consent was given, taken back, ended or soon ends.
//!
//! Whoever records a decision puts the news into the outbox ([`crate::store::outbox`]) in the same
//! transaction; this room carries it on. Each event is a Security Event Token (RFC 8417) for one
//! receiver, signed with a key that signs nothing else, and pushed (RFC 8935) until the receiver
//! acknowledges it. It names the person by a pseudonym that no other receiver knows, and holds no data
//! about them: which items, and what to do.
//!
//! Delivery is at least once, under one `jti`, in the order things happened to a person. It is never
//! waited for: consent ends in the gate, at once, whether or not anybody can be told.
//!
//! The room also sees that grants come to their end, by time or by a newer notice ([`Events::lapse`]),
//! and knows who has data that
//! rest on consent taken back ([`Events::recipients`]).

mod backoff;
mod courier;
mod lapse;
mod outdated;
mod parked;
mod push;
mod recipients;
mod set;
mod store;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use serde_json::Value;

use self::push::Receiver;
use self::set::Pen;
use crate::audit::Log;
use crate::citizen::ClientId;
use crate::clock::World;
use crate::config::EventsConfig;
use crate::consent::Purposes;
use crate::identity::jwt::{KeyDefect, Signer};
use crate::identity::{PairwiseKey, UnreadableSecret};
use crate::store::keyring::secret_file::{self, SecretFileError};
use crate::store::outbox::{Outbox, Route, ValuesKey};
use crate::store::{Db, StoreError, instant, micros};

pub use parked::{Count, Resend, Waiting};
pub use push::ReceiverDefect;
pub use recipients::{Confirmation, Recipient};
pub use set::TYPE;

/// Delivers what the outbox holds.
#[derive(Debug)]
pub struct Events {
    db: Db,
    log: Arc<Log>,
    outbox: Outbox,
    sending: Option<Sending>,
    expiring_before: Span,
    retention: Span,
    lapsed_until: AtomicI64, // microseconds: ends before were looked at by this process
    world: World,
}

/// What sending takes; there is nothing of it without receivers.
#[derive(Debug)]
struct Sending {
    pen: Pen,
    receivers: Vec<Receiver>,
}

/// Where the room finds its keys.
#[derive(Clone, Copy, Debug)]
pub struct EventKeys<'a> {
    /// Signs events (PKCS#8 PEM).
    pub signing: &'a Path,
    /// Makes names differ per receiver.
    pub pairwise: &'a Path,
}

/// Why the room cannot open.
#[derive(Debug, thiserror::Error)]
pub enum EventsDefect {
    /// The file of the signing key.
    #[error("keys/events.pem")]
    File(#[from] SecretFileError),
    /// The signing key.
    #[error("keys/events.pem")]
    Key(#[from] KeyDefect),
    /// The key that makes names differ.
    #[error("keys/pairwise.key")]
    Pairwise(#[from] UnreadableSecret),
    /// A receiver.
    #[error("receiver {0}")]
    Receiver(String, #[source] ReceiverDefect),
}

/// Receivers and keys, read before any store is opened.
#[derive(Debug)]
pub struct Setup {
    sending: Option<Sending>,
    outbox: Outbox,
    expiring_before: Span,
    retention: Span,
}

impl Setup {
    /// Reads keys and secrets, and names everything that is wrong. Without receivers it reads none.
    pub fn read(
        config: &EventsConfig,
        keys: EventKeys<'_>,
        issuer: &str,
        clients: &BTreeSet<ClientId>,
        purposes: &Purposes,
    ) -> Result<Self, Vec<EventsDefect>> {
        let is_client = |recipient: &str| {
            let mut known = clients.iter();
            known.any(|client| client.as_str() == recipient)
        };
        let mut defects = Vec::new();
        let mut sending = None;
        if !config.receivers.is_empty() {
            let mut receivers = Vec::new();
            for one in &config.receivers {
                match Receiver::open(one, is_client(&one.recipient)) {
                    Ok(receiver) => receivers.push(receiver),
                    Err(defect) => defects.push(EventsDefect::Receiver(one.id.clone(), defect)),
                }
            }
            match pen(keys, issuer) {
                Ok(pen) => sending = Some(Sending { pen, receivers }),
                Err(defect) => defects.push(defect),
            }
        }
        if !defects.is_empty() {
            return Err(defects);
        }
        let route = |one: &crate::config::ReceiverConfig| Route {
            receiver: one.id.clone(),
            recipient: one.recipient.clone(),
            body: one.body.clone(),
            purposes: (!is_client(&one.recipient)).then(|| {
                let named = purposes
                    .iter()
                    .filter(|purpose| purpose.recipients.contains(&one.recipient));
                named.map(|purpose| purpose.id.clone()).collect()
            }),
            kinds: one.events.clone(),
        };
        let mut outbox = Outbox::new(config.receivers.iter().map(route).collect());
        if let Some(sending) = &sending {
            outbox = outbox.comparing(ValuesKey::new(&sending.pen.pairwise.values_key()));
        }
        Ok(Self {
            sending,
            outbox,
            expiring_before: config.expiring_before,
            retention: config.retention,
        })
    }

    /// Where news is put down.
    pub fn outbox(&self) -> Outbox {
        self.outbox.clone()
    }

    /// The room, over its stores.
    pub fn open(self, db: Db, log: Arc<Log>, world: World) -> Events {
        Events {
            db,
            log,
            outbox: self.outbox,
            sending: self.sending,
            expiring_before: self.expiring_before,
            retention: self.retention,
            lapsed_until: AtomicI64::new(micros(Timestamp::UNIX_EPOCH)),
            world,
        }
    }
}

fn pen(keys: EventKeys<'_>, issuer: &str) -> Result<Pen, EventsDefect> {
    let pem = secret_file::read(keys.signing)?;
    Ok(Pen {
        issuer: issuer.to_owned(),
        signer: Signer::from_pem(&pem, None)?,
        pairwise: PairwiseKey::open(keys.pairwise)?,
    })
}

impl Events {
    /// The public key that events verify with, where there are receivers.
    pub fn jwk(&self) -> Option<Value> {
        let sending = self.sending.as_ref()?;
        Some(Value::Object(sending.pen.signer.public_jwk().clone()))
    }

    /// Forgets deliveries acknowledged longer ago than they are kept, and what was handed over under
    /// consent that ended. Gives how many deliveries.
    pub async fn sweep(&self) -> Result<u64, StoreError> {
        self.outbox.forget(&self.db, self.world.now()).await?;
        let now = self.world.now().to_zoned(TimeZone::UTC);
        match now.checked_sub(self.retention) {
            Ok(before) => store::forget(&self.db, before.timestamp()).await,
            Err(_) => Ok(0),
        }
    }

    fn lapsed_until(&self) -> Timestamp {
        instant(self.lapsed_until.load(Ordering::Relaxed)).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    fn remember_lapsed(&self, until: Timestamp) {
        self.lapsed_until.store(micros(until), Ordering::Relaxed);
    }
}
