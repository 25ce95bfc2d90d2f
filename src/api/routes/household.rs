//! Being looked at together: beginning, inviting, joining, leaving, and answering for one's children.
//!
//! Nothing here tells a member anything about another: no name, count, date or id.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::super::app::App;
use super::super::callers::{Me, scope};
use super::super::extract::{Body, Path, Query};
use super::super::problem::{Kind, Problem, ProblemBody};
use super::consents::ReceiptView;
use super::recipients::{self, RecipientView};
use crate::citizen::{ChildId, PurposeId};
use crate::household::{Child, HouseholdState};
use crate::identity::Citizen;

/// A household to begin.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct BeginRequest {
    #[schema(value_type = String)]
    purpose: PurposeId,
    /// How many adults it has, the person among them if they are one: 1 to 20.
    adults: u32,
    /// Only of who is 14 to 17.
    #[schema(value_type = Option<String>, format = Date)]
    birth_date: Option<Date>,
}

/// Which household, of those the person may be in: one for each purpose.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OfPurpose {
    #[schema(value_type = String)]
    purpose: PurposeId,
}

/// An invitation somebody was given.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct JoinRequest {
    /// The last segment of the link.
    invitation: String,
    /// Only of who is 14 to 17.
    #[schema(value_type = Option<String>, format = Date)]
    birth_date: Option<Date>,
}

/// A child under 14.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ChildRequest {
    #[schema(value_type = String)]
    purpose: PurposeId,
    #[schema(value_type = String, format = Date)]
    birth_date: Date,
    /// Must be `true`: the person states it, and it is recorded.
    i_hold_parental_authority: bool,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct HouseholdQuery {
    /// What for.
    #[param(value_type = String)]
    purpose: PurposeId,
}

/// What I may know of the household I am in.
#[derive(Serialize, ToSchema)]
pub(super) struct HouseholdView {
    /// `none`; `complete`: everybody who is counted permits something; `incomplete`: somebody does not,
    /// whoever and for whatever reason.
    state: &'static str,
    purpose: String,
    body: String,
    /// Whether I am in one.
    joined: bool,
    /// Those I answer for, and nobody else's.
    children: Vec<ChildView>,
}

/// A child I answer for.
#[derive(Serialize, ToSchema)]
pub(super) struct ChildView {
    child: String,
    /// The 14th birthday: what I stated ends by itself.
    until: jiff::Timestamp,
}

/// A link that lets one person join, once.
#[derive(Serialize, ToSchema)]
pub(super) struct InvitationView {
    /// To be handed over. It says nothing about anybody.
    link: String,
    expires_at: jiff::Timestamp,
}

/// What leaving came to.
#[derive(Serialize, ToSchema)]
pub(super) struct LeftView {
    state: &'static str,
    /// Of what was last taken back under this purpose, with this call or before.
    #[serde(skip_serializing_if = "Option::is_none")]
    receipt: Option<ReceiptView>,
    /// Who received data that rest on what was taken back, and whether they confirmed. What was done with
    /// them before stays lawful (GDPR article 7.3). Absent if it could not be told at the moment.
    #[serde(skip_serializing_if = "Option::is_none")]
    recipients: Option<Vec<RecipientView>>,
}

/// My household: whether I am in one, and whether it is complete.
#[utoipa::path(get, path = "/v1/me/household", tag = "household", security(("dpop" = [])),
    params(HouseholdQuery),
    responses((status = 200, body = HouseholdView), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody)))]
pub(super) async fn show(
    State(app): State<App>,
    Me(citizen): Me<{ scope::CONSENT_READ }>,
    Query(query): Query<HouseholdQuery>,
) -> Result<Json<HouseholdView>, Problem> {
    view(&app, &citizen, &query.purpose).await.map(Json)
}

/// Begins a household. Whoever lives there joins by themself, by invitation.
#[utoipa::path(post, path = "/v1/me/household", tag = "household", security(("dpop" = [])),
    request_body = BeginRequest,
    responses((status = 201, body = HouseholdView), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
        (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub(super) async fn begin(
    State(app): State<App>,
    Me(citizen): Me<{ scope::CONSENT_WRITE }>,
    Body(request): Body<BeginRequest>,
) -> Result<(StatusCode, Json<HouseholdView>), Problem> {
    app.households
        .begin(
            &citizen,
            &request.purpose,
            request.adults,
            request.birth_date,
        )
        .await?;
    let view = view(&app, &citizen, &request.purpose).await?;
    Ok((StatusCode::CREATED, Json(view)))
}

/// Makes a link by which one more person may join, within seven days.
#[utoipa::path(post, path = "/v1/me/household/invitations", tag = "household", security(("dpop" = [])),
    request_body = OfPurpose,
    responses((status = 201, body = InvitationView), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
        (status = 409, body = ProblemBody)))]
pub(super) async fn invite(
    State(app): State<App>,
    Me(citizen): Me<{ scope::CONSENT_WRITE }>,
    Body(request): Body<OfPurpose>,
) -> Result<(StatusCode, Json<InvitationView>), Problem> {
    let invitation = app.households.invite(&citizen, &request.purpose).await?;
    let view = InvitationView {
        link: format!("{}/household/{}", app.base(), invitation.token.reveal()),
        expires_at: invitation.expires_at,
    };
    Ok((StatusCode::CREATED, Json(view)))
}

/// Joins the household an invitation leads to. Permits nothing yet.
#[utoipa::path(post, path = "/v1/me/household/join", tag = "household", security(("dpop" = [])),
    request_body = JoinRequest,
    responses((status = 200, body = HouseholdView), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
        (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub(super) async fn join(
    State(app): State<App>,
    Me(citizen): Me<{ scope::CONSENT_WRITE }>,
    Body(request): Body<JoinRequest>,
) -> Result<Json<HouseholdView>, Problem> {
    // A text that is no token is an invitation nobody made.
    let token = request.invitation.parse().ok();
    let purpose = app
        .households
        .join(&citizen, token.as_ref(), request.birth_date)
        .await?;
    view(&app, &citizen, &purpose).await.map(Json)
}

/// Leaves, and takes back everything I permitted for the household, at any level of assurance. Said again,
/// it answers the same.
#[utoipa::path(post, path = "/v1/me/household/leave", tag = "household", security(("dpop" = [])),
    request_body = OfPurpose,
    responses((status = 200, body = LeftView), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody)))]
pub(super) async fn leave(
    State(app): State<App>,
    Me(citizen): Me<{ scope::CONSENT_WRITE }>,
    Body(request): Body<OfPurpose>,
) -> Result<Json<LeftView>, Problem> {
    let who = app.consenter(&citizen);
    let receipt = app
        .households
        .leave(&citizen, &who, &request.purpose)
        .await?;
    app.exchange.forget(citizen.subject()).await;
    let recipients = match &receipt {
        Some(receipt) => recipients::of_receipt(&app, &citizen, receipt.id).await,
        None => None,
    };
    Ok(Json(LeftView {
        state: HouseholdState::None.as_str(),
        receipt: receipt.map(ReceiptView::from),
        recipients,
    }))
}

/// States that I hold parental authority over a child under 14 of the household.
#[utoipa::path(post, path = "/v1/me/household/children", tag = "household", security(("dpop" = [])),
    request_body = ChildRequest,
    responses((status = 201, body = ChildView), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
        (status = 422, body = ProblemBody)))]
pub(super) async fn add_child(
    State(app): State<App>,
    Me(citizen): Me<{ scope::CONSENT_WRITE }>,
    Body(request): Body<ChildRequest>,
) -> Result<(StatusCode, Json<ChildView>), Problem> {
    if !request.i_hold_parental_authority {
        return Err(Problem::new(
            Kind::InvalidRequest,
            "Only who holds parental authority answers for a child. Nothing was recorded.",
        ));
    }
    let child = app
        .households
        .add_child(&citizen, &request.purpose, request.birth_date)
        .await?;
    Ok((StatusCode::CREATED, Json(child.into())))
}

/// Takes back what I stated about a child, at any level of assurance.
#[utoipa::path(delete, path = "/v1/me/household/children/{child}", tag = "household", security(("dpop" = [])),
    params(("child" = String, Path)),
    responses((status = 204), (status = 401, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub(super) async fn remove_child(
    State(app): State<App>,
    Me(citizen): Me<{ scope::CONSENT_WRITE }>,
    Path(child): Path<ChildId>,
) -> Result<StatusCode, Problem> {
    app.households.remove_child(&citizen, child).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn view(app: &App, citizen: &Citizen, purpose: &PurposeId) -> Result<HouseholdView, Problem> {
    let state = app.households.state(citizen, purpose).await?;
    let children = app.households.children(citizen, purpose).await?;
    Ok(HouseholdView {
        state: state.as_str(),
        purpose: purpose.to_string(),
        body: citizen.body().to_string(),
        joined: state != HouseholdState::None,
        children: children.into_iter().map(ChildView::from).collect(),
    })
}

impl From<Child> for ChildView {
    fn from(child: Child) -> Self {
        Self {
            child: child.child.to_string(),
            until: child.until,
        }
    }
}
