//! A replica is lost, or away for so long that the others take it for lost.

use std::time::{Duration, Instant};

use serde_json::json;

use simulator::pci::Knobs;

use super::{Fleet, SOURCES, until, watched};
use crate::crash::town::{begin_fetch, fetch};

/// A lease of ten seconds, a sweep every two, and what a busy machine adds.
const SOON: Duration = Duration::from_secs(25);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_fetch_of_a_killed_replica_ends_interrupted_on_the_others_within_seconds() {
    let fleet = Fleet::found().await;
    let (one, two) = (fleet.start().await, fleet.start().await);
    let three = fleet.start().await;
    let marta = fleet.willing(&one).await;
    fleet.silence();
    let job = begin_fetch(&marta).await;
    until("all are asked", async || fleet.town.sent() == SOURCES).await;
    one.kill().await;

    let began = Instant::now();
    let marta = fleet.marta(&two).await;
    let states = watched(&marta, &job).await;
    assert_eq!(states.first().unwrap()["state"], "running");
    assert_eq!(states.last().unwrap()["state"], "interrupted");
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    let books = fleet.books().await;
    assert_eq!(books.with_result("abandoned").len(), SOURCES);
    assert_eq!(fleet.interruptions().await, 1);

    // People fetch again, at once.
    fleet.town.world.platform.controls.reset();
    fetch(&marta).await;
    fetch(&fleet.marta(&three).await).await;
    for replica in [two, three] {
        replica.stop().await;
    }
    assert_eq!(fleet.interruptions().await, 1);
    fleet.assert_straight().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_that_comes_back_from_a_long_pause_finds_its_fetch_ended_and_goes_on() {
    let fleet = Fleet::found().await;
    let (one, two) = (fleet.start().await, fleet.start().await);
    let marta = fleet.willing(&one).await;
    // The answers come while nobody is there to read them.
    fleet.town.world.platform.controls.everywhere(Knobs {
        latency_ms: 5_000,
        ..Knobs::default()
    });
    let job = begin_fetch(&marta).await;
    until("all are asked", async || fleet.town.sent() == SOURCES).await;
    one.signal("STOP").await;
    let states = watched(&fleet.marta(&two).await, &job).await;
    assert_eq!(states.last().unwrap()["state"], "interrupted");

    // It reads them now, late, and may not use them.
    fleet.town.world.platform.controls.reset();
    one.signal("CONT").await;
    // Its next fetch is its own again.
    let again = fetch(&marta).await;
    assert_eq!(marta.job(&again).await.unwrap()["state"], "finished");
    let ended = marta.job(&job).await.unwrap();
    assert_eq!(ended["state"], "interrupted");
    assert_eq!(ended.get("profile"), None);
    let gone = marta.profile(&job).await.unwrap_err();
    assert_eq!(gone.slug(), Some("gone"));
    for replica in [one, two] {
        replica.stop().await;
    }
    assert_eq!(fleet.interruptions().await, 1);
    let books = fleet.books().await;
    assert_eq!(books.with_result("abandoned").len(), SOURCES);
    assert_eq!(books.jobs[&again], "finished");
    fleet.assert_straight().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_that_starts_leaves_the_fetches_of_the_others_alone() {
    let fleet = Fleet::found().await;
    let one = fleet.start().await;
    let marta = fleet.willing(&one).await;
    fleet.silence();
    let job = begin_fetch(&marta).await;
    until("all are asked", async || fleet.town.sent() == SOURCES).await;
    let two = fleet.start().await;
    let seen = fleet.marta(&two).await.job(&job).await.unwrap();
    assert_eq!(seen["state"], json!("running"));
    let books = fleet.books().await;
    assert_eq!(books.open().len(), SOURCES);
    assert!(!two.has_said("left open"));
}
