//! The description of the interface, held against the interface.

use interop_gateway::api::routes;
use reqwest::Method;
use simulator::ambient::send;
use simulator::folder::Answer;

use super::*;

/// What anybody may call: what is asked for, the log's public face, tokens, health.
const PUBLIC: [&str; 9] = [
    "GET /health/live",
    "GET /health/ready",
    "GET /v1/log/checkpoint",
    "GET /v1/log/consistency",
    "GET /v1/log/key",
    "GET /v1/purposes",
    "GET /v1/purposes/{purpose}/notice",
    "GET /v1/register",
    "POST /oauth2/token",
];

/// An operation of the description.
struct Operation {
    method: Method,
    path: String,
    secured: bool,
    description: Value,
}

fn description() -> Value {
    serde_json::to_value(routes::description()).unwrap()
}

fn operations() -> Vec<Operation> {
    let description = description();
    let paths = description["paths"].as_object().unwrap().clone();
    let operations = paths.into_iter().flat_map(|(path, methods)| {
        let methods = methods.as_object().unwrap().clone();
        methods
            .into_iter()
            .map(move |(method, description)| Operation {
                method: method.to_uppercase().parse().unwrap(),
                path: path.clone(),
                secured: description["security"]
                    .as_array()
                    .is_some_and(|it| !it.is_empty()),
                description,
            })
    });
    operations.collect()
}

/// The path with every parameter filled by the same made-up id.
fn filled(path: &str, id: impl Fn(&str) -> String) -> String {
    let mut parts = path.split('/').map(|part| {
        let name = part
            .strip_prefix('{')
            .and_then(|part| part.strip_suffix('}'));
        name.map_or_else(|| part.to_owned(), &id)
    });
    let first = parts.next().unwrap();
    parts.fold(first, |path, part| format!("{path}/{part}"))
}

const NOBODYS: &str = "6c0bde05-124f-48a7-bccd-31b18834e219";

#[test]
fn the_committed_description_is_the_one_the_program_gives() {
    let committed = include_str!("../../../schemas/openapi.json");
    let given = routes::description().to_pretty_json().unwrap();
    assert!(
        committed.trim_end() == given,
        "run: cargo run --bin interop-gateway -- openapi > schemas/openapi.json"
    );
}

#[tokio::test]
async fn the_gateway_serves_the_committed_description() {
    let world = World::start().await;
    let served = world
        .folder
        .client()
        .public("/v1/openapi.json")
        .await
        .unwrap();
    assert_eq!(served.status, 200);
    assert_eq!(served.json(), description());
}

#[test]
fn only_what_is_meant_to_be_public_asks_for_no_credential() {
    let mut public: Vec<_> = operations()
        .iter()
        .filter(|operation| !operation.secured)
        .map(|operation| format!("{} {}", operation.method, operation.path))
        .collect();
    public.sort();
    assert_eq!(public, PUBLIC);
}

#[test]
fn every_secured_operation_says_how_it_refuses() {
    for operation in operations().iter().filter(|operation| operation.secured) {
        let answers = &operation.description["responses"];
        let kind = &answers["401"]["content"];
        assert!(kind.is_object(), "{} {}", operation.method, operation.path);
    }
}

#[tokio::test]
async fn every_secured_operation_answers_401_without_a_token_and_with_a_bearer_token() {
    let world = World::start().await;
    let citizen = world.willing("marta").await;
    let auditor = world.auditor.log_in().await.unwrap();
    let before = world.stored().await;
    let mut walked = 0;
    for operation in operations()
        .into_iter()
        .filter(|operation| operation.secured)
    {
        let path = filled(&operation.path, |_| NOBODYS.to_owned());
        let what = format!("{} {path}", operation.method);
        let url = format!("{}{path}", world.url);
        let response = send(
            http_client()
                .unwrap()
                .request(operation.method.clone(), url),
        );
        let response = response.await.unwrap();
        assert_eq!(response.status(), 401, "{what}");
        let challenge = response.headers()["www-authenticate"].to_str().unwrap();
        assert!(challenge.starts_with("DPoP"), "{what}: {challenge}");
        for caller in [&*citizen, &auditor] {
            let bearer = caller
                .request(operation.method.clone(), &path)
                .scheme("Bearer");
            assert_eq!(
                bearer.send().await.unwrap().status,
                401,
                "{what} with a bearer token"
            );
        }
        walked += 1;
    }
    assert!(walked >= 17, "{walked}");
    assert_eq!(world.stored().await, before);
}

#[tokio::test]
async fn what_belongs_to_another_citizen_is_as_absent_as_what_does_not_exist() {
    let world = World::start().await;
    let joan = world.willing("joan").await;
    let job = text(&fetched(&joan).await, "job");
    let receipt = text(&joan.receipts().await.unwrap()["receipts"][0], "id");
    let exchange = text(&joan.exchanges().await.unwrap()[0], "exchange");
    let item = item(&joan, WORK).await;
    let asked = json!({"kind": "rectification"});
    let asked = joan.post("/v1/me/requests", &asked).await.unwrap();
    let request = text(&asked.json(), "request");
    let purpose = "social-aid-household";
    let begun = json!({"purpose": purpose, "adults": 1});
    let begun = joan.post("/v1/me/household", &begun).await.unwrap();
    begun.ok().unwrap();
    let child = json!({"purpose": purpose, "birth_date": "2020-01-01",
        "i_hold_parental_authority": true});
    let child = joan.post("/v1/me/household/children", &child).await;
    let child = text(&child.unwrap().ok().unwrap(), "child");
    let marta = world.willing("marta").await;
    let foreign = |name: &str| match name {
        "child" => child.clone(),
        "exchange" => exchange.clone(),
        "item" => item.clone(),
        "job" => job.clone(),
        "receipt" => receipt.clone(),
        "request" => request.clone(),
        other => panic!("a new kind of object: {other}"),
    };
    let mut walked = 0;
    for operation in operations() {
        // A folder may not call the last ones at all; `household::looks` calls them as a stranger.
        if !operation.path.starts_with("/v1/me/")
            || !operation.path.contains('{')
            || operation.path.starts_with("/v1/me/household/profile-jobs")
        {
            continue;
        }
        let call = async |path: String, caller: &CitizenApi| -> Answer {
            let call = caller.request(operation.method.clone(), &path).send();
            call.await.unwrap()
        };
        let what = format!("{} {}", operation.method, operation.path);
        let theirs = call(filled(&operation.path, foreign), &marta).await;
        let nobodys = call(filled(&operation.path, |_| NOBODYS.to_owned()), &marta).await;
        assert_eq!(theirs.status, 404, "{what}: {}", theirs.text());
        assert_eq!(theirs.body, nobodys.body, "{what}");
        assert_eq!(nobodys.status, 404, "{what}");
        let own = call(filled(&operation.path, foreign), &joan).await;
        assert_ne!(own.status, 404, "{what}: it is there for whose it is");
        walked += 1;
    }
    assert!(walked >= 8, "{walked}");
}
