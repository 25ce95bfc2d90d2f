//! The authorization endpoint, and the end of a session.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};

use super::{Client, Code, Hostile, Session, Shared};
use crate::ambient::token;
use crate::loopback::{Parameters, chooser, cookie, mistake, redirect, redirect_with};

pub(super) const PATH: &str = "/authorize";
const SESSION_COOKIE: &str = "BROKER_SSO";
/// Logs this person in without asking, for scripts that keep cookies.
const PERSONA_COOKIE: &str = "oidc_persona";
const CODE_LIFETIME_SECONDS: i64 = 60;

pub(super) async fn authorize(
    State(shared): State<Arc<Shared>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let request = match Parameters::parse(&query.unwrap_or_default()) {
        Ok(request) => request,
        Err(reason) => return mistake(&reason),
    };
    let client = match registered(&shared, &request) {
        Ok(client) => client,
        Err(reason) => return mistake(reason),
    };
    if let Err((error, description)) = check(&request) {
        let parts = [("error", error), ("error_description", description)];
        return back(&shared, &request, &parts);
    }
    if request.of("cancel").is_some() {
        return back(&shared, &request, &[("error", "access_denied")]);
    }
    let Some(session) = session(&shared, &request, &headers) else {
        if request.of("prompt") == Some("none") {
            return back(&shared, &request, &[("error", "login_required")]);
        }
        return chooser("Identity broker", PATH, &request, &shared.people).into_response();
    };
    let code = token();
    shared
        .state()
        .codes
        .insert(code.clone(), issue(&shared, &client, &request, &session));
    let cookie = format!(
        "{SESSION_COOKIE}={}; Path=/; HttpOnly; SameSite=Lax",
        session.id
    );
    shared.state().sessions.insert(session.id.clone(), session);
    (
        [(header::SET_COOKIE, cookie)],
        back(&shared, &request, &[("code", &code)]),
    )
        .into_response()
}

fn issue(shared: &Shared, client: &Client, request: &Parameters, session: &Session) -> Code {
    let text = |name| request.of(name).unwrap_or_default().to_owned();
    Code {
        client_id: client.id.clone(),
        redirect_uri: text("redirect_uri"),
        nonce: text("nonce"),
        challenge: text("code_challenge"),
        session: session.clone(),
        expires: shared.clock.seconds() + CODE_LIFETIME_SECONDS,
        spent_on: None,
    }
}

/// Nothing may be sent to an address that the client did not register.
fn registered(shared: &Shared, request: &Parameters) -> Result<Client, &'static str> {
    let state = shared.state();
    let client = state
        .clients
        .iter()
        .find(|client| Some(client.id.as_str()) == request.of("client_id"))
        .ok_or("this `client_id` is not registered")?;
    let redirect_uri = request
        .of("redirect_uri")
        .ok_or("`redirect_uri` is missing")?;
    if client
        .redirect_uris
        .iter()
        .any(|known| known == redirect_uri)
    {
        Ok(client.clone())
    } else {
        Err("this `redirect_uri` is not registered")
    }
}

fn check(request: &Parameters) -> Result<(), (&'static str, &'static str)> {
    let enough = |name| request.of(name).is_some_and(|value| value.len() >= 22); // 128 bits
    if request.of("response_type") != Some("code") {
        return Err(("unsupported_response_type", "only `code`"));
    }
    if !request
        .of("scope")
        .is_some_and(|scope| scope.split(' ').any(|one| one == "openid"))
    {
        return Err(("invalid_scope", "`openid` is missing"));
    }
    if request.of("code_challenge_method") != Some("S256")
        || request
            .of("code_challenge")
            .is_none_or(|challenge| challenge.len() != 43)
    {
        return Err(("invalid_request", "PKCE with S256 is required"));
    }
    if !enough("state") || !enough("nonce") {
        return Err((
            "invalid_request",
            "`state` and `nonce` of 128 bits or more are required",
        ));
    }
    Ok(())
}

/// The session that answers this request: a new one for a named persona, else the browser's.
fn session(shared: &Shared, request: &Parameters, headers: &HeaderMap) -> Option<Session> {
    let now = shared.clock.seconds();
    let fresh = |person: &str| Session {
        id: token(),
        person: person.to_owned(),
        since: now,
    };
    if let Some(person) = request.of("persona").and_then(|key| shared.person(key)) {
        return Some(fresh(&person.key));
    }
    if let Some(person) = cookie(headers, PERSONA_COOKIE).and_then(|key| shared.person(key)) {
        return Some(fresh(&person.key));
    }
    if request.of("prompt") == Some("login") {
        return None;
    }
    let oldest = request
        .of("max_age")
        .and_then(|text| text.parse().ok())
        .unwrap_or(i64::MAX);
    let state = shared.state();
    let session = state.sessions.get(cookie(headers, SESSION_COOKIE)?)?;
    (now - session.since <= oldest).then(|| session.clone())
}

/// Sends the browser back, with `state` and with the `iss` of RFC 9207.
fn back(shared: &Shared, request: &Parameters, parts: &[(&str, &str)]) -> Response {
    let mut parameters = parts.to_vec();
    parameters.extend(request.of("state").map(|state| ("state", state)));
    if shared.is(Hostile::ResponseIssuerOther) {
        parameters.push(("iss", "https://other.example"));
    } else if !shared.is(Hostile::ResponseIssuerMissing) {
        parameters.push(("iss", &shared.issuer));
    }
    redirect_with(request.of("redirect_uri").unwrap_or_default(), &parameters)
}

/// RP-initiated logout 1.0: ends the browser's session and returns to a registered address.
pub(super) async fn log_out(
    State(shared): State<Arc<Shared>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let request = match Parameters::parse(&query.unwrap_or_default()) {
        Ok(request) => request,
        Err(reason) => return mistake(&reason),
    };
    let mut state = shared.state();
    if let Some(session) = cookie(&headers, SESSION_COOKIE) {
        state.sessions.remove(session);
    }
    let Some(to) = request.of("post_logout_redirect_uri") else {
        return "Logged out.".into_response();
    };
    let known = state
        .clients
        .iter()
        .any(|client| client.post_logout_redirect_uris.iter().any(|uri| uri == to));
    match (known, request.of("state")) {
        (false, _) => mistake("this `post_logout_redirect_uri` is not registered"),
        (true, None) => redirect(to),
        (true, Some(state)) => redirect_with(to, &[("state", state)]),
    }
}
