//! What I may ask for by right, and what came of it.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::super::app::App;
use super::super::callers::{Me, scope};
use super::super::extract::{Body, Path, Query};
use super::super::problem::{Problem, ProblemBody};
use super::consents::idempotency_key;
use crate::citizen::{Language, PurposeId, RequestId};
use crate::rights::{NewRequest, RequestView, RequestsPage, Right, RightsOfPurpose, Words};

/// A request about one's rights.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FileRequest {
    /// What is asked for.
    kind: Right,
    /// In the person's own words, at most 2,000 characters. Kept encrypted under their own key.
    #[schema(value_type = Option<String>)]
    statement: Option<Words>,
    /// Only about this purpose; about all of them if left out.
    #[schema(value_type = Option<String>)]
    purpose: Option<PurposeId>,
}

/// A request as recorded, with what was done at once.
#[derive(Serialize, ToSchema)]
pub(super) struct FiledView {
    #[serde(flatten)]
    request: RequestView,
    /// Receipts of the consents that were withdrawn with it.
    withdrawn: Vec<String>,
}

/// The rights there are.
#[derive(Serialize, ToSchema)]
pub(super) struct RightsView {
    purposes: Vec<RightsOfPurpose>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct RightsQuery {
    /// Language of the titles; Catalan if left out.
    #[param(value_type = Option<String>)]
    lang: Option<Language>,
}

/// My rights: where each is exercised, how long an answer takes, who answers, where to complain.
#[utoipa::path(get, path = "/v1/me/rights", tag = "rights", security(("dpop" = [])),
    params(RightsQuery),
    responses((status = 200, body = RightsView), (status = 401, body = ProblemBody)))]
pub(super) async fn list(
    State(app): State<App>,
    Me(_citizen): Me<{ scope::CONSENT_READ }>,
    Query(query): Query<RightsQuery>,
) -> Json<RightsView> {
    let language = query.lang.unwrap_or(Language::Ca);
    Json(RightsView {
        purposes: app.rights.of_purposes(language),
    })
}

/// What I asked for, newest first, and where it stands.
#[utoipa::path(get, path = "/v1/me/requests", tag = "rights", security(("dpop" = [])),
    responses((status = 200, body = RequestsPage), (status = 401, body = ProblemBody), (status = 503, body = ProblemBody)))]
pub(super) async fn requests(
    State(app): State<App>,
    Me(citizen): Me<{ scope::CONSENT_READ }>,
) -> Result<Json<RequestsPage>, Problem> {
    Ok(Json(app.rights.requests(citizen.subject()).await?))
}

/// Asks for something by right. Works at any level of assurance. Access and portability are answered at
/// once by the copy; erasure and objection withdraw every consent and block the data, with this very
/// call; the rest is answered by the administration within a month.
#[utoipa::path(post, path = "/v1/me/requests", tag = "rights", security(("dpop" = [])),
    request_body = FileRequest,
    params(("Idempotency-Key" = Option<String>, Header, description = "Sending twice records once")),
    responses((status = 201, body = FiledView), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
        (status = 422, body = ProblemBody), (status = 503, body = ProblemBody)))]
pub(super) async fn file(
    State(app): State<App>,
    Me(citizen): Me<{ scope::CONSENT_WRITE }>,
    headers: HeaderMap,
    Body(request): Body<FileRequest>,
) -> Result<(StatusCode, Json<FiledView>), Problem> {
    let blocks = request.kind.blocks();
    let new = NewRequest {
        right: request.kind,
        statement: request.statement,
        purpose: request.purpose,
        idempotency_key: idempotency_key(&headers)?,
    };
    let who = app.consenter(&citizen);
    let filed = app.rights.file(&who, citizen.body(), new).await?;
    if blocks {
        app.exchange.forget(citizen.subject()).await;
    }
    let view = FiledView {
        request: filed.request,
        withdrawn: filed.withdrawn.iter().map(ToString::to_string).collect(),
    };
    Ok((StatusCode::CREATED, Json(view)))
}

/// Takes back a request of mine: one nobody answered yet, or one that blocks my data. The block ends with
/// this very call; the consents it withdrew stay withdrawn. Taken back again, nothing changes.
#[utoipa::path(post, path = "/v1/me/requests/{request}/withdraw", tag = "rights", security(("dpop" = [])),
    params(("request" = String, Path)),
    responses((status = 200, body = RequestView), (status = 400, body = ProblemBody), (status = 401, body = ProblemBody),
        (status = 404, body = ProblemBody), (status = 503, body = ProblemBody)))]
pub(super) async fn withdraw(
    State(app): State<App>,
    Me(citizen): Me<{ scope::CONSENT_WRITE }>,
    Path(request): Path<RequestId>,
) -> Result<Json<RequestView>, Problem> {
    Ok(Json(app.rights.withdraw(citizen.subject(), request).await?))
}
