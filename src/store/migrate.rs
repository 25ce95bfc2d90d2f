//! Schema changes: forward only, each compatible with the version before.

use std::borrow::Cow;

use sqlx::SqlitePool;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{AssertSqlSafe, SqlSafeStr};

use super::StoreError;

/// Which database a file is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Schema {
    /// People, consent, exchanges, the log.
    Gateway,
    /// Keys, kept apart so that erasing them is possible and copying the other proves nothing.
    Keyring,
}

/// Number, name and text of each change, oldest first.
const GATEWAY: &[(i64, &str, &str)] = &[
    (
        1,
        "identity",
        include_str!("../../migrations/gateway/0001_identity.sql"),
    ),
    (
        2,
        "consent",
        include_str!("../../migrations/gateway/0002_consent.sql"),
    ),
    (
        3,
        "exchange",
        include_str!("../../migrations/gateway/0003_exchange.sql"),
    ),
    (
        4,
        "log",
        include_str!("../../migrations/gateway/0004_log.sql"),
    ),
    (
        10,
        "subject_document",
        include_str!("../../migrations/gateway/0010_subject_document.sql"),
    ),
];
const KEYRING: &[(i64, &str, &str)] = &[
    (
        1,
        "keyring",
        include_str!("../../migrations/keyring/0001_keyring.sql"),
    ),
    (
        2,
        "replicas",
        include_str!("../../migrations/keyring/0002_replicas.sql"),
    ),
];

pub(super) async fn run(pool: &SqlitePool, schema: Schema) -> Result<(), StoreError> {
    let changes = match schema {
        Schema::Gateway => GATEWAY,
        Schema::Keyring => KEYRING,
    };
    let migrations = changes.iter().map(|(number, name, sql)| {
        Migration::new(
            *number,
            Cow::Borrowed(*name),
            MigrationType::Simple,
            AssertSqlSafe(*sql).into_sql_str(),
            false,
        )
    });
    Migrator::with_migrations(migrations.collect())
        .run(pool)
        .await
        .map_err(StoreError::Migration)
}
