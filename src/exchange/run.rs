//! A fetch from start to end: its steps beside each other, each to its own conclusion.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::ask::Attempt;
use super::jobs::{NewJob, Standing};
use super::kept::{Drawer, Kept, Permission};
use super::plan::Step;
use super::progress::{BROKE_OFF, Table, Tell};
use super::view::{JobState, SourceState};
use super::{Exchange, Inner, Running};
use crate::citizen::FiscalYear;
use crate::consent::GateError;
use crate::products::{Answer, Class, Product};
use crate::profile::{GapReason, Provenance};
use crate::store::StoreError;

/// How long to wait before the one repetition of a request that never left.
const SECOND_TRY: Duration = Duration::from_secs(1);

/// What happens within this long is written together: progress is for the eye.
const TOGETHER: Duration = Duration::from_millis(100);

/// When the end of a fetch that could not be recorded is tried again: soon, then less and less soon.
const AGAIN: Duration = Duration::from_millis(200);
const AGAIN_AT_MOST: Duration = Duration::from_secs(5);

/// What a source said, to be kept.
type Answered = (Answer, Provenance);

impl Exchange {
    /// Runs every step and ends the job. In a task of its own: whoever asked may go away.
    pub(super) async fn run(self, job: Arc<Running>, steps: Vec<Step>, mut table: Table) {
        let (tell, mut told) = mpsc::unbounded_channel();
        let mut running = JoinSet::new();
        let mut products = HashMap::new();
        for step in steps {
            let first = step.first.clone();
            let (inner, job, tell) = (
                Arc::clone(&self.inner),
                Arc::clone(&job),
                Tell(tell.clone()),
            );
            let task = running.spawn(async move { inner.step(&job, step, &tell).await });
            products.insert(task.id(), first);
        }
        let mut answers = Vec::new();
        let mut write_at = None;
        loop {
            tokio::select! {
                Some((product, standing)) = told.recv() => {
                    if table.set(&product, standing) {
                        write_at.get_or_insert_with(|| Instant::now() + TOGETHER);
                    }
                }
                () = tokio::time::sleep_until(write_at.unwrap_or_else(Instant::now)),
                    if write_at.is_some() =>
                {
                    write_at = None;
                    self.inner.advance(&job, &mut table).await;
                }
                ended = running.join_next_with_id() => match ended {
                    Some(Ok((_, answered))) => answers.extend(answered),
                    // A step that panicked: a gap, not a guess. Its intent, if any, is swept as abandoned.
                    Some(Err(error)) => {
                        tracing::error!(job.id = %job.id, "a step of a fetch broke off");
                        if let Some(product) = products.remove(&error.id()) {
                            table.set(&product, broken_off());
                        }
                    }
                    None => break,
                },
            }
        }
        while let Ok((product, standing)) = told.try_recv() {
            table.set(&product, standing);
        }
        self.inner.finish(&job, &table, answers).await;
    }
}

impl Inner {
    /// Asks one source: first choice, the year before if need be, then the fall-back.
    async fn step(&self, job: &Running, step: Step, tell: &Tell) -> Option<Answered> {
        for code in [Some(step.first), step.fallback].into_iter().flatten() {
            if let Some(kept) = job.kept.get(&code) {
                tell.that(&code, Standing::kept(kept, job.permissions.get(&code)));
                return None;
            }
            let Some(product) = self.catalogue.product(&code) else {
                continue;
            };
            tell.that(&code, SourceState::Waiting.into());
            let (standing, answered) = self.product(job, product, tell).await;
            let silent = standing.state == SourceState::Failed;
            tell.that(&code, standing);
            // A fall-back is for silence. An answer, even "nothing recorded", is an answer.
            if !silent {
                return answered;
            }
        }
        None
    }

    /// Asks for one product until there is something to say about it.
    async fn product(
        &self,
        job: &Running,
        product: &Product,
        tell: &Tell,
    ) -> (Standing, Option<Answered>) {
        let today = self.today();
        let mut year = FiscalYear::latest_available(today);
        let mut retry_of = None;
        loop {
            match self.ask(job, product, Some(year), retry_of, tell).await {
                Attempt::Answered { answer, provenance } => {
                    let earlier = answer.class() == Class::TryEarlierYear
                        && product.kind.needs_fiscal_year()
                        && today.year() - year.previous().get() <= product.years_back
                        && job.reaches(product, year.previous(), today);
                    if earlier {
                        (year, retry_of) = (year.previous(), None);
                        continue;
                    }
                    let standing = Standing::answered(&answer, job.permissions.get(&product.code));
                    return (standing, Some((answer, provenance)));
                }
                Attempt::Discarded => {
                    let gap = GapReason::Revoked;
                    return (Standing::gap(SourceState::Discarded, gap, None), None);
                }
                Attempt::Failed {
                    never_left: true,
                    exchange,
                    ..
                } if retry_of.is_none() => {
                    retry_of = exchange;
                    if retry_of.is_some() {
                        tokio::time::sleep(SECOND_TRY).await;
                    }
                }
                Attempt::Failed { gap, code, .. } => {
                    let state = if gap.is_choice() || gap == GapReason::NotAskable {
                        SourceState::NotAsked
                    } else {
                        SourceState::Failed
                    };
                    return (Standing::gap(state, gap, Some(code)), None);
                }
            }
        }
    }

    /// Keeps the answers for their short life, then says the job is done.
    async fn finish(&self, job: &Running, table: &Table, answers: Vec<Answered>) {
        let drawer = Drawer {
            subject: job.subject,
            client: &job.client,
        };
        let kept = answers
            .into_iter()
            .filter_map(|answered| self.kept_as(job, answered));
        self.kept.keep(drawer, &kept.collect::<Vec<_>>()).await;
        self.end(job, table).await;
    }

    /// Says that a job is done, and tries until that is recorded: while this process lives, nobody else
    /// ends its jobs, and people would see it run for ever.
    async fn end(&self, job: &Running, table: &Table) {
        let mut pause = AGAIN;
        while let Err(error) = self.try_to_end(job, table).await {
            tracing::error!(job.id = %job.id, %error, "the end of a fetch was not recorded yet");
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(AGAIN_AT_MOST);
        }
    }

    /// Ends a job that nobody runs, because its commit failed or was not confirmed.
    ///
    /// By recording it once more, as ended: a commit that is still on its way to the database holds
    /// the row, so whichever comes second sees the other.
    pub(super) async fn never_begun(&self, new: NewJob) {
        let mut pause = AGAIN;
        loop {
            let ended = NewJob {
                state: JobState::Finished,
                ..new.clone()
            };
            let ended = match self.jobs.create(ended).await {
                Err(StoreError::Conflict) => {
                    let ended = self.jobs.finish(new.job, &[], self.world.now());
                    ended.await.map(drop)
                }
                recorded => recorded,
            };
            let Err(error) = ended else { return };
            tracing::error!(job.id = %new.job, %error, "the end of a fetch was not recorded yet");
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(AGAIN_AT_MOST);
        }
    }

    async fn try_to_end(&self, job: &Running, table: &Table) -> Result<(), GateError> {
        // No step is left. What could not be recorded, or was and nobody confirmed it, is given up.
        if table.is_in_doubt() {
            self.gate.abandon_of(job.subject, job.id).await?;
        }
        // Crashed here: the job still runs, and another process ends it.
        let changed = table.changed();
        let ended = self.jobs.finish(job.id, &changed, self.world.now());
        if !ended.await? {
            tracing::warn!(job.id = %job.id, "a fetch ended that another process had ended before");
        }
        Ok(())
    }

    /// Under the permission the fetch was planned with. Were it another by now, nobody would look
    /// for the answer there, which is right.
    fn kept_as(&self, job: &Running, answered: Answered) -> Option<(Permission, Kept)> {
        let (answer, provenance) = answered;
        let permission = *job.permissions.get(&provenance.product)?;
        let keep = self.catalogue.product(&provenance.product)?.profile_cache;
        let kept = Kept::new(answer, provenance, keep).under(permission);
        Some((permission, kept))
    }

    async fn advance(&self, job: &Running, table: &mut Table) {
        match self.jobs.advance(job.id, &table.changed()).await {
            Ok(_) => table.written(),
            // It is written with the next change; the exchange log does not depend on it.
            Err(error) => {
                tracing::warn!(job.id = %job.id, %error, "progress was not recorded");
            }
        }
    }
}

fn broken_off() -> Standing {
    let code = Some(BROKE_OFF.to_owned());
    Standing::gap(SourceState::Failed, GapReason::CannotTell, code)
}
