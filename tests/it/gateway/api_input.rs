//! What callers may send instead of a request: each is a problem of its kind, and nothing is stored.

use bytes::Bytes;
use reqwest::{Method, header};
use serde_json::json;
use simulator::ambient::send;
use simulator::folder::{Answer, Knobs as Bent, Twist};

use super::*;

const JOBS: &str = "/v1/me/profile-jobs";

/// A refusal as RFC 9457 wants it, of this kind.
fn assert_problem(answer: &Answer, status: u16, kind: &str) {
    let body = answer.json();
    let what = format!("{kind}: {}", answer.text());
    assert_eq!(answer.status, status, "{what}");
    assert_eq!(
        answer.header("content-type"),
        Some("application/problem+json"),
        "{what}"
    );
    assert_eq!(answer.header("cache-control"), Some("no-store"), "{what}");
    assert_eq!(body["type"], format!("/problems/{kind}"), "{what}");
    assert_eq!(body["status"], status, "{what}");
    for member in ["title", "detail"] {
        assert!(
            body[member].as_str().is_some_and(|text| text.len() > 10),
            "{what}"
        );
    }
}

/// A call whose body is sent as these bytes.
async fn raw(world: &World, citizen: &CitizenApi, kind: &str, body: impl Into<Bytes>) -> Answer {
    let proof = citizen.client().proof(
        citizen.proof_key(),
        "POST",
        JOBS,
        Some(&citizen.access().token),
        &Twist::none(),
    );
    let request = http_client().unwrap().post(format!("{}{JOBS}", world.url));
    let request = request
        .header(
            header::AUTHORIZATION,
            format!("DPoP {}", citizen.access().token),
        )
        .header("DPoP", proof)
        .header(header::CONTENT_TYPE, kind)
        .body(body.into());
    answer(request).await
}

async fn answer(request: reqwest::RequestBuilder) -> Answer {
    let response = send(request).await.unwrap();
    Answer {
        status: response.status().as_u16(),
        headers: response.headers().clone(),
        body: response.bytes().await.unwrap(),
    }
}

#[tokio::test]
async fn a_body_that_is_not_what_the_operation_takes_is_a_problem_and_stores_nothing() {
    let world = World::start().await;
    let citizen = world.willing("marta").await;
    let before = world.stored().await;
    let fine = json!({"purpose": PURPOSE}).to_string();
    let long = format!("{{\"purpose\":\"{}\"}}", "x".repeat(70_000));
    for (kind, body, status, problem) in [
        ("text/plain", fine.as_str(), 415, "unsupported-media-type"),
        (
            "application/x-www-form-urlencoded",
            "purpose=x",
            415,
            "unsupported-media-type",
        ),
        ("application/json", long.as_str(), 413, "payload-too-large"),
        ("application/json", "{\"purpose\":", 422, "invalid-request"),
        ("application/json", "", 422, "invalid-request"),
        ("application/json", "[]", 422, "invalid-request"),
        (
            "application/json",
            "{\"purpose\": 3}",
            422,
            "invalid-request",
        ),
        (
            "application/json",
            "{\"purpose\": \"x y\"}",
            422,
            "invalid-request",
        ),
        (
            "application/json",
            "{\"purpose\":\"a\",\"purpose\":\"b\"}",
            422,
            "invalid-request",
        ),
    ] {
        assert_problem(
            &raw(&world, &citizen, kind, body.to_owned()).await,
            status,
            problem,
        );
    }
    assert_eq!(world.stored().await, before);
    assert_eq!(world.sent(), 0);
}

#[tokio::test]
async fn an_unknown_member_is_refused_everywhere_and_never_repeated() {
    let world = World::start().await;
    let citizen = world.citizen("marta").await;
    let served = served(&citizen).await;
    let before = world.stored().await;
    let yes = json!({"product": C4, "decision": "grant"});
    let more = json!({"product": C4, "decision": "grant", "nif": "12345678Z"});
    for (path, mut body) in [
        (JOBS, json!({"purpose": PURPOSE})),
        (
            "/v1/me/consents",
            json!({"served": served, "decisions": [yes]}),
        ),
        (
            "/v1/me/notices/served",
            json!({"purpose": PURPOSE, "language": "ca"}),
        ),
        ("/v1/me/consents/revoke-all", json!({"purpose": PURPOSE})),
    ] {
        body["nif"] = json!("12345678Z");
        let answer = citizen.post(path, &body).await.unwrap();
        assert_problem(&answer, 422, "invalid-request");
        assert!(!answer.text().contains("12345678Z"));
    }
    let inner = json!({"served": served, "decisions": [more]});
    let answer = citizen.post("/v1/me/consents", &inner).await.unwrap();
    assert_problem(&answer, 422, "invalid-request");
    let query = citizen.get("/v1/me/exchanges?nif=12345678Z").await.unwrap();
    assert_problem(&query, 422, "invalid-request");
    assert!(!query.text().contains("12345678Z"));
    assert_eq!(world.stored().await, before);
}

#[tokio::test]
async fn a_decision_about_something_that_is_not_on_offer_stores_nothing() {
    let world = World::start().await;
    let citizen = world.citizen("marta").await;
    let (own, foreign) = (
        served(&citizen).await,
        served(&world.citizen("joan").await).await,
    );
    let decided = async |body: Value| citizen.post("/v1/me/consents", &body).await.unwrap();
    let yes = |served: &str, product: &str| json!({"served": served, "decisions": [{"product": product, "decision": "grant"}]});
    let before = world.stored().await;
    for (body, status, problem) in [
        (
            yes("6c0bde05-124f-48a7-bccd-31b18834e219", C4),
            422,
            "notice-version-stale",
        ),
        (yes(&foreign, C4), 422, "notice-version-stale"),
        (yes("not-an-id", C4), 422, "invalid-request"),
        (yes(&own, "AEAT_IRPF/IRPF"), 403, "purpose-not-allowed"),
        (yes(&own, "nothing"), 422, "invalid-request"),
        (
            json!({"served": own, "decisions": []}),
            422,
            "invalid-request",
        ),
        (
            json!({"served": own, "decisions": [{"product": C4, "decision": "maybe"}]}),
            422,
            "invalid-request",
        ),
        (
            json!({"served": own, "decisions": [{"product": C4, "decision": "grant"},
            {"product": C4, "decision": "refuse"}]}),
            422,
            "invalid-request",
        ),
    ] {
        assert_problem(&decided(body).await, status, problem);
    }
    assert_eq!(world.stored().await, before);
}

#[tokio::test]
async fn an_answer_to_a_notice_shown_before_a_withdrawal_is_outdated() {
    let world = World::start().await;
    let citizen = world.willing("marta").await;
    let shown = served(&citizen).await;
    citizen.revoke_all(PURPOSE).await.unwrap();
    let before = world.stored().await;
    let late = citizen.decide(&shown, &[(C4, Decision::Grant)]).await;
    assert_eq!(slug(late), "notice-version-stale");
    assert_eq!(world.stored().await, before);
}

#[tokio::test]
async fn an_unknown_purpose_and_a_draft_language_are_refused_and_store_nothing() {
    let world = World::start().await;
    let citizen = world.citizen("marta").await;
    let other = json!({"purpose": "marketing"});
    let before = world.stored().await;
    for (path, body, status, problem) in [
        (JOBS, other.clone(), 403, "purpose-not-allowed"),
        (
            "/v1/me/consents/revoke-all",
            other.clone(),
            404,
            "not-found",
        ),
        (
            "/v1/me/notices/served",
            json!({"purpose": "marketing", "language": "ca"}),
            404,
            "not-found",
        ),
        (
            "/v1/me/notices/served",
            json!({"purpose": PURPOSE, "language": "xx"}),
            422,
            "invalid-request",
        ),
    ] {
        assert_problem(&citizen.post(path, &body).await.unwrap(), status, problem);
    }
    let preview = citizen
        .get("/v1/me/preview?purpose=marketing")
        .await
        .unwrap();
    assert_problem(&preview, 403, "purpose-not-allowed");
    assert_eq!(world.stored().await, before);

    // Aranese is a draft: it may be shown, and not agreed to.
    let shown = citizen.notice_served(PURPOSE, "oc").await.unwrap();
    assert_eq!(shown["notice"]["status"], "draft");
    let before = world.stored().await;
    let refused = citizen
        .decide(&text(&shown, "served"), &[(C4, Decision::Grant)])
        .await;
    assert_eq!(slug(refused), "notice-version-stale");
    assert_eq!(world.stored().await, before);
}

#[tokio::test]
async fn a_proof_of_possession_that_is_not_right_opens_nothing() {
    let world = World::start().await;
    let citizen = world.willing("marta").await;
    let before = world.stored().await;
    let (client, token) = (citizen.client(), citizen.access().token.clone());
    let proof = |path: &str, twist: &Twist| {
        client.proof(citizen.proof_key(), "GET", path, Some(&token), twist)
    };
    let path = "/v1/me/exchanges";
    let get = |proofs: Vec<String>| {
        let mut request = http_client().unwrap().get(format!("{}{path}", world.url));
        request = request.header(header::AUTHORIZATION, format!("DPoP {token}"));
        for proof in proofs {
            request = request.header("DPoP", proof);
        }
        answer(request)
    };
    let once = proof(path, &Twist::none());
    assert_eq!(get(vec![once.clone()]).await.status, 200);
    let good = || proof(path, &Twist::none());
    for (what, proofs) in [
        ("missing", vec![]),
        ("twice", vec![good(), good()]),
        ("replayed", vec![once]),
        ("of another address", vec![proof("/v1/me", &Twist::none())]),
        (
            "of another method",
            vec![proof(path, &Twist::none().claim("htm", "POST"))],
        ),
        (
            "of another token",
            vec![proof(path, &Twist::none().claim("ath", "AAAA"))],
        ),
        (
            "without a token",
            vec![proof(path, &Twist::none().without("ath"))],
        ),
        ("stale", vec![proof(path, &Twist::none().issued(-120))]),
        (
            "from the future",
            vec![proof(path, &Twist::none().issued(120))],
        ),
        (
            "by another key",
            vec![client.proof(
                &Es256::generate(),
                "GET",
                path,
                Some(&token),
                &Twist::none(),
            )],
        ),
        (
            "signed by another key",
            vec![proof(path, &Twist::none().signed_by(Es256::generate()))],
        ),
        (
            "of another type",
            vec![proof(path, &Twist::none().header("typ", "JWT"))],
        ),
        ("not a token", vec!["x.y.z".to_owned()]),
    ] {
        let refused = get(proofs).await;
        assert!(refused.status == 401, "{what}: {}", refused.text());
        assert_problem(&refused, 401, "unauthenticated");
        assert!(
            refused
                .header("www-authenticate")
                .is_some_and(|it| it.starts_with("DPoP")),
            "{what}"
        );
    }
    let bearer = citizen
        .request(Method::GET, path)
        .scheme("Bearer")
        .send()
        .await
        .unwrap();
    assert_problem(&bearer, 401, "unauthenticated");
    let stolen = CitizenApi::of((*citizen).clone().with_proof_key(Es256::generate()));
    assert_problem(&stolen.get(path).await.unwrap(), 401, "unauthenticated");
    assert_eq!(world.stored().await, before);
}

#[tokio::test]
async fn a_statement_about_a_citizen_that_is_not_right_gives_no_token() {
    let world = World::start().await;
    let marta = world.person("marta");
    let nif = |number: &str| json!({"type": "NIF", "number": number});
    let none = Twist::none;
    for (what, subject_token) in [
        ("stale", none().issued(-130)),
        ("from the future", none().issued(130)),
        (
            "too long-lived",
            none().claim("exp", world.clock.now().as_second() + 3600),
        ),
        ("forged", none().signed_by(Es256::generate())),
        (
            "forged under the right name",
            none().signed_by(Es256::generate().with_kid(&world.outside.pki.citizen_folder.kid)),
        ),
        (
            "for another service",
            none().claim("aud", "https://elsewhere.example"),
        ),
        (
            "for several services",
            none().claim("aud", json!([world.url, "https://elsewhere.example"])),
        ),
        ("by another issuer", none().claim("iss", "altre-espai")),
        ("without identifier", none().without("jti")),
        ("without document", none().without("document")),
        (
            "with a wrong letter",
            none().claim("document", nif("33333333A")),
        ),
        (
            "with full-width digits",
            none().claim("document", nif("３３３３３３３３P")),
        ),
        (
            "with a company's number",
            none().claim("document", nif("Q0801175A")),
        ),
        ("unsigned", none().header("alg", "none")),
        (
            "with an unknown crit",
            none().header("crit", json!(["b64"])),
        ),
    ] {
        let knobs = Bent {
            subject_token,
            ..Bent::default()
        };
        let refused = world.folder.citizen_with(marta, &knobs).await;
        let error = refused.err().unwrap_or_else(|| panic!("{what} was taken"));
        let problem = error.problem().unwrap();
        assert_eq!(
            (problem.status, problem.slug.as_str()),
            (400, "invalid_request"),
            "{what}"
        );
        assert!(!problem.body.to_string().contains("33333333"), "{what}");
    }
    let request = world
        .folder
        .client()
        .exchange_request(marta, &Bent::default());
    world.folder.client().redeem(&request).await.unwrap();
    let replayed = world.folder.client().redeem(&request).await.unwrap_err();
    assert!(
        matches!(replayed.problem().unwrap().status, 400 | 401),
        "{replayed}"
    );
    assert_eq!(
        world.number("SELECT count(*) FROM subject").await,
        1,
        "who the one good token names"
    );
    assert_eq!(world.stored().await, 0);
}

#[tokio::test]
async fn an_auditors_search_for_a_number_that_cannot_be_searches_nothing() {
    let world = World::start().await;
    let auditor = world.auditor.log_in().await.unwrap();
    for person in [
        json!({"type": "NIF", "number": "33333333A"}),
        json!({"type": "NIF", "number": ""}),
        json!({"type": "PASSPORT", "number": "19AB12345"}),
        json!({"type": "PASSPORT", "number": "19AB12345", "country": "Francia"}),
        json!({"type": "CIF", "number": "Q0801175A"}),
        json!({"type": "NIF", "number": "33333333P", "name": "Marta"}),
    ] {
        let body = json!({"case_reference": "AUD-1", "reason": "a complaint", "person": person});
        let answer = auditor
            .post("/v1/audit/exchanges/search", &body)
            .await
            .unwrap();
        assert_problem(&answer, 422, "invalid-request");
        assert!(!answer.text().contains("33333333"), "{}", answer.text());
    }
    assert_eq!(
        world
            .number("SELECT count(*) FROM log_entry WHERE kind = 'audit-search'")
            .await,
        0
    );
}

#[tokio::test]
async fn an_unknown_address_and_a_wrong_method_are_problems_too() {
    let world = World::start().await;
    let citizen = world.citizen("marta").await;
    assert_problem(&citizen.get("/v1/nothing").await.unwrap(), 404, "not-found");
    let deleted = citizen
        .request(Method::DELETE, "/v1/me/consents")
        .send()
        .await
        .unwrap();
    assert_problem(&deleted, 405, "method-not-allowed");
    let odd = citizen
        .get("/v1/me/profile-jobs/..%2f..%2fetc")
        .await
        .unwrap();
    assert_problem(&odd, 404, "not-found");
}
