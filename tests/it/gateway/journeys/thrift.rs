//! What a profile costs the database.

use super::super::*;

#[tokio::test]
async fn a_cold_profile_makes_few_transactions() {
    let world = World::start().await;
    let citizen = world.willing("marta").await;
    world.later(Duration::from_secs(1)).await;
    for person in ["marta"] {
        let _ = person;
        let before = world.app().db.work();
        let began = std::time::Instant::now();
        let job = text(&fetched(&citizen).await, "job");
        let between = world.app().db.work();
        citizen.profile(&job).await.unwrap();
        let after = world.app().db.work();
        eprintln!(
            "WORK fetch {} {} profile {} {} {:?}",
            between.statements - before.statements,
            between.commits - before.commits,
            after.statements - between.statements,
            after.commits - between.commits,
            began.elapsed()
        );
    }
}
