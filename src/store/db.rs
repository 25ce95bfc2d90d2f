//! The database and its transactions, on either engine.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use sqlx::{Executor, Postgres, Sqlite, Transaction};

#[cfg(test)]
use super::faults::attempt;
use super::value::{bind, instant};
use super::{Durability, Location, Row, Schema, StoreError, Value};
use super::{durability, postgres, roles, sqlite};

/// How long a statement may take before the server counts as gone. A network that swallows packets
/// says nothing; whoever waits for it must still get an answer.
const PATIENCE: Duration = Duration::from_secs(12);

/// Rows deleted in one transaction.
const BATCH: u32 = 1000;

/// A database: on SQLite one writer and many readers, on PostgreSQL many of both.
///
/// Every write goes through [`Db::begin`]. On SQLite that is `BEGIN IMMEDIATE` on the one writing
/// connection. On PostgreSQL others write meanwhile: a transaction first updates the row it competes
/// for, and what it reads after that is still true when it commits.
#[derive(Clone, Debug)]
pub struct Db {
    engine: Engine,
    counts: Arc<Counts>,
}

/// What this process has had the database do, for measurements.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Work {
    /// Statements carried out, or tried.
    pub statements: u64,
    /// Transactions that became durable.
    pub commits: u64,
}

#[derive(Debug, Default)]
struct Counts {
    statements: AtomicU64,
    commits: AtomicU64,
}

impl Counts {
    fn statement(&self) {
        self.statements.fetch_add(1, Ordering::Relaxed);
    }

    fn commit(&self) {
        self.commits.fetch_add(1, Ordering::Relaxed);
    }
}

#[derive(Clone, Debug)]
enum Engine {
    Postgres(postgres::Pools),
    Sqlite(sqlite::Pools),
}

impl Db {
    /// Opens a database: a file is created and brought up to date, a server must be (see
    /// [`Db::migrate`]).
    pub async fn open(location: &Location, schema: Schema) -> Result<Self, StoreError> {
        let engine = match location {
            Location::File(file) => Engine::Sqlite(sqlite::open(file, schema).await?),
            Location::Server(server) => Engine::Postgres(server.open(schema).await?),
        };
        let counts = Arc::default();
        Ok(Self { engine, counts })
    }

    /// Brings the schema up to date, as the user who owns it, and grants each role its part.
    pub async fn migrate(location: &Location, schema: Schema) -> Result<(), StoreError> {
        match location {
            Location::File(_) => {
                Self::open(location, schema).await?.close().await;
                Ok(())
            }
            Location::Server(server) => server.migrate(schema).await,
        }
    }

    /// Whether other processes may work on it at the same time.
    pub const fn is_shared(&self) -> bool {
        matches!(self.engine, Engine::Postgres(_))
    }

    /// Starts a transaction that may write. Dropping it undoes it.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        attempt(async {
            let inner = match &self.engine {
                Engine::Postgres(pools) => Inner::Postgres(patiently(pools.writer.begin()).await?),
                Engine::Sqlite(pools) => {
                    Inner::Sqlite(pools.writer.begin_with("BEGIN IMMEDIATE").await?)
                }
            };
            let counts = Arc::clone(&self.counts);
            Ok(Tx { inner, counts })
        })
        .await
    }

    /// All rows of a statement that only reads.
    pub async fn rows(
        &self,
        sql: &'static str,
        values: Vec<Value>,
    ) -> Result<Vec<Row>, StoreError> {
        self.counts.statement();
        attempt(async {
            match &self.engine {
                Engine::Postgres(pools) => {
                    let rows = patiently(bind(sql, values).fetch_all(&pools.reader)).await?;
                    Ok(rows.into_iter().map(Row::Postgres).collect())
                }
                Engine::Sqlite(pools) => {
                    let rows = bind(sql, values).fetch_all(&pools.reader).await?;
                    Ok(rows.into_iter().map(Row::Sqlite).collect())
                }
            }
        })
        .await
    }

    /// The first row of a statement that only reads, if any.
    pub async fn row(
        &self,
        sql: &'static str,
        values: Vec<Value>,
    ) -> Result<Option<Row>, StoreError> {
        self.counts.statement();
        attempt(async {
            match &self.engine {
                Engine::Postgres(pools) => {
                    let row = patiently(bind(sql, values).fetch_optional(&pools.reader)).await?;
                    Ok(row.map(Row::Postgres))
                }
                Engine::Sqlite(pools) => {
                    let row = bind(sql, values).fetch_optional(&pools.reader).await?;
                    Ok(row.map(Row::Sqlite))
                }
            }
        })
        .await
    }

    /// What this process has had the database do so far.
    pub fn work(&self) -> Work {
        Work {
            statements: self.counts.statements.load(Ordering::Relaxed),
            commits: self.counts.commits.load(Ordering::Relaxed),
        }
    }

    /// Deletes rows a batch at a time, so that nobody waits long for it; gives how many went.
    ///
    /// The statement's last placeholder, after `values`, bounds how many rows go at once.
    pub async fn clear(
        &self,
        sql: &'static str,
        mut values: Vec<Value>,
    ) -> Result<u64, StoreError> {
        values.push(BATCH.into());
        let mut gone = 0;
        loop {
            let mut tx = self.begin().await?;
            let batch = tx.execute(sql, values.clone()).await?;
            tx.commit().await?;
            gone += batch;
            if batch < u64::from(BATCH) {
                return Ok(gone);
            }
        }
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.row("SELECT 1", vec![]).await?;
        Ok(())
    }

    /// What time it is at a database that several processes share: the time they agree on.
    pub async fn time(&self) -> Result<Option<Timestamp>, StoreError> {
        let Engine::Postgres(pools) = &self.engine else {
            return Ok(None);
        };
        let sql = "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)";
        let row = patiently(bind(sql, vec![]).fetch_one(&pools.reader)).await?;
        Ok(instant(Row::Postgres(row).int(0)?))
    }

    /// What a crash or a fail-over could lose of what was answered.
    pub async fn durability(&self) -> Result<Durability, StoreError> {
        match &self.engine {
            Engine::Postgres(pools) => durability::read(&pools.reader).await,
            Engine::Sqlite(_) => Ok(Durability::File),
        }
    }

    /// Tables whose rows are only ever added, and which the connected user of a server could change
    /// all the same. A file has no users; there only the log itself notices.
    pub async fn alterable_evidence(&self) -> Result<Vec<String>, StoreError> {
        match &self.engine {
            Engine::Postgres(pools) => roles::alterable(&pools.reader).await,
            Engine::Sqlite(_) => Ok(Vec::new()),
        }
    }

    /// Empties the write-ahead journal of a file, so that what was deleted is not found there either.
    ///
    /// While others read it may stay; it is then reused, and emptied the next time. A server's
    /// journal is the server's own.
    pub async fn truncate_journal(&self) -> Result<(), StoreError> {
        if let Engine::Sqlite(pools) = &self.engine {
            pools
                .writer
                .execute("PRAGMA wal_checkpoint(TRUNCATE)")
                .await?;
        }
        Ok(())
    }

    /// Copies a file, as it is at this moment and while others work on it, into an empty one.
    ///
    /// Only what is there now is copied, not what deleted rows left behind. `false`: it is a server,
    /// which has tools of its own for that.
    pub async fn copy_into(&self, file: &str) -> Result<bool, StoreError> {
        let Engine::Sqlite(pools) = &self.engine else {
            return Ok(false);
        };
        bind("VACUUM INTO $1", vec![file.into()])
            .execute(&pools.reader)
            .await?;
        Ok(true)
    }

    /// Closes every connection, finishing what runs.
    pub async fn close(&self) {
        match &self.engine {
            Engine::Postgres(pools) => {
                pools.reader.close().await;
                pools.writer.close().await;
            }
            Engine::Sqlite(pools) => {
                pools.reader.close().await;
                pools.writer.close().await;
            }
        }
    }
}

/// A transaction that may write.
#[derive(Debug)]
#[must_use = "a transaction that is not committed is undone"]
pub struct Tx {
    inner: Inner,
    counts: Arc<Counts>,
}

#[derive(Debug)]
enum Inner {
    Postgres(Transaction<'static, Postgres>),
    Sqlite(Transaction<'static, Sqlite>),
}

impl Tx {
    /// Carries out a statement; gives the number of rows it changed.
    pub async fn execute(
        &mut self,
        sql: &'static str,
        values: Vec<Value>,
    ) -> Result<u64, StoreError> {
        self.counts.statement();
        attempt(async {
            match &mut self.inner {
                Inner::Postgres(tx) => {
                    let done = patiently(bind(sql, values).execute(&mut **tx)).await?;
                    Ok(done.rows_affected())
                }
                Inner::Sqlite(tx) => {
                    let done = bind(sql, values).execute(&mut **tx).await?;
                    Ok(done.rows_affected())
                }
            }
        })
        .await
    }

    /// All rows of a statement.
    pub async fn rows(
        &mut self,
        sql: &'static str,
        values: Vec<Value>,
    ) -> Result<Vec<Row>, StoreError> {
        self.counts.statement();
        attempt(async {
            match &mut self.inner {
                Inner::Postgres(tx) => {
                    let rows = patiently(bind(sql, values).fetch_all(&mut **tx)).await?;
                    Ok(rows.into_iter().map(Row::Postgres).collect())
                }
                Inner::Sqlite(tx) => {
                    let rows = bind(sql, values).fetch_all(&mut **tx).await?;
                    Ok(rows.into_iter().map(Row::Sqlite).collect())
                }
            }
        })
        .await
    }

    /// The first row of a statement, if any.
    pub async fn row(
        &mut self,
        sql: &'static str,
        values: Vec<Value>,
    ) -> Result<Option<Row>, StoreError> {
        self.counts.statement();
        attempt(async {
            match &mut self.inner {
                Inner::Postgres(tx) => {
                    let row = patiently(bind(sql, values).fetch_optional(&mut **tx)).await?;
                    Ok(row.map(Row::Postgres))
                }
                Inner::Sqlite(tx) => {
                    let row = bind(sql, values).fetch_optional(&mut **tx).await?;
                    Ok(row.map(Row::Sqlite))
                }
            }
        })
        .await
    }

    /// Makes everything durable. When this returns, it is on the disk.
    ///
    /// An error leaves open whether it is: the answer may have been lost on its way.
    pub async fn commit(self) -> Result<(), StoreError> {
        attempt(async {
            match self.inner {
                Inner::Postgres(tx) => patiently(tx.commit()).await?,
                Inner::Sqlite(tx) => tx.commit().await?,
            }
            self.counts.commit();
            Ok(())
        })
        .await
    }
}

/// One call to the database. Tests make it fail, before or after it is done.
#[cfg(not(test))]
const fn attempt<F: Future>(call: F) -> F {
    call
}

/// Gives up on a server that does not answer. What the driver keeps meanwhile is large, and lies on
/// the heap rather than in everything that waits for it.
fn patiently<'work, T: 'work>(
    work: impl Future<Output = Result<T, sqlx::Error>> + Send + 'work,
) -> Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'work>> {
    Box::pin(async move {
        match tokio::time::timeout(PATIENCE, work).await {
            Ok(done) => Ok(done?),
            Err(_) => Err(StoreError::Unavailable(sqlx::Error::PoolTimedOut)),
        }
    })
}
