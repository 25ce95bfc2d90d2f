//! Fetches of several processes over one database, and which of these processes are alive.

use std::time::Duration;

use jiff::Timestamp;
use tempfile::TempDir;

use super::jobs::{Jobs, NewJob, SourceRow};
use super::replica::Replica;
use super::view::{JobState, SourceState};
use crate::citizen::{JobId, SubjectId};
use crate::clock::World;
use crate::store::lease::Leases;
use crate::store::testing::{self, Hands};
use crate::store::{Db, Schema};

/// A replica's lease lasts ten seconds.
const TTL: Duration = Duration::from_secs(10);

struct Bench {
    _folder: TempDir,
    hands: Hands,
    world: World,
    db: Db,
    subject: SubjectId,
}

impl Bench {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let db = testing::open(&folder.path().join("t.db"), Schema::Gateway).await;
        let hands = Hands::default();
        let world = hands.world();
        let subject = SubjectId::random(&*world.entropy);
        let mut tx = db.begin().await.unwrap();
        let person = "INSERT INTO subject (subject, created_at, person) VALUES ($1, 0, $2)";
        let values = vec![subject.to_string().into(), Vec::<u8>::new().into()];
        tx.execute(person, values).await.unwrap();
        tx.commit().await.unwrap();
        Self {
            _folder: folder,
            hands,
            world,
            db,
            subject,
        }
    }

    fn now(&self) -> Timestamp {
        self.world.now()
    }

    /// The jobs of a process that says it is alive.
    async fn alive(&self, owner: &str) -> Jobs {
        self.says_so(owner).await;
        Jobs::new(self.db.clone(), owner)
    }

    async fn says_so(&self, owner: &str) {
        let leases = Leases::new(self.db.clone(), owner.to_owned(), self.world.clone());
        let name = format!("replica/{owner}");
        leases.take(&name, TTL).await.unwrap().unwrap();
    }

    async fn begin(&self, jobs: &Jobs) -> JobId {
        let job = JobId::random(&*self.world.entropy);
        let new = NewJob {
            job,
            subject: self.subject,
            body: "prova".parse().unwrap(),
            purpose: "p".parse().unwrap(),
            client: "pages".to_owned(),
            epoch: 1,
            state: JobState::Running,
            sources: vec![row(SourceState::Waiting)],
            at: self.now(),
        };
        jobs.create(new).await.unwrap();
        job
    }

    async fn advance(&self, jobs: &Jobs, job: JobId, state: SourceState) -> bool {
        jobs.advance(job, &[(0, &row(state))]).await.unwrap()
    }

    async fn interrupt(&self, job: JobId) -> bool {
        let mut tx = self.db.begin().await.unwrap();
        let ended = Jobs::interrupt(&mut tx, job, self.now()).await.unwrap();
        tx.commit().await.unwrap();
        ended
    }

    async fn state(&self, jobs: &Jobs, job: JobId) -> JobState {
        let view = jobs.find(self.subject, job).await.unwrap();
        view.unwrap().state
    }
}

fn row(state: SourceState) -> SourceRow {
    SourceRow {
        product: "AEAT_IRPF/C4".parse().unwrap(),
        source: "AEAT".parse().unwrap(),
        standing: state.into(),
    }
}

#[tokio::test]
async fn only_the_fetches_of_processes_without_a_lease_are_orphans() {
    let bench = Bench::new().await;
    let (one, two) = (bench.alive("one").await, bench.alive("two").await);
    let job = bench.begin(&one).await;
    bench.begin(&two).await;
    assert_eq!(two.orphans(bench.now()).await.unwrap(), []);
    bench.hands.advance(TTL / 2);
    bench.says_so("two").await;
    bench.hands.advance(TTL / 2);
    let orphans = two.orphans(bench.now()).await.unwrap();
    assert_eq!(orphans, [(job, bench.subject)]);
    // A process does not take itself for gone.
    assert_eq!(one.orphans(bench.now()).await.unwrap(), []);
}

#[tokio::test]
async fn an_orphan_is_interrupted_once_and_not_at_all_if_its_process_comes_back() {
    let bench = Bench::new().await;
    let one = bench.alive("one").await;
    let job = bench.begin(&one).await;
    bench.hands.advance(TTL);
    bench.says_so("one").await;
    assert!(!bench.interrupt(job).await, "its process came back");
    bench.hands.advance(TTL);
    assert!(bench.interrupt(job).await);
    assert!(!bench.interrupt(job).await, "once");
    assert_eq!(bench.state(&one, job).await, JobState::Interrupted);
}

#[tokio::test]
async fn a_process_that_comes_back_too_late_changes_nothing_about_its_fetch() {
    let bench = Bench::new().await;
    let one = bench.alive("one").await;
    let job = bench.begin(&one).await;
    assert!(bench.advance(&one, job, SourceState::Asking).await);
    bench.hands.advance(TTL);
    assert!(bench.interrupt(job).await);
    bench.says_so("one").await;
    assert!(!bench.advance(&one, job, SourceState::Received).await);
    assert!(!one.runs(job).await.unwrap());
    let last = row(SourceState::Received);
    let finished = one.finish(job, &[(0, &last)], bench.now()).await;
    assert!(!finished.unwrap());
    let view = one.find(bench.subject, job).await.unwrap().unwrap();
    assert_eq!(view.state, JobState::Interrupted);
    assert_eq!(view.sources[0].state, SourceState::Asking);
    assert_eq!(view.profile, None);
}

#[tokio::test]
async fn news_of_a_fetch_come_at_once_here_and_by_looking_again_elsewhere() {
    let bench = Bench::new().await;
    let (one, two) = (bench.alive("one").await, bench.alive("two").await);
    let job = bench.begin(&one).await;
    let (mut here, mut elsewhere) = (one.news(job), two.news(job));
    // Nothing happens: elsewhere it is time to look again all the same.
    let quiet = Duration::from_millis(500);
    assert!(tokio::time::timeout(quiet, here.change()).await.is_err());
    assert!(
        tokio::time::timeout(quiet, elsewhere.change())
            .await
            .unwrap()
    );
    bench.advance(&one, job, SourceState::Asking).await;
    assert!(tokio::time::timeout(quiet, here.change()).await.unwrap());
    one.finish(job, &[], bench.now()).await.unwrap();
    assert!(here.end().await && elsewhere.end().await);
    assert_eq!(bench.state(&two, job).await, JobState::Finished);
}

#[tokio::test]
async fn whoever_waits_is_let_go_when_the_process_stops() {
    let bench = Bench::new().await;
    let (one, two) = (bench.alive("one").await, bench.alive("two").await);
    let job = bench.begin(&one).await;
    for jobs in [one, two] {
        let mut news = jobs.news(job);
        jobs.stop_waiting();
        assert!(!news.end().await);
    }
}

#[tokio::test]
async fn a_replica_says_that_it_is_alive_again_after_a_pause() {
    let bench = Bench::new().await;
    let replica = Replica::new(&bench.db, bench.world.clone());
    assert!(replica.is_alive().await.unwrap());
    let leases = Leases::new(bench.db.clone(), "other".to_owned(), bench.world.clone());
    let live = async || leases.live("replica/").await.unwrap();
    // On a file there is no other process, and nothing to tell it.
    let expected = usize::from(bench.db.is_shared());
    assert_eq!(live().await.len(), expected);
    bench.hands.advance(TTL);
    assert_eq!(live().await.len(), 0);
    assert!(replica.is_alive().await.unwrap());
    assert_eq!(live().await.len(), expected);
}
