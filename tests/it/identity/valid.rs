//! Logging in through VALid.

use std::time::Duration;

use http::{HeaderMap, HeaderValue, header};
use interop_gateway::citizen::{Document, InvalidDocument, InvalidNif, Language, LevelOfAssurance};
use interop_gateway::clock::Clock as _;
use interop_gateway::identity::{Channel, DocumentDefect, LoginError, ProviderFault, TooMany};
use serde_json::json;
use simulator::valid::{AssuranceText, Behaviour, IdentifierType, Logout, UserInfo};

use super::bench::{Bench, with_cookie};

#[tokio::test]
async fn anna_logs_in_and_her_session_says_who_she_is() {
    let bench = Bench::start().await;
    let logged_in = bench.log_in("valid", "anna").await.unwrap();
    assert_eq!(logged_in.return_to.as_str(), "/notice");
    let headers = with_cookie(&logged_in.cookies[0]);
    let session = bench
        .identity
        .sessions
        .find(&headers)
        .await
        .unwrap()
        .unwrap();
    let citizen = session.citizen();
    assert_eq!(citizen.subject(), logged_in.citizen.subject());
    assert_eq!(
        citizen.person().document.nif().unwrap().reveal(),
        "11111111H"
    );
    assert_eq!(citizen.person().name.display(), "ANNA ROCA VIDAL");
    assert_eq!(citizen.level(), LevelOfAssurance::Substantial);
    assert_eq!(
        (citizen.method(), citizen.provider()),
        ("idcatmobil", "valid")
    );
    assert_eq!(citizen.channel(), &Channel::Pages);
    assert_eq!(citizen.body().as_str(), "ajuntament-de-prova");
    assert_eq!(citizen.login_ref(), logged_in.citizen.login_ref());
}

#[tokio::test]
async fn attack_26_valids_own_session_ends_right_after_it_said_who_it_is() {
    let bench = Bench::start().await;
    bench.log_in("valid", "anna").await.unwrap();
    assert_eq!(bench.valid.live_sessions(), 0);
    assert_eq!(
        bench.valid.asked(),
        [
            "/o/oauth2/auth",
            "/o/oauth2/token",
            "/serveis-rest/getUserInfo",
            "/o/oauth2/logout"
        ]
    );
}

#[tokio::test]
async fn a_log_out_that_fails_at_valid_does_not_stop_the_log_in() {
    let bench = Bench::start().await;
    bench.valid.behave(Behaviour {
        logout: Logout::Fails,
        ..Behaviour::default()
    });
    assert!(bench.log_in("valid", "anna").await.is_ok());
    let tried = bench
        .valid
        .asked()
        .iter()
        .filter(|path| path.ends_with("logout"))
        .count();
    assert_eq!(tried, 2);
}

#[tokio::test]
async fn every_spelling_of_the_document_type_is_the_same_person() {
    let bench = Bench::start().await;
    let mut subjects = Vec::new();
    for spelling in [
        IdentifierType::Text,
        IdentifierType::Integer,
        IdentifierType::DocumentTypeAlias,
        IdentifierType::Absent,
    ] {
        bench.valid.behave(Behaviour {
            identifier_type: spelling,
            omit_surname2: true,
            ..Behaviour::default()
        });
        subjects.push(
            bench
                .log_in("valid", "anna")
                .await
                .unwrap()
                .citizen
                .subject(),
        );
    }
    assert!(subjects.iter().all(|subject| *subject == subjects[0]));
}

#[tokio::test]
async fn a_nif_that_fails_its_letter_is_nobody_and_leaves_nothing() {
    let bench = Bench::start().await;
    let refused = bench.log_in("valid", "typo").await;
    assert!(matches!(
        refused,
        Err(LoginError::Document(DocumentDefect::Invalid(
            InvalidDocument::Nif(InvalidNif::ControlLetter)
        )))
    ));
    assert_eq!(bench.people().await, 0);
}

#[tokio::test]
async fn a_foreigner_logs_in_with_a_passport_and_its_country() {
    let bench = Bench::start().await;
    let zoe = bench.log_in("valid", "zoe").await.unwrap().citizen;
    let expected = Document::passport("FR".parse().unwrap(), "19AB12345").unwrap();
    assert_eq!(zoe.person().document, expected);
}

#[tokio::test]
async fn only_certificates_of_natural_persons_get_in() {
    let bench = Bench::start().await;
    for kind in 0..=12 {
        let answer = bench.log_in("valid", &format!("certificate-{kind}")).await;
        match kind {
            0 => assert!(answer.is_ok()),
            _ => assert!(
                matches!(
                    answer,
                    Err(LoginError::Document(DocumentDefect::Certificate))
                ),
                "{kind}"
            ),
        }
    }
}

#[tokio::test]
async fn attack_27_a_level_nobody_understands_is_below_low() {
    let bench = Bench::start().await;
    for text in [
        AssuranceText::Text("No informat".to_owned()),
        AssuranceText::Text("HIGH".to_owned()),
        AssuranceText::Absent,
    ] {
        bench.valid.behave(Behaviour {
            assurance: text,
            ..Behaviour::default()
        });
        let citizen = bench.log_in("valid", "anna").await.unwrap().citizen;
        assert_eq!(citizen.level(), LevelOfAssurance::Unknown);
        assert!(citizen.require_level(LevelOfAssurance::Low).is_err());
    }
}

#[tokio::test]
async fn attack_27_a_floor_turns_lower_levels_away() {
    let bench = Bench::with(|config| {
        config["providers"][0]["minimum_level"] = "substantial".into();
    })
    .await;
    assert!(bench.log_in("valid", "anna").await.is_ok());
    assert!(matches!(
        bench.log_in("valid", "lin").await,
        Err(LoginError::LevelTooLow {
            reached: LevelOfAssurance::Low,
            needed: LevelOfAssurance::Substantial
        })
    ));
}

#[tokio::test]
async fn turning_back_at_valid_is_told_apart_from_failing() {
    let bench = Bench::start().await;
    let begun = bench.begin("valid").await;
    let query = bench.visit(&begun, ("cancel", "1")).await;
    let answer = bench
        .complete("valid", &query, &with_cookie(&begun.cookie))
        .await;
    assert!(query.contains("SESSION_CANCEL"));
    assert!(matches!(answer, Err(LoginError::Cancelled)));
}

#[tokio::test]
async fn answers_that_are_none_are_refused_by_name() {
    let bench = Bench::start().await;
    for user_info in [
        UserInfo::Ko(200),
        UserInfo::Ko(403),
        UserInfo::Ko(500),
        UserInfo::HtmlError(200),
        UserInfo::HtmlError(502),
        UserInfo::Truncated,
        UserInfo::Oversize(70 * 1024),
    ] {
        bench.valid.behave(Behaviour {
            user_info: user_info.clone(),
            ..Behaviour::default()
        });
        let fault = match bench.log_in("valid", "anna").await {
            Err(LoginError::Provider(fault)) => fault,
            other => panic!("{user_info:?}: {other:?}"),
        };
        let named = match user_info {
            UserInfo::Ko(_) => {
                matches!(&fault, ProviderFault::Refused { code } if code == "SERVICE_ERROR")
            }
            UserInfo::Oversize(_) => matches!(fault, ProviderFault::Unreachable(_)),
            _ => matches!(fault, ProviderFault::Contract(_)),
        };
        assert!(named, "{user_info:?}: {fault:?}");
        // Whatever it said, its session must not greet the next person.
        assert_eq!(bench.valid.live_sessions(), 0);
    }
}

#[tokio::test]
async fn an_address_valid_does_not_know_is_told_apart_from_wrong_credentials() {
    let bench = Bench::start().await;
    bench.valid.behave(Behaviour {
        address_not_allowed: true,
        ..Behaviour::default()
    });
    assert!(matches!(
        bench.log_in("valid", "anna").await,
        Err(LoginError::Provider(ProviderFault::Refused { code })) if code == "http-403"
    ));
}

#[tokio::test]
async fn attack_22_two_callbacks_at_once_make_one_session_and_one_token_call() {
    let bench = Bench::start().await;
    let begun = bench.begin("valid").await;
    let query = bench.visit(&begun, ("persona", "anna")).await;
    let headers = with_cookie(&begun.cookie);
    let (a, b, c) = tokio::join!(
        bench.complete("valid", &query, &headers),
        bench.complete("valid", &query, &headers),
        bench.complete("valid", &query, &headers),
    );
    let outcomes = [a, b, c];
    assert_eq!(outcomes.iter().filter(|one| one.is_ok()).count(), 1);
    assert!(
        outcomes
            .iter()
            .all(|one| matches!(one, Ok(_) | Err(LoginError::UnknownTransaction)))
    );
    let calls = bench
        .valid
        .asked()
        .iter()
        .filter(|path| path.ends_with("token"))
        .count();
    assert_eq!(calls, 1);
}

#[tokio::test]
async fn attack_20_a_callback_in_another_browser_is_refused_and_burns_the_log_in() {
    let bench = Bench::start().await;
    let attacker = bench.begin("valid").await;
    let query = bench.visit(&attacker, ("persona", "anna")).await;
    let victim = bench.begin("valid").await;
    for headers in [HeaderMap::new(), with_cookie(&victim.cookie)] {
        let attacker = bench.begin("valid").await;
        let query = bench.visit(&attacker, ("persona", "anna")).await;
        let answer = bench.complete("valid", &query, &headers).await;
        assert!(matches!(answer, Err(LoginError::OtherBrowser)));
        let again = bench
            .complete("valid", &query, &with_cookie(&attacker.cookie))
            .await;
        assert!(matches!(again, Err(LoginError::UnknownTransaction)));
    }
    assert_eq!(bench.people().await, 0);
    // The control: the same steps in one browser do log in.
    assert!(
        bench
            .complete("valid", &query, &with_cookie(&attacker.cookie))
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn attack_23_an_answer_is_not_taken_at_another_providers_door() {
    let bench = Bench::start().await;
    let begun = bench.begin("valid").await;
    let query = bench.visit(&begun, ("persona", "anna")).await;
    let answer = bench
        .complete("broker", &query, &with_cookie(&begun.cookie))
        .await;
    assert!(matches!(answer, Err(LoginError::UnknownTransaction)));
    assert!(!bench.oidc.asked().iter().any(|path| path == "/token"));
}

#[tokio::test]
async fn attack_25_a_session_planted_before_the_log_in_is_ended_and_not_adopted() {
    let bench = Bench::start().await;
    let planted = bench.log_in("valid", "lin").await.unwrap();
    let planted = with_cookie(&planted.cookies[0]);
    let begun = bench.begin("valid").await;
    let query = bench.visit(&begun, ("persona", "anna")).await;
    let mut headers = with_cookie(&begun.cookie);
    headers.append(header::COOKIE, planted[header::COOKIE].clone());
    let logged_in = bench.complete("valid", &query, &headers).await.unwrap();
    let own = with_cookie(&logged_in.cookies[0]);
    assert_ne!(own[header::COOKIE], planted[header::COOKIE]);
    assert!(
        bench
            .identity
            .sessions
            .find(&planted)
            .await
            .unwrap()
            .is_none()
    );
    let session = bench.identity.sessions.find(&own).await.unwrap().unwrap();
    assert_eq!(session.citizen().subject(), logged_in.citizen.subject());
}

#[tokio::test]
async fn a_cookie_that_is_there_twice_counts_as_none() {
    let bench = Bench::start().await;
    let logged_in = bench.log_in("valid", "anna").await.unwrap();
    let mut headers = with_cookie(&logged_in.cookies[0]);
    headers.append(header::COOKIE, HeaderValue::from_static("session=planted"));
    assert!(
        bench
            .identity
            .sessions
            .find(&headers)
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn a_log_in_may_take_ten_minutes_and_not_a_second_more() {
    let bench = Bench::start().await;
    for (wait, in_time) in [(599, true), (600, false)] {
        let begun = bench.begin("valid").await;
        bench.clock.advance(Duration::from_secs(wait));
        let query = bench.visit(&begun, ("persona", "anna")).await;
        let answer = bench
            .complete("valid", &query, &with_cookie(&begun.cookie))
            .await;
        if in_time {
            assert!(answer.is_ok());
        } else {
            assert!(matches!(answer, Err(LoginError::Expired)));
        }
    }
}

#[tokio::test]
async fn a_callback_with_a_parameter_twice_is_refused_before_its_state_is_used() {
    let bench = Bench::start().await;
    let begun = bench.begin("valid").await;
    let query = bench.visit(&begun, ("persona", "anna")).await;
    let headers = with_cookie(&begun.cookie);
    for twice in ["code=x", "state=x", "extra=1&extra=2"] {
        let answer = bench
            .complete("valid", &format!("{query}&{twice}"), &headers)
            .await;
        assert!(matches!(answer, Err(LoginError::Callback(_))), "{twice}");
    }
    assert!(bench.complete("valid", &query, &headers).await.is_ok());
}

#[tokio::test]
async fn a_session_ends_after_a_quarter_of_an_hour_without_a_request() {
    let bench = Bench::start().await;
    let logged_in = bench.log_in("valid", "anna").await.unwrap();
    let headers = with_cookie(&logged_in.cookies[0]);
    for _ in 0..3 {
        bench.clock.advance(Duration::from_mins(14));
        assert!(
            bench
                .identity
                .sessions
                .find(&headers)
                .await
                .unwrap()
                .is_some()
        );
    }
    bench.clock.advance(Duration::from_mins(15));
    assert!(
        bench
            .identity
            .sessions
            .find(&headers)
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn a_session_ends_after_eight_hours_however_busy() {
    let bench = Bench::start().await;
    let logged_in = bench.log_in("valid", "anna").await.unwrap();
    let headers = with_cookie(&logged_in.cookies[0]);
    for minute in 1..=48 {
        bench.clock.advance(Duration::from_mins(10));
        let alive = bench
            .identity
            .sessions
            .find(&headers)
            .await
            .unwrap()
            .is_some();
        assert_eq!(alive, minute < 48, "after {minute} times ten minutes");
    }
}

#[tokio::test]
async fn logging_out_ends_the_session_and_clears_the_cookie() {
    let bench = Bench::start().await;
    let logged_in = bench.log_in("valid", "anna").await.unwrap();
    let headers = with_cookie(&logged_in.cookies[0]);
    let cleared = bench.identity.sessions.end(&headers).await.unwrap();
    assert!(cleared.to_str().unwrap().contains("Max-Age=0"));
    assert!(
        bench
            .identity
            .sessions
            .find(&headers)
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn the_token_of_a_form_belongs_to_one_session() {
    let bench = Bench::start().await;
    let mut tokens = Vec::new();
    for _ in 0..2 {
        let logged_in = bench.log_in("valid", "anna").await.unwrap();
        let headers = with_cookie(&logged_in.cookies[0]);
        tokens.push(
            bench
                .identity
                .sessions
                .find(&headers)
                .await
                .unwrap()
                .unwrap(),
        );
    }
    let [first, second] = &tokens[..] else {
        unreachable!()
    };
    assert!(first.csrf().matches(first.csrf().as_str()));
    assert!(!first.csrf().matches(second.csrf().as_str()));
    assert!(!first.csrf().matches(""));
}

#[tokio::test]
async fn nothing_stored_names_the_citizen_or_opens_the_session() {
    let bench = Bench::start().await;
    let logged_in = bench.log_in("valid", "anna").await.unwrap();
    let cookie = logged_in.cookies[0].to_str().unwrap();
    let secret = cookie.split(['=', ';']).nth(1).unwrap();
    let now = bench.clock.now();
    let group = format!("session/{}", hash(secret));
    let session = bench.cache.get(&group, "record", now).await.unwrap();
    let row = bench.db.row("SELECT subject, person FROM subject", vec![]);
    let row = row.await.unwrap().unwrap();
    let stored = [
        group.into_bytes(),
        session.expect("the session is kept under the hash of its cookie"),
        row.text(0).unwrap().into_bytes(),
        row.bytes(1).unwrap(),
    ];
    for word in ["11111111H", "Roca", "ROCA", "idcatmobil", secret] {
        for bytes in &stored {
            let found = bytes
                .windows(word.len())
                .any(|part| part == word.as_bytes());
            assert!(!found, "{word}");
        }
    }
}

fn hash(text: &str) -> String {
    use base64::Engine as _;
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(digest)
}

#[tokio::test]
async fn when_the_cache_is_lost_whoever_was_logged_in_logs_in_again() {
    let mut bench = Bench::start().await;
    let headers = {
        let logged_in = bench.log_in("valid", "anna").await.unwrap();
        with_cookie(&logged_in.cookies[0])
    };
    assert!(
        bench
            .identity
            .sessions
            .find(&headers)
            .await
            .unwrap()
            .is_some()
    );
    bench.lose_the_cache().await;
    assert!(
        bench
            .identity
            .sessions
            .find(&headers)
            .await
            .unwrap()
            .is_none()
    );
    assert!(bench.log_in("valid", "anna").await.is_ok());
    assert_eq!(bench.people().await, 1, "the same person as before");
}

#[tokio::test]
async fn a_log_in_on_its_way_does_not_depend_on_the_cache() {
    let mut bench = Bench::start().await;
    let begun = bench.begin("valid").await;
    let query = bench.visit(&begun, ("persona", "anna")).await;
    bench.lose_the_cache().await;
    let headers = with_cookie(&begun.cookie);
    assert!(bench.complete("valid", &query, &headers).await.is_ok());
    let again = bench.complete("valid", &query, &headers).await;
    assert!(matches!(again, Err(LoginError::UnknownTransaction)));
}

#[tokio::test]
async fn more_log_ins_than_people_could_begin_are_turned_away_for_a_moment() {
    let bench = Bench::with(|config| {
        config["rates"] = json!({ "logins": { "burst": 2, "per_minute": 60 } });
    })
    .await;
    for _ in 0..2 {
        bench.begin("valid").await;
    }
    let begin = || {
        let body = "ajuntament-de-prova".parse().unwrap();
        bench
            .identity
            .logins
            .begin("valid", body, "/notice".parse().unwrap(), Language::Ca)
    };
    let refused = begin().await.unwrap_err();
    assert!(matches!(
        refused,
        LoginError::TooMany(TooMany {
            retry_after_s: 1..=2
        })
    ));
    bench.clock.advance(Duration::from_secs(2));
    assert!(begin().await.is_ok());
}
