use jsonwebtoken::{Algorithm, DecodingKey, Validation, jwk};
use serde_json::{Value, json};

use super::*;
use crate::jose::sha256_base64url;

fn client() -> ApiClient {
    ApiClient::new("https://gateway.example", "el-meu-espai", Es256::generate()).unwrap()
}

fn anna() -> Person {
    Person::new("anna", "11111111H", "Anna", ["Roca", "Vidal"])
}

/// Header and claims as an independent library reads them under `key`.
#[expect(
    clippy::disallowed_methods,
    reason = "an independent check of our tokens"
)]
fn read(token: &str, key: &Value) -> Result<(jsonwebtoken::Header, Value), String> {
    let key: jwk::Jwk = serde_json::from_value(key.clone()).unwrap();
    let key = DecodingKey::from_jwk(&key).unwrap();
    let mut rules = Validation::new(Algorithm::ES256);
    rules.validate_aud = false; // proofs have none, assertions are compared below
    rules.required_spec_claims.clear();
    jsonwebtoken::decode::<Value>(token, &key, &rules)
        .map(|token| (token.header, token.claims))
        .map_err(|error| error.to_string())
}

fn field<'a>(request: &'a TokenRequest, name: &str) -> &'a str {
    let found = request.form.iter().find(|(known, _)| *known == name);
    found.map(|(_, value)| value.as_str()).unwrap()
}

#[test]
fn a_proof_verifies_under_the_key_in_its_own_header() {
    let key = Es256::generate();
    let proof = client().proof(
        &key,
        "GET",
        "/v1/me/preview?purpose=x",
        Some("token"),
        &Twist::none(),
    );
    let header = jsonwebtoken::decode_header(&proof).unwrap();
    assert_eq!(header.typ.as_deref(), Some("dpop+jwt"));
    assert_eq!(header.kid, None);
    let embedded = serde_json::to_value(header.jwk.unwrap()).unwrap();
    assert!(embedded.get("d").is_none());
    let (_, claims) = read(&proof, &embedded).unwrap();
    assert_eq!(claims["htm"], "GET");
    assert_eq!(claims["htu"], "https://gateway.example/v1/me/preview");
    assert_eq!(claims["ath"], sha256_base64url(b"token"));
    assert!(claims["jti"].is_string() && claims["iat"].is_i64());
}

#[test]
fn the_proof_of_a_token_request_is_bound_to_no_token() {
    let request = client().exchange_request(&anna(), &Knobs::default());
    let (_, claims) = read(&request.proof, &request.proof_key.jwk()).unwrap();
    assert_eq!(claims["htu"], "https://gateway.example/oauth2/token");
    assert!(claims.get("ath").is_none());
}

#[test]
fn both_assertions_are_signed_by_the_client_for_the_gateway_alone() {
    let client = client();
    let request = client.exchange_request(&anna(), &Knobs::default());
    let key = client.key.jwk();
    let (header, assertion) = read(field(&request, "client_assertion"), &key).unwrap();
    assert_eq!(header.kid.as_deref(), Some(client.key.kid()));
    assert_eq!(assertion["iss"], "el-meu-espai");
    assert_eq!(assertion["sub"], "el-meu-espai");
    assert_eq!(assertion["aud"], "https://gateway.example");
    let (_, subject) = read(field(&request, "subject_token"), &key).unwrap();
    assert_eq!(
        subject["document"],
        json!({"type": "NIF", "number": "11111111H"})
    );
    assert_eq!(subject["acr"], "http://eidas.europa.eu/LoA/substantial");
    assert_ne!(subject["jti"], assertion["jti"]);
    let lifetime = subject["exp"].as_i64().unwrap() - subject["iat"].as_i64().unwrap();
    assert_eq!(lifetime, 60);
}

#[test]
fn a_twist_changes_what_it_names_and_nothing_else() {
    let client = client();
    let thief = Es256::generate();
    let knobs = Knobs {
        client_assertion: Twist::none()
            .claim("aud", "https://other.example")
            .issued(-600),
        subject_token: Twist::none().without("acr").header("typ", "at+jwt"),
        proof: Twist::none().claim("jti", "same"),
        scope: Some("consent:read".to_owned()),
    };
    let request = client.exchange_request(&anna(), &knobs);
    assert_eq!(field(&request, "scope"), "consent:read");
    let (header, subject) = read(field(&request, "subject_token"), &client.key.jwk()).unwrap();
    assert_eq!(header.typ.as_deref(), Some("at+jwt"));
    assert!(subject.get("acr").is_none());
    assert_eq!(subject["aud"], "https://gateway.example");
    let (_, proof) = read(&request.proof, &request.proof_key.jwk()).unwrap();
    assert_eq!(proof["jti"], "same");
    // ten minutes old: an honest reader refuses it for its `exp`
    let stale = read(field(&request, "client_assertion"), &client.key.jwk());
    assert_eq!(stale.unwrap_err(), "ExpiredSignature");
    let foreign = Twist::none().signed_by(thief.clone());
    let knobs = Knobs {
        client_assertion: foreign,
        ..Knobs::default()
    };
    let request = client.exchange_request(&anna(), &knobs);
    assert!(read(field(&request, "client_assertion"), &client.key.jwk()).is_err());
    assert!(read(field(&request, "client_assertion"), &thief.jwk()).is_ok());
}

#[test]
fn a_foreign_document_names_its_country() {
    let zoe = Person::new("zoe", "00000001R", "Zoé", ["Dubois", ""]).with_passport("19AB", "FR");
    let client = client();
    let request = client.exchange_request(&zoe, &Knobs::default());
    let (_, subject) = read(field(&request, "subject_token"), &client.key.jwk()).unwrap();
    let expected = json!({"type": "PASSPORT", "number": "19AB", "country": "FR"});
    assert_eq!(subject["document"], expected);
    assert!(subject.get("surname2").is_none());
}
