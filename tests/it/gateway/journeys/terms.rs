//! On what terms: what a preview promises, what a permission allows, what the record tells.

use std::collections::BTreeMap;

use interop_gateway::consent::{About, Ask, Gate};
use serde_json::{Map, Value, json};

use super::super::*;

const PRODUCTS: [&str; 5] = [C4, C2, WORK, IDENTITY, REGISTER];

/// What a preview says would be asked: the item and the years, per product.
fn promised(preview: &Value) -> BTreeMap<String, (String, Value)> {
    let products = preview["products"].as_array().unwrap().iter();
    let asked = products.filter(|product| product["would_ask"] == true);
    asked
        .map(|one| {
            let years = one["fiscal_years"].clone();
            (text(one, "product"), (text(one, "item"), years))
        })
        .collect()
}

#[tokio::test]
async fn view_08_the_preview_sends_nothing_and_the_fetch_asks_nothing_the_preview_left_out() {
    let world = World::start().await;
    let citizen = world.citizen("marta").await;
    let preview = citizen.preview(PURPOSE).await.unwrap();
    assert_eq!(promised(&preview), BTreeMap::new());
    // Every product once granted and once refused, the first choice with and without its fall-back.
    for (round, granted) in [0b00101_u8, 0b11010, 0b00010, 0b11111]
        .into_iter()
        .enumerate()
    {
        let decisions = PRODUCTS.iter().enumerate().map(|(bit, product)| {
            let grant = granted & (1 << bit) != 0;
            let decision = if grant {
                Decision::Grant
            } else {
                Decision::Refuse
            };
            (*product, decision)
        });
        decide(&citizen, &decisions.collect::<Vec<_>>()).await;
        world.forget("marta").await;
        let sent = world.sent();
        let before = citizen.exchanges().await.unwrap().len();

        let preview = citizen.preview(PURPOSE).await.unwrap();
        assert_eq!(world.sent(), sent, "a preview asks nobody");
        assert_eq!(preview["nothing_sent"], true);
        let promised = promised(&preview);
        for product in preview["products"].as_array().unwrap() {
            let left_out = product["would_ask"] == false;
            assert_eq!(product["left_out"] == "refused", left_out, "{product}");
            assert_eq!(product["valid_until"].is_string(), !left_out, "{product}");
        }

        fetched(&citizen).await;
        let mut exchanges = citizen.exchanges().await.unwrap();
        exchanges.truncate(exchanges.len() - before);
        assert!(!exchanges.is_empty(), "round {round}");
        for exchange in &exchanges {
            let (item, _) = &promised[&text(exchange, "product")];
            assert_eq!(*item, text(exchange, "item"), "round {round}");
        }
        let received = world.outside.platform.recorder.received();
        for product in received
            .into_iter()
            .skip(sent)
            .filter_map(|one| one.product)
        {
            assert!(
                promised.contains_key(&product),
                "{product} in round {round}"
            );
        }
    }
    let preview = citizen.preview(PURPOSE).await.unwrap();
    let income = &preview["products"][0];
    assert_eq!(income["fiscal_years"], json!([2025, 2024]));
    assert_eq!(income["kept_for"], "PT15M");
    assert_eq!(preview["body"]["authorisation_kind"], "finality");
}

#[tokio::test]
async fn a_permission_used_as_often_as_agreed_asks_nobody_until_there_is_room_again() {
    let world = World::start().await;
    let citizen = world.citizen("marta").await;
    decide(&citizen, &[(WORK, Decision::Grant)]).await;
    let subject = world.subject("marta").await;
    let app = world.app();
    let gate = Gate::new(
        app.db.clone(),
        app.log.clone(),
        app.terms.clone(),
        app.world.clone(),
    );
    for number in 0..200 {
        let ask = Ask {
            subject,
            body: "ajuntament-de-prova".parse().unwrap(),
            purpose: PURPOSE.parse().unwrap(),
            product: WORK.parse().unwrap(),
            about: About::Now,
            job: None,
            request_id: format!("9821920002-{number}"),
            request_sha256: [7; 32],
            details: Map::new(),
            retry_of: None,
        };
        gate.open(ask).await.unwrap();
    }
    let body = json!({"purpose": PURPOSE});
    let refused = citizen.post("/v1/me/profile-jobs", &body).await.unwrap();
    assert_eq!(refused.status, 403, "{}", refused.text());
    let problem = refused.json();
    assert_eq!(problem["type"], "/problems/consent-exhausted");
    assert_eq!(problem["items"], json!([WORK]));
    let again: Timestamp = text(&problem, "again_at").parse().unwrap();
    let preview = citizen.preview(PURPOSE).await.unwrap();
    let products = preview["products"].as_array().unwrap();
    let work = products.iter().find(|one| one["product"] == WORK).unwrap();
    assert_eq!(work["exhausted"], true);
    assert_eq!(text(work, "not_before"), again.to_string());
    assert_eq!(world.sent(), 0);

    world.later(Duration::from_hours(25)).await;
    let citizen = world.citizen("marta").await;
    let job = fetched(&citizen).await;
    assert_eq!(source(&job, WORK).0, "received");
}

#[tokio::test]
async fn the_record_of_a_consent_is_served_as_json_ld_with_its_context_beside_it() {
    let world = World::start().await;
    let citizen = world.willing("marta").await;
    let item = item(&citizen, WORK).await;
    citizen.withdraw(&item).await.unwrap();
    let path = format!("/v1/me/consents/{item}/record");
    let answer = citizen.get(&path).await.unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
    let record = answer.json();
    let schema = include_str!("../../../../schemas/consent-record.schema.json");
    let schema = jsonschema::validator_for(&serde_json::from_str(schema).unwrap()).unwrap();
    let problems: Vec<_> = schema
        .iter_errors(&record)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert_eq!(problems, Vec::<String>::new());
    let events = record["events"].as_array().unwrap();
    let states: Vec<_> = events.iter().map(|event| &event["event_state"]).collect();
    assert_eq!(states, ["ConsentGiven", "ConsentWithdrawn"]);

    for address in [
        text(&record, "@context"),
        format!("{}/schemas/consent-record.schema.json", world.url),
    ] {
        let served = reqwest::get(&address).await.unwrap();
        assert_eq!(served.status(), 200, "{address}");
        let served: Value = serde_json::from_str(&served.text().await.unwrap()).unwrap();
        assert!(served.is_object());
    }
    let other = world.willing("joan").await;
    assert_eq!(other.get(&path).await.unwrap().status, 404);
}

#[tokio::test]
async fn con_07_taking_back_takes_one_call_where_agreeing_takes_two() {
    let world = World::start().await;
    let citizen = world.citizen("marta").await;
    // Two: the notice is shown, then answered.
    let served = served(&citizen).await;
    citizen
        .decide(&served, &[(WORK, Decision::Grant)])
        .await
        .unwrap();
    let item = item(&citizen, WORK).await;
    // One, with no reason, no body and no notice.
    let path = format!("/v1/me/consents/{item}/revoke");
    let taken_back = citizen.post(&path, &json!({})).await.unwrap();
    assert_eq!(taken_back.status, 200, "{}", taken_back.text());
    let items = citizen.consents(PURPOSE).await.unwrap();
    let work = items.iter().find(|one| one["product"] == WORK).unwrap();
    assert_eq!(work["state"], "revoked");
}

#[tokio::test]
async fn con_08_whoever_refuses_some_of_it_gets_the_rest_and_gaps() {
    let world = World::start().await;
    let citizen = world.citizen("marta").await;
    decide(&citizen, &[(WORK, Decision::Grant), (C4, Decision::Refuse)]).await;
    let job = text(&fetched(&citizen).await, "job");
    let profile = citizen.profile(&job).await.unwrap();
    assert!(profile["work"]["in_work"]["value"].is_boolean());
    let gap = json!({"gap": "not_available_by_choice"});
    assert_eq!(profile["income"]["annual"], gap);
    assert_eq!(profile["person"]["birth_date"], gap);
}
