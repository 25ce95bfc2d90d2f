//! The registry's statements.

use jiff::Timestamp;

use crate::citizen::{BodyId, EntryId, PurposeId, RequestId, SubjectId};
use crate::consent::BlockEnd;
use crate::store::{Db, Row as Found, StoreError, Tx, instant};

use super::right::{RequestState, Right};

/// A request about to be recorded.
pub(super) struct NewRow<'a> {
    pub request: RequestId,
    pub subject: SubjectId,
    pub body: &'a BodyId,
    pub right: Right,
    pub purpose: Option<&'a PurposeId>,
    pub statement: Option<Vec<u8>>,
    pub due_at: Timestamp,
    pub at: Timestamp,
    pub entry: EntryId,
}

/// A step about to be recorded.
pub(super) struct NewEvent {
    pub request: RequestId,
    pub seq: i64,
    pub event: &'static str,
    pub answer: Option<Vec<u8>>,
    pub due_at: Option<Timestamp>,
    pub at: Timestamp,
}

/// A request as it stands.
pub(super) struct Row {
    pub request: RequestId,
    pub subject: SubjectId,
    pub body: String,
    pub right: Right,
    pub purpose: Option<PurposeId>,
    pub statement: Option<Vec<u8>>,
    pub due_at: Timestamp,
    pub at: Timestamp,
    pub state: RequestState,
    /// Number of its newest step; 0 before the first.
    pub seq: i64,
    pub extended: bool,
    /// Until when evidence is kept under its block, whether that stands or not.
    pub kept_until: Option<Timestamp>,
    /// How it ended otherwise than by an answer, and when.
    pub end: Option<(BlockEnd, Timestamp)>,
    /// What the person was told before the block is lifted, sealed, and when.
    pub lift_notice: Option<(Vec<u8>, Timestamp)>,
}

impl Row {
    /// Whether it blocks the person's data now.
    pub(super) fn is_block(&self) -> bool {
        self.right.blocks() && self.end.is_none()
    }
}

/// A step as recorded.
pub(super) struct Step {
    pub seq: i64,
    pub event: String,
    pub answer: Option<Vec<u8>>,
    pub at: Timestamp,
}

pub(super) async fn insert_request(tx: &mut Tx, row: NewRow<'_>) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO rights_request (request, subject, body, kind, purpose, statement, due_at, at, \
         entry) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        vec![
            row.request.to_string().into(),
            row.subject.to_string().into(),
            row.body.as_str().into(),
            row.right.as_str().into(),
            row.purpose.map(PurposeId::as_str).into(),
            row.statement.into(),
            row.due_at.into(),
            row.at.into(),
            row.entry.to_string().into(),
        ],
    )
    .await?;
    Ok(())
}

/// [`StoreError::Conflict`] if somebody else took the step meanwhile.
pub(super) async fn insert_event(
    tx: &mut Tx,
    event: NewEvent,
    entry: EntryId,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO rights_event (request, seq, event, answer, due_at, at, entry) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        vec![
            event.request.to_string().into(),
            event.seq.into(),
            event.event.into(),
            event.answer.into(),
            event.due_at.into(),
            event.at.into(),
            entry.to_string().into(),
        ],
    )
    .await?;
    Ok(())
}

/// [`StoreError::Conflict`] if the person was told before.
pub(super) async fn insert_lift_notice(
    tx: &mut Tx,
    request: RequestId,
    words: Vec<u8>,
    at: Timestamp,
    entry: EntryId,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO lift_notice (request, words, at, entry) VALUES ($1, $2, $3, $4)",
        vec![
            request.to_string().into(),
            words.into(),
            at.into(),
            entry.to_string().into(),
        ],
    )
    .await?;
    Ok(())
}

/// [`StoreError::Conflict`] if it ended before.
pub(super) async fn insert_end(
    tx: &mut Tx,
    request: RequestId,
    event: BlockEnd,
    at: Timestamp,
    entry: EntryId,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO request_end (request, event, at, entry) VALUES ($1, $2, $3, $4)",
        vec![
            request.to_string().into(),
            event.as_str().into(),
            at.into(),
            entry.to_string().into(),
        ],
    )
    .await?;
    Ok(())
}

/// Columns in the order [`read`] expects. The newest step that says where it stands is its state: an
/// extension is also work in progress.
macro_rules! requests {
    ($rest:literal) => {
        concat!(
            "SELECT r.request, r.subject, r.body, r.kind, r.purpose, r.statement, r.due_at, r.at,
                    COALESCE(e.seq, 0), e.event, x.due_at, COALESCE(k.until, f.until),
                    d.event, d.at, n.words, n.at
             FROM rights_request r
             LEFT JOIN rights_event e ON e.request = r.request AND e.seq =
                 (SELECT MAX(l.seq) FROM rights_event l WHERE l.request = r.request)
             LEFT JOIN rights_event x ON x.request = r.request AND x.event = 'extended'
             LEFT JOIN block_term k ON k.request = r.request
             LEFT JOIN blocking f ON f.subject = r.subject AND f.body = r.body
                 AND f.purpose = COALESCE(r.purpose, '')
             LEFT JOIN request_end d ON d.request = r.request
             LEFT JOIN lift_notice n ON n.request = r.request ",
            $rest
        )
    };
}

pub(super) async fn of_person(
    db: &Db,
    subject: SubjectId,
    most: u32,
) -> Result<Vec<Row>, StoreError> {
    let rows = db.rows(
        requests!("WHERE r.subject = $1 ORDER BY r.at DESC, r.request DESC LIMIT $2"),
        vec![subject.to_string().into(), most.into()],
    );
    rows.await?.iter().map(read).collect()
}

pub(super) async fn one(db: &Db, request: RequestId) -> Result<Option<Row>, StoreError> {
    let row = db.row(
        requests!("WHERE r.request = $1"),
        vec![request.to_string().into()],
    );
    row.await?.as_ref().map(read).transpose()
}

/// As [`one`], inside a transaction.
pub(super) async fn one_in(tx: &mut Tx, request: RequestId) -> Result<Option<Row>, StoreError> {
    let row = tx.row(
        requests!("WHERE r.request = $1"),
        vec![request.to_string().into()],
    );
    row.await?.as_ref().map(read).transpose()
}

/// Requests of everybody that wait for an answer, or all of them; those due first come first.
pub(super) async fn of_everybody(
    db: &Db,
    also_answered: bool,
    most: u32,
) -> Result<Vec<Row>, StoreError> {
    let rows = db.rows(
        requests!(
            "WHERE $1 = 1 OR d.event IS NULL
                 AND (e.event IS NULL OR e.event IN ('in_progress', 'extended'))
             ORDER BY COALESCE(x.due_at, r.due_at), r.request LIMIT $2"
        ),
        vec![also_answered.into(), most.into()],
    );
    rows.await?.iter().map(read).collect()
}

pub(super) async fn events(db: &Db, request: RequestId) -> Result<Vec<Step>, StoreError> {
    let rows = db
        .rows(
            "SELECT seq, event, answer, at FROM rights_event WHERE request = $1 ORDER BY seq",
            vec![request.to_string().into()],
        )
        .await?;
    let events = rows.iter().map(|row| {
        Ok(Step {
            seq: row.int(0)?,
            event: row.text(1)?,
            answer: row.bytes_or_null(2)?,
            at: row.instant(3)?,
        })
    });
    events.collect()
}

/// People all of whose data are blocked, and of whom nothing is kept for claims any more.
pub(super) async fn lapsed(
    db: &Db,
    now: Timestamp,
    most: u32,
) -> Result<Vec<SubjectId>, StoreError> {
    let rows = db
        .rows(
            "WITH block AS (SELECT r.subject, r.body, r.purpose, COALESCE(k.until, f.until) AS until \
                 FROM rights_request r LEFT JOIN block_term k ON k.request = r.request \
                 LEFT JOIN blocking f ON f.subject = r.subject AND f.body = r.body \
                     AND f.purpose = COALESCE(r.purpose, '') \
                 WHERE r.kind IN ('erasure', 'objection') AND NOT EXISTS \
                     (SELECT 1 FROM request_end z WHERE z.request = r.request)) \
             SELECT b.subject FROM block b \
             WHERE NOT EXISTS (SELECT 1 FROM erasure g WHERE g.subject = b.subject) \
               AND NOT EXISTS (SELECT 1 FROM consent_event e WHERE e.subject = b.subject \
                   AND NOT EXISTS (SELECT 1 FROM block c WHERE c.subject = e.subject \
                       AND c.body = e.body AND (c.purpose IS NULL OR c.purpose = e.purpose))) \
               AND NOT EXISTS (SELECT 1 FROM exchange_intent i WHERE i.subject = b.subject \
                   AND NOT EXISTS (SELECT 1 FROM block d WHERE d.subject = i.subject \
                       AND d.body = i.body AND (d.purpose IS NULL OR d.purpose = i.purpose))) \
             GROUP BY b.subject HAVING MAX(b.until) <= $1 ORDER BY b.subject LIMIT $2",
            vec![now.into(), most.into()],
        )
        .await?;
    rows.iter().map(|row| row.parsed(0)).collect()
}

fn read(row: &Found) -> Result<Row, StoreError> {
    let corrupt = |column| StoreError::Corrupt { column };
    let newest = row.text_or_null(9)?;
    let end = match row.text_or_null(12)?.as_deref() {
        None => None,
        Some("lifted") => Some((BlockEnd::Lifted, row.instant(13)?)),
        Some("withdrawn") => Some((BlockEnd::Withdrawn, row.instant(13)?)),
        Some(_) => return Err(corrupt(12)),
    };
    let lift_notice = match row.bytes_or_null(14)? {
        Some(words) => Some((words, row.instant(15)?)),
        None => None,
    };
    let state = match newest.as_deref() {
        _ if matches!(end, Some((BlockEnd::Withdrawn, _))) => RequestState::Withdrawn,
        None => RequestState::Received,
        Some("extended" | "in_progress") => RequestState::InProgress,
        Some("answered") => RequestState::Answered,
        Some("refused") => RequestState::Refused,
        Some(_) => return Err(corrupt(9)),
    };
    let extended = row.int_or_null(10)?.and_then(instant);
    Ok(Row {
        request: row.parsed(0)?,
        subject: row.parsed(1)?,
        body: row.text(2)?,
        right: Right::read(&row.text(3)?).ok_or(corrupt(3))?,
        purpose: row
            .text_or_null(4)?
            .map(|text| text.parse().map_err(|_| corrupt(4)))
            .transpose()?,
        statement: row.bytes_or_null(5)?,
        due_at: extended.unwrap_or(row.instant(6)?),
        at: row.instant(7)?,
        seq: row.int(8)?,
        state,
        extended: extended.is_some(),
        kept_until: row.int_or_null(11)?.and_then(instant),
        end,
        lift_notice,
    })
}
