//! What a profile costs the database.

use super::super::*;

/// Commits of anything that is not the fetch itself: the call's own, and the log's batches.
const BESIDE: u64 = 8;

#[tokio::test]
async fn a_fetch_makes_little_more_than_its_intents_and_outcomes_durable() {
    let world = World::start().await;
    let citizen = world.willing("marta").await;
    let commits = || world.app().db.work().commits;
    let before = commits();
    let job = text(&fetched(&citizen).await, "job");
    let cold = commits() - before;
    // The job, four intents and outcomes, two moments of progress, the end.
    assert!(cold <= 1 + 4 * 2 + 2 + 1 + BESIDE, "{cold}");
    citizen.profile(&job).await.unwrap();

    let before = commits();
    fetched(&citizen).await;
    let warm = commits() - before;
    assert!(warm <= 1 + BESIDE, "{warm}");
}
