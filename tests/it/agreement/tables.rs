//! What the database says, read without the gateway's code.

use std::collections::{BTreeMap, BTreeSet};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sqlx::AssertSqlSafe;
use sqlx::postgres::{PgConnection, PgPool};

/// Every row about consent, exchanges and the log.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Tables {
    pub(super) events: Vec<Event>,
    /// By exchange.
    pub(super) intents: BTreeMap<String, Intent>,
    /// By the exchange they close.
    pub(super) outcomes: BTreeMap<String, Close>,
    pub(super) releases: Vec<Release>,
    /// By receipt.
    pub(super) receipts: BTreeMap<String, Receipt>,
    /// Epoch and number of entries, by person.
    pub(super) heads: BTreeMap<String, (i64, i64)>,
    /// State of each job.
    pub(super) jobs: BTreeMap<String, String>,
    /// Kind of each log entry, and its number if it has one.
    pub(super) entries: BTreeMap<String, (String, Option<i64>)>,
}

/// A decision about one item.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Event {
    pub(super) subject: String,
    pub(super) seq: i64,
    pub(super) epoch: i64,
    pub(super) item: String,
    pub(super) product: String,
    /// `granted`, `refused` or `withdrawn`.
    pub(super) what: String,
    pub(super) receipt: String,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Intent {
    pub(super) subject: String,
    pub(super) item: String,
    pub(super) product: String,
    pub(super) epoch: i64,
    /// The decision that allowed it.
    pub(super) consent_seq: i64,
    pub(super) counter: i64,
    pub(super) request_id: String,
    pub(super) at: i64,
    pub(super) entry: String,
}

/// An outcome.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Close {
    pub(super) result: String,
    pub(super) used: bool,
    pub(super) epoch: i64,
    pub(super) counter: i64,
    pub(super) entry: String,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Release {
    pub(super) job: String,
    pub(super) subject: String,
    pub(super) epoch: i64,
    pub(super) counter: i64,
    pub(super) entry: String,
    pub(super) exchanges: BTreeSet<String>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Receipt {
    pub(super) subject: String,
    /// `granted-and-refused` or `withdrawn`.
    pub(super) what: String,
    pub(super) entry: String,
}

/// A row with what it is found by.
#[derive(Deserialize)]
struct Keyed<T> {
    key: String,
    #[serde(flatten)]
    row: T,
}

#[derive(Deserialize)]
struct Head {
    epoch: i64,
    entries: i64,
}

#[derive(Deserialize)]
struct Job {
    state: String,
}

#[derive(Deserialize)]
struct Entry {
    kind: String,
    number: Option<i64>,
}

impl Tables {
    /// Reads all of it as of one instant.
    pub(super) async fn read(url: &str) -> Self {
        let pool = PgPool::connect(url).await.unwrap();
        let mut tx = pool.begin().await.unwrap();
        sqlx::raw_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            .execute(&mut *tx)
            .await
            .unwrap();
        let heads: BTreeMap<String, Head> = keyed(
            &mut tx,
            "SELECT subject AS key, epoch, entries FROM subject_head",
        )
        .await;
        let jobs: BTreeMap<String, Job> = keyed(&mut tx, "SELECT job AS key, state FROM job").await;
        let entries: BTreeMap<String, Entry> = keyed(
            &mut tx,
            "SELECT e.entry AS key, e.kind, s.position AS number FROM log_entry e
             LEFT JOIN log_sequence s ON s.entry = e.entry",
        )
        .await;
        Self {
            events: rows(
                &mut tx,
                "SELECT subject, seq, epoch, item, product, event AS what, receipt
                 FROM consent_event ORDER BY subject, seq",
            )
            .await,
            intents: keyed(
                &mut tx,
                "SELECT exchange AS key, subject, item, product, epoch, consent_seq, counter,
                 request_id, at, entry FROM exchange_intent",
            )
            .await,
            outcomes: keyed(
                &mut tx,
                "SELECT exchange AS key, result, used = 1 AS used, epoch, counter, entry
                 FROM exchange_outcome",
            )
            .await,
            releases: rows(
                &mut tx,
                "SELECT job, subject, epoch, counter, entry, ARRAY(
                     SELECT exchange FROM release_exchange e WHERE e.release = r.release
                 ) AS exchanges FROM release r",
            )
            .await,
            receipts: keyed(
                &mut tx,
                "SELECT receipt AS key, subject, event AS what, entry FROM receipt",
            )
            .await,
            heads: of(heads, |head| (head.epoch, head.entries)),
            jobs: of(jobs, |job| job.state),
            entries: of(entries, |entry| (entry.kind, entry.number)),
        }
    }
}

/// The rows of a query, by the names of its columns.
async fn rows<T: DeserializeOwned>(tx: &mut PgConnection, sql: &str) -> Vec<T> {
    let sql = format!("SELECT coalesce(json_agg(r), '[]')::text FROM ({sql}) r");
    let all = sqlx::query_scalar(AssertSqlSafe(sql));
    let all: String = all.fetch_one(tx).await.unwrap();
    serde_json::from_str(&all).unwrap()
}

/// The same, found by the column `key`.
async fn keyed<T: DeserializeOwned>(tx: &mut PgConnection, sql: &str) -> BTreeMap<String, T> {
    let rows: Vec<Keyed<T>> = rows(tx, sql).await;
    rows.into_iter().map(|row| (row.key, row.row)).collect()
}

fn of<T, U>(rows: BTreeMap<String, T>, part: impl Fn(T) -> U) -> BTreeMap<String, U> {
    rows.into_iter()
        .map(|(key, row)| (key, part(row)))
        .collect()
}
