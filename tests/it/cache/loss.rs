//! What happens when the server is lost, and after.

use std::time::{Duration, Instant};

use interop_gateway::store::cache::{Cache, CacheError, FirstUse, Turn, TurnLimit};

use super::{at, cache, settings, until};
use crate::servers::Redis;

async fn used(cache: &Cache, identifier: &str, made: i64, now: i64) -> FirstUse {
    let used = cache
        .first_use(identifier, at(made), at(1000), at(now))
        .await;
    used.unwrap()
}

/// The error of an operation, which comes soon enough.
async fn fails_soon(cache: &Cache) {
    let start = Instant::now();
    let answer = cache.get("group", "field", at(0)).await;
    assert!(
        matches!(answer, Err(CacheError::Unavailable(_))),
        "{answer:?}"
    );
    assert!(
        start.elapsed() < Duration::from_millis(2500),
        "{:?}",
        start.elapsed()
    );
}

#[tokio::test]
async fn a_lost_server_is_an_error_within_two_seconds_and_its_return_is_noticed() {
    let mut server = Redis::start().await;
    let cache = cache(&server.url()).await;
    cache
        .put("group", "field", b"value", at(60), at(0))
        .await
        .unwrap();
    server.kill().await;
    for _ in 0..3 {
        fails_soon(&cache).await;
    }
    server.restart().await;
    assert_eq!(
        cache.get("group", "field", at(0)).await.unwrap(),
        None,
        "it kept nothing"
    );
    cache
        .put("group", "field", b"value", at(60), at(0))
        .await
        .unwrap();
}

/// Its scripts and the connection are gone, but nobody asked in between.
#[tokio::test]
async fn a_restart_nobody_noticed_costs_no_answer() {
    let mut server = Redis::start().await;
    let cache = cache(&server.url()).await;
    let limit = TurnLimit {
        at_once: 1,
        per_minute: 60,
    };
    cache.queue("lane", "body", "ticket", at(0)).await.unwrap();
    server.kill().await;
    server.restart().await;
    let turn = cache
        .try_turn("lane", "ticket", limit, at(0))
        .await
        .unwrap();
    assert_eq!(turn, Turn::Forgotten);
    cache.queue("lane", "body", "ticket", at(0)).await.unwrap();
    let turn = cache
        .try_turn("lane", "ticket", limit, at(0))
        .await
        .unwrap();
    assert_eq!(turn, Turn::Go);
}

#[tokio::test]
async fn a_silent_server_is_an_error_within_two_seconds_for_everybody_at_once() {
    let server = Redis::start().await;
    let cache = cache(&server.url()).await;
    server.pause();
    let start = Instant::now();
    futures_util::future::join_all((0..20).map(|_| fails_soon(&cache))).await;
    fails_soon(&cache).await;
    assert!(
        start.elapsed() < Duration::from_secs(5),
        "{:?}",
        start.elapsed()
    );
    server.resume();
    until(async || cache.ping().await.is_ok()).await;
}

#[tokio::test]
async fn a_server_that_is_not_there_at_the_start_is_an_error() {
    let mut server = Redis::start().await;
    server.kill().await;
    let answer = Cache::redis(&settings(&server.url())).await;
    assert!(
        matches!(answer, Err(CacheError::Unavailable(_))),
        "{answer:?}"
    );
}

/// The server comes back with what it had saved, which is not the last it was told.
#[tokio::test]
async fn after_a_restart_what_was_used_before_it_is_not_used_again() {
    let mut server = Redis::start().await;
    let cache = cache(&server.url()).await;
    cache.born(at(0)).await.unwrap();
    redis::cmd("SAVE")
        .exec_async(&mut server.connection().await)
        .await
        .unwrap();
    assert_eq!(used(&cache, "a", 10, 10).await, FirstUse::First);
    server.kill().await;
    server.restart().await;
    assert_eq!(used(&cache, "a", 10, 20).await, FirstUse::TooOld);
    assert_eq!(used(&cache, "unused", 19, 20).await, FirstUse::TooOld);
    assert_eq!(used(&cache, "b", 21, 21).await, FirstUse::First);
    assert_eq!(used(&cache, "b", 21, 22).await, FirstUse::Again);
}

#[tokio::test]
async fn after_a_flush_what_was_used_before_it_is_not_used_again() {
    let server = Redis::start().await;
    let cache = cache(&server.url()).await;
    cache.born(at(0)).await.unwrap();
    assert_eq!(used(&cache, "a", 10, 10).await, FirstUse::First);
    redis::cmd("FLUSHALL")
        .exec_async(&mut server.connection().await)
        .await
        .unwrap();
    assert_eq!(used(&cache, "a", 10, 20).await, FirstUse::TooOld);
}

#[tokio::test]
async fn replicas_share_what_they_keep_and_one_birth() {
    let server = Redis::start().await;
    let (one, two) = (cache(&server.url()).await, cache(&server.url()).await);
    assert_eq!(one.born(at(5)).await.unwrap(), at(5));
    assert_eq!(two.born(at(9)).await.unwrap(), at(5));
    one.put("group", "field", b"value", at(60), at(9))
        .await
        .unwrap();
    assert_eq!(
        two.get("group", "field", at(9)).await.unwrap().unwrap(),
        b"value"
    );
    assert_eq!(used(&one, "a", 10, 10).await, FirstUse::First);
    assert_eq!(used(&two, "a", 10, 10).await, FirstUse::Again);
    assert!(one.is_shared());
}
