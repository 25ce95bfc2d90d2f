//! The pages of the fake gateway: enough of them to log in and out.

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::Value;

use super::fake::{Fault, Shared, open};
use crate::ambient::{http_client, send};
use crate::jose::sha256_base64url;
use crate::loopback::{cookie, redirect, redirect_with};

const BINDING: &str = "a-binding-of-this-browser-that-is-long-enough";
const CSRF: &str = "<input type=\"hidden\" name=\"csrf\" value=\"c&amp;1\">";

pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/", get(entry))
        .route("/login/{provider}", post(leave))
        .route("/login/{provider}/callback", get(come_back))
        .route("/notice", get(notice))
        .route("/logout", post(sign_out))
}

async fn entry() -> Response {
    let form = |provider| {
        format!(
            "<form method=\"post\" action=\"/login/{provider}\">{CSRF}<button>x</button></form>"
        )
    };
    let page = format!(
        "<!doctype html><html lang=\"ca\">{}{}",
        form("valid"),
        form("oidc")
    );
    (
        [(header::CONTENT_SECURITY_POLICY, "default-src 'none'")],
        Html(page),
    )
        .into_response()
}

async fn leave(
    State(world): State<Shared>,
    Path(provider): Path<String>,
    headers: HeaderMap,
    body: String,
) -> Response {
    assert_eq!(body, "csrf=c%261");
    assert_eq!(headers["sec-fetch-site"], "same-origin");
    let world = open(&world);
    let callback = format!("{}/login/{provider}/callback", world.url);
    let challenge = sha256_base64url(BINDING.as_bytes());
    let common = [
        ("client_id", "fake"),
        ("redirect_uri", &callback),
        ("response_type", "code"),
    ];
    let own: [(&str, &str); 4] = match provider.as_str() {
        "valid" => [
            ("scope", "autenticacio_usuari"),
            ("access_type", "online"),
            ("approval_prompt", "auto"),
            ("state", BINDING),
        ],
        _ => [
            ("scope", "openid"),
            ("nonce", BINDING),
            ("code_challenge", &challenge),
            ("state", BINDING),
        ],
    };
    let mut parameters: Vec<(&str, &str)> = [&common[..], &own[..]].concat();
    let base = if provider == "valid" {
        format!("{}/o/oauth2/auth", world.valid)
    } else {
        parameters.push(("code_challenge_method", "S256"));
        format!("{}/authorize", world.issuer)
    };
    let set = [(
        header::SET_COOKIE,
        format!("pre={BINDING}; HttpOnly; SameSite=Lax"),
    )];
    (set, redirect_with(&base, &parameters)).into_response()
}

async fn come_back(
    State(world): State<Shared>,
    Path(provider): Path<String>,
    Query(query): Query<std::collections::HashMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    let (fault, valid, url) = {
        let world = open(&world);
        (world.fault, world.valid.clone(), world.url.clone())
    };
    let bound = cookie(&headers, "pre") == Some(BINDING) && query["state"] == BINDING;
    if !bound && fault != Fault::TakesAnyCallback {
        return StatusCode::BAD_REQUEST.into_response();
    }
    if provider == "valid" && fault != Fault::LeavesSession && bound {
        end_at_valid(&valid, &url, &query["code"]).await;
    }
    let set = [(header::SET_COOKIE, "session=yes; HttpOnly; SameSite=Lax")];
    (set, redirect("/notice")).into_response()
}

/// Redeems the code and logs out, as a gateway does after asking who came.
async fn end_at_valid(valid: &str, url: &str, code: &str) {
    let http = http_client().unwrap();
    let callback = format!("{url}/login/valid/callback");
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("client_id", "fake"),
        ("client_secret", "secret"),
        ("redirect_uri", &callback),
    ];
    let answer = send(http.post(format!("{valid}/o/oauth2/token")).form(&form))
        .await
        .unwrap();
    let answer: Value = answer.json().await.unwrap();
    let token = answer["access_token"].as_str().unwrap();
    let logout = http
        .get(format!("{valid}/o/oauth2/logout"))
        .query(&[("token", token)]);
    assert!(send(logout).await.unwrap().status().is_success());
}

async fn notice(headers: HeaderMap) -> Response {
    if cookie(&headers, "session") != Some("yes") {
        return redirect("/");
    }
    let page = format!("<form method=\"post\" action=\"/logout\">{CSRF}</form>");
    Html(page).into_response()
}

async fn sign_out() -> Response {
    ([(header::SET_COOKIE, "session=; Max-Age=0")], redirect("/")).into_response()
}
