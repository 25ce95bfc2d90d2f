//! What the database says, read without the gateway's code.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use sqlx::postgres::PgPool;

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
#[derive(Clone, Debug, Serialize)]
pub(super) struct Event {
    pub(super) subject: String,
    pub(super) seq: i64,
    pub(super) epoch: i64,
    pub(super) item: String,
    pub(super) product: String,
    /// `granted`, `refused` or `withdrawn`.
    pub(super) event: String,
    pub(super) receipt: String,
}

#[derive(Clone, Debug, Serialize)]
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
#[derive(Clone, Debug, Serialize)]
pub(super) struct Close {
    pub(super) result: String,
    pub(super) used: bool,
    pub(super) epoch: i64,
    pub(super) counter: i64,
    pub(super) entry: String,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct Release {
    pub(super) job: String,
    pub(super) subject: String,
    pub(super) epoch: i64,
    pub(super) counter: i64,
    pub(super) entry: String,
    pub(super) exchanges: BTreeSet<String>,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct Receipt {
    pub(super) subject: String,
    /// `granted-and-refused` or `withdrawn`.
    pub(super) event: String,
    pub(super) entry: String,
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
        macro_rules! all {
            ($sql:literal) => {
                sqlx::query_as($sql).fetch_all(&mut *tx).await.unwrap()
            };
        }
        let events: Vec<(String, i64, i64, String, String, String, String)> = all!(
            "SELECT subject, seq, epoch, item, product, event, receipt
             FROM consent_event ORDER BY subject, seq"
        );
        #[rustfmt::skip]
        let intents: Vec<(String, String, String, String, i64, i64, i64, String, i64, String)> = all!(
            "SELECT exchange, subject, item, product, epoch, consent_seq, counter, request_id, at, entry
             FROM exchange_intent"
        );
        let outcomes: Vec<(String, String, i64, i64, i64, String)> =
            all!("SELECT exchange, result, used, epoch, counter, entry FROM exchange_outcome");
        let releases: Vec<(String, String, String, i64, i64, String)> =
            all!("SELECT release, job, subject, epoch, counter, entry FROM release");
        let parts: Vec<(String, String)> = all!("SELECT release, exchange FROM release_exchange");
        let receipts: Vec<(String, String, String, String)> =
            all!("SELECT receipt, subject, event, entry FROM receipt");
        let heads: Vec<(String, i64, i64)> =
            all!("SELECT subject, epoch, entries FROM subject_head");
        let jobs: Vec<(String, String)> = all!("SELECT job, state FROM job");
        let entries: Vec<(String, String, Option<i64>)> = all!(
            "SELECT e.entry, e.kind, s.position FROM log_entry e
             LEFT JOIN log_sequence s ON s.entry = e.entry"
        );
        drop(tx);
        pool.close().await;

        let mut exchanges: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (release, exchange) in parts {
            exchanges.entry(release).or_default().insert(exchange);
        }
        Self {
            events: events
                .into_iter()
                .map(
                    |(subject, seq, epoch, item, product, event, receipt)| Event {
                        subject,
                        seq,
                        epoch,
                        item,
                        product,
                        event,
                        receipt,
                    },
                )
                .collect(),
            intents: intents
                .into_iter()
                .map(|row| {
                    let intent = Intent {
                        subject: row.1,
                        item: row.2,
                        product: row.3,
                        epoch: row.4,
                        consent_seq: row.5,
                        counter: row.6,
                        request_id: row.7,
                        at: row.8,
                        entry: row.9,
                    };
                    (row.0, intent)
                })
                .collect(),
            outcomes: outcomes
                .into_iter()
                .map(|(exchange, result, used, epoch, counter, entry)| {
                    let close = Close {
                        result,
                        used: used == 1,
                        epoch,
                        counter,
                        entry,
                    };
                    (exchange, close)
                })
                .collect(),
            releases: releases
                .into_iter()
                .map(|(release, job, subject, epoch, counter, entry)| Release {
                    exchanges: exchanges.remove(&release).unwrap_or_default(),
                    job,
                    subject,
                    epoch,
                    counter,
                    entry,
                })
                .collect(),
            receipts: receipts
                .into_iter()
                .map(|(receipt, subject, event, entry)| {
                    let row = Receipt {
                        subject,
                        event,
                        entry,
                    };
                    (receipt, row)
                })
                .collect(),
            heads: heads
                .into_iter()
                .map(|(subject, epoch, entries)| (subject, (epoch, entries)))
                .collect(),
            jobs: jobs.into_iter().collect(),
            entries: entries
                .into_iter()
                .map(|(entry, kind, number)| (entry, (kind, number)))
                .collect(),
        }
    }
}
