//! Fetching: whole, in part, by another way, waited for, watched, and left alone.

use std::sync::LazyLock;

use reqwest::Method;
use serde_json::json;
use simulator::pci::{Knobs, PlatformError, Transport};

use super::super::*;

static PROFILE_SCHEMA: LazyLock<jsonschema::Validator> = LazyLock::new(|| {
    let schema = include_str!("../../../../schemas/profile.schema.json");
    jsonschema::validator_for(&serde_json::from_str(schema).unwrap()).unwrap()
});

#[tokio::test]
async fn the_profile_of_every_person_of_the_town_fits_the_schema_for_both_audiences() {
    let world = World::start().await;
    for person in &world.outside.people {
        let citizen = world.willing(&person.key).await;
        let job = text(&fetched(&citizen).await, "job");
        for profile in [citizen.profile(&job).await, citizen.own_profile(&job).await] {
            if let Err(error) = PROFILE_SCHEMA.validate(&profile.unwrap()) {
                panic!("{}: {error} at {}", person.key, error.instance_path());
            }
        }
    }
    assert!(world.outside.people.len() >= 15);
}

#[tokio::test]
async fn a_source_that_fails_is_a_gap_and_the_others_are_told() {
    let world = World::start().await;
    world.turn(WORK, broken(Transport::BadGateway));
    let citizen = world.willing("marta").await;
    let job = fetched(&citizen).await;
    assert_eq!(source(&job, WORK), ("failed", Some("HTTP-502")));
    for product in [C4, IDENTITY, REGISTER] {
        assert_eq!(source(&job, product).0, "received");
    }
    let profile = citizen.profile(&text(&job, "job")).await.unwrap();
    assert_eq!(profile["work"]["in_work"], json!({"gap": "not_answering"}));
    assert!(profile["income"]["annual"]["value"]["cents"].is_i64());
    assert_eq!(profile["household"]["size"]["value"], 1);
    assert_eq!(profile["complete"], false);
}

#[tokio::test]
async fn the_income_level_is_asked_for_only_when_the_first_question_fails() {
    let world = World::start().await;
    let citizen = world.willing("marta").await;
    let job = fetched(&citizen).await;
    assert_eq!(source(&job, C2), ("not_asked", None));
    assert_eq!(world.outside.platform.recorder.count(C2), 0);

    world.turn(C4, said(PlatformError::Generic));
    world.forget("marta").await;
    let job = fetched(&citizen).await;
    assert_eq!(source(&job, C4), ("failed", Some("PCI-0502")));
    assert_eq!(source(&job, C2), ("received", Some("1000")));
    let profile = citizen.profile(&text(&job, "job")).await.unwrap();
    assert_eq!(profile["income"]["annual"]["provenance"]["product"], C2);
}

#[tokio::test]
async fn a_year_that_is_not_there_yet_is_asked_for_the_year_before() {
    let world = World::start().await;
    let citizen = world.willing("marta").await;
    world.turn(
        C4,
        Knobs {
            product_code: Some("1010".to_owned()),
            times: Some(1),
            ..Knobs::default()
        },
    );
    let job = fetched(&citizen).await;
    assert_eq!(source(&job, C4), ("received", Some("1000")));
    let profile = citizen.profile(&text(&job, "job")).await.unwrap();
    assert_eq!(profile["income"]["fiscal_year"], 2024);
    let asked: Vec<_> = results_of(&citizen, C4).await;
    let expected = [("no_data", "1010"), ("ok", "1000")];
    assert_eq!(
        asked,
        expected.map(|(result, code)| (result.to_owned(), code.to_owned()))
    );
    assert_eq!(world.outside.platform.recorder.count(C2), 0);
}

/// Results and codes of a product's exchanges, oldest first.
async fn results_of(citizen: &CitizenApi, product: &str) -> Vec<(String, String)> {
    let mut exchanges = citizen.exchanges().await.unwrap();
    exchanges.retain(|exchange| exchange["product"] == product);
    let results = exchanges.iter().rev();
    results
        .map(|one| (text(one, "result"), text(one, "code")))
        .collect()
}

#[tokio::test]
async fn a_caller_is_kept_waiting_no_longer_than_it_prefers() {
    let world = World::start().await;
    world.turn(WORK, late(300));
    let citizen = world.willing("marta").await;
    let start = citizen.request(Method::POST, "/v1/me/profile-jobs");
    let started = start
        .body(&json!({"purpose": PURPOSE}))
        .send()
        .await
        .unwrap();
    assert_eq!(started.status, 202);
    assert_eq!(started.json()["state"], "running");
    assert_eq!(started.header("preference-applied"), Some("wait=0"));
    let job = text(&started.json(), "job");
    let place = format!("/v1/me/profile-jobs/{job}");
    assert_eq!(started.header("location"), Some(place.as_str()));
    // What is not there yet is not handed out.
    let early = citizen.profile(&job).await.unwrap_err();
    assert_eq!(early.slug(), Some("not-ready"));

    let start = citizen.request(Method::POST, "/v1/me/profile-jobs");
    let waited = start
        .header("Prefer", "wait=20")
        .body(&json!({"purpose": PURPOSE}));
    let waited = waited.send().await.unwrap();
    assert_eq!(
        (waited.status, &waited.json()["state"]),
        (200, &json!("finished"))
    );
}

#[tokio::test]
async fn the_events_of_a_job_lead_from_running_to_finished_and_end() {
    let world = World::start().await;
    world.turn(WORK, late(300));
    let citizen = world.willing("marta").await;
    let job = started(&citizen).await;
    let answer = citizen
        .get(&format!("/v1/me/profile-jobs/{job}/events"))
        .await
        .unwrap();
    assert_eq!(answer.header("content-type"), Some("text/event-stream"));
    let events = answer.text();
    let states: Vec<Value> = events
        .lines()
        .filter_map(|line| line.strip_prefix("data: "))
        .map(|data| serde_json::from_str(data).unwrap())
        .collect();
    assert_eq!(states.first().unwrap()["state"], "running");
    assert_eq!(states.last().unwrap()["state"], "finished");
    assert_eq!(source(states.last().unwrap(), WORK).0, "received");
    assert!(events.contains("event: job"), "{events}");
}

#[tokio::test]
async fn a_caller_who_goes_away_does_not_stop_the_fetch() {
    let world = World::start().await;
    let citizen = world.willing("marta").await;
    world.outside.platform.controls.everywhere(late(400));
    let start = citizen.request(Method::POST, "/v1/me/profile-jobs");
    let start = start
        .header("Prefer", "wait=20")
        .body(&json!({"purpose": PURPOSE}));
    let gone = start.timeout(Duration::from_millis(150)).send().await;
    assert!(gone.is_err(), "the caller gave up first");
    world
        .until("SELECT count(*) FROM job WHERE state = 'finished'", 1)
        .await;
    assert_eq!(
        world
            .number("SELECT count(*) FROM exchange_outcome WHERE used = 1")
            .await,
        4
    );
}

#[tokio::test]
async fn a_profile_is_kept_for_a_quarter_of_an_hour_and_no_longer() {
    let world = World::start().await;
    let citizen = world.willing("marta").await;
    let job = text(&fetched(&citizen).await, "job");
    world.later(Duration::from_mins(14)).await;
    let citizen = world.citizen("marta").await;
    citizen.profile(&job).await.unwrap();
    world.later(Duration::from_mins(2)).await;
    let gone = citizen.profile(&job).await.unwrap_err();
    assert_eq!(gone.slug(), Some("gone"));
}
