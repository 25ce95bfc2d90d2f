//! What the data-protection officer's operator does: sees what waits, answers, puts off, erases.
//!
//! Nothing here says who anybody is but [`Rights::identify`], which records why it was asked.

use jiff::Timestamp;
use serde_json::json;

use super::request::{answer_place, object, statement_place};
use super::right::{RequestState, Right};
use super::store::{self, NewEvent, Row};
use super::words::Words;
use super::{Rights, RightsError, extended};
use crate::audit::Kind;
use crate::citizen::{RequestId, SubjectId};
use crate::store::StoreError;

/// A request, without anything that says whose it is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Pending {
    /// Its name.
    pub request: RequestId,
    /// What is asked for.
    pub right: Right,
    /// The administration that answers.
    pub body: String,
    /// Where it stands.
    pub state: RequestState,
    /// When it was received.
    pub received_at: Timestamp,
    /// Until when it must be answered.
    pub due_at: Timestamp,
    /// Whether that was put off.
    pub extended: bool,
    /// Whether the person wrote something.
    pub with_statement: bool,
}

impl Pending {
    /// Whether the time to answer has passed.
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        self.state.is_open() && self.due_at < now
    }
}

/// What is done with a request.
#[derive(Clone, Debug)]
pub enum Answer {
    /// Somebody begins to work on it.
    Begin,
    /// It was done; the words are for the person.
    Done(Option<Words>),
    /// It is refused, for a reason the person is told (GDPR 12.4).
    Refused(Words),
}

/// Whose request it is, and what they wrote.
#[derive(Clone, Debug)]
pub struct Identified {
    /// The person, by this service's name for them.
    pub subject: SubjectId,
    /// Their own words.
    pub statement: Option<Words>,
}

/// Somebody whose keys may be destroyed now.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct DueForErasure(pub SubjectId);

/// People erased in one go.
const BATCH: u32 = 500;

impl Rights {
    /// Requests that wait for an answer, or all of them; those due first come first.
    pub async fn pending(&self, also_answered: bool) -> Result<Vec<Pending>, StoreError> {
        let rows =
            store::of_everybody(&self.archive.db, also_answered, super::request::MOST).await?;
        Ok(rows.into_iter().map(Pending::from).collect())
    }

    /// Whose request it is, and what they wrote. Recorded, with the reason, before it is told.
    pub async fn identify(
        &self,
        request: RequestId,
        reason: &Words,
    ) -> Result<Identified, RightsError> {
        let row = store::one(&self.archive.db, request).await?;
        let row = row.ok_or(RightsError::Unknown)?;
        let payload = object(json!({"request": request, "reason": reason.reveal()}))?;
        let mut tx = self.archive.db.begin().await?;
        self.archive
            .log
            .stage(&mut tx, Kind::RightsIdentified, Some(row.subject), payload)
            .await?;
        tx.commit().await?;
        let statement = match &row.statement {
            Some(sealed) => {
                let place = statement_place(request);
                self.opened(row.subject, &place, sealed).await?
            }
            None => None,
        };
        Ok(Identified {
            subject: row.subject,
            statement: statement.and_then(|text| text.try_into().ok()),
        })
    }

    /// Answers a request, once.
    pub async fn answer(&self, request: RequestId, answer: Answer) -> Result<(), RightsError> {
        let (event, words) = match answer {
            Answer::Begin => ("in_progress", None),
            Answer::Done(words) => ("answered", words),
            Answer::Refused(words) => ("refused", Some(words)),
        };
        self.step(request, event, words.as_ref(), |_| Ok(None))
            .await
    }

    /// Puts a request off by two further months, once, and within the first (GDPR 12.3).
    pub async fn extend(&self, request: RequestId, reason: &Words) -> Result<(), RightsError> {
        let now = self.archive.world.now();
        self.step(request, "extended", Some(reason), |row| {
            if row.extended {
                return Err(RightsError::Extended);
            }
            if row.due_at < now {
                return Err(RightsError::TooLate);
            }
            let due_at = extended(row.at).ok_or(RightsError::Unwritable)?;
            Ok(Some(due_at))
        })
        .await
    }

    async fn step(
        &self,
        request: RequestId,
        event: &'static str,
        words: Option<&Words>,
        due_at: impl Fn(&Row) -> Result<Option<Timestamp>, RightsError>,
    ) -> Result<(), RightsError> {
        let (mut tx, row) = self.held(request).await?;
        if !row.state.is_open() {
            return Err(RightsError::Answered);
        }
        let due_at = due_at(&row)?;
        let seq = row.seq + 1;
        let answer = match words {
            Some(words) => Some(
                self.seal(row.subject, &answer_place(request, seq), words)
                    .await?,
            ),
            None => None,
        };
        let event = NewEvent {
            request,
            seq,
            event,
            answer,
            due_at,
            at: self.archive.world.now(),
        };
        self.record(&mut tx, row.subject, event).await?;
        Ok(tx.commit().await?)
    }

    /// People whose data are blocked everywhere and about whom no claim can be made any more.
    pub async fn lapsed(&self) -> Result<Vec<DueForErasure>, StoreError> {
        let people = store::lapsed(&self.archive.db, self.archive.world.now(), BATCH).await?;
        Ok(people.into_iter().map(DueForErasure).collect())
    }
}

impl From<Row> for Pending {
    fn from(row: Row) -> Self {
        Self {
            request: row.request,
            right: row.right,
            body: row.body,
            state: row.state,
            received_at: row.at,
            due_at: row.due_at,
            extended: row.extended,
            with_statement: row.statement.is_some(),
        }
    }
}
