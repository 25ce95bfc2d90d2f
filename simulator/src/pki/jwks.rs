//! Public keys of OAuth clients as JWK Sets (RFC 7517), named by thumbprint (RFC 7638).

use std::fs;
use std::path::Path;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rcgen::{KeyPair, PublicKeyData};
use serde_json::json;

use super::{PkiError, at};

/// The JWK Set with the public half of one P-256 key.
pub(super) fn of(key: &KeyPair) -> String {
    let (x, y) = coordinates(key);
    let set = json!({"keys": [{
        "kty": "EC", "crv": "P-256", "x": x, "y": y,
        "kid": kid(key), "use": "sig", "alg": "ES256",
    }]});
    format!("{set:#}\n")
}

/// The key identifier of the key in a PEM file.
pub(super) fn kid_of(path: &Path) -> Result<String, PkiError> {
    let pem = fs::read_to_string(path).map_err(at(path))?;
    let key = KeyPair::from_pem(&pem).map_err(|_| PkiError::Pem {
        path: path.to_owned(),
    })?;
    Ok(kid(&key))
}

fn kid(key: &KeyPair) -> String {
    let (x, y) = coordinates(key);
    // RFC 7638, section 3.2: required members only, in this order, without spaces.
    let members = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
    URL_SAFE_NO_PAD.encode(digest(&SHA256, members.as_bytes()))
}

fn coordinates(key: &KeyPair) -> (String, String) {
    let point = key.der_bytes(); // 0x04 || x || y
    let (x, y) = point[1..].split_at(32);
    (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y))
}
