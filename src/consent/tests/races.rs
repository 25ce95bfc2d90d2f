//! Withdrawal against everything else at once. Order is read from what committed, never from time.

use std::sync::atomic::AtomicBool;

use tokio::task::JoinSet;

use super::*;

const RUNNERS: usize = 12;
const WITHDRAWALS: usize = 8;

/// Everything one person's fetches do, over and over, until told to stop.
async fn fetch_over_and_over(house: Arc<House>, code: &'static str, stop: Arc<AtomicBool>) {
    while !stop.load(Ordering::SeqCst) {
        let Ok(opened) = house.gate.open(house.ask(code)).await else {
            tokio::task::yield_now().await;
            continue;
        };
        let id = opened.exchange.id();
        tokio::task::yield_now().await;
        if house.gate.close(opened.exchange, ok()).await.unwrap() == Use::Allowed {
            let _ = house.gate.release(house.release([id])).await;
        }
    }
}

async fn committed(house: &House) -> [i64; 3] {
    [
        house.count("SELECT COUNT(*) FROM exchange_intent").await,
        house
            .count("SELECT COUNT(*) FROM exchange_outcome WHERE used = 1")
            .await,
        house.count("SELECT COUNT(*) FROM release").await,
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn rev_02_after_the_reply_to_a_withdrawal_no_intent_use_or_release_commits() {
    let house = Arc::new(House::new().await);
    let stop = Arc::new(AtomicBool::new(false));
    let mut runners = JoinSet::new();
    for runner in 0..RUNNERS {
        let code = [C4, IN_WORK][runner % 2];
        runners.spawn(fetch_over_and_over(
            Arc::clone(&house),
            code,
            Arc::clone(&stop),
        ));
    }
    let mut busy = 0;
    for _ in 0..WITHDRAWALS {
        house
            .answer(&[(C4, Decision::Grant), (IN_WORK, Decision::Grant)])
            .await;
        let before = committed(&house).await;
        while committed(&house)
            .await
            .iter()
            .zip(before)
            .any(|(now, then)| *now < then + 3)
        {
            tokio::task::yield_now().await;
        }
        house
            .ledger
            .revoke_all(&house.anna, &purpose())
            .await
            .unwrap();
        let at_reply = committed(&house).await;
        // Let every runner try again, several times over.
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
        house.log.sequence_once().await.unwrap();
        assert_eq!(committed(&house).await, at_reply);
        busy += 1;
    }
    stop.store(true, Ordering::SeqCst);
    while let Some(done) = runners.join_next().await {
        done.unwrap();
    }
    assert_eq!(busy, WITHDRAWALS);
    check_history(&house).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_items_withdrawal_stops_that_item_and_lets_the_others_run() {
    let house = Arc::new(House::new().await);
    house
        .answer(&[(C4, Decision::Grant), (IN_WORK, Decision::Grant)])
        .await;
    let stop = Arc::new(AtomicBool::new(false));
    let mut runners = JoinSet::new();
    for runner in 0..RUNNERS {
        let code = [C4, IN_WORK][runner % 2];
        runners.spawn(fetch_over_and_over(
            Arc::clone(&house),
            code,
            Arc::clone(&stop),
        ));
    }
    let used = "SELECT COUNT(*) FROM exchange_outcome WHERE used = 1";
    while house.count(used).await < 10 {
        tokio::task::yield_now().await;
    }
    let item = house.state(C4).await.item;
    house.ledger.revoke(&house.anna, item).await.unwrap();
    let of_c4 = "SELECT COUNT(*) FROM exchange_intent WHERE product = 'AEAT_IRPF/C4'";
    let stopped = house.count(of_c4).await;
    let going = house.count(used).await;
    while house.count(used).await < going + 10 {
        tokio::task::yield_now().await;
    }
    assert_eq!(house.count(of_c4).await, stopped);
    stop.store(true, Ordering::SeqCst);
    while let Some(done) = runners.join_next().await {
        done.unwrap();
    }
    check_history(&house).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_answer_sent_many_times_at_once_is_recorded_once() {
    let house = Arc::new(House::new().await);
    for _ in 0..10 {
        let served = house.serve().await;
        let mut senders = JoinSet::new();
        for _ in 0..6 {
            let house = Arc::clone(&house);
            let answer = answers(served, &[(C4, Decision::Grant)]);
            senders.spawn(async move { house.ledger.decide(&house.anna, answer).await.unwrap() });
        }
        let mut receipts = BTreeSet::new();
        while let Some(decided) = senders.join_next().await {
            receipts.insert(decided.unwrap().receipt.id.to_string());
        }
        assert_eq!(receipts.len(), 1);
    }
    let granted = "SELECT COUNT(*) FROM consent_event WHERE event = 'granted'";
    assert_eq!(house.count(granted).await, 10);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_grant_shown_before_a_withdrawal_never_commits_after_it() {
    let house = Arc::new(House::new().await);
    for _ in 0..40 {
        house.grant(C4).await;
        let item = house.state(C4).await.item;
        let served = house.serve().await;
        let late = Arc::clone(&house);
        let late = tokio::spawn(async move {
            let answers = answers(served, &[(C4, Decision::Grant)]);
            late.ledger.decide(&late.anna, answers).await
        });
        house.ledger.revoke(&house.anna, item).await.unwrap();
        // Either it came first and was withdrawn, or it came too late.
        let late = late.await.unwrap();
        assert!(matches!(late, Ok(_) | Err(ConsentError::Superseded(_))));
        assert_eq!(house.state(C4).await.state, State::Withdrawn);
    }
    let over_a_decision = "SELECT COUNT(*) FROM consent_event g \
         JOIN notice_served n ON n.served = g.served WHERE EXISTS (SELECT 1 FROM consent_event e \
         WHERE e.item = g.item AND e.seq > n.seen AND e.seq < g.seq)";
    assert_eq!(house.count(over_a_decision).await, 0);
}

/// Reads the whole history back: every intent, use and release carries the epoch it committed
/// under, and at that epoch its own grant was the item's newest event.
async fn check_history(house: &House) {
    // An event of the item after the grant and at or before the epoch would be a consent that had
    // ended when the row committed.
    let intents = "SELECT COUNT(*) FROM exchange_intent i WHERE EXISTS (SELECT 1 FROM consent_event e \
         WHERE e.item = i.item AND e.seq > i.consent_seq AND e.epoch <= i.epoch)";
    let uses = "SELECT COUNT(*) FROM exchange_outcome o JOIN exchange_intent i ON i.exchange = o.exchange \
         WHERE o.used = 1 AND EXISTS (SELECT 1 FROM consent_event e \
         WHERE e.item = i.item AND e.seq > i.consent_seq AND e.epoch <= o.epoch)";
    let releases = "SELECT COUNT(*) FROM release r JOIN release_exchange x ON x.release = r.release \
         JOIN exchange_intent i ON i.exchange = x.exchange WHERE EXISTS (SELECT 1 FROM consent_event e \
         WHERE e.item = i.item AND e.seq > i.consent_seq AND e.epoch <= r.epoch)";
    let ungranted = "SELECT COUNT(*) FROM exchange_intent i LEFT JOIN consent_event e \
         ON e.subject = i.subject AND e.seq = i.consent_seq AND e.item = i.item AND e.event = 'granted' \
         WHERE e.seq IS NULL";
    for sql in [intents, uses, releases, ungranted] {
        assert_eq!(house.count(sql).await, 0, "{sql}");
    }
    // Counters are gapless, and epochs never go back as counters go on.
    let rows = house
        .db
        .rows(
            "SELECT counter, epoch FROM exchange_intent UNION ALL SELECT counter, epoch FROM \
             exchange_outcome UNION ALL SELECT counter, epoch FROM release ORDER BY 1",
            vec![],
        )
        .await
        .unwrap();
    let mut epoch = 0;
    for (expected, row) in (1..).zip(&rows) {
        assert_eq!(row.int(0).unwrap(), expected);
        assert!(row.int(1).unwrap() >= epoch);
        epoch = row.int(1).unwrap();
    }
    assert!(rows.len() > 30, "the race was run");
}
