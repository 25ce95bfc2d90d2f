//! Being shown, deciding, taking back, and the receipts of it.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::super::app::App;
use super::super::callers::{Me, scope};
use super::super::extract::{Body, Path, Query};
use super::super::problem::{Kind, Problem, ProblemBody};
use super::purposes::NoticeView;
use super::recipients::{self, RecipientView};
use crate::citizen::{ItemId, Language, ProductCode, PurposeId, ReceiptId, ServedId};
use crate::consent::{Decided, Decision, Decisions, ItemState, Receipt};
use crate::identity::Citizen;

/// Which notice is about to be shown.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ServeRequest {
    #[schema(value_type = String)]
    purpose: PurposeId,
    #[schema(value_type = String)]
    language: Language,
}

/// A notice, recorded as shown.
#[derive(Serialize, ToSchema)]
pub(super) struct ServedView {
    /// What a decision refers to.
    served: String,
    /// What to show.
    notice: NoticeView,
}

/// The answers to one showing of a notice.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DecideRequest {
    /// The showing they answer.
    #[schema(value_type = String)]
    served: ServedId,
    /// One per product; what is not named stays as it is.
    decisions: Vec<DecisionRequest>,
}

/// The answer about one product.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DecisionRequest {
    #[schema(value_type = String)]
    product: ProductCode,
    decision: DecisionWord,
}

#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum DecisionWord {
    Grant,
    Refuse,
}

/// What was recorded, and how things stand now.
#[derive(Serialize, ToSchema)]
pub(super) struct DecidedView {
    receipt: ReceiptView,
    items: Vec<ItemView>,
    /// After a withdrawal: who received data that rest on what was taken back, and whether they
    /// confirmed. What was done with them before stays lawful (GDPR article 7.3). Absent if it could
    /// not be told at the moment; the withdrawal holds all the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    recipients: Option<Vec<RecipientView>>,
}

/// The items of one body and purpose.
#[derive(Serialize, ToSchema)]
pub(super) struct ItemsView {
    items: Vec<ItemView>,
}

/// How one item stands.
#[derive(Serialize, ToSchema)]
struct ItemView {
    /// Its id; the same before and after it is decided.
    item: String,
    product: String,
    source: String,
    /// `not_asked`, `granted`, `refused`, `revoked`, `expired` or `invalidated`.
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_until: Option<jiff::Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    decided_at: Option<jiff::Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    notice_version: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    receipt: Option<String>,
}

/// A signed statement of what was decided.
#[derive(Serialize, ToSchema)]
pub(super) struct ReceiptView {
    id: String,
    /// Short, for paper and telephone.
    code: String,
    /// Compact JWS (RFC 7515), verifiable with `/.well-known/jwks.json`.
    jws: String,
    issued_at: jiff::Timestamp,
}

#[derive(Serialize, ToSchema)]
pub(super) struct ReceiptsView {
    receipts: Vec<ReceiptView>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct PurposeQuery {
    /// What for.
    #[param(value_type = String)]
    purpose: PurposeId,
}

/// Which consents to withdraw.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RevokeAllRequest {
    #[schema(value_type = String)]
    purpose: PurposeId,
}

/// Records that the notice is shown, and gives it.
#[utoipa::path(post, path = "/v1/me/notices/served", tag = "consent", security(("dpop" = [])),
    request_body = ServeRequest,
    responses((status = 201, body = ServedView), (status = 401, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub(super) async fn serve_notice(
    State(app): State<App>,
    Me(citizen): Me<{ scope::CONSENT_WRITE }>,
    Body(request): Body<ServeRequest>,
) -> Result<(StatusCode, Json<ServedView>), Problem> {
    let who = app.consenter(&citizen);
    let served = app
        .ledger
        .serve(&who, &request.purpose, request.language)
        .await?;
    let view = ServedView {
        served: served.served.to_string(),
        notice: (&served.notice).into(),
    };
    Ok((StatusCode::CREATED, Json(view)))
}

/// What I decided.
#[utoipa::path(get, path = "/v1/me/consents", tag = "consent", security(("dpop" = [])),
    params(PurposeQuery),
    responses((status = 200, body = ItemsView), (status = 401, body = ProblemBody)))]
pub(super) async fn list(
    State(app): State<App>,
    Me(citizen): Me<{ scope::CONSENT_READ }>,
    Query(query): Query<PurposeQuery>,
) -> Result<Json<ItemsView>, Problem> {
    let (_, items) = app
        .ledger
        .items(citizen.subject(), citizen.body(), &query.purpose)
        .await?;
    Ok(Json(ItemsView {
        items: items.iter().map(ItemView::from).collect(),
    }))
}

/// Decides: yes to some, no to others. All of it is recorded, or none.
#[utoipa::path(post, path = "/v1/me/consents", tag = "consent", security(("dpop" = [])),
    request_body = DecideRequest,
    params(("Idempotency-Key" = Option<String>, Header, description = "Sending twice records once")),
    responses((status = 201, body = DecidedView), (status = 401, body = ProblemBody),
        (status = 403, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub(super) async fn decide(
    State(app): State<App>,
    Me(citizen): Me<{ scope::CONSENT_WRITE }>,
    headers: HeaderMap,
    Body(request): Body<DecideRequest>,
) -> Result<(StatusCode, Json<DecidedView>), Problem> {
    let grants = request
        .decisions
        .iter()
        .any(|one| matches!(one.decision, DecisionWord::Grant));
    if grants && !citizen.may_grant() {
        return Err(Problem::new(
            Kind::PurposeNotAllowed,
            "This client may refuse and withdraw, not grant. Send the person to our own pages. \
             Nothing was recorded.",
        ));
    }
    let decisions = request.decisions.into_iter().map(|one| {
        let decision = match one.decision {
            DecisionWord::Grant => Decision::Grant,
            DecisionWord::Refuse => Decision::Refuse,
        };
        (one.product, decision)
    });
    let decisions = Decisions {
        served: request.served,
        decisions: decisions.collect(),
        idempotency_key: idempotency_key(&headers)?,
    };
    let decided = app
        .ledger
        .decide(&app.consenter(&citizen), decisions)
        .await?;
    // A no where there was a yes takes back, too.
    let mut view = withdrawn(&app, &citizen, decided).await;
    view.recipients.take_if(|recipients| recipients.is_empty());
    Ok((StatusCode::CREATED, Json(view)))
}

/// Takes one consent back. Works at any level of assurance. What was done before stays lawful.
#[utoipa::path(post, path = "/v1/me/consents/{item}/revoke", tag = "consent", security(("dpop" = [])),
    params(("item" = String, Path)),
    responses((status = 200, body = DecidedView), (status = 401, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub(super) async fn revoke(
    State(app): State<App>,
    Me(citizen): Me<{ scope::CONSENT_WRITE }>,
    Path(item): Path<ItemId>,
) -> Result<Json<DecidedView>, Problem> {
    let decided = app.ledger.revoke(&app.consenter(&citizen), item).await?;
    app.exchange.forget(citizen.subject()).await;
    Ok(Json(withdrawn(&app, &citizen, decided).await))
}

/// Takes every consent of a purpose back. What was done before stays lawful.
#[utoipa::path(post, path = "/v1/me/consents/revoke-all", tag = "consent", security(("dpop" = [])),
    request_body = RevokeAllRequest,
    responses((status = 200, body = DecidedView), (status = 401, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub(super) async fn revoke_all(
    State(app): State<App>,
    Me(citizen): Me<{ scope::CONSENT_WRITE }>,
    Body(request): Body<RevokeAllRequest>,
) -> Result<Json<DecidedView>, Problem> {
    let decided = app
        .ledger
        .revoke_all(&app.consenter(&citizen), &request.purpose)
        .await?;
    app.exchange.forget(citizen.subject()).await;
    Ok(Json(withdrawn(&app, &citizen, decided).await))
}

/// My receipts, newest first.
#[utoipa::path(get, path = "/v1/me/receipts", tag = "consent", security(("dpop" = [])),
    responses((status = 200, body = ReceiptsView), (status = 401, body = ProblemBody)))]
pub(super) async fn receipts(
    State(app): State<App>,
    Me(citizen): Me<{ scope::CONSENT_READ }>,
) -> Result<Json<ReceiptsView>, Problem> {
    let receipts = app.ledger.receipts(citizen.subject()).await?;
    Ok(Json(ReceiptsView {
        receipts: receipts.into_iter().map(ReceiptView::from).collect(),
    }))
}

/// One of my receipts.
#[utoipa::path(get, path = "/v1/me/receipts/{receipt}", tag = "consent", security(("dpop" = [])),
    params(("receipt" = String, Path)),
    responses((status = 200, body = ReceiptView), (status = 401, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub(super) async fn receipt(
    State(app): State<App>,
    Me(citizen): Me<{ scope::CONSENT_READ }>,
    Path(receipt): Path<ReceiptId>,
) -> Result<Json<ReceiptView>, Problem> {
    Ok(Json(
        app.ledger.receipt(citizen.subject(), receipt).await?.into(),
    ))
}

/// The proof that what a receipt states is in the log (C2SP tlog-proof).
#[utoipa::path(get, path = "/v1/me/receipts/{receipt}/proof", tag = "consent", security(("dpop" = [])),
    params(("receipt" = String, Path)),
    responses((status = 200, body = String, content_type = "text/plain"), (status = 401, body = ProblemBody),
        (status = 404, body = ProblemBody), (status = 503, body = ProblemBody)))]
pub(super) async fn receipt_proof(
    State(app): State<App>,
    Me(citizen): Me<{ scope::CONSENT_READ }>,
    Path(receipt): Path<ReceiptId>,
) -> Result<impl IntoResponse, Problem> {
    let receipt = app.ledger.receipt(citizen.subject(), receipt).await?;
    super::log::proof_of(&app, receipt.entry).await
}

/// `Idempotency-Key`: 1 to 128 visible characters.
fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(key) = headers.get(header::HeaderName::from_static("idempotency-key")) else {
        return Ok(None);
    };
    match key.to_str() {
        Ok(key) if (1..=128).contains(&key.len()) => Ok(Some(key.to_owned())),
        _ => Err(Problem::new(
            Kind::InvalidRequest,
            "Idempotency-Key has 1 to 128 visible characters. Nothing was recorded.",
        )),
    }
}

/// What may have been a withdrawal, with those who still have to confirm it. That it cannot be told who they are is no
/// reason to say that it failed: it did not.
async fn withdrawn(app: &App, citizen: &Citizen, decided: Decided) -> DecidedView {
    let recipients = recipients::of_receipt(app, citizen, decided.receipt.id).await;
    DecidedView {
        recipients,
        ..decided.into()
    }
}

impl From<Decided> for DecidedView {
    fn from(decided: Decided) -> Self {
        Self {
            receipt: decided.receipt.into(),
            items: decided.items.iter().map(ItemView::from).collect(),
            recipients: None,
        }
    }
}

impl From<&ItemState> for ItemView {
    fn from(item: &ItemState) -> Self {
        Self {
            item: item.item.to_string(),
            product: item.product.to_string(),
            source: item.source.to_string(),
            state: item.state.as_str(),
            valid_until: item.state.valid_until(),
            decided_at: item.at,
            notice_version: item.version,
            receipt: item.receipt.map(|id| id.to_string()),
        }
    }
}

impl From<Receipt> for ReceiptView {
    fn from(receipt: Receipt) -> Self {
        Self {
            id: receipt.id.to_string(),
            code: receipt.code,
            jws: receipt.jws,
            issued_at: receipt.issued_at,
        }
    }
}
