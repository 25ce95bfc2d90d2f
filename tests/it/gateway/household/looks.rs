//! What a recommender gets of a household: one result of all who agreed, each asked about by their own
//! permission, and nothing that tells one from another.

use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use simulator::folder::Knobs;

use super::*;

const JOBS: &str = "/v1/me/household/profile-jobs";
const SIZE: &str = "PADRO/NUMERO_CONVIVENTS";

static SCHEMA: LazyLock<jsonschema::Validator> = LazyLock::new(|| {
    let text = include_str!("../../../../schemas/household-profile.schema.json");
    jsonschema::validator_for(&serde_json::from_str(text).unwrap()).unwrap()
});

/// The recommender, in a citizen's name.
async fn recommender(world: &World, key: &str) -> CitizenApi {
    let knobs = Knobs {
        scope: Some("household:read".to_owned()),
        ..Knobs::default()
    };
    let client = world.other_folder(RECOMMENDER);
    client
        .citizen_with(world.person(key), &knobs)
        .await
        .unwrap()
}

/// Looks at a person's household and waits for the end: the path of the result.
async fn looked(recommender: &CitizenApi) -> String {
    let body = json!({"purpose": HOUSEHOLD});
    let request = recommender.request(Method::POST, JOBS).body(&body);
    let view = request.header("Prefer", "wait=30").send().await.unwrap();
    let view = view.ok().unwrap();
    assert_eq!(view["state"], "finished");
    text(&view, "profile")
}

/// The result, which fits its schema.
async fn result(recommender: &CitizenApi, path: &str) -> Value {
    let result = recommender.get(path).await.unwrap().ok().unwrap();
    assert!(SCHEMA.is_valid(&result), "{result}");
    result
}

async fn look(world: &World, key: &str) -> Value {
    let recommender = recommender(world, key).await;
    let path = looked(&recommender).await;
    result(&recommender, &path).await
}

/// Two adults who both agreed.
async fn couple(world: &World, one: &str, other: &str) -> (CitizenApi, CitizenApi) {
    let (one, other) = (world.citizen(one).await, world.citizen(other).await);
    begin(&one, 2).await;
    join(&other, &invited(&one).await).await;
    answer(&one, Decision::Grant).await;
    answer(&other, Decision::Grant).await;
    (one, other)
}

/// Of everything exchanged about a citizen, the products.
async fn asked_about(citizen: &CitizenApi) -> Vec<String> {
    let exchanges = citizen.exchanges().await.unwrap();
    let mut asked: Vec<_> = exchanges.iter().map(|one| text(one, "product")).collect();
    asked.sort();
    asked
}

#[tokio::test]
async fn hh_01_a_result_is_of_all_who_agreed_and_each_is_asked_about_by_their_own_permission() {
    let world = World::start().await;
    let (anna, pere) = couple(&world, "anna", "pere").await;
    let result = look(&world, "anna").await;
    assert_eq!(
        result["members"],
        json!({"adults": 2, "minors": 0, "missing": 0})
    );
    assert_eq!(result["complete"], true);
    // Their joint return, once.
    let total = result["income"]["annual"]["value"]["cents"].as_i64();
    assert!(total.is_some_and(|total| total > 0));

    // The register is asked of the home once; the tax agency of each, each in their own list.
    let recorder = &world.outside.platform.recorder;
    assert_eq!((recorder.count(C4), recorder.count(SIZE)), (2, 1));
    let (hers, his) = (asked_about(&anna).await, asked_about(&pere).await);
    assert_eq!(hers.len() + his.len(), 3);
    for asked in [&hers, &his] {
        assert!(asked.contains(&C4.to_owned()));
    }
    // That it left is in the record of both, and who takes back learns who has it.
    let releases = "SELECT count(DISTINCT subject) FROM release WHERE recipient = 'recommender'";
    assert_eq!(world.number(releases).await, 2);
    pere.revoke_all(HOUSEHOLD).await.unwrap();
    let recipients = json!(pere.recipients(HOUSEHOLD).await.unwrap()).to_string();
    assert!(recipients.contains("recommender"), "{recipients}");
}

#[tokio::test]
async fn a_joint_return_is_counted_when_both_agreed_and_withheld_while_one_did_not() {
    let world = World::start().await;
    let (anna, pere) = (world.citizen("anna").await, world.citizen("pere").await);
    begin(&anna, 2).await;
    answer(&anna, Decision::Grant).await;
    let alone = look(&world, "anna").await;
    assert_eq!(
        alone["income"]["annual"],
        json!({"gap": "not_available"}),
        "{alone}"
    );
    join(&pere, &invited(&anna).await).await;
    answer(&pere, Decision::Grant).await;
    let both = look(&world, "anna").await;
    let value = &both["income"]["annual"]["value"];
    assert_eq!(value["certainty"], "figure", "{both}");
    pere.revoke_all(HOUSEHOLD).await.unwrap();
    assert_eq!(look(&world, "anna").await, alone);
}

#[tokio::test]
async fn hh_04_neither_a_folder_nor_a_member_gets_the_total_or_anothers_values() {
    let world = World::start().await;
    let (anna, pere) = couple(&world, "anna", "pere").await;
    let recommender = recommender(&world, "anna").await;
    let path = looked(&recommender).await;
    let result = result(&recommender, &path).await;
    let total = result["income"]["annual"]["value"]["cents"].to_string();

    let start = json!({"purpose": HOUSEHOLD});
    let refused = problem(&anna, JOBS, &start).await;
    assert_eq!(refused.slug, "insufficient-scope");
    for path in [path.as_str(), path.strip_suffix("/profile").unwrap()] {
        let answer = anna.get(path).await.unwrap();
        assert_eq!(answer.status, 403, "{}", answer.text());
    }
    // A member's part of a look is no profile of theirs.
    let own = problem(&anna, "/v1/me/profile-jobs", &start).await;
    assert_eq!(own.slug, "purpose-not-allowed");

    let his = world.subject("pere").await.to_string();
    let hers = world.subject("anna").await.to_string();
    for (citizen, other) in [(&anna, &his), (&pere, &hers)] {
        let household = format!("/v1/me/household?purpose={HOUSEHOLD}");
        let consents = format!("/v1/me/consents?purpose={HOUSEHOLD}");
        let recipients = format!("/v1/me/recipients?purpose={HOUSEHOLD}");
        for path in [
            household.as_str(),
            consents.as_str(),
            recipients.as_str(),
            "/v1/me/export",
            "/v1/me/exchanges",
            "/v1/me/receipts",
        ] {
            let answer = citizen.get(path).await.unwrap();
            assert_eq!(answer.status, 200, "{path}: {}", answer.text());
            let text = answer.text();
            assert!(!text.contains(other.as_str()), "{path}");
            assert!(!text.contains(&total), "{path}");
        }
        let export = citizen.get("/v1/me/export").await.unwrap().json();
        assert_eq!(export["households"][0]["left"], false);
    }
}

#[tokio::test]
async fn hh_04_a_stranger_and_who_left_find_no_look_and_who_never_agreed_starts_none() {
    let world = World::start().await;
    let (_, pere) = couple(&world, "anna", "pere").await;
    let of_anna = recommender(&world, "anna").await;
    let path = looked(&of_anna).await;
    let of_pere = recommender(&world, "pere").await;
    result(&of_pere, &path).await;
    let of_marta = recommender(&world, "marta").await;
    for path in [path.as_str(), path.strip_suffix("/profile").unwrap()] {
        let theirs = of_marta.get(path).await.unwrap();
        let nobodys = format!("{JOBS}/00000000-0000-4000-8000-000000000000");
        let nobodys = of_marta.get(&nobodys).await.unwrap();
        assert_eq!(
            (theirs.status, &theirs.body),
            (nobodys.status, &nobodys.body)
        );
        assert_eq!(theirs.status, 404);
    }
    leave(&pere).await;
    assert_eq!(of_pere.get(&path).await.unwrap().status, 404);
    let start = json!({"purpose": HOUSEHOLD});
    assert_eq!(
        problem(&of_pere, JOBS, &start).await.slug,
        "not-in-household"
    );

    let marta = world.citizen("marta").await;
    join(&marta, &invited(&world.citizen("anna").await).await).await;
    let sent = world.sent();
    let refused = problem(&of_marta, JOBS, &start).await;
    assert_eq!(refused.slug, "consent-required");
    assert_eq!(world.sent(), sent, "nobody is asked about");
}

#[tokio::test]
async fn hh_05_whoever_is_asked_about_was_shown_the_sources_and_finds_each_look_in_their_own_record()
 {
    let world = World::start().await;
    let (_, pere) = couple(&world, "anna", "pere").await;
    look(&world, "anna").await;
    let exchanges = pere.exchanges().await.unwrap();
    let income = exchanges
        .iter()
        .find(|one| text(one, "product") == C4)
        .unwrap();
    assert_eq!(text(income, "source"), "AEAT");
    assert_eq!(text(income, "purpose"), HOUSEHOLD);
    let path = format!("/v1/me/exchanges/{}/evidence", text(income, "exchange"));
    let evidence = pere.get(&path).await.unwrap().ok().unwrap();
    let shown = evidence["notice"]["text"].as_str().unwrap();
    assert!(shown.contains("Agència Tributària"));
    // It says that somebody of the household had it asked, and not who.
    let intent = evidence["records"]["intent"].to_string();
    assert!(intent.contains("household"), "{intent}");
    let hers = world.subject("anna").await.to_string();
    assert!(!evidence.to_string().contains(&hers));
    let unshown = "SELECT count(*) FROM exchange_intent i JOIN consent_event e
                   ON e.subject = i.subject AND e.seq = i.consent_seq
                   WHERE i.purpose = 'social-aid-household' AND e.served IS NULL";
    assert_eq!(world.number(unshown).await, 0);
}

/// What the other adult may do.
#[derive(Clone, Copy, Debug)]
enum Act {
    Join,
    Grant,
    Refuse,
    Revoke,
    Leave,
}

impl Act {
    /// Does it, if it can be done; gives whether the other adult agrees now.
    async fn by(self, other: &CitizenApi, starter: &CitizenApi, seated: &mut bool) -> Option<bool> {
        match self {
            Self::Join if !*seated => {
                join(other, &invited(starter).await).await;
                *seated = true;
                Some(false)
            }
            Self::Grant if *seated => {
                answer(other, Decision::Grant).await;
                Some(true)
            }
            Self::Refuse if *seated => {
                answer(other, Decision::Refuse).await;
                Some(false)
            }
            Self::Revoke => {
                let path = "/v1/me/consents/revoke-all";
                let body = json!({"purpose": HOUSEHOLD});
                // Refused where nothing was ever granted: that is one more way of saying nothing.
                other.post(path, &body).await.unwrap();
                Some(false)
            }
            Self::Leave if *seated => {
                leave(other).await;
                *seated = false;
                Some(false)
            }
            Self::Join | Self::Grant | Self::Refuse | Self::Leave => None,
        }
    }
}

#[tokio::test]
async fn hh_04_whatever_the_other_adult_did_short_of_agreeing_nobody_can_tell_which() {
    let acts = prop_oneof![
        4 => Just(Act::Join),
        4 => Just(Act::Grant),
        2 => Just(Act::Refuse),
        1 => Just(Act::Revoke),
        1 => Just(Act::Leave),
    ];
    let mut runner = TestRunner::deterministic();
    let history = prop::collection::vec(acts, 32).new_tree(&mut runner);
    let history = history.unwrap().current();

    let world = World::start().await;
    let (marta, joan) = (world.citizen("marta").await, world.citizen("joan").await);
    begin(&marta, 2).await;
    answer(&marta, Decision::Grant).await;
    let never = (told(&marta).await.body, look(&world, "marta").await);
    let calls = || world.outside.platform.recorder.count(C4);
    let (mut seated, mut agrees, mut asked) = (false, false, calls());
    let (mut compared, mut differed) = (0, 0);
    for act in history {
        agrees = act.by(&joan, &marta, &mut seated).await.unwrap_or(agrees);
        let now = (told(&marta).await.body, look(&world, "marta").await);
        if agrees {
            assert_ne!(now, never, "{act:?}");
            differed += 1;
            asked = calls();
        } else {
            assert_eq!(now, never, "{act:?}");
            assert_eq!(calls(), asked, "nobody is asked about after {act:?}");
            compared += 1;
        }
    }
    assert!(compared > 5 && differed > 2, "{compared} {differed}");
}
