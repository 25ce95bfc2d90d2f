//! Redis keeps what may be lost. Here it is lost: killed, silent, cut off, failed over; and each
//! caller is refused, served or logged out as `docs/operating.md` says, which names these tests.
//!
//! The servers are the tests' own, but for PostgreSQL where it is not lost: it is the pair's, if there
//! is one.

mod database;
mod fetches;
mod pages;
mod tokens;
mod way;

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;

use reqwest::{Method, StatusCode};
use simulator::ambient::send;
use simulator::folder::{Caller, Knobs as Bent, Twist};
use simulator::story::{Browser, Form, Page};
use toml::Table;

use super::*;
use crate::servers::{Cut, Postgres, Redis};

/// Nobody waits longer for a Redis that says nothing: it has two seconds.
const SOON: Duration = Duration::from_secs(3);

/// A gateway, and a Redis that can be lost.
struct Town {
    world: World,
    redis: Redis,
    _postgres: Option<Postgres>,
}

impl Town {
    async fn start() -> Self {
        Self::with(Setup::default()).await
    }

    async fn with(setup: Setup) -> Self {
        let redis = Redis::start().await;
        let (world, postgres) = gateway(at(&redis.url()), setup).await;
        Self {
            world,
            redis,
            _postgres: postgres,
        }
    }

    /// Redis crashes and comes back with nothing.
    async fn empty(&mut self) {
        self.redis.kill().await;
        self.redis.restart().await;
    }
}

/// A gateway with this `[cache]`, and the PostgreSQL it stands on where that is the test's own.
async fn gateway(cache: Table, mut setup: Setup) -> (World, Option<Postgres>) {
    setup.over.insert("cache".to_owned(), cache.into());
    if std::env::var_os("GATEWAY_TEST_POSTGRES").is_some() {
        return (World::with(setup).await, None);
    }
    let postgres = Postgres::start().await;
    let store = databases(&postgres).await;
    setup.over.insert("store".to_owned(), store.into());
    (World::with(setup).await, Some(postgres))
}

/// A `[store]` of two new databases.
async fn databases(postgres: &Postgres) -> Table {
    let mut store = Table::new();
    for (key, name) in [("database", "gateway"), ("keyring", "keyring")] {
        let create = format!("CREATE DATABASE {name}");
        postgres.sql("postgres", &create).await;
        store.insert(key.to_owned(), postgres.url(name).into());
    }
    store
}

/// A `[cache]` at an address.
fn at(url: &str) -> Table {
    Table::from_iter([("redis".to_owned(), url.into())])
}

/// The address of a Redis behind a network.
fn through(network: &Cut) -> String {
    format!("redis://127.0.0.1:{}", network.port())
}

/// A file with a password, which nobody else can read: its path.
fn secret(folder: &TempDir, password: &str) -> String {
    let path = folder.path().join("redis.password");
    std::fs::write(&path, format!("{password}\n")).unwrap();
    std::fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    path.display().to_string()
}

/// What a call comes to, which must be soon.
async fn soon<T>(call: impl Future<Output = T>) -> T {
    let called = tokio::time::timeout(SOON, call).await;
    called.expect("an answer within three seconds")
}

/// What an API call was answered with.
#[derive(Debug, Eq, PartialEq)]
struct Said {
    status: u16,
    /// Last segment of a problem's type.
    slug: String,
    retry_after: Option<String>,
}

impl Said {
    fn refused(status: u16, slug: &str, retry_after: Option<&str>) -> Self {
        Self {
            status,
            slug: slug.to_owned(),
            retry_after: retry_after.map(str::to_owned),
        }
    }

    /// Redis is gone.
    fn unavailable() -> Self {
        Self::refused(503, "service-unavailable", Some("5"))
    }

    /// Redis lost its memory after the proof was made.
    fn forgotten() -> Self {
        Self::refused(503, "service-unavailable", Some("1"))
    }

    fn replayed() -> Self {
        Self::refused(401, "unauthenticated", None)
    }

    fn let_in() -> Self {
        Self::refused(200, "", None)
    }
}

/// A proof for reading who one is.
fn proof(caller: &Caller) -> String {
    let (key, token) = (caller.proof_key(), &caller.access().token);
    caller
        .client()
        .proof(key, "GET", "/v1/me", Some(token), &Twist::none())
}

/// Reads who one is with this very proof, once: nobody tries again with another.
async fn me(world: &World, caller: &Caller, proof: &str) -> Said {
    let call = http_client()
        .unwrap()
        .request(Method::GET, format!("{}/v1/me", world.url))
        .header("Authorization", format!("DPoP {}", caller.access().token))
        .header("DPoP", proof);
    let answer = send(call).await.unwrap();
    let status = answer.status();
    let retry_after = answer.headers().get("retry-after");
    let retry_after = retry_after.map(|value| value.to_str().unwrap().to_owned());
    let problem: Value = answer.json().await.unwrap();
    let slug = problem["type"].as_str().unwrap_or_default();
    Said {
        status: status.as_u16(),
        slug: slug.rsplit('/').next().unwrap_or_default().to_owned(),
        retry_after,
    }
}

/// With a proof made now.
async fn me_anew(world: &World, caller: &Caller) -> Said {
    me(world, caller, &proof(caller)).await
}

/// A browser on its way back from the provider: the address that ends the log-in.
async fn identified(world: &World, browser: &mut Browser, path: &str) -> String {
    let entry = browser.open(&format!("{}{path}", world.url)).await.unwrap();
    let entry = browser.follow(entry).await.unwrap();
    let form = entry.form("/login/valid").expect("the entry page");
    let away = browser.submit(&entry, &form, &[]).await.unwrap();
    let chooser = browser.follow(away).await.unwrap();
    let form = chooser.form("").expect("the provider's chooser");
    let back = [("persona", "marta")];
    let back = browser.submit(&chooser, &form, &back).await.unwrap();
    back.leads_to().expect("a way back").into()
}

/// A person who wanted to see a page and logged in for it: the page.
async fn log_in(world: &World, browser: &mut Browser, path: &str) -> Page {
    let back = identified(world, browser, path).await;
    let landing = browser.open(&back).await.unwrap();
    browser.follow(landing).await.unwrap()
}
