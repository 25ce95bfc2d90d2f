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
use crate::consent::{Decided, Decision, Decisions, GrantTerms, ItemState, Receipt};
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
    /// How far back, how often, how long kept: of a grant what was agreed to, else what is asked for.
    terms: TermsView,
}

/// The terms of one permission.
#[derive(Serialize, ToSchema)]
struct TermsView {
    /// `now`, or how far back the latest available year may lie: `P2Y`.
    period: String,
    frequency: FrequencyView,
    /// How long an answer may be kept, ISO 8601.
    data_life: String,
}

/// At most so many requests within a window.
#[derive(Serialize, ToSchema)]
struct FrequencyView {
    /// How many; every request counts, repeated and failed ones too.
    at_most: u32,
    /// ISO 8601; without one, in the whole life of the permission.
    #[serde(skip_serializing_if = "Option::is_none")]
    window: Option<String>,
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

/// The record of one consent: everything that happened to it, as ISO/IEC TS 27560:2023 has it (JSON-LD,
/// `schemas/consent-record.schema.json`).
#[utoipa::path(get, path = "/v1/me/consents/{item}/record", tag = "consent", security(("dpop" = [])),
    params(("item" = String, Path)),
    responses((status = 200, body = Object, content_type = "application/ld+json"), (status = 401, body = ProblemBody),
        (status = 404, body = ProblemBody)))]
pub(super) async fn record(
    State(app): State<App>,
    Me(citizen): Me<{ scope::CONSENT_READ }>,
    Path(item): Path<ItemId>,
) -> Result<impl IntoResponse, Problem> {
    let record = app
        .ledger
        .record_of(citizen.subject(), citizen.body(), item)
        .await?;
    let content_type = [(header::CONTENT_TYPE, "application/ld+json")];
    Ok((content_type, record.to_string()))
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
pub(super) fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
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
            terms: item.terms.into(),
        }
    }
}

impl From<GrantTerms> for TermsView {
    fn from(terms: GrantTerms) -> Self {
        Self {
            period: terms.period.to_string(),
            frequency: FrequencyView {
                at_most: terms.frequency.at_most,
                window: terms.frequency.window.map(|window| window.to_string()),
            },
            data_life: terms.data_life.to_string(),
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    /// JSON of the names and words of the request, and others, but for the one word that agrees.
    fn anything_but_grant() -> impl Strategy<Value = Value> {
        let word = prop::sample::select(vec![
            "refuse",
            "Grant",
            "all",
            "AEAT_IRPF/C4",
            "7c9e6679-7425-40de-944b-e07fc1f90ae7",
            "",
        ]);
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i8>().prop_map(Value::from),
            word.prop_map(Value::from),
        ];
        let name = prop::sample::select(vec!["served", "decisions", "product", "decision", "all"]);
        leaf.prop_recursive(4, 24, 4, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::hash_map(name.clone(), inner, 0..4)
                    .prop_map(|members| json!(members)),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn con_02_no_request_grants_what_it_does_not_name(
            request in anything_but_grant(), decisions in prop::collection::vec(anything_but_grant(), 0..3),
        ) {
            let served = "7c9e6679-7425-40de-944b-e07fc1f90ae7";
            let whole = json!({"served": served, "decisions": decisions});
            for request in [request, whole] {
                if let Ok(request) = serde_json::from_value::<DecideRequest>(request) {
                    let mut decisions = request.decisions.iter();
                    prop_assert!(decisions.all(|one| matches!(one.decision, DecisionWord::Refuse)));
                }
            }
        }
    }

    #[test]
    fn con_02_nothing_stands_for_everything() {
        for request in [
            json!({}),
            json!({"served": "7c9e6679-7425-40de-944b-e07fc1f90ae7", "all": true}),
            json!({"served": "7c9e6679-7425-40de-944b-e07fc1f90ae7", "decisions": "all"}),
        ] {
            assert!(serde_json::from_value::<DecideRequest>(request).is_err());
        }
    }
}
