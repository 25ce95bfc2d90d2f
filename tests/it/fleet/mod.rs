//! Several replicas over one PostgreSQL: what one begins, all show; what one leaves, another ends; and
//! one after the other can be restarted without anybody noticing.

mod balancer;
mod failing;
mod first;
mod limits;
mod lost;
mod rolling;
mod shared;

use std::fs;
use std::time::{Duration, Instant};

use interop_gateway::store::{Db, Location, Schema};
use redis::AsyncCommands as _;
use serde_json::Value;
use simulator::folder::CitizenApi;
use simulator::pci::{Knobs, Transport};
use tokio::process::Command;
use toml::Table;

use crate::crash::books::Books;
use crate::crash::town::{Process, Town, grant_all};
use crate::servers::{Postgres, Redis};

/// Sources a fetch asks at first.
const SOURCES: usize = 4;

/// A town whose gateways share servers of their own.
struct Fleet {
    town: Town,
    postgres: Postgres,
    redis: Redis,
}

impl Fleet {
    async fn found() -> Self {
        let (postgres, redis) = (Postgres::start().await, Redis::start().await);
        let town = Town::on_files().await;
        let text = fs::read_to_string(town.config()).unwrap();
        let mut config: Table = text.parse().unwrap();
        for name in ["database", "keyring"] {
            let create = format!("CREATE DATABASE {name}");
            postgres.sql("postgres", &create).await;
            config["store"][name] = postgres.url(name).into();
        }
        let shared = format!(
            "cache = {{ redis = '{}' }}
             limits = {{ at_once = 100, per_second = 1000 }}
             rates = {{ citizen = {{ burst = 10000, per_minute = 600000 }} }}",
            redis.url()
        );
        config.extend(shared.parse::<Table>().unwrap());
        let http = config["http"].as_table_mut().unwrap();
        http.insert("stop_after_s".to_owned(), 2.into());
        fs::write(town.config(), config.to_string()).unwrap();
        let made = town.command(&["keys", "init"]).await;
        assert!(made.status.success(), "{made:?}");
        Self {
            town,
            postgres,
            redis,
        }
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
        let server = self.postgres.url("database").parse().unwrap();
        let db = Db::open(&Location::Server(server), Schema::Gateway)
            .await
            .unwrap();
        let books = Books::read(&db).await;
        db.close().await;
        books
    }

    /// One number from the database.
    async fn number(&self, sql: &str) -> i64 {
        self.postgres.sql("database", sql).await[0].parse().unwrap()
    }

    /// Forgets every kept answer, so that the next fetches ask again.
    async fn forget_answers(&self) {
        let mut redis = self.redis.connection().await;
        let kept: Vec<String> = redis.keys("gateway:group:*").await.unwrap();
        if !kept.is_empty() {
            let _: u64 = redis.del(kept).await.unwrap();
        }
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

/// What only replicas are told, or asked.
impl Process {
    /// Where it listens.
    fn socket(&self) -> String {
        let said = self.said.lock().unwrap();
        let lines = said
            .iter()
            .filter_map(|line| serde_json::from_str(line).ok());
        let mut ready = lines.filter(|line: &Value| line["fields"]["message"] == "ready");
        let ready = ready.next().unwrap();
        ready["fields"]["listen"].as_str().unwrap().to_owned()
    }

    /// Tells it something by a signal, such as `TERM`.
    async fn signal(&self, name: &str) {
        let id = self.child.id().unwrap().to_string();
        let mut kill = Command::new("sh");
        kill.args(["-c", r#"kill -s "$0" "$1""#, name, &id]);
        assert!(kill.status().await.unwrap().success());
    }

    /// Ends it as a service manager does, and waits until it has ended well.
    async fn stop(mut self) {
        self.signal("TERM").await;
        let ended = self.child.wait().await.unwrap();
        assert!(ended.success(), "{ended}: {:?}", self.said);
    }

    /// Whether one of its lines says this.
    fn has_said(&self, words: &str) -> bool {
        let said = self.said.lock().unwrap();
        said.iter().any(|line| line.contains(words))
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
