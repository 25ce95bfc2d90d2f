//! Fetching a profile: a job one can wait for, watch, or come back to.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt as _;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::super::app::App;
use super::super::callers::{Me, scope};
use super::super::extract::{Body, Path, PreferWait, Query};
use super::super::problem::{Problem, ProblemBody};
use crate::citizen::{JobId, PurposeId};
use crate::exchange::view::{JobState, JobView};
use crate::profile::{Audience, Projection};

/// The longest a caller is kept waiting, in seconds.
pub(super) const LONGEST_WAIT: u32 = 60;

/// What to fetch.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct StartRequest {
    #[schema(value_type = String)]
    purpose: PurposeId,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct ProfileQuery {
    /// `recommender` if left out: one reason for everything the person chose. `citizen` tells the
    /// reasons apart and is for the person's own eyes.
    #[param(value_type = Option<String>)]
    audience: Option<AudienceWord>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum AudienceWord {
    Citizen,
    Recommender,
}

/// Starts a fetch of everything I permitted, and waits as long as `Prefer: wait=…` says.
#[utoipa::path(post, path = "/v1/me/profile-jobs", tag = "profile", security(("dpop" = [])),
    request_body = StartRequest,
    params(("Prefer" = Option<String>, Header, description = "`wait=30`: seconds to wait for the end (RFC 7240)")),
    responses((status = 200, body = JobView, description = "The fetch has ended"),
        (status = 202, body = JobView, description = "It goes on; see `Location`"),
        (status = 401, body = ProblemBody), (status = 403, body = ProblemBody), (status = 503, body = ProblemBody)))]
pub(super) async fn start(
    State(app): State<App>,
    Me(citizen): Me<{ scope::PROFILE_READ }>,
    wait: Option<PreferWait>,
    Body(request): Body<StartRequest>,
) -> Result<Response, Problem> {
    let job = app.exchange.start(&citizen, &request.purpose).await?;
    let seconds = wait.map_or(0, |wait| wait.0.min(LONGEST_WAIT));
    let at_most = Duration::from_secs(seconds.into());
    let view = app.exchange.wait(citizen.subject(), job, at_most).await?;
    let view = view.ok_or_else(Problem::internal)?;
    let status = if view.state == JobState::Running {
        StatusCode::ACCEPTED
    } else {
        StatusCode::OK
    };
    let location = format!("/v1/me/profile-jobs/{job}");
    let applied = format!("wait={seconds}");
    let headers = [
        (header::LOCATION, location),
        (
            header::HeaderName::from_static("preference-applied"),
            applied,
        ),
    ];
    Ok((status, headers, Json(view)).into_response())
}

/// Where a fetch stands.
#[utoipa::path(get, path = "/v1/me/profile-jobs/{job}", tag = "profile", security(("dpop" = [])),
    params(("job" = String, Path)),
    responses((status = 200, body = JobView), (status = 401, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub(super) async fn find(
    State(app): State<App>,
    Me(citizen): Me<{ scope::PROFILE_READ }>,
    Path(job): Path<JobId>,
) -> Result<Json<JobView>, Problem> {
    let view = app.exchange.job(citizen.subject(), job).await?;
    view.map(Json).ok_or_else(Problem::not_found)
}

/// News of a fetch as server-sent events, until it ends. Each event `job` carries the whole state.
#[utoipa::path(get, path = "/v1/me/profile-jobs/{job}/events", tag = "profile", security(("dpop" = [])),
    params(("job" = String, Path)),
    responses((status = 200, body = String, content_type = "text/event-stream"),
        (status = 401, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub(super) async fn events(
    State(app): State<App>,
    Me(citizen): Me<{ scope::PROFILE_READ }>,
    Path(job): Path<JobId>,
) -> Result<impl IntoResponse, Problem> {
    let subject = citizen.subject();
    app.exchange
        .job(subject, job)
        .await?
        .ok_or_else(Problem::not_found)?;
    let views = app.exchange.follow(subject, job);
    let events = views.map(|view| Event::default().event("job").json_data(&view));
    Ok(Sse::new(events).keep_alive(KeepAlive::default()))
}

/// The profile a fetch ended with. Each delivery is recorded before it leaves.
#[utoipa::path(get, path = "/v1/me/profile-jobs/{job}/profile", tag = "profile", security(("dpop" = [])),
    params(("job" = String, Path), ProfileQuery),
    responses((status = 200, description = "schemas/profile.schema.json", body = serde_json::Value),
        (status = 401, body = ProblemBody), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody),
        (status = 410, body = ProblemBody), (status = 503, body = ProblemBody)))]
pub(super) async fn profile(
    State(app): State<App>,
    Me(citizen): Me<{ scope::PROFILE_READ }>,
    Path(job): Path<JobId>,
    Query(query): Query<ProfileQuery>,
) -> Result<Json<Projection>, Problem> {
    let audience = match query.audience {
        Some(AudienceWord::Citizen) => Audience::Citizen,
        Some(AudienceWord::Recommender) | None => Audience::Recommender,
    };
    Ok(Json(app.exchange.profile(&citizen, job, audience).await?))
}
