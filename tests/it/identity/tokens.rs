//! Tokens for El Meu Espai and for auditors: who gets one.

use std::time::Duration;

use interop_gateway::citizen::LevelOfAssurance;
use interop_gateway::identity::{Channel, DpopDefect, Scope, TokenError};
use serde_json::{Value, json};
use simulator::folder::{Knobs, TokenRequest, Twist};
use simulator::jose::Es256;
use simulator::person::{Assurance, Person};

use super::bench::{Bench, PUBLIC_URL, anna};
use super::client::{ME, claims_of, subject};

#[tokio::test]
async fn a_folder_gets_a_token_and_the_citizen_behind_it_is_found_again() {
    let bench = Bench::start().await;
    let (token, key) = bench.granted().await;
    let citizen = bench.citizen(&token, &key).await;
    assert_eq!(
        citizen.person().document.nif().unwrap().reveal(),
        "11111111H"
    );
    assert_eq!(citizen.level(), LevelOfAssurance::Substantial);
    assert_eq!(citizen.provider(), "el-meu-espai");
    assert_eq!(citizen.body().as_str(), "ajuntament-de-prova");
    assert_eq!(
        citizen.channel(),
        &Channel::Client("el-meu-espai".parse().unwrap())
    );
    assert!(citizen.may_grant());
    let pages = bench.log_in("valid", "anna").await.unwrap().citizen;
    assert_eq!(citizen.subject(), pages.subject());
}

#[tokio::test]
async fn the_token_names_nobody_and_lives_five_minutes() {
    let bench = Bench::start().await;
    let (token, key) = bench.granted().await;
    let citizen = bench.citizen(&token, &key).await;
    let claims = claims_of(&token);
    assert_eq!(claims["iss"], PUBLIC_URL);
    assert_eq!(claims["aud"], PUBLIC_URL);
    assert_eq!(claims["act"], json!({ "sub": "el-meu-espai" }));
    assert_eq!(claims["cnf"]["jkt"], key.thumbprint());
    assert_eq!(
        claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(),
        300
    );
    let text = claims.to_string();
    for word in ["11111111H", "Anna", &citizen.subject().to_string()] {
        assert!(!text.contains(word), "{word}");
    }
}

#[tokio::test]
async fn a_citizen_has_another_name_at_every_client() {
    let bench = Bench::start().await;
    let knobs = Knobs {
        scope: Some("consent:read".to_owned()),
        client_assertion: Twist::none()
            .claim("iss", "other-folder")
            .claim("sub", "other-folder"),
        subject_token: Twist::none()
            .claim("iss", "other-folder")
            .claim("acr", "http://eidas.europa.eu/LoA/low"),
        ..Knobs::default()
    };
    let other = bench.exchange(&knobs).await.unwrap().access_token;
    let (one, _) = bench.granted().await;
    let (two, _) = bench.granted().await;
    assert_eq!(claims_of(&one)["sub"], claims_of(&two)["sub"]);
    assert_ne!(claims_of(&one)["sub"], claims_of(&other)["sub"]);
}

#[tokio::test]
async fn attack_34_a_client_assertion_with_any_one_defect_is_invalid_client() {
    let bench = Bench::start().await;
    for (defect, twist) in [
        (
            "another audience",
            Twist::none().claim("aud", "https://other.example"),
        ),
        (
            "a list of audiences",
            Twist::none().claim("aud", json!([PUBLIC_URL])),
        ),
        (
            "the endpoint as audience",
            Twist::none().claim("aud", format!("{PUBLIC_URL}/oauth2/token")),
        ),
        (
            "a slash too many",
            Twist::none().claim("aud", format!("{PUBLIC_URL}/")),
        ),
        ("no audience", Twist::none().without("aud")),
        ("a number as audience", Twist::none().claim("aud", 1)),
        ("another issuer", Twist::none().claim("iss", "nobody")),
        (
            "a list of issuers",
            Twist::none().claim("iss", json!(["el-meu-espai"])),
        ),
        (
            "another subject",
            Twist::none().claim("sub", "other-folder"),
        ),
        ("no subject", Twist::none().without("sub")),
        ("no jti", Twist::none().without("jti")),
        ("no iat", Twist::none().without("iat")),
        ("no exp", Twist::none().without("exp")),
        ("a text as exp", Twist::none().claim("exp", "1795363260")),
        (
            "a fraction as exp",
            Twist::none().claim("exp", 1_795_363_230.5),
        ),
        (
            "too long a life",
            Twist::none().claim("exp", 1_795_363_200 + 61),
        ),
        ("stale", Twist::none().issued(-71)),
        ("from the future", Twist::none().issued(61)),
        (
            "not yet valid",
            Twist::none().claim("nbf", 1_795_363_200 + 61),
        ),
        (
            "a critical header",
            Twist::none().header("crit", json!(["b64"])),
        ),
        ("another type", Twist::none().header("typ", "at+jwt")),
        ("alg none", Twist::none().header("alg", "none")),
        ("alg None", Twist::none().header("alg", "nOnE")),
        ("alg HS256", Twist::none().header("alg", "HS256")),
        ("an unknown key", Twist::none().signed_by(Es256::generate())),
        (
            "another key under a known name",
            Twist::none().signed_by(Es256::generate().with_kid(&kid(&bench))),
        ),
        ("no kid", Twist::none().header("kid", Value::Null)),
        ("its own key in the header", {
            let key = Es256::generate();
            Twist::none().header("jwk", key.jwk()).signed_by(key)
        }),
        (
            "a statement about a citizen",
            Twist::none().claim("document", json!({ "type": "NIF", "number": "11111111H" })),
        ),
    ] {
        let knobs = Knobs {
            client_assertion: twist,
            ..Knobs::default()
        };
        let answer = bench.exchange(&knobs).await;
        assert!(
            matches!(answer, Err(TokenError::InvalidClient(_))),
            "{defect}: {answer:?}"
        );
    }
    assert!(bench.exchange(&Knobs::default()).await.is_ok());
}

/// The name of the folder's key, read off one of its assertions.
fn kid(bench: &Bench) -> String {
    use base64::Engine as _;
    let request = bench.folder.exchange_request(&anna(), &Knobs::default());
    let (_, assertion) = request
        .form
        .iter()
        .find(|(name, _)| *name == "client_assertion")
        .unwrap();
    let header = base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(assertion.split('.').next().unwrap())
        .unwrap();
    let header: Value = serde_json::from_slice(&header).unwrap();
    header["kid"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn attack_34_a_subject_token_with_any_one_defect_is_invalid_request() {
    let bench = Bench::start().await;
    let document = |value: Value| Twist::none().claim("document", value);
    for (defect, twist) in [
        (
            "forged",
            Twist::none().signed_by(Es256::generate().with_kid(&kid(&bench))),
        ),
        ("stale", Twist::none().issued(-71)),
        ("from the future", Twist::none().issued(61)),
        (
            "for another service",
            Twist::none().claim("aud", "https://other.example"),
        ),
        (
            "for several services",
            Twist::none().claim("aud", json!([PUBLIC_URL, "https://b.example"])),
        ),
        (
            "by another issuer",
            Twist::none().claim("iss", "other-folder"),
        ),
        ("of another type", Twist::none().header("typ", "at+jwt")),
        ("of no type", Twist::none().header("typ", Value::Null)),
        ("without jti", Twist::none().without("jti")),
        ("without a document", Twist::none().without("document")),
        (
            "a document that is text",
            Twist::none().claim("document", "11111111H"),
        ),
        (
            "a wrong letter",
            document(json!({ "type": "NIF", "number": "11111111A" })),
        ),
        (
            "a NIE called NIF",
            document(json!({ "type": "NIF", "number": "Y1234567X" })),
        ),
        (
            "a NIF called NIE",
            document(json!({ "type": "NIE", "number": "11111111H" })),
        ),
        (
            "a passport of no country",
            document(json!({ "type": "PASSPORT", "number": "AB123456" })),
        ),
        (
            "an unknown kind",
            document(json!({ "type": "CIF", "number": "Q0000000J" })),
        ),
        (
            "a full-width digit",
            document(json!({ "type": "NIF", "number": "１1111111H" })),
        ),
        ("without acr", Twist::none().without("acr")),
        ("without auth_time", Twist::none().without("auth_time")),
        (
            "a log-in to come",
            Twist::none().claim("auth_time", 1_795_363_200 + 61),
        ),
        ("without a method", Twist::none().without("method")),
    ] {
        let answer = bench.exchange(&subject(twist)).await;
        assert!(
            matches!(answer, Err(TokenError::InvalidRequest(_))),
            "{defect}: {answer:?}"
        );
    }
    let rows = bench
        .db
        .row("SELECT count(*) FROM access_grant", vec![])
        .await
        .unwrap();
    assert_eq!(rows.unwrap().int(0).unwrap(), 0);
}

#[tokio::test]
async fn passports_and_eidas_numbers_are_vouched_for_with_their_country() {
    let bench = Bench::start().await;
    let zoe =
        Person::new("zoe", "00000001R", "Zoé", ["Dubois", ""]).with_passport("19AB12345", "FR");
    let request = bench.folder.exchange_request(&zoe, &Knobs::default());
    let token = bench.token(&request).await.unwrap().access_token;
    let citizen = bench.citizen(&token, &request.proof_key).await;
    assert!(citizen.person().document.nif().is_none());
}

#[tokio::test]
async fn attack_33_a_client_cannot_vouch_above_its_ceiling() {
    let bench = Bench::start().await;
    let high = anna().at(Assurance::High);
    let answer = bench
        .token(&bench.folder.exchange_request(&high, &Knobs::default()))
        .await;
    assert!(matches!(answer, Err(TokenError::InvalidRequest(_))));
}

#[tokio::test]
async fn attack_33_a_client_gets_no_scope_beyond_its_registration() {
    let bench = Bench::start().await;
    for scope in [
        "audit:read",
        "consent:read audit:read",
        "consent:grant-all",
        "",
        "openid",
    ] {
        let knobs = Knobs {
            scope: Some(scope.to_owned()),
            ..Knobs::default()
        };
        let answer = bench.exchange(&knobs).await;
        assert!(
            matches!(answer, Err(TokenError::InvalidScope)),
            "{scope:?}: {answer:?}"
        );
    }
}

#[tokio::test]
async fn a_token_carries_only_the_scopes_asked_for() {
    let bench = Bench::start().await;
    let knobs = Knobs {
        scope: Some("consent:read".to_owned()),
        ..Knobs::default()
    };
    let request = bench.folder.exchange_request(&anna(), &knobs);
    let token = bench.token(&request).await.unwrap().access_token;
    let headers = bench.headers(&token, &request.proof_key, ME, &Twist::none());
    let refused = bench
        .call(&headers)
        .await
        .unwrap()
        .citizen(Scope::ProfileRead)
        .unwrap_err();
    assert_eq!(
        refused.www_authenticate().unwrap(),
        "DPoP algs=\"ES256 EdDSA\", error=\"insufficient_scope\", scope=\"profile:read\""
    );
}

#[tokio::test]
async fn attack_34_nothing_that_was_used_buys_a_second_token() {
    let bench = Bench::start().await;
    let first = bench.folder.exchange_request(&anna(), &Knobs::default());
    bench.token(&first).await.unwrap();
    let (_, used_statement) = first
        .form
        .iter()
        .find(|(name, _)| *name == "subject_token")
        .unwrap();
    let (_, used_assertion) = first
        .form
        .iter()
        .find(|(name, _)| *name == "client_assertion")
        .unwrap();

    assert!(matches!(
        bench.token(&first).await,
        Err(TokenError::InvalidClient(_))
    ));
    let with = |name: &str, value: &str| {
        let mut request = bench.folder.exchange_request(&anna(), &Knobs::default());
        for (known, text) in &mut request.form {
            if *known == name {
                value.clone_into(text);
            }
        }
        request
    };
    assert!(matches!(
        bench.token(&with("client_assertion", used_assertion)).await,
        Err(TokenError::InvalidClient(_))
    ));
    assert!(matches!(
        bench.token(&with("subject_token", used_statement)).await,
        Err(TokenError::InvalidRequest(_))
    ));
    let mut fresh = bench.folder.exchange_request(&anna(), &Knobs::default());
    fresh.proof = first.proof;
    assert!(matches!(
        bench.token(&fresh).await,
        Err(TokenError::InvalidDpopProof(DpopDefect::Replayed))
    ));
}

#[tokio::test]
async fn attack_34_of_two_requests_with_one_statement_at_once_one_succeeds() {
    let bench = Bench::start().await;
    let request = bench.folder.exchange_request(&anna(), &Knobs::default());
    let (a, b) = tokio::join!(bench.token(&request), bench.token(&request));
    assert!(a.is_ok() ^ b.is_ok());
}

#[tokio::test]
async fn what_was_used_is_remembered_until_no_clock_accepts_it() {
    let bench = Bench::start().await;
    let request = bench.folder.exchange_request(&anna(), &Knobs::default());
    bench.token(&request).await.unwrap();
    let used =
        |answer| matches!(answer, Err(TokenError::InvalidClient(why)) if why.contains("used"));
    // Up to the last second in which the assertion's time would do, its use is still known.
    for _ in 0..=6 {
        assert!(used(bench.token(&request).await));
        bench.clock.advance(Duration::from_secs(10));
        bench.identity.tokens.sweep().await.unwrap();
    }
    assert!(!used(bench.token(&request).await));
    bench.clock.advance(Duration::from_secs(80));
    bench.identity.tokens.sweep().await.unwrap();
    let left = bench
        .db
        .row("SELECT count(*) FROM used_once", vec![])
        .await
        .unwrap();
    assert_eq!(left.unwrap().int(0).unwrap(), 0);
}

#[tokio::test]
async fn a_client_may_use_only_the_grant_it_is_registered_for() {
    let bench = Bench::start().await;
    let knobs = Knobs::default();
    let folder = bench.folder.credentials_request("consent:read", &knobs);
    assert!(matches!(
        bench.token(&folder).await,
        Err(TokenError::UnauthorizedClient)
    ));
    let knobs = Knobs {
        scope: Some("audit:read".to_owned()),
        ..Knobs::default()
    };
    let auditor = bench.auditor.exchange_request(&anna(), &knobs);
    assert!(matches!(
        bench.token(&auditor).await,
        Err(TokenError::UnauthorizedClient)
    ));
}

#[tokio::test]
async fn forms_with_more_than_one_reading_are_refused() {
    let bench = Bench::start().await;
    let form = |change: &dyn Fn(&mut TokenRequest)| {
        let mut request = bench.folder.exchange_request(&anna(), &Knobs::default());
        change(&mut request);
        request
    };
    let twice = form(&|request| request.form.push(("scope", "consent:read".to_owned())));
    assert!(matches!(
        bench.token(&twice).await,
        Err(TokenError::InvalidRequest(_))
    ));
    let actor = form(&|request| request.form.push(("actor_token", "x".to_owned())));
    assert!(matches!(
        bench.token(&actor).await,
        Err(TokenError::InvalidRequest(_))
    ));
    let other = form(&|request| request.form.push(("client_id", "other-folder".to_owned())));
    assert!(matches!(
        bench.token(&other).await,
        Err(TokenError::InvalidClient(_))
    ));
    let grant = form(&|request| {
        for (name, value) in &mut request.form {
            if *name == "grant_type" {
                "password".clone_into(value);
            }
        }
    });
    assert!(matches!(
        bench.token(&grant).await,
        Err(TokenError::UnsupportedGrantType)
    ));
}

#[tokio::test]
async fn attack_33_a_token_of_ours_cannot_be_exchanged_again() {
    let bench = Bench::start().await;
    let (token, _) = bench.granted().await;
    let mut request = bench.folder.exchange_request(&anna(), &Knobs::default());
    for (name, value) in &mut request.form {
        if *name == "subject_token" {
            token.clone_into(value);
        }
    }
    assert!(matches!(
        bench.token(&request).await,
        Err(TokenError::InvalidRequest(_))
    ));
}
