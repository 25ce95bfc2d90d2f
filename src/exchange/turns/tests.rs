use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use tokio::task::JoinSet;

use super::*;
use crate::clock::SystemEntropy;

fn source() -> SourceId {
    "AEAT".parse().unwrap()
}

fn product() -> ProductCode {
    "AEAT_IRPF/C4".parse().unwrap()
}

fn a_job() -> JobId {
    JobId::random(&SystemEntropy::default())
}

/// One replica of a fleet that shares a cache.
fn replica(cache: &Cache, at_once: u32, per_second: u32) -> Arc<Turns> {
    let limits = LimitsConfig {
        at_once,
        per_second,
    };
    let (world, tasks) = (World::real(), TaskTracker::new());
    Arc::new(Turns::new(cache.clone(), limits, 2, world, tasks))
}

async fn turn(turns: &Turns, body: &str, job: JobId) -> Turn {
    let (source, body, product) = (source(), body.parse().unwrap(), product());
    let waiting = Waiting {
        source: &source,
        body: &body,
        product: &product,
        job,
    };
    turns.turn(waiting, || {}).await
}

async fn place(turns: &Turns, job: JobId) -> Option<u32> {
    turns.place(&source(), job, &product()).await
}

/// Waits until a job has a place in the line, or none.
async fn until_placed(turns: &Turns, job: JobId, placed: bool) -> Option<u32> {
    for _ in 0..1000 {
        let place = place(turns, job).await;
        if place.is_some() == placed {
            return place;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("the line did not move");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_replicas_together_keep_to_the_limits() {
    const AT_ONCE: usize = 3;
    const PER_SECOND: u32 = 40;
    const EACH: u32 = 12;
    let cache = Cache::memory();
    let replicas = [
        replica(&cache, 3, PER_SECOND),
        replica(&cache, 3, PER_SECOND),
    ];
    let under_way = Arc::new((AtomicUsize::new(0), AtomicUsize::new(0)));
    let mut asking = JoinSet::new();
    let began = Instant::now();
    for turns in replicas {
        for _ in 0..EACH {
            let (turns, under_way) = (Arc::clone(&turns), Arc::clone(&under_way));
            asking.spawn(async move {
                let turn = turn(&turns, "ajuntament", a_job()).await;
                let started = Instant::now();
                let now = under_way.0.fetch_add(1, Ordering::SeqCst) + 1;
                under_way.1.fetch_max(now, Ordering::SeqCst);
                tokio::time::sleep(Duration::from_millis(100)).await;
                under_way.0.fetch_sub(1, Ordering::SeqCst);
                turn.end().await;
                started
            });
        }
    }
    let mut started = asking.join_all().await;
    started.sort();
    assert_eq!(under_way.1.load(Ordering::SeqCst), AT_ONCE);
    // However late a task wakes, the start it was given is no earlier than this.
    let interval = Duration::from_secs(1) / PER_SECOND;
    for (before, start) in (0..).zip(&started) {
        let earliest = interval * before;
        assert!(*start - began >= earliest, "{before}: {:?}", *start - began);
    }
}

#[tokio::test]
async fn a_body_with_one_question_is_not_behind_twenty_of_another() {
    let cache = Cache::memory();
    let (large, small) = (replica(&cache, 1, 1000), replica(&cache, 1, 1000));
    let under_way = turn(&large, "ciutat", a_job()).await;
    let mut waiting = JoinSet::new();
    let mut last = a_job();
    for _ in 0..20 {
        let (turns, job) = (Arc::clone(&large), a_job());
        last = job;
        waiting.spawn(async move { turn(&turns, "ciutat", job).await.end().await });
        until_placed(&large, job, true).await;
    }
    assert_eq!(place(&small, last).await, Some(20), "seen by any replica");

    let (turns, job) = (Arc::clone(&small), a_job());
    let mine = tokio::spawn(async move { turn(&turns, "poble", job).await });
    let ahead = until_placed(&large, job, true).await;
    assert_eq!(ahead, Some(1), "that body was not served yet");
    assert_eq!(place(&large, last).await, Some(21));
    under_way.end().await;
    mine.await.unwrap().end().await;
    waiting.join_all().await;
}

#[tokio::test]
async fn who_stops_waiting_leaves_the_line_and_who_breaks_off_gives_the_turn_back() {
    let cache = Cache::memory();
    let turns = replica(&cache, 1, 1000);
    let under_way = turn(&turns, "ajuntament", a_job()).await;
    let [first, second] = [a_job(), a_job()];
    let wait = |job| {
        let turns = Arc::clone(&turns);
        tokio::spawn(async move { turn(&turns, "ajuntament", job).await })
    };
    let gives_up = wait(first);
    until_placed(&turns, first, true).await;
    let next = wait(second);
    assert_eq!(until_placed(&turns, second, true).await, Some(2));

    gives_up.abort();
    until_placed(&turns, first, false).await;
    assert_eq!(place(&turns, second).await, Some(1));
    drop(under_way);
    next.await.unwrap().end().await;
}

#[tokio::test]
async fn a_move_in_the_line_is_told() {
    let cache = Cache::memory();
    let turns = replica(&cache, 1, 1000);
    let first = turn(&turns, "ajuntament", a_job()).await;
    let moved = Arc::new(AtomicUsize::new(0));
    let (line, told, job) = (Arc::clone(&turns), Arc::clone(&moved), a_job());
    let next = tokio::spawn(async move {
        let (source, body, product) = (source(), "ajuntament".parse().unwrap(), product());
        let waiting = Waiting {
            source: &source,
            body: &body,
            product: &product,
            job,
        };
        let count = || {
            told.fetch_add(1, Ordering::SeqCst);
        };
        line.turn(waiting, count).await
    });
    until_placed(&turns, job, true).await;
    first.end().await;
    next.await.unwrap().end().await;
    assert_eq!(moved.load(Ordering::SeqCst), 1, "to the front, once");
}

#[tokio::test]
async fn a_turn_that_is_lost_does_not_come_back_by_being_looked_after() {
    let cache = Cache::memory();
    let turns = replica(&cache, 1, 1000);
    let job = a_job();
    let lost = turn(&turns, "ajuntament", job).await;
    // As when the cache restarts.
    let ticket = ticket(job, &product());
    cache.end_turn("AEAT", &ticket).await.unwrap();
    let other = turn(&turns, "ajuntament", a_job()).await;
    lost.end().await;
    // The other's turn is untouched: nobody else gets one.
    let third = tokio::time::timeout(
        Duration::from_millis(100),
        turn(&turns, "ajuntament", a_job()),
    );
    assert!(third.await.is_err());
    other.end().await;
}
