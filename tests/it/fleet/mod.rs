//! Several replicas over one PostgreSQL: what one begins, all show; what one leaves, another ends; and
//! one after the other can be restarted without anybody noticing.

mod balancer;
mod lost;
mod rolling;
mod shared;

use std::time::{Duration, Instant};

use interop_gateway::store::{Db, Location, Schema};
use serde_json::Value;
use simulator::folder::CitizenApi;
use simulator::pci::{Knobs, Transport};

use crate::crash::books::Books;
use crate::crash::town::{Process, Town, grant_all};
use crate::servers::Postgres;

/// Sources a fetch asks at first.
const SOURCES: usize = 4;

/// A town whose gateways share a database server of their own.
struct Fleet {
    town: Town,
    postgres: Postgres,
}

impl Fleet {
    async fn found() -> Self {
        let postgres = Postgres::start().await;
        for database in ["gateway", "keyring"] {
            let create = format!("CREATE DATABASE {database}");
            postgres.sql("postgres", &create).await;
        }
        let mut town = Town::on_files().await;
        let settings = [
            ("STORE__DATABASE", postgres.url("gateway")),
            ("STORE__KEYRING", postgres.url("keyring")),
            ("LIMITS__AT_ONCE", "100".to_owned()),
            ("LIMITS__PER_SECOND", "1000".to_owned()),
            ("HTTP__STOP_AFTER_S", "2".to_owned()),
        ];
        town.settings = settings
            .map(|(key, value)| (format!("GATEWAY__{key}"), value))
            .into();
        let made = town.command(&["keys", "init"]).await;
        assert!(made.status.success(), "{made:?}");
        Self { town, postgres }
    }

    async fn start(&self) -> Process {
        self.town.start().await
    }

    /// Marta as this replica's citizen, who said yes to everything.
    async fn willing(&self, replica: &Process) -> CitizenApi {
        let marta = self.marta(replica).await;
        grant_all(&marta).await;
        marta
    }

    async fn marta(&self, replica: &Process) -> CitizenApi {
        self.town.sign_in(&replica.folder, "marta").await
    }

    async fn books(&self) -> Books {
        let server = self.postgres.url("gateway").parse().unwrap();
        let db = Db::open(&Location::Server(server), Schema::Gateway)
            .await
            .unwrap();
        let books = Books::read(&db).await;
        db.close().await;
        books
    }

    /// One number from the database.
    async fn number(&self, sql: &str) -> i64 {
        self.postgres.sql("gateway", sql).await[0].parse().unwrap()
    }

    /// How often the log says that a fetch was interrupted.
    async fn interruptions(&self) -> i64 {
        let sql = "SELECT count(*)::text FROM log_entry WHERE kind = 'job-interrupted'";
        self.number(sql).await
    }

    /// The platform takes requests and never answers.
    fn silence(&self) {
        self.town.world.platform.controls.everywhere(Knobs {
            transport: Some(Transport::Hang),
            ..Knobs::default()
        });
    }

    /// The books are straight and the log is valid.
    async fn assert_straight(&self) {
        self.books().await.assert_closed();
        let checked = self.town.command(&["log", "verify"]).await;
        assert!(checked.status.success(), "{checked:?}");
    }
}

/// Every state of a job, as a caller who watches sees them.
async fn watched(citizen: &CitizenApi, job: &str) -> Vec<Value> {
    let path = format!("/v1/me/profile-jobs/{job}/events");
    let events = citizen.get(&path).await.unwrap().text();
    let data = events
        .lines()
        .filter_map(|line| line.strip_prefix("data: "));
    data.map(|data| serde_json::from_str(data).unwrap())
        .collect()
}

/// Waits for something another process does, which nothing here can wait on.
async fn until(what: &str, mut so: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    while !so().await {
        assert!(began.elapsed() < Duration::from_mins(1), "in vain: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
