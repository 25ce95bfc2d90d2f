//! Who asked what about me.

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use serde::Deserialize;
use utoipa::IntoParams;

use super::super::app::App;
use super::super::callers::{Me, scope};
use super::super::extract::{Path, Query};
use super::super::problem::{Kind, Problem, ProblemBody};
use crate::citizen::ExchangeId;
use crate::exchange::view::{ExchangePage, ExchangeView};
use crate::exchange::{Bracket, Position};

/// Most exchanges in one page.
const LONGEST_PAGE: u32 = 100;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct PageQuery {
    /// `next` of the page before.
    after: Option<String>,
    /// At most this many, 100 at the most; 20 if left out.
    limit: Option<u32>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct ProofQuery {
    /// `intent` if left out, or `outcome`.
    #[param(value_type = Option<String>)]
    entry: Option<EntryWord>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum EntryWord {
    Intent,
    Outcome,
}

/// My exchanges, newest first. Only those of this service.
#[utoipa::path(get, path = "/v1/me/exchanges", tag = "exchanges", security(("dpop" = [])),
    params(PageQuery),
    responses((status = 200, body = ExchangePage), (status = 401, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub(super) async fn list(
    State(app): State<App>,
    Me(citizen): Me<{ scope::EXCHANGE_READ }>,
    Query(query): Query<PageQuery>,
) -> Result<Json<ExchangePage>, Problem> {
    let after = query.after.as_deref().map(position).transpose()?;
    let limit = query.limit.unwrap_or(20).clamp(1, LONGEST_PAGE);
    Ok(Json(
        app.exchange
            .exchanges(citizen.subject(), after.as_ref(), limit)
            .await?,
    ))
}

/// One of my exchanges.
#[utoipa::path(get, path = "/v1/me/exchanges/{exchange}", tag = "exchanges", security(("dpop" = [])),
    params(("exchange" = String, Path)),
    responses((status = 200, body = ExchangeView), (status = 401, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub(super) async fn one(
    State(app): State<App>,
    Me(citizen): Me<{ scope::EXCHANGE_READ }>,
    Path(exchange): Path<ExchangeId>,
) -> Result<Json<ExchangeView>, Problem> {
    let view = app.exchange.exchange(citizen.subject(), exchange).await?;
    view.map(Json).ok_or_else(Problem::not_found)
}

/// The proof that an exchange is in the log (C2SP tlog-proof). `verifier proof` checks it offline.
#[utoipa::path(get, path = "/v1/me/exchanges/{exchange}/proof", tag = "exchanges", security(("dpop" = [])),
    params(("exchange" = String, Path), ProofQuery),
    responses((status = 200, body = String, content_type = "text/plain"), (status = 401, body = ProblemBody),
        (status = 404, body = ProblemBody), (status = 503, body = ProblemBody, description = "Not numbered yet")))]
pub(super) async fn proof(
    State(app): State<App>,
    Me(citizen): Me<{ scope::EXCHANGE_READ }>,
    Path(exchange): Path<ExchangeId>,
    Query(query): Query<ProofQuery>,
) -> Result<impl IntoResponse, Problem> {
    let bracket = match query.entry {
        Some(EntryWord::Outcome) => Bracket::Outcome,
        Some(EntryWord::Intent) | None => Bracket::Intent,
    };
    let entry = app
        .exchange
        .entry(citizen.subject(), exchange, bracket)
        .await?;
    super::log::proof_of(&app, entry.ok_or_else(Problem::not_found)?).await
}

/// Reads `after`.
pub(super) fn position(text: &str) -> Result<Position, Problem> {
    Position::read(text).ok_or_else(|| {
        Problem::new(
            Kind::InvalidRequest,
            "`after` is not what an earlier page gave as `next`.",
        )
    })
}
