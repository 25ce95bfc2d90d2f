//! Saying yes, no, and no longer.

use serde_json::json;
use simulator::folder::{Knobs as Bent, Twist};
use simulator::pci::Knobs;

use super::super::*;

#[tokio::test]
async fn without_permission_nothing_is_sent() {
    let world = World::start().await;
    let citizen = world.citizen("marta").await;
    let refused = citizen.fetch_profile(PURPOSE).await;
    assert_eq!(slug(refused), "consent-required");
    decide_all(&citizen, Decision::Refuse).await;
    let refused = citizen.fetch_profile(PURPOSE).await;
    assert_eq!(slug(refused), "consent-required");
    assert_eq!(world.sent(), 0);
    assert_eq!(
        world.number("SELECT count(*) FROM exchange_intent").await,
        0
    );
}

#[tokio::test]
async fn rev_06_after_the_withdrawal_of_an_item_its_source_is_not_asked_and_no_profile_with_it_leaves()
 {
    let world = World::start().await;
    let citizen = world.willing("marta").await;
    let job = text(&fetched(&citizen).await, "job");
    citizen.withdraw(&item(&citizen, WORK).await).await.unwrap();
    assert_eq!(slug(citizen.profile(&job).await), "gone");
    let asked = world.outside.platform.recorder.count(WORK);
    let job = fetched(&citizen).await;
    assert_eq!(source(&job, WORK).0, "not_asked");
    assert_eq!(world.outside.platform.recorder.count(WORK), asked);
    let own = citizen.own_profile(&text(&job, "job")).await.unwrap();
    assert_eq!(own["work"]["in_work"], json!({"gap": "revoked"}));
}

#[tokio::test]
async fn after_everything_is_withdrawn_not_one_byte_reaches_the_platform() {
    let world = World::start().await;
    let citizen = world.willing("marta").await;
    let job = text(&fetched(&citizen).await, "job");
    citizen.revoke_all(PURPOSE).await.unwrap();
    let sent = world.sent();
    assert_eq!(
        slug(citizen.fetch_profile(PURPOSE).await),
        "consent-required"
    );
    assert_eq!(slug(citizen.profile(&job).await), "gone");
    assert_eq!(slug(citizen.own_profile(&job).await), "gone");
    assert_eq!(world.sent(), sent);
    assert_eq!(world.number("SELECT count(*) FROM release").await, 0);
}

#[tokio::test]
async fn rev_04_an_answer_that_comes_after_the_withdrawal_is_thrown_away_unread() {
    let world = World::start().await;
    let citizen = world.willing("marta").await;
    world.turn(WORK, late(600));
    let job = started(&citizen).await;
    world.until_sent(WORK, 1).await;
    citizen.withdraw(&item(&citizen, WORK).await).await.unwrap();
    world
        .until("SELECT count(*) FROM job WHERE state = 'finished'", 1)
        .await;

    assert_eq!(
        source(&citizen.job(&job).await.unwrap(), WORK).0,
        "discarded"
    );
    let exchanges = citizen.exchanges().await.unwrap();
    let discarded = exchanges.iter().find(|one| one["product"] == WORK).unwrap();
    assert_eq!(discarded["result"], "discarded_revoked");
    assert_eq!(discarded["used"], false);
    assert!(
        discarded["answer_sha256"].is_string(),
        "which answer it was is still known"
    );
    let own = citizen.own_profile(&job).await.unwrap();
    assert_eq!(own["work"]["in_work"], json!({"gap": "revoked"}));
    assert!(
        own["income"]["annual"]["value"].is_object(),
        "the rest still stands"
    );
}

#[tokio::test]
async fn con_16_a_recommender_cannot_tell_refused_from_never_asked() {
    let mut seen = Vec::new();
    for others in [None, Some(Decision::Refuse), Some(Decision::Grant)] {
        let world = World::start().await;
        let citizen = world.citizen("marta").await;
        let mut decisions = vec![(C4, Decision::Grant)];
        let products = [C2, WORK, IDENTITY, REGISTER].into_iter();
        decisions.extend(products.filter_map(|product| Some((product, others?))));
        decide(&citizen, &decisions).await;
        if others == Some(Decision::Grant) {
            for product in [C2, WORK, IDENTITY, REGISTER] {
                let item = item(&citizen, product).await;
                citizen.withdraw(&item).await.unwrap();
            }
        }
        let job = text(&fetched(&citizen).await, "job");
        let own = citizen.own_profile(&job).await.unwrap();
        let mut told = citizen.profile(&job).await.unwrap();
        for field in ["status", "kind", "annual"] {
            let provenance = &mut told["income"][field]["provenance"];
            provenance["exchange"].take();
            provenance["obtained_at"].take();
        }
        seen.push((own["work"]["in_work"]["gap"].clone(), told));
    }
    assert_eq!(seen[0].0, "not_asked");
    assert_eq!(seen[1].0, "refused");
    assert_eq!(seen[2].0, "revoked");
    assert_eq!(seen[0].1, seen[1].1);
    assert_eq!(seen[0].1, seen[2].1);
    assert_eq!(
        seen[0].1["work"]["in_work"],
        json!({"gap": "not_available_by_choice"})
    );
}

#[tokio::test]
async fn a_folder_that_may_not_grant_may_refuse_and_withdraw() {
    let world = World::start().await;
    let granted = world.willing("marta").await;
    let other = world.other_folder(SHOWING_CLIENT);
    let citizen = other.citizen(world.person("marta")).await.unwrap();
    let before = world.number("SELECT count(*) FROM consent_event").await;
    let served = served(&citizen).await;
    let refused = citizen.decide(&served, &[(C4, Decision::Grant)]).await;
    assert_eq!(slug(refused), "purpose-not-allowed");
    // One yes among many noes is a yes.
    let mixed = [(C4, Decision::Refuse), (WORK, Decision::Grant)];
    assert_eq!(
        slug(citizen.decide(&served, &mixed).await),
        "purpose-not-allowed"
    );
    assert_eq!(
        world.number("SELECT count(*) FROM consent_event").await,
        before
    );

    citizen
        .decide(&served, &[(C4, Decision::Refuse)])
        .await
        .unwrap();
    citizen.withdraw(&item(&citizen, WORK).await).await.unwrap();
    assert_eq!(state(&granted, C4).await, "refused");
    assert_eq!(state(&granted, WORK).await, "revoked");
}

#[tokio::test]
async fn who_is_known_at_no_level_may_read_refuse_and_withdraw_but_not_grant_nor_fetch() {
    let world = World::start().await;
    let job = text(&fetched(&world.willing("marta").await).await, "job");
    let unsure = Bent {
        subject_token: Twist::none().claim("acr", "urn:example:none"),
        ..Bent::default()
    };
    let marta = world.person("marta");
    let citizen = world.folder.citizen_with(marta, &unsure).await.unwrap();
    assert_eq!(citizen.me().await.unwrap()["level"], "unknown");
    assert_eq!(citizen.exchanges().await.unwrap().len(), 4);
    citizen.job(&job).await.unwrap();

    let sent = world.sent();
    let refused = citizen.fetch_profile(PURPOSE).await.unwrap_err();
    let problem = refused.problem().unwrap();
    assert_eq!(
        (problem.status, problem.slug.as_str()),
        (401, "insufficient-user-authentication")
    );
    assert_eq!(problem.body["acr_values"], "http://eidas.europa.eu/LoA/low");
    let served = served(&citizen).await;
    let refused = citizen.decide(&served, &[(C4, Decision::Grant)]).await;
    assert_eq!(slug(refused), "insufficient-user-authentication");
    assert_eq!(world.sent(), sent);

    citizen.withdraw(&item(&citizen, WORK).await).await.unwrap();
    citizen
        .decide(&served, &[(C4, Decision::Refuse)])
        .await
        .unwrap();
    citizen.revoke_all(PURPOSE).await.unwrap();
    assert_eq!(state(&citizen, WORK).await, "revoked");
    assert_eq!(state(&citizen, C4).await, "refused");
}

#[tokio::test]
async fn the_same_decision_sent_twice_is_recorded_once() {
    let world = World::start().await;
    let citizen = world.citizen("marta").await;
    let served = served(&citizen).await;
    let yes = [(C4, Decision::Grant), (WORK, Decision::Refuse)];
    let first = citizen.decide_once("a-key", &served, &yes).await.unwrap();
    let again = citizen.decide_once("a-key", &served, &yes).await.unwrap();
    assert_eq!(first["receipt"], again["receipt"]);
    assert_eq!(world.number("SELECT count(*) FROM receipt").await, 1);
    assert_eq!(world.number("SELECT count(*) FROM consent_event").await, 2);

    let other = [(C4, Decision::Refuse)];
    let refused = citizen.decide_once("a-key", &served, &other).await;
    assert_eq!(slug(refused), "idempotency-key-reused");
    assert_eq!(state(&citizen, C4).await, "granted");
}

#[tokio::test]
async fn rev_08_a_delayed_repetition_of_a_grant_does_not_undo_a_withdrawal() {
    let world = World::start().await;
    let citizen = world.citizen("marta").await;
    let served = served(&citizen).await;
    let yes = [(C4, Decision::Grant)];
    citizen.decide_once("a-key", &served, &yes).await.unwrap();
    citizen.revoke_all(PURPOSE).await.unwrap();
    citizen.decide_once("a-key", &served, &yes).await.unwrap();
    assert_eq!(state(&citizen, C4).await, "revoked");
    assert_eq!(
        slug(citizen.decide(&served, &yes).await),
        "notice-version-stale"
    );
    assert_eq!(state(&citizen, C4).await, "revoked");
    world.turn(C4, Knobs::default());
    assert_eq!(
        slug(citizen.fetch_profile(PURPOSE).await),
        "consent-required"
    );
}

async fn state(citizen: &CitizenApi, product: &str) -> String {
    let items = citizen.consents(PURPOSE).await.unwrap();
    let found = items.iter().find(|item| item["product"] == product);
    text(found.unwrap(), "state")
}
