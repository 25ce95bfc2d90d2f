//! What the outside sees of jobs and exchanges: the shapes of the API.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A profile fetch and how far each source is.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub struct JobView {
    /// Id of the job.
    pub job: String,
    /// Where the job stands.
    pub state: JobState,
    /// One per product of the purpose, in the catalogue's order.
    pub sources: Vec<SourceView>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it ended, if it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Timestamp>,
    /// Where the profile is, once the job has finished.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
}

/// Where a job stands.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// Sources are being asked.
    Running,
    /// Every source answered, failed, or was not asked.
    Finished,
    /// The process that ran it is gone; nothing more will come.
    Interrupted,
}

/// How far one source is.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub struct SourceView {
    /// `CodigoProducto/CodigoCertificado`.
    pub product: String,
    /// Who issues the data.
    pub source: String,
    /// Where this product stands.
    pub state: SourceState,
    /// Stable code that explains a failure; `kept` when the answer of an earlier fetch is used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Place in the line before the source while `waiting`, 1 is next; absent when nobody can tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<u32>,
}

/// Where one product stands within a job.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SourceState {
    /// Its turn has not come.
    Waiting,
    /// The request is on its way.
    Asking,
    /// An answer with data came.
    Received,
    /// The source has no record of the person.
    NoData,
    /// No usable answer came.
    Failed,
    /// There is no live permission, or a fallback was not needed.
    NotAsked,
    /// The answer came after the permission was withdrawn, and was thrown away unread.
    Discarded,
}

/// What a fetch would ask, before anything is asked.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Preview {
    /// What for.
    pub purpose: String,
    /// In whose name.
    pub body: PreviewBody,
    /// One per product of the purpose.
    pub products: Vec<PreviewProduct>,
    /// Always true: showing the preview asks nothing.
    pub nothing_sent: bool,
}

/// The administration that would ask.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PreviewBody {
    /// Its official name.
    pub name: String,
    /// Its INE10 code.
    pub ine10: String,
    /// What AOC authorised, as sent with each request.
    pub authorisation: String,
    /// Whether that is a `finality` (`Finalidad`) or a `procedure` (`Procedimiento`).
    pub authorisation_kind: &'static str,
}

/// One product in a preview.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PreviewProduct {
    /// `CodigoProducto/CodigoCertificado`.
    pub product: String,
    /// Who would be asked.
    pub source: String,
    /// The source's name as people know it.
    pub source_name: String,
    /// What would be asked, in plain words.
    pub what: String,
    /// Data categories.
    pub categories: Vec<String>,
    /// The item of consent it would be asked under.
    pub item: String,
    /// Whether a live permission covers it, so that a fetch would ask it.
    pub would_ask: bool,
    /// Why it would not be asked: the state of its item.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left_out: Option<&'static str>,
    /// Until when the permission holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Timestamp>,
    /// Not before this instant, for it was asked as often as agreed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Timestamp>,
    /// Whether it was asked as often as agreed: then nothing is asked for now.
    pub exhausted: bool,
    /// The tax years that would be asked about, the latest first; an earlier one only where a later one
    /// is not there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fiscal_years: Vec<i16>,
    /// Only asked when this other product gives no answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub only_if_unanswered: Option<String>,
    /// `Consentimiento` that would be sent.
    pub wire_consent: String,
    /// How long the answer would be kept at most, ISO 8601.
    pub kept_for: String,
    /// How long the record of the exchange is kept, ISO 8601.
    pub record_kept_for: String,
}

/// One exchange, as the person it is about sees it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ExchangeView {
    /// Id of the exchange.
    pub exchange: String,
    /// When the intent was recorded.
    pub at: Timestamp,
    /// Who asked.
    pub body: String,
    /// Who was asked.
    pub source: String,
    /// What was asked.
    pub product: String,
    /// What for.
    pub purpose: String,
    /// The permission it rested on.
    pub item: String,
    /// What came of it; absent while it is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<String>,
    /// Stable code that explains the result.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Whether the answer was used.
    pub used: bool,
    /// Place of the intent in the person's gapless count of log entries.
    pub counter: i64,
    /// When the outcome was recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// SHA-256 of the exact request, hexadecimal.
    pub request_sha256: String,
    /// SHA-256 of the exact answer, hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer_sha256: Option<String>,
}

/// A page of exchanges, newest first.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ExchangePage {
    /// The exchanges of this page.
    pub exchanges: Vec<ExchangeView>,
    /// How many there are in all.
    pub total: i64,
    /// Pass as `after` for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// An exchange as an auditor finds it. `subject` is this service's random name for the person.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AuditedExchange {
    /// Random name of the person.
    pub subject: String,
    /// The exchange itself.
    #[serde(flatten)]
    pub exchange: ExchangeView,
    /// `IdPeticion` that the platform and the source also hold.
    pub request_id: String,
    /// Log entry of the intent.
    pub intent_entry: String,
    /// Log entry of the outcome.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome_entry: Option<String>,
}

/// What an auditor looks for; every member given must hold.
#[derive(Clone, Debug, Default)]
pub struct SearchQuery {
    /// One person.
    pub subject: Option<crate::citizen::SubjectId>,
    /// Intents not before.
    pub from: Option<Timestamp>,
    /// Intents before.
    pub to: Option<Timestamp>,
    /// One product.
    pub product: Option<crate::citizen::ProductCode>,
    /// One result word; `open` for exchanges without an outcome.
    pub result: Option<String>,
    /// Position after which to go on.
    pub after: Option<String>,
    /// At most this many.
    pub limit: u32,
}
