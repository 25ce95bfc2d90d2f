//! Who I am here, and what would be asked about me.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::super::app::App;
use super::super::callers::{Me, scope};
use super::super::extract::Query;
use super::super::problem::{Problem, ProblemBody};
use crate::citizen::{Language, PurposeId};
use crate::exchange::view::Preview;

/// How this service knows the caller's citizen. Neither document nor name: the client has those.
#[derive(Serialize, ToSchema)]
pub(super) struct MeView {
    /// Level of assurance of the log-in.
    level: &'static str,
    /// How they identified themself.
    method: String,
    /// Who vouches for it.
    provider: String,
    /// When they identified themself.
    authenticated_at: jiff::Timestamp,
    /// The administration they deal with.
    body: String,
    /// Whether Spanish sources can be asked about their document.
    can_be_fetched: bool,
    /// What the token allows.
    scopes: Vec<&'static str>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct PreviewQuery {
    /// What for.
    #[param(value_type = String)]
    purpose: PurposeId,
    /// Language of the plain words; Catalan if left out.
    #[param(value_type = Option<String>)]
    lang: Option<Language>,
}

/// How this service knows me.
#[utoipa::path(get, path = "/v1/me", tag = "consent", security(("dpop" = [])),
    responses((status = 200, body = MeView), (status = 401, body = ProblemBody)))]
pub(super) async fn me(Me(citizen): Me<{ scope::CONSENT_READ }>) -> Json<MeView> {
    Json(MeView {
        level: citizen.level().as_str(),
        method: citizen.method().to_owned(),
        provider: citizen.provider().to_owned(),
        authenticated_at: citizen.authenticated_at(),
        body: citizen.body().to_string(),
        can_be_fetched: citizen.person().document.nif().is_some(),
        scopes: citizen
            .scopes()
            .iter()
            .map(crate::identity::Scope::as_str)
            .collect(),
    })
}

/// What a fetch would ask now. Asks nothing.
#[utoipa::path(get, path = "/v1/me/preview", tag = "profile", security(("dpop" = [])),
    params(PreviewQuery),
    responses((status = 200, body = Preview), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody)))]
pub(super) async fn preview(
    State(app): State<App>,
    Me(citizen): Me<{ scope::CONSENT_READ }>,
    Query(query): Query<PreviewQuery>,
) -> Result<Json<Preview>, Problem> {
    let language = query.lang.unwrap_or(Language::Ca);
    Ok(Json(
        app.exchange
            .preview(&citizen, &query.purpose, language)
            .await?,
    ))
}
