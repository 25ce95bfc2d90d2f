//! The register of processing, for anyone.

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;

use super::super::app::App;
use super::super::problem::{Problem, ProblemBody};
use crate::consent::{Register, publications};

/// What is done with people's data, for whom, on what ground and for how long (GDPR 30).
#[utoipa::path(get, path = "/v1/register", tag = "purposes",
    responses(
        (status = 200, description = "schemas/processing-register.schema.json", body = serde_json::Value),
        (status = 503, body = ProblemBody)))]
pub(super) async fn register(State(app): State<App>) -> Result<impl IntoResponse, Problem> {
    let published = publications(&app.db).await?;
    let register = Register::of(&app.terms, &app.catalogue, &published, app.world.now());
    let text = serde_json::to_string_pretty(&register).map_err(|_| Problem::internal())?;
    Ok(([(header::CONTENT_TYPE, "application/json")], text))
}
