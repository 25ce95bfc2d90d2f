//! Asking the sources, under consent: plan, intent, ask, outcome, release.
//!
//! A fetch is a persisted job. Its steps run beside each other in tasks of their own, so that a
//! caller who goes away changes nothing; a process that goes away leaves a job that another one, or
//! the next start, ends as interrupted, and intents that it closes as abandoned.

mod ask;
mod body;
mod error;
mod handover;
mod jobs;
mod kept;
mod limits;
mod look;
pub mod pci;
mod plan;
mod preview;
mod progress;
mod replica;
mod run;
mod search;
mod settle;
mod start;
#[cfg(test)]
mod tests;
mod turns;
pub mod view;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::stream::{self, Stream};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

pub(crate) use ask::officer_place;
pub use body::{Bodies, Body};
pub use error::{ProfileError, StartError};
pub use limits::LimitsConfig;
pub use look::LookView;
pub use plan::{Offered, Plan, Step, plan};
pub use replica::Replica;
pub use search::{Bracket, Position};

use crate::audit::{Kind, Log};
use crate::citizen::{
    EntryId, ExchangeId, FiscalYear, JobId, Person, ProductCode, PurposeId, SubjectId,
};
use crate::clock::World;
use crate::consent::{About, Gate, GateError, Ledger, Terms};
use crate::identity::{Channel, Citizen};
use crate::products::{Catalogue, Product};
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

/// Clocks of replicas differ by less: an intent counts as older than all that were swept only by more.
const CLOCKS_APART: SignedDuration = SignedDuration::from_hours(1);

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
    keyring: Arc<Keyring>,
    terms: Arc<Terms>,
    catalogue: Arc<Catalogue>,
    indicators: Arc<Indicators>,
    platform: pci::Platform,
    bodies: Bodies,
    turns: Turns,
    jobs: Jobs,
    kept: KeptAnswers,
    replica: Arc<Replica>,
    /// Every intent made before this instant has its outcome.
    swept: Mutex<Timestamp>,
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

impl Running {
    /// Whether the permission reaches back to that year. The gate asks again.
    fn reaches(&self, product: &Product, year: FiscalYear, today: Date) -> bool {
        let permission = self.permissions.get(&product.code);
        permission.is_some_and(|one| one.terms.period.covers(About::FiscalYear(year), today))
    }
}

impl Exchange {
    /// Puts the parts together.
    pub fn new(parts: Parts) -> Self {
        let replica = Replica::new(&parts.db, parts.world.clone());
        let tasks = TaskTracker::new();
        let inner = Inner {
            turns: Turns::new(
                parts.cache.clone(),
                parts.limits,
                parts.replicas,
                parts.world.clone(),
                tasks.clone(),
            ),
            kept: KeptAnswers::new(parts.cache, Arc::clone(&parts.keyring), parts.world.clone()),
            keyring: parts.keyring,
            jobs: Jobs::new(parts.db.clone(), replica.owner()),
            replica: Arc::new(replica),
            swept: Mutex::new(Timestamp::MIN),
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

    /// This process among those that answer beside it.
    pub fn replica(&self) -> &Arc<Replica> {
        &self.inner.replica
    }

    /// Ends what processes that are gone left open: their jobs as interrupted, the intents of those as
    /// abandoned. Each is an entry of the log, once, however many do this at the same time. Gives how
    /// many there were.
    pub async fn recover(&self) -> Result<(u64, u64), GateError> {
        let (mut jobs, mut intents) = (0, 0);
        loop {
            let orphans = self.inner.jobs.orphans(self.inner.world.now()).await?;
            let mut ended = 0;
            for (job, subject) in orphans {
                // Crashed after this: the job is still an orphan, and found again.
                intents += self.inner.gate.abandon_of(subject, job).await?;
                ended += u64::from(self.interrupt(job, subject).await?);
            }
            jobs += ended;
            // Fewer each time, or their processes came back.
            if ended == 0 {
                return Ok((jobs, intents));
            }
        }
    }

    async fn interrupt(&self, job: JobId, subject: SubjectId) -> Result<bool, GateError> {
        let mut tx = self.inner.db.begin().await?;
        if !Jobs::interrupt(&mut tx, job, self.inner.world.now()).await? {
            return Ok(false);
        }
        let payload = [("job".to_owned(), job.to_string().into())]
            .into_iter()
            .collect();
        let kind = Kind::JobInterrupted;
        let log = &self.inner.log;
        log.stage(&mut tx, kind, Some(subject), payload).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Closes every intent without outcome as abandoned. Only where no other process can be at it.
    pub async fn abandon_all(&self) -> Result<u64, GateError> {
        let now = self.inner.world.now();
        self.inner.gate.abandon(Timestamp::MIN..now).await
    }

    /// Closes as abandoned the intents whose end was never recorded, as when the database failed just
    /// then. Gives how many.
    pub async fn sweep(&self) -> Result<u64, GateError> {
        let before = self.inner.world.now() - LONGEST_EXCHANGE;
        let swept = || {
            let swept = &self.inner.swept;
            swept.lock().unwrap_or_else(PoisonError::into_inner)
        };
        let from = *swept();
        let abandoned = self.inner.gate.abandon(from..before).await?;
        *swept() = before - CLOCKS_APART;
        Ok(abandoned)
    }

    /// Lets everyone who waits for a fetch go: they are told where it stands.
    pub fn stop_waiting(&self) {
        self.inner.jobs.stop_waiting();
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

    /// A person's own job as it stands now, then again after each change, until it has ended; wherever
    /// it runs.
    pub fn follow(
        &self,
        subject: SubjectId,
        job: JobId,
    ) -> impl Stream<Item = JobView> + Send + use<> {
        let start = (self.clone(), self.inner.jobs.news(job), None);
        stream::unfold(Some(start), move |state| async move {
            let (exchange, mut news, shown) = state?;
            loop {
                if shown.is_some() && !news.change().await {
                    return None;
                }
                let view = exchange.job(subject, job).await.ok().flatten()?;
                if shown.as_ref() == Some(&view) {
                    continue;
                }
                let running = view.state == JobState::Running;
                let next = running.then(|| (exchange, news, Some(view.clone())));
                return Some((view, next));
            }
        })
    }

    /// Waits for the end of a person's own job, at most this long, and says where it stands; wherever
    /// it runs.
    pub async fn wait(
        &self,
        subject: SubjectId,
        job: JobId,
        at_most: Duration,
    ) -> Result<Option<JobView>, StoreError> {
        let end = Instant::now() + at_most;
        let mut news = self.inner.jobs.news(job);
        let mut waits = !at_most.is_zero();
        loop {
            let view = self.job(subject, job).await?;
            let running = |view: &JobView| view.state == JobState::Running;
            if !waits || !view.as_ref().is_some_and(running) {
                return Ok(view);
            }
            waits = matches!(tokio::time::timeout_at(end, news.end()).await, Ok(true));
        }
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
