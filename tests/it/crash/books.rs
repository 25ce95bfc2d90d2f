//! What the database says happened, and whether that can be.

use std::collections::{BTreeMap, BTreeSet};

use interop_gateway::store::{Db, Row};

/// Every row about jobs, exchanges and consent.
#[derive(Debug)]
pub(crate) struct Books {
    /// State of each job.
    pub(crate) jobs: BTreeMap<String, String>,
    pub(crate) intents: BTreeMap<String, Intent>,
    /// By the exchange they close.
    pub(crate) outcomes: BTreeMap<String, Outcome>,
    pub(crate) releases: Vec<Release>,
    /// Epoch and number of entries of each person.
    heads: BTreeMap<String, (i64, i64)>,
    /// Epoch of the newest consent event of each person.
    decided: BTreeMap<String, i64>,
    /// Kind of each log entry.
    entries: BTreeMap<String, String>,
    /// Receipts that consent events name and that are not there.
    receipts_missing: i64,
}

#[derive(Debug)]
pub(crate) struct Intent {
    subject: String,
    pub(crate) job: String,
    pub(crate) request_id: String,
    counter: i64,
    entry: String,
}

#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) result: String,
    used: bool,
    counter: i64,
    entry: String,
}

#[derive(Debug)]
pub(crate) struct Release {
    subject: String,
    counter: i64,
    entry: String,
    exchanges: BTreeSet<String>,
}

impl Books {
    pub(crate) async fn read(db: &Db) -> Self {
        let all = async |sql| db.rows(sql, vec![]).await.unwrap();
        let parts = "SELECT release, exchange FROM release_exchange";
        let parts: Vec<_> = all(parts)
            .await
            .iter()
            .map(|row| (text(row, 0), text(row, 1)))
            .collect();
        let missing = "SELECT count(*) FROM consent_event e
             LEFT JOIN receipt r ON r.receipt = e.receipt WHERE r.receipt IS NULL";
        Self {
            jobs: pairs(&all("SELECT job, state FROM job").await),
            intents: keyed(
                &all("SELECT exchange, subject, job, request_id, counter, entry FROM exchange_intent")
                    .await,
                |row| Intent {
                    subject: text(row, 1),
                    job: text(row, 2),
                    request_id: text(row, 3),
                    counter: row.int(4).unwrap(),
                    entry: text(row, 5),
                },
            ),
            outcomes: keyed(
                &all("SELECT exchange, result, used, counter, entry FROM exchange_outcome").await,
                |row| Outcome {
                    result: text(row, 1),
                    used: row.int(2).unwrap() == 1,
                    counter: row.int(3).unwrap(),
                    entry: text(row, 4),
                },
            ),
            releases: all("SELECT release, subject, counter, entry FROM release")
                .await
                .iter()
                .map(|row| Release {
                    subject: text(row, 1),
                    counter: row.int(2).unwrap(),
                    entry: text(row, 3),
                    exchanges: parts
                        .iter()
                        .filter(|(release, _)| *release == text(row, 0))
                        .map(|(_, exchange)| exchange.clone())
                        .collect(),
                })
                .collect(),
            heads: keyed(
                &all("SELECT subject, epoch, entries FROM subject_head").await,
                |row| (row.int(1).unwrap(), row.int(2).unwrap()),
            ),
            decided: keyed(
                &all("SELECT subject, max(epoch) FROM consent_event GROUP BY subject").await,
                |row| row.int(1).unwrap(),
            ),
            entries: pairs(&all("SELECT entry, kind FROM log_entry").await),
            receipts_missing: all(missing).await[0].int(0).unwrap(),
        }
    }

    /// Exchanges that were begun and not closed.
    pub(crate) fn open(&self) -> BTreeSet<&String> {
        let begun = self.intents.keys();
        begun
            .filter(|exchange| !self.outcomes.contains_key(*exchange))
            .collect()
    }

    /// Exchanges with this result.
    pub(crate) fn with_result(&self, result: &str) -> BTreeSet<&String> {
        let closed = self.outcomes.iter();
        closed
            .filter(|(_, outcome)| outcome.result == result)
            .map(|(exchange, _)| exchange)
            .collect()
    }

    /// The `IdPeticion` of every intent.
    pub(crate) fn request_ids(&self) -> BTreeSet<&str> {
        let intents = self.intents.values();
        intents.map(|intent| intent.request_id.as_str()).collect()
    }

    /// Holds at every commit, also while exchanges are open.
    pub(crate) fn assert_sound(&self) {
        self.assert_counters_are_gapless();
        self.assert_entries_match_rows();
        assert_eq!(self.request_ids().len(), self.intents.len());
        for (exchange, outcome) in &self.outcomes {
            assert!(self.intents[exchange].counter < outcome.counter);
            assert!(!outcome.used || matches!(outcome.result.as_str(), "ok" | "no_data"));
        }
        for release in &self.releases {
            for exchange in &release.exchanges {
                let outcome = &self.outcomes[exchange];
                assert!(outcome.used && outcome.counter < release.counter);
                assert_eq!(self.intents[exchange].subject, release.subject);
            }
        }
        for (subject, epoch) in &self.decided {
            assert_eq!(self.heads[subject].0, *epoch, "the epoch is not the last");
        }
        assert_eq!(self.receipts_missing, 0, "a decision without receipt");
        for intent in self.intents.values() {
            assert!(self.jobs.contains_key(&intent.job), "an intent of no job");
        }
    }

    /// Holds once a start has ended what an earlier process left open.
    pub(crate) fn assert_closed(&self) {
        self.assert_sound();
        assert_eq!(self.open(), BTreeSet::new(), "intents without outcome");
        assert_eq!(self.running(), 0);
    }

    /// How many jobs have not ended.
    pub(crate) fn running(&self) -> usize {
        self.jobs.values().filter(|job| *job == "running").count()
    }

    /// Intents, outcomes and releases of a person are numbered 1, 2, 3 ..., none twice.
    fn assert_counters_are_gapless(&self) {
        let mut counters: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
        for (exchange, intent) in &self.intents {
            let all = counters.entry(&intent.subject).or_default();
            all.push(intent.counter);
            all.extend(self.outcomes.get(exchange).map(|outcome| outcome.counter));
        }
        for release in &self.releases {
            let all = counters.entry(&release.subject).or_default();
            all.push(release.counter);
        }
        for (subject, (_, entries)) in &self.heads {
            let mut found = counters.remove(subject.as_str()).unwrap_or_default();
            found.sort_unstable();
            assert_eq!(found, (1..=*entries).collect::<Vec<_>>());
        }
        assert!(counters.is_empty(), "entries of a person without head");
    }

    /// The log brackets each exchange with entries of the right kind, and holds no others.
    fn assert_entries_match_rows(&self) {
        let rows = [
            (
                "intent",
                self.intents.values().map(|row| &row.entry).collect(),
            ),
            (
                "outcome",
                self.outcomes.values().map(|row| &row.entry).collect(),
            ),
            (
                "release",
                self.releases.iter().map(|row| &row.entry).collect(),
            ),
        ];
        for (kind, named) in rows {
            let named: BTreeSet<&String> = named;
            let logged = self.entries.iter().filter(|(_, found)| *found == kind);
            assert_eq!(
                logged.map(|(entry, _)| entry).collect::<BTreeSet<_>>(),
                named
            );
        }
    }
}

fn text(row: &Row, column: usize) -> String {
    row.text(column).unwrap()
}

fn keyed<T>(rows: &[Row], read: impl Fn(&Row) -> T) -> BTreeMap<String, T> {
    rows.iter().map(|row| (text(row, 0), read(row))).collect()
}

fn pairs(rows: &[Row]) -> BTreeMap<String, String> {
    keyed(rows, |row| text(row, 1))
}
