//! What an operator sees of deliveries that are not done, and what they can do about them.
//!
//! Nothing here says whose an event is.

use jiff::Timestamp;

use super::{Events, store};
use crate::store::StoreError;
use crate::store::outbox::EventKind;

/// An event that a receiver does not have.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Waiting {
    /// Its `jti`.
    pub event: String,
    /// The receiver's name in configuration.
    pub receiver: String,
    /// Whom it stands for.
    pub recipient: String,
    /// What is told.
    pub kind: EventKind,
    /// Whether it was refused, and is sent no more; else it is on its way.
    pub parked: bool,
    /// How often it was tried since it was put down or sent again.
    pub attempts: i64,
    /// Why the last attempt failed.
    pub code: Option<String>,
    /// When it was recorded.
    pub at: Timestamp,
}

/// How many events a recipient does not have.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Count {
    /// The receiver's name in configuration.
    pub receiver: String,
    /// Whom it stands for.
    pub recipient: String,
    /// Still on their way.
    pub pending: i64,
    /// Refused, and sent no more.
    pub parked: i64,
    /// Whether the receiver is still configured: to another nothing is sent.
    pub connected: bool,
}

/// Which parked events are sent again.
#[derive(Clone, Copy, Debug)]
pub enum Resend<'a> {
    /// The one of this `jti`.
    Event(&'a str),
    /// All of this recipient.
    Recipient(&'a str),
}

impl Events {
    /// How many events are parked or on their way, per receiver that has any.
    pub async fn counts(&self) -> Result<Vec<Count>, StoreError> {
        let mut counts = store::counts(&self.db).await?;
        for count in &mut counts {
            count.connected = self.outbox.knows(&count.receiver);
        }
        Ok(counts)
    }

    /// The oldest events that are parked, then those on their way; so many of each at most.
    pub async fn waiting(&self, at_most: u32) -> Result<Vec<Waiting>, StoreError> {
        let mut waiting = store::waiting(&self.db, "refused", at_most).await?;
        waiting.extend(store::waiting(&self.db, "pending", at_most).await?);
        Ok(waiting)
    }

    /// Puts parked events on their way again, each person's in order. Gives how many.
    pub async fn resend(&self, which: Resend<'_>) -> Result<u64, StoreError> {
        store::resend(&self.db, which, self.world.now()).await
    }
}
