//! The database fails, or is slow to say so, in the middle of a fetch.

use std::time::Duration;

use serde_json::json;
use simulator::folder::Decision;
use simulator::pci::Knobs;

use super::{Fleet, SOURCES, until};
use crate::crash::town::{PURPOSE, begin_fetch, fetch};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fetch_whose_end_could_not_be_recorded_ends_once_the_database_is_back() {
    let mut fleet = Fleet::found().await;
    let replica = fleet.start().await;
    let marta = fleet.willing(&replica).await;
    fleet.town.world.platform.controls.everywhere(Knobs {
        latency_ms: 1_000,
        ..Knobs::default()
    });
    let job = begin_fetch(&marta).await;
    until("all are asked", async || fleet.town.sent() == SOURCES).await;
    fleet.postgres.kill().await;
    // The answers come meanwhile, and nothing about them can be written.
    until("it cannot be recorded", async || {
        replica.has_said("the end of a fetch was not recorded yet")
    })
    .await;
    fleet.postgres.restart().await;
    // By the very same process, while it lives.
    until("the job has ended", async || {
        let jobs = "SELECT count(*)::text FROM job WHERE state = 'finished'";
        fleet.number(jobs).await == 1
    })
    .await;
    let books = fleet.books().await;
    books.assert_closed();
    assert_eq!(books.with_result("abandoned").len(), SOURCES);
    let ended = marta.job(&job).await.unwrap();
    assert_eq!(ended["state"], "finished");

    fetch(&marta).await;
    replica.stop().await;
    fleet.assert_straight().await;
}

/// The commit happens, and another replica can see it; its confirmation takes three seconds.
const SLOW: &str = "
    CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN PERFORM pg_sleep(3); RETURN NULL; END $$;
    CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON exchange_intent
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION dawdle();";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_intent_whose_commit_takes_longer_than_its_proof_lives_asks_nobody() {
    let fleet = Fleet::found().await;
    let replica = fleet.start().await;
    let marta = fleet.marta(&replica).await;
    let notice = marta.notice_served(PURPOSE, "ca").await.unwrap();
    let served = notice["served"].as_str().unwrap();
    let one = [("DGP_IDENTITAT/IDENTITAT_DADES", Decision::Grant)];
    marta.decide(served, &one).await.unwrap();
    fleet.postgres.sql("database", SLOW).await;
    let job = begin_fetch(&marta).await;
    until("the job has ended", async || {
        marta.job(&job).await.unwrap()["state"] == "finished"
    })
    .await;
    assert_eq!(fleet.town.sent(), 0, "the proof was older than two seconds");
    let books = fleet.books().await;
    assert!(!books.intents.is_empty());
    assert_eq!(books.with_result("error").len(), books.intents.len());
    replica.stop().await;
    fleet.assert_straight().await;
}

/// Recording a job takes three seconds.
const SLOW_JOB: &str = "
    CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN PERFORM pg_sleep(3); RETURN NULL; END $$;
    CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON job
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION dawdle();";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_who_leaves_while_their_fetch_is_being_recorded_leaves_none_that_never_ends() {
    let fleet = Fleet::found().await;
    let replica = fleet.start().await;
    let marta = fleet.willing(&replica).await;
    fleet.postgres.sql("database", SLOW_JOB).await;
    let body = json!({"purpose": PURPOSE});
    let request = marta.request(http::Method::POST, "/v1/me/profile-jobs");
    let request = request.body(&body).timeout(Duration::from_secs(1));
    assert!(request.send().await.is_err(), "the caller is gone by then");
    until("the job has ended", async || {
        let jobs = "SELECT count(*)::text FROM job WHERE state = 'finished'";
        fleet.number(jobs).await == 1
    })
    .await;
    assert_eq!(fleet.town.sent(), SOURCES, "it was asked for, and runs");
    replica.stop().await;
    fleet.assert_straight().await;
}
