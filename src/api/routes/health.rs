//! Whether the process lives, and whether it can do its work.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::app::App;
use super::super::problem::{Kind, Problem, ProblemBody};

/// What the service stands on.
#[derive(Serialize, ToSchema)]
pub(super) struct Health {
    /// Always `ok`; anything else is a problem.
    status: &'static str,
}

/// The process answers.
#[utoipa::path(get, path = "/health/live", tag = "health", responses((status = 200, body = Health)))]
pub(super) async fn live() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// The database answers and the log keeps up: exchanges may begin.
#[utoipa::path(get, path = "/health/ready", tag = "health",
    responses((status = 200, body = Health), (status = 503, body = ProblemBody)))]
pub(super) async fn ready(State(app): State<App>) -> Result<Json<Health>, Problem> {
    app.db.ping().await?;
    if app.log.admits_exchanges().is_err() {
        let detail = "The log does not keep up: exchanges wait, withdrawals do not.";
        return Err(Problem::new(Kind::LogUnavailable, detail).retry_after(5));
    }
    Ok(Json(Health { status: "ok" }))
}
