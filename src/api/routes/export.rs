//! A copy of everything kept about me.

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;

use super::super::app::App;
use super::super::callers::{Me, scope};
use super::super::problem::{Problem, ProblemBody};
use crate::identity::{AccessError, Scope};
use crate::rights::Export;

/// Everything kept about me, as `schemas/export.schema.json` describes it (GDPR 15 and 20). Needs
/// `consent:read` and `exchange:read`. Recorded in the log as read by me.
#[utoipa::path(get, path = "/v1/me/export", tag = "rights", security(("dpop" = [])),
    responses((status = 200, body = Export), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
        (status = 503, body = ProblemBody)))]
pub(super) async fn export(
    State(app): State<App>,
    Me(citizen): Me<{ scope::EXCHANGE_READ }>,
) -> Result<impl IntoResponse, Problem> {
    let scope = Scope::ConsentRead;
    if !citizen.scopes().contains(scope) {
        return Err(AccessError::InsufficientScope { scope }.into());
    }
    let export = app
        .rights
        .export(citizen.subject(), citizen.person())
        .await?;
    let name = "attachment; filename=\"export.json\"";
    Ok(([(header::CONTENT_DISPOSITION, name)], Json(export)))
}
