//! The gateway as it is served, with the simulated world around it: real sockets, real databases.
//!
//! Tests share nothing but certificates, which are slow to make.

mod api_input;
mod events;
mod household;
mod journeys;
mod keys;
mod loss;
pub(crate) mod notices;
mod openapi;
mod platform_input;
mod privacy;
mod races;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use interop_gateway::api::App;
use interop_gateway::citizen::{Document, SubjectId};
use interop_gateway::clock::{self, Clock, SystemClock, SystemEntropy};
use interop_gateway::config::Config;
use interop_gateway::gateway::Gateway;
use jiff::Timestamp;
use serde_json::{Value, json};
use simulator::ambient::{Clock as DoubleClock, http_client, install_crypto};
use simulator::folder::{ApiClient, AuditorClient, CallError, CitizenApi, Decision, FolderClient};
use simulator::jose::Es256;
use simulator::pci::{Knobs, PlatformError, Transport};
use simulator::person::Person;
use simulator::pki::Pki;
use simulator::story::{self, Ports, gateway_toml};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::runtime::{Handle, Runtime};
use tokio::sync::OnceCell;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::pair;

pub(super) const PURPOSE: &str = "social-aid-recommendation";
pub(super) const C4: &str = "AEAT_IRPF/C4";
pub(super) const C2: &str = "AEAT_IRPF/C2";
pub(super) const WORK: &str = "SCSP_TGSS/Q2827003ATGSS006";
pub(super) const IDENTITY: &str = "DGP_IDENTITAT/IDENTITAT_DADES";
pub(super) const REGISTER: &str = "PADRO/NUMERO_CONVIVENTS";

/// A client that may show and refuse, but not grant. It signs with the folder's own key.
pub(super) const SHOWING_CLIENT: &str = "altre-espai";
/// A client of the demonstration that may look at households, and nothing else.
pub(super) const RECOMMENDER: &str = "recommender";

/// A clock that starts when the town's registers are up to date, runs, and is moved ahead at will.
#[derive(Debug, Default)]
pub(super) struct TestClock {
    real: SystemClock,
    ahead_s: AtomicU64,
}

impl TestClock {
    pub(super) fn advance(&self, by: Duration) {
        self.ahead_s.fetch_add(by.as_secs(), Ordering::SeqCst);
    }

    fn ahead(&self) -> Duration {
        Duration::from_secs(self.ahead_s.load(Ordering::SeqCst))
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        let start: Timestamp = "2026-11-20T08:15:31Z".parse().unwrap();
        start + self.monotonic()
    }

    fn monotonic(&self) -> Duration {
        self.real.monotonic() + self.ahead()
    }
}

/// The simulated world and a gateway in front of it.
pub(super) struct World {
    pub(super) outside: story::World,
    pub(super) clock: Arc<TestClock>,
    /// The same clock for whoever is not the gateway.
    told: DoubleClock,
    pub(super) folder: FolderClient,
    pub(super) auditor: AuditorClient,
    pub(super) url: String,
    gateway: Option<Running>,
    pub(super) config: Config,
    /// Everything the gateway writes.
    pub(super) files: TempDir,
}

/// A gateway that answers.
struct Running {
    app: App,
    stop: CancellationToken,
    served: JoinHandle<()>,
    /// A runtime of its own can be killed with everything that runs in it.
    own: Option<Runtime>,
}

/// How a test's gateway differs from the demonstration's.
#[derive(Debug, Default)]
pub(super) struct Setup {
    /// Seconds for one whole exchange with the platform; the shipped profile's if none.
    pub(super) deadline_s: Option<u32>,
    /// Runs the gateway where it can be killed.
    pub(super) killable: bool,
    /// Sections laid over the configuration, such as stores of the test's own.
    pub(super) over: toml::Table,
    /// Seconds between telling readiness "no" and taking no new connections.
    pub(super) stop_after_s: u16,
}

impl World {
    pub(super) async fn start() -> Self {
        Self::with(Setup::default()).await
    }

    pub(super) async fn with(setup: Setup) -> Self {
        install_crypto();
        let files = tempfile::tempdir().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let url = format!("http://{address}");
        let clock = Arc::new(TestClock::default());
        let read = Arc::clone(&clock);
        let told = DoubleClock::reading(move || read.now().as_second());
        let outside = story::World::start(certificates().await, Ports::default(), &url, &told)
            .await
            .unwrap();
        let text = gateway_toml(&outside, files.path(), &address.to_string(), &url);
        let config = configuration(&text, &setup, files.path(), &outside).await;
        keys::make(&config.keys);

        let client = |name: &str, key: &Path| {
            let key = Es256::from_pem(&std::fs::read_to_string(key).unwrap()).unwrap();
            ApiClient::new(&url, name, key)
                .unwrap()
                .telling_time_by(told.clone())
                .through(http_client().unwrap())
        };
        let folder = FolderClient::of(client("el-meu-espai", &outside.pki.citizen_folder.key_path));
        let auditor = AuditorClient::of(client("auditor", &outside.pki.auditor.key_path));
        let mut world = Self {
            outside,
            clock,
            told,
            folder,
            auditor,
            url,
            gateway: None,
            config,
            files,
        };
        world.serve(listener, setup.killable).await;
        world
    }

    async fn serve(&mut self, listener: TcpListener, killable: bool) {
        let own = killable.then(|| {
            let mut builder = tokio::runtime::Builder::new_multi_thread();
            builder.worker_threads(1).enable_all().build().unwrap()
        });
        let handle = own
            .as_ref()
            .map_or_else(Handle::current, |own| own.handle().clone());
        let stop = CancellationToken::new();
        let (config, stopped) = (self.config.clone(), stop.clone());
        let world = clock::World {
            clock: self.clock.clone(),
            entropy: Arc::new(SystemEntropy::default()),
        };
        let listener = listener.into_std().unwrap();
        let opened = handle.spawn(async move {
            let gateway = Gateway::open(&config, world).await.unwrap();
            let app = gateway.app().clone();
            let listener = TcpListener::from_std(listener).unwrap();
            let served =
                tokio::spawn(async move { gateway.serve(listener, stopped).await.unwrap() });
            (app, served)
        });
        let (app, served) = opened.await.unwrap();
        // A second later: proofs made in the very second of the start are refused.
        self.clock.advance(Duration::from_secs(1));
        self.gateway = Some(Running {
            app,
            stop,
            served,
            own,
        });
    }

    /// Kills the gateway as a power cut would: nothing of it runs on.
    pub(super) async fn kill(&mut self) {
        let Running { own, .. } = self.gateway.take().unwrap();
        let own = own.expect("only a killable gateway");
        tokio::task::spawn_blocking(move || own.shutdown_timeout(Duration::from_secs(5)))
            .await
            .unwrap();
    }

    /// Tells the gateway to stop, and does not wait for it.
    pub(super) fn tell_to_stop(&self) {
        self.gateway.as_ref().unwrap().stop.cancel();
    }

    /// Stops the gateway as a service manager would.
    pub(super) async fn stop(&mut self) {
        let Running { stop, served, .. } = self.gateway.take().unwrap();
        stop.cancel();
        served.await.unwrap();
    }

    /// Starts another gateway over the same files, at the same address.
    pub(super) async fn reopen(&mut self) {
        let address = self.url.trim_start_matches("http://");
        let listener = TcpListener::bind(address).await.unwrap();
        self.serve(listener, false).await;
    }

    pub(super) fn app(&self) -> &App {
        &self.gateway.as_ref().unwrap().app
    }

    pub(super) fn person(&self, key: &str) -> &Person {
        let people = &self.outside.people;
        people.iter().find(|person| person.key == key).unwrap()
    }

    pub(super) async fn citizen(&self, key: &str) -> CitizenApi {
        self.folder.citizen(self.person(key)).await.unwrap()
    }

    /// A citizen who has said yes to everything.
    pub(super) async fn willing(&self, key: &str) -> CitizenApi {
        let citizen = self.citizen(key).await;
        decide_all(&citizen, Decision::Grant).await;
        citizen
    }

    /// Another client of the configuration, which signs with the folder's key.
    pub(super) fn other_folder(&self, client: &str) -> FolderClient {
        let key = std::fs::read_to_string(&self.outside.pki.citizen_folder.key_path).unwrap();
        let client = ApiClient::new(&self.url, client, Es256::from_pem(&key).unwrap()).unwrap();
        FolderClient::of(client.telling_time_by(self.told.clone()))
    }

    /// Moves the clock, once nothing waits for its number: to the log, time has then just passed.
    pub(super) async fn later(&self, by: Duration) {
        self.until("SELECT count(*) FROM log_staged", 0).await;
        self.clock.advance(by);
        patiently(async || self.app().log.admits_exchanges().is_ok()).await;
    }

    /// Forgets what is kept about a person, so that the next fetch asks again.
    pub(super) async fn forget(&self, key: &str) {
        self.app().exchange.forget(self.subject(key).await).await;
    }

    /// The gateway's own name for somebody who has logged in.
    pub(super) async fn subject(&self, key: &str) -> SubjectId {
        let document = Document::Nif(self.person(key).document.parse().unwrap());
        let subject = self.app().keyring.subject_of(&document).await;
        subject.unwrap().unwrap()
    }

    /// How many requests have reached the platform.
    pub(super) fn sent(&self) -> usize {
        self.outside.platform.recorder.received().len()
    }

    /// One number from the gateway's database.
    pub(super) async fn number(&self, sql: &'static str) -> i64 {
        let row = self.app().db.row(sql, vec![]).await.unwrap().unwrap();
        row.int(0).unwrap()
    }

    /// Turns the knobs of one product of the platform.
    pub(super) fn turn(&self, product: &str, knobs: Knobs) {
        self.outside.platform.controls.product(product, knobs);
    }

    /// Waits until the database says this number.
    pub(super) async fn until(&self, sql: &'static str, number: i64) {
        patiently(async || self.number(sql).await == number).await;
    }

    /// Waits until the platform was asked for a product so often.
    pub(super) async fn until_sent(&self, product: &str, times: usize) {
        patiently(async || self.outside.platform.recorder.count(product) == times).await;
    }

    /// Everything decided, shown or exchanged, counted: what a refused call must not change.
    pub(super) async fn stored(&self) -> i64 {
        self.number(
            "SELECT (SELECT count(*) FROM consent_event) + (SELECT count(*) FROM receipt)
                  + (SELECT count(*) FROM notice_served) + (SELECT count(*) FROM job)
                  + (SELECT count(*) FROM exchange_intent) + (SELECT count(*) FROM release)",
        )
        .await
    }
}

/// Answers every product on offer the same way; gives what the service said.
pub(super) async fn decide_all(citizen: &CitizenApi, decision: Decision) -> Value {
    let items = citizen.consents(PURPOSE).await.unwrap();
    let products: Vec<_> = items.iter().map(|item| text(item, "product")).collect();
    let all: Vec<_> = products
        .iter()
        .map(|product| (product.as_str(), decision))
        .collect();
    decide(citizen, &all).await
}

pub(super) async fn decide(citizen: &CitizenApi, decisions: &[(&str, Decision)]) -> Value {
    let served = served(citizen).await;
    citizen.decide(&served, decisions).await.unwrap()
}

/// A notice shown to the citizen: its id.
pub(super) async fn served(citizen: &CitizenApi) -> String {
    let shown = citizen.notice_served(PURPOSE, "ca").await.unwrap();
    text(&shown, "served")
}

/// A fetch nobody waits for: the id of its job.
pub(super) async fn started(citizen: &CitizenApi) -> String {
    let body = json!({"purpose": PURPOSE});
    let started = citizen.post("/v1/me/profile-jobs", &body).await.unwrap();
    assert_eq!(started.status, 202, "{}", started.text());
    text(&started.json(), "job")
}

/// A fetch to its end: the job.
pub(super) async fn fetched(citizen: &CitizenApi) -> Value {
    let job = citizen.fetch_profile(PURPOSE).await.unwrap();
    assert_eq!(job["state"], "finished", "{job}");
    job
}

/// How a job's source ended: its state, and why.
pub(super) fn source<'a>(job: &'a Value, product: &str) -> (&'a str, Option<&'a str>) {
    let sources = job["sources"].as_array().unwrap();
    let source = sources
        .iter()
        .find(|one| one["product"] == product)
        .unwrap();
    (source["state"].as_str().unwrap(), source["detail"].as_str())
}

/// The id of a product's item.
pub(super) async fn item(citizen: &CitizenApi, product: &str) -> String {
    let items = citizen.consents(PURPOSE).await.unwrap();
    let found = items.iter().find(|item| item["product"] == product);
    text(found.unwrap(), "item")
}

/// The kind of problem a call was refused with.
pub(super) fn slug<T>(refused: Result<T, CallError>) -> String {
    let error = refused.err().expect("refused");
    error.slug().unwrap_or_else(|| panic!("{error}")).to_owned()
}

pub(super) fn late(latency_ms: u64) -> Knobs {
    Knobs {
        latency_ms,
        ..Knobs::default()
    }
}

pub(super) fn broken(transport: Transport) -> Knobs {
    Knobs {
        transport: Some(transport),
        ..Knobs::default()
    }
}

pub(super) fn said(error: PlatformError) -> Knobs {
    Knobs {
        platform_error: Some(error),
        ..Knobs::default()
    }
}

/// Looks again and again, for ten seconds at most.
async fn patiently(mut holds: impl AsyncFnMut() -> bool) {
    for _ in 0..1000 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it did not come about");
}

pub(super) fn text(object: &Value, name: &str) -> String {
    let found = object[name].as_str();
    found
        .unwrap_or_else(|| panic!("{name} in {object}"))
        .to_owned()
}

/// The certificates of this process, with the secrets that stand beside them.
async fn certificates() -> &'static Path {
    static MADE: OnceCell<PathBuf> = OnceCell::const_new();
    static FOLDER: LazyLock<TempDir> = LazyLock::new(|| tempfile::tempdir().unwrap());
    MADE.get_or_init(async || {
        let folder = FOLDER.path().to_owned();
        tokio::task::spawn_blocking(move || {
            Pki::open(&folder).unwrap();
            for name in ["valid.secret", "oidc.secret"] {
                std::fs::write(folder.join(name), simulator::ambient::token()).unwrap();
            }
            folder
        })
        .await
        .unwrap()
    })
    .await
}

/// The demonstration's configuration, quicker, and with one more client.
async fn configuration(text: &str, setup: &Setup, files: &Path, outside: &story::World) -> Config {
    let mut table: toml::Table = toml::from_str(text).unwrap();
    pair::choose(&mut table, files).await;
    table["limits"]["per_second"] = 1000.into();
    table["http"].as_table_mut().unwrap().insert(
        "stop_after_s".to_owned(),
        i64::from(setup.stop_after_s).into(),
    );
    let often = "citizen = { burst = 10000, per_minute = 600000 }";
    let often: toml::Table = often.parse().unwrap();
    table.insert("rates".to_owned(), often.into());
    if let Some(seconds) = setup.deadline_s {
        let shipped = include_str!("../../../config/platform-profiles.toml");
        let profiles = shipped.replace("deadline_s = 120", &format!("deadline_s = {seconds}"));
        let file = files.join("profiles.toml");
        std::fs::write(&file, profiles).unwrap();
        let platform = table["platform"].as_table_mut().unwrap();
        platform.insert("profiles".to_owned(), file.display().to_string().into());
    }
    for (section, values) in &setup.over {
        table.insert(section.clone(), values.clone());
    }
    let client = format!(
        "id = \"{SHOWING_CLIENT}\"\nkeys_file = {:?}\nbody = \"ajuntament-de-prova\"\n\
         scopes = [\"consent:read\", \"consent:write\", \"profile:read\", \"exchange:read\"]\n\
         level_ceiling = \"high\"\n",
        outside.pki.citizen_folder.jwks_path
    );
    let client: toml::Table = toml::from_str(&client).unwrap();
    table["clients"].as_array_mut().unwrap().push(client.into());
    let file = files.join("gateway.toml");
    std::fs::write(&file, table.to_string()).unwrap();
    Config::load(&file, &[]).unwrap_or_else(|problems| panic!("{problems:?}"))
}
