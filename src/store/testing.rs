//! Databases for tests: the same test runs on a file or on a server, as the environment says.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use jiff::Timestamp;
use sqlx::Executor as _;
use sqlx::postgres::PgPool;

use super::{Db, Location, Schema, instant};
use crate::clock::{Clock, SystemClock, SystemEntropy, World};

/// A database at this path: the file, or, where `GATEWAY_TEST_POSTGRES` names a server, a schema of
/// it that stands for the path.
pub(crate) async fn open(file: &Path, schema: Schema) -> Db {
    let location = location(file).await;
    Db::migrate(&location, schema).await.unwrap();
    Db::open(&location, schema).await.unwrap()
}

/// Where the database that stands for this path is.
pub(crate) async fn location(file: &Path) -> Location {
    let Some(server) = server() else {
        return Location::File(file.to_owned());
    };
    let schema = schema_of(file);
    let pool = PgPool::connect(&server).await.unwrap();
    let create = format!("CREATE SCHEMA IF NOT EXISTS {schema}");
    pool.execute(sqlx::AssertSqlSafe(create)).await.unwrap();
    pool.close().await;
    let join = if server.contains('?') { '&' } else { '?' };
    let url = format!("{server}{join}options=-csearch_path%3D{schema}");
    Location::Server(url.parse().unwrap())
}

/// The server that tests run on, if not on files.
pub(crate) fn server() -> Option<String> {
    std::env::var("GATEWAY_TEST_POSTGRES").ok()
}

/// Copies a database as a backup does, to another path.
pub(crate) async fn copy(db: &Db, from: &Path, to: &Path, schema: Schema) {
    let Some(server) = server() else {
        db.truncate_journal().await.unwrap();
        std::fs::copy(from, to).unwrap();
        return;
    };
    Db::migrate(&location(to).await, schema).await.unwrap();
    let (from, to) = (schema_of(from), schema_of(to));
    let pool = PgPool::connect(&server).await.unwrap();
    let tables = sqlx::query_scalar::<_, String>(
        "SELECT tablename::text FROM pg_tables WHERE schemaname = $1 AND tablename NOT LIKE '\\_%'",
    );
    let mut tx = pool.begin().await.unwrap();
    // As a restore does: neither triggers nor foreign keys.
    let quiet = "SET LOCAL session_replication_role = replica";
    tx.execute(quiet).await.unwrap();
    for table in tables.bind(&from).fetch_all(&pool).await.unwrap() {
        let copy = format!("INSERT INTO {to}.{table} SELECT * FROM {from}.{table}");
        tx.execute(sqlx::AssertSqlSafe(copy)).await.unwrap();
    }
    tx.commit().await.unwrap();
    pool.close().await;
}

/// The hands of a clock that moves when told, and else stands still.
#[derive(Clone, Debug)]
pub(crate) struct Hands {
    at: Arc<AtomicI64>,
    running: Option<Arc<SystemClock>>,
}

impl Default for Hands {
    fn default() -> Self {
        let at = "2026-11-22T16:05:00Z".parse::<Timestamp>().unwrap();
        Self {
            at: Arc::new(AtomicI64::new(at.as_microsecond())),
            running: None,
        }
    }
}

impl Hands {
    /// A clock that also goes by itself.
    pub(crate) fn running() -> Self {
        Self {
            running: Some(Arc::default()),
            ..Self::default()
        }
    }

    pub(crate) fn advance(&self, time: Duration) {
        let micros = i64::try_from(time.as_micros()).unwrap();
        self.at.fetch_add(micros, Ordering::SeqCst);
    }

    /// The world by this clock.
    pub(crate) fn world(&self) -> World {
        World {
            clock: Arc::new(self.clone()),
            entropy: Arc::new(SystemEntropy::default()),
        }
    }
}

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        instant(i64::try_from(self.monotonic().as_micros()).unwrap()).unwrap()
    }

    fn monotonic(&self) -> Duration {
        let at = u64::try_from(self.at.load(Ordering::SeqCst)).unwrap();
        let elapsed = self.running.as_ref().map(|clock| clock.monotonic());
        Duration::from_micros(at) + elapsed.unwrap_or_default()
    }
}

/// The schema that stands for a path.
fn schema_of(file: &Path) -> String {
    let hash = digest(&SHA256, file.as_os_str().as_encoded_bytes());
    format!("t_{}", hex::encode(&hash.as_ref()[..16]))
}
