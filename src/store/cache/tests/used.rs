//! Identifiers used once.

use futures_util::future::join_all;

use super::{at, cache};
use crate::store::cache::FirstUse;

#[tokio::test]
async fn an_identifier_is_used_once_until_it_is_forgotten() {
    let cache = cache().await;
    cache.born(at(0)).await.unwrap();
    let used = async |identifier, now| {
        let answer = cache
            .first_use(identifier, at(now), at(60_000), at(now))
            .await;
        answer.unwrap()
    };
    assert_eq!(used("a", 0).await, FirstUse::First);
    assert_eq!(used("a", 1).await, FirstUse::Again);
    assert_eq!(used("b", 1).await, FirstUse::First);
    assert_eq!(used("a", 59_999).await, FirstUse::Again);
    assert_eq!(used("a", 60_000).await, FirstUse::First);
}

#[tokio::test]
async fn of_many_at_once_exactly_one_is_first() {
    let cache = cache().await;
    let uses = (0..50).map(|_| cache.first_use("a", at(0), at(60_000), at(0)));
    let first = join_all(uses).await.into_iter();
    let first = first.filter(|used| matches!(used, Ok(FirstUse::First)));
    assert_eq!(first.count(), 1);
}

#[tokio::test]
async fn what_was_made_before_the_cache_remembered_is_too_old() {
    let cache = cache().await;
    assert_eq!(cache.born(at(5_500)).await.unwrap(), at(5_500));
    let used = async |identifier, made| {
        let answer = cache
            .first_use(identifier, at(made), at(60_000), at(6_000))
            .await;
        answer.unwrap()
    };
    assert_eq!(used("before", 5_499).await, FirstUse::TooOld);
    assert_eq!(used("at birth", 5_500).await, FirstUse::First);
    assert_eq!(used("after", 6_000).await, FirstUse::First);
}

/// Proofs tell whole seconds, so one made just after the birth looks as if made before.
/// It is refused: the other way round, one used before a restart would pass.
#[tokio::test]
async fn a_proof_of_the_second_of_the_birth_is_too_old() {
    let cache = cache().await;
    cache.born(at(5_500)).await.unwrap();
    let used = cache.first_use("a", at(5_000), at(60_000), at(5_900)).await;
    assert_eq!(used.unwrap(), FirstUse::TooOld);
}

#[tokio::test]
async fn a_cache_is_born_once() {
    let cache = cache().await;
    cache.born(at(0)).await.unwrap();
    assert_eq!(cache.born(at(5_000)).await.unwrap(), at(0));
}

#[tokio::test]
async fn without_a_birth_the_first_use_is_it() {
    let cache = cache().await;
    let used = cache.first_use("a", at(999), at(60_000), at(1000)).await;
    assert_eq!(used.unwrap(), FirstUse::TooOld);
    assert_eq!(cache.born(at(5_000)).await.unwrap(), at(1000));
}
