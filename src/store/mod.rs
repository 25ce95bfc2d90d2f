//! SQL behind one type: the statements of the other rooms run here, on any engine we support.
//!
//! Statements use `$1` placeholders and are bound with integers, text and bytes only, so that one
//! text serves every engine. Instants are stored as microseconds since 1970, UTC.

pub mod cache;
pub mod keyring;
mod migrate;
mod value;

use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{Executor, Sqlite, Transaction};

pub use migrate::Schema;
pub use value::{Row, Value, instant, micros};

/// Why the store did not do as asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A row with that key is there already.
    #[error("a row with that key exists")]
    Conflict,
    /// A stored value is not of the kind the program wrote: another version, or damage.
    #[error("column {column} does not hold what was written there")]
    Corrupt {
        /// Position of the column in the statement.
        column: usize,
    },
    /// The schema could not be brought up to date.
    #[error("the database schema could not be migrated")]
    Migration(#[source] sqlx::migrate::MigrateError),
    /// The database cannot be reached, is full, locked, or refused the statement.
    #[error("the database did not carry out a statement")]
    Unavailable(#[source] sqlx::Error),
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(cause) if cause.is_unique_violation() => Self::Conflict,
            _ => Self::Unavailable(error),
        }
    }
}

/// A database: one writer, many readers.
///
/// Every write goes through [`Db::begin`]; on SQLite that is `BEGIN IMMEDIATE` on the one writing
/// connection, so that what a transaction read is still true when it commits.
#[derive(Clone, Debug)]
pub struct Db {
    writer: SqlitePool,
    reader: SqlitePool,
}

impl Db {
    /// Opens (or creates) the database file and brings its schema up to date.
    ///
    /// `synchronous=FULL`: a commit that returned is on the disk.
    pub async fn open(file: &Path, schema: Schema) -> Result<Self, StoreError> {
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
        migrate::run(&writer, schema).await?;
        let reader = SqlitePoolOptions::new()
            .max_connections(4)
            .connect_with(options.create_if_missing(false).read_only(true))
            .await?;
        Ok(Self { writer, reader })
    }

    /// Starts a transaction that may write. Dropping it undoes it.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        Ok(Tx {
            inner: self.writer.begin_with("BEGIN IMMEDIATE").await?,
        })
    }

    /// All rows of a statement that only reads.
    pub async fn rows(
        &self,
        sql: &'static str,
        values: Vec<Value>,
    ) -> Result<Vec<Row>, StoreError> {
        let rows = value::bind(sql, values).fetch_all(&self.reader).await?;
        Ok(rows.into_iter().map(Row::new).collect())
    }

    /// The first row of a statement that only reads, if any.
    pub async fn row(
        &self,
        sql: &'static str,
        values: Vec<Value>,
    ) -> Result<Option<Row>, StoreError> {
        Ok(value::bind(sql, values)
            .fetch_optional(&self.reader)
            .await?
            .map(Row::new))
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.reader.execute("SELECT 1").await?;
        Ok(())
    }

    /// Empties the write-ahead journal, so that what was deleted is not found there either.
    ///
    /// While others read it may stay; it is then reused, and emptied the next time.
    pub async fn truncate_journal(&self) -> Result<(), StoreError> {
        self.writer
            .execute("PRAGMA wal_checkpoint(TRUNCATE)")
            .await?;
        Ok(())
    }

    /// Closes every connection, finishing what runs.
    pub async fn close(&self) {
        self.reader.close().await;
        self.writer.close().await;
    }
}

/// A transaction that may write.
#[derive(Debug)]
#[must_use = "a transaction that is not committed is undone"]
pub struct Tx {
    inner: Transaction<'static, Sqlite>,
}

impl Tx {
    /// Carries out a statement; gives the number of rows it changed.
    pub async fn execute(
        &mut self,
        sql: &'static str,
        values: Vec<Value>,
    ) -> Result<u64, StoreError> {
        Ok(value::bind(sql, values)
            .execute(&mut *self.inner)
            .await?
            .rows_affected())
    }

    /// All rows of a statement.
    pub async fn rows(
        &mut self,
        sql: &'static str,
        values: Vec<Value>,
    ) -> Result<Vec<Row>, StoreError> {
        let rows = value::bind(sql, values).fetch_all(&mut *self.inner).await?;
        Ok(rows.into_iter().map(Row::new).collect())
    }

    /// The first row of a statement, if any.
    pub async fn row(
        &mut self,
        sql: &'static str,
        values: Vec<Value>,
    ) -> Result<Option<Row>, StoreError> {
        Ok(value::bind(sql, values)
            .fetch_optional(&mut *self.inner)
            .await?
            .map(Row::new))
    }

    /// Makes everything durable. When this returns, it is on the disk.
    pub async fn commit(self) -> Result<(), StoreError> {
        Ok(self.inner.commit().await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn scratch() -> (tempfile::TempDir, Db) {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(&folder.path().join("t.db"), Schema::Gateway)
            .await
            .unwrap();
        let mut tx = db.begin().await.unwrap();
        tx.execute(
            "CREATE TABLE t (k TEXT PRIMARY KEY, n INTEGER, b BLOB)",
            vec![],
        )
        .await
        .unwrap();
        tx.commit().await.unwrap();
        (folder, db)
    }

    #[tokio::test]
    async fn what_is_bound_reads_back() {
        let (_folder, db) = scratch().await;
        let mut tx = db.begin().await.unwrap();
        let bound = vec!["a".into(), 7_i64.into(), vec![1_u8, 2].into()];
        assert_eq!(
            tx.execute("INSERT INTO t VALUES ($1, $2, $3)", bound)
                .await
                .unwrap(),
            1
        );
        tx.commit().await.unwrap();
        let row = db
            .row("SELECT k, n, b FROM t WHERE k = $1", vec!["a".into()])
            .await
            .unwrap()
            .unwrap();
        assert_eq!(
            (
                row.text(0).unwrap(),
                row.int(1).unwrap(),
                row.bytes(2).unwrap()
            ),
            ("a".to_owned(), 7, vec![1, 2])
        );
        assert!(matches!(row.int(0), Err(StoreError::Corrupt { column: 0 })));
    }

    #[tokio::test]
    async fn a_dropped_transaction_leaves_nothing() {
        let (_folder, db) = scratch().await;
        let mut tx = db.begin().await.unwrap();
        tx.execute("INSERT INTO t VALUES ('a', 1, NULL)", vec![])
            .await
            .unwrap();
        drop(tx);
        assert!(db.row("SELECT k FROM t", vec![]).await.unwrap().is_none());
    }

    #[tokio::test]
    async fn a_second_row_with_the_same_key_is_a_conflict() {
        let (_folder, db) = scratch().await;
        let mut tx = db.begin().await.unwrap();
        tx.execute("INSERT INTO t VALUES ('a', 1, NULL)", vec![])
            .await
            .unwrap();
        let again = tx
            .execute("INSERT INTO t VALUES ('a', 2, NULL)", vec![])
            .await;
        assert!(matches!(again, Err(StoreError::Conflict)));
    }

    #[tokio::test]
    async fn readers_cannot_write() {
        let (_folder, db) = scratch().await;
        assert!(
            db.rows("INSERT INTO t VALUES ('a', 1, NULL)", vec![])
                .await
                .is_err()
        );
    }
}
