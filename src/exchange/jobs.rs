//! Fetches as rows: states, never payload.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::view::{JobState, JobView, SourceState, SourceView};
use crate::citizen::{BodyId, JobId, ProductCode, PurposeId, SourceId, SubjectId};
use crate::profile::GapReason;
use crate::store::{Db, Row, StoreError, Tx};

/// A fetch about to start.
#[derive(Clone, Debug)]
pub(super) struct NewJob {
    pub(super) job: JobId,
    pub(super) subject: SubjectId,
    pub(super) body: BodyId,
    pub(super) purpose: PurposeId,
    /// `pages`, or the client that asked.
    pub(super) client: String,
    pub(super) epoch: i64,
    /// Running, or finished when there is nothing to ask.
    pub(super) state: JobState,
    pub(super) sources: Vec<SourceRow>,
    pub(super) at: Timestamp,
}

/// A product within a job.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct SourceRow {
    pub(super) product: ProductCode,
    pub(super) source: SourceId,
    pub(super) standing: Standing,
}

/// Where a product stands within a job.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Standing {
    pub(super) state: SourceState,
    /// Stable code that says more.
    pub(super) detail: Option<String>,
    /// Why there is no answer, once there is none.
    pub(super) gap: Option<GapReason>,
    /// Number of the decision the answer rests on, once there is one.
    pub(super) consent_seq: Option<i64>,
}

/// What a job that has ended came to.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) body: BodyId,
    pub(super) purpose: PurposeId,
    pub(super) client: String,
    pub(super) state: JobState,
    pub(super) finished_at: Option<Timestamp>,
    pub(super) sources: Vec<SourceRow>,
}

impl From<SourceState> for Standing {
    fn from(state: SourceState) -> Self {
        Self {
            state,
            detail: None,
            gap: None,
            consent_seq: None,
        }
    }
}

/// How often the row of a job that runs in another process is looked at.
const LOOK: Duration = Duration::from_millis(200);

/// Jobs ended in one go.
const BATCH: u32 = 100;

/// The jobs of this gateway, and who waits for news of them.
#[derive(Debug)]
pub(super) struct Jobs {
    db: Db,
    /// Names the process that runs a job, so that another can tell it is gone.
    owner: String,
    news: Mutex<HashMap<JobId, watch::Sender<()>>>,
    /// Nobody is to wait any longer: the process stops.
    over: CancellationToken,
}

/// When to look at a job again.
#[derive(Debug)]
pub(super) struct News {
    /// Absent for a job that runs in another process, or in none.
    here: Option<watch::Receiver<()>>,
    over: CancellationToken,
}

impl News {
    /// Waits until the job may stand elsewhere than before; `false` when nobody is to wait any longer.
    pub(super) async fn change(&mut self) -> bool {
        let changed = async {
            if let Some(news) = &mut self.here {
                return news.changed().await.is_ok();
            }
            tokio::time::sleep(LOOK).await;
            true
        };
        let goes_on = tokio::select! {
            () = self.over.cancelled() => return false,
            goes_on = changed => goes_on,
        };
        if !goes_on {
            // It ended here. Should its row not say so, another process will make it.
            self.here = None;
        }
        true
    }

    /// Waits until the job may have ended; `false` when nobody is to wait any longer.
    pub(super) async fn end(&mut self) -> bool {
        loop {
            let ran_here = self.here.is_some();
            if !self.change().await {
                return false;
            }
            if !ran_here || self.here.is_none() {
                return true;
            }
        }
    }
}

impl Jobs {
    pub(super) fn new(db: Db, owner: &str) -> Self {
        Self {
            db,
            owner: owner.to_owned(),
            news: Mutex::default(),
            over: CancellationToken::new(),
        }
    }

    /// Persists a job before anything of it happens.
    pub(super) async fn create(&self, new: NewJob) -> Result<(), StoreError> {
        let running = new.state == JobState::Running;
        let mut tx = self.db.begin().await?;
        tx.execute(
            "INSERT INTO job
                 (job, subject, body, purpose, client, epoch, state, owner, created_at, finished_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            vec![
                new.job.to_string().into(),
                new.subject.to_string().into(),
                new.body.as_str().into(),
                new.purpose.as_str().into(),
                new.client.into(),
                new.epoch.into(),
                job_word(new.state).into(),
                self.owner.as_str().into(),
                new.at.into(),
                (!running).then_some(new.at).into(),
            ],
        )
        .await?;
        let rows: Vec<_> = new.sources.iter().enumerate().collect();
        write(&mut tx, new.job, &rows).await?;
        tx.commit().await?;
        if running {
            self.listeners().insert(new.job, watch::Sender::new(()));
        }
        Ok(())
    }

    /// Records how far sources are, each with its position in the job, and tells who waits; `false` if
    /// the job is over, as when this process was away for so long that another one ended it.
    pub(super) async fn advance(
        &self,
        job: JobId,
        changed: &[(usize, &SourceRow)],
    ) -> Result<bool, StoreError> {
        let mut tx = self.db.begin().await?;
        let changed = write(&mut tx, job, changed).await?;
        tx.commit().await?;
        self.tell(job);
        Ok(changed > 0)
    }

    /// Records the last that happened, and that nothing more will; `false` if another process ended
    /// the job before.
    pub(super) async fn finish(
        &self,
        job: JobId,
        changed: &[(usize, &SourceRow)],
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        // Whatever comes of this, whoever waits looks at the row from now on.
        let news = self.listeners().remove(&job);
        let mut tx = self.db.begin().await?;
        write(&mut tx, job, changed).await?;
        let ended = tx
            .execute(
                "UPDATE job SET state = 'finished', finished_at = $1
                 WHERE job = $2 AND state = 'running'",
                vec![at.into(), job.to_string().into()],
            )
            .await?;
        tx.commit().await?;
        drop(news);
        Ok(ended > 0)
    }

    /// Some jobs that a process which is gone left running, with whose they are. A process is gone
    /// when it has no lease; this one is not.
    pub(super) async fn orphans(
        &self,
        now: Timestamp,
    ) -> Result<Vec<(JobId, SubjectId)>, StoreError> {
        let rows = self
            .db
            .rows(
                "SELECT j.job, j.subject FROM job j
                 LEFT JOIN lease l ON l.name = 'replica/' || j.owner AND l.until > $1
                 WHERE j.state = 'running' AND l.name IS NULL AND j.owner <> $2
                 ORDER BY j.created_at LIMIT $3",
                vec![now.into(), self.owner.as_str().into(), BATCH.into()],
            )
            .await?;
        rows.iter()
            .map(|row| Ok((row.parsed(0)?, row.parsed(1)?)))
            .collect()
    }

    /// Ends a job as interrupted in the caller's transaction, if it is still running and the process
    /// that ran it has not come back.
    pub(super) async fn interrupt(
        tx: &mut Tx,
        job: JobId,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let ended = tx
            .execute(
                "UPDATE job SET state = 'interrupted', finished_at = $1
                 WHERE job = $2 AND state = 'running' AND NOT EXISTS (
                     SELECT 1 FROM lease l WHERE l.name = 'replica/' || job.owner AND l.until > $1)",
                vec![at.into(), job.to_string().into()],
            )
            .await?;
        Ok(ended > 0)
    }

    /// A person's own job; `None` for an unknown one and for somebody else's alike.
    pub(super) async fn find(
        &self,
        subject: SubjectId,
        job: JobId,
    ) -> Result<Option<JobView>, StoreError> {
        let Some(row) = self
            .db
            .row(
                "SELECT state, created_at, finished_at FROM job WHERE job = $1 AND subject = $2",
                vec![job.to_string().into(), subject.to_string().into()],
            )
            .await?
        else {
            return Ok(None);
        };
        let sources = self
            .db
            .rows(
                "SELECT product, source, state, detail FROM job_source WHERE job = $1
                 ORDER BY position",
                vec![job.to_string().into()],
            )
            .await?;
        let state = read_job_state(&row.text(0)?).ok_or(StoreError::Corrupt { column: 0 })?;
        Ok(Some(JobView {
            job: job.to_string(),
            state,
            sources: sources.iter().map(read_source).collect::<Result<_, _>>()?,
            created_at: row.instant(1)?,
            finished_at: row.int_or_null(2)?.and_then(crate::store::instant),
            profile: (state == JobState::Finished)
                .then(|| format!("/v1/me/profile-jobs/{job}/profile")),
        }))
    }

    /// What a person's own job came to; `None` for an unknown one and for somebody else's alike.
    pub(super) async fn ended(
        &self,
        subject: SubjectId,
        job: JobId,
    ) -> Result<Option<Ended>, StoreError> {
        let found = self.db.row(
            "SELECT body, purpose, client, state, finished_at FROM job WHERE job = $1 AND subject = $2",
            vec![job.to_string().into(), subject.to_string().into()],
        );
        let Some(row) = found.await? else {
            return Ok(None);
        };
        let sources = self.db.rows(
            "SELECT product, source, state, detail, gap, consent_seq FROM job_source WHERE job = $1
             ORDER BY position",
            vec![job.to_string().into()],
        );
        Ok(Some(Ended {
            body: row.parsed(0)?,
            purpose: row.parsed(1)?,
            client: row.text(2)?,
            state: read_job_state(&row.text(3)?).ok_or(StoreError::Corrupt { column: 3 })?,
            finished_at: row.int_or_null(4)?.and_then(crate::store::instant),
            sources: sources
                .await?
                .iter()
                .map(read_row)
                .collect::<Result<_, _>>()?,
        }))
    }

    /// Whether a job is still running, and was not ended by another process.
    pub(super) async fn runs(&self, job: JobId) -> Result<bool, StoreError> {
        let sql = "SELECT 1 FROM job WHERE job = $1 AND state = 'running'";
        let row = self.db.row(sql, vec![job.to_string().into()]).await?;
        Ok(row.is_some())
    }

    /// Something to wait on for news of a job, wherever it runs. Subscribe before the first look, so
    /// that no change falls between the two.
    pub(super) fn news(&self, job: JobId) -> News {
        News {
            here: self.listeners().get(&job).map(watch::Sender::subscribe),
            over: self.over.clone(),
        }
    }

    /// Lets everyone who waits for news go.
    pub(super) fn stop_waiting(&self) {
        self.over.cancel();
    }

    /// Tells who waits for news of a job that there is some.
    pub(super) fn tell(&self, job: JobId) {
        if let Some(sender) = self.listeners().get(&job) {
            sender.send_replace(());
        }
    }

    fn listeners(&self) -> std::sync::MutexGuard<'_, HashMap<JobId, watch::Sender<()>>> {
        // A panic elsewhere cannot leave the map half-changed: every use is one call.
        self.news.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read_source(row: &Row) -> Result<SourceView, StoreError> {
    Ok(SourceView {
        product: row.text(0)?,
        source: row.text(1)?,
        state: read_source_state(&row.text(2)?).ok_or(StoreError::Corrupt { column: 2 })?,
        detail: row.text_or_null(3)?,
        place: None,
    })
}

fn read_row(row: &Row) -> Result<SourceRow, StoreError> {
    let corrupt = |column| StoreError::Corrupt { column };
    let gap = row.text_or_null(4)?;
    Ok(SourceRow {
        product: row.parsed(0)?,
        source: row.parsed(1)?,
        standing: Standing {
            state: read_source_state(&row.text(2)?).ok_or(corrupt(2))?,
            detail: row.text_or_null(3)?,
            gap: gap
                .map(|word| GapReason::read(&word).ok_or(corrupt(4)))
                .transpose()?,
            consent_seq: row.int_or_null(5)?,
        },
    })
}

/// Rows written with one statement: more than a purpose has products.
const TOGETHER: usize = 16;

/// The statements that write one row, two, and so on: each position of a job is made or changed.
static WRITE: LazyLock<Vec<String>> = LazyLock::new(|| {
    let row = |first: usize| {
        let values = (first..first + 8).map(|number| format!("${number}"));
        format!("({})", values.collect::<Vec<_>>().join(", "))
    };
    let statement = |rows: usize| {
        let rows: Vec<_> = (0..rows).map(|nth| row(1 + 8 * nth)).collect();
        format!(
            "INSERT INTO job_source (job, position, product, source, state, detail, gap, consent_seq)
             VALUES {}
             ON CONFLICT (job, product) DO UPDATE SET state = excluded.state,
                 detail = excluded.detail, gap = excluded.gap, consent_seq = excluded.consent_seq
                 WHERE EXISTS (SELECT 1 FROM job
                               WHERE job.job = excluded.job AND job.state = 'running')",
            rows.join(", ")
        )
    };
    (1..=TOGETHER).map(statement).collect()
});

/// Makes or changes rows of a job; gives how many. None is changed once the job is over.
async fn write(tx: &mut Tx, job: JobId, rows: &[(usize, &SourceRow)]) -> Result<u64, StoreError> {
    let job = job.to_string();
    let mut written = 0;
    for rows in rows.chunks(TOGETHER) {
        let values = rows.iter().flat_map(|(position, row)| {
            let standing = &row.standing;
            [
                job.as_str().into(),
                i64::try_from(*position).unwrap_or(i64::MAX).into(),
                row.product.as_str().into(),
                row.source.as_str().into(),
                source_word(standing.state).into(),
                standing.detail.as_deref().into(),
                standing.gap.map(GapReason::as_str).into(),
                standing.consent_seq.into(),
            ]
        });
        if let Some(statement) = WRITE.get(rows.len() - 1) {
            written += tx.execute(statement, values.collect()).await?;
        }
    }
    Ok(written)
}

const JOB_WORDS: [(JobState, &str); 3] = [
    (JobState::Running, "running"),
    (JobState::Finished, "finished"),
    (JobState::Interrupted, "interrupted"),
];

const SOURCE_WORDS: [(SourceState, &str); 7] = [
    (SourceState::Waiting, "waiting"),
    (SourceState::Asking, "asking"),
    (SourceState::Received, "received"),
    (SourceState::NoData, "no_data"),
    (SourceState::Failed, "failed"),
    (SourceState::NotAsked, "not_asked"),
    (SourceState::Discarded, "discarded"),
];

fn job_word(state: JobState) -> &'static str {
    JOB_WORDS
        .iter()
        .find(|(known, _)| *known == state)
        .map_or("", |(_, word)| word)
}

fn read_job_state(word: &str) -> Option<JobState> {
    JOB_WORDS
        .iter()
        .find(|(_, known)| *known == word)
        .map(|(state, _)| *state)
}

fn source_word(state: SourceState) -> &'static str {
    SOURCE_WORDS
        .iter()
        .find(|(known, _)| *known == state)
        .map_or("", |(_, word)| word)
}

fn read_source_state(word: &str) -> Option<SourceState> {
    SOURCE_WORDS
        .iter()
        .find(|(_, known)| *known == word)
        .map(|(state, _)| *state)
}
