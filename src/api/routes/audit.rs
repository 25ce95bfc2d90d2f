//! For auditors: searching exchanges. Every search is itself an entry of the log.

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::super::app::App;
use super::super::callers::{Audit, scope};
use super::super::extract::Body;
use super::super::problem::{Kind, Problem, ProblemBody};
use crate::audit::Kind as EntryKind;
use crate::citizen::{CountryCode, Document, ProductCode, SubjectId};
use crate::exchange::view::{AuditedExchange, SearchQuery};
use crate::identity::{AccessError, Auditor, Scope};

/// What is looked for. Persons are named in the body, never in an address.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SearchRequest {
    /// The auditor's own case number.
    case_reference: String,
    /// Why; kept in the log.
    reason: String,
    /// One person. Needs the scope `audit:identify`.
    person: Option<PersonRequest>,
    /// Intents not before.
    from: Option<Timestamp>,
    /// Intents before.
    to: Option<Timestamp>,
    /// One product.
    #[schema(value_type = Option<String>)]
    product: Option<ProductCode>,
    /// One result word, or `open` for exchanges without an outcome.
    result: Option<ResultWord>,
    /// `next` of the page before.
    after: Option<String>,
    /// At most this many, 100 at the most; 20 if left out.
    limit: Option<u32>,
}

/// A person by document.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PersonRequest {
    /// `NIF` (DNI, NIE and K, L, M numbers) or `PASSPORT`.
    #[serde(rename = "type")]
    kind: DocumentWord,
    number: String,
    /// Of a passport.
    country: Option<String>,
}

#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
enum DocumentWord {
    Nif,
    Passport,
}

#[derive(Clone, Copy, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ResultWord {
    Abandoned,
    Denied,
    DiscardedRevoked,
    Error,
    NoData,
    Ok,
    Open,
    Timeout,
}

/// What was found, newest first.
#[derive(Serialize, ToSchema)]
pub(super) struct SearchView {
    exchanges: Vec<AuditedExchange>,
    /// Pass as `after` for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
    /// The log entry about this very search.
    entry: String,
}

/// Finds exchanges by person, time, product and result. The search is recorded before it runs.
#[utoipa::path(post, path = "/v1/audit/exchanges/search", tag = "audit", security(("dpop" = [])),
    request_body = SearchRequest,
    responses((status = 200, body = SearchView), (status = 401, body = ProblemBody),
        (status = 403, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub(super) async fn search(
    State(app): State<App>,
    Audit(auditor): Audit<{ scope::AUDIT_READ }>,
    Body(request): Body<SearchRequest>,
) -> Result<Json<SearchView>, Problem> {
    check(&request)?;
    let person = request
        .person
        .as_ref()
        .map(|person| identify(&auditor, person))
        .transpose()?;
    let subject = match &person {
        Some(document) => app.keyring.subject_of(document).await.map_err(|error| {
            tracing::error!(%error, "the keyring failed");
            Problem::new(Kind::ServiceUnavailable, "The keyring does not answer.").retry_after(5)
        })?,
        None => None,
    };
    let entry = record(&app, &auditor, &request, person.is_some(), subject).await?;
    let limit = request.limit.unwrap_or(20).clamp(1, 100);
    let query = SearchQuery {
        subject,
        from: request.from,
        to: request.to,
        product: request.product,
        result: request.result.map(word),
        after: request.after,
        limit,
    };
    // A person this service does not know has no exchanges; without this, the filter would be off.
    let exchanges = if person.is_some() && subject.is_none() {
        Vec::new()
    } else {
        app.exchange.search(&query).await?
    };
    let next = (exchanges.len() == limit as usize)
        .then(|| exchanges.last().map(AuditedExchange::position))
        .flatten();
    Ok(Json(SearchView {
        exchanges,
        next,
        entry,
    }))
}

/// Why an auditor reads: both are kept in the log, so both must say something.
pub(super) fn check_reason(case_reference: &str, reason: &str) -> Result<(), Problem> {
    let long_enough = |text: &str| (3..=500).contains(&text.trim().chars().count());
    if long_enough(case_reference) && long_enough(reason) {
        return Ok(());
    }
    Err(Problem::new(
        Kind::InvalidRequest,
        "`case_reference` and `reason` have 3 to 500 characters each. Nothing was searched.",
    ))
}

/// Whether an auditor may see who somebody is: a right of its own.
pub(super) fn require_identify(auditor: &Auditor) -> Result<(), Problem> {
    let scope = Scope::AuditIdentify;
    if auditor.scopes().contains(scope) {
        Ok(())
    } else {
        Err(AccessError::InsufficientScope { scope }.into())
    }
}

fn check(request: &SearchRequest) -> Result<(), Problem> {
    check_reason(&request.case_reference, &request.reason)?;
    if let Some(after) = &request.after {
        super::exchanges::position(after)?;
    }
    Ok(())
}

/// The document an auditor typed. Looking a person up is a right of its own.
fn identify(auditor: &Auditor, person: &PersonRequest) -> Result<Document, Problem> {
    require_identify(auditor)?;
    let invalid = |detail: String| Problem::new(Kind::InvalidRequest, detail);
    let nothing = "Nothing was searched.";
    match person.kind {
        DocumentWord::Nif => {
            person
                .number
                .parse()
                .map(Document::Nif)
                .map_err(|error: crate::citizen::InvalidNif| {
                    invalid(format!("`person.number`: {error}. {nothing}"))
                })
        }
        DocumentWord::Passport => {
            let country = person.country.as_deref().unwrap_or("");
            country
                .parse::<CountryCode>()
                .and_then(|country| Document::passport(country, &person.number))
                .map_err(|error| invalid(format!("`person`: {error}. {nothing}")))
        }
    }
}

/// The search as an entry of the log, durable before anything is shown.
async fn record(
    app: &App,
    auditor: &Auditor,
    request: &SearchRequest,
    by_person: bool,
    subject: Option<SubjectId>,
) -> Result<String, Problem> {
    let payload = json!({
        "auditor": auditor.client(),
        "case_reference": request.case_reference,
        "reason": request.reason,
        "by_person": by_person,
        "known": by_person.then_some(subject.is_some()),
        "from": request.from,
        "to": request.to,
        "product": request.product,
        "result": request.result,
    });
    let serde_json::Value::Object(payload) = payload else {
        return Err(Problem::internal());
    };
    let mut tx = app.db.begin().await?;
    let staged = app
        .log
        .stage(&mut tx, EntryKind::AuditSearch, subject, payload)
        .await?;
    tx.commit().await?;
    Ok(staged.entry.to_string())
}

fn word(result: ResultWord) -> String {
    match result {
        ResultWord::Abandoned => "abandoned",
        ResultWord::Denied => "denied",
        ResultWord::DiscardedRevoked => "discarded_revoked",
        ResultWord::Error => "error",
        ResultWord::NoData => "no_data",
        ResultWord::Ok => "ok",
        ResultWord::Open => "open",
        ResultWord::Timeout => "timeout",
    }
    .to_owned()
}
