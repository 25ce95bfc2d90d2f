//! The whole service as its own users: what the roles are granted is also enough.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;

use interop_gateway::clock;
use interop_gateway::config::Environment;
use interop_gateway::gateway::Gateway;
use interop_gateway::store::{Remark, Weight};
use serde_json::json;
use tempfile::TempDir;
use toml::Table;

use super::{granted, make};
use crate::gateway::{PURPOSE, Setup, World, fetched, notices, text};
use crate::servers::{Postgres, Redis};

/// Sections that let the gateway connect as its own users, with passwords in files.
async fn sections(server: &Postgres, cache: &Redis, secrets: &TempDir) -> Table {
    let mut roles = Table::new();
    for duty in ["owner", "application", "sequencer", "auditor", "eraser"] {
        let password = format!("of the {duty}");
        let user = format!("interop_{duty}");
        let set = format!("ALTER ROLE {user} PASSWORD '{password}'");
        server.sql("postgres", &set).await;
        let file = secrets.path().join(duty);
        fs::write(&file, format!("{password}\n")).unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
        let file = file.display().to_string();
        let role = Table::from_iter([("user", user), ("password_file", file)].map(entry));
        roles.insert(duty.to_owned(), role.into());
    }
    server.ask_passwords().await;
    let places = ["gateway", "keyring"].map(|name| {
        let url = server.url(name);
        url.replace("postgres@", "")
    });
    let [database, keyring] = places;
    let mut store = Table::from_iter([("database", database), ("keyring", keyring)].map(entry));
    store.insert("roles".to_owned(), roles.into());
    let cache = Table::from_iter([entry(("redis", cache.url()))]);
    Table::from_iter([
        ("store".to_owned(), store.into()),
        ("cache".to_owned(), cache.into()),
    ])
}

fn entry((name, value): (&str, String)) -> (String, toml::Value) {
    (name.to_owned(), value.into())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_citizens_whole_journey_works_as_the_services_own_users() {
    let server = granted().await;
    let secrets = tempfile::tempdir().unwrap();
    let cache = Redis::start().await;
    let over = sections(&server, &cache, &secrets).await;
    let mut world = World::with(Setup {
        over,
        ..Setup::default()
    })
    .await;

    let marta = world.willing("marta").await;
    let job = fetched(&marta).await;
    marta.profile(&text(&job, "job")).await.unwrap();
    assert_eq!(marta.exchanges().await.unwrap().len(), 4);
    marta.revoke_all(PURPOSE).await.unwrap();
    marta.receipts().await.unwrap();
    let search = json!({"reason": "a complaint", "person": {"type": "nif", "number": "00000000T"}});
    let _ = world.auditor.search(&search).await;
    let app = world.app();
    app.logins.sweep().await.unwrap();
    app.tokens.sweep().await.unwrap();
    app.exchange.sweep().await.unwrap();
    world.until("SELECT count(*) FROM log_staged", 0).await;
    let checked = app.log.audit_self().await.unwrap();
    assert!(checked.holds(), "{:?}", checked.findings);

    let users = "SELECT DISTINCT usename FROM pg_stat_activity
                 WHERE application_name = 'interop-gateway' ORDER BY 1";
    assert_eq!(
        server.sql("postgres", users).await,
        ["interop_application", "interop_sequencer"]
    );
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn log_11_requests_erase_destroys_keys_as_the_eraser_and_not_without() {
    let server = granted().await;
    let secrets = tempfile::tempdir().unwrap();
    let cache = Redis::start().await;
    let over = sections(&server, &cache, &secrets).await;
    let mut world = World::with(Setup {
        over,
        ..Setup::default()
    })
    .await;
    let marta = world.willing("marta").await;
    let erasure = json!({"kind": "erasure"});
    marta
        .post("/v1/me/requests", &erasure)
        .await
        .unwrap()
        .ok()
        .unwrap();
    world.stop().await;
    let config = world.files.path().join("gateway.toml");
    let erase = |more: &'static [&'static str]| {
        let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_interop-gateway"));
        command
            .args(["requests", "erase"])
            .args(more)
            .arg("--config")
            .arg(&config);
        async move {
            let ended = command.output().await.unwrap();
            let said = [ended.stdout, ended.stderr].map(|text| String::from_utf8(text).unwrap());
            (ended.status.success(), said.concat())
        }
    };
    let keys = "SELECT count(*)::text FROM data_key";
    let before = server.sql("keyring", keys).await;
    assert_eq!(erase(&[]).await, (true, "0 people\n".to_owned()));
    assert_eq!(server.sql("keyring", keys).await, before);

    // Five years on, which no process outlives.
    for table in ["block_term", "blocking"] {
        let over = format!(
            "ALTER TABLE {table} DISABLE TRIGGER USER; UPDATE {table} SET until = 1;
             ALTER TABLE {table} ENABLE TRIGGER USER"
        );
        server.sql("gateway", &over).await;
    }
    assert_eq!(erase(&["--dry-run"]).await, (true, "1 people\n".to_owned()));
    server
        .sql("postgres", "ALTER ROLE interop_eraser NOLOGIN")
        .await;
    let (done, said) = erase(&[]).await;
    assert!(!done, "{said}");
    assert_eq!(
        server.sql("keyring", keys).await,
        before,
        "the application destroys none"
    );
    server
        .sql("postgres", "ALTER ROLE interop_eraser LOGIN")
        .await;
    assert_eq!(erase(&[]).await, (true, "1 people\n".to_owned()));
    assert_ne!(server.sql("keyring", keys).await, before);
    let erased = "SELECT count(*)::text FROM erased";
    assert_eq!(server.sql("keyring", erased).await, ["1"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn production_refuses_a_user_who_may_alter_evidence_and_a_server_that_forgets() {
    let server = Postgres::start_with(&[("fsync", "on")]).await;
    make(&server);
    let secrets = tempfile::tempdir().unwrap();
    let cache = Redis::start().await;
    let mut over = sections(&server, &cache, &secrets).await;
    let town = tempfile::tempdir().unwrap();
    over.insert("consent".to_owned(), notices::own(town.path()).into());
    let mut world = World::with(Setup {
        over,
        ..Setup::default()
    })
    .await;
    world.stop().await;

    let mut config = world.config.clone();
    config.environment = Environment::Production;
    let looked = Gateway::look(&config, clock::World::real()).await.unwrap();
    let warnings = |remarks: &[Remark]| -> Vec<String> {
        let heavy = remarks.iter().filter(|one| one.weight > Weight::Note);
        heavy.map(|one| one.text.clone()).collect()
    };
    let unreplicated = "a fail-over may lose the newest commits, also of consents and of the log: no \
                        synchronous standby; at the next start a log that lost published entries is \
                        refused";
    assert_eq!(
        warnings(looked.remarks()),
        ["database", "keyring"].map(|name| format!("store.{name}  {unreplicated}"))
    );
    drop(looked);

    let asynchronous = "ALTER ROLE interop_application SET synchronous_commit = off";
    server.sql("postgres", asynchronous).await;
    let refused = Gateway::look(&config, clock::World::real())
        .await
        .unwrap_err();
    let forgets = "store.database  synchronous_commit=off: a crash of the server may lose the newest \
                   commits, though they were answered";
    assert_eq!(refused.0, [forgets]);

    config.store.roles.application = config.store.roles.owner.clone();
    let refused = Gateway::look(&config, clock::World::real())
        .await
        .unwrap_err();
    let may = "store.database  the application connects as a user who may change or delete \
               block_term, blocking, consent_event, ";
    assert!(refused.0[0].starts_with(may), "{refused}");
    config.environment = Environment::Pre;
    let warned = Gateway::look(&config, clock::World::real()).await.unwrap();
    assert!(
        warnings(warned.remarks())
            .iter()
            .any(|one| one.starts_with(may))
    );
}
