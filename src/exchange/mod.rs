//! Asking the sources, under consent: plan, intent, ask, outcome, release.
//!
//! A fetch is a persisted job. Its steps run beside each other in tasks of their own, so that a
//! caller who goes away changes nothing; a process that goes away leaves a job that the next start
//! ends as interrupted, and intents that it closes as abandoned.

mod ask;
mod body;
mod error;
mod handover;
mod jobs;
mod kept;
mod limits;
pub mod pci;
mod plan;
mod preview;
mod progress;
mod run;
mod search;
mod settle;
mod start;
mod turns;
pub mod view;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use tokio::sync::watch;
use tokio_util::task::TaskTracker;

pub use body::{Bodies, Body};
pub use error::{ProfileError, StartError};
pub use limits::LimitsConfig;
pub use plan::{Offered, Plan, Step, plan};
pub use search::{Bracket, Position};

use crate::audit::{Kind, Log};
use crate::citizen::{EntryId, ExchangeId, JobId, Person, ProductCode, PurposeId, SubjectId};
use crate::clock::World;
use crate::consent::{Gate, GateError, Ledger, Terms};
use crate::identity::{Channel, Citizen};
use crate::products::Catalogue;
use crate::profile::Indicators;
use crate::store::cache::Cache;
use crate::store::keyring::Keyring;
use crate::store::{Db, StoreError};
use jobs::Jobs;
use kept::{Kept, KeptAnswers, Permission};
use turns::Turns;
use view::{
    AuditedExchange, ExchangePage, ExchangeView, JobState, JobView, SearchQuery, SourceState,
    SourceView,
};

/// No exchange lasts this long: the deadline of one is two minutes.
const LONGEST_EXCHANGE: SignedDuration = SignedDuration::from_mins(10);

/// Everything the fetching of profiles needs of the other rooms.
#[derive(Debug)]
pub struct Parts {
    /// Where jobs and exchanges are written.
    pub db: Db,
    /// What people decided.
    pub ledger: Arc<Ledger>,
    /// What holds everyone to it.
    pub gate: Gate,
    /// The log.
    pub log: Arc<Log>,
    /// Purposes, notices and offers.
    pub terms: Arc<Terms>,
    /// The products on offer.
    pub catalogue: Arc<Catalogue>,
    /// What incomes are compared with.
    pub indicators: Arc<Indicators>,
    /// The platform that is asked.
    pub platform: pci::Platform,
    /// In whose names.
    pub bodies: Bodies,
    /// How hard each source may be asked.
    pub limits: LimitsConfig,
    /// How many processes share those limits: what each keeps to while the cache is out of reach.
    pub replicas: u32,
    /// Answers kept for a while, and the line before each source.
    pub cache: Cache,
    /// Seals what is kept.
    pub keyring: Arc<Keyring>,
    /// Time and randomness.
    pub world: World,
}

/// Fetches profiles, and reads back what was exchanged.
#[derive(Clone, Debug)]
pub struct Exchange {
    inner: Arc<Inner>,
    tasks: TaskTracker,
}

#[derive(Debug)]
struct Inner {
    db: Db,
    ledger: Arc<Ledger>,
    gate: Gate,
    log: Arc<Log>,
    terms: Arc<Terms>,
    catalogue: Arc<Catalogue>,
    indicators: Arc<Indicators>,
    platform: pci::Platform,
    bodies: Bodies,
    turns: Turns,
    jobs: Jobs,
    kept: KeptAnswers,
    world: World,
}

/// A job under way: what its steps need.
#[derive(Debug)]
struct Running {
    id: JobId,
    subject: SubjectId,
    person: Person,
    body: Arc<Body>,
    purpose: PurposeId,
    /// `pages`, or the client that asked.
    client: String,
    /// What it may ask, as planned.
    permissions: BTreeMap<ProductCode, Permission>,
    /// Answers it need not ask for again.
    kept: BTreeMap<ProductCode, Kept>,
    /// Shown to the sources as the case number; derived from the job, so it names nobody.
    case_file: String,
}

impl Exchange {
    /// Puts the parts together.
    pub fn new(parts: Parts) -> Self {
        let owner = parts.world.entropy.uuid().to_string();
        let tasks = TaskTracker::new();
        let inner = Inner {
            turns: Turns::new(
                parts.cache.clone(),
                parts.limits,
                parts.replicas,
                parts.world.clone(),
                tasks.clone(),
            ),
            kept: KeptAnswers::new(parts.cache, parts.keyring, parts.world.clone()),
            jobs: Jobs::new(parts.db.clone(), owner),
            db: parts.db,
            ledger: parts.ledger,
            gate: parts.gate,
            log: parts.log,
            terms: parts.terms,
            catalogue: parts.catalogue,
            indicators: parts.indicators,
            platform: parts.platform,
            bodies: parts.bodies,
            world: parts.world,
        };
        Self {
            inner: Arc::new(inner),
            tasks,
        }
    }

    /// Ends what an earlier process left open: jobs as interrupted, intents as abandoned. Each is an
    /// entry of the log.
    pub async fn recover(&self) -> Result<(u64, u64), GateError> {
        let now = self.inner.world.now();
        let mut jobs = 0;
        for (job, subject) in self.inner.jobs.orphans().await? {
            let mut tx = self.inner.db.begin().await?;
            if Jobs::interrupt(&mut tx, job, now).await? {
                let payload = [("job".to_owned(), job.to_string().into())]
                    .into_iter()
                    .collect();
                let kind = Kind::JobInterrupted;
                self.inner
                    .log
                    .stage(&mut tx, kind, Some(subject), payload)
                    .await?;
                tx.commit().await?;
                jobs += 1;
            }
        }
        let intents = self.inner.gate.abandon(now).await?;
        Ok((jobs, intents))
    }

    /// Closes as abandoned the intents whose end was never recorded, as when the database failed just
    /// then. Gives how many.
    pub async fn sweep(&self) -> Result<u64, GateError> {
        let before = self.inner.world.now() - LONGEST_EXCHANGE;
        self.inner.gate.abandon(before).await
    }

    /// Waits until every running fetch has ended, taking no new ones.
    pub async fn drain(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// A person's own job.
    pub async fn job(&self, subject: SubjectId, job: JobId) -> Result<Option<JobView>, StoreError> {
        let Some(mut view) = self.inner.jobs.find(subject, job).await? else {
            return Ok(None);
        };
        let running = view.state == JobState::Running;
        let waits = |source: &&mut SourceView| running && source.state == SourceState::Waiting;
        for source in view.sources.iter_mut().filter(waits) {
            if let (Ok(lane), Ok(product)) = (source.source.parse(), source.product.parse()) {
                source.place = self.inner.turns.place(&lane, job, &product).await;
            }
        }
        Ok(Some(view))
    }

    /// News of a running job; `None` when it has ended or runs elsewhere.
    pub fn watch(&self, job: JobId) -> Option<watch::Receiver<()>> {
        self.inner.jobs.watch(job)
    }

    /// Waits for the end of a person's own job, at most this long, and says where it stands.
    pub async fn wait(
        &self,
        subject: SubjectId,
        job: JobId,
        at_most: Duration,
    ) -> Result<Option<JobView>, StoreError> {
        if let Some(mut news) = self.watch(job) {
            // The sender goes when the job ends; changes before that are not the end.
            let ended = async { while news.changed().await.is_ok() {} };
            let _ = tokio::time::timeout(at_most, ended).await;
        }
        self.job(subject, job).await
    }

    /// A person's own exchanges, newest first.
    pub async fn exchanges(
        &self,
        subject: SubjectId,
        after: Option<&Position>,
        limit: u32,
    ) -> Result<ExchangePage, StoreError> {
        search::own(&self.inner.db, subject, after, limit).await
    }

    /// One of a person's own exchanges.
    pub async fn exchange(
        &self,
        subject: SubjectId,
        exchange: ExchangeId,
    ) -> Result<Option<ExchangeView>, StoreError> {
        search::one(&self.inner.db, subject, exchange).await
    }

    /// The log entry that brackets one of a person's own exchanges.
    pub async fn entry(
        &self,
        subject: SubjectId,
        exchange: ExchangeId,
        bracket: Bracket,
    ) -> Result<Option<EntryId>, StoreError> {
        search::entry(&self.inner.db, subject, exchange, bracket).await
    }

    /// What an auditor is looking for. The caller records the search first.
    pub async fn search(&self, query: &SearchQuery) -> Result<Vec<AuditedExchange>, StoreError> {
        search::search(&self.inner.db, query).await
    }
}

/// Who receives what this caller asks for.
fn recipient(citizen: &Citizen) -> String {
    match citizen.channel() {
        Channel::Client(client) => client.to_string(),
        Channel::Pages => "pages".to_owned(),
    }
}
