//! The database, which nothing can be done without.

use super::*;

#[tokio::test]
async fn while_postgresql_is_gone_everybody_is_refused_and_after_it_they_go_on_where_they_were() {
    let redis = Redis::start().await;
    let mut postgres = Postgres::start().await;
    let mut setup = Setup::default();
    let store = databases(&postgres).await;
    setup.over.insert("store".to_owned(), store.into());
    setup
        .over
        .insert("cache".to_owned(), at(&redis.url()).into());
    let world = World::with(setup).await;
    let citizen = world.willing("marta").await;
    let job = text(&fetched(&citizen).await, "job");
    let mut browser = Browser::new().unwrap();
    log_in(&world, &mut browser, "/notice").await;
    let (stored, sent) = (world.stored().await, world.sent());

    postgres.kill().await;
    let body = json!({"purpose": PURPOSE});
    let refused = citizen.post("/v1/me/profile-jobs", &body).await.unwrap();
    assert_eq!(refused.status, 503);
    let refused = world.folder.citizen(world.person("marta")).await;
    assert_eq!(slug(refused), "temporarily_unavailable");
    let exchanges = format!("{}/exchanges", world.url);
    let page = browser.open(&exchanges).await.unwrap();
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(page.header("retry-after"), Some("30"));

    postgres.restart().await;
    patiently(async || browser.open(&exchanges).await.unwrap().status == 200).await;
    citizen.profile(&job).await.unwrap();
    let released = 1;
    assert_eq!(world.stored().await, stored + released);
    assert_eq!(world.sent(), sent);
    assert!(world.app().log.audit_self().await.unwrap().holds());
}
