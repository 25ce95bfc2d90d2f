//! What runs on one replica can be waited for, watched and read on another.

use std::time::{Duration, Instant};

use interop_gateway::clock::World;
use interop_gateway::config::Config;
use interop_gateway::exchange::view::JobState;
use interop_gateway::gateway::Gateway;
use simulator::pci::Knobs;

use super::{Fleet, watched};
use crate::crash::town::begin_fetch;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fetch_is_waited_for_and_watched_on_a_replica_that_does_not_run_it() {
    let fleet = Fleet::found().await;
    let late = |latency_ms| Knobs {
        latency_ms,
        ..Knobs::default()
    };
    let controls = &fleet.town.world.platform.controls;
    controls.product("AEAT_IRPF/C4", late(1_500));
    controls.product("PADRO/NUMERO_CONVIVENTS", late(700));
    let (one, two) = (fleet.start().await, fleet.start().await);
    let marta = fleet.willing(&one).await;
    let elsewhere = fleet.marta(&two).await;
    let config = Config::load(&fleet.town.config(), &[]).unwrap();
    let third = Gateway::look(&config, World::real()).await.unwrap();

    let job = begin_fetch(&marta).await;
    let subject = "SELECT subject FROM job";
    let subject = fleet.postgres.sql("database", subject).await[0]
        .parse()
        .unwrap();
    let exchange = third.app().exchange.clone();
    let id = job.parse().unwrap();
    let waiting = async {
        let soon = exchange.wait(subject, id, Duration::from_millis(100));
        let soon = soon.await.unwrap().unwrap();
        assert_eq!(soon.state, JobState::Running);
        let began = Instant::now();
        let end = exchange.wait(subject, id, Duration::from_secs(30));
        let end = end.await.unwrap().unwrap();
        assert_eq!(end.state, JobState::Finished);
        began.elapsed()
    };
    let (states, waited) = tokio::join!(watched(&elsewhere, &job), waiting);
    assert!(waited < Duration::from_secs(15), "not until time was up");
    assert_eq!(states.first().unwrap()["state"], "running");
    assert_eq!(states.last().unwrap()["state"], "finished");
    // The register's answer was seen before the slowest one, and nothing was told twice.
    assert!(states.len() > 2, "{states:?}");
    assert!(states.windows(2).all(|pair| pair[0] != pair[1]));
}
