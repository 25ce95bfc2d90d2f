//! How a client gets a token, and where everything is (RFC 6749, 8414, 8693, 9728).

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::super::app::App;
use crate::identity::{TokenError, TooMany};

/// Exchanges a signed statement about a citizen for a five-minute token, or gives an auditor's
/// program one of its own. The client proves itself with `private_key_jwt`, its key with `DPoP`.
#[utoipa::path(post, path = "/oauth2/token", tag = "tokens",
    request_body(content = String, content_type = "application/x-www-form-urlencoded",
        description = "RFC 8693 token exchange or client credentials; see docs/integrating.md"),
    params(("DPoP" = String, Header)),
    responses((status = 200, description = "access_token, token_type, expires_in, scope", body = Value),
        (status = 400, description = "RFC 6749 section 5.2", body = Value),
        (status = 401, description = "The client is not who it says", body = Value)))]
pub(super) async fn token(State(app): State<App>, headers: HeaderMap, form: Bytes) -> Response {
    match app.tokens.token(&headers, &form).await {
        Ok(token) => Json(token).into_response(),
        Err(error) => refusal(&error),
    }
}

/// The public keys of receipts, tokens and events.
pub(super) async fn jwks(State(app): State<App>) -> Response {
    let cache = [(header::CACHE_CONTROL, "public, max-age=300")];
    (cache, Json(app.jwks.as_ref())).into_response()
}

/// RFC 8414.
pub(super) async fn authorization_server(State(app): State<App>) -> Json<Value> {
    Json(app.tokens.authorization_server())
}

/// RFC 9728.
pub(super) async fn protected_resource(State(app): State<App>) -> Json<Value> {
    Json(app.tokens.protected_resource())
}

/// RFC 6749 section 5.2: JSON of its own, not a problem.
fn refusal(error: &TokenError) -> Response {
    let status = match error {
        TokenError::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
        TokenError::InvalidClient(_) => StatusCode::UNAUTHORIZED,
        TokenError::Unavailable(cause) => {
            tracing::error!(error = %cause, "no token could be recorded");
            StatusCode::SERVICE_UNAVAILABLE
        }
        _ => StatusCode::BAD_REQUEST,
    };
    let body = json!({"error": error.code(), "error_description": error.description()});
    let mut response = (status, Json(body)).into_response();
    if let TokenError::TooMany(TooMany { retry_after_s }) = error {
        let wait = HeaderValue::from(*retry_after_s);
        response.headers_mut().insert(header::RETRY_AFTER, wait);
    }
    response
}
