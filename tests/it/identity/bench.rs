//! The room with its doubles around it, on a clock that stands still unless moved.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use http::{HeaderMap, HeaderValue, header};
use interop_gateway::citizen::Language;
use interop_gateway::clock::{Clock, SystemEntropy, World};
use interop_gateway::identity::config::IdentityConfig;
use interop_gateway::identity::{Begun, Identity, LoggedIn, LoginError, Stores};
use interop_gateway::store::cache::Cache;
use interop_gateway::store::keyring::{FileWrapper, Keyring, LookupKeys, secret_file};
use interop_gateway::store::{Db, Schema};
use jiff::Timestamp;
use serde_json::{Value, json};
use simulator::ambient::{Clock as DoubleClock, http_client, send};
use simulator::folder::ApiClient;
use simulator::jose::Es256;
use simulator::oidc::{Authentication, Client, Provider};
use simulator::person::{Assurance, Method, Person};
use simulator::valid::{Registration, Valid};
use tempfile::TempDir;

use crate::pair;

/// What the gateway is called.
pub(super) const PUBLIC_URL: &str = "http://127.0.0.1:8080";
const VALID_CLIENT: &str = "gateway.serveis.aoc.cat";
const SECRET: &str = "s3cret&value+100%";

/// A clock that moves when told to.
#[derive(Debug)]
pub(super) struct TestClock(AtomicI64);

impl TestClock {
    pub(super) fn advance(&self, by: Duration) {
        self.0
            .fetch_add(i64::try_from(by.as_secs()).unwrap(), Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.0.load(Ordering::SeqCst)).unwrap()
    }

    fn monotonic(&self) -> Duration {
        Duration::from_secs(u64::try_from(self.0.load(Ordering::SeqCst)).unwrap())
    }
}

pub(super) struct Bench {
    pub(super) identity: Identity,
    pub(super) cache: Cache,
    open: Box<dyn Fn(Cache) -> Identity + Send + Sync>,
    pub(super) valid: Valid,
    pub(super) oidc: Provider,
    pub(super) clock: Arc<TestClock>,
    pub(super) db: Db,
    pub(super) keyring: Arc<Keyring>,
    pub(super) folder: ApiClient,
    pub(super) auditor: ApiClient,
    files: TempDir,
}

/// Everybody who can log in at the doubles.
fn people() -> Vec<Person> {
    let mut people = vec![
        anna(),
        Person::new("lin", "Y1234567X", "Lin", ["Chen", ""]).at(Assurance::Low),
        Person::new("zoe", "00000001R", "Zoé", ["Dubois", ""]).with_passport("19AB12345", "FR"),
        Person::new("clara", "33333333P", "Clara", ["Font", "Pi"]).by(Method::Clave),
        Person::new("typo", "11111111A", "Anna", ["Roca", "Vidal"]),
    ];
    people.extend((0..=12).map(|kind| {
        Person::new(
            &format!("certificate-{kind}"),
            "00000002W",
            "Pau",
            ["Serra", "Mas"],
        )
        .by(Method::Certificate(kind))
    }));
    people
}

pub(super) fn anna() -> Person {
    Person::new("anna", "11111111H", "Anna", ["Roca", "Vidal"])
}

impl Bench {
    pub(super) async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// Starts with a changed configuration.
    pub(super) async fn with(change: impl FnOnce(&mut Value)) -> Self {
        let files = tempfile::tempdir().unwrap();
        let clock = Arc::new(TestClock(AtomicI64::new(1_795_363_200)));
        let world = World {
            clock: clock.clone(),
            entropy: Arc::new(SystemEntropy::default()),
        };
        let read = clock.clone();
        let told = DoubleClock::reading(move || read.0.load(Ordering::SeqCst));
        let (broker_key, folder_key) = (Es256::generate(), Es256::generate());
        let auditor_key = Es256::generate();
        let valid = valid(told.clone()).await;
        let oidc = oidc(told.clone(), &broker_key).await;

        let at = |name: &str| files.path().join(name);
        std::fs::write(at("secret"), format!("{SECRET}\n")).unwrap();
        std::fs::write(at("pairwise.key"), [7; 32]).unwrap();
        std::fs::write(at("token.key"), Es256::generate().to_pem()).unwrap();
        std::fs::write(at("broker.key"), broker_key.to_pem()).unwrap();
        for (name, key) in [("folder", &folder_key), ("auditor", &auditor_key)] {
            let set = json!({ "keys": [key.jwk()] });
            std::fs::write(at(&format!("{name}.jwks.json")), set.to_string()).unwrap();
        }
        let mut config = config(files.path(), valid.url(), oidc.issuer(), broker_key.kid());
        change(&mut config);
        let config: IdentityConfig = serde_json::from_value(config).unwrap();

        let keyring = keyring(files.path(), &world).await;
        let db = pair::open(&at("gateway.db"), Schema::Gateway).await;
        let public = PUBLIC_URL.parse().unwrap();
        let open = {
            let (db, keyring) = (db.clone(), keyring.clone());
            move |cache| {
                let (db, keyring) = (db.clone(), keyring.clone());
                let stores = Stores { db, keyring, cache };
                Identity::open(&config, &public, stores, world.clone()).unwrap()
            }
        };
        let cache = pair::cache(&at("cache")).await;
        let client = |name, key| {
            ApiClient::new(PUBLIC_URL, name, key)
                .unwrap()
                .telling_time_by(told.clone())
        };
        Self {
            identity: open(cache.clone()),
            open: Box::new(open),
            cache,
            valid,
            oidc,
            clock,
            db,
            keyring,
            folder: client("el-meu-espai", folder_key),
            auditor: client("auditor", auditor_key),
            files,
        }
    }

    pub(super) async fn begin(&self, provider: &str) -> Begun {
        let body = "ajuntament-de-prova".parse().unwrap();
        let to = "/notice".parse().unwrap();
        self.identity
            .logins
            .begin(provider, body, to, Language::Ca)
            .await
            .unwrap()
    }

    /// Lets the citizen choose themself at the double; gives the query they come back with.
    pub(super) async fn visit(&self, begun: &Begun, choice: (&str, &str)) -> String {
        let mut url = begun.redirect.clone();
        url.query_pairs_mut().append_pair(choice.0, choice.1);
        let answer = send(http_client().unwrap().get(url)).await.unwrap();
        let location = answer.headers()[header::LOCATION].to_str().unwrap();
        location.split_once('?').unwrap().1.to_owned()
    }

    pub(super) async fn complete(
        &self,
        provider: &str,
        query: &str,
        headers: &HeaderMap,
    ) -> Result<LoggedIn, LoginError> {
        self.identity
            .logins
            .complete(provider, query, headers)
            .await
    }

    /// A whole log-in in one browser.
    pub(super) async fn log_in(&self, provider: &str, who: &str) -> Result<LoggedIn, LoginError> {
        let begun = self.begin(provider).await;
        let query = self.visit(&begun, ("persona", who)).await;
        self.complete(provider, &query, &with_cookie(&begun.cookie))
            .await
    }

    /// How many people are known: a log-in that fails records nobody.
    pub(super) async fn people(&self) -> i64 {
        let row = self.db.row("SELECT count(*) FROM subject", vec![]).await;
        row.unwrap().unwrap().int(0).unwrap()
    }

    /// Everything that may be lost is; the databases stay.
    pub(super) async fn lose_the_cache(&mut self) {
        self.cache = pair::cache(&self.files.path().join("another cache")).await;
        self.cache.born(self.clock.now()).await.unwrap();
        self.identity = (self.open)(self.cache.clone());
    }
}

/// What a browser sends after these `Set-Cookie` values.
pub(super) fn with_cookie(set: &HeaderValue) -> HeaderMap {
    let pair = set.to_str().unwrap().split(';').next().unwrap();
    HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_str(pair).unwrap())])
}

pub(super) async fn keyring(folder: &Path, world: &World) -> Arc<Keyring> {
    secret_file::create(&folder.join("wrapping.key"), &[9; 32]).unwrap();
    let wrapper = FileWrapper::open(&folder.join("wrapping.key"), &[]).unwrap();
    let lookup = LookupKeys::parse(&LookupKeys::file_text(1, &[1; 32])).unwrap();
    let db = pair::open(&folder.join("keyring.db"), Schema::Keyring).await;
    Arc::new(Keyring::open(db, Arc::new(wrapper), lookup, world.clone()))
}

async fn valid(clock: DoubleClock) -> Valid {
    let registration = Registration {
        client_id: VALID_CLIENT.to_owned(),
        client_secret: SECRET.to_owned(),
        redirect_uris: vec![format!("{PUBLIC_URL}/login/valid/callback")],
    };
    Valid::start(0, vec![registration], people(), clock)
        .await
        .unwrap()
}

async fn oidc(clock: DoubleClock, broker_key: &Es256) -> Provider {
    let client = |id: &str, authentication| Client {
        id: id.to_owned(),
        authentication,
        redirect_uris: vec![format!("{PUBLIC_URL}/login/{id}/callback")],
        post_logout_redirect_uris: Vec::new(),
    };
    let clients = vec![
        client("broker", Authentication::Key(broker_key.jwk())),
        client("broker-basic", Authentication::Secret(SECRET.to_owned())),
    ];
    Provider::start(0, clients, people(), clock).await.unwrap()
}

fn config(files: &Path, valid: &str, issuer: &str, kid: &str) -> Value {
    let at = |name: &str| -> PathBuf { files.join(name) };
    let broker = |id: &str, authentication: Value| {
        json!({
            "kind": "oidc", "id": id, "issuer": issuer, "client_id": id,
            "authentication": authentication, "scopes": ["profile", "identity"],
            "max_age_seconds": 300, "user_info": true,
            "claims": { "document": "document_number", "document_type": "document_type",
                "method": "method" },
        })
    };
    json!({
        "providers": [
            { "kind": "valid", "id": "valid", "base_url": valid, "client_id": VALID_CLIENT,
              "client_secret_file": at("secret"), "label": { "ca": "idCAT Mòbil" } },
            broker("broker", json!({ "method": "private_key_jwt",
                "key_file": at("broker.key"), "key_id": kid })),
            broker("broker-basic", json!({ "method": "client_secret_basic",
                "secret_file": at("secret") })),
        ],
        "clients": [
            { "id": "el-meu-espai", "keys_file": at("folder.jwks.json"),
              "body": "ajuntament-de-prova", "level_ceiling": "substantial", "may_grant": true,
              "scopes": ["consent:read", "consent:write", "profile:read", "exchange:read"] },
            { "id": "other-folder", "keys_file": at("folder.jwks.json"),
              "body": "altre-ajuntament", "level_ceiling": "low", "scopes": ["consent:read"] },
            { "id": "auditor", "keys_file": at("auditor.jwks.json"),
              "scopes": ["audit:read", "audit:identify"] },
        ],
        "token_key_file": at("token.key"),
        "pairwise_key_file": at("pairwise.key"),
    })
}
