//! Schema changes: forward only, each compatible with the version before.
//!
//! While replicas are replaced one by one, two versions of the program work on one schema: a change
//! adds; what is no longer used is dropped a version later.

use std::borrow::Cow;

use sqlx::migrate::{Migrate as _, Migration, MigrationType, Migrator};
use sqlx::postgres::PgPool;
use sqlx::sqlite::SqlitePool;
use sqlx::{AssertSqlSafe, SqlSafeStr};

use super::StoreError;

/// Which database it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Schema {
    /// People, consent, exchanges, the log.
    Gateway,
    /// Keys, kept apart so that erasing them is possible and copying the other proves nothing.
    Keyring,
}

/// One step: what both engines run, and what each adds in its own words.
pub(super) struct Change {
    pub(super) number: i64,
    pub(super) name: &'static str,
    pub(super) both: &'static str,
    pub(super) sqlite: &'static str,
    pub(super) postgres: &'static str,
}

/// The texts of a change, which lie beside each other.
macro_rules! change {
    ($number:literal, $name:literal, $file:literal) => {
        Change {
            number: $number,
            name: $name,
            both: include_str!(concat!("../../migrations/", $file, ".sql")),
            sqlite: "",
            postgres: "",
        }
    };
    ($number:literal, $name:literal, $file:literal, triggers) => {
        Change {
            sqlite: include_str!(concat!("../../migrations/", $file, ".sqlite.sql")),
            postgres: include_str!(concat!("../../migrations/", $file, ".postgres.sql")),
            ..change!($number, $name, $file)
        }
    };
}

const GATEWAY: &[Change] = &[
    change!(1, "identity", "gateway/0001_identity"),
    change!(2, "consent", "gateway/0002_consent", triggers),
    change!(3, "exchange", "gateway/0003_exchange", triggers),
    change!(4, "log", "gateway/0004_log", triggers),
    change!(5, "lease", "gateway/0005_lease"),
    change!(10, "subject_document", "gateway/0010_subject_document"),
    change!(
        11,
        "notice_publication",
        "gateway/0011_notice_publication",
        triggers
    ),
    change!(12, "grant_terms", "gateway/0012_grant_terms"),
    change!(13, "events", "gateway/0013_events", triggers),
    change!(14, "notice_text", "gateway/0014_notice_text", triggers),
    change!(15, "requests", "gateway/0015_requests", triggers),
    change!(16, "handed_over", "gateway/0016_handed_over"),
    change!(17, "lifted", "gateway/0017_lifted", triggers),
    change!(19, "household", "gateway/0019_household", triggers),
];

const KEYRING: &[Change] = &[
    change!(1, "keyring", "keyring/0001_keyring", triggers),
    change!(2, "replicas", "keyring/0002_replicas"),
];

impl Schema {
    /// Its changes, oldest first.
    pub(super) const fn changes(self) -> &'static [Change] {
        match self {
            Self::Gateway => GATEWAY,
            Self::Keyring => KEYRING,
        }
    }
}

pub(super) async fn sqlite(pool: &SqlitePool, schema: Schema) -> Result<(), StoreError> {
    let migrator = migrator(schema, |change| change.sqlite);
    migrator.run(pool).await.map_err(StoreError::Migration)
}

pub(super) async fn postgres(pool: &PgPool, schema: Schema) -> Result<(), StoreError> {
    let migrator = migrator(schema, |change| change.postgres);
    migrator.run(pool).await.map_err(StoreError::Migration)
}

/// Whether every change this program knows was made. Newer ones do no harm.
pub(super) async fn is_current(pool: &PgPool, schema: Schema) -> Result<(), StoreError> {
    let migrator = migrator(schema, |change| change.postgres);
    let table = &migrator.table_name;
    let mut connection = pool.acquire().await?;
    let applied = connection.list_applied_migrations(table).await;
    let applied = match applied {
        Ok(applied) => applied,
        // No table of changes: nothing was ever migrated here.
        Err(sqlx::migrate::MigrateError::Execute(sqlx::Error::Database(error)))
            if error.code().as_deref() == Some(UNDEFINED_TABLE) =>
        {
            Vec::new()
        }
        Err(error) => return Err(StoreError::Migration(error)),
    };
    let missing = migrator
        .iter()
        .filter(|change| !applied.iter().any(|done| done.version == change.version))
        .count();
    match missing {
        0 => Ok(()),
        missing => Err(StoreError::Outdated { missing }),
    }
}

fn migrator(schema: Schema, own: impl Fn(&Change) -> &'static str) -> Migrator {
    let changes = schema.changes().iter().map(|change| {
        Migration::new(
            change.number,
            Cow::Borrowed(change.name),
            MigrationType::Simple,
            AssertSqlSafe(format!("{}\n{}", change.both, own(change))).into_sql_str(),
            false,
        )
    });
    let mut migrator = Migrator::with_migrations(changes.collect());
    migrator.set_ignore_missing(true); // a newer program was here: its changes are compatible
    migrator
}

/// SQLSTATE of a table that is not there.
const UNDEFINED_TABLE: &str = "42P01";
