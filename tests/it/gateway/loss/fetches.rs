//! Fetches, and the answers kept after them.

use super::*;

const RELEASES: &str = "SELECT count(*) FROM release";

/// Every answer was used, and the log is valid.
async fn assert_recorded(world: &World, answers: i64) {
    let used = "SELECT count(*) FROM exchange_outcome WHERE used = 1";
    assert_eq!(world.number(used).await, answers);
    let open = "SELECT count(*) FROM exchange_intent WHERE exchange NOT IN \
                (SELECT exchange FROM exchange_outcome)";
    assert_eq!(world.number(open).await, 0);
    assert!(world.app().log.audit_self().await.unwrap().holds());
}

#[tokio::test]
async fn after_redis_came_back_empty_a_profile_is_gone_and_a_new_fetch_asks_every_source_again() {
    let mut town = Town::start().await;
    let citizen = town.world.willing("marta").await;
    let job = text(&fetched(&citizen).await, "job");
    citizen.profile(&job).await.unwrap();
    let (sent, released) = (town.world.sent(), town.world.number(RELEASES).await);
    town.empty().await;
    assert_eq!(slug(citizen.profile(&job).await), "gone");
    assert_eq!(town.world.number(RELEASES).await, released);

    let job = text(&fetched(&citizen).await, "job");
    assert_eq!(town.world.sent(), sent + 4);
    let profile = citizen.profile(&job).await.unwrap();
    assert_eq!(profile["complete"], true);
    assert_eq!(town.world.number(RELEASES).await, released + 1);
    assert_recorded(&town.world, 8).await;
}

#[tokio::test]
async fn a_fetch_under_way_when_redis_goes_ends_recorded_and_its_answers_wait_where_it_ran() {
    let mut town = Town::start().await;
    let citizen = town.world.willing("marta").await;
    town.world.turn(WORK, late(500));
    let job = started(&citizen).await;
    town.world.until_sent(WORK, 1).await;
    town.redis.kill().await;
    let finished = "SELECT count(*) FROM job WHERE state = 'finished'";
    town.world.until(finished, 1).await;
    assert_recorded(&town.world, 4).await;
    assert_eq!(town.world.number(RELEASES).await, 0);

    town.redis.restart().await;
    let profile = citizen.profile(&job).await.unwrap();
    assert_eq!(profile["complete"], true);
    assert_eq!(town.world.number(RELEASES).await, 1);
}

/// Redis is told to come back with what it had before a withdrawal, which it never should be.
#[tokio::test]
async fn a_withdrawal_outlives_a_redis_that_comes_back_with_older_contents() {
    let mut town = Town::start().await;
    let citizen = town.world.willing("marta").await;
    let job = text(&fetched(&citizen).await, "job");
    redis::cmd("SAVE")
        .exec_async(&mut town.redis.connection().await)
        .await
        .unwrap();
    citizen.withdraw(&item(&citizen, WORK).await).await.unwrap();
    let kept = async |redis: &Redis| -> usize {
        let mut keys = redis::cmd("KEYS");
        keys.arg("gateway:group:*");
        let mut connection = redis.connection().await;
        let keys: Vec<String> = keys.query_async(&mut connection).await.unwrap();
        keys.len()
    };
    assert_eq!(kept(&town.redis).await, 0);
    town.empty().await;
    assert_eq!(kept(&town.redis).await, 1, "the answers are back");

    assert_eq!(slug(citizen.profile(&job).await), "gone");
    let asked = town.world.outside.platform.recorder.count(WORK);
    let job = fetched(&citizen).await;
    assert_eq!(source(&job, WORK), ("not_asked", None));
    assert_eq!(town.world.outside.platform.recorder.count(WORK), asked);
    let profile = citizen.own_profile(&text(&job, "job")).await.unwrap();
    assert_eq!(profile["work"]["in_work"], json!({"gap": "revoked"}));
}
