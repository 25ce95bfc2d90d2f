//! Opening a database file.

use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};

use super::{Schema, StoreError, migrate};

/// One writer, so that what a transaction read is still true when it commits, and some readers.
#[derive(Clone, Debug)]
pub(super) struct Pools {
    pub(super) writer: SqlitePool,
    pub(super) reader: SqlitePool,
}

/// Opens (or creates) the file and brings its schema up to date.
///
/// `synchronous=FULL`: a commit that returned is on the disk.
pub(super) async fn open(file: &Path, schema: Schema) -> Result<Pools, StoreError> {
    let options = SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        .foreign_keys(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(Duration::from_secs(5));
    let options = match schema {
        Schema::Gateway => options,
        Schema::Keyring => options.pragma("secure_delete", "on"), // a deleted key is overwritten
    };
    let writer = SqlitePoolOptions::new()
        .max_connections(1)
        .connect_with(options.clone())
        .await?;
    migrate::sqlite(&writer, schema).await?;
    let reader = SqlitePoolOptions::new()
        .max_connections(4)
        .connect_with(options.create_if_missing(false).read_only(true))
        .await?;
    Ok(Pools { writer, reader })
}
