//! What can be proved afterwards, by the citizen and by an auditor.

use aws_lc_rs::digest::{SHA256, digest};
use serde_json::json;
use simulator::folder::{Entry, Knobs as Bent};
use simulator::pci::Transport;
use verifier::receipt::KeySet;
use verifier::{LogTrust, Verdict, check};

use super::super::*;

#[tokio::test]
async fn every_entry_of_an_exchange_and_every_receipt_is_proved_to_a_program_that_knows_nothing_of_us()
 {
    let world = World::start().await;
    let citizen = world.willing("marta").await;
    world.turn(WORK, broken(Transport::Drop));
    fetched(&citizen).await;
    let withdrawn = citizen.revoke_all(PURPOSE).await.unwrap();
    let public = async |path: &str| citizen.client().public(path).await.unwrap().text();
    let trust = LogTrust::in_key(public("/v1/log/key").await.trim().parse().unwrap());
    let keys = KeySet::parse(public("/.well-known/jwks.json").await.as_bytes()).unwrap();

    for exchange in citizen.exchanges().await.unwrap() {
        let id = text(&exchange, "exchange");
        for (entry, kind) in [(Entry::Intent, "intent"), (Entry::Outcome, "outcome")] {
            let proof = citizen.proof(&id, entry).await.unwrap();
            let report = check::proof(proof.as_bytes(), &trust);
            assert_eq!(report.verdict(), Verdict::Valid, "{report:?}");
            let opened = report.proved.entry.unwrap().payload;
            assert_eq!(opened["kind"], kind);
            assert_eq!(opened["exchange"], exchange["exchange"]);
            if kind == "outcome" {
                assert_eq!(opened["result"], exchange["result"]);
                assert_eq!(opened["used"], exchange["used"]);
            } else {
                assert_eq!(opened["request_sha256"], exchange["request_sha256"]);
            }
        }
    }

    let now = u64::try_from(world.clock.now().as_second()).unwrap();
    let listed = citizen.receipts().await.unwrap();
    let receipts = listed["receipts"].as_array().unwrap();
    assert_eq!(receipts.len(), 2);
    assert_eq!(
        receipts[0]["id"], withdrawn["receipt"]["id"],
        "newest first"
    );
    for receipt in receipts {
        let id = text(receipt, "id");
        let proof = citizen.receipt_proof(&id).await.unwrap();
        let file = citizen.receipt(&id).await.unwrap().to_string();
        let log = Some((proof.as_bytes(), &trust));
        let report = check::receipt(file.as_bytes(), Some(&keys), log, now);
        assert_eq!(report.verdict(), Verdict::Valid, "{report:?}");
    }
    let checked = world.app().log.audit_self().await.unwrap();
    assert!(checked.holds(), "{checked:?}");
}

#[tokio::test]
async fn what_left_is_what_the_intent_names_byte_for_byte() {
    let world = World::start().await;
    let citizen = world.willing("marta").await;
    fetched(&citizen).await;
    let received = world.outside.platform.recorder.received();
    let mut left: Vec<_> = received
        .iter()
        .map(|one| hex::encode(digest(&SHA256, &one.raw)))
        .collect();
    let exchanges = citizen.exchanges().await.unwrap();
    let mut logged: Vec<_> = exchanges
        .iter()
        .map(|one| text(one, "request_sha256"))
        .collect();
    left.sort();
    logged.sort();
    assert_eq!(left, logged);
}

#[tokio::test]
async fn an_auditor_finds_exchanges_by_person_time_product_and_result() {
    let world = World::start().await;
    let early = world.clock.now();
    world.turn(WORK, broken(Transport::BadGateway));
    fetched(&world.willing("marta").await).await;
    world.later(Duration::from_hours(1)).await;
    let late = world.clock.now();
    world.outside.platform.controls.reset();
    fetched(&world.willing("joan").await).await;

    let marta = &world.person("marta").document;
    let found = async |query: Value| -> usize {
        let mut body =
            json!({"case_reference": "AUD-1", "reason": "a yearly sample", "limit": 100});
        body.as_object_mut()
            .unwrap()
            .extend(query.as_object().unwrap().clone());
        let answer = world.auditor.search(&body).await.unwrap();
        assert!(
            !answer.to_string().contains(marta.as_str()),
            "no document is answered"
        );
        answer["exchanges"].as_array().unwrap().len()
    };
    let person = json!({"type": "NIF", "number": marta});
    assert_eq!(found(json!({})).await, 8);
    assert_eq!(found(json!({"person": person})).await, 4);
    assert_eq!(found(json!({"from": late})).await, 4);
    assert_eq!(found(json!({"from": early, "to": late})).await, 4);
    assert_eq!(found(json!({"to": early})).await, 0);
    assert_eq!(found(json!({"product": WORK})).await, 2);
    assert_eq!(found(json!({"result": "error"})).await, 1);
    assert_eq!(
        found(json!({"person": person, "product": WORK, "result": "ok"})).await,
        0
    );
    let stranger = json!({"type": "NIF", "number": "12345678Z"});
    assert_eq!(
        found(json!({"person": stranger})).await,
        0,
        "not everybody's"
    );
    let searches = "SELECT count(*) FROM log_entry WHERE kind = 'audit-search'";
    assert_eq!(world.number(searches).await, 9);
}

#[tokio::test]
async fn an_auditors_search_is_recorded_with_its_reason_and_a_refused_one_finds_nothing_out() {
    let world = World::start().await;
    let body = json!({"case_reference": "AUD-7", "reason": "a complaint"});
    let answer = world.auditor.search(&body).await.unwrap();
    let entry = text(&answer, "entry").parse().unwrap();
    let payload = world.app().log.payload(entry).await.unwrap();
    assert_eq!(payload["auditor"], "auditor");
    assert_eq!(payload["case_reference"], "AUD-7");
    assert_eq!(payload["reason"], "a complaint");
    for incomplete in [
        json!({}),
        json!({"case_reference": "AUD-7"}),
        json!({"case_reference": "AUD-7", "reason": " "}),
    ] {
        assert_eq!(
            slug(world.auditor.search(&incomplete).await),
            "invalid-request"
        );
    }
    let searches = "SELECT count(*) FROM log_entry WHERE kind = 'audit-search'";
    assert_eq!(world.number(searches).await, 1);
}

#[tokio::test]
async fn an_auditor_without_the_right_to_identify_cannot_ask_about_a_person() {
    let world = World::start().await;
    let narrow = Bent {
        scope: Some("audit:read".to_owned()),
        ..Bent::default()
    };
    let auditor = world.auditor.log_in_with(&narrow).await.unwrap();
    let by_person = json!({"case_reference": "AUD-1", "reason": "a yearly sample",
        "person": {"type": "NIF", "number": world.person("marta").document}});
    let path = "/v1/audit/exchanges/search";
    let refused = auditor.post(path, &by_person).await.unwrap();
    assert_eq!(refused.status, 403);
    assert_eq!(refused.json()["type"], "/problems/insufficient-scope");
    assert_eq!(refused.json()["scope"], "audit:identify");
    let by_product = json!({"case_reference": "AUD-1", "reason": "a yearly sample", "product": C4});
    assert_eq!(auditor.post(path, &by_product).await.unwrap().status, 200);
    // A citizen is no auditor, and an auditor no citizen.
    let citizen = world.citizen("marta").await;
    assert_eq!(citizen.post(path, &by_product).await.unwrap().status, 403);
    assert_eq!(auditor.get("/v1/me/exchanges").await.unwrap().status, 403);
}
