//! Closing: the outcome, durable before the answer is looked at.

use std::ops::Range;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::audit::Kind;
use crate::citizen::{ExchangeId, JobId, SubjectId};
use crate::store::{StoreError, Tx};

use super::super::item::State;
use super::super::ledger::{fields, store as ledger};
use super::store::{NewOutcome, Position};
use super::{Gate, GateError, OpenExchange, store};

/// What came of an exchange.
#[derive(Clone)]
pub struct Outcome {
    /// The kind of result.
    pub result: OutcomeResult,
    /// Stable code of ours or of the service.
    pub code: Option<String>,
    /// SHA-256 of the answer's bytes.
    pub answer_sha256: Option<[u8; 32]>,
    /// What else the log keeps, encrypted.
    pub details: Map<String, Value>,
}

impl Outcome {
    /// Of an answer nobody looked at.
    fn unread(answer_sha256: [u8; 32]) -> Self {
        Self {
            result: OutcomeResult::Ok,
            code: None,
            answer_sha256: Some(answer_sha256),
            details: Map::new(),
        }
    }
}

impl std::fmt::Debug for Outcome {
    // The code and the details say something about a person.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outcome")
            .field("result", &self.result)
            .finish_non_exhaustive()
    }
}

/// The kinds of result.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OutcomeResult {
    /// The source said no to the body or to the person.
    Denied,
    /// The exchange failed, or the answer cannot be trusted.
    Error,
    /// The source has no record.
    NoData,
    /// Data came.
    Ok,
    /// No answer in time.
    Timeout,
}

impl OutcomeResult {
    /// The word of the log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Denied => "denied",
            Self::Error => "error",
            Self::NoData => "no_data",
            Self::Ok => "ok",
            Self::Timeout => "timeout",
        }
    }

    /// Whether there is something to use. "No record" is an answer about a person too.
    const fn is_answer(self) -> bool {
        matches!(self, Self::NoData | Self::Ok)
    }

    /// What may become of such a result when the grant it was asked under stands as `state` says.
    pub(in crate::consent) const fn verdict(self, state: State) -> Use {
        match (self.is_answer(), state.is_granted()) {
            (false, _) => Use::Nothing,
            (true, true) => Use::Allowed,
            (true, false) => Use::Discarded,
        }
    }
}

/// Whether the answer may be looked at.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[must_use = "only `Use::Allowed` lets an answer be used"]
pub enum Use {
    /// Yes; it is recorded as used.
    Allowed,
    /// No: the consent ended meanwhile, or the exchange was given up. Drop the answer unread.
    Discarded,
    /// There is nothing to use: the exchange failed, as recorded.
    Nothing,
}

impl Gate {
    /// Records that an exchange failed, or what came of one whose answer is known already.
    ///
    /// An answer whose consent ended since the intent is recorded as discarded, with its digest
    /// only (REV-04).
    pub async fn close(&self, exchange: OpenExchange, outcome: Outcome) -> Result<Use, GateError> {
        self.end(exchange, None, || outcome).await
    }

    /// Reads an answer, if the consent it was asked under still stands, and records what it says.
    ///
    /// `read` is called inside the transaction that decides, or not at all: an answer whose consent
    /// ended is dropped unread (REV-04). It must be quick, for the database waits for it.
    pub async fn read(
        &self,
        exchange: OpenExchange,
        answer_sha256: [u8; 32],
        read: impl FnOnce() -> Outcome + Send,
    ) -> Result<Use, GateError> {
        self.end(exchange, Some(answer_sha256), read).await
    }

    async fn end(
        &self,
        exchange: OpenExchange,
        unread: Option<[u8; 32]>,
        outcome: impl FnOnce() -> Outcome + Send,
    ) -> Result<Use, GateError> {
        let mut tx = self.db.begin().await?;
        let position = store::count(&mut tx, exchange.subject).await?;
        let now = self.world.now();
        let consent = (exchange.item, exchange.consent_seq, &exchange.purpose);
        let state = self
            .stands(&mut tx, consent.0, consent.1, consent.2, now)
            .await?;
        let outcome = match unread {
            Some(answer_sha256) if !state.is_granted() => Outcome::unread(answer_sha256),
            _ => outcome(),
        };
        let verdict = outcome.result.verdict(state);
        let discarded = verdict == Use::Discarded;
        let row = NewOutcome {
            exchange: exchange.id,
            result: if discarded {
                "discarded_revoked"
            } else {
                outcome.result.as_str()
            },
            used: verdict == Use::Allowed,
            code: outcome.code.as_deref().filter(|_| !discarded),
            answer_sha256: outcome.answer_sha256.map(hex::encode),
            position,
            at: now,
        };
        let details = if discarded {
            because(state)
        } else {
            outcome.details
        };
        match self
            .record_outcome(&mut tx, exchange.subject, &row, &details)
            .await
        {
            Ok(()) => tx.commit().await?,
            // The sweeper was faster and gave it up: the log says so, and that stays true.
            Err(GateError::Store(StoreError::Conflict)) => return Ok(Use::Discarded),
            Err(error) => return Err(error),
        }
        Ok(verdict)
    }

    /// Closes every exchange opened at one of these instants and still without outcome: a crash or a
    /// cancellation ends as `abandoned`, never as silence. Gives how many there were.
    ///
    /// While others may be asking, end with an instant no exchange can outlast.
    pub async fn abandon(&self, opened: Range<Timestamp>) -> Result<u64, GateError> {
        let mut abandoned = 0;
        loop {
            // What is closed is not found again.
            let left = store::left_open(&self.db, &opened).await?;
            let found = left.len();
            for (exchange, subject) in left {
                abandoned += u64::from(self.give_up(exchange, subject).await?);
            }
            if found < store::BATCH as usize {
                return Ok(abandoned);
            }
        }
    }

    /// The same for the exchanges of one fetch, of which no step is left: its process is gone, or could
    /// not record their end.
    pub async fn abandon_of(&self, subject: SubjectId, job: JobId) -> Result<u64, GateError> {
        let mut tx = self.db.begin().await?;
        // Whoever opens one holds the head, also one whose commit is still on its way to the database.
        ledger::lock(&mut tx, subject).await?;
        let left = store::left_open_of(&mut tx, subject, job).await?;
        drop(tx);
        let mut abandoned = 0;
        for exchange in left {
            abandoned += u64::from(self.give_up(exchange, subject).await?);
        }
        Ok(abandoned)
    }

    /// Closes one exchange as `abandoned`; `false` if its own task did close it after all.
    async fn give_up(&self, exchange: ExchangeId, subject: SubjectId) -> Result<bool, GateError> {
        let mut tx = self.db.begin().await?;
        let position = store::count(&mut tx, subject).await?;
        let row = NewOutcome {
            exchange,
            result: "abandoned",
            used: false,
            code: None,
            answer_sha256: None,
            position,
            at: self.world.now(),
        };
        match self
            .record_outcome(&mut tx, subject, &row, &Map::new())
            .await
        {
            Ok(()) => tx.commit().await?,
            Err(GateError::Store(StoreError::Conflict)) => return Ok(false),
            Err(error) => return Err(error),
        }
        Ok(true)
    }

    async fn record_outcome(
        &self,
        tx: &mut Tx,
        subject: SubjectId,
        outcome: &NewOutcome<'_>,
        details: &Map<String, Value>,
    ) -> Result<(), GateError> {
        let payload = payload(outcome, details);
        let entry = self
            .log
            .stage(tx, Kind::Outcome, Some(subject), payload)
            .await?
            .entry;
        Ok(store::insert_outcome(tx, outcome, entry).await?)
    }
}

fn payload(outcome: &NewOutcome<'_>, details: &Map<String, Value>) -> Map<String, Value> {
    let Position { epoch, counter } = outcome.position;
    let exchange: ExchangeId = outcome.exchange;
    fields(json!({
        "counter": counter,
        "exchange": exchange,
        "epoch": epoch,
        "result": outcome.result,
        "used": outcome.used,
        "code": outcome.code,
        "answer_sha256": outcome.answer_sha256,
        "details": details,
    }))
}

/// Why an answer was discarded, in the words of the item's state.
fn because(state: State) -> Map<String, Value> {
    fields(json!({"consent": state.as_str()}))
}
