//! What the user at the server may do, and what is found there.

use interop_gateway::store::cache::{Cache, CacheError, Rate, Turn, TurnLimit};
use secrecy::SecretString;

use super::{at, cache, settings};
use crate::servers::Redis;

/// As `docs/configure.md` tells operators.
const RIGHTS: &str = "~gateway:* +@read +@write +@connection +evalsha +script|load +info";
const RATE: Rate = Rate {
    burst: 2,
    per_minute: 60,
};
const LIMIT: TurnLimit = TurnLimit {
    at_once: 1,
    per_minute: 60,
};

/// Everything a gateway does.
async fn do_everything(cache: &Cache) -> Result<(), CacheError> {
    cache.ping().await?;
    cache.born(at(0)).await?;
    cache.put("group", "field", b"value", at(60), at(0)).await?;
    cache.get("group", "field", at(0)).await?;
    cache.first_use("identifier", at(0), at(60), at(0)).await?;
    cache.allow("key", RATE, at(0)).await?;
    cache.queue("lane", "body", "one", at(0)).await?;
    cache.queue("lane", "body", "two", at(0)).await?;
    cache.try_turn("lane", "one", LIMIT, at(0)).await?;
    cache.keep_turn("lane", "one", at(0)).await?;
    cache.place("lane", "two").await?;
    Ok(())
}

async fn drop_everything(cache: &Cache) -> Result<(), CacheError> {
    cache.end_turn("lane", "one").await?;
    cache.end_turn("lane", "two").await?;
    cache.drop_field("group", "field").await?;
    cache.drop_group("group").await
}

#[tokio::test]
async fn the_rights_of_the_guide_are_enough() {
    let guide = include_str!("../../../docs/configure.md");
    assert!(guide.contains(&format!("`{RIGHTS}`")));
    let server = Redis::start().await;
    let mut admin = server.connection().await;
    let mut command = redis::cmd("ACL");
    command.arg(&["SETUSER", "gateway", "on", ">s3cret-of-the-cache"]);
    command.arg(RIGHTS.split(' ').collect::<Vec<_>>());
    command.exec_async(&mut admin).await.unwrap();
    let mut settings = settings(&server.url());
    settings.user = Some("gateway".to_owned());
    settings.password = Some(SecretString::from("s3cret-of-the-cache"));
    let cache = Cache::redis(&settings).await.unwrap();
    do_everything(&cache).await.unwrap();
    drop_everything(&cache).await.unwrap();
}

#[tokio::test]
async fn a_wrong_password_is_an_error_that_does_not_show_it() {
    let server = Redis::start().await;
    let mut ask = redis::cmd("CONFIG");
    ask.arg(&["SET", "requirepass", "right"]);
    ask.exec_async(&mut server.connection().await)
        .await
        .unwrap();
    let mut settings = settings(&server.url());
    assert!(Cache::redis(&settings).await.is_err(), "none at all");
    settings.password = Some(SecretString::from("wr0ng"));
    assert!(!format!("{settings:?}").contains("wr0ng"));
    let error = Cache::redis(&settings).await.unwrap_err();
    let shown = format!("{error} {error:?} {:?}", std::error::Error::source(&error));
    assert!(!shown.contains("wr0ng"), "{shown}");
    settings.password = Some(SecretString::from("right"));
    let cache = Cache::redis(&settings).await.unwrap();
    assert!(!format!("{cache:?}").contains("right"));
}

/// Everything at the server is ours by its name, and goes by itself; only the birth stays.
#[tokio::test]
async fn every_key_has_the_prefix_and_a_time_to_live() {
    let server = Redis::start().await;
    let cache = cache(&server.url()).await;
    do_everything(&cache).await.unwrap();
    let mut admin = server.connection().await;
    let mut keys: Vec<String> = redis::cmd("KEYS")
        .arg("*")
        .query_async(&mut admin)
        .await
        .unwrap();
    keys.sort();
    assert!(keys.len() > 8, "{keys:?}");
    let mut staying = Vec::new();
    for key in keys {
        assert!(key.starts_with("gateway:"), "{key}");
        let left: i64 = redis::cmd("TTL")
            .arg(&key)
            .query_async(&mut admin)
            .await
            .unwrap();
        if left < 0 {
            staying.push(key);
        }
    }
    assert_eq!(staying, ["gateway:born"]);
}

/// The group goes with the longest-lived of its values, not with the last one put.
#[tokio::test]
async fn a_short_lived_value_does_not_shorten_the_life_of_its_group() {
    let server = Redis::start().await;
    let cache = cache(&server.url()).await;
    cache
        .put("group", "long", b"1", at(3600), at(0))
        .await
        .unwrap();
    cache
        .put("group", "short", b"2", at(10), at(0))
        .await
        .unwrap();
    let mut ttl = redis::cmd("TTL");
    ttl.arg("gateway:group:group");
    let left: i64 = ttl
        .query_async(&mut server.connection().await)
        .await
        .unwrap();
    assert!((3600..=3660).contains(&left), "{left}");
}

/// Only an hour of idleness or somebody's hand takes a line away.
#[tokio::test]
async fn a_ticket_whose_line_is_gone_queues_again() {
    let server = Redis::start().await;
    let cache = cache(&server.url()).await;
    let attempt = async || cache.try_turn("lane", "one", LIMIT, at(0)).await.unwrap();
    cache.queue("lane", "body", "one", at(0)).await.unwrap();
    let mut hand = redis::cmd("DEL");
    hand.arg("gateway:lane:{lane}:line:body");
    hand.exec_async(&mut server.connection().await)
        .await
        .unwrap();
    assert_eq!(attempt().await, Turn::Forgotten);
    cache.queue("lane", "body", "one", at(0)).await.unwrap();
    assert_eq!(attempt().await, Turn::Go);
}
