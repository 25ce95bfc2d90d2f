//! Beginning, inviting, joining and leaving.

use super::*;

#[tokio::test]
async fn hh_01_each_of_three_adults_answers_alone_and_nobody_for_another() {
    let world = World::start().await;
    let anna = world.citizen("anna").await;
    let marta = world.citizen("marta").await;
    let joan = world.citizen("joan").await;
    let begun = begin(&anna, 3).await;
    let expected = json!({"state": "incomplete", "purpose": HOUSEHOLD,
        "body": "ajuntament-de-prova", "joined": true, "children": []});
    assert_eq!(begun, expected);
    assert_eq!(
        answer(&anna, Decision::Grant).await["items"][0]["state"],
        "granted"
    );

    join(&marta, &invited(&anna).await).await;
    // All members have the same rights: whoever came invites, too.
    let joined = join(&joan, &invited(&marta).await).await;
    assert_eq!(joined, expected);
    for adult in [&marta, &joan] {
        let items = adult.consents(HOUSEHOLD).await.unwrap();
        assert!(
            items.iter().all(|item| item["state"] == "not_asked"),
            "{items:?}"
        );
        assert_eq!(state(&anna).await, "incomplete");
        answer(adult, Decision::Grant).await;
    }
    for adult in [&anna, &marta, &joan] {
        assert_eq!(state(adult).await, "complete");
    }
    // What they permit here is not what they permit for themselves alone.
    let own = marta.consents(PURPOSE).await.unwrap();
    assert!(own.iter().all(|item| item["state"] == "not_asked"));
}

#[tokio::test]
async fn a_person_is_in_one_household_and_outside_of_one_nothing_can_be_done() {
    let world = World::start().await;
    let anna = world.citizen("anna").await;
    assert_eq!(state(&anna).await, "none");
    let of_purpose = json!({"purpose": HOUSEHOLD});
    let path = "/v1/me/household/invitations";
    assert_eq!(
        problem(&anna, path, &of_purpose).await.slug,
        "not-in-household"
    );
    let child = json!({"purpose": HOUSEHOLD, "birth_date": "2020-01-01", "i_hold_parental_authority": true});
    let path = "/v1/me/household/children";
    assert_eq!(problem(&anna, path, &child).await.slug, "not-in-household");
    let alone = json!({"purpose": PURPOSE, "adults": 2});
    assert_eq!(
        problem(&anna, "/v1/me/household", &alone).await.slug,
        "purpose-not-allowed"
    );
    for adults in [0, 21] {
        let body = json!({"purpose": HOUSEHOLD, "adults": adults});
        assert_eq!(
            problem(&anna, "/v1/me/household", &body).await.slug,
            "invalid-request"
        );
    }
    assert_eq!(kept(&world).await, 0);
    begin(&anna, 2).await;
    let again = json!({"purpose": HOUSEHOLD, "adults": 2});
    let again = problem(&anna, "/v1/me/household", &again).await;
    assert_eq!(
        (again.status, again.slug.as_str()),
        (409, "household-already")
    );
    assert_eq!(kept(&world).await, 2);
}

#[tokio::test]
async fn hh_02_an_invitation_is_used_once_and_every_bad_one_gets_the_same_answer() {
    let world = World::start().await;
    let anna = world.citizen("anna").await;
    begin(&anna, 2).await;
    let (used, open) = (invited(&anna).await, invited(&anna).await);
    join(&world.citizen("marta").await, &used).await;
    let unknown = "A".repeat(43);
    let before = kept(&world).await;

    let path = "/v1/me/household/join";
    let joan = world.citizen("joan").await;
    let mut refused = Vec::new();
    for token in [used.as_str(), &unknown, "no token at all", ""] {
        refused.push(problem(&joan, path, &json!({"invitation": token})).await);
    }
    // One's own household's, good as it is, and not used up by trying.
    refused.push(problem(&anna, path, &json!({"invitation": open})).await);
    world.later(Duration::from_hours(7 * 24)).await;
    let joan = world.citizen("joan").await;
    refused.push(problem(&joan, path, &json!({"invitation": open})).await);
    for one in &refused {
        assert_eq!(
            (one.status, one.slug.as_str()),
            (404, "invitation-not-valid")
        );
        assert_eq!(one.body, refused[0].body);
    }
    assert_eq!(kept(&world).await, before);
}

#[tokio::test]
async fn hh_02_an_invitation_holds_no_person_and_is_stored_as_a_digest() {
    let world = World::start().await;
    let anna = world.citizen("anna").await;
    begin(&anna, 2).await;
    let body = json!({"purpose": HOUSEHOLD});
    let made = done(&anna, "/v1/me/household/invitations", &body).await;
    let names: Vec<_> = made.as_object().unwrap().keys().cloned().collect();
    assert_eq!(names, ["expires_at", "link"]);
    let link = text(&made, "link");
    let token = link
        .strip_prefix(&format!("{}/household/", world.url))
        .unwrap();
    assert_eq!(token.len(), 43);
    let db = &world.app().db;
    let rows = db
        .rows("SELECT token FROM household_invitation", vec![])
        .await
        .unwrap();
    let stored = rows[0].text(0).unwrap();
    assert!(stored.len() == 64 && !stored.contains(token));
    for _ in 0..9 {
        invited(&anna).await;
    }
    let eleventh = problem(&anna, "/v1/me/household/invitations", &body).await;
    assert_eq!(
        (eleventh.status, eleventh.slug.as_str()),
        (409, "too-many-invitations")
    );
}

#[tokio::test]
async fn hh_02_of_two_who_use_one_invitation_at_once_one_joins() {
    let world = World::start().await;
    let anna = world.citizen("anna").await;
    begin(&anna, 3).await;
    let token = invited(&anna).await;
    let (marta, joan) = (world.citizen("marta").await, world.citizen("joan").await);
    let body = json!({"invitation": token});
    let path = "/v1/me/household/join";
    let (one, other) = tokio::join!(marta.post(path, &body), joan.post(path, &body));
    let mut statuses = [one.unwrap().status, other.unwrap().status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 404]);
}

#[tokio::test]
async fn hh_04_leaving_takes_everything_back_at_once_and_says_the_same_again() {
    let world = World::start().await;
    let (anna, marta) = (world.citizen("anna").await, world.citizen("marta").await);
    begin(&anna, 2).await;
    join(&marta, &invited(&anna).await).await;
    answer(&marta, Decision::Grant).await;
    let left = leave(&marta).await;
    assert_eq!(left["state"], "none");
    assert_eq!(left["recipients"], json!([]), "nothing was released");
    let receipt = text(&left["receipt"], "id");
    marta.receipt(&receipt).await.unwrap();
    assert_eq!(leave(&marta).await, left);
    assert_eq!(state(&marta).await, "none");
    let items = marta.consents(HOUSEHOLD).await.unwrap();
    assert!(!items.is_empty());
    assert!(
        items.iter().all(|item| item["state"] == "revoked"),
        "{items:?}"
    );
    let departures = "SELECT count(*) FROM household_departure";
    assert_eq!(world.number(departures).await, 1);

    // Who comes again permits anew.
    join(&marta, &invited(&anna).await).await;
    assert_eq!(state(&marta).await, "incomplete");
    // Who permitted nothing leaves without a receipt, and who never was in one just the same.
    let joan = world.citizen("joan").await;
    let never = leave(&joan).await;
    assert_eq!(never, json!({"state": "none"}));
    join(&joan, &invited(&anna).await).await;
    assert_eq!(leave(&joan).await, never);
}

#[tokio::test]
async fn who_is_blocked_can_only_leave() {
    let world = World::start().await;
    let (anna, marta) = (world.citizen("anna").await, world.citizen("marta").await);
    begin(&anna, 2).await;
    let token = invited(&anna).await;
    begin(&marta, 1).await;
    let spare = invited(&marta).await;
    done(&marta, "/v1/me/requests", &json!({"kind": "objection"})).await;
    let of_purpose = json!({"purpose": HOUSEHOLD});
    let path = "/v1/me/household/invitations";
    assert_eq!(problem(&marta, path, &of_purpose).await.slug, "blocked");
    leave(&marta).await;
    assert_eq!(state(&marta).await, "none");
    let body = json!({"purpose": HOUSEHOLD, "adults": 1});
    assert_eq!(
        problem(&marta, "/v1/me/household", &body).await.slug,
        "blocked"
    );
    // Whether the invitation is good is not told.
    for token in [token.as_str(), &spare, "none"] {
        let refused = problem(
            &marta,
            "/v1/me/household/join",
            &json!({"invitation": token}),
        )
        .await;
        assert_eq!(refused.slug, "blocked");
    }
}

#[tokio::test]
async fn hh_01_a_client_that_may_not_permit_binds_nobody_and_may_take_them_out() {
    let world = World::start().await;
    let anna = world.citizen("anna").await;
    begin(&anna, 2).await;
    let token = invited(&anna).await;
    let folder = world.other_folder(SHOWING_CLIENT);
    let marta = folder.citizen(world.person("marta")).await.unwrap();
    let body = json!({"invitation": token});
    assert_eq!(
        problem(&marta, "/v1/me/household/join", &body).await.slug,
        "purpose-not-allowed"
    );
    let own = world.citizen("marta").await;
    join(&own, &token).await;
    leave(&marta).await;
    assert_eq!(state(&own).await, "none");
}
