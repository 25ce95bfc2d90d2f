//! Calls with a token: whom they are let in as, and when not.

use std::time::Duration;

use http::HeaderMap;
use interop_gateway::citizen::LevelOfAssurance;
use interop_gateway::clock::Clock as _;
use interop_gateway::identity::{AccessError, DpopDefect, Scope, TokenError, TooMany};
use serde_json::{Value, json};
use simulator::folder::{AUDITOR_SCOPES, Knobs, Twist};
use simulator::jose::Es256;

use super::bench::{Bench, PUBLIC_URL, anna, with_cookie};
use super::client::{ME, authorization, dpop};

/// The proof of the token endpoint and the proof of a call go through one function.
#[tokio::test]
async fn attacks_17_and_18_a_proof_with_any_one_defect_is_refused_by_name() {
    let bench = Bench::start().await;
    let (token, key) = bench.granted().await;
    let private = {
        let mut jwk = key.bare_jwk();
        jwk["d"] = "AAAA".into();
        jwk
    };
    let symmetric = json!({ "kty": "oct", "k": "c2VjcmV0" });
    let elsewhere = format!("{PUBLIC_URL}/v1/me/consents");
    let claim = |name: &str, value: Value| Twist::none().claim(name, value);
    let head = |name: &str, value: Value| Twist::none().header(name, value);
    for (twist, defect) in [
        (head("typ", json!("JWT")), DpopDefect::Type),
        (head("typ", Value::Null), DpopDefect::Type),
        (head("alg", json!("none")), DpopDefect::Algorithm),
        (head("alg", json!("HS256")), DpopDefect::Algorithm),
        (head("alg", json!("RS256")), DpopDefect::Algorithm),
        (head("jwk", Value::Null), DpopDefect::Key),
        (head("jwk", private), DpopDefect::Key),
        (head("jwk", symmetric), DpopDefect::Key),
        (
            head("jwk", Es256::generate().bare_jwk()),
            DpopDefect::Signature,
        ),
        (head("crit", json!(["b64"])), DpopDefect::Malformed),
        (claim("htm", json!("POST")), DpopDefect::Method),
        (claim("htm", json!("get")), DpopDefect::Method),
        (claim("htu", json!(elsewhere)), DpopDefect::Url),
        (
            claim("htu", json!("http://127.0.0.1:8081/v1/me")),
            DpopDefect::Url,
        ),
        (
            claim("htu", json!("https://127.0.0.1:8080/v1/me")),
            DpopDefect::Url,
        ),
        (
            claim("htu", json!("http://127.0.0.1:8080@evil.example/v1/me")),
            DpopDefect::Url,
        ),
        (claim("htu", json!(7)), DpopDefect::Malformed),
        (claim("iat", json!(1_795_363_200 + 61)), DpopDefect::Stale),
        (claim("iat", json!(1_795_363_200 - 61)), DpopDefect::Stale),
        (claim("iat", json!("now")), DpopDefect::Malformed),
        (claim("jti", Value::Null), DpopDefect::Malformed),
        (claim("jti", json!("")), DpopDefect::Malformed),
        (claim("ath", Value::Null), DpopDefect::TokenHash),
        (claim("ath", json!("another")), DpopDefect::TokenHash),
    ] {
        let headers = bench.headers(&token, &key, ME, &twist);
        match bench.call(&headers).await {
            Err(AccessError::InvalidDpopProof(found)) => assert_eq!(found, defect, "{twist:?}"),
            other => panic!("{defect:?}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn attack_17_an_address_is_compared_after_normalisation_and_without_its_query() {
    let bench = Bench::start().await;
    let (token, key) = bench.granted().await;
    for same in [
        "HTTP://127.0.0.1:8080/v1/me",
        "http://127.0.0.1:8080/v1/x/../me",
        "http://127.0.0.1:8080/v1/me?a=b#c",
    ] {
        let headers = bench.headers(&token, &key, ME, &Twist::none().claim("htu", same));
        assert!(bench.call(&headers).await.is_ok(), "{same}");
    }
}

#[tokio::test]
async fn attack_17_a_proof_works_once() {
    let bench = Bench::start().await;
    let (token, key) = bench.granted().await;
    let headers = bench.headers(&token, &key, ME, &Twist::none());
    assert!(bench.call(&headers).await.is_ok());
    assert!(matches!(
        bench.call(&headers).await,
        Err(AccessError::InvalidDpopProof(DpopDefect::Replayed))
    ));
}

#[tokio::test]
async fn attack_40_a_proof_seen_before_the_cache_was_lost_is_not_taken_again() {
    let mut bench = Bench::start().await;
    let (token, key) = bench.granted().await;
    let seen = bench.headers(&token, &key, ME, &Twist::none());
    assert!(bench.call(&seen).await.is_ok());
    bench.clock.advance(Duration::from_secs(1));
    bench.lose_the_cache().await;
    assert!(matches!(
        bench.call(&seen).await,
        Err(AccessError::Forgotten)
    ));
    // Whoever holds the key makes a new one.
    let fresh = bench.headers(&token, &key, ME, &Twist::none());
    assert!(bench.call(&fresh).await.is_ok());
}

#[tokio::test]
async fn attack_40_nor_one_whose_time_had_not_come_when_the_cache_was_lost() {
    let mut bench = Bench::start().await;
    let (token, key) = bench.granted().await;
    let ahead = bench.clock.now().as_second() + 30;
    let seen = bench.headers(&token, &key, ME, &Twist::none().claim("iat", ahead));
    assert!(bench.call(&seen).await.is_ok());
    bench.clock.advance(Duration::from_secs(1));
    bench.lose_the_cache().await;
    let replayed = |answer| {
        matches!(
            answer,
            Err(AccessError::InvalidDpopProof(DpopDefect::Replayed))
        )
    };
    for _ in 0..9 {
        assert!(replayed(bench.call(&seen).await));
        bench.clock.advance(Duration::from_secs(10));
    }
    // From here on it is older than any proof may be.
    assert!(matches!(
        bench.call(&seen).await,
        Err(AccessError::InvalidDpopProof(DpopDefect::Stale))
    ));
}

#[tokio::test]
async fn a_caller_that_asks_too_often_is_told_when_to_come_back() {
    let bench = Bench::with(|config| {
        config["rates"] = json!({
            "citizen": { "burst": 2, "per_minute": 60 },
            "client": { "burst": 2, "per_minute": 60 },
        });
    })
    .await;
    let (token, key) = bench.granted().await;
    bench.granted().await;
    let request = bench.folder.exchange_request(&anna(), &Knobs::default());
    let refused = bench.token(&request).await;
    assert!(matches!(
        refused,
        Err(TokenError::TooMany(TooMany {
            retry_after_s: 1..=2
        }))
    ));
    for allowed in [true, true, false] {
        let headers = bench.headers(&token, &key, ME, &Twist::none());
        match bench.call(&headers).await {
            Ok(_) => assert!(allowed),
            Err(AccessError::TooMany(_)) => assert!(!allowed),
            Err(other) => panic!("{other}"),
        }
    }
    bench.clock.advance(Duration::from_secs(2));
    let headers = bench.headers(&token, &key, ME, &Twist::none());
    assert!(bench.call(&headers).await.is_ok());
}

#[tokio::test]
async fn attack_18_two_proofs_or_two_tokens_are_none() {
    let bench = Bench::start().await;
    let (token, key) = bench.granted().await;
    let mut twice = bench.headers(&token, &key, ME, &Twist::none());
    let (name, value) = dpop(
        &bench
            .folder
            .proof(&key, "GET", ME, Some(&token), &Twist::none()),
    );
    twice.append(name, value);
    assert!(matches!(
        bench.call(&twice).await,
        Err(AccessError::InvalidDpopProof(DpopDefect::Repeated))
    ));
    let mut twice = bench.headers(&token, &key, ME, &Twist::none());
    let (name, value) = authorization("DPoP", &token);
    twice.append(name, value);
    assert!(matches!(
        bench.call(&twice).await,
        Err(AccessError::InvalidToken)
    ));
}

#[tokio::test]
async fn attack_16_a_stolen_token_is_worth_nothing_without_its_key() {
    let bench = Bench::start().await;
    let (token, key) = bench.granted().await;
    let thief = bench.headers(&token, &Es256::generate(), ME, &Twist::none());
    assert!(matches!(
        bench.call(&thief).await,
        Err(AccessError::InvalidToken)
    ));
    let bearer = HeaderMap::from_iter([authorization("Bearer", &token)]);
    assert!(matches!(
        bench.call(&bearer).await,
        Err(AccessError::InvalidToken)
    ));
    let naked = HeaderMap::from_iter([authorization("DPoP", &token)]);
    assert!(matches!(
        bench.call(&naked).await,
        Err(AccessError::InvalidDpopProof(DpopDefect::Missing))
    ));
    assert!(
        bench
            .call(&bench.headers(&token, &key, ME, &Twist::none()))
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn a_request_without_a_token_is_told_how_to_bring_one() {
    let bench = Bench::start().await;
    let refused = bench.call(&HeaderMap::new()).await.unwrap_err();
    assert!(matches!(refused, AccessError::Missing));
    assert_eq!(
        refused.www_authenticate().unwrap(),
        "DPoP algs=\"ES256 EdDSA\""
    );
}

#[tokio::test]
async fn attack_32_tokens_of_others_are_refused_whatever_they_are() {
    let bench = Bench::start().await;
    let key = Es256::generate();
    let request = bench.folder.exchange_request(&anna(), &Knobs::default());
    let statement = &request
        .form
        .iter()
        .find(|(name, _)| *name == "subject_token")
        .unwrap()
        .1;
    let forged = Es256::generate().sign(
        json!({ "typ": "at+jwt" }).as_object().unwrap(),
        &json!({ "iss": PUBLIC_URL, "aud": PUBLIC_URL, "cnf": { "jkt": key.thumbprint() } }),
    );
    for token in [
        "1/valid-opaque-token",
        statement.as_str(),
        forged.as_str(),
        "a.b.c",
        "..",
        "",
    ] {
        let headers = bench.headers(token, &key, ME, &Twist::none());
        assert!(
            matches!(bench.call(&headers).await, Err(AccessError::InvalidToken)),
            "{token}"
        );
    }
}

#[tokio::test]
async fn a_token_ends_after_five_minutes_to_the_second() {
    let bench = Bench::start().await;
    let (token, key) = bench.granted().await;
    bench.clock.advance(Duration::from_secs(299));
    assert!(
        bench
            .call(&bench.headers(&token, &key, ME, &Twist::none()))
            .await
            .is_ok()
    );
    bench.clock.advance(Duration::from_secs(1));
    let late = bench.headers(&token, &key, ME, &Twist::none());
    assert!(matches!(
        bench.call(&late).await,
        Err(AccessError::InvalidToken)
    ));
}

#[tokio::test]
async fn revoking_a_client_ends_its_tokens_and_no_others() {
    let bench = Bench::start().await;
    let (token, key) = bench.granted().await;
    let request = bench
        .auditor
        .credentials_request(AUDITOR_SCOPES, &Knobs::default());
    let other = bench.token(&request).await.unwrap().access_token;
    let client = "el-meu-espai".parse().unwrap();
    assert_eq!(bench.identity.tokens.revoke(&client).await.unwrap(), 1);
    let headers = bench.headers(&token, &key, ME, &Twist::none());
    assert!(matches!(
        bench.call(&headers).await,
        Err(AccessError::InvalidToken)
    ));
    let headers = bench.headers(&other, &request.proof_key, ME, &Twist::none());
    assert!(bench.call(&headers).await.is_ok());
}

#[tokio::test]
async fn an_auditor_comes_as_themself_and_never_as_a_citizen() {
    let bench = Bench::start().await;
    let request = bench
        .auditor
        .credentials_request(AUDITOR_SCOPES, &Knobs::default());
    let answer = bench.token(&request).await.unwrap();
    assert_eq!(answer.issued_token_type, None);
    let headers = || bench.headers(&answer.access_token, &request.proof_key, ME, &Twist::none());
    let auditor = bench
        .call(&headers())
        .await
        .unwrap()
        .auditor(Scope::AuditIdentify)
        .unwrap();
    assert_eq!(auditor.client().as_str(), "auditor");
    let refused = bench
        .call(&headers())
        .await
        .unwrap()
        .citizen(Scope::ConsentRead);
    assert!(matches!(
        refused,
        Err(AccessError::InsufficientScope { .. })
    ));
}

#[tokio::test]
async fn a_step_up_challenge_names_the_level_and_the_age() {
    let bench = Bench::start().await;
    let (token, key) = bench.granted().await;
    let citizen = bench.citizen(&token, &key).await;
    let level = citizen.require_level(LevelOfAssurance::High).unwrap_err();
    assert_eq!(
        level.www_authenticate().unwrap(),
        "DPoP algs=\"ES256 EdDSA\", error=\"insufficient_user_authentication\", \
         acr_values=\"http://eidas.europa.eu/LoA/high\""
    );
    let now = citizen.authenticated_at() + jiff::SignedDuration::from_secs(61);
    let age = citizen
        .require_fresh(jiff::SignedDuration::from_secs(60), now)
        .unwrap_err();
    assert!(age.www_authenticate().unwrap().ends_with("max_age=\"60\""));
}

#[tokio::test]
async fn an_erased_citizen_is_nobody_at_once_at_every_door() {
    let bench = Bench::start().await;
    let logged_in = bench.log_in("valid", "anna").await.unwrap();
    let cookie = with_cookie(&logged_in.cookies[0]);
    let (token, key) = bench.granted().await;
    bench
        .keyring
        .erase(logged_in.citizen.subject())
        .await
        .unwrap();
    assert!(
        bench
            .identity
            .sessions
            .find(&cookie)
            .await
            .unwrap()
            .is_none()
    );
    let headers = bench.headers(&token, &key, ME, &Twist::none());
    assert!(matches!(
        bench.call(&headers).await,
        Err(AccessError::InvalidToken)
    ));
    let again = bench.log_in("valid", "anna").await.unwrap();
    assert_ne!(again.citizen.subject(), logged_in.citizen.subject());
}

#[tokio::test]
async fn what_the_service_says_about_itself_is_what_it_does() {
    let bench = Bench::start().await;
    let server = bench.identity.tokens.authorization_server();
    assert_eq!(server["issuer"], PUBLIC_URL);
    assert_eq!(
        server["token_endpoint"],
        format!("{PUBLIC_URL}/oauth2/token")
    );
    let resource = bench.identity.tokens.protected_resource();
    assert_eq!(resource["authorization_servers"], json!([PUBLIC_URL]));
    assert_eq!(resource["dpop_bound_access_tokens_required"], true);
}
