//! Looking at a household, for a recommender: a job like a profile's, and one result of all who agreed.
//!
//! Never for a folder or a page: with two adults the sum minus one's own is the other's. The scope
//! `household:read` is a recommender's alone.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa::ToSchema;

use super::super::app::App;
use super::super::callers::{Me, scope};
use super::super::extract::{Body, Path, PreferWait};
use super::super::problem::{Problem, ProblemBody};
use super::jobs::LONGEST_WAIT;
use crate::citizen::{JobId, PurposeId};
use crate::exchange::LookView;
use crate::exchange::view::JobState;
use crate::household::{HouseholdError, Roll};
use crate::identity::Citizen;
use crate::profile::HouseholdProjection;

/// Which of the person's households: one for each purpose.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LookRequest {
    #[schema(value_type = String)]
    purpose: PurposeId,
}

/// Starts a look at the household I am in: what each adult permitted is fetched for each by
/// themself. Waits as long as `Prefer: wait=…` says.
#[utoipa::path(post, path = "/v1/me/household/profile-jobs", tag = "household", security(("dpop" = [])),
    request_body = LookRequest,
    params(("Prefer" = Option<String>, Header, description = "`wait=30`: seconds to wait for the end (RFC 7240)")),
    responses((status = 200, body = LookView, description = "The look has ended"),
        (status = 202, body = LookView, description = "It goes on; see `Location`"),
        (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
        (status = 409, body = ProblemBody, description = "In no household"), (status = 503, body = ProblemBody)))]
pub(super) async fn start(
    State(app): State<App>,
    Me(citizen): Me<{ scope::HOUSEHOLD_READ }>,
    wait: Option<PreferWait>,
    Body(request): Body<LookRequest>,
) -> Result<Response, Problem> {
    let roll = app.households.roll(&citizen, &request.purpose).await?;
    let job = app.exchange.look(&citizen, &request.purpose, &roll).await?;
    let seconds = wait.map_or(0, |wait| wait.0.min(LONGEST_WAIT));
    let at_most = Duration::from_secs(seconds.into());
    let view = app
        .exchange
        .look_view(&citizen, &roll, job, at_most)
        .await?;
    let view = view.ok_or_else(Problem::internal)?;
    let status = if view.state == JobState::Running {
        StatusCode::ACCEPTED
    } else {
        StatusCode::OK
    };
    let headers = [
        (
            header::LOCATION,
            format!(
                "/v1/me/household/profile-jobs/{job}?purpose={}",
                request.purpose
            ),
        ),
        (
            header::HeaderName::from_static("preference-applied"),
            format!("wait={seconds}"),
        ),
    ];
    Ok((status, headers, Json(view)).into_response())
}

/// Where a look stands.
#[utoipa::path(get, path = "/v1/me/household/profile-jobs/{job}", tag = "household", security(("dpop" = [])),
    params(("job" = String, Path)),
    responses((status = 200, body = LookView), (status = 401, body = ProblemBody),
        (status = 404, body = ProblemBody)))]
pub(super) async fn find(
    State(app): State<App>,
    Me(citizen): Me<{ scope::HOUSEHOLD_READ }>,
    Path(job): Path<JobId>,
) -> Result<Json<LookView>, Problem> {
    let roll = roll(&app, &citizen, job).await?;
    let view = app.exchange.look_view(&citizen, &roll, job, Duration::ZERO);
    view.await?.map(Json).ok_or_else(Problem::not_found)
}

/// What a look came to, for the recommender. A release of each person in it is recorded before it leaves.
#[utoipa::path(get, path = "/v1/me/household/profile-jobs/{job}/profile", tag = "household", security(("dpop" = [])),
    params(("job" = String, Path)),
    responses((status = 200, description = "schemas/household-profile.schema.json", body = serde_json::Value),
        (status = 401, body = ProblemBody), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody),
        (status = 410, body = ProblemBody), (status = 503, body = ProblemBody)))]
pub(super) async fn profile(
    State(app): State<App>,
    Me(citizen): Me<{ scope::HOUSEHOLD_READ }>,
    Path(job): Path<JobId>,
) -> Result<Json<HouseholdProjection>, Problem> {
    let roll = roll(&app, &citizen, job).await?;
    Ok(Json(
        app.exchange.household_profile(&citizen, &roll, job).await?,
    ))
}

/// The household that was looked at, if the caller is in it.
async fn roll(app: &App, citizen: &Citizen, job: JobId) -> Result<Roll, Problem> {
    let purpose = app.exchange.look_purpose(citizen, job).await?;
    let purpose = purpose.ok_or_else(Problem::not_found)?;
    match app.households.roll(citizen, &purpose).await {
        Err(HouseholdError::NotInHousehold) => Err(Problem::not_found()),
        found => Ok(found?),
    }
}
