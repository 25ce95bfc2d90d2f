//! The citizens' pages: read, choose, check, fetch, look back, take back. Plain HTML and one style
//! sheet; every page works without scripts.
//!
//! A handler gives a page or a `Trouble`. The outermost layer turns troubles into pages
//! of their own, in the reader's language, that say whether anything was asked or saved.

mod format;
mod handlers;
mod html;
mod i18n;
mod trouble;
mod view;
mod visit;

#[cfg(test)]
mod tests;

use axum::Router;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tower::ServiceBuilder;
use tower_http::csrf::{CsrfLayer, ProtectionError};
use tower_http::set_header::SetResponseHeaderLayer;

use crate::api::app::App;
use handlers::{choose, entry, exchanges, fetch, household, login, notice, receipt, withdraw};
use trouble::Trouble;

/// Nothing from elsewhere, nothing inline, no frame around it.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; \
    img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The pages and what they are made of.
pub fn routes(app: App) -> Router {
    let stack = ServiceBuilder::new()
        .layer(from_fn(visit::remember_language))
        .layer(default_header(header::CONTENT_SECURITY_POLICY, POLICY))
        .layer(default_header(header::CACHE_CONTROL, "no-store"))
        // Outside everything that can fail, so that every failure becomes a page.
        .layer(from_fn_with_state(app.clone(), trouble::dress));
    // A form of another site never gets as far as a handler. The hidden field of each form
    // holds the line for browsers that do not say where a request comes from.
    let own_forms = CsrfLayer::new().with_rejection_response(
        // The page is written further out.
        |_: ProtectionError| -> Response { Trouble::Forged.into_response() },
    );
    Router::new()
        .route("/", get(entry::show))
        .route("/login/{provider}", post(login::begin))
        .route("/login/{provider}/callback", get(login::complete))
        .route("/logout", post(login::end))
        .route("/notice", get(notice::show))
        .route("/choose", get(choose::show).post(choose::change))
        .route("/check", post(choose::check))
        .route("/decide", post(choose::decide))
        .route("/receipts/{receipt}", get(receipt::show))
        .route("/receipts/{receipt}/download", get(receipt::download))
        .route("/receipts/{receipt}/proof", get(receipt::proof))
        .route("/fetch", post(fetch::start))
        .route("/progress/{job}", get(fetch::progress))
        .route("/progress/{job}/events", get(fetch::events))
        .route("/profile/{job}", get(fetch::profile))
        .route("/exchanges", get(exchanges::list))
        .route("/exchanges/{exchange}/proof", get(exchanges::proof))
        .route("/household/joined", get(household::joined))
        .route("/household/join", post(household::join))
        .route("/consents/{item}/withdraw", post(withdraw::item))
        .route("/consents/withdraw-source/{source}", post(withdraw::source))
        .route("/consents/withdraw-all", post(withdraw::all))
        .layer(own_forms)
        // It takes no form, and that layer traces addresses: the one of this page holds a token.
        .route("/household/{token}", get(household::show))
        .layer(stack)
        .route("/style.css", get(style))
        .route("/progress.js", get(script))
        // Browsers ask for one whatever the page says.
        .route("/favicon.ico", get(async || StatusCode::NO_CONTENT))
        .with_state(app)
}

async fn style() -> Response {
    asset("text/css; charset=utf-8", include_str!("assets/style.css"))
}

async fn script() -> Response {
    asset(
        "text/javascript; charset=utf-8",
        include_str!("assets/progress.js"),
    )
}

fn asset(kind: &'static str, text: &'static str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "public, max-age=3600"),
    ];
    (headers, text).into_response()
}

fn default_header(name: HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
}
