//! A copy of everything kept about a person, for themself, in a form machines read (GDPR 15, 20).
//!
//! `schemas/export.schema.json` describes it. Every statement here names one subject.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::request::{RequestView, object};
use super::{Rights, RightsError};
use crate::audit::Kind;
use crate::citizen::{Document, Person, SubjectId};
use crate::exchange::Position;
use crate::exchange::view::ExchangeView;
use crate::store::{Row, StoreError, instant};

/// The most rows of one list; what goes beyond is named in `left_out`.
const MOST: u32 = 10_000;

/// Exchanges read in one go.
const PAGE: u32 = 500;

/// Everything kept about one person.
#[derive(Debug, Serialize, ToSchema)]
pub struct Export {
    /// `interop-gateway/export/v1`.
    schema: &'static str,
    /// When it was made.
    made_at: Timestamp,
    /// The log entry about this very copy.
    entry: String,
    /// The random name everything is kept under.
    subject: String,
    /// Who the person is, as the provider last stated it.
    person: ExportedPerson,
    /// Notices they were shown.
    notices: Vec<ExportedNotice>,
    /// What they decided, event by event.
    consents: Vec<ExportedEvent>,
    /// Signed statements of it.
    receipts: Vec<ExportedReceipt>,
    /// Fetches about them; those for a household do not say who of it looked.
    fetches: Vec<ExportedFetch>,
    /// What was asked about them, with where its evidence is.
    exchanges: Vec<ExportedExchange>,
    /// What left for whom.
    releases: Vec<ExportedRelease>,
    /// Requests about their rights.
    requests: Vec<RequestView>,
    /// Households they are or were in.
    households: Vec<ExportedSeat>,
    /// Since when their data are blocked, and until when they are kept.
    blocked: Vec<ExportedBlock>,
    /// Lists that go on beyond what is here; empty in all likelihood.
    left_out: Vec<&'static str>,
}

/// Who somebody is.
#[derive(Serialize, ToSchema)]
pub struct ExportedPerson {
    /// `NIF`, `PASSPORT` or `EIDAS`.
    document_type: &'static str,
    /// The country of a foreign document.
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<String>,
    /// Its number.
    document: String,
    /// Their name.
    name: String,
}

impl std::fmt::Debug for ExportedPerson {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ExportedPerson(·)")
    }
}

#[derive(Debug, Serialize, ToSchema)]
struct ExportedNotice {
    served: String,
    body: String,
    purpose: String,
    notice: String,
    version: i64,
    language: String,
    digest: String,
    channel: String,
    at: Timestamp,
}

#[derive(Debug, Serialize, ToSchema)]
struct ExportedEvent {
    seq: i64,
    item: String,
    body: String,
    purpose: String,
    product: String,
    source: String,
    /// `granted`, `refused` or `withdrawn`.
    event: String,
    notice: String,
    version: i64,
    language: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_until: Option<Timestamp>,
    at: Timestamp,
    receipt: String,
}

#[derive(Debug, Serialize, ToSchema)]
struct ExportedReceipt {
    id: String,
    code: String,
    jws: String,
    issued_at: Timestamp,
    /// Where its proof is.
    proof: String,
}

#[derive(Debug, Serialize, ToSchema)]
struct ExportedFetch {
    job: String,
    body: String,
    purpose: String,
    /// Who asked for it in the person's name.
    client: String,
    state: String,
    created_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    finished_at: Option<Timestamp>,
}

/// An exchange, with where more about it is.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExportedExchange {
    #[serde(flatten)]
    exchange: ExchangeView,
    /// The releases that hold its answer.
    releases: Vec<String>,
    /// Where its proof is.
    proof: String,
    /// Where its whole evidence is.
    evidence: String,
}

#[derive(Debug, Serialize, ToSchema)]
struct ExportedRelease {
    release: String,
    job: String,
    recipient: String,
    /// Names of the fields that left, never values: those are not kept.
    fields: Vec<String>,
    at: Timestamp,
}

/// A place in a household: what is the person's own of it, and nothing about anybody else.
#[derive(Debug, Serialize, ToSchema)]
struct ExportedSeat {
    body: String,
    purpose: String,
    left: bool,
    /// The 18th birthday of who joined as a minor.
    #[serde(skip_serializing_if = "Option::is_none")]
    of_age_at: Option<Timestamp>,
    /// How many children they ever answered for.
    children: i64,
}

#[derive(Debug, Serialize, ToSchema)]
struct ExportedBlock {
    body: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    purpose: Option<String>,
    since: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Timestamp>,
    request: String,
    /// Since when it holds no more.
    #[serde(skip_serializing_if = "Option::is_none")]
    ended: Option<Timestamp>,
}

impl Rights {
    /// A copy of everything kept about a person. Recorded before it is given.
    pub async fn export(&self, subject: SubjectId, person: &Person) -> Result<Export, RightsError> {
        let entry = self.record_copy(subject).await?;
        let (exchanges, whole) = self.exchanges(subject).await?;
        let requests = self.requests(subject).await?.requests;
        let mut export = Export {
            schema: "interop-gateway/export/v1",
            made_at: self.archive.world.now(),
            entry,
            subject: subject.to_string(),
            person: person.into(),
            notices: self.read(NOTICES, subject, notice).await?,
            consents: self.read(EVENTS, subject, event).await?,
            receipts: self.read(RECEIPTS, subject, receipt).await?,
            fetches: self.read(FETCHES, subject, fetch).await?,
            releases: self.read(RELEASES, subject, release).await?,
            households: self.read(SEATS, subject, seat).await?,
            blocked: self.read(BLOCKED, subject, block).await?,
            exchanges,
            requests,
            left_out: Vec::new(),
        };
        let most = MOST as usize;
        let lists = [
            ("notices", export.notices.len() < most),
            ("consents", export.consents.len() < most),
            ("receipts", export.receipts.len() < most),
            ("fetches", export.fetches.len() < most),
            ("releases", export.releases.len() < most),
            ("exchanges", whole),
            (
                "requests",
                export.requests.len() < super::request::MOST as usize,
            ),
        ];
        let beyond = lists.iter().filter(|(_, whole)| !whole);
        export.left_out = beyond.map(|(list, _)| *list).collect();
        Ok(export)
    }

    async fn record_copy(&self, subject: SubjectId) -> Result<String, RightsError> {
        let mut tx = self.archive.db.begin().await?;
        let payload = object(json!({"schema": "interop-gateway/export/v1"}))?;
        let staged = self
            .archive
            .log
            .stage(&mut tx, Kind::OwnExport, Some(subject), payload)
            .await?;
        tx.commit().await?;
        Ok(staged.entry.to_string())
    }

    async fn read<T>(
        &self,
        sql: &'static str,
        subject: SubjectId,
        read: fn(&Row) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        let values = vec![subject.to_string().into(), MOST.into()];
        let rows = self.archive.db.rows(sql, values).await?;
        rows.iter().map(read).collect()
    }

    /// Every exchange about the person, newest first, and whether those are all.
    async fn exchanges(
        &self,
        subject: SubjectId,
    ) -> Result<(Vec<ExportedExchange>, bool), StoreError> {
        let values = vec![subject.to_string().into(), (10 * MOST).into()];
        let mut releases: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for row in self.archive.db.rows(LEFT_IN, values).await? {
            releases.entry(row.text(0)?).or_default().push(row.text(1)?);
        }
        let mut exported = Vec::new();
        let mut after = None;
        while exported.len() < MOST as usize {
            let page = self
                .archive
                .exchange
                .exchanges(subject, after.as_ref(), PAGE)
                .await?;
            exported.extend(page.exchanges.into_iter().map(|exchange| {
                let path = format!("/v1/me/exchanges/{}", exchange.exchange);
                ExportedExchange {
                    releases: releases.remove(&exchange.exchange).unwrap_or_default(),
                    proof: format!("{path}/proof"),
                    evidence: format!("{path}/evidence"),
                    exchange,
                }
            }));
            after = page.next.as_deref().and_then(Position::read);
            if after.is_none() {
                return Ok((exported, true));
            }
        }
        Ok((exported, false))
    }
}

const NOTICES: &str = "SELECT served, body, purpose, notice, version, language, digest, channel, at \
     FROM notice_served WHERE subject = $1 ORDER BY at, served LIMIT $2";

fn notice(row: &Row) -> Result<ExportedNotice, StoreError> {
    Ok(ExportedNotice {
        served: row.text(0)?,
        body: row.text(1)?,
        purpose: row.text(2)?,
        notice: row.text(3)?,
        version: row.int(4)?,
        language: row.text(5)?,
        digest: row.text(6)?,
        channel: row.text(7)?,
        at: row.instant(8)?,
    })
}

const EVENTS: &str = "SELECT seq, item, body, purpose, product, source, event, notice, version, \
     language, valid_until, at, receipt FROM consent_event WHERE subject = $1 ORDER BY seq LIMIT $2";

fn event(row: &Row) -> Result<ExportedEvent, StoreError> {
    Ok(ExportedEvent {
        seq: row.int(0)?,
        item: row.text(1)?,
        body: row.text(2)?,
        purpose: row.text(3)?,
        product: row.text(4)?,
        source: row.text(5)?,
        event: row.text(6)?,
        notice: row.text(7)?,
        version: row.int(8)?,
        language: row.text(9)?,
        valid_until: row.int_or_null(10)?.and_then(instant),
        at: row.instant(11)?,
        receipt: row.text(12)?,
    })
}

const SEATS: &str = "SELECT m.body, m.purpose, d.membership, m.of_age_at, \
     (SELECT COUNT(*) FROM household_child c WHERE c.membership = m.membership) \
     FROM household_member m LEFT JOIN household_departure d ON d.membership = m.membership \
     WHERE m.subject = $1 ORDER BY m.membership LIMIT $2";

fn seat(row: &Row) -> Result<ExportedSeat, StoreError> {
    Ok(ExportedSeat {
        body: row.text(0)?,
        purpose: row.text(1)?,
        left: row.text_or_null(2)?.is_some(),
        of_age_at: row.instant_or_null(3)?,
        children: row.int(4)?,
    })
}

const RECEIPTS: &str = "SELECT receipt, code, jws, at FROM receipt WHERE subject = $1 \
     ORDER BY at, receipt LIMIT $2";

fn receipt(row: &Row) -> Result<ExportedReceipt, StoreError> {
    let id = row.text(0)?;
    Ok(ExportedReceipt {
        proof: format!("/v1/me/receipts/{id}/proof"),
        id,
        code: row.text(1)?,
        jws: row.text(2)?,
        issued_at: row.instant(3)?,
    })
}

const FETCHES: &str = "SELECT job, body, purpose, client, state, created_at, finished_at FROM job \
     WHERE subject = $1 ORDER BY created_at, job LIMIT $2";

fn fetch(row: &Row) -> Result<ExportedFetch, StoreError> {
    Ok(ExportedFetch {
        job: row.text(0)?,
        body: row.text(1)?,
        purpose: row.text(2)?,
        client: row.text(3)?,
        state: row.text(4)?,
        created_at: row.instant(5)?,
        finished_at: row.int_or_null(6)?.and_then(instant),
    })
}

const RELEASES: &str = "SELECT release, job, recipient, fields, at FROM release \
     WHERE subject = $1 ORDER BY at, release LIMIT $2";

fn release(row: &Row) -> Result<ExportedRelease, StoreError> {
    let fields = row.text(3)?;
    let names = fields.split(',').filter(|name| !name.is_empty());
    Ok(ExportedRelease {
        release: row.text(0)?,
        job: row.text(1)?,
        recipient: row.text(2)?,
        fields: names.map(str::to_owned).collect(),
        at: row.instant(4)?,
    })
}

const LEFT_IN: &str = "SELECT x.exchange, x.release FROM release r \
     JOIN release_exchange x ON x.release = r.release \
     WHERE r.subject = $1 ORDER BY r.at, x.exchange LIMIT $2";

const BLOCKED: &str = "SELECT r.body, r.purpose, r.at, COALESCE(k.until, f.until), r.request, e.at \
     FROM rights_request r LEFT JOIN block_term k ON k.request = r.request \
     LEFT JOIN blocking f ON f.subject = r.subject AND f.body = r.body \
         AND f.purpose = COALESCE(r.purpose, '') \
     LEFT JOIN request_end e ON e.request = r.request \
     WHERE r.subject = $1 AND r.kind IN ('erasure', 'objection') \
     ORDER BY r.at, r.request LIMIT $2";

fn block(row: &Row) -> Result<ExportedBlock, StoreError> {
    Ok(ExportedBlock {
        body: row.text(0)?,
        purpose: row.text_or_null(1)?,
        since: row.instant(2)?,
        until: row.int_or_null(3)?.and_then(instant),
        request: row.text(4)?,
        ended: row.int_or_null(5)?.and_then(instant),
    })
}

impl From<&Person> for ExportedPerson {
    fn from(person: &Person) -> Self {
        let (document_type, country, document) = match &person.document {
            Document::Eidas { country, number } => ("EIDAS", Some(country), number.clone()),
            Document::Nif(nif) => ("NIF", None, nif.reveal().to_owned()),
            Document::Passport { country, number } => ("PASSPORT", Some(country), number.clone()),
        };
        Self {
            document_type,
            country: country.map(|country| country.as_str().to_owned()),
            document,
            name: person.name.display(),
        }
    }
}
