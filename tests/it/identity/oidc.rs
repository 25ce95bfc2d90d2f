//! Logging in through a strict OpenID Provider, and refusing one that is not.

use std::time::Duration;

use interop_gateway::citizen::LevelOfAssurance;
use interop_gateway::identity::{LoginError, ProviderFault};
use simulator::oidc::Hostile;

use super::bench::{Bench, with_cookie};

fn count(bench: &Bench, path: &str) -> usize {
    bench
        .oidc
        .asked()
        .iter()
        .filter(|asked| *asked == path)
        .count()
}

#[tokio::test]
async fn oidcc_client_test_anna_logs_in_with_either_way_of_authenticating_us() {
    let bench = Bench::start().await;
    for provider in ["broker", "broker-basic"] {
        let citizen = bench.log_in(provider, "anna").await.unwrap().citizen;
        assert_eq!(
            citizen.person().document.nif().unwrap().reveal(),
            "11111111H"
        );
        assert_eq!(citizen.level(), LevelOfAssurance::Substantial);
        assert_eq!(citizen.method(), "idcatmobil");
        assert_eq!(citizen.provider(), provider);
    }
}

#[tokio::test]
async fn the_same_document_is_the_same_person_at_every_provider() {
    let bench = Bench::start().await;
    let valid = bench.log_in("valid", "clara").await.unwrap().citizen;
    let broker = bench.log_in("broker", "clara").await.unwrap().citizen;
    assert_eq!(valid.subject(), broker.subject());
}

/// Conformance counterparts: `oidcc-client-test-invalid-iss`, `-missing-sub`, `-invalid-aud`,
/// `-missing-aud`, `-missing-iat`, `-idtoken-sig-none`, `-invalid-sig-hs256`, `-invalid-sig-es256`,
/// `-nonce-invalid`; attacks 1, 2, 3, 8, 9, 12, 14.
#[tokio::test]
async fn an_id_token_with_any_one_defect_is_refused_and_leaves_no_session() {
    let bench = Bench::start().await;
    let more = [
        Hostile::AtHashWrong,
        Hostile::AuthTimeStale,
        Hostile::NbfFuture,
        Hostile::TypeOther,
    ];
    for hostile in Hostile::ID_TOKEN.into_iter().chain(more) {
        bench.oidc.turn([hostile]);
        let answer = bench.log_in("broker", "anna").await;
        assert!(
            matches!(
                answer,
                Err(LoginError::Provider(
                    ProviderFault::Token(_) | ProviderFault::Contract(_)
                ))
            ),
            "{hostile:?}: {answer:?}"
        );
    }
    assert_eq!(bench.people().await, 0);
    bench.oidc.turn([]);
    assert!(bench.log_in("broker", "anna").await.is_ok());
}

/// FAPI 2.0 client tests: a response without `iss`, or of another, must not reach the token
/// endpoint.
#[tokio::test]
async fn attack_23_an_answer_of_another_issuer_is_refused_before_its_code_is_used() {
    let bench = Bench::start().await;
    for hostile in [Hostile::ResponseIssuerOther, Hostile::ResponseIssuerMissing] {
        bench.oidc.turn([hostile]);
        assert!(matches!(
            bench.log_in("broker", "anna").await,
            Err(LoginError::Provider(ProviderFault::Contract(_)))
        ));
    }
    assert_eq!(count(&bench, "/token"), 0);
}

#[tokio::test]
async fn attack_27_a_missing_level_is_no_level_and_a_lower_one_is_lower() {
    let bench = Bench::start().await;
    for (hostile, level) in [
        (Hostile::AcrMissing, LevelOfAssurance::Unknown),
        (Hostile::AcrLower, LevelOfAssurance::Low),
    ] {
        bench.oidc.turn([hostile]);
        assert_eq!(
            bench
                .log_in("broker", "anna")
                .await
                .unwrap()
                .citizen
                .level(),
            level
        );
    }
}

#[tokio::test]
async fn attack_27_a_floor_turns_lower_levels_away() {
    let bench = Bench::with(|config| {
        config["providers"][1]["minimum_level"] = "substantial".into();
    })
    .await;
    for hostile in [Hostile::AcrMissing, Hostile::AcrLower] {
        bench.oidc.turn([hostile]);
        assert!(matches!(
            bench.log_in("broker", "anna").await,
            Err(LoginError::LevelTooLow { .. })
        ));
    }
}

/// `oidcc-client-test-userinfo-invalid-sub`.
#[tokio::test]
async fn attack_30_user_information_about_somebody_else_is_refused() {
    let bench = Bench::start().await;
    for hostile in [
        Hostile::UserInfoOtherSubject,
        Hostile::UserInfoOtherDocument,
    ] {
        bench.oidc.turn([hostile]);
        assert!(
            matches!(
                bench.log_in("broker", "anna").await,
                Err(LoginError::Provider(ProviderFault::Contract(_)))
            ),
            "{hostile:?}"
        );
    }
}

/// `oidcc-client-test-discovery-issuer-mismatch`; attack 7.
#[tokio::test]
async fn a_discovery_document_of_another_issuer_or_without_keys_starts_no_log_in() {
    for hostile in [Hostile::DiscoveryIssuerOther, Hostile::KeysBroken] {
        let bench = Bench::start().await;
        bench.oidc.turn([hostile]);
        let begun = bench
            .identity
            .logins
            .begin(
                "broker",
                "ajuntament-de-prova".parse().unwrap(),
                interop_gateway::identity::ReturnTo::default(),
                interop_gateway::citizen::Language::Ca,
            )
            .await;
        assert!(matches!(
            begun,
            Err(LoginError::Provider(ProviderFault::Contract(_)))
        ));
    }
}

/// `oidcc-client-test-signing-key-rotation-just-before-signing`; attack 6.
#[tokio::test]
async fn a_key_changed_in_the_middle_of_a_log_in_is_looked_for() {
    let bench = Bench::start().await;
    bench.log_in("broker", "anna").await.unwrap();
    bench.clock.advance(Duration::from_secs(61));
    let begun = bench.begin("broker").await;
    let query = bench.visit(&begun, ("persona", "anna")).await;
    bench.oidc.rotate_key();
    assert!(
        bench
            .complete("broker", &query, &with_cookie(&begun.cookie))
            .await
            .is_ok()
    );
    assert_eq!(count(&bench, "/jwks"), 2);
}

#[tokio::test]
async fn attack_5_a_flood_of_unknown_keys_costs_one_look_a_minute() {
    let bench = Bench::start().await;
    bench.oidc.turn([Hostile::KidForeign]);
    for _ in 0..8 {
        assert!(bench.log_in("broker", "anna").await.is_err());
    }
    assert_eq!(count(&bench, "/jwks"), 1);
    bench.clock.advance(Duration::from_secs(61));
    for _ in 0..8 {
        assert!(bench.log_in("broker", "anna").await.is_err());
    }
    assert_eq!(count(&bench, "/jwks"), 2);
}

#[tokio::test]
async fn attack_7_known_keys_serve_while_the_provider_is_in_trouble() {
    let bench = Bench::start().await;
    bench.log_in("broker", "anna").await.unwrap();
    bench.oidc.turn([Hostile::KeysBroken]);
    bench.clock.advance(Duration::from_mins(20));
    assert!(bench.log_in("broker", "anna").await.is_ok());
    bench.clock.advance(Duration::from_hours(2));
    assert!(matches!(
        bench
            .identity
            .logins
            .begin(
                "broker",
                "ajuntament-de-prova".parse().unwrap(),
                interop_gateway::identity::ReturnTo::default(),
                interop_gateway::citizen::Language::Ca,
            )
            .await,
        Err(LoginError::Provider(_))
    ));
}

#[tokio::test]
async fn attack_21_a_code_of_another_log_in_is_refused_by_its_verifier() {
    let bench = Bench::start().await;
    let (hers, mine) = (bench.begin("broker").await, bench.begin("broker").await);
    let stolen = bench.visit(&hers, ("persona", "anna")).await;
    let own = bench.visit(&mine, ("persona", "lin")).await;
    let of = |query: &str, name: &str| {
        url::form_urlencoded::parse(query.as_bytes())
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.into_owned())
            .unwrap()
    };
    let mixed = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("code", &of(&stolen, "code"))
        .append_pair("state", &of(&own, "state"))
        .append_pair("iss", bench.oidc.issuer())
        .finish();
    assert!(matches!(
        bench.complete("broker", &mixed, &with_cookie(&mine.cookie)).await,
        Err(LoginError::Provider(ProviderFault::Refused { code })) if code == "invalid_grant"
    ));
}

#[tokio::test]
async fn turning_back_at_the_broker_is_told_apart_from_failing() {
    let bench = Bench::start().await;
    let begun = bench.begin("broker").await;
    let query = bench.visit(&begun, ("cancel", "1")).await;
    let answer = bench
        .complete("broker", &query, &with_cookie(&begun.cookie))
        .await;
    assert!(matches!(answer, Err(LoginError::Cancelled)));
}
