//! The five paths of VALid.

use std::sync::Arc;

use axum::extract::{RawQuery, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::json;

use super::{Code, Logout, Registration, Shared, Token, user_info};
use crate::ambient::token;
use crate::loopback::{Parameters, chooser, cookie, mistake, redirect_with};

const AUTHORIZE: &str = "/o/oauth2/auth";
const SESSION_COOKIE: &str = "VALID_SSO";
/// Logs this person in without asking, for scripts that keep cookies.
const PERSONA_COOKIE: &str = "valid_persona";
const CODE_LIFETIME_SECONDS: i64 = 60;

pub(super) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route(AUTHORIZE, get(authorize))
        .route("/o/oauth2/token", post(redeem))
        .route("/o/oauth2/logout", get(log_out))
        .route("/o/oauth2/revoke", get(revoke))
        .route("/serveis-rest/getUserInfo", get(user_info::answer))
        .layer(middleware::from_fn_with_state(Arc::clone(&shared), record))
        .with_state(shared)
}

async fn record(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let refused = {
        let mut state = shared.state();
        state.asked.push(path.clone());
        state.behaviour.address_not_allowed && path != AUTHORIZE
    };
    if refused {
        return (StatusCode::FORBIDDEN, "address not allowed").into_response();
    }
    next.run(request).await
}

async fn authorize(
    State(shared): State<Arc<Shared>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let request = match Parameters::parse(&query.unwrap_or_default()) {
        Ok(request) => request,
        Err(reason) => return mistake(&reason),
    };
    let registration = match check(&shared, &request) {
        Ok(registration) => registration,
        Err(reason) => return mistake(&reason),
    };
    let redirect_uri = request.of("redirect_uri").unwrap_or_default();
    let state = request.of("state").unwrap_or_default();
    if let Some(error) = shared.state().behaviour.authorize_error.clone() {
        return redirect_with(redirect_uri, &[("error", &error), ("state", state)]);
    }
    if request.of("cancel").is_some() {
        return redirect_with(
            redirect_uri,
            &[("error", "SESSION_CANCEL"), ("state", state)],
        );
    }
    let Some((person, session)) = who(&shared, &request, &headers) else {
        return chooser("VALid", AUTHORIZE, &request, &shared.people).into_response();
    };
    let code = format!("1/{}", token());
    let issued = Code {
        client_id: registration.client_id,
        redirect_uri: redirect_uri.to_owned(),
        person: person.clone(),
        session: session.clone(),
        expires: shared.clock.seconds() + CODE_LIFETIME_SECONDS,
    };
    let mut known = shared.state();
    known.codes.insert(code.clone(), issued);
    known.sessions.insert(session.clone(), person);
    drop(known);
    let sso = format!("{SESSION_COOKIE}={session}; Path=/; HttpOnly; SameSite=Lax");
    let back = redirect_with(redirect_uri, &[("code", &code), ("state", state)]);
    ([(header::SET_COOKIE, sso)], back).into_response()
}

/// The registration, if the request is one that the integration document describes.
fn check(shared: &Shared, request: &Parameters) -> Result<Registration, String> {
    let client_id = request.of("client_id").ok_or("`client_id` is missing")?;
    let registration = shared
        .state()
        .registrations
        .iter()
        .find(|known| known.client_id == client_id)
        .cloned()
        .ok_or("this `client_id` is not registered")?;
    let redirect_uri = request
        .of("redirect_uri")
        .ok_or("`redirect_uri` is missing")?;
    if !registration
        .redirect_uris
        .iter()
        .any(|known| known == redirect_uri)
    {
        return Err("this `redirect_uri` is not registered".to_owned());
    }
    let constants = [
        ("response_type", "code"),
        ("scope", "autenticacio_usuari"),
        ("access_type", "online"), // the double keeps no refresh tokens
        ("approval_prompt", "auto"),
    ];
    for (name, expected) in constants {
        if request.of(name) != Some(expected) {
            return Err(format!("`{name}` must be `{expected}`"));
        }
    }
    match request.of("state") {
        Some(state) if state.bytes().all(|byte| byte.is_ascii_graphic()) => Ok(registration),
        _ => Err("`state` must be there, in simple ASCII".to_owned()),
    }
}

/// Who logs in: the persona named, else the one whose session this browser holds.
fn who(shared: &Shared, request: &Parameters, headers: &HeaderMap) -> Option<(String, String)> {
    let named = request.of("persona").and_then(|key| shared.person(key));
    if let Some(person) = named {
        return Some((person.key.clone(), token()));
    }
    let session = cookie(headers, SESSION_COOKIE).map(str::to_owned);
    if let Some(session) = session
        && let Some(person) = shared.state().sessions.get(&session)
    {
        return Some((person.clone(), session));
    }
    let person = cookie(headers, PERSONA_COOKIE).and_then(|key| shared.person(key))?;
    Some((person.key.clone(), token()))
}

async fn redeem(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: String) -> Response {
    if headers.contains_key(header::AUTHORIZATION) {
        return refusal("invalid_client", "credentials belong in the body");
    }
    let form_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    if !form_type.is_some_and(|text| text.starts_with("application/x-www-form-urlencoded")) {
        return refusal("invalid_request", "the body must be a form");
    }
    let form = match Parameters::parse(&body) {
        Ok(form) => form,
        Err(reason) => return refusal("invalid_request", &reason),
    };
    if form.of("grant_type") != Some("authorization_code") {
        return refusal("unsupported_grant_type", "only `authorization_code`");
    }
    let mut state = shared.state();
    let known = state.registrations.iter().any(|registration| {
        form.of("client_id") == Some(&registration.client_id)
            && form.of("client_secret") == Some(&registration.client_secret)
    });
    if !known {
        return refusal("invalid_client", "unknown client or wrong secret");
    }
    // taken out before it is looked at: a code is good for one try, successful or not
    let code = form.of("code").and_then(|code| state.codes.remove(code));
    let now = shared.clock.seconds();
    let code = code.filter(|code| {
        now < code.expires
            && form.of("client_id") == Some(&code.client_id)
            && form.of("redirect_uri") == Some(&code.redirect_uri)
    });
    let Some(code) = code else {
        return refusal(
            "invalid_grant",
            "the code is not good, or not for this client",
        );
    };
    let lifetime = state.behaviour.token_lifetime.as_secs();
    let access_token = format!("1/{}", token());
    let expires = now.saturating_add(i64::try_from(lifetime).unwrap_or(i64::MAX));
    let issued = Token {
        person: code.person,
        session: code.session,
        expires,
    };
    state.tokens.insert(access_token.clone(), issued);
    let answer =
        json!({"access_token": access_token, "expires_in": lifetime, "token_type": "Bearer"});
    Json(answer).into_response()
}

fn refusal(error: &str, description: &str) -> Response {
    let body = json!({"error": error, "error_description": description});
    (StatusCode::BAD_REQUEST, Json(body)).into_response()
}

/// Ends the browser session; the next authorization asks again.
async fn log_out(State(shared): State<Arc<Shared>>, RawQuery(query): RawQuery) -> Response {
    let query = Parameters::parse(&query.unwrap_or_default());
    let mut state = shared.state();
    let given = query
        .as_ref()
        .ok()
        .and_then(|query| query.of("token"))
        .unwrap_or_default();
    let Some(token) = state.tokens.get(given).cloned() else {
        return (StatusCode::BAD_REQUEST, "unknown token").into_response();
    };
    if state.behaviour.logout == Logout::Fails {
        return (StatusCode::BAD_REQUEST, "try again later").into_response();
    }
    state.sessions.remove(&token.session);
    if state.behaviour.logout == Logout::EndsToken {
        state.tokens.remove(given);
    }
    StatusCode::OK.into_response()
}

/// Ends the token for the REST services; the browser session lives on.
async fn revoke(State(shared): State<Arc<Shared>>, RawQuery(query): RawQuery) -> Response {
    let query = Parameters::parse(&query.unwrap_or_default());
    let given = query
        .as_ref()
        .ok()
        .and_then(|query| query.of("token"))
        .unwrap_or_default();
    match shared.state().tokens.remove(given) {
        Some(_) => StatusCode::OK.into_response(),
        None => (StatusCode::BAD_REQUEST, "unknown token").into_response(),
    }
}
