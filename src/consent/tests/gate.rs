//! Asking, using and releasing under consent.

use super::*;
use Decision::{Grant, Refuse};

#[tokio::test]
async fn without_consent_nothing_opens() {
    let house = House::new().await;
    let required =
        |refusal: Result<Opened, Refusal>| matches!(refusal, Err(Refusal::ConsentRequired { .. }));
    assert!(required(house.gate.open(house.ask(C4)).await));
    house.answer(&[(C4, Refuse)]).await;
    assert!(required(house.gate.open(house.ask(C4)).await));
    house.grant(C2).await;
    assert!(required(house.gate.open(house.ask(C4)).await));
    assert_eq!(house.count("SELECT COUNT(*) FROM exchange_intent").await, 0);
}

#[tokio::test]
async fn a_bodys_consent_is_not_another_bodys() {
    let house = House::new().await;
    house.grant(C4).await;
    let ask = Ask {
        body: "altra".parse().unwrap(),
        ..house.ask(C4)
    };
    assert!(matches!(
        house.gate.open(ask).await,
        Err(Refusal::ConsentRequired { .. })
    ));
    let pere = house.another().await;
    let ask = Ask {
        subject: pere.subject,
        ..house.ask(C4)
    };
    assert!(matches!(
        house.gate.open(ask).await,
        Err(Refusal::ConsentRequired { .. })
    ));
}

#[tokio::test]
async fn what_the_purpose_or_the_body_does_not_ask_for_is_not_allowed() {
    let house = House::new().await;
    for ask in [
        house.ask("AEAT_IRPF/IRPF"),
        house.ask("DGP_IDENTITAT/IDENTITAT_DADES"),
        Ask {
            purpose: "statistics".parse().unwrap(),
            ..house.ask(C4)
        },
        Ask {
            body: "cap".parse().unwrap(),
            ..house.ask(C4)
        },
    ] {
        assert!(matches!(
            house.gate.open(ask).await,
            Err(Refusal::NotAllowed)
        ));
    }
}

#[tokio::test]
async fn a_grant_opens_one_exchange_whose_answer_may_be_used() {
    let house = House::new().await;
    house.grant(C4).await;
    let opened = house.gate.open(house.ask(C4)).await.unwrap();
    assert_eq!(opened.proof.exchange(), opened.exchange.id());
    assert_eq!(opened.proof.subject(), house.anna.subject);
    assert_eq!(opened.proof.product(), &product(C4));
    assert_eq!(opened.proof.item(), house.state(C4).await.item);
    assert_eq!(opened.proof.epoch(), 1);
    assert_eq!(
        house.gate.close(opened.exchange, ok()).await.unwrap(),
        Use::Allowed
    );
    assert_eq!(house.count("SELECT used FROM exchange_outcome").await, 1);
}

#[tokio::test]
async fn a_proof_from_the_gate_lives_two_seconds_and_admits_only_its_bytes() {
    let house = House::new().await;
    house.grant(C4).await;
    let proof = house.gate.open(house.ask(C4)).await.unwrap().proof;
    let now = || house.world.clock.monotonic();
    assert_eq!(proof.admits(&[7; 32], now()), Ok(()));
    assert_eq!(
        proof.admits(&[6; 32], now()),
        Err(NotAdmitted::OtherRequest)
    );
    house.wait(TIME_TO_LIVE);
    assert_eq!(proof.admits(&[7; 32], now()), Ok(()));
    house.wait(Duration::from_micros(1));
    assert_eq!(proof.admits(&[7; 32], now()), Err(NotAdmitted::Stale));
}

#[tokio::test]
async fn the_intent_is_logged_with_what_it_rests_on() {
    let house = House::new().await;
    let receipt = house.grant(C4).await.receipt.id;
    let mut ask = house.ask(C4);
    ask.details.insert("finality".to_owned(), "PROVES".into());
    let request_id = ask.request_id.clone();
    let exchange = house.gate.open(ask).await.unwrap().exchange.id();
    let row = house
        .db
        .row("SELECT entry FROM exchange_intent", vec![])
        .await
        .unwrap()
        .unwrap();
    let payload = house.log.payload(row.parsed(0).unwrap()).await.unwrap();
    assert_eq!(payload["kind"], "intent");
    assert_eq!(payload["counter"], 1);
    assert_eq!(payload["exchange"], exchange.to_string());
    assert_eq!(payload["request_id"], request_id);
    assert_eq!(payload["request_sha256"], hex::encode([7; 32]));
    assert_eq!(payload["source"], "AEAT");
    assert_eq!(payload["wire_consent"], "Si");
    assert_eq!(payload["consent"]["seq"], 1);
    assert_eq!(payload["consent"]["version"], 1);
    assert_eq!(payload["consent"]["receipt"], receipt.to_string());
    assert_eq!(payload["details"]["finality"], "PROVES");
}

#[tokio::test]
async fn entries_about_a_person_count_without_holes() {
    let house = House::new().await;
    house.grant(C4).await;
    for _ in 0..3 {
        let opened = house.gate.open(house.ask(C4)).await.unwrap();
        let id = opened.exchange.id();
        assert_eq!(
            house.gate.close(opened.exchange, ok()).await.unwrap(),
            Use::Allowed
        );
        house.gate.release(house.release([id])).await.unwrap();
    }
    let used = house.ask(C4);
    let again = Ask {
        request_id: used.request_id.clone(),
        ..house.ask(C4)
    };
    let _open = house.gate.open(used).await.unwrap();
    assert!(matches!(
        house.gate.open(again).await,
        Err(Refusal::RequestIdReused)
    ));
    let counters = "SELECT counter FROM exchange_intent UNION ALL SELECT counter FROM \
                    exchange_outcome UNION ALL SELECT counter FROM release ORDER BY 1";
    let rows = house.db.rows(counters, vec![]).await.unwrap();
    let counters: Vec<i64> = rows.iter().map(|row| row.int(0).unwrap()).collect();
    assert_eq!(counters, (1..=10).collect::<Vec<_>>());
    assert_eq!(house.count("SELECT entries FROM subject_head").await, 10);
}

#[tokio::test]
async fn rev_02_after_withdrawal_nothing_opens() {
    let house = House::new().await;
    house.grant(C4).await;
    house
        .ledger
        .revoke_all(&house.anna, &purpose())
        .await
        .unwrap();
    let refusal = house.gate.open(house.ask(C4)).await;
    assert!(matches!(refusal, Err(Refusal::ConsentRequired { .. })));
}

#[tokio::test]
async fn rev_04_an_answer_that_comes_after_withdrawal_is_discarded_with_its_digest_only() {
    let house = House::new().await;
    house.grant(C4).await;
    let opened = house.gate.open(house.ask(C4)).await.unwrap();
    house
        .ledger
        .revoke_all(&house.anna, &purpose())
        .await
        .unwrap();
    let mut outcome = ok();
    outcome
        .details
        .insert("issuer_reference".to_owned(), "secret".into());
    assert_eq!(
        house.gate.close(opened.exchange, outcome).await.unwrap(),
        Use::Discarded
    );

    let row = house.db.row(
        "SELECT result, used, code, answer_sha256, entry FROM exchange_outcome",
        vec![],
    );
    let row = row.await.unwrap().unwrap();
    assert_eq!(row.text(0).unwrap(), "discarded_revoked");
    assert_eq!(row.int(1).unwrap(), 0);
    assert_eq!(row.text_or_null(2).unwrap(), None);
    assert_eq!(row.text(3).unwrap(), hex::encode([8; 32]));
    let payload = house.log.payload(row.parsed(4).unwrap()).await.unwrap();
    assert_eq!(
        payload["details"],
        serde_json::json!({"consent": "revoked"})
    );
}

#[tokio::test]
async fn rev_04_consent_given_anew_does_not_save_an_answer_asked_for_under_the_old_one() {
    let house = House::new().await;
    house.grant(C4).await;
    let opened = house.gate.open(house.ask(C4)).await.unwrap();
    house
        .ledger
        .revoke_all(&house.anna, &purpose())
        .await
        .unwrap();
    house.grant(C4).await;
    assert_eq!(
        house.gate.close(opened.exchange, ok()).await.unwrap(),
        Use::Discarded
    );
}

#[tokio::test]
async fn a_decision_about_something_else_does_not_discard_an_answer() {
    let house = House::new().await;
    house.grant(C4).await;
    let opened = house.gate.open(house.ask(C4)).await.unwrap();
    let id = opened.exchange.id();
    house.answer(&[(C2, Refuse)]).await;
    assert_eq!(
        house.gate.close(opened.exchange, ok()).await.unwrap(),
        Use::Allowed
    );
    house.answer(&[(IN_WORK, Grant)]).await;
    house.gate.release(house.release([id])).await.unwrap();
}

#[tokio::test]
async fn a_failed_exchange_is_never_used() {
    let house = House::new().await;
    house.grant(C4).await;
    for result in [
        OutcomeResult::Denied,
        OutcomeResult::Error,
        OutcomeResult::Timeout,
    ] {
        let opened = house.gate.open(house.ask(C4)).await.unwrap();
        let id = opened.exchange.id();
        let outcome = Outcome { result, ..ok() };
        assert_eq!(
            house.gate.close(opened.exchange, outcome).await.unwrap(),
            Use::Nothing
        );
        let refusal = house.gate.release(house.release([id])).await;
        assert!(matches!(refusal, Err(Refusal::NotAllowed)));
    }
    assert_eq!(
        house.count("SELECT MAX(used) FROM exchange_outcome").await,
        0
    );
    assert_eq!(
        house
            .count("SELECT COUNT(DISTINCT result) FROM exchange_outcome")
            .await,
        3
    );
}

#[tokio::test]
async fn no_record_is_an_answer() {
    let house = House::new().await;
    house.grant(C4).await;
    let opened = house.gate.open(house.ask(C4)).await.unwrap();
    let outcome = Outcome {
        result: OutcomeResult::NoData,
        ..ok()
    };
    assert_eq!(
        house.gate.close(opened.exchange, outcome).await.unwrap(),
        Use::Allowed
    );
}

#[tokio::test]
async fn an_expired_grant_opens_nothing_and_says_so() {
    let house = House::new().await;
    house.grant(C4).await;
    house.wait(DAY * 364);
    house.log.sequence_once().await.unwrap();
    let opened = house.gate.open(house.ask(C4)).await.unwrap();
    house.wait(DAY);
    house.log.sequence_once().await.unwrap();
    assert!(matches!(
        house.gate.open(house.ask(C4)).await,
        Err(Refusal::Expired { .. })
    ));
    assert_eq!(
        house.gate.close(opened.exchange, ok()).await.unwrap(),
        Use::Discarded
    );
}

#[tokio::test]
async fn con_13_a_grant_under_a_replaced_notice_needs_a_new_answer() {
    let house = House::new().await;
    house.grant(C4).await;
    let opened = house.gate.open(house.ask(C4)).await.unwrap();
    house
        .ledger
        .require_version("mgs-social-aid", 2, house.world.now())
        .await
        .unwrap();
    assert!(matches!(
        house.gate.open(house.ask(C4)).await,
        Err(Refusal::ReconsentRequired { .. })
    ));
    assert_eq!(
        house.gate.close(opened.exchange, ok()).await.unwrap(),
        Use::Discarded
    );
}

#[tokio::test]
async fn con_12_a_material_version_in_force_needs_a_new_answer_and_another_wording_does_not() {
    for (change, needs_answer) in [
        (widened as fn(&str) -> String, true),
        (str::to_owned, false),
    ] {
        let house = House::new().await;
        house.grant(C4).await;
        let opened = house.gate.open(house.ask(C4)).await.unwrap();
        let newer = house.later_build(newer_notices(change));
        newer.publish(2).await;
        house.wait(Duration::from_mins(1));
        let next = newer.gate.open(house.ask(C4)).await;
        let used = house.gate.close(opened.exchange, ok()).await.unwrap();
        if needs_answer {
            assert!(matches!(next, Err(Refusal::ReconsentRequired { .. })));
            assert_eq!(used, Use::Discarded);
        } else {
            assert!(next.is_ok());
            assert_eq!(used, Use::Allowed);
        }
    }
}

#[tokio::test]
async fn rev_02_a_profile_is_not_released_once_a_consent_in_it_ended() {
    let house = House::new().await;
    house.answer(&[(C4, Grant), (IN_WORK, Grant)]).await;
    let mut ids = Vec::new();
    for code in [C4, IN_WORK] {
        let opened = house.gate.open(house.ask(code)).await.unwrap();
        ids.push(opened.exchange.id());
        assert_eq!(
            house.gate.close(opened.exchange, ok()).await.unwrap(),
            Use::Allowed
        );
    }
    house
        .gate
        .release(house.release(ids.clone()))
        .await
        .unwrap();
    let item = house.state(C4).await.item;
    house.ledger.revoke(&house.anna, item).await.unwrap();
    let refusal = house.gate.release(house.release(ids.clone())).await;
    assert!(matches!(refusal, Err(Refusal::RevokedInFlight)));
    // What rests on the other consent alone may still leave.
    house.gate.release(house.release([ids[1]])).await.unwrap();
    assert_eq!(house.count("SELECT COUNT(*) FROM release").await, 2);
}

#[tokio::test]
async fn one_persons_data_does_not_leave_in_anothers_profile() {
    let house = House::new().await;
    house.grant(C4).await;
    let opened = house.gate.open(house.ask(C4)).await.unwrap();
    let id = opened.exchange.id();
    assert_eq!(
        house.gate.close(opened.exchange, ok()).await.unwrap(),
        Use::Allowed
    );
    let pere = house.another().await;
    let release = Release {
        subject: pere.subject,
        ..house.release([id])
    };
    assert!(matches!(
        house.gate.release(release).await,
        Err(Refusal::NotAllowed)
    ));
    let unknown = ExchangeId::random(&*house.world.entropy);
    assert!(matches!(
        house.gate.release(house.release([unknown])).await,
        Err(Refusal::NotAllowed)
    ));
}

#[tokio::test]
async fn con_08_a_profile_of_gaps_alone_can_leave_even_for_who_never_decided() {
    let house = House::new().await;
    house.gate.release(house.release([])).await.unwrap();
    assert_eq!(house.count("SELECT counter FROM release").await, 1);
}

#[tokio::test]
async fn an_exchange_left_open_ends_abandoned_once_and_its_late_answer_is_not_used() {
    let house = House::new().await;
    house.grant(C4).await;
    let opened = house.gate.open(house.ask(C4)).await.unwrap();
    let abandon = || house.gate.abandon(Timestamp::MIN..house.world.now());
    assert_eq!(abandon().await.unwrap(), 0);
    house.wait(Duration::from_secs(1));
    assert_eq!(abandon().await.unwrap(), 1);
    assert_eq!(abandon().await.unwrap(), 0);
    assert_eq!(
        house.gate.close(opened.exchange, ok()).await.unwrap(),
        Use::Discarded
    );
    let row = house
        .db
        .row("SELECT result, used FROM exchange_outcome", vec![])
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (row.text(0).unwrap().as_str(), row.int(1).unwrap()),
        ("abandoned", 0)
    );
    // The late close counted nothing.
    assert_eq!(house.count("SELECT entries FROM subject_head").await, 2);
}

#[tokio::test]
async fn of_many_exchanges_left_open_only_those_of_the_span_end_abandoned() {
    let house = House::new().await;
    house.grant(C4).await;
    let early = house.world.now();
    let _before = house.gate.open(house.ask(C4)).await.unwrap();
    house.wait(Duration::from_secs(1));
    let middle = house.world.now();
    let within = house.gate.open(house.ask(C4)).await.unwrap();
    house.wait(Duration::from_secs(1));
    let late = house.world.now();
    let _after = house.gate.open(house.ask(C4)).await.unwrap();
    assert_eq!(house.gate.abandon(middle..late).await.unwrap(), 1);
    let closed = house.gate.close(within.exchange, ok()).await.unwrap();
    assert_eq!(closed, Use::Discarded);
    assert_eq!(house.gate.abandon(early..late).await.unwrap(), 1);
    assert_eq!(
        house
            .count("SELECT count(*) FROM exchange_outcome WHERE result = 'abandoned'")
            .await,
        2
    );
}

#[tokio::test]
async fn the_owner_that_comes_back_and_the_sweeper_close_an_exchange_once_between_them() {
    let house = House::new().await;
    house.grant(C4).await;
    for _ in 0..20 {
        let job = JobId::random(&*house.world.entropy);
        house.running(job).await;
        let ask = Ask {
            job: Some(job),
            ..house.ask(C4)
        };
        let opened = house.gate.open(ask).await.unwrap();
        let (closed, abandoned) = tokio::join!(
            house.gate.close(opened.exchange, ok()),
            house.gate.abandon_of(house.anna.subject, job)
        );
        // Whoever was second saw it: the answer is used or given up, never both.
        match (closed.unwrap(), abandoned.unwrap()) {
            (Use::Allowed, 0) | (Use::Discarded, 1) => {}
            both => panic!("{both:?}"),
        }
    }
    let outcomes = "SELECT count(*) FROM exchange_outcome";
    assert_eq!(house.count(outcomes).await, 20);
    // Every intent and outcome was counted once.
    assert_eq!(house.count("SELECT entries FROM subject_head").await, 40);
}

#[tokio::test]
async fn the_exchanges_of_other_fetches_are_left_alone() {
    let house = House::new().await;
    house.grant(C4).await;
    let jobs = [(); 2].map(|()| JobId::random(&*house.world.entropy));
    for job in jobs {
        house.running(job).await;
        let ask = Ask {
            job: Some(job),
            ..house.ask(C4)
        };
        let _open = house.gate.open(ask).await.unwrap();
    }
    assert_eq!(
        house
            .gate
            .abandon_of(house.anna.subject, jobs[0])
            .await
            .unwrap(),
        1
    );
    assert_eq!(
        house
            .gate
            .abandon_of(house.anna.subject, jobs[0])
            .await
            .unwrap(),
        0
    );
    assert_eq!(
        house
            .gate
            .abandon_of(house.anna.subject, jobs[1])
            .await
            .unwrap(),
        1
    );
}

#[tokio::test]
async fn a_stalled_sequencer_stops_new_exchanges_and_not_revocations() {
    let house = House::new().await;
    house.grant(C4).await;
    house.log.sequence_once().await.unwrap();
    let opened = house.gate.open(house.ask(C4)).await.unwrap();
    house.wait(Duration::from_secs(61));
    assert!(matches!(
        house.gate.open(house.ask(C4)).await,
        Err(Refusal::LogUnavailable(_))
    ));
    let refusal = house.gate.release(house.release([])).await;
    assert!(matches!(refusal, Err(Refusal::LogUnavailable(_))));
    house
        .ledger
        .revoke_all(&house.anna, &purpose())
        .await
        .unwrap();
    assert_eq!(
        house.gate.close(opened.exchange, ok()).await.unwrap(),
        Use::Discarded
    );
    house.log.sequence_once().await.unwrap();
    assert!(matches!(
        house.gate.open(house.ask(C4)).await,
        Err(Refusal::ConsentRequired { .. })
    ));
}

#[tokio::test]
async fn what_was_asked_used_and_released_cannot_be_changed_or_deleted() {
    let house = House::new().await;
    house.grant(C4).await;
    let opened = house.gate.open(house.ask(C4)).await.unwrap();
    let id = opened.exchange.id();
    assert_eq!(
        house.gate.close(opened.exchange, ok()).await.unwrap(),
        Use::Allowed
    );
    house.gate.release(house.release([id])).await.unwrap();
    for sql in [
        "UPDATE exchange_intent SET counter = 0",
        "DELETE FROM exchange_intent",
        "UPDATE exchange_outcome SET used = 0",
        "DELETE FROM exchange_outcome",
        "UPDATE release SET fields = ''",
        "DELETE FROM release",
        "UPDATE release_exchange SET release = release",
        "DELETE FROM release_exchange",
    ] {
        let mut tx = house.db.begin().await.unwrap();
        assert!(tx.execute(sql, vec![]).await.is_err(), "{sql}");
    }
}
