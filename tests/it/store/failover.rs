//! What a fail-over to a standby that was behind loses, and what the gateway says to it.

use interop_gateway::clock;
use interop_gateway::gateway::Gateway;
use interop_gateway::store::Location;
use toml::Table;

use crate::gateway::{Setup, World, fetched, text};
use crate::servers::{Cut, Postgres, Redis};

/// What is counted before and after.
const KEPT: [&str; 4] = [
    "consent_event",
    "exchange_outcome",
    "release",
    "log_sequence",
];

async fn counted(server: &Postgres) -> Vec<i64> {
    let mut counts = Vec::new();
    for table in KEPT {
        let count = format!("SELECT count(*) FROM {table}");
        counts.push(server.sql("gateway", &count).await[0].parse().unwrap());
    }
    counts
}

/// A citizen who agrees, fetches and takes the profile home.
async fn live(world: &World, person: &str) {
    let citizen = world.willing(person).await;
    let job = fetched(&citizen).await;
    citizen.profile(&text(&job, "job")).await.unwrap();
    world.until("SELECT count(*) FROM log_staged", 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_does_not_start_on_a_standby_that_lacks_published_entries() {
    let mut primary = Postgres::start().await;
    for name in ["gateway", "keyring"] {
        primary
            .sql("postgres", &format!("CREATE DATABASE {name}"))
            .await;
    }
    let mut network = Cut::before(primary.port());
    let mut standby = primary.standby_through(&network).await;
    let places = ["database", "keyring"]
        .into_iter()
        .zip(["gateway", "keyring"]);
    let places = places.map(|(key, name)| (key.to_owned(), primary.url(name).into()));
    let store: Table = places.collect();
    let cache = Redis::start().await;
    let lost = Table::from_iter([("redis".to_owned(), cache.url().into())]);
    let mut world = World::with(Setup {
        over: Table::from_iter([
            ("store".to_owned(), store.into()),
            ("cache".to_owned(), lost.into()),
        ]),
        ..Setup::default()
    })
    .await;
    let said = world.app().db.durability().await.unwrap().remarks();
    assert!(
        said[0]
            .text
            .ends_with("standbys: walreceiver (streaming, async)"),
        "{said:?}"
    );

    live(&world, "marta").await;
    standby.catch_up_with(&primary).await;
    let before = counted(&primary).await;
    network.cut().await;
    live(&world, "joan").await;
    world.stop().await;
    let answered = counted(&primary).await;
    primary.kill().await;
    standby.promote().await;

    let found = counted(&standby).await;
    assert_eq!(
        found, before,
        "{KEPT:?}, of which {answered:?} were answered"
    );
    assert!(
        found
            .iter()
            .zip(&answered)
            .all(|(found, answered)| found < answered)
    );
    let mut config = world.config.clone();
    config.store.database = Location::Server(standby.url("gateway").parse().unwrap());
    config.store.keyring = Location::Server(standby.url("keyring").parse().unwrap());
    let refused = Gateway::look(&config, clock::World::real())
        .await
        .unwrap_err();
    assert_eq!(
        refused.0,
        [format!(
            "log  the log has {} entries but {} were published: an older copy was restored, or a \
             fail-over lost the newest (docs/operating.md, Fail-over)",
            found[3], answered[3]
        )]
    );

    // The old primary still has them all.
    primary.restart().await;
    Gateway::look(&world.config, clock::World::real())
        .await
        .unwrap();
}
