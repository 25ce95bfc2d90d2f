//! Three gateways, their servers, the roads between them, and what happens to all of it.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde::Serialize;
use simulator::ambient::{http_client, send};
use tempfile::TempDir;
use tokio::process::{Child, Command};

use super::check::Finding;
use super::history::{Micros, Watch};
use super::plan::{Fault, Neighbour, Plan, Trouble};
use super::town::Town;
use crate::servers::{Cut, Port, Postgres, Redis};

pub(super) const REPLICAS: usize = 3;

/// What every gateway calls itself.
pub(super) const PUBLIC_URL: &str = "http://127.0.0.1:8080";

/// How long the fleet may take to come to rest once nothing goes wrong any more. A lost replica's
/// lease is ten seconds.
const PATIENCE: Duration = Duration::from_secs(90);

/// The replicas and everything they need.
#[derive(Debug)]
pub(super) struct Fleet {
    /// Before what they work on, so that they end first.
    pub(super) replicas: Vec<Replica>,
    pub(super) postgres: Postgres,
    redis: Redis,
    pub(super) town: Town,
    pub(super) folder: TempDir,
}

#[derive(Debug)]
pub(super) struct Replica {
    process: Option<Child>,
    /// Whether it should be running.
    wanted: bool,
    /// How often it was started.
    pub(super) starts: usize,
    port: Port,
    clients: Cut,
    postgres: Cut,
    redis: Cut,
    /// Laid over the configuration: `GATEWAY__SECTION__KEY`.
    settings: Vec<(String, String)>,
    folder: PathBuf,
    name: String,
}

/// A fault that happened, with the instants between which it can have been felt.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Happened {
    pub(super) fault: Fault,
    pub(super) from: Micros,
    pub(super) to: Micros,
}

impl Fleet {
    /// Starts everything and waits until every replica is ready.
    pub(super) async fn found() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (postgres, redis) = (Postgres::start().await, Redis::start().await);
        for database in ["gateway", "keyring"] {
            let create = format!("CREATE DATABASE {database}");
            postgres.sql("postgres", &create).await;
        }
        let mut town = Town::start(folder.path()).await;
        // So that consent can end while a source is being asked.
        town.delay("AEAT_IRPF/C4", Duration::from_millis(600));
        town.delay("PADRO/NUMERO_CONVIVENTS", Duration::from_millis(250));
        let replicas = (0..REPLICAS)
            .map(|number| Replica::before(number, &postgres, &redis, folder.path()))
            .collect();
        let mut fleet = Self {
            replicas,
            postgres,
            redis,
            town,
            folder,
        };
        let made = fleet.command(0, &["keys", "init"]).await;
        assert!(made.status.success(), "{made:?}");
        // One after the other: the first one migrates, and begins the log by publishing the notice.
        let first = fleet.replicas[0].anchor();
        for replica in &mut fleet.replicas {
            replica.wanted = true;
            if replica.anchor() != first {
                crate::servers::until("the log is anchored", async || first.exists()).await;
                std::fs::copy(&first, replica.anchor()).unwrap();
            }
            replica.start();
            replica.until_ready().await;
        }
        fleet
    }

    /// Where each replica is called.
    pub(super) fn sockets(&self) -> Vec<String> {
        let replicas = self.replicas.iter();
        replicas
            .map(|replica| format!("127.0.0.1:{}", replica.clients.port()))
            .collect()
    }

    /// Runs a command of the gateway with the configuration of one replica.
    pub(super) async fn command(&self, replica: usize, words: &[&str]) -> std::process::Output {
        let mut command = self.replicas[replica].program();
        command.args(words).arg("--config").arg(self.town.config());
        command.output().await.unwrap()
    }

    /// Carries a plan out.
    pub(super) async fn suffer(mut self, plan: &Plan, watch: Watch) -> (Self, Vec<Happened>) {
        let began = tokio::time::Instant::now();
        let mut events: Vec<(Duration, bool, usize)> = Vec::new();
        for (number, Trouble { from, to, .. }) in plan.troubles.iter().enumerate() {
            events.push((*from, true, number));
            events.push((*to, false, number));
        }
        events.push((plan.length, false, usize::MAX));
        events.sort_unstable();
        let mut happened: Vec<Option<Happened>> = vec![None; plan.troubles.len()];
        for (at, begins, number) in events {
            while began.elapsed() < at {
                self.tend();
                let left = at.saturating_sub(began.elapsed());
                tokio::time::sleep(left.min(Duration::from_millis(100))).await;
            }
            let Some(Trouble { fault, .. }) = plan.troubles.get(number) else {
                continue;
            };
            if begins {
                let from = watch.now();
                self.begin(*fault).await;
                happened[number] = Some(Happened {
                    fault: *fault,
                    from,
                    to: from,
                });
            } else {
                self.end(*fault).await;
                if let Some(happened) = &mut happened[number] {
                    happened.to = watch.now();
                }
            }
        }
        (self, happened.into_iter().flatten().collect())
    }

    async fn begin(&mut self, fault: Fault) {
        match fault {
            Fault::Kill(replica) => self.replicas[replica].kill().await,
            Fault::Pause(replica) => self.replicas[replica].signal("STOP").await,
            Fault::Cut(replica, to) => self.replicas[replica].road(to).cut().await,
            Fault::Stall(replica, to) => self.replicas[replica].road(to).stall(),
            Fault::StallReplies(replica, to) => self.replicas[replica].road(to).stall_replies(),
            Fault::CrashPostgres => self.postgres.kill().await,
            Fault::PausePostgres => self.postgres.pause(),
            Fault::LoseRedis => self.redis.kill().await,
            Fault::PauseRedis => self.redis.pause(),
        }
    }

    async fn end(&mut self, fault: Fault) {
        match fault {
            Fault::Kill(replica) => self.replicas[replica].wanted = true,
            Fault::Pause(replica) => self.replicas[replica].signal("CONT").await,
            Fault::Cut(replica, to)
            | Fault::Stall(replica, to)
            | Fault::StallReplies(replica, to) => self.replicas[replica].road(to).heal(),
            Fault::CrashPostgres => self.postgres.restart().await,
            Fault::PausePostgres => self.postgres.resume(),
            Fault::LoseRedis => self.redis.restart().await,
            Fault::PauseRedis => self.redis.resume(),
        }
    }

    /// Starts what should run and does not, as a service manager would.
    fn tend(&mut self) {
        for replica in &mut self.replicas {
            if replica.wanted && replica.has_ended() {
                replica.start();
            }
        }
    }

    /// Waits, with nothing going wrong any more, until all work is done and every entry numbered.
    pub(super) async fn calm_down(&mut self) -> Vec<Finding> {
        let began = Instant::now();
        self.tend();
        for replica in &self.replicas {
            replica.until_ready().await;
        }
        loop {
            self.tend();
            let left = self.unfinished().await;
            if left.iter().all(|(_, count)| *count == 0) {
                return Vec::new();
            }
            if began.elapsed() > PATIENCE {
                let left = left.into_iter().filter(|(_, count)| *count > 0);
                return left
                    .map(|(what, count)| Finding::NeverEnds { what, count })
                    .collect();
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    async fn unfinished(&self) -> Vec<(&'static str, i64)> {
        let mut left = Vec::new();
        for (what, sql) in [
            (
                "running jobs",
                "SELECT count(*)::text FROM job WHERE state = 'running'",
            ),
            (
                "intents without outcome",
                "SELECT count(*)::text FROM exchange_intent i WHERE NOT EXISTS
                 (SELECT 1 FROM exchange_outcome o WHERE o.exchange = i.exchange)",
            ),
            (
                "entries without number",
                "SELECT count(*)::text FROM log_staged",
            ),
        ] {
            let count = self.postgres.sql("gateway", sql).await[0].parse().unwrap();
            left.push((what, count));
        }
        left
    }
}

impl Replica {
    fn before(number: usize, postgres: &Postgres, redis: &Redis, folder: &Path) -> Self {
        let to_postgres = Cut::before(postgres.port());
        let to_redis = Cut::before(redis.port());
        let port = Port::free();
        let database = |name| {
            let port = to_postgres.port();
            format!("postgres://postgres@127.0.0.1:{port}/{name}")
        };
        let name = format!("replica-{number}");
        let anchor = folder.join(format!("{name}.anchor"));
        let settings = [
            ("HTTP__LISTEN", format!("127.0.0.1:{}", port.number)),
            ("HTTP__STOP_AFTER_S", "0".to_owned()),
            ("STORE__DATABASE", database("gateway")),
            ("STORE__KEYRING", database("keyring")),
            (
                "CACHE__REDIS",
                format!("redis://127.0.0.1:{}", to_redis.port()),
            ),
            ("CACHE__REPLICAS", REPLICAS.to_string()),
            ("LOG__ANCHOR", anchor.display().to_string()),
            ("LIMITS__AT_ONCE", "50".to_owned()),
            ("LIMITS__PER_SECOND", "500".to_owned()),
            ("RATES__CITIZEN__BURST", "100000".to_owned()),
            ("RATES__CITIZEN__PER_MINUTE", "1000000".to_owned()),
            ("RATES__CLIENT__BURST", "100000".to_owned()),
            ("RATES__CLIENT__PER_MINUTE", "1000000".to_owned()),
            ("TELEMETRY__FORMAT", "json".to_owned()),
        ];
        Self {
            process: None,
            wanted: false,
            starts: 0,
            clients: Cut::before(port.number),
            port,
            postgres: to_postgres,
            redis: to_redis,
            settings: settings
                .map(|(key, value)| (format!("GATEWAY__{key}"), value))
                .into(),
            folder: folder.to_owned(),
            name,
        }
    }

    fn road(&mut self, to: Neighbour) -> &mut Cut {
        match to {
            Neighbour::Clients => &mut self.clients,
            Neighbour::Postgres => &mut self.postgres,
            Neighbour::Redis => &mut self.redis,
        }
    }

    fn start(&mut self) {
        self.starts += 1;
        let mut command = self.program();
        command.args(["serve", "--config", "gateway.toml"]);
        command.stdout(Stdio::null()).stderr(
            File::options()
                .create(true)
                .append(true)
                .open(self.log())
                .unwrap(),
        );
        self.process = Some(command.spawn().unwrap());
    }

    /// What it said.
    pub(super) fn log(&self) -> PathBuf {
        self.folder.join(format!("{}.log", self.name))
    }

    pub(super) fn anchor(&self) -> PathBuf {
        self.folder.join(format!("{}.anchor", self.name))
    }

    /// Ends it without a chance to do anything more.
    async fn kill(&mut self) {
        self.wanted = false;
        if let Some(mut process) = self.process.take() {
            process.kill().await.unwrap();
        }
    }

    async fn signal(&self, name: &str) {
        let Some(id) = self.process.as_ref().and_then(Child::id) else {
            return;
        };
        let mut kill = Command::new("sh");
        kill.args(["-c", r#"kill -s "$0" "$1""#, name, &id.to_string()]);
        // One that has ended meanwhile is started again soon.
        let _ = kill.stderr(Stdio::null()).status().await;
    }

    fn has_ended(&mut self) -> bool {
        match &mut self.process {
            Some(process) => process.try_wait().unwrap().is_some(),
            None => true,
        }
    }

    async fn until_ready(&self) {
        let http = http_client().unwrap();
        let address = format!("http://127.0.0.1:{}/health/ready", self.port.number);
        crate::servers::until("a replica is ready", async || {
            let request = http.get(&address).timeout(Duration::from_secs(5));
            send(request)
                .await
                .is_ok_and(|answer| answer.status() == 200)
        })
        .await;
    }

    /// The gateway's program, deaf to what this shell sets.
    fn program(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_interop-gateway"));
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("GATEWAY__") {
                command.env_remove(name);
            }
        }
        command.envs(self.settings.iter().cloned());
        command.stdin(Stdio::null()).kill_on_drop(true);
        command.current_dir(&self.folder);
        command
    }
}
