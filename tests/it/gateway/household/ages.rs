//! Fourteen and eighteen. The clock starts on 20 November 2026.

use super::*;

async fn join_born(citizen: &CitizenApi, token: &str, born: &str) -> Result<Value, CallError> {
    let body = json!({"invitation": token, "birth_date": born});
    citizen
        .post("/v1/me/household/join", &body)
        .await
        .unwrap()
        .ok()
}

async fn add_child(citizen: &CitizenApi, born: &str) -> Result<Value, CallError> {
    let body = json!({"purpose": HOUSEHOLD, "birth_date": born, "i_hold_parental_authority": true});
    citizen
        .post("/v1/me/household/children", &body)
        .await
        .unwrap()
        .ok()
}

#[tokio::test]
async fn hh_03_from_14_to_17_one_joins_by_oneself_and_is_not_asked_about_income() {
    let world = World::start().await;
    let (anna, pau) = (world.citizen("anna").await, world.citizen("pau").await);
    begin(&anna, 1).await;
    answer(&anna, Decision::Grant).await;
    let token = invited(&anna).await;
    let before = kept(&world).await;
    assert_eq!(
        slug(join_born(&pau, &token, "2012-11-21").await),
        "minor-needs-guardian"
    );
    assert_eq!(
        slug(join_born(&pau, "unknown", "2012-11-21").await),
        "minor-needs-guardian"
    );
    for absurd in ["2026-11-22", "1800-01-01", "2012-02-30", "yesterday"] {
        assert_eq!(
            slug(join_born(&pau, &token, absurd).await),
            "invalid-request",
            "{absurd}"
        );
    }
    assert_eq!(kept(&world).await, before);

    // 14 years old today, and 18 in four years.
    join_born(&pau, &token, "2012-11-20").await.unwrap();
    assert_eq!(
        state(&anna).await,
        "incomplete",
        "a minor is counted once they join"
    );
    let items = pau.consents(HOUSEHOLD).await.unwrap();
    let asked: Vec<_> = items.iter().map(|item| text(item, "product")).collect();
    assert_eq!(asked, [REGISTER]);
    answer(&pau, Decision::Grant).await;
    assert_eq!(state(&anna).await, "complete");
}

#[tokio::test]
async fn hh_03_at_18_a_permission_of_a_minor_ends_and_the_adult_is_asked_anew() {
    let world = World::start().await;
    let (anna, pau) = (world.citizen("anna").await, world.citizen("pau").await);
    begin(&anna, 1).await;
    answer(&anna, Decision::Grant).await;
    join_born(&pau, &invited(&anna).await, "2008-12-01")
        .await
        .unwrap();
    let decided = answer(&pau, Decision::Grant).await;
    assert_eq!(decided["items"][0]["valid_until"], "2026-11-30T23:00:00Z");
    assert_eq!(state(&anna).await, "complete");
    world.later(Duration::from_hours(11 * 24)).await;
    let (anna, pau) = (world.citizen("anna").await, world.citizen("pau").await);
    assert_eq!(state(&anna).await, "incomplete");
    let items = pau.consents(HOUSEHOLD).await.unwrap();
    assert!(items.iter().any(|item| item["product"] == C4), "{items:?}");
    answer(&pau, Decision::Grant).await;
    assert_eq!(state(&anna).await, "complete");
}

#[tokio::test]
async fn hh_03_a_guardian_answers_for_a_child_until_its_14th_birthday_and_alone_sees_it() {
    let world = World::start().await;
    let (anna, marta) = (world.citizen("anna").await, world.citizen("marta").await);
    begin(&anna, 2).await;
    join(&marta, &invited(&anna).await).await;
    answer(&anna, Decision::Grant).await;
    answer(&marta, Decision::Grant).await;
    assert_eq!(
        slug(add_child(&anna, "2012-11-20").await),
        "minor-decides-themself"
    );
    assert_eq!(
        slug(add_child(&anna, "2026-11-22").await),
        "invalid-request"
    );
    let unsaid = json!({"purpose": HOUSEHOLD, "birth_date": "2020-01-01", "i_hold_parental_authority": false});
    assert_eq!(
        problem(&anna, "/v1/me/household/children", &unsaid)
            .await
            .slug,
        "invalid-request"
    );

    let theirs = told(&marta).await;
    let child = add_child(&anna, "2012-12-01").await.unwrap();
    assert_eq!(child["until"], "2026-11-30T23:00:00Z");
    assert_eq!(told(&anna).await.json()["children"], json!([child]));
    assert_eq!(told(&marta).await.body, theirs.body, "nobody else sees it");
    let path = format!("/v1/me/household/children/{}", text(&child, "child"));
    let refused = marta.request(Method::DELETE, &path).send().await.unwrap();
    assert_eq!(refused.status, 404);

    world.later(Duration::from_hours(11 * 24)).await;
    let anna = world.citizen("anna").await;
    assert_eq!(state(&anna).await, "incomplete", "the child decides now");
    let removed = anna.request(Method::DELETE, &path).send().await.unwrap();
    assert_eq!(removed.status, 204);
    assert_eq!(
        anna.request(Method::DELETE, &path)
            .send()
            .await
            .unwrap()
            .status,
        404
    );
    assert_eq!(told(&anna).await.json()["children"], json!([]));
    assert_eq!(state(&anna).await, "complete");
}

#[tokio::test]
async fn hh_03_who_leaves_answers_for_no_child_any_more() {
    let world = World::start().await;
    let anna = world.citizen("anna").await;
    begin(&anna, 1).await;
    add_child(&anna, "2020-01-01").await.unwrap();
    leave(&anna).await;
    begin(&anna, 1).await;
    assert_eq!(told(&anna).await.json()["children"], json!([]));
    let standing = "SELECT count(*) FROM household_child c WHERE NOT EXISTS
        (SELECT 1 FROM household_child_end e WHERE e.child = c.child)";
    assert_eq!(world.number(standing).await, 0);
}
