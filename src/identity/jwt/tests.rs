use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};
use proptest::prelude::*;
use serde_json::json;

use super::*;

const NOW: i64 = 1_795_363_200;
const SITE: &str = "https://gateway.example";

/// One key for all of these tests: made by another library than the one that reads it.
static EC_PEM: LazyLock<String> = LazyLock::new(|| pem(&rcgen::PKCS_ECDSA_P256_SHA256));

fn pem(kind: &'static rcgen::SignatureAlgorithm) -> String {
    rcgen::KeyPair::generate_for(kind).unwrap().serialize_pem()
}

fn signer() -> Signer {
    Signer::from_pem(EC_PEM.as_bytes(), Some("k1")).unwrap()
}

fn now() -> Timestamp {
    Timestamp::from_second(NOW).unwrap()
}

fn claims() -> Map<String, Value> {
    let claims = json!({
        "iss": "issuer", "aud": SITE, "sub": "somebody", "jti": "1", "iat": NOW, "exp": NOW + 60,
    });
    claims.as_object().unwrap().clone()
}

fn with(name: &str, value: Value) -> Map<String, Value> {
    let mut claims = claims();
    claims.insert(name.to_owned(), value);
    claims
}

fn check(token: &str) -> Result<Claims, JwtError> {
    let expected = Expected {
        typ: "jwt",
        typ_required: false,
        issuer: "issuer",
        audience: SITE,
        longest_life: SignedDuration::from_secs(60),
    };
    verify(token, &VerifyingKeys::of(&signer()), &expected, now())
}

fn signed(claims: &Map<String, Value>) -> String {
    signer().sign("JWT", claims).unwrap()
}

/// A token whose parts are exactly these texts, signed by the right key.
fn raw(header: &str, claims: &str) -> String {
    let message = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header),
        URL_SAFE_NO_PAD.encode(claims)
    );
    let key = jsonwebtoken::EncodingKey::from_ec_pem(EC_PEM.as_bytes()).unwrap();
    let alg = jsonwebtoken::Algorithm::ES256;
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, alg).unwrap();
    format!("{message}.{signature}")
}

const HEADER: &str = r#"{"alg":"ES256","kid":"k1","typ":"JWT"}"#;

#[test]
fn an_honest_token_passes() {
    let claims = check(&signed(&claims())).unwrap();
    assert_eq!(claims.text("sub"), Ok("somebody"));
}

#[test]
fn attack_12_clocks_may_differ_by_ten_seconds_and_no_more() {
    for (name, value, passes) in [
        ("nbf", NOW + 9, true),
        ("nbf", NOW + 61, false),
        ("iat", NOW + 9, true),
        ("iat", NOW + 61, false),
        ("exp", NOW - 9, false), // before iat
    ] {
        let mut claims = with(name, json!(value));
        if name == "iat" {
            claims.insert("exp".to_owned(), json!(value + 30));
        }
        assert_eq!(check(&signed(&claims)).is_ok(), passes, "{name} {value}");
    }
}

#[test]
fn attack_11_an_expiry_that_is_no_whole_number_of_seconds_is_a_defect_and_not_absence() {
    for value in [
        json!("1795363260"),
        json!(-1),
        json!(1e20),
        json!(1_795_363_230.5),
        json!(null),
        json!([NOW]),
        json!(i64::MAX),
        json!(u64::MAX),
        json!(true),
        json!({}),
    ] {
        assert!(
            matches!(
                check(&signed(&with("exp", value.clone()))),
                Err(JwtError::Claim("exp"))
            ),
            "{value}"
        );
        assert!(
            matches!(
                check(&signed(&with("nbf", value.clone()))),
                Err(JwtError::Claim("nbf"))
            ),
            "{value}"
        );
    }
}

#[test]
fn attack_2_a_mac_made_with_the_public_key_is_no_signature() {
    let public = Value::Object(signer().public_jwk().clone()).to_string();
    let header = r#"{"alg":"HS256","kid":"k1","typ":"JWT"}"#;
    let message = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header),
        URL_SAFE_NO_PAD.encode(Value::Object(claims()).to_string())
    );
    for secret in [public.as_bytes(), EC_PEM.as_bytes()] {
        let key = jsonwebtoken::EncodingKey::from_secret(secret);
        let mac =
            jsonwebtoken::crypto::sign(message.as_bytes(), &key, jsonwebtoken::Algorithm::HS256);
        let token = format!("{message}.{}", mac.unwrap());
        assert!(matches!(check(&token), Err(JwtError::Algorithm)));
    }
}

#[test]
fn attack_1_a_token_without_a_signature_is_refused_in_every_spelling() {
    for alg in ["none", "None", "nOnE", "NONE", "", "ES256 ", "es256"] {
        let header = json!({ "alg": alg, "kid": "k1" }).to_string();
        let claims = Value::Object(claims()).to_string();
        let message = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(header),
            URL_SAFE_NO_PAD.encode(claims)
        );
        assert!(
            matches!(check(&format!("{message}.")), Err(JwtError::Algorithm)),
            "{alg}"
        );
    }
    let empty = signed(&claims());
    let (message, _) = empty.rsplit_once('.').unwrap();
    assert!(matches!(
        check(&format!("{message}.")),
        Err(JwtError::Signature)
    ));
}

#[test]
fn attack_13_a_member_that_appears_twice_is_refused_at_any_depth() {
    let body = Value::Object(claims()).to_string();
    assert!(check(&raw(HEADER, &body)).is_ok());
    let end = &body[..body.len() - 1];
    for (header, claims) in [
        (HEADER.to_owned(), format!(r#"{end},"iss":"issuer"}}"#)),
        (HEADER.to_owned(), format!(r#"{end},"x":{{"a":1,"a":2}}}}"#)),
        (
            HEADER.to_owned(),
            format!(r#"{end},"x":[{{"a":1,"a":2}}]}}"#),
        ),
        (HEADER.to_owned(), format!(r#"{end},"\u0069ss":"issuer"}}"#)),
        (
            r#"{"alg":"ES256","kid":"k1","kid":"k1"}"#.to_owned(),
            body.clone(),
        ),
    ] {
        assert!(
            matches!(check(&raw(&header, &claims)), Err(JwtError::Malformed)),
            "{claims}"
        );
    }
}

#[test]
fn attack_13_size_and_depth_are_bounded() {
    let long = signed(&with("x", json!("x".repeat(LONGEST))));
    assert!(matches!(check(&long), Err(JwtError::TooLong)));
    let deep = format!("{{\"x\":{}{}}}", "[".repeat(1000), "]".repeat(1000));
    assert!(matches!(
        check(&raw(HEADER, &deep)),
        Err(JwtError::Malformed)
    ));
}

#[test]
fn attack_15_one_token_has_one_spelling() {
    let token = signed(&claims());
    let (message, signature) = token.rsplit_once('.').unwrap();
    let bytes = URL_SAFE_NO_PAD.decode(signature).unwrap();
    for other in [
        format!("{message}.{}", URL_SAFE.encode(&bytes)),
        format!("{token}."),
        format!("{token}.x"),
        format!(".{token}"),
        format!(" {token}"),
        format!("{token}\n"),
        token.replacen('.', "", 1),
        malleated(&token),
    ] {
        assert!(matches!(check(&other), Err(JwtError::Malformed)), "{other}");
    }
}

/// The same signature bytes with a non-zero bit where the encoding has room to spare.
fn malleated(token: &str) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let (head, last) = token.split_at(token.len() - 1);
    let value = ALPHABET
        .iter()
        .position(|c| *c == last.as_bytes()[0])
        .unwrap();
    format!("{head}{}", ALPHABET[value ^ 1] as char)
}

#[test]
fn attack_14_a_critical_extension_is_refused_even_when_empty() {
    for crit in ["[\"b64\"]", "[]", "null", "\"exp\""] {
        let header = format!(r#"{{"alg":"ES256","kid":"k1","crit":{crit}}}"#);
        let token = raw(&header, &Value::Object(claims()).to_string());
        assert!(matches!(check(&token), Err(JwtError::Critical)), "{crit}");
    }
}

#[test]
fn attack_10_a_token_of_another_type_is_refused() {
    for typ in ["at+jwt", "dpop+jwt", "logout+jwt", "application/at+jwt", ""] {
        let token = signer().sign(typ, &claims()).unwrap();
        assert!(matches!(check(&token), Err(JwtError::Type)), "{typ}");
    }
    for typ in ["JWT", "jwt", "application/jwt", "Application/JWT"] {
        assert!(
            check(&signer().sign(typ, &claims()).unwrap()).is_ok(),
            "{typ}"
        );
    }
}

#[test]
fn attacks_8_and_9_issuer_and_audience_are_one_exact_text_each() {
    for (name, value) in [
        ("iss", json!("Issuer")),
        ("iss", json!("issuer/")),
        ("iss", json!(["issuer"])),
        ("iss", json!(null)),
        ("iss", json!(1)),
        ("aud", json!(format!("{SITE}/"))),
        ("aud", json!([SITE])),
        ("aud", json!([SITE, "https://other.example"])),
        ("aud", json!("")),
    ] {
        assert!(
            check(&signed(&with(name, value.clone()))).is_err(),
            "{name} {value}"
        );
    }
}

#[test]
fn a_lifetime_is_capped_however_long_the_issuer_wants_it() {
    assert!(check(&signed(&with("exp", json!(NOW + 60)))).is_ok());
    assert!(matches!(
        check(&signed(&with("exp", json!(NOW + 61)))),
        Err(JwtError::Claim("exp"))
    ));
}

#[test]
fn attack_3_keys_that_must_not_verify_are_refused_when_they_are_loaded() {
    let public = signer().public_jwk().clone();
    let refused = |name: &str, value: Value| {
        let mut jwk = public.clone();
        jwk.insert(name.to_owned(), value);
        VerifyingKey::from_jwk(&jwk).err()
    };
    assert_eq!(refused("use", json!("enc")), Some(KeyDefect::Purpose));
    assert_eq!(
        refused("key_ops", json!(["encrypt"])),
        Some(KeyDefect::Purpose)
    );
    assert_eq!(refused("alg", json!("ES384")), Some(KeyDefect::Unsupported));
    assert_eq!(refused("alg", json!("HS256")), Some(KeyDefect::Unsupported));
    assert_eq!(refused("d", json!("AAAA")), Some(KeyDefect::Secret));
    assert_eq!(refused("x", json!("AAAA")), Some(KeyDefect::Malformed));
    assert_eq!(refused("crv", json!("P-384")), Some(KeyDefect::Unsupported));
    assert_eq!(refused("kid", json!("other")), None);
    let oct = json!({ "kty": "oct", "k": "c2VjcmV0" });
    assert_eq!(
        VerifyingKey::from_jwk(oct.as_object().unwrap()).err(),
        Some(KeyDefect::Secret)
    );
}

#[test]
fn a_set_with_two_keys_of_one_name_or_a_nameless_one_is_refused() {
    let jwk = Value::Object(signer().public_jwk().clone());
    let set = |keys: Value| VerifyingKeys::from_jwks(&json!({ "keys": keys }).to_string()).err();
    assert_eq!(set(json!([jwk])), None);
    assert_eq!(set(json!([jwk, jwk])), Some(KeyDefect::Duplicate));
    let mut nameless = jwk.clone();
    nameless.as_object_mut().unwrap().remove("kid");
    assert_eq!(set(json!([nameless])), Some(KeyDefect::Nameless));
    assert_eq!(set(json!([])), Some(KeyDefect::Malformed));
}

#[test]
fn an_ed25519_key_signs_and_its_published_half_verifies() {
    let signer = Signer::from_pem(pem(&rcgen::PKCS_ED25519).as_bytes(), None).unwrap();
    let token = signer.sign("consent-receipt+jwt", &claims()).unwrap();
    let set = VerifyingKeys::from_jwks(&jwks([&signer]).to_string()).unwrap();
    let compact = Compact::parse(&token).unwrap();
    let key = set.named(compact.kid().unwrap()).unwrap();
    assert_eq!(key.algorithm(), Algorithm::EdDsa);
    assert_eq!(compact.verify(key).unwrap().text("sub"), Ok("somebody"));
}

#[test]
fn a_signing_key_of_another_curve_or_kind_is_refused() {
    let p384 = pem(&rcgen::PKCS_ECDSA_P384_SHA384);
    assert!(Signer::from_pem(p384.as_bytes(), None).is_err());
    assert!(Signer::from_pem(b"-----BEGIN PRIVATE KEY-----", None).is_err());
}

/// RFC 8037 appendix A.3.
#[test]
fn the_thumbprint_is_the_one_of_the_published_example() {
    let jwk = json!({
        "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
    });
    let key = VerifyingKey::from_jwk(jwk.as_object().unwrap()).unwrap();
    assert_eq!(
        key.thumbprint(),
        "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    );
}

#[test]
fn a_published_key_set_holds_nothing_private() {
    let published = jwks([&signer()]).to_string();
    for member in ["\"d\"", "\"k\"", "PRIVATE"] {
        assert!(!published.contains(member));
    }
}

proptest! {
    #[test]
    fn any_text_is_taken_apart_or_refused(text in r"[A-Za-z0-9_\-.={}\x22]{0,200}") {
        let _ = Compact::parse(&text);
    }

    #[test]
    fn changing_any_one_character_spoils_the_token(position in 0_usize..400, to in "[A-Za-z0-9_-]") {
        let token = signed(&claims());
        let position = position % token.len();
        prop_assume!(token[position..=position] != to && &token[position..=position] != ".");
        let mut other = token.clone();
        other.replace_range(position..=position, &to);
        prop_assert!(check(&other).is_err());
    }
}
