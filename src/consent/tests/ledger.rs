//! Showing and deciding.

use super::*;
use Decision::{Grant, Refuse};

#[tokio::test]
async fn con_02_nothing_is_granted_until_someone_says_so() {
    let house = House::new().await;
    let (epoch, items) = house
        .ledger
        .items(house.anna.subject, &house.anna.body.id, &purpose())
        .await
        .unwrap();
    assert_eq!(epoch, 0);
    assert_eq!(items.len(), 4);
    assert!(
        items
            .iter()
            .all(|item| item.state == State::NotAsked && item.receipt.is_none())
    );
    house.serve().await;
    assert_eq!(house.state(C4).await.state, State::NotAsked);
}

#[tokio::test]
async fn each_product_gets_the_answer_it_was_given_and_the_rest_stays_unasked() {
    let house = House::new().await;
    let decided = house.answer(&[(C4, Grant), (IN_WORK, Refuse)]).await;
    let words: Vec<_> = decided
        .items
        .iter()
        .map(|item| (item.product.as_str(), item.state.as_str()))
        .collect();
    assert_eq!(
        words,
        [
            (C4, "granted"),
            (C2, "not_asked"),
            (IN_WORK, "refused"),
            (HOUSEHOLD, "not_asked")
        ]
    );
    let until = house.state(C4).await.state.valid_until().unwrap();
    assert_eq!(until.to_string(), "2027-11-22T16:05:00Z");
}

#[tokio::test]
async fn con_01_an_answer_to_a_notice_never_shown_is_refused() {
    let house = House::new().await;
    let served = ServedId::random(&*house.world.entropy);
    let error = house
        .ledger
        .decide(&house.anna, answers(served, &[(C4, Grant)]))
        .await
        .unwrap_err();
    assert!(matches!(error, ConsentError::NotServed));
    let stored = house.count("SELECT COUNT(*) FROM consent_event").await;
    assert_eq!(stored, 0);
}

#[tokio::test]
async fn con_01_every_grant_points_to_what_was_shown_when_and_in_which_language() {
    let house = House::new().await;
    house.grant(C4).await;
    let sql = "SELECT COUNT(*) FROM consent_event e JOIN notice_served s ON s.served = e.served \
               WHERE e.event = 'granted' AND s.notice = e.notice AND s.version = e.version \
               AND s.language = e.language AND s.digest LIKE 'sha-256:%' AND s.at <= e.at \
               AND s.subject = e.subject";
    assert_eq!(house.count(sql).await, 1);
}

#[tokio::test]
async fn con_01_the_evidence_says_who_how_and_what_was_shown() {
    let house = House::new().await;
    let receipt = house.grant(C4).await.receipt.id;
    let evidence = house
        .ledger
        .evidence(house.anna.subject, receipt)
        .await
        .unwrap();
    let evidence: serde_json::Value = serde_json::from_slice(&evidence).unwrap();
    assert_eq!(evidence["indicated_by"]["level"], "substantial");
    assert_eq!(evidence["login"], "login-1");
    assert_eq!(evidence["shown"]["version"], 1);
    assert_eq!(evidence["shown"]["language"], "ca");
}

#[test]
fn con_02_no_decision_reads_from_nothing() {
    assert!(serde_json::from_str::<Decision>("{}").is_err());
    assert!(serde_json::from_str::<Decision>("null").is_err());
    assert!(serde_json::from_str::<Decision>("true").is_err());
    assert!(matches!(serde_json::from_str("\"refuse\""), Ok(Refuse)));
}

#[tokio::test]
async fn someone_elses_showing_cannot_be_answered() {
    let house = House::new().await;
    let served = house.serve().await;
    let pere = house.another().await;
    let error = house
        .ledger
        .decide(&pere, answers(served, &[(C4, Grant)]))
        .await
        .unwrap_err();
    assert!(matches!(error, ConsentError::ServedToAnother));

    let mut elsewhere = house.anna.clone();
    elsewhere.body.id = "altra".parse().unwrap();
    let error = house
        .ledger
        .decide(&elsewhere, answers(served, &[(C4, Grant)]))
        .await
        .unwrap_err();
    assert!(matches!(error, ConsentError::ServedToAnother));
}

#[tokio::test]
async fn each_inadmissible_answer_has_its_own_name_and_records_nothing() {
    let house = House::new().await;
    let served = house.serve().await;
    let decide = |decisions: &[(&str, Decision)]| {
        house.ledger.decide(&house.anna, answers(served, decisions))
    };
    assert!(matches!(decide(&[]).await, Err(ConsentError::Empty)));
    assert!(matches!(
        decide(&[(C4, Grant), (C4, Refuse)]).await,
        Err(ConsentError::Duplicate(_))
    ));
    // Not in the purpose.
    assert!(matches!(
        decide(&[("AEAT_IRPF/IRPF", Grant)]).await,
        Err(ConsentError::NotOffered(_))
    ));
    // In the purpose, not offered by this body.
    let identity = "DGP_IDENTITAT/IDENTITAT_DADES";
    assert!(matches!(
        decide(&[(identity, Grant)]).await,
        Err(ConsentError::NotOffered(_))
    ));
    // One bad answer takes the good one with it.
    assert!(matches!(
        decide(&[(C4, Grant), (identity, Grant)]).await,
        Err(ConsentError::NotOffered(_))
    ));
    assert_eq!(house.count("SELECT COUNT(*) FROM consent_event").await, 0);
    assert_eq!(house.count("SELECT COUNT(*) FROM receipt").await, 0);
}

#[tokio::test]
async fn con_06_a_draft_can_be_shown_and_not_agreed_to() {
    let house = House::new().await;
    let served = house
        .ledger
        .serve(&house.anna, &purpose(), Language::Oc)
        .await
        .unwrap();
    assert_eq!(served.notice.status, Status::Draft);
    let error = house
        .ledger
        .decide(&house.anna, answers(served.served, &[(C4, Grant)]))
        .await;
    assert!(matches!(error, Err(ConsentError::Draft)));
}

#[tokio::test]
async fn an_answer_to_a_replaced_notice_is_stale() {
    let house = House::new().await;
    let served = house.serve().await;
    let newer = house.later_build(newer_notices(str::to_owned));
    newer.publish(2).await;
    house.wait(Duration::from_mins(1));
    // On the replica that has version 2 and on the one that never heard of it.
    for ledger in [&newer.ledger, &house.ledger] {
        let answer = answers(served, &[(C4, Grant)]);
        let error = ledger.decide(&house.anna, answer).await.unwrap_err();
        assert!(matches!(error, ConsentError::StaleNotice));
    }
}

#[tokio::test]
async fn con_05_specially_protected_data_is_agreed_to_alone() {
    let house = House::with(|mut terms| {
        let mut offers: Vec<Offer> = Vec::new();
        for code in [C4, IN_WORK] {
            offers.push(Offer {
                product: product(code),
                source: "AEAT".parse().unwrap(),
                categories: vec![],
                special: code == IN_WORK,
            });
        }
        terms.offers = Offers::new([("prova".parse().unwrap(), offers)]);
        terms
    })
    .await;
    let served = house.serve().await;
    let bundle = answers(served, &[(C4, Grant), (IN_WORK, Grant)]);
    let error = house.ledger.decide(&house.anna, bundle).await.unwrap_err();
    assert!(matches!(error, ConsentError::Special(code) if code.as_str() == IN_WORK));
    house
        .ledger
        .decide(&house.anna, answers(served, &[(IN_WORK, Grant)]))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_client_that_may_not_agree_for_people_may_still_refuse_for_them() {
    let house = House::new().await;
    let folder = Consenter {
        channel: Channel::Client("el-meu-espai".parse().unwrap()),
        may_grant: false,
        ..house.anna.clone()
    };
    let served = house.serve().await;
    let grant = answers(served, &[(C4, Grant)]);
    let error = house.ledger.decide(&folder, grant).await.unwrap_err();
    assert!(matches!(error, ConsentError::GrantNotAllowed));
    let refuse = answers(served, &[(C4, Refuse)]);
    house.ledger.decide(&folder, refuse).await.unwrap();
    assert_eq!(house.state(C4).await.state, State::Refused);
}

#[tokio::test]
async fn the_same_key_gives_the_same_receipt_and_another_request_under_it_is_refused() {
    let house = House::new().await;
    let served = house.serve().await;
    let request = |decisions: &[(&str, Decision)]| Decisions {
        idempotency_key: Some("k1".to_owned()),
        ..answers(served, decisions)
    };
    let decide = |decisions: Decisions| house.ledger.decide(&house.anna, decisions);
    let first = decide(request(&[(C4, Grant), (C2, Refuse)])).await.unwrap();
    let again = decide(request(&[(C2, Refuse), (C4, Grant)])).await.unwrap();
    assert_eq!(first.receipt, again.receipt);
    let other = decide(request(&[(C4, Grant)])).await.unwrap_err();
    assert!(matches!(other, ConsentError::IdempotencyKeyReused));
    assert_eq!(house.count("SELECT COUNT(*) FROM consent_event").await, 2);
}

#[tokio::test]
async fn a_key_is_remembered_for_a_day_and_then_swept_away() {
    let house = House::new().await;
    let served = house.serve().await;
    let request = Decisions {
        idempotency_key: Some("k1".to_owned()),
        ..answers(served, &[(C4, Grant)])
    };
    house.ledger.decide(&house.anna, request).await.unwrap();
    assert_eq!(house.ledger.sweep().await.unwrap(), 0);
    house.wait(Duration::from_hours(24));
    assert_eq!(house.ledger.sweep().await.unwrap(), 1);
    assert_eq!(house.count("SELECT COUNT(*) FROM idempotency").await, 0);
}

#[tokio::test]
async fn rev_08_a_repeated_submit_without_a_key_gets_the_same_receipt() {
    let house = House::new().await;
    let served = house.serve().await;
    let first = house
        .ledger
        .decide(&house.anna, answers(served, &[(C4, Grant)]))
        .await
        .unwrap();
    let again = house
        .ledger
        .decide(&house.anna, answers(served, &[(C4, Grant)]))
        .await
        .unwrap();
    assert_eq!(first.receipt, again.receipt);
    assert_eq!(house.count("SELECT epoch FROM subject_head").await, 1);
}

#[tokio::test]
async fn a_grant_ends_after_twelve_months_without_anyone_sweeping() {
    let house = House::new().await;
    house.grant(C4).await;
    house.wait(DAY * 364);
    assert!(matches!(house.state(C4).await.state, State::Granted { .. }));
    house.wait(DAY);
    assert!(matches!(house.state(C4).await.state, State::Expired { .. }));
}

#[tokio::test]
async fn con_13_a_required_version_counts_from_its_instant_on() {
    let house = House::new().await;
    house.grant(C4).await;
    let from = house
        .world
        .now()
        .checked_add(jiff::SignedDuration::from_hours(1))
        .unwrap();
    house
        .ledger
        .require_version("mgs-social-aid", 2, from)
        .await
        .unwrap();
    assert!(matches!(house.state(C4).await.state, State::Granted { .. }));
    house.wait(Duration::from_hours(1));
    assert!(matches!(
        house.state(C4).await.state,
        State::Invalidated { .. }
    ));
}

#[tokio::test]
async fn what_people_were_shown_and_decided_cannot_be_changed_or_deleted() {
    let house = House::new().await;
    house.grant(C4).await;
    house
        .ledger
        .require_version("mgs-social-aid", 1, house.world.now())
        .await
        .unwrap();
    for sql in [
        "UPDATE consent_event SET event = 'refused', valid_until = NULL",
        "DELETE FROM consent_event",
        "UPDATE notice_served SET language = 'es'",
        "DELETE FROM notice_served",
        "UPDATE receipt SET jws = ''",
        "DELETE FROM receipt",
        "UPDATE notice_minimum SET version = 0",
        "DELETE FROM notice_minimum",
    ] {
        let mut tx = house.db.begin().await.unwrap();
        assert!(tx.execute(sql, vec![]).await.is_err(), "{sql}");
    }
}

#[tokio::test]
async fn a_decision_is_in_the_log_under_the_hash_its_receipt_names() {
    let house = House::new().await;
    let receipt = house.answer(&[(C4, Grant), (C2, Refuse)]).await.receipt;
    let payload = house.log.payload(receipt.entry).await.unwrap();
    assert_eq!(payload["kind"], "consent-granted");
    assert_eq!(payload["receipt"], receipt.id.to_string());
    assert_eq!(payload["subject"], house.anna.subject.to_string());
    assert_eq!(payload["items"][0]["decision"], "granted");
    assert_eq!(payload["items"][1]["decision"], "refused");
    assert_eq!(payload["indicated_by"]["method"], "idcatmobil");
}
