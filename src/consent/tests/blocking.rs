//! Blocking a person's data (LOPDGDD 32): with every consent, at once, and against what runs beside it.

use tokio::task::JoinSet;

use super::*;
use crate::citizen::RequestId;

/// A request of Anna's and the block it asks for, in one transaction.
async fn block(house: &House, who: &Consenter, only: Option<PurposeId>) -> Vec<Receipt> {
    let request = RequestId::random(&*house.world.entropy);
    let mut tx = house.db.begin().await.unwrap();
    tx.execute(
        "INSERT INTO rights_request (request, subject, body, kind, due_at, at, entry)
         VALUES ($1, $2, $3, 'erasure', $4, $4, '-')",
        vec![
            request.to_string().into(),
            who.subject.to_string().into(),
            who.body.id.as_str().into(),
            house.world.now().into(),
        ],
    )
    .await
    .unwrap();
    let blocking = Blocking {
        request,
        purpose: only,
    };
    let receipts = house.ledger.block(&mut tx, who, &blocking).await.unwrap();
    tx.commit().await.unwrap();
    receipts
}

/// The block alone, as if a grant had outlived it: what the gate does then must not depend on the rest.
async fn mark(house: &House, body: &str, purpose: &str) {
    let mut tx = house.db.begin().await.unwrap();
    let request = RequestId::random(&*house.world.entropy).to_string();
    let whose: Value = house.anna.subject.to_string().into();
    let now: Value = house.world.now().into();
    tx.execute(
        "INSERT INTO rights_request (request, subject, body, kind, purpose, due_at, at, entry)
         VALUES ($1, $2, $3, 'objection', $4, $5, $5, '-')",
        vec![
            request.clone().into(),
            whose.clone(),
            body.into(),
            Some(purpose).filter(|one| !one.is_empty()).into(),
            now.clone(),
        ],
    )
    .await
    .unwrap();
    tx.execute(
        "INSERT INTO blocking (subject, body, purpose, request, at, until, entry)
         VALUES ($1, $2, $3, $4, $5, $5, '-')",
        vec![whose, body.into(), purpose.into(), request.into(), now],
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn log_11_blocking_withdraws_everything_and_nothing_can_be_asked_or_agreed_to() {
    let house = House::new().await;
    house
        .answer(&[
            (C4, Decision::Grant),
            (IN_WORK, Decision::Grant),
            (C2, Decision::Refuse),
        ])
        .await;
    let receipts = block(&house, &house.anna, None).await;
    assert_eq!(receipts.len(), 1, "one receipt for both");
    for code in [C4, IN_WORK] {
        assert_eq!(house.state(code).await.state, State::Withdrawn);
        let refused = house.gate.open(house.ask(code)).await.unwrap_err();
        assert!(
            matches!(refused, Refusal::ConsentRequired { .. }),
            "{refused:?}"
        );
    }
    let served = house.serve().await;
    let yes = answers(served, &[(C4, Decision::Grant)]);
    let refused = house.ledger.decide(&house.anna, yes).await;
    assert!(matches!(refused, Err(ConsentError::Blocked)), "{refused:?}");
    let no = answers(served, &[(C4, Decision::Refuse)]);
    house.ledger.decide(&house.anna, no).await.unwrap();
    assert!(
        block(&house, &house.anna, None).await.is_empty(),
        "nothing is left to take back"
    );
    assert_eq!(house.count("SELECT COUNT(*) FROM blocking").await, 1);
}

#[tokio::test]
async fn log_11_the_gate_refuses_for_a_blocked_person_even_where_a_grant_stands() {
    let house = House::new().await;
    house.grant(C4).await;
    let job = JobId::random(&*house.world.entropy);
    house.running(job).await;
    let opened = house.gate.open(house.ask(C4)).await.unwrap();
    let id = opened.exchange.id();
    assert_eq!(
        house.gate.close(opened.exchange, ok()).await.unwrap(),
        Use::Allowed
    );
    mark(&house, "prova", "").await;
    let before = house.count("SELECT COUNT(*) FROM log_entry").await;

    let refused = house.gate.open(house.ask(C4)).await.unwrap_err();
    assert!(matches!(refused, Refusal::Blocked), "{refused:?}");
    let release = Release {
        job,
        ..house.release([id])
    };
    let refused = house.gate.release(release).await.unwrap_err();
    assert!(matches!(refused, Refusal::Blocked), "{refused:?}");
    assert_eq!(house.count("SELECT COUNT(*) FROM log_entry").await, before);
    assert_eq!(house.count("SELECT COUNT(*) FROM exchange_intent").await, 1);
}

#[tokio::test]
async fn log_11_a_block_reaches_no_other_body_and_no_other_purpose() {
    let house = House::new().await;
    house.grant(C4).await;
    mark(&house, "altra", "").await;
    mark(&house, "prova", "another-purpose").await;
    let opened = house.gate.open(house.ask(C4)).await;
    assert!(opened.is_ok(), "{opened:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn log_11_after_the_block_no_intent_commits_whoever_was_faster() {
    let house = Arc::new(House::new().await);
    for _ in 0..4 {
        let anna = house.another().await;
        let served = house
            .ledger
            .serve(&anna, &purpose(), Language::Ca)
            .await
            .unwrap()
            .served;
        let yes = answers(served, &[(C4, Decision::Grant)]);
        house.ledger.decide(&anna, yes).await.unwrap();
        let mut asking = JoinSet::new();
        for _ in 0..6 {
            let house = Arc::clone(&house);
            let subject = anna.subject;
            asking.spawn(async move {
                let ask = Ask {
                    subject,
                    ..house.ask(C4)
                };
                house.gate.open(ask).await.map(drop)
            });
        }
        block(&house, &anna, None).await;
        // Whatever was on its way is over; what begins now is refused.
        asking.join_all().await;
        let late = Ask {
            subject: anna.subject,
            ..house.ask(C4)
        };
        assert!(house.gate.open(late).await.is_err());
    }
    let late = "SELECT COUNT(*) FROM exchange_intent i
                JOIN consent_event e ON e.subject = i.subject AND e.event = 'withdrawn'
                WHERE i.epoch >= e.epoch";
    assert_eq!(house.count(late).await, 0);
}

#[tokio::test]
async fn the_exact_text_is_kept_once_however_often_it_is_shown() {
    let house = House::new().await;
    for _ in 0..3 {
        house.serve().await;
    }
    let es = house
        .ledger
        .serve(&house.anna, &purpose(), Language::Es)
        .await
        .unwrap();
    let row = house.db.row(
        "SELECT text FROM notice_text WHERE digest = $1",
        vec![es.notice.digest.as_str().into()],
    );
    assert_eq!(
        row.await.unwrap().unwrap().text(0).unwrap(),
        es.notice.source
    );
    assert_eq!(house.count("SELECT COUNT(*) FROM notice_text").await, 2);
    let mut tx = house.db.begin().await.unwrap();
    let changed = tx.execute("UPDATE notice_text SET text = ''", vec![]).await;
    assert!(changed.is_err(), "append only");
}
