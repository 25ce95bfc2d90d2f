//! The gateway as a process of its own, in front of a world that outlives it.

use std::fs;
use std::path::PathBuf;
use std::process::{Output, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};
use simulator::ambient::{Clock, http_client, install_crypto};
use simulator::folder::{ApiClient, CitizenApi, Decision, FolderClient};
use simulator::jose::Es256;
use simulator::story::{Ports, World, gateway_toml};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::pair;

pub(crate) const PURPOSE: &str = "social-aid-recommendation";

/// What the gateway calls itself; its socket is wherever a port was free.
const PUBLIC_URL: &str = "http://127.0.0.1:8080";

/// A world, and the folder of a gateway in it.
pub(crate) struct Town {
    pub(crate) world: World,
    pub(crate) folder: TempDir,
}

impl Town {
    /// A town whose gateway works on the pair of stores the environment names.
    pub(crate) async fn found() -> Self {
        let town = Self::on_files().await;
        let text = fs::read_to_string(town.config()).unwrap();
        let mut config: toml::Table = text.parse().unwrap();
        pair::choose(&mut config, town.folder.path()).await;
        fs::write(town.config(), config.to_string()).unwrap();
        town
    }

    /// A town whose gateway keeps everything in files.
    pub(crate) async fn on_files() -> Self {
        install_crypto();
        let folder = tempfile::tempdir().unwrap();
        let simulated = folder.path().join("simulator");
        fs::create_dir(&simulated).unwrap();
        let clock = Clock::default();
        let world = World::start(&simulated, Ports::default(), PUBLIC_URL, &clock);
        let world = world.await.unwrap();
        let town = Self { world, folder };
        let text = gateway_toml(&town.world, town.folder.path(), "127.0.0.1:0", PUBLIC_URL);
        fs::write(town.config(), text).unwrap();
        town
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.folder.path().join("gateway.toml")
    }

    /// Runs a command of the gateway to its end.
    pub(crate) async fn command(&self, words: &[&str]) -> Output {
        let mut command = self.program();
        command.args(words).arg("--config").arg(self.config());
        command.output().await.unwrap()
    }

    /// Starts the gateway and waits until it is ready.
    pub(crate) async fn start(&self) -> Process {
        self.start_with(&[]).await
    }

    /// As [`Town::start`], with these keys of the configuration overridden by the environment.
    pub(crate) async fn start_with(&self, overrides: &[(&str, &str)]) -> Process {
        let mut command = self.program();
        command.envs(overrides.iter().copied());
        command.args(["serve", "--config"]).arg(self.config());
        command.env("GATEWAY__TELEMETRY__FORMAT", "json");
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let said: Arc<Mutex<Vec<String>>> = Arc::default();
        let socket = loop {
            let Some(line) = lines.next_line().await.unwrap() else {
                panic!("the gateway ended before it was ready: {said:?}");
            };
            let event: Value = serde_json::from_str(&line).unwrap_or_default();
            said.lock().unwrap().push(line);
            if event["fields"]["message"] == "ready" {
                break event["fields"]["listen"].as_str().unwrap().to_owned();
            }
        };
        let hears = Arc::clone(&said);
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                hears
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(line);
            }
        });
        Process {
            child,
            folder: self.folder_at(&socket),
            said,
        }
    }

    /// El Meu Espai, calling a gateway at this socket.
    pub(crate) fn folder_at(&self, socket: &str) -> FolderClient {
        self.folder_through(http_client().unwrap(), socket)
    }

    /// The same through an HTTP client of its own.
    pub(crate) fn folder_through(&self, http: reqwest::Client, socket: &str) -> FolderClient {
        let key = &self.world.pki.citizen_folder;
        let pem = fs::read_to_string(&key.key_path).unwrap();
        let key = Es256::from_pem(&pem).unwrap().with_kid(&key.kid);
        let client = ApiClient::new(PUBLIC_URL, "el-meu-espai", key).unwrap();
        let client = client.reached_at(&format!("http://{socket}")).unwrap();
        FolderClient::of(client.through(http))
    }

    /// Somebody of the town, signed in.
    pub(crate) async fn sign_in(&self, folder: &FolderClient, who: &str) -> CitizenApi {
        let person = self.world.people.iter().find(|person| person.key == who);
        folder.citizen(person.unwrap()).await.unwrap()
    }

    /// How many requests reached the platform.
    pub(crate) fn sent(&self) -> usize {
        self.world.platform.recorder.received().len()
    }

    /// The gateway's program, deaf to what this shell overrides in its own gateway.
    fn program(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_interop-gateway"));
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("GATEWAY__") {
                command.env_remove(name);
            }
        }
        command.stdin(Stdio::null()).kill_on_drop(true);
        command.current_dir(self.folder.path());
        command
    }
}

/// A running gateway.
pub(crate) struct Process {
    pub(crate) child: Child,
    pub(crate) folder: FolderClient,
    /// Its lines so far.
    pub(crate) said: Arc<Mutex<Vec<String>>>,
}

impl Process {
    /// Ends it without a chance to do anything more.
    pub(crate) async fn kill(mut self) {
        assert!(self.child.try_wait().unwrap().is_none(), "{:?}", self.said);
        self.child.kill().await.unwrap();
    }
}

/// Says yes to everything.
pub(crate) async fn grant_all(citizen: &CitizenApi) {
    let items = citizen.consents(PURPOSE).await.unwrap();
    let decisions: Vec<_> = items
        .iter()
        .map(|item| (item["product"].as_str().unwrap(), Decision::Grant))
        .collect();
    let notice = citizen.notice_served(PURPOSE, "ca").await.unwrap();
    let served = notice["served"].as_str().unwrap();
    citizen.decide(served, &decisions).await.unwrap();
}

/// Starts a fetch and does not wait for it; gives its job.
pub(crate) async fn begin_fetch(citizen: &CitizenApi) -> String {
    let request = citizen.request(http::Method::POST, "/v1/me/profile-jobs");
    let request = request.body(&json!({"purpose": PURPOSE}));
    let job = request.header("Prefer", "wait=0").send().await.unwrap();
    text(&job.ok().unwrap(), "job")
}

/// Fetches to the end; gives the job.
pub(crate) async fn fetch(citizen: &CitizenApi) -> String {
    let job = citizen.fetch_profile(PURPOSE).await.unwrap();
    assert_eq!(job["state"], "finished", "{job}");
    text(&job, "job")
}

pub(crate) fn text(object: &Value, name: &str) -> String {
    object[name].as_str().unwrap().to_owned()
}
