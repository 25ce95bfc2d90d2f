//! Discovery and the key set.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use serde_json::{Value, json};

use super::{Hostile, Shared};
use crate::person::Assurance;

/// OpenID Connect Discovery 1.0, section 3.
pub(super) async fn configuration(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let base = &shared.issuer;
    let issuer = if shared.is(Hostile::DiscoveryIssuerOther) {
        "https://other.example"
    } else {
        base.as_str()
    };
    let levels = [Assurance::Low, Assurance::Substantial, Assurance::High].map(Assurance::acr);
    Json(json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{base}/authorize"),
        "token_endpoint": format!("{base}/token"),
        "userinfo_endpoint": format!("{base}/userinfo"),
        "jwks_uri": format!("{base}/jwks"),
        "end_session_endpoint": format!("{base}/logout"),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": ["ES256"],
        "authorization_response_iss_parameter_supported": true,
        "acr_values_supported": levels,
        "scopes_supported": ["openid", "profile", "identity"],
        "claims_supported": ["sub", "acr", "amr", "auth_time", "given_name", "family_name",
            "document_number", "document_type", "method"],
    }))
}

/// The key that signs, among keys that a relying party has to pass over (RFC 7517, section 5).
pub(super) async fn keys(State(shared): State<Arc<Shared>>) -> Response {
    if shared.is(Hostile::KeysBroken) {
        let page = Html("<html><body>Bad gateway</body></html>");
        return (StatusCode::BAD_GATEWAY, page).into_response();
    }
    let real = shared.state().key.jwk();
    let mut unknown_algorithm = real.clone();
    unknown_algorithm["kid"] = json!("ec-alg");
    unknown_algorithm["alg"] = json!("ES256X");
    let mut unknown_curve = real.clone();
    unknown_curve["kid"] = json!("ec-crv");
    unknown_curve["crv"] = json!("P-255");
    Json(json!({"keys": [
        {"kty": "AKP", "kid": "post-quantum", "alg": "ML-DSA-44", "use": "sig", "pub": "AAAA"},
        {"kty": "MOON", "kid": "invented", "use": "sig", "x": "AAAA"},
        {"kty": "RSA", "kid": "rsa-alg", "alg": "RS999", "use": "sig", "n": "AQAB", "e": "AQAB"},
        unknown_algorithm,
        unknown_curve,
        {"kty": "EC", "kid": "for-encryption", "use": "enc", "alg": "ECDH-ES", "crv": "P-256",
            "x": real["x"], "y": real["y"]},
        real,
    ]}))
    .into_response()
}
