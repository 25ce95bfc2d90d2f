//! A fetch from start to end: its steps beside each other, each to its own conclusion.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use super::ask::Attempt;
use super::plan::Step;
use super::results::Found;
use super::view::{JobState, SourceState};
use super::{Exchange, Inner, Running};
use crate::citizen::{FiscalYear, ProductCode};
use crate::products::{Class, Product};
use crate::profile::{GapReason, SourceOutcome, normalise};

/// How long to wait before the one repetition of a request that never left.
const SECOND_TRY: Duration = Duration::from_secs(1);

type Outcomes = Vec<(ProductCode, SourceOutcome)>;

impl Exchange {
    /// Runs every step and ends the job. In a task of its own: whoever asked may go away.
    pub(super) async fn run(self, job: Arc<Running>, steps: Vec<Step>, mut outcomes: Outcomes) {
        let mut running = JoinSet::new();
        let mut products = HashMap::new();
        for step in steps {
            let first = step.first.clone();
            let inner = Arc::clone(&self.inner);
            let job = Arc::clone(&job);
            let task = running.spawn(async move { inner.step(&job, step).await });
            products.insert(task.id(), first);
        }
        while let Some(finished) = running.join_next_with_id().await {
            let error = match finished {
                Ok((_, more)) => {
                    outcomes.extend(more);
                    continue;
                }
                Err(error) => error,
            };
            // A step that panicked: a gap, not a guess. Its intent, if any, is swept as abandoned.
            tracing::error!(job.id = %job.id, "a step of a fetch broke off");
            if let Some(product) = products.remove(&error.id()) {
                let state = SourceState::Failed;
                self.inner
                    .advance(&job, &product, state, Some("broke-off"))
                    .await;
                outcomes.push((product, SourceOutcome::Gap(GapReason::CannotTell)));
            }
        }
        self.inner.finish(&job, outcomes).await;
    }
}

impl Inner {
    /// Asks one source: first choice, the year before if need be, then the fall-back.
    async fn step(&self, job: &Running, step: Step) -> Outcomes {
        let mut outcomes = Vec::new();
        for code in [Some(step.first), step.fallback].into_iter().flatten() {
            let Some(product) = self.catalogue.product(&code) else {
                continue;
            };
            // Ended by another process while this one was away: it asks nothing more.
            if !self.advance(job, &code, SourceState::Asking, None).await {
                break;
            }
            let (outcome, state, detail) = self.product(job, product).await;
            self.advance(job, &code, state, detail.as_deref()).await;
            outcomes.push((code, outcome));
            // A fall-back is for silence. An answer, even "nothing recorded", is an answer.
            if state != SourceState::Failed {
                break;
            }
        }
        outcomes
    }

    /// Asks for one product until there is something to say about it.
    async fn product(
        &self,
        job: &Running,
        product: &Product,
    ) -> (SourceOutcome, SourceState, Option<String>) {
        let today = self.today();
        let mut year = FiscalYear::latest_available(today);
        let mut retry_of = None;
        loop {
            match self.ask(job, product, Some(year), retry_of).await {
                Attempt::Answered { answer, provenance } => {
                    let earlier = answer.class() == Class::TryEarlierYear
                        && product.kind.needs_fiscal_year()
                        && today.year() - year.previous().get() <= product.years_back;
                    if earlier {
                        (year, retry_of) = (year.previous(), None);
                        continue;
                    }
                    let state = match answer.class() {
                        Class::Data => SourceState::Received,
                        _ => SourceState::NoData,
                    };
                    let detail = Some(answer.code().to_owned());
                    return (
                        SourceOutcome::Answered { answer, provenance },
                        state,
                        detail,
                    );
                }
                Attempt::Discarded => {
                    let gap = SourceOutcome::Gap(GapReason::Revoked);
                    return (gap, SourceState::Discarded, None);
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
                    return (SourceOutcome::Gap(gap), state, Some(code));
                }
            }
        }
    }

    /// Keeps the profile for its short life, then says the job is done.
    async fn finish(&self, job: &Running, outcomes: Outcomes) {
        let exchanges = outcomes
            .iter()
            .filter_map(|(_, outcome)| match outcome {
                SourceOutcome::Answered { provenance, .. } => Some(provenance.exchange),
                SourceOutcome::Gap(_) => None,
            })
            .collect();
        let profile = normalise(&outcomes, &self.indicators, self.today());
        let found = Found {
            subject: job.subject,
            profile,
            exchanges,
        };
        self.results
            .put(job.id, found, self.world.clock.monotonic());
        let ended = self
            .jobs
            .end(job.id, JobState::Finished, self.world.now())
            .await;
        match ended {
            Ok(true) => {}
            Ok(false) => {
                tracing::warn!(job.id = %job.id, "a fetch ended that another process had ended before");
            }
            // The row stays "running"; once this process is gone, it ends as interrupted.
            Err(error) => {
                tracing::error!(job.id = %job.id, %error, "the end of a fetch was not recorded");
            }
        }
    }

    /// Records progress; `false` if the job is over.
    async fn advance(
        &self,
        job: &Running,
        product: &ProductCode,
        state: SourceState,
        detail: Option<&str>,
    ) -> bool {
        let recorded = self.jobs.advance(job.id, product, state, detail).await;
        recorded.unwrap_or_else(|error| {
            // Progress is for the eye; the exchange log is written elsewhere and does not depend on it.
            tracing::warn!(job.id = %job.id, %error, "progress was not recorded");
            true
        })
    }
}
