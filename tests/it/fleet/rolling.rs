//! One replica after the other is restarted while people work.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use simulator::ambient::{http_client, send};
use simulator::folder::CitizenApi;
use simulator::pci::Knobs;

use super::balancer::Balancer;
use super::{Fleet, SOURCES, until};
use crate::crash::town::{PURPOSE, fetch, grant_all};

/// Their fetches ask four sources each, and all of them have answers.
const PEOPLE: [&str; 4] = ["marta", "joan", "marta", "joan"];

/// What one citizen did.
#[derive(Debug, Default)]
struct Done {
    fetches: usize,
    reads: usize,
}

/// Fetches and reads until told to stop. Every request succeeds, every answer is right.
async fn live(citizen: CitizenApi, over: Arc<AtomicBool>) -> Done {
    let mut done = Done::default();
    while !over.load(Ordering::SeqCst) {
        let job = fetch(&citizen).await;
        done.fetches += 1;
        let view = citizen.job(&job).await.unwrap();
        assert_eq!(view["state"], "finished");
        let sources = view["sources"].as_array().unwrap();
        let received = sources.iter().filter(|one| one["state"] == "received");
        assert_eq!(received.count(), SOURCES, "{view}");
        let items = citizen.consents(PURPOSE).await.unwrap();
        assert!(items.iter().all(|item| item["state"] == "granted"));
        let path = format!("/v1/me/profile-jobs/{job}/events");
        let events = citizen.get(&path).await.unwrap();
        assert!(events.succeeded().unwrap().text().contains("finished"));
        done.reads += 3;
    }
    done
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rolling_restart_fails_no_request_and_interrupts_no_fetch() {
    let fleet = Fleet::found().await;
    let late = Knobs {
        latency_ms: 200,
        ..Knobs::default()
    };
    fleet.town.world.platform.controls.everywhere(late);
    let balancer = Balancer::start().await;
    let mut replicas = Vec::new();
    for _ in 0..2 {
        let replica = fleet.start().await;
        balancer.add(&replica.socket());
        until("it is ready", async || balancer.is_ready(&replica.socket())).await;
        replicas.push(replica);
    }

    let over = Arc::new(AtomicBool::new(false));
    let mut lives = Vec::new();
    for (number, person) in PEOPLE.into_iter().enumerate() {
        // Half of them keep their connections, half take a new one for every request.
        let http = reqwest::Client::builder().pool_max_idle_per_host(number % 2);
        let folder = fleet
            .town
            .folder_through(http.build().unwrap(), &balancer.socket);
        let citizen = fleet.town.sign_in(&folder, person).await;
        if number < 2 {
            grant_all(&citizen).await;
        }
        lives.push(tokio::spawn(live(citizen, Arc::clone(&over))));
    }
    for _ in 0..2 {
        tokio::time::sleep(Duration::from_millis(500)).await;
        fleet.forget_answers().await;
        let old = replicas.remove(0);
        let socket = old.socket();
        old.stop().await;
        balancer.remove(&socket);
        let new = fleet.start().await;
        balancer.add(&new.socket());
        until("it is ready", async || {
            fleet.forget_answers().await;
            balancer.is_ready(&new.socket())
        })
        .await;
        replicas.push(new);
    }
    over.store(true, Ordering::SeqCst);
    let mut fetches = 0;
    for life in lives {
        let done = life.await.unwrap();
        assert!(done.fetches > 2, "{done:?}");
        fetches += done.fetches;
    }

    for replica in replicas {
        replica.stop().await;
    }
    let books = fleet.books().await;
    assert_eq!(books.jobs.len(), fetches);
    assert!(books.jobs.values().all(|state| state == "finished"));
    // The others rest on answers of a fetch a moment before.
    let asked =
        "SELECT count(*)::text FROM job_source WHERE state = 'received' AND detail <> 'kept'";
    let asked = usize::try_from(fleet.number(asked).await).unwrap();
    assert!(asked > 4 * SOURCES, "{asked}");
    assert_eq!(books.intents.len(), asked);
    assert_eq!(books.with_result("ok").len(), asked);
    assert_eq!(fleet.interruptions().await, 0);
    let owners = "SELECT count(DISTINCT owner)::text FROM job";
    assert!(fleet.number(owners).await >= 3, "most replicas had fetches");
    let held = "SELECT count(*)::text FROM lease WHERE until > 0 AND name <> 'sequencer'";
    assert_eq!(fleet.number(held).await, 0, "all leases were given back");
    fleet.assert_straight().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_without_its_database_is_not_ready_and_one_without_its_cache_is() {
    let mut fleet = Fleet::found().await;
    let replica = fleet.start().await;
    let http = http_client().unwrap();
    let ask = async |path: &str| {
        let answer = send(http.get(format!("http://{}{path}", replica.socket())));
        let answer = answer.await.unwrap();
        let status = answer.status().as_u16();
        (status, answer.json::<Value>().await.unwrap())
    };
    let ready = (200, json!({"status": "ok"}));
    assert_eq!(ask("/health/ready").await, ready);
    fleet.redis.kill().await;
    let without = json!({"status": "ok", "without": ["cache"]});
    assert_eq!(ask("/health/ready").await, (200, without));

    fleet.postgres.kill().await;
    let (status, problem) = ask("/health/ready").await;
    assert_eq!(status, 503);
    assert_eq!(problem["not_ready"][0], "database", "{problem}");
    assert!(!problem.to_string().contains("postgres"), "{problem}");
    assert_eq!(ask("/health/live").await.0, 200);
    fleet.postgres.restart().await;
    fleet.redis.restart().await;
    until("it is ready again", async || {
        ask("/health/ready").await == ready
    })
    .await;
}
