//! Taking consent back, and nothing bringing it back but the person.

use Decision::{Grant, Refuse};

use super::*;
use crate::citizen::ItemId;
use crate::store::faults::{Fault, failing};

#[tokio::test]
async fn rev_01_no_other_permission_stands_in_for_a_withdrawn_one() {
    let house = House::new().await;
    let grants = [C4, C2, IN_WORK].map(|code| (code, Grant));
    house.answer(&grants).await;
    let mut elsewhere = house.anna.clone();
    elsewhere.body.id = "altra".parse().unwrap();
    let purpose = purpose();
    let shown = house.ledger.serve(&elsewhere, &purpose, Language::Ca);
    let served = shown.await.unwrap().served;
    let answered = house.ledger.decide(&elsewhere, answers(served, &grants));
    answered.await.unwrap();

    let item = house.state(C4).await.item;
    house.ledger.revoke(&house.anna, item).await.unwrap();
    // Not the same source's other service, not another body's, nor one of the same person.
    assert!(matches!(
        house.gate.open(house.ask(C4)).await,
        Err(Refusal::ConsentRequired { .. })
    ));
    let of_altra = Ask {
        body: elsewhere.body.id.clone(),
        ..house.ask(C4)
    };
    for ask in [house.ask(C2), house.ask(IN_WORK), of_altra] {
        let _open = house.gate.open(ask).await.unwrap();
    }
}

#[tokio::test]
async fn rev_10_whichever_call_to_the_store_fails_the_gate_stays_shut_and_a_withdrawal_is_told_only_once_it_holds()
 {
    let house = House::new().await;
    house.grant(C4).await;
    let mut calls = 0;
    loop {
        let opening = house.gate.open(house.ask(C4));
        let (opened, failed) = failing(calls, Fault::Lost, opening).await;
        if !failed {
            opened.unwrap();
            break;
        }
        assert!(opened.is_err(), "call {calls} failed");
        calls += 1;
    }
    assert!(calls > 5, "only {calls} calls");
    let intents = "SELECT COUNT(*) FROM exchange_intent";
    assert_eq!(house.count(intents).await, 1);

    let mut calls = 0;
    loop {
        let purpose = purpose();
        let revoking = house.ledger.revoke_all(&house.anna, &purpose);
        let (revoked, failed) = failing(calls, Fault::Lost, revoking).await;
        let holds = house.state(C4).await.state == State::Withdrawn;
        assert!(revoked.is_err() || holds, "told too early: call {calls}");
        if !failed {
            revoked.unwrap();
            break;
        }
        calls += 1;
    }
    assert!(calls > 5, "only {calls} calls");
    assert!(house.gate.open(house.ask(C4)).await.is_err());
    assert_eq!(house.count(intents).await, 1);
}

#[tokio::test]
async fn con_07_agreeing_needs_a_level_and_saying_no_or_taking_back_never_does() {
    let house = House::new().await;
    house.grant(C4).await;
    let nobody_sure = Consenter {
        level: LevelOfAssurance::Unknown,
        ..house.anna.clone()
    };
    let served = house.serve().await;
    let grant = answers(served, &[(C2, Grant), (IN_WORK, Refuse)]);
    let error = house.ledger.decide(&nobody_sure, grant).await.unwrap_err();
    assert!(matches!(
        error,
        ConsentError::InsufficientLevel {
            required: LevelOfAssurance::Low
        }
    ));

    house
        .ledger
        .decide(&nobody_sure, answers(served, &[(IN_WORK, Refuse)]))
        .await
        .unwrap();
    let item = house.state(C4).await.item;
    house.ledger.revoke(&nobody_sure, item).await.unwrap();
    assert_eq!(house.state(C4).await.state, State::Withdrawn);
}

#[tokio::test]
async fn rev_08_a_delayed_duplicate_grant_cannot_bring_consent_back() {
    let house = House::new().await;
    let served = house.serve().await;
    let grant = Decisions {
        idempotency_key: Some("k1".to_owned()),
        ..answers(served, &[(C4, Grant)])
    };
    let granted = house
        .ledger
        .decide(&house.anna, grant.clone())
        .await
        .unwrap();
    let item = house.state(C4).await.item;
    house.ledger.revoke(&house.anna, item).await.unwrap();

    // With its key it is answered as before, and changes nothing; without, it is refused.
    let late = house.ledger.decide(&house.anna, grant).await.unwrap();
    assert_eq!(late.receipt, granted.receipt);
    let late = house
        .ledger
        .decide(&house.anna, answers(served, &[(C4, Grant)]))
        .await
        .unwrap_err();
    assert!(matches!(late, ConsentError::Superseded(_)));
    // Nor does it after the key was forgotten.
    house.wait(DAY * 2);
    let late = Decisions {
        idempotency_key: Some("k1".to_owned()),
        ..answers(served, &[(C4, Grant)])
    };
    let late = house.ledger.decide(&house.anna, late).await.unwrap_err();
    assert!(matches!(late, ConsentError::Superseded(_)));
    assert_eq!(house.state(C4).await.state, State::Withdrawn);

    // Reading the notice again is a new decision.
    house.grant(C4).await;
    assert!(matches!(house.state(C4).await.state, State::Granted { .. }));
}

#[tokio::test]
async fn rev_08_a_grant_sent_before_a_refusal_and_arriving_after_it_is_refused() {
    let house = House::new().await;
    let served = house.serve().await;
    house.answer(&[(C4, Refuse)]).await;
    let late = house
        .ledger
        .decide(&house.anna, answers(served, &[(C4, Grant)]))
        .await
        .unwrap_err();
    assert!(matches!(late, ConsentError::Superseded(_)));
}

#[tokio::test]
async fn con_07_taking_back_is_one_call_and_saying_it_twice_is_saying_it_once() {
    let house = House::new().await;
    house.grant(C4).await;
    let item = house.state(C4).await.item;
    let first = house.ledger.revoke(&house.anna, item).await.unwrap();
    let again = house.ledger.revoke(&house.anna, item).await.unwrap();
    assert_eq!(first.receipt, again.receipt);
    let all = house
        .ledger
        .revoke_all(&house.anna, &purpose())
        .await
        .unwrap();
    assert_eq!(all.receipt, first.receipt);
    assert_eq!(house.count("SELECT epoch FROM subject_head").await, 2);
}

#[tokio::test]
async fn taking_back_everything_gives_one_receipt_for_all() {
    let house = House::new().await;
    assert!(matches!(
        house.ledger.revoke_all(&house.anna, &purpose()).await,
        Err(ConsentError::NothingGranted)
    ));
    house.answer(&[(C4, Grant), (C2, Refuse)]).await;
    house.grant(IN_WORK).await;
    let decided = house
        .ledger
        .revoke_all(&house.anna, &purpose())
        .await
        .unwrap();
    let words: Vec<_> = decided
        .items
        .iter()
        .map(|item| item.state.as_str())
        .collect();
    assert_eq!(words, ["revoked", "refused", "revoked", "not_asked"]);
}

#[tokio::test]
async fn another_persons_or_bodys_item_cannot_be_taken_back() {
    let house = House::new().await;
    house.grant(C4).await;
    let item = house.state(C4).await.item;
    let pere = house.another().await;
    assert!(matches!(
        house.ledger.revoke(&pere, item).await,
        Err(ConsentError::UnknownItem)
    ));
    let mut elsewhere = house.anna.clone();
    elsewhere.body.id = "altra".parse().unwrap();
    assert!(matches!(
        house.ledger.revoke(&elsewhere, item).await,
        Err(ConsentError::UnknownItem)
    ));
    let unknown = ItemId::random(&*house.world.entropy);
    assert!(matches!(
        house.ledger.revoke(&house.anna, unknown).await,
        Err(ConsentError::UnknownItem)
    ));
    assert!(matches!(house.state(C4).await.state, State::Granted { .. }));
}

#[tokio::test]
async fn what_is_no_longer_asked_for_can_still_be_taken_back() {
    let house = House::new().await;
    house.grant(C4).await;
    let item = house.state(C4).await.item;
    let ledger = house.ledger.under(Arc::new(Terms {
        offers: Offers::default(),
        ..terms()
    }));
    let (_, items) = ledger
        .items(house.anna.subject, &house.anna.body.id, &purpose())
        .await
        .unwrap();
    assert_eq!(
        items.iter().map(|item| item.offered).collect::<Vec<_>>(),
        [false]
    );
    ledger.revoke(&house.anna, item).await.unwrap();
    assert_eq!(house.state(C4).await.state, State::Withdrawn);
}

#[tokio::test]
async fn answers_and_withdrawals_at_once_are_numbered_without_holes() {
    let house = Arc::new(House::new().await);
    let mut tasks = tokio::task::JoinSet::new();
    for round in 0..40 {
        let house = Arc::clone(&house);
        tasks.spawn(async move {
            let code = [C4, C2, IN_WORK, HOUSEHOLD][round % 4];
            let served = house.serve().await;
            // Some lose to a later showing; none may be half recorded.
            let _ = house
                .ledger
                .decide(&house.anna, answers(served, &[(code, Grant)]))
                .await;
            let _ = house.ledger.revoke_all(&house.anna, &purpose()).await;
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    let (events, last) = (
        house.count("SELECT COUNT(*) FROM consent_event").await,
        house.count("SELECT MAX(seq) FROM consent_event").await,
    );
    assert_eq!(events, last);
    let epochs = house
        .count("SELECT COUNT(DISTINCT epoch) FROM consent_event")
        .await;
    assert_eq!(epochs, house.count("SELECT epoch FROM subject_head").await);
    assert_eq!(epochs, house.count("SELECT COUNT(*) FROM receipt").await);
}
