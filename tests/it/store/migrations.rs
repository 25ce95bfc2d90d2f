//! Schema changes: released once, forward only, and compatible with the version before.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use aws_lc_rs::digest::{SHA256, digest};
use interop_gateway::store::{Db, Location, Schema, StoreError};

use crate::servers::Postgres;

/// The texts of all changes, by their path below `migrations/`.
fn texts() -> BTreeMap<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let mut texts = BTreeMap::new();
    for schema in ["gateway", "keyring"] {
        for file in fs::read_dir(root.join(schema)).unwrap() {
            let file = file.unwrap();
            let name = file.file_name().into_string().unwrap();
            if name.starts_with(|first: char| first.is_ascii_digit()) {
                let text = fs::read_to_string(file.path()).unwrap();
                texts.insert(format!("{schema}/{name}"), text);
            }
        }
    }
    texts
}

/// After adding one: `cd migrations && sha256sum */0*.sql > SHA256SUMS`. A line that changes is a
/// change to what databases out there have run.
#[test]
fn every_migration_is_the_one_that_was_released() {
    let pinned = include_str!("../../../migrations/SHA256SUMS");
    let lines = texts().into_iter().map(|(name, text)| {
        let hash = digest(&SHA256, text.as_bytes());
        [hex::encode(hash), name].join("  ")
    });
    let found: Vec<_> = lines.collect();
    assert_eq!(found, pinned.lines().collect::<Vec<_>>());
}

#[test]
fn every_migration_only_adds() {
    for (name, text) in texts() {
        for statement in statements(&text) {
            for word in [" DROP ", " RENAME ", "ALTER TYPE", " SET DATA TYPE "] {
                assert!(!statement.contains(word), "{name}: {statement}");
            }
            for word in ["DROP ", "UPDATE ", "DELETE ", "TRUNCATE "] {
                assert!(!statement.starts_with(word), "{name}: {statement}");
            }
            // Rows of the version before, and what it still writes, have no value for it.
            let needs = statement.contains(" ADD ") && statement.contains(" NOT NULL");
            assert!(
                !needs || statement.contains(" DEFAULT "),
                "{name}: {statement}"
            );
        }
    }
}

/// The statements of a text, without comments, in capitals, with single spaces.
fn statements(text: &str) -> Vec<String> {
    let lines = text
        .lines()
        .map(|line| line.split("--").next().unwrap_or_default());
    let bare = lines.collect::<Vec<_>>().join(" ").to_uppercase();
    let statements = bare.split(';');
    statements
        .map(|one| one.split_whitespace().collect::<Vec<_>>().join(" "))
        .filter(|one| !one.is_empty())
        .collect()
}

/// What a later version leaves in the table of changes.
const LATER: &str = "INSERT INTO _sqlx_migrations
     (version, description, success, checksum, execution_time) VALUES (9999, 'later', TRUE, '', 0)";

#[tokio::test]
async fn a_program_opens_a_file_that_a_later_one_has_changed() {
    let folder = tempfile::tempdir().unwrap();
    let place = Location::File(folder.path().join("gateway.db"));
    let db = Db::open(&place, Schema::Gateway).await.unwrap();
    let mut tx = db.begin().await.unwrap();
    tx.execute(LATER, vec![]).await.unwrap();
    tx.commit().await.unwrap();
    db.close().await;
    let db = Db::open(&place, Schema::Gateway).await.unwrap();
    db.ping().await.unwrap();
}

#[tokio::test]
async fn a_program_opens_a_server_a_later_one_has_changed_and_not_one_it_is_ahead_of() {
    let server = Postgres::start().await;
    let place = Location::Server(server.url("postgres").parse().unwrap());
    let before = Db::open(&place, Schema::Gateway).await.unwrap_err();
    assert!(
        matches!(before, StoreError::Outdated { missing } if missing > 0),
        "{before}"
    );

    Db::migrate(&place, Schema::Gateway).await.unwrap();
    server.sql("postgres", LATER).await;
    let db = Db::open(&place, Schema::Gateway).await.unwrap();
    db.ping().await.unwrap();
    db.close().await;
    Db::migrate(&place, Schema::Gateway).await.unwrap();

    let newest = "DELETE FROM _sqlx_migrations WHERE version =
                  (SELECT MAX(version) FROM _sqlx_migrations WHERE version < 9999)";
    server.sql("postgres", newest).await;
    let behind = Db::open(&place, Schema::Gateway).await.unwrap_err();
    assert_eq!(
        behind.to_string(),
        "the database lacks 1 schema change(s); run `interop-gateway migrate` first"
    );
}
