//! The keys that protect people's keys are replaced, and copies put back, as an operator does it.

use std::fs;
use std::process::Output;

use interop_gateway::clock::World;
use interop_gateway::config::Config;
use interop_gateway::gateway::Gateway;
use interop_gateway::store::keyring::LookupKeys;
use interop_gateway::store::{Db, Location, Schema};
use serde_json::Value;
use simulator::folder::CitizenApi;
use tokio::process::Command;

use super::town::{PURPOSE, Process, Town, fetch, grant_all, text};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_wrapping_key_is_replaced_under_a_gateway_that_goes_on() {
    let town = Town::found().await;
    let gateway = town.start().await;
    let marta = town.sign_in(&gateway.folder, "marta").await;
    grant_all(&marta).await;
    let before = decided(&marta).await;

    let made = said(&keyring(&town, &["rotate"]).await, 0);
    assert!(made.contains("wrapping-"), "{made}");
    // The gateway that runs was started before there was a new key.
    let early = keyring(&town, &["rotate"]).await;
    assert_eq!(early.status.code(), Some(1));
    let told = String::from_utf8_lossy(&early.stderr).into_owned();
    assert!(told.starts_with("1 running gateway(s)"), "{told}");

    stop(gateway).await;
    let gateway = town.start().await;
    said(&keyring(&town, &["rotate"]).await, 0);
    let marta = town.sign_in(&gateway.folder, "marta").await;
    assert_eq!(decided(&marta).await, before);
    let finished = said(&keyring(&town, &["rotate", "--finish"]).await, 0);
    let old = town.folder.path().join("keys/wrapping.key");
    assert!(
        finished.trim_end().ends_with(old.to_str().unwrap()),
        "{finished}"
    );
    stop(gateway).await;
    fs::remove_file(&old).unwrap();

    let gateway = town.start().await;
    let marta = town.sign_in(&gateway.folder, "marta").await;
    assert_eq!(decided(&marta).await, before);
    fetch(&marta).await;
    assert!(!old.exists(), "no other key took its place");
    let status = status(&town).await;
    let keys = status["wrapping"].as_array().unwrap();
    assert_eq!((keys.len(), &keys[0]["role"]), (1, &"current".into()));
    assert_eq!(status["gateways"], 1);
    stop(gateway).await;
    said(&town.command(&["log", "verify"]).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_are_found_again_once_the_key_they_were_indexed_under_is_gone() {
    let town = Town::found().await;
    let gateway = town.start().await;
    let marta = town.sign_in(&gateway.folder, "marta").await;
    grant_all(&marta).await;
    let before = decided(&marta).await;
    stop(gateway).await;

    let file = town.folder.path().join("keys/lookup.keys");
    let old = fs::read_to_string(&file).unwrap();
    let new = LookupKeys::file_text(2, &[7; 32]);
    fs::write(&file, format!("{old}{}", *new)).unwrap();
    let refused = keyring(&town, &["reindex", "--retire", "1"]).await;
    assert_eq!(refused.status.code(), Some(1));
    let indexed = said(&keyring(&town, &["reindex"]).await, 0);
    assert!(
        indexed.starts_with("version 2: 1 people indexed now, 0 left"),
        "{indexed}"
    );
    let again = said(&keyring(&town, &["reindex"]).await, 0);
    assert!(
        again.starts_with("version 2: 0 people indexed now"),
        "{again}"
    );
    let retired = said(&keyring(&town, &["reindex", "--retire", "1"]).await, 0);
    assert_eq!(retired, "version 1: 1 look-ups deleted\n");
    fs::write(&file, &**new).unwrap();

    let gateway = town.start().await;
    let marta = town.sign_in(&gateway.folder, "marta").await;
    assert_eq!(decided(&marta).await, before);
    assert_eq!(status(&town).await["people"], 1);
    stop(gateway).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_made_while_it_serves_is_put_back_and_forgets_the_erased_again() {
    let town = Town::on_files().await;
    let gateway = town.start().await;
    let marta = town.sign_in(&gateway.folder, "marta").await;
    grant_all(&marta).await;
    let backup = ["backup", "copy.sqlite"];
    assert_eq!(said(&keyring(&town, &backup).await, 0), "copy.sqlite\n");
    let copy = town.folder.path().join("copy.sqlite");
    assert_private(&copy);
    assert_eq!(keyring(&town, &backup).await.status.code(), Some(2));
    stop(gateway).await;

    let config = Config::load(&town.config(), &[]).unwrap();
    let gateway = Gateway::look(&config, World::real()).await.unwrap();
    let app = gateway.app();
    let row = app.db.row("SELECT subject FROM subject", vec![]).await;
    let subject = row.unwrap().unwrap().parsed(0).unwrap();
    app.log.erase(subject).await.unwrap();
    app.db.close().await;
    let keyring_file = town.folder.path().join("keyring.sqlite");
    for part in ["-wal", "-shm"] {
        let _ = fs::remove_file(town.folder.path().join(format!("keyring.sqlite{part}")));
    }
    fs::rename(&copy, &keyring_file).unwrap();

    let mended = said(&keyring(&town, &["restored"]).await, 0);
    let keys: u64 = mended.split(' ').next().unwrap().parse().unwrap();
    assert!(keys > 0, "{mended}");
    assert!(said(&keyring(&town, &["restored"]).await, 0).starts_with("0 key(s)"));
    let db = Db::open(&Location::File(keyring_file), Schema::Keyring).await;
    let left = "SELECT subject FROM data_key WHERE subject <> 'service'";
    assert!(db.unwrap().row(left, vec![]).await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_keyring_older_than_the_database_is_told_by_the_people_it_has_no_keys_of() {
    let town = Town::on_files().await;
    said(&town.command(&["keys", "init"]).await, 0);
    said(&keyring(&town, &["backup", "copy.sqlite"]).await, 0);
    let gateway = town.start().await;
    town.sign_in(&gateway.folder, "marta").await;
    stop(gateway).await;
    for part in ["-wal", "-shm"] {
        let _ = fs::remove_file(town.folder.path().join(format!("keyring.sqlite{part}")));
    }
    let folder = town.folder.path();
    fs::rename(folder.join("copy.sqlite"), folder.join("keyring.sqlite")).unwrap();
    let told = said(&keyring(&town, &["restored"]).await, 1);
    assert!(told.contains("1 people have no key here"), "{told}");
}

async fn keyring(town: &Town, words: &[&str]) -> Output {
    town.command(&[&["keyring"], words].concat()).await
}

/// What a command wrote as its result, having ended as expected.
fn said(output: &Output, code: i32) -> String {
    assert_eq!(output.status.code(), Some(code), "{output:?}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

async fn status(town: &Town) -> Value {
    let words = said(&keyring(town, &["status"]).await, 0);
    assert!(words.contains("\nlook-up   "), "{words}");
    serde_json::from_str(&said(&keyring(town, &["status", "--json"]).await, 0)).unwrap()
}

/// Product and state of each item.
async fn decided(citizen: &CitizenApi) -> Vec<(String, String)> {
    let items = citizen.consents(PURPOSE).await.unwrap();
    let states = items
        .iter()
        .map(|item| (text(item, "product"), text(item, "state")));
    let states: Vec<_> = states.collect();
    assert!(
        states.iter().any(|(_, state)| state == "granted"),
        "{states:?}"
    );
    states
}

/// Asks a gateway to stop, and waits until it did.
async fn stop(mut gateway: Process) {
    let id = gateway.child.id().unwrap().to_string();
    let asked = Command::new("kill").args(["-TERM", &id]).status().await;
    assert!(asked.unwrap().success());
    assert!(gateway.child.wait().await.unwrap().success());
}

fn assert_private(file: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = fs::metadata(file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}
