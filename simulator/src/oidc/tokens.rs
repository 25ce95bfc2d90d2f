//! ID tokens and user info, honest and hostile.

use std::sync::Arc;

use aws_lc_rs::hmac;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use super::{Code, Hostile, Shared};
use crate::ambient::token;
use crate::jose::{Es256, half_hash, sha256_base64url, signing_input};
use crate::person::{Assurance, Person};

const LIFETIME_SECONDS: i64 = 300;
const DAY_SECONDS: i64 = 86_400;

/// The ID token for a redeemed code; none if the person is gone.
pub(super) fn id_token(shared: &Shared, code: &Code, access_token: &str) -> Option<String> {
    let person = shared.person(&code.session.person)?;
    let mut claims = identity(person);
    let now = shared.clock.seconds();
    claims.extend(members(json!({
        "iss": shared.issuer,
        "aud": code.client_id,
        "iat": now,
        "exp": now + LIFETIME_SECONDS,
        "nonce": code.nonce,
        "auth_time": code.session.since,
        "acr": person.assurance.acr(),
        "amr": ["otp"],
        "sid": sha256_base64url(code.session.id.as_bytes()),
        "at_hash": half_hash(access_token),
    })));
    let state = shared.state();
    for hostile in &state.hostile {
        spoil(*hostile, &mut claims, person, now);
    }
    claims.retain(|_, value| !value.is_null());
    let claims = Value::Object(claims);
    let signer = &state.key;
    let is = |hostile| state.hostile.contains(&hostile);
    let token = if is(Hostile::AlgNone) {
        format!(
            "{}.",
            signing_input(&json!({"alg": "none", "typ": "JWT"}), &claims)
        )
    } else if is(Hostile::AlgHs256) {
        mac(&claims, signer)
    } else if is(Hostile::SignatureBad) {
        Es256::generate()
            .with_kid(signer.kid())
            .sign(&Map::new(), &claims)
    } else if is(Hostile::KidForeign) {
        Es256::generate().sign(&Map::new(), &claims)
    } else if is(Hostile::CritUnknown) {
        let header = members(json!({"crit": ["urn:example:new"], "urn:example:new": true}));
        signer.sign(&header, &claims)
    } else if is(Hostile::TypeOther) {
        signer.sign(&members(json!({"typ": "logout+jwt"})), &claims)
    } else {
        signer.sign(&members(json!({"typ": "JWT"})), &claims)
    };
    Some(token)
}

/// Tells a relying party that a person logged out at the provider.
pub(super) fn logout_token(
    shared: &Shared,
    client_id: &str,
    person: &str,
    changes: &Value,
) -> String {
    let now = shared.clock.seconds();
    let mut claims = members(json!({
        "iss": shared.issuer,
        "aud": client_id,
        "sub": subject(person),
        "iat": now,
        "exp": now + 120,
        "jti": token(),
        "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
    }));
    claims.extend(members(changes.clone()));
    claims.retain(|_, value| !value.is_null());
    let header = members(json!({"typ": "logout+jwt"}));
    shared.state().key.sign(&header, &Value::Object(claims))
}

/// Changes one claim for the worse. Null takes it out.
fn spoil(hostile: Hostile, claims: &mut Map<String, Value>, person: &Person, now: i64) {
    let (name, value) = match hostile {
        Hostile::AcrLower => ("acr", json!(below(person.assurance))),
        Hostile::AcrMissing => ("acr", Value::Null),
        Hostile::AtHashWrong => ("at_hash", json!(half_hash("another token"))),
        Hostile::AudienceMissing => ("aud", Value::Null),
        Hostile::AudienceTooMany => ("aud", json!([claims["aud"], "another-client"])),
        Hostile::AudienceWrong => ("aud", json!("another-client")),
        Hostile::AuthTimeStale => ("auth_time", json!(now - DAY_SECONDS)),
        Hostile::AzpOther => ("azp", json!("another-client")),
        Hostile::Expired => ("exp", json!(now - 3600)),
        Hostile::IatFuture => ("iat", json!(now + 3600)),
        Hostile::IatMissing => ("iat", Value::Null),
        Hostile::IssuerOther => ("iss", json!("https://other.example")),
        Hostile::IssuerSlash => (
            "iss",
            json!(format!("{}/", claims["iss"].as_str().unwrap_or_default())),
        ),
        Hostile::NbfFuture => ("nbf", json!(now + 3600)),
        Hostile::NonceMissing => ("nonce", Value::Null),
        Hostile::NonceWrong => ("nonce", json!("another-nonce-of-sufficient-length")),
        Hostile::SubjectMissing => ("sub", Value::Null),
        // these concern the signature, the header, or other answers
        Hostile::AlgHs256
        | Hostile::AlgNone
        | Hostile::CritUnknown
        | Hostile::DiscoveryIssuerOther
        | Hostile::KeysBroken
        | Hostile::KidForeign
        | Hostile::ResponseIssuerMissing
        | Hostile::ResponseIssuerOther
        | Hostile::SignatureBad
        | Hostile::TypeOther
        | Hostile::UserInfoOtherDocument
        | Hostile::UserInfoOtherSubject => return,
    };
    claims.insert(name.to_owned(), value);
}

/// The public key used as a shared secret: what a verifier that mixes families would accept.
fn mac(claims: &Value, signer: &Es256) -> String {
    let input = signing_input(&json!({"alg": "HS256", "kid": signer.kid()}), claims);
    let key = hmac::Key::new(hmac::HMAC_SHA256, signer.jwk().to_string().as_bytes());
    let tag = hmac::sign(&key, input.as_bytes());
    format!("{input}.{}", URL_SAFE_NO_PAD.encode(tag))
}

/// User info for a bearer token in the header.
pub(super) async fn user_info(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    let bearer = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|line| line.strip_prefix("Bearer "));
    let now = shared.clock.seconds();
    let state = shared.state();
    let access = bearer
        .and_then(|token| state.access.get(token))
        .filter(|it| now < it.expires);
    let Some(person) = access.and_then(|access| shared.person(&access.person)) else {
        let challenge = [(header::WWW_AUTHENTICATE, "Bearer error=\"invalid_token\"")];
        return (StatusCode::UNAUTHORIZED, challenge).into_response();
    };
    let mut claims = identity(person);
    if state.hostile.contains(&Hostile::UserInfoOtherSubject) {
        claims.insert("sub".to_owned(), json!("someone-else"));
    }
    if state.hostile.contains(&Hostile::UserInfoOtherDocument) {
        claims.insert("document_number".to_owned(), json!("12345678Z"));
    }
    Json(claims).into_response()
}

/// The same at every relying party: a `public` subject.
fn subject(person: &str) -> String {
    sha256_base64url(person.as_bytes())
}

fn identity(person: &Person) -> Map<String, Value> {
    let mut claims = members(json!({
        "sub": subject(&person.key),
        "given_name": person.given_name,
        "family_name": person.surnames(),
        "surname1": person.surname1,
        "surname2": person.surname2,
        "document_number": person.document,
        "document_type": person.document_type.as_str(),
        "document_country": person.country,
        "method": person.method.as_str(),
    }));
    claims.retain(|_, value| !value.is_null());
    claims
}

/// One level down; below low there is only a text that no policy knows.
fn below(reached: Assurance) -> String {
    match reached {
        Assurance::High => Assurance::Substantial.acr(),
        Assurance::Substantial => Assurance::Low.acr(),
        Assurance::Low => "urn:example:none".to_owned(),
    }
}

fn members(object: Value) -> Map<String, Value> {
    match object {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}
