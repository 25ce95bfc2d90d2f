//! Fetches as rows: states, never payload.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use tokio::sync::watch;

use super::view::{JobState, JobView, SourceState, SourceView};
use crate::citizen::{BodyId, JobId, ProductCode, PurposeId, SourceId, SubjectId};
use crate::store::{Db, Row, StoreError, Tx};

/// A fetch about to start.
#[derive(Debug)]
pub(super) struct NewJob {
    pub(super) job: JobId,
    pub(super) subject: SubjectId,
    pub(super) body: BodyId,
    pub(super) purpose: PurposeId,
    /// `pages`, or the client that asked.
    pub(super) client: String,
    pub(super) epoch: i64,
    pub(super) sources: Vec<(ProductCode, SourceId, SourceState)>,
    pub(super) at: Timestamp,
}

/// The jobs of this gateway, and who waits for news of them.
#[derive(Debug)]
pub(super) struct Jobs {
    db: Db,
    /// Names the process that runs a job, so that another can tell it is gone.
    owner: String,
    news: Mutex<HashMap<JobId, watch::Sender<()>>>,
}

impl Jobs {
    pub(super) fn new(db: Db, owner: String) -> Self {
        Self {
            db,
            owner,
            news: Mutex::default(),
        }
    }

    /// Persists a job before anything of it happens.
    pub(super) async fn create(&self, new: NewJob) -> Result<(), StoreError> {
        let job = new.job.to_string();
        let mut tx = self.db.begin().await?;
        tx.execute(
            "INSERT INTO job (job, subject, body, purpose, client, epoch, state, owner, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, 'running', $7, $8)",
            vec![
                job.as_str().into(),
                new.subject.to_string().into(),
                new.body.as_str().into(),
                new.purpose.as_str().into(),
                new.client.into(),
                new.epoch.into(),
                self.owner.as_str().into(),
                new.at.into(),
            ],
        )
        .await?;
        for (position, (product, source, state)) in (0_i64..).zip(&new.sources) {
            tx.execute(
                "INSERT INTO job_source (job, position, product, source, state)
                 VALUES ($1, $2, $3, $4, $5)",
                vec![
                    job.as_str().into(),
                    position.into(),
                    product.as_str().into(),
                    source.as_str().into(),
                    source_word(*state).into(),
                ],
            )
            .await?;
        }
        tx.commit().await?;
        self.listeners().insert(new.job, watch::Sender::new(()));
        Ok(())
    }

    /// Records how far a source is and tells who waits.
    pub(super) async fn advance(
        &self,
        job: JobId,
        product: &ProductCode,
        state: SourceState,
        detail: Option<&str>,
    ) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        tx.execute(
            "UPDATE job_source SET state = $1, detail = $2 WHERE job = $3 AND product = $4",
            vec![
                source_word(state).into(),
                detail.into(),
                job.to_string().into(),
                product.as_str().into(),
            ],
        )
        .await?;
        tx.commit().await?;
        self.tell(job);
        Ok(())
    }

    /// Records that nothing more will happen.
    pub(super) async fn end(
        &self,
        job: JobId,
        state: JobState,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        tx.execute(
            "UPDATE job SET state = $1, finished_at = $2 WHERE job = $3 AND state = 'running'",
            vec![job_word(state).into(), at.into(), job.to_string().into()],
        )
        .await?;
        tx.commit().await?;
        self.tell(job);
        self.listeners().remove(&job);
        Ok(())
    }

    /// Jobs that a process which is gone left running, with whose they are.
    pub(super) async fn orphans(&self) -> Result<Vec<(JobId, SubjectId)>, StoreError> {
        let rows = self
            .db
            .rows(
                "SELECT job, subject FROM job WHERE state = 'running' AND owner <> $1",
                vec![self.owner.as_str().into()],
            )
            .await?;
        rows.iter()
            .map(|row| Ok((row.parsed(0)?, row.parsed(1)?)))
            .collect()
    }

    /// Ends a job as interrupted in the caller's transaction, if it is still running.
    pub(super) async fn interrupt(
        tx: &mut Tx,
        job: JobId,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let ended = tx
            .execute(
                "UPDATE job SET state = 'interrupted', finished_at = $1
                 WHERE job = $2 AND state = 'running'",
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

    /// Something to wait on for news of a running job; `None` when it runs in no process or not here.
    pub(super) fn watch(&self, job: JobId) -> Option<watch::Receiver<()>> {
        self.listeners().get(&job).map(watch::Sender::subscribe)
    }

    fn tell(&self, job: JobId) {
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
    })
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
