//! The token endpoint.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{Access, Authentication, Client, Code, Shared, State as Inner, tokens};
use crate::ambient::token;
use crate::jose::{sha256_base64url, verify};
use crate::loopback::Parameters;

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const ACCESS_LIFETIME_SECONDS: i64 = 300;

/// The error codes of RFC 6749, section 5.2, that this endpoint uses.
#[derive(Clone, Copy, Debug)]
enum Refusal {
    Client,
    Grant,
    GrantType,
    Request,
}

pub(super) async fn redeem(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    body: String,
) -> Response {
    let answer = exchange(&shared, &headers, &body);
    let no_store = [(header::CACHE_CONTROL, "no-store")];
    let (status, error) = match answer {
        Ok(tokens) => return (no_store, Json(tokens)).into_response(),
        Err(Refusal::Client) => (StatusCode::UNAUTHORIZED, "invalid_client"),
        Err(Refusal::Grant) => (StatusCode::BAD_REQUEST, "invalid_grant"),
        Err(Refusal::GrantType) => (StatusCode::BAD_REQUEST, "unsupported_grant_type"),
        Err(Refusal::Request) => (StatusCode::BAD_REQUEST, "invalid_request"),
    };
    (status, no_store, Json(json!({"error": error}))).into_response()
}

fn exchange(shared: &Shared, headers: &HeaderMap, body: &str) -> Result<Value, Refusal> {
    let form = Parameters::parse(body).map_err(|_| Refusal::Request)?;
    let now = shared.clock.seconds();
    let mut state = shared.state();
    let client = authenticate(&mut state, &shared.issuer, headers, &form, now)?;
    if form.of("grant_type") != Some("authorization_code") {
        return Err(Refusal::GrantType);
    }
    let code = take(&mut state, &form, &client, now)?;
    let access_token = token();
    let text = form.of("code").unwrap_or_default();
    if let Some(code) = state.codes.get_mut(text) {
        code.spent_on = Some(access_token.clone());
    }
    let expires = now + ACCESS_LIFETIME_SECONDS;
    let access = Access {
        person: code.session.person.clone(),
        expires,
    };
    state.access.insert(access_token.clone(), access);
    drop(state);
    let id_token = tokens::id_token(shared, &code, &access_token).ok_or(Refusal::Grant)?;
    Ok(json!({
        "access_token": access_token,
        "token_type": "Bearer",
        "expires_in": ACCESS_LIFETIME_SECONDS,
        "id_token": id_token,
    }))
}

/// The code, if it is this client's, fresh, unspent, and the verifier fits its challenge.
fn take(state: &mut Inner, form: &Parameters, client: &Client, now: i64) -> Result<Code, Refusal> {
    let text = form.of("code").ok_or(Refusal::Request)?;
    let code = state.codes.get(text).cloned().ok_or(Refusal::Grant)?;
    if let Some(bought) = &code.spent_on {
        state.access.remove(bought);
        return Err(Refusal::Grant);
    }
    let verifier = form.of("code_verifier").ok_or(Refusal::Request)?;
    let fits = code.client_id == client.id
        && form.of("redirect_uri") == Some(&code.redirect_uri)
        && now < code.expires
        && (43..=128).contains(&verifier.len())
        && sha256_base64url(verifier.as_bytes()) == code.challenge;
    if fits { Ok(code) } else { Err(Refusal::Grant) }
}

/// Who calls, by the one way registered for them.
fn authenticate(
    state: &mut Inner,
    issuer: &str,
    headers: &HeaderMap,
    form: &Parameters,
    now: i64,
) -> Result<Client, Refusal> {
    if form.of("client_secret").is_some() {
        return Err(Refusal::Client);
    }
    let basic = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    match (basic, form.of("client_assertion")) {
        (Some(line), None) => by_secret(state, line),
        (None, Some(assertion)) if form.of("client_assertion_type") == Some(ASSERTION_TYPE) => {
            by_key(state, issuer, assertion, now)
        }
        _ => Err(Refusal::Client),
    }
}

fn by_secret(state: &Inner, line: &str) -> Result<Client, Refusal> {
    let encoded = line.strip_prefix("Basic ").ok_or(Refusal::Client)?;
    let bytes = STANDARD.decode(encoded).map_err(|_| Refusal::Client)?;
    let text = String::from_utf8(bytes).map_err(|_| Refusal::Client)?;
    let (id, secret) = text.split_once(':').ok_or(Refusal::Client)?;
    let (id, secret) = (form_decoded(id), form_decoded(secret));
    let known = state.clients.iter().find(|client| {
        let Authentication::Secret(expected) = &client.authentication else {
            return false;
        };
        client.id == id && *expected == secret
    });
    known.cloned().ok_or(Refusal::Client)
}

/// Both halves of Basic are form-encoded before they are joined (RFC 6749, section 2.3.1).
fn form_decoded(text: &str) -> String {
    url::form_urlencoded::parse(format!("x={text}").as_bytes())
        .next()
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

fn by_key(state: &mut Inner, issuer: &str, jwt: &str, now: i64) -> Result<Client, Refusal> {
    let known = state.clients.iter().find_map(|client| {
        let Authentication::Key(jwk) = &client.authentication else {
            return None;
        };
        let (_, claims) = verify(jwt, jwk)?;
        Some((client.clone(), claims))
    });
    let (client, claims) = known.ok_or(Refusal::Client)?;
    let expires = claims["exp"].as_i64().ok_or(Refusal::Client)?;
    let jti = claims["jti"].as_str().ok_or(Refusal::Client)?;
    let sound = claims["iss"] == client.id.as_str()
        && claims["sub"] == client.id.as_str()
        && claims["aud"] == issuer // a single string, the issuer and nothing else
        && now < expires
        && expires - now <= 60
        && state.assertions.insert(jti.to_owned());
    if sound {
        Ok(client)
    } else {
        Err(Refusal::Client)
    }
}
