//! The whole evidence of one exchange: for the person it is about, and for auditors and courts.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::super::app::App;
use super::super::callers::{Audit, Me, scope};
use super::super::extract::{Body, Path};
use super::super::problem::{Problem, ProblemBody};
use super::audit::{check_reason, require_identify};
use crate::audit::Kind as EntryKind;
use crate::citizen::{ExchangeId, SubjectId};
use crate::evidence::{Bundle, Reader};
use crate::identity::Auditor;

/// Why an auditor takes it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EvidenceRequest {
    /// The auditor's own case number.
    case_reference: String,
    /// Why; kept in the log.
    reason: String,
}

/// The evidence, with the record that it was taken.
#[derive(Serialize, ToSchema)]
pub(super) struct AuditedBundle {
    #[serde(flatten)]
    bundle: Bundle,
    /// The log entry about this very reading.
    entry: String,
}

/// All that shows that one of my exchanges was permitted, and what came of it, in one file.
/// `verifier bundle` checks it offline.
#[utoipa::path(get, path = "/v1/me/exchanges/{exchange}/evidence", tag = "exchanges", security(("dpop" = [])),
    params(("exchange" = String, Path)),
    responses((status = 200, body = Bundle), (status = 401, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 503, body = ProblemBody)))]
pub(super) async fn mine(
    State(app): State<App>,
    Me(citizen): Me<{ scope::EXCHANGE_READ }>,
    Path(exchange): Path<ExchangeId>,
) -> Result<Json<Bundle>, Problem> {
    let reader = Reader::Person(citizen.subject());
    let bundle = app.evidence.bundle(exchange, reader).await?;
    bundle.map(Json).ok_or_else(Problem::not_found)
}

/// The same for an auditor, with who was answerable. Needs the scope `audit:identify`, for it says who
/// the person is. Recorded before anything is shown.
#[utoipa::path(post, path = "/v1/audit/exchanges/{exchange}/evidence", tag = "audit", security(("dpop" = [])),
    params(("exchange" = String, Path)),
    request_body = EvidenceRequest,
    responses((status = 200, body = AuditedBundle), (status = 401, body = ProblemBody),
        (status = 403, body = ProblemBody), (status = 404, body = ProblemBody), (status = 422, body = ProblemBody),
        (status = 503, body = ProblemBody)))]
pub(super) async fn audited(
    State(app): State<App>,
    Audit(auditor): Audit<{ scope::AUDIT_READ }>,
    Path(exchange): Path<ExchangeId>,
    Body(request): Body<EvidenceRequest>,
) -> Result<Json<AuditedBundle>, Problem> {
    require_identify(&auditor)?;
    check_reason(&request.case_reference, &request.reason)?;
    let subject = app.evidence.subject(exchange).await?;
    let entry = record(&app, &auditor, &request, exchange, subject).await?;
    let bundle = app.evidence.bundle(exchange, Reader::Auditor).await?;
    let bundle = bundle.ok_or_else(Problem::not_found)?;
    Ok(Json(AuditedBundle { bundle, entry }))
}

/// The reading as an entry of the log, durable before anything is shown.
///
/// Of somebody whose keys were erased the entry is the service's own: no key is made for them again.
async fn record(
    app: &App,
    auditor: &Auditor,
    request: &EvidenceRequest,
    exchange: ExchangeId,
    subject: Option<SubjectId>,
) -> Result<String, Problem> {
    let subject = match subject {
        Some(subject) if app.keyring.has_keys(subject).await.map_err(unreachable)? => Some(subject),
        _ => None,
    };
    let payload = json!({
        "auditor": auditor.client(),
        "case_reference": request.case_reference,
        "reason": request.reason,
        "exchange": exchange,
    });
    let serde_json::Value::Object(payload) = payload else {
        return Err(Problem::internal());
    };
    let mut tx = app.db.begin().await?;
    let staged = app
        .log
        .stage(&mut tx, EntryKind::AuditEvidence, subject, payload)
        .await?;
    tx.commit().await?;
    Ok(staged.entry.to_string())
}

fn unreachable(error: crate::store::keyring::KeyringError) -> Problem {
    crate::evidence::EvidenceError::Keyring(error).into()
}
