//! What one member sees never depends on why another is missing.

use super::*;

/// Everything that a person is told of their household, but for the date and the number of the request.
async fn seen(citizen: &CitizenApi) -> (Vec<u8>, Vec<(String, String)>) {
    let answer = told(citizen).await;
    let headers = answer.headers.iter();
    let mut headers: Vec<_> = headers
        .filter(|(name, _)| !["date", "x-request-id"].contains(&name.as_str()))
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect();
    headers.sort();
    (answer.body.to_vec(), headers)
}

#[tokio::test]
async fn hh_04_refused_silent_withdrawn_expired_left_and_never_there_look_the_same_to_the_byte() {
    let world = World::start().await;
    let (anna, marta) = (world.citizen("anna").await, world.citizen("marta").await);
    begin(&anna, 2).await;
    answer(&anna, Decision::Grant).await;
    let never = seen(&anna).await;

    join(&marta, &invited(&anna).await).await;
    assert_eq!(seen(&anna).await, never, "silent");
    answer(&marta, Decision::Refuse).await;
    assert_eq!(seen(&anna).await, never, "refused");
    answer(&marta, Decision::Grant).await;
    assert_ne!(seen(&anna).await, never, "complete");
    marta.revoke_all(HOUSEHOLD).await.unwrap();
    assert_eq!(seen(&anna).await, never, "withdrawn");
    answer(&marta, Decision::Grant).await;
    assert_ne!(seen(&anna).await, never, "complete");
    leave(&marta).await;
    assert_eq!(seen(&anna).await, never, "left");

    join(&marta, &invited(&anna).await).await;
    answer(&marta, Decision::Grant).await;
    assert_ne!(seen(&anna).await, never, "complete");
    world.later(Duration::from_hours(30 * 24)).await;
    let anna = world.citizen("anna").await;
    answer(&anna, Decision::Grant).await;
    assert_ne!(seen(&anna).await, never, "complete");
    world.later(Duration::from_hours(340 * 24)).await;
    assert_eq!(seen(&world.citizen("anna").await).await, never, "expired");
}

#[tokio::test]
async fn hh_04_who_left_beyond_the_number_said_stays_missing_like_one_who_refused() {
    let world = World::start().await;
    let (anna, marta) = (world.citizen("anna").await, world.citizen("marta").await);
    begin(&anna, 1).await;
    answer(&anna, Decision::Grant).await;
    assert_eq!(state(&anna).await, "complete");
    join(&marta, &invited(&anna).await).await;
    answer(&marta, Decision::Refuse).await;
    let refused = seen(&anna).await;
    leave(&marta).await;
    assert_eq!(seen(&anna).await, refused);
    assert_eq!(state(&anna).await, "incomplete");
    // What changed in life is begun anew.
    leave(&anna).await;
    begin(&anna, 1).await;
    answer(&anna, Decision::Grant).await;
    assert_eq!(state(&anna).await, "complete");
}
