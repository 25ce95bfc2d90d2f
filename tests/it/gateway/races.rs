//! Withdrawals against fetches already on their way.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicUsize};

use interop_gateway::exchange::Exchange;

use super::*;

const AT_ONCE: usize = 8;

/// Fetches one after another until told to stop; gives the jobs.
async fn keep_fetching(citizen: CitizenApi, over: Arc<AtomicBool>) -> usize {
    let mut jobs = 0;
    while !over.load(Ordering::SeqCst) {
        let body = json!({"purpose": PURPOSE});
        let started = citizen.post("/v1/me/profile-jobs", &body).await.unwrap();
        assert!([200, 202].contains(&started.status), "{}", started.text());
        jobs += 1;
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    jobs
}

/// Reads one profile until told to stop, another when it is refused; counts how often it was handed
/// over.
async fn keep_reading(
    citizen: CitizenApi,
    mut job: String,
    times: Arc<AtomicUsize>,
    over: Arc<AtomicBool>,
) {
    while !over.load(Ordering::SeqCst) {
        match citizen.profile(&job).await {
            Ok(_) => {
                times.fetch_add(1, Ordering::SeqCst);
            }
            Err(error) => {
                let kind = error.slug().unwrap_or_default();
                assert!(
                    ["gone", "consent-revoked-in-flight"].contains(&kind),
                    "{error}"
                );
                job = text(&fetched(&citizen).await, "job");
            }
        }
    }
}

/// Forgets what is kept whenever it was read, so that fetches go on asking.
async fn keep_forgetting(
    exchange: Exchange,
    subject: SubjectId,
    times: Arc<AtomicUsize>,
    over: Arc<AtomicBool>,
) {
    let mut known = 0;
    while !over.load(Ordering::SeqCst) {
        let read = times.load(Ordering::SeqCst);
        if read > known {
            known = read;
            exchange.forget(subject).await;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn once_a_withdrawal_is_answered_no_intent_no_use_and_no_release_follows() {
    let world = World::start().await;
    let citizen = world.willing("marta").await;
    let subject = world.subject("marta").await;
    world.outside.platform.controls.everywhere(late(20));
    // Long enough that a withdrawal made while one is on its way comes before its answer.
    world.outside.platform.controls.product(WORK, late(400));
    for round in 0..3 {
        decide_all(&citizen, Decision::Grant).await;
        let job = text(&fetched(&citizen).await, "job");
        let over = Arc::new(AtomicBool::new(false));
        let handed_over = Arc::new(AtomicUsize::new(0));
        let fetching: Vec<_> = (0..AT_ONCE)
            .map(|_| tokio::spawn(keep_fetching(citizen.clone(), Arc::clone(&over))))
            .collect();
        let reading: Vec<_> = (0..2)
            .map(|_| {
                let (times, over) = (Arc::clone(&handed_over), Arc::clone(&over));
                tokio::spawn(keep_reading(citizen.clone(), job.clone(), times, over))
            })
            .collect();
        let exchange = world.app().exchange.clone();
        let (times, until) = (Arc::clone(&handed_over), Arc::clone(&over));
        let forgetting = tokio::spawn(keep_forgetting(exchange, subject, times, until));
        let withdrawn = item(&citizen, WORK).await;
        patiently(async || handed_over.load(Ordering::SeqCst) > 0).await;
        let asked = world.outside.platform.recorder.count(WORK);
        patiently(async || world.outside.platform.recorder.count(WORK) > asked).await;

        citizen.withdraw(&withdrawn).await.unwrap();
        let answered = world.clock.now();
        let sent = world.outside.platform.recorder.count(REGISTER);
        // The others are still asked, so the gate is open and it is the withdrawal that shuts it.
        patiently(async || world.outside.platform.recorder.count(REGISTER) > sent).await;
        over.store(true, Ordering::SeqCst);
        let mut jobs = 0;
        for task in fetching {
            jobs += task.await.unwrap();
        }
        for task in reading {
            task.await.unwrap();
        }
        forgetting.await.unwrap();
        world
            .until("SELECT count(*) FROM job WHERE state = 'running'", 0)
            .await;
        assert!(jobs >= AT_ONCE, "round {round}: {jobs} jobs");
        nothing_after(&world, answered).await;
    }
    assert!(world.number("SELECT count(*) FROM exchange_intent").await > 20);
    assert!(world.app().log.audit_self().await.unwrap().holds());
}

/// Nothing of the withdrawn item committed after the withdrawal did, nor was begun after its reply.
///
/// Every one of these acts records the person's epoch at which it committed, and the withdrawal moved it.
async fn nothing_after(world: &World, answered: Timestamp) {
    let withdrawal = world
        .number("SELECT max(epoch) FROM consent_event WHERE event = 'withdrawn'")
        .await;
    let count = async |sql: &'static str| {
        let parameters = vec![withdrawal.into(), answered.into(), WORK.into()];
        let row = world.app().db.row(sql, parameters).await.unwrap();
        row.unwrap().int(0).unwrap()
    };
    let intents = "SELECT count(*) FROM exchange_intent i
                   WHERE (i.epoch >= $1 OR i.at > $2) AND i.product = $3";
    assert_eq!(count(intents).await, 0, "intents");
    let uses = "SELECT count(*) FROM exchange_outcome o
                JOIN exchange_intent i ON i.exchange = o.exchange
                WHERE (o.epoch >= $1 OR o.at > $2) AND i.product = $3 AND o.used = 1";
    assert_eq!(count(uses).await, 0, "uses");
    let releases = "SELECT count(*) FROM release r
                    JOIN release_exchange x ON x.release = r.release
                    JOIN exchange_intent i ON i.exchange = x.exchange
                    WHERE (r.epoch >= $1 OR r.at > $2) AND i.product = $3";
    assert_eq!(count(releases).await, 0, "releases");
    let discarded = "SELECT count(*) FROM exchange_outcome WHERE result = 'discarded_revoked'";
    assert!(world.number(discarded).await > 0, "some were on their way");

    // Every fetch has ended, so nothing more can leave; what left did so within two seconds.
    let received = world.outside.platform.recorder.received();
    let latest = answered + Duration::from_secs(2);
    let late = received
        .iter()
        .filter(|one| one.product.as_deref() == Some(WORK) && one.at > latest);
    assert_eq!(late.count(), 0, "requests");
    let rows = world
        .app()
        .db
        .rows("SELECT request_id FROM exchange_intent", vec![])
        .await
        .unwrap();
    let intended: BTreeSet<_> = rows.iter().map(|row| row.text(0).unwrap()).collect();
    for one in received {
        assert!(
            intended.contains(&one.id_peticion.unwrap()),
            "no bytes without an intent"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_fetches_at_once_count_a_persons_entries_without_gap_or_repetition() {
    let world = World::start().await;
    let citizen = world.willing("marta").await;
    world.outside.platform.controls.everywhere(late(500));
    let fetches: Vec<_> = (0..6)
        .map(|_| {
            let citizen = citizen.clone();
            tokio::spawn(async move { text(&fetched(&citizen).await, "job") })
        })
        .collect();
    for fetch in fetches {
        let job = fetch.await.unwrap();
        citizen.profile(&job).await.unwrap();
    }
    let rows = world.app().db.rows(
        "SELECT counter FROM exchange_intent UNION ALL SELECT counter FROM exchange_outcome
         UNION ALL SELECT counter FROM release ORDER BY 1",
        vec![],
    );
    let counters: Vec<_> = rows
        .await
        .unwrap()
        .iter()
        .map(|row| row.int(0).unwrap())
        .collect();
    let first = counters[0];
    let expected: Vec<_> = (first..).take(counters.len()).collect();
    assert_eq!(counters, expected);
    // A slow machine may let the last fetch rest on the answers of the first.
    assert!(counters.len() > 3 * 4 * 2 + 6, "{}", counters.len());
}
