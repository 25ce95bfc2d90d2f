//! A process killed at each step of a fetch.

use std::collections::BTreeSet;
use std::time::Duration;

use interop_gateway::config::Config;
use interop_gateway::store::{Db, Schema};
use simulator::folder::CitizenApi;
use simulator::pci::{Knobs, Transport};

use super::books::Books;
use super::town::{Process, Town, begin_fetch, fetch, grant_all};

/// Sources a fetch asks at first.
const SOURCES: usize = 4;

/// A town with a gateway where Marta said yes to everything.
async fn agreed() -> (Town, Process, CitizenApi) {
    let town = Town::found().await;
    let gateway = town.start().await;
    let marta = town.sign_in(&gateway.folder, "marta").await;
    grant_all(&marta).await;
    (town, gateway, marta)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_before_the_fetch_it_forgets_no_decision() {
    let (town, gateway, _) = agreed().await;
    gateway.kill().await;
    let books = goes_on(&town).await;
    assert_eq!((books.abandoned, books.interrupted), (0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_while_the_platform_is_silent_it_abandons_every_exchange() {
    let (town, gateway, marta) = agreed().await;
    silence(&town);
    begin_fetch(&marta).await;
    until(async || town.sent() == SOURCES).await;
    gateway.kill().await;
    assert_eq!(books(&town).await.open().len(), SOURCES);
    let books = goes_on(&town).await;
    assert_eq!((books.abandoned, books.interrupted), (SOURCES, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_while_one_answer_is_late_it_keeps_what_the_others_said() {
    let (town, gateway, marta) = agreed().await;
    let late = Knobs {
        latency_ms: 600_000,
        ..Knobs::default()
    };
    town.world.platform.controls.product("AEAT_IRPF/C4", late);
    let job = begin_fetch(&marta).await;
    until(async || received(&marta, &job).await == SOURCES - 1).await;
    until(async || town.sent() == SOURCES).await;
    gateway.kill().await;
    assert_eq!(books(&town).await.with_result("ok").len(), SOURCES - 1);
    let books = goes_on(&town).await;
    assert_eq!((books.abandoned, books.interrupted), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_before_the_release_it_hands_nothing_over_unrecorded() {
    let (town, gateway, marta) = agreed().await;
    let job = fetch(&marta).await;
    gateway.kill().await;
    assert_eq!(books(&town).await.releases.len(), 0);
    let gateway = town.start().await;
    let marta = town.sign_in(&gateway.folder, "marta").await;
    let profile = marta.profile(&job).await;
    let config = Config::load(&town.config(), &[]).unwrap();
    if config.cache.is_shared() {
        // What was kept outlived the process; it leaves with its record.
        profile.unwrap();
        assert_eq!(books(&town).await.releases.len(), 1);
    } else {
        let gone = profile.unwrap_err();
        assert_eq!(gone.problem().map(|problem| problem.status), Some(410));
        assert_eq!(books(&town).await.releases.len(), 0);
    }
    gateway.kill().await;
    let books = goes_on(&town).await;
    assert_eq!((books.abandoned, books.interrupted), (0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_after_the_release_it_remembers_what_left() {
    let (town, gateway, marta) = agreed().await;
    let job = fetch(&marta).await;
    marta.profile(&job).await.unwrap();
    gateway.kill().await;
    assert_eq!(books(&town).await.releases.len(), 1);
    let books = goes_on(&town).await;
    assert_eq!((books.abandoned, books.interrupted), (0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn checking_the_log_of_a_running_gateway_leaves_its_fetches_alone() {
    let (town, gateway, marta) = agreed().await;
    silence(&town);
    begin_fetch(&marta).await;
    until(async || town.sent() == SOURCES).await;
    for words in [["log", "verify"], ["config", "check"]] {
        let output = town.command(&words).await;
        assert!(output.status.success(), "{output:?}");
    }
    let books = books(&town).await;
    assert_eq!(books.open().len(), SOURCES);
    assert_eq!(books.jobs.values().collect::<Vec<_>>(), ["running"]);
    gateway.kill().await;
}

/// The platform takes requests and never answers.
fn silence(town: &Town) {
    town.world.platform.controls.everywhere(Knobs {
        transport: Some(Transport::Hang),
        ..Knobs::default()
    });
}

/// How many sources of a job have answered.
async fn received(citizen: &CitizenApi, job: &str) -> usize {
    let job = citizen.job(job).await.unwrap();
    let sources = job["sources"].as_array().unwrap();
    let answered = sources.iter().filter(|one| one["state"] == "received");
    answered.count()
}

/// What the books say, whether a gateway runs or not.
async fn books(town: &Town) -> Books {
    let config = Config::load(&town.config(), &[]).unwrap();
    let db = Db::open(&config.store.database, Schema::Gateway)
        .await
        .unwrap();
    let books = Books::read(&db).await;
    db.close().await;
    books
}

/// Waits for something another process does, which nothing here can wait on.
async fn until(so: impl AsyncFn() -> bool) {
    let soon = async {
        while !so().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let minute = Duration::from_mins(1);
    tokio::time::timeout(minute, soon)
        .await
        .expect("it happens");
}

/// What the next start found.
struct Aftermath {
    abandoned: usize,
    interrupted: usize,
}

/// Starts again in the same folder: the books are straight, the log is valid, and a new fetch works.
async fn goes_on(town: &Town) -> Aftermath {
    let before = books(town).await;
    before.assert_sound();
    let platform = &town.world.platform;
    platform.controls.reset();
    let gateway = town.start().await;
    if Config::load(&town.config(), &[])
        .unwrap()
        .store
        .database
        .is_server()
    {
        // Others may answer beside it: the dead one is gone only once its lease has run out.
        until(async || books(town).await.running() == 0).await;
    }
    let found = books(town).await;
    found.assert_closed();
    assert_eq!(found.with_result("abandoned"), before.open());

    let marta = town.sign_in(&gateway.folder, "marta").await;
    grant_all(&marta).await; // anew, so that nothing kept in Redis is used instead of asking
    let job = fetch(&marta).await;
    marta.profile(&job).await.unwrap();
    let books = books(town).await;
    books.assert_closed();
    assert_eq!(books.intents.len(), found.intents.len() + SOURCES);
    assert_eq!(books.releases.len(), found.releases.len() + 1);
    gateway.kill().await;

    let received = platform.recorder.received();
    let ids: BTreeSet<_> = received
        .iter()
        .map(|request| request.id_peticion.as_deref().unwrap())
        .collect();
    assert_eq!(ids.len(), received.len(), "an IdPeticion was used twice");
    assert!(ids.is_subset(&books.request_ids()), "sent without intent");
    let checked = town.command(&["log", "verify"]).await;
    let told = String::from_utf8_lossy(&checked.stdout);
    assert!(
        checked.status.success() && told.starts_with("valid: "),
        "{checked:?}"
    );

    let interrupted = found.jobs.values().filter(|job| *job == "interrupted");
    Aftermath {
        abandoned: found.with_result("abandoned").len(),
        interrupted: interrupted.count(),
    }
}
