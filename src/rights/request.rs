//! Making a request, and seeing where one's own stand.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::right::{RequestState, Right};
use super::store::{self, NewEvent, NewRow, Row};
use super::words::Words;
use super::{Rights, RightsError, due_after};
use crate::audit::Kind;
use crate::citizen::{BodyId, PurposeId, ReceiptId, RequestId, SubjectId};
use crate::consent::{BlockEnd, Blocking, Consenter, Repeat};
use crate::store::Tx;
use crate::store::keyring::{KeyringError, RetentionClass};

/// The most requests of one person that are listed.
pub(super) const MOST: u32 = 1000;

/// A request on its way in.
#[derive(Clone, Debug)]
pub struct NewRequest {
    /// What is asked for.
    pub right: Right,
    /// In the person's own words.
    pub statement: Option<Words>,
    /// Only about this purpose.
    pub purpose: Option<PurposeId>,
    /// Chosen by the caller, so that sending twice records once.
    pub idempotency_key: Option<String>,
}

/// A request as recorded, with what was done at once.
#[derive(Clone, Debug)]
pub struct Filed {
    /// The request.
    pub request: RequestView,
    /// Receipts of the consents that were withdrawn with it.
    pub withdrawn: Vec<ReceiptId>,
}

/// A request, as the person who made it sees it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RequestView {
    /// Its name.
    pub request: String,
    /// What is asked for.
    pub kind: Right,
    /// The administration that answers.
    pub body: String,
    /// Only about this purpose.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// What the person wrote.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statement: Option<String>,
    /// Where it stands.
    pub state: RequestState,
    /// When it was received.
    pub received_at: Timestamp,
    /// Until when it must be answered.
    pub due_at: Timestamp,
    /// Whether that was put off, and why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extended_because: Option<String>,
    /// What the person is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
    /// When it was answered or refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answered_at: Option<Timestamp>,
    /// The block it put, if it is one that blocks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub block: Option<BlockView>,
    /// When the person took it back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub withdrawn_at: Option<Timestamp>,
    /// Where the copy of everything is, if that is the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub export: Option<&'static str>,
    /// Where to complain about the answer, or about none.
    pub complain: Vec<Complaint>,
}

/// A block, as the person whose data are blocked sees it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct BlockView {
    /// Whether it holds now.
    pub holds: bool,
    /// Until when the evidence is kept, if it holds until then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// When the person was told that it will be lifted (GDPR 18.3).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lift_announced_at: Option<Timestamp>,
    /// Why it will be, or was, lifted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lift_because: Option<String>,
    /// When it was lifted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lifted_at: Option<Timestamp>,
}

/// An authority that hears complaints.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, ToSchema)]
pub struct Complaint {
    /// Its name.
    pub name: String,
    /// Its address on the web.
    pub uri: String,
}

/// The requests of one person, newest first.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RequestsPage {
    /// At most a thousand.
    pub requests: Vec<RequestView>,
}

impl NewRequest {
    /// What it is when it comes again under the same key.
    fn repeat(&self, body: &BodyId) -> Result<Option<Repeat>, RightsError> {
        let Some(key) = &self.idempotency_key else {
            return Ok(None);
        };
        let request = json!({
            "body": body,
            "right": self.right,
            "purpose": self.purpose,
            "statement": self.statement.as_ref().map(Words::reveal),
        });
        let repeat = Repeat::new(key, &request).map_err(|_| RightsError::Unwritable)?;
        Ok(Some(repeat))
    }
}

/// The names of a request and of the receipts that came with it, as they are remembered for a request
/// that is repeated: one after the other.
struct Names {
    request: RequestId,
    withdrawn: Vec<ReceiptId>,
}

impl Names {
    fn read(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        let request = words.next()?.parse().ok()?;
        let withdrawn = words.map(str::parse).collect::<Result<_, _>>().ok()?;
        Some(Self { request, withdrawn })
    }
}

impl std::fmt::Display for Names {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.request)?;
        self.withdrawn
            .iter()
            .try_for_each(|one| write!(f, " {one}"))
    }
}

impl Rights {
    /// Records a request, and answers it if a machine can: with everything it does in one transaction.
    ///
    /// Any level of assurance may. The same request under the same key gets the first one's answer.
    pub async fn file(
        &self,
        who: &Consenter,
        body: &BodyId,
        new: NewRequest,
    ) -> Result<Filed, RightsError> {
        if let Some(purpose) = &new.purpose {
            let known = self.archive.terms.purposes.get(purpose);
            known.ok_or(RightsError::UnknownPurpose)?;
        }
        let subject = who.subject();
        let repeat = new.repeat(body)?;
        let mut tx = self.archive.db.begin().await?;
        self.archive.ledger.hold(&mut tx, subject).await?;
        let now = self.archive.world.now();
        let earlier = match &repeat {
            Some(repeat) => repeat.earlier(&mut tx, subject, now).await?,
            None => None,
        };
        let names = if let Some(earlier) = earlier {
            Names::read(&earlier).ok_or(RightsError::Unwritable)?
        } else {
            let names = self.record_request(&mut tx, who, body, new, now).await?;
            if let Some(repeat) = &repeat {
                let answer = names.to_string();
                repeat.remember(&mut tx, subject, &answer, now).await?;
            }
            names
        };
        tx.commit().await?;
        let request = self.one(subject, names.request).await?;
        Ok(Filed {
            request: request.ok_or(RightsError::Unknown)?,
            withdrawn: names.withdrawn,
        })
    }

    async fn record_request(
        &self,
        tx: &mut Tx,
        who: &Consenter,
        body: &BodyId,
        new: NewRequest,
        now: Timestamp,
    ) -> Result<Names, RightsError> {
        let subject = who.subject();
        let request = RequestId::random(&*self.archive.world.entropy);
        let due_at = due_after(now).ok_or(RightsError::Unwritable)?;
        let statement = match &new.statement {
            Some(words) => Some(self.seal(subject, &statement_place(request), words).await?),
            None => None,
        };
        let payload = object(json!({
            "request": request,
            "right": new.right,
            "body": body,
            "purpose": new.purpose,
            "due_at": due_at,
            "with_statement": statement.is_some(),
        }))?;
        let entry = self
            .archive
            .log
            .stage(tx, Kind::RightsRequested, Some(subject), payload)
            .await?
            .entry;
        let row = NewRow {
            request,
            subject,
            body,
            right: new.right,
            purpose: new.purpose.as_ref(),
            statement,
            due_at,
            at: now,
            entry,
        };
        store::insert_request(tx, row).await?;
        let withdrawn = self.answer_at_once(tx, who, request, new, now).await?;
        Ok(Names { request, withdrawn })
    }

    /// What a machine can do about a request. Receipts of the consents it withdrew.
    async fn answer_at_once(
        &self,
        tx: &mut Tx,
        who: &Consenter,
        request: RequestId,
        new: NewRequest,
        now: Timestamp,
    ) -> Result<Vec<ReceiptId>, RightsError> {
        let mut withdrawn = Vec::new();
        if new.right.blocks() {
            let blocking = Blocking {
                request,
                purpose: new.purpose,
            };
            let receipts = self.archive.ledger.block(tx, who, &blocking).await?;
            withdrawn.extend(receipts.iter().map(|receipt| receipt.id));
        }
        if new.right.is_answered_at_once() {
            let event = NewEvent {
                request,
                seq: 1,
                event: "answered",
                answer: None,
                due_at: None,
                at: now,
            };
            self.record(tx, who.subject(), event).await?;
        }
        Ok(withdrawn)
    }

    /// The requests of a person, newest first.
    pub async fn requests(&self, subject: SubjectId) -> Result<RequestsPage, RightsError> {
        let mut requests = Vec::new();
        for row in store::of_person(&self.archive.db, subject, MOST).await? {
            requests.push(self.view(row).await?);
        }
        Ok(RequestsPage { requests })
    }

    pub(super) async fn one(
        &self,
        subject: SubjectId,
        request: RequestId,
    ) -> Result<Option<RequestView>, RightsError> {
        match store::one(&self.archive.db, request).await? {
            Some(row) if row.subject == subject => Ok(Some(self.view(row).await?)),
            _ => Ok(None),
        }
    }

    /// Writes one step of a request, and its log entry, in the caller's transaction.
    pub(super) async fn record(
        &self,
        tx: &mut Tx,
        subject: SubjectId,
        event: NewEvent,
    ) -> Result<(), RightsError> {
        let payload = object(json!({
            "request": event.request,
            "event": event.event,
            "seq": event.seq,
            "due_at": event.due_at,
            "with_words": event.answer.is_some(),
        }))?;
        let entry = self
            .archive
            .log
            .stage(tx, Kind::RightsAnswered, Some(subject), payload)
            .await?
            .entry;
        Ok(store::insert_event(tx, event, entry).await?)
    }

    async fn view(&self, row: Row) -> Result<RequestView, RightsError> {
        let Row {
            request, subject, ..
        } = row;
        let statement = match &row.statement {
            Some(sealed) => {
                let place = statement_place(request);
                self.opened(subject, &place, sealed).await?
            }
            None => None,
        };
        let mut answer = None;
        let mut extended_because = None;
        let mut answered_at = None;
        for event in store::events(&self.archive.db, request).await? {
            let words = match &event.answer {
                Some(sealed) => {
                    let place = answer_place(request, event.seq);
                    self.opened(subject, &place, sealed).await?
                }
                None => None,
            };
            match event.event.as_str() {
                "extended" => extended_because = words,
                "answered" | "refused" => (answer, answered_at) = (words, Some(event.at)),
                _ => {}
            }
        }
        let lift_because = match &row.lift_notice {
            Some((sealed, _)) => self.opened(subject, &lift_place(request), sealed).await?,
            None => None,
        };
        let ended = |how: BlockEnd| row.end.filter(|(end, _)| *end == how).map(|(_, at)| at);
        let block = row.right.blocks().then(|| BlockView {
            holds: row.is_block(),
            until: row.kept_until,
            lift_announced_at: row.lift_notice.as_ref().map(|(_, at)| *at),
            lift_because,
            lifted_at: ended(BlockEnd::Lifted),
        });
        Ok(RequestView {
            withdrawn_at: ended(BlockEnd::Withdrawn),
            block,
            request: request.to_string(),
            kind: row.right,
            body: row.body,
            statement,
            state: row.state,
            received_at: row.at,
            due_at: row.due_at,
            extended_because,
            answer,
            answered_at,
            export: row.right.is_copy().then_some("/v1/me/export"),
            complain: self.authorities(row.purpose.as_ref()),
            purpose: row.purpose.map(|purpose| purpose.to_string()),
        })
    }

    fn authorities(&self, purpose: Option<&PurposeId>) -> Vec<Complaint> {
        let mut authorities = Vec::new();
        for one in self.archive.terms.purposes.iter() {
            if purpose.is_none_or(|purpose| *purpose == one.id) {
                let complaint = Complaint {
                    name: one.authority.name.clone(),
                    uri: one.authority.uri.clone(),
                };
                if !authorities.contains(&complaint) {
                    authorities.push(complaint);
                }
            }
        }
        authorities
    }

    pub(super) async fn seal(
        &self,
        subject: SubjectId,
        place: &str,
        words: &Words,
    ) -> Result<Vec<u8>, KeyringError> {
        let bytes = words.reveal().as_bytes();
        self.archive
            .keyring
            .seal(subject, RetentionClass::Evidence, place, bytes)
            .await
    }

    /// What was sealed; `None` once the person's keys were erased.
    pub(super) async fn opened(
        &self,
        subject: SubjectId,
        place: &str,
        sealed: &[u8],
    ) -> Result<Option<String>, KeyringError> {
        let class = RetentionClass::Evidence;
        match self
            .archive
            .keyring
            .open_sealed(subject, class, place, sealed)
            .await
        {
            Ok(bytes) => Ok(String::from_utf8(bytes.to_vec()).ok()),
            Err(KeyringError::Erased) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Where a statement lies, to which its ciphertext is bound.
pub(super) fn statement_place(request: RequestId) -> String {
    format!("rights_request/{request}")
}

/// Where the words of an answer lie.
pub(super) fn answer_place(request: RequestId, seq: i64) -> String {
    format!("rights_event/{request}/{seq}")
}

/// Where the words lie that announce the end of a block.
pub(super) fn lift_place(request: RequestId) -> String {
    format!("lift_notice/{request}")
}

pub(super) fn object(value: Value) -> Result<Map<String, Value>, RightsError> {
    match value {
        Value::Object(object) => Ok(object),
        _ => Err(RightsError::Unwritable),
    }
}
