//! Out to a provider, back, and out again for good.

use axum::extract::{Form, Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::super::trouble::Trouble;
use super::super::visit::{Sent, Visit};
use crate::api::app::App;

#[derive(Debug, Deserialize)]
pub(in super::super) struct Start {
    #[serde(default)]
    return_to: String,
}

/// To the provider. There is no session yet, so no hidden field: the layer that refuses other
/// sites' forms guards this one.
pub(in super::super) async fn begin(
    visit: Visit,
    Path(provider): Path<String>,
    Form(start): Form<Start>,
) -> Result<Response, Trouble> {
    let return_to = start.return_to.parse().unwrap_or_default();
    let begun = visit
        .app
        .logins
        .begin(&provider, visit.body, return_to, visit.language)
        .await?;
    let cookie = [(header::SET_COOKIE, begun.cookie)];
    Ok((cookie, Redirect::to(begun.redirect.as_str())).into_response())
}

/// Back from the provider.
pub(in super::super) async fn complete(
    State(app): State<App>,
    Path(provider): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let query = query.unwrap_or_default();
    match app.logins.complete(&provider, &query, &headers).await {
        Ok(entered) => {
            let cookies = entered.cookies.map(|cookie| (header::SET_COOKIE, cookie));
            let to = Redirect::to(entered.return_to.as_str());
            (AppendHeaders(cookies), to).into_response()
        }
        Err(error) => {
            let cookie = [(header::SET_COOKIE, app.logins.forget())];
            (AppendHeaders(cookie), Trouble::from(error)).into_response()
        }
    }
}

/// Out: the session ends, and what the browser kept of it goes.
pub(in super::super) async fn end(headers: HeaderMap, sent: Sent) -> Result<Response, Trouble> {
    let cookie = sent.member.app().sessions.end(&headers).await?;
    let clear = (
        HeaderName::from_static("clear-site-data"),
        HeaderValue::from_static("\"cache\""),
    );
    let headers = AppendHeaders([(header::SET_COOKIE, cookie), clear]);
    Ok((headers, Redirect::to("/")).into_response())
}
