//! Whether the process lives, and whether it can do its work.

use std::future::Future;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::app::App;
use super::super::problem::{Kind, Problem, ProblemBody};

/// A part that says nothing for this long is not ready.
const PATIENCE: Duration = Duration::from_secs(2);

/// What the service stands on.
#[derive(Serialize, ToSchema)]
pub(super) struct Health {
    /// Always `ok`; anything else is a problem.
    status: &'static str,
    /// What is lost for now, and can be done without: `cache`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    without: Vec<&'static str>,
}

impl Health {
    const OK: Self = Self {
        status: "ok",
        without: Vec::new(),
    };
}

/// The process answers.
#[utoipa::path(get, path = "/health/live", tag = "health", responses((status = 200, body = Health)))]
pub(super) async fn live() -> Json<Health> {
    Json(Health::OK)
}

/// The database answers, this replica is known to be alive, and the log keeps up: fetches may begin.
/// Otherwise `not_ready` names what is missing, of `database`, `lease`, `log` and `stopping`.
#[utoipa::path(get, path = "/health/ready", tag = "health",
    responses((status = 200, body = Health), (status = 503, body = ProblemBody)))]
pub(super) async fn ready(State(app): State<App>) -> Result<Json<Health>, Problem> {
    let (database, lease, cache) = tokio::join!(
        in_time(app.db.ping()),
        in_time(app.exchange.replica().is_alive()),
        in_time(app.cache.ping()),
    );
    let log = app.log.admits_exchanges().is_ok();
    let parts = [
        ("database", database.is_some()),
        ("lease", lease == Some(true)),
        ("log", log),
        ("stopping", !app.stopping.is_cancelled()),
    ];
    let missing = parts.iter().filter(|(_, fine)| !fine);
    let missing: Vec<_> = missing.map(|(name, _)| *name).collect();
    let (kind, detail) = match missing.as_slice() {
        // Without the cache every replica does a little less; none would do none.
        [] if cache.is_none() => {
            return Ok(Json(Health {
                without: vec!["cache"],
                ..Health::OK
            }));
        }
        [] => return Ok(Json(Health::OK)),
        ["log"] => (
            Kind::LogUnavailable,
            "The log does not keep up: exchanges wait, withdrawals do not.",
        ),
        _ => (
            Kind::ServiceUnavailable,
            "This replica is not to be asked at the moment; `not_ready` says why.",
        ),
    };
    Err(Problem::new(kind, detail)
        .with("not_ready", missing)
        .retry_after(5))
}

/// What a part answers, if it does, and soon.
async fn in_time<T, E>(part: impl Future<Output = Result<T, E>>) -> Option<T> {
    tokio::time::timeout(PATIENCE, part).await.ok()?.ok()
}
