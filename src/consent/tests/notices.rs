//! Publishing versions, on real databases, with replicas of different builds.

use jiff::SignedDuration;

use super::*;

const MINUTE: Duration = Duration::from_mins(1);

async fn refusal(build: &Build, version: u32, at: Option<Timestamp>) -> PublishError {
    let refused = build.publisher.publish(&purpose(), version, at).await;
    refused.unwrap_err()
}

/// Asks about another kind of data with one product, and says so.
fn one_product_wider(head: &str) -> String {
    let head = head.replace("change = false", "change = true");
    head.replace(
        "\"AEAT_IRPF/C4\" = { source = \"AEAT\", categories = [\"income.annual\"]",
        "\"AEAT_IRPF/C4\" = { source = \"AEAT\", categories = [\"income.annual\", \"person.birth_date\"]",
    )
}

#[tokio::test]
async fn the_first_start_publishes_version_1_and_any_other_start_nothing() {
    let house = House::new().await;
    let all = publications(&house.db).await.unwrap();
    let names: Vec<_> = all.iter().map(|one| one.notice.as_str()).collect();
    assert_eq!(names, ["mgs-social-aid", "mgs-social-aid-household"]);
    let first = &all[0];
    let from: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    assert_eq!((first.version, first.effective_at), (1, from));
    assert_eq!(first.texts.len(), 4);
    let logged = house.log.payload(first.entry).await.unwrap();
    assert_eq!(logged["kind"], "notice-published");
    assert_eq!(logged["notice"]["texts"]["ca"], first.texts[&Language::Ca]);
    assert_eq!(logged["declares"], first.digest);
    assert_eq!(logged.get("subject"), None);

    house.publisher.begin().await.unwrap();
    assert_eq!(publications(&house.db).await.unwrap(), all);
}

#[tokio::test]
async fn of_many_replicas_that_start_at_once_one_publishes_version_1() {
    let house = House::new().await;
    let folder = tempfile::tempdir().unwrap();
    let db = testing::open(&folder.path().join("empty.db"), Schema::Gateway).await;
    let mut starts = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let parts = (db.clone(), house.log.clone(), Arc::new(terms()));
        let publisher = Publisher::new(parts.0, parts.1, parts.2, house.world.clone());
        starts.spawn(async move { publisher.begin().await });
    }
    while let Some(started) = starts.join_next().await {
        started.unwrap().unwrap();
    }
    assert_eq!(publications(&db).await.unwrap().len(), 2);
}

#[tokio::test]
async fn an_unpublished_version_is_read_by_nobody_however_old_its_file_says_it_is() {
    let house = House::new().await;
    let newer = house.later_build(newer_notices(widened)); // effective_from is in June
    let shown = newer.ledger.notice(&purpose(), Language::Ca).await.unwrap();
    assert_eq!(shown.version, 1);
    house.grant(C4).await;
    assert!(newer.gate.open(house.ask(C4)).await.is_ok());
}

#[tokio::test]
async fn con_13_a_material_version_stops_every_replica_at_its_instant_and_not_before() {
    let house = House::new().await;
    house
        .answer(&[(C4, Decision::Grant), (IN_WORK, Decision::Grant)])
        .await;
    let opened = house.gate.open(house.ask(C4)).await.unwrap();
    let newer = house.later_build(newer_notices(widened));
    let Published::Done {
        publication,
        touched,
    } = newer.publish(2).await
    else {
        panic!("published before");
    };
    assert_eq!(touched, Touched::All);
    assert_eq!(
        publication.effective_at,
        house.world.now() + SignedDuration::from_mins(1)
    );

    // Until then it changes nothing, on either build.
    house.wait(Duration::from_micros(59_999_999));
    for gate in [&house.gate, &newer.gate] {
        let _ = gate.open(house.ask(C4)).await.unwrap();
    }
    house.wait(Duration::from_micros(1));
    for gate in [&house.gate, &newer.gate] {
        for product in [C4, IN_WORK] {
            let refused = gate.open(house.ask(product)).await;
            assert!(
                matches!(refused, Err(Refusal::ReconsentRequired { .. })),
                "{product}"
            );
        }
    }
    // What was on its way is dropped unread, by the older build.
    let used = house.gate.close(opened.exchange, ok()).await.unwrap();
    assert_eq!(used, Use::Discarded);
    assert!(matches!(
        house.state(C4).await.state,
        State::Invalidated { .. }
    ));

    // Who reads the new version and agrees is asked about again, by every build.
    let served = newer
        .ledger
        .serve(&house.anna, &purpose(), Language::Ca)
        .await
        .unwrap();
    assert_eq!(served.notice.version, 2);
    let again = answers(served.served, &[(C4, Decision::Grant)]);
    newer.ledger.decide(&house.anna, again).await.unwrap();
    assert!(house.gate.open(house.ask(C4)).await.is_ok());
}

#[tokio::test]
async fn con_13_a_version_that_widens_one_product_leaves_the_consents_to_the_others() {
    let house = House::new().await;
    house
        .answer(&[(C4, Decision::Grant), (IN_WORK, Decision::Grant)])
        .await;
    let mut used = Vec::new();
    let mut on_their_way = Vec::new();
    for product in [C4, IN_WORK] {
        let done = house.gate.open(house.ask(product)).await.unwrap().exchange;
        used.push(done.id());
        assert_eq!(house.gate.close(done, ok()).await.unwrap(), Use::Allowed);
        on_their_way.push(house.gate.open(house.ask(product)).await.unwrap().exchange);
    }
    let newer = house.later_build(newer_notices(one_product_wider));
    let Published::Done { touched, .. } = newer.publish(2).await else {
        panic!("published before");
    };
    assert_eq!(touched, Touched::Products([product(C4)].into()));
    house.wait(MINUTE);

    assert!(matches!(
        house.state(C4).await.state,
        State::Invalidated { .. }
    ));
    assert!(matches!(
        house.state(IN_WORK).await.state,
        State::Granted { .. }
    ));
    for gate in [&house.gate, &newer.gate] {
        let refused = gate.open(house.ask(C4)).await;
        assert!(matches!(refused, Err(Refusal::ReconsentRequired { .. })));
        let _ = gate.open(house.ask(IN_WORK)).await.unwrap();
        // A profile with what was touched stays; one without it may go.
        let refused = gate.release(house.release([used[0]])).await;
        assert!(matches!(refused, Err(Refusal::RevokedInFlight)));
        gate.release(house.release([used[1]])).await.unwrap();
    }
    let verdicts = on_their_way.into_iter().zip([Use::Discarded, Use::Allowed]);
    for (exchange, verdict) in verdicts {
        assert_eq!(newer.gate.close(exchange, ok()).await.unwrap(), verdict);
    }
}

#[tokio::test]
async fn con_12_a_false_claim_about_a_material_change_is_refused_either_way() {
    let house = House::new().await;
    for (change, expected) in [
        (
            (|head: &str| widened(head).replace("change = true", "change = false"))
                as fn(&str) -> String,
            Defect::Hidden("recipients: statistics as well".to_owned()),
        ),
        (
            |head| head.replace("change = false", "change = true"),
            Defect::FalseAlarm,
        ),
    ] {
        let newer = house.later_build(newer_notices(change));
        let PublishError::Defects { defects, .. } = refusal(&newer, 2, None).await else {
            panic!("another refusal");
        };
        assert_eq!(defects, [expected]);
    }
    assert_eq!(publications(&house.db).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_version_that_tells_less_than_is_done_is_refused_with_everything_it_leaves_out() {
    let house = House::new().await;
    let narrow = |head: &str| {
        let head = head.replace(
            "recipients = [\"social-aid-recommender\"]",
            "recipients = []",
        );
        head.replace("PT15M", "PT10M")
            .replace("\"work.in_work\"", "")
    };
    let newer = house.later_build(newer_notices(narrow));
    let PublishError::Defects { defects, .. } = refusal(&newer, 2, None).await else {
        panic!("another refusal");
    };
    let told: Vec<_> = defects.iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), 4, "{told:#?}"); // two bodies ask whether people work
    assert!(told[0].ends_with("answers are kept longer than its notice states"));
    assert!(told[1].ends_with("does not name the recipient social-aid-recommender"));
    assert!(told[2].contains(IN_WORK) && told[3].contains(IN_WORK));
}

#[tokio::test]
async fn a_version_is_published_in_its_turn_once_and_not_for_the_past() {
    let house = House::new().await;
    let newer = house.later_build(newer_notices(widened));
    let now = house.world.now();
    let past = now - SignedDuration::from_micros(1);
    assert!(matches!(
        refusal(&newer, 2, Some(past)).await,
        PublishError::Past(_)
    ));
    assert!(matches!(
        refusal(&newer, 3, None).await,
        PublishError::UnknownVersion(_, 3)
    ));
    let other = "marketing".parse().unwrap();
    let unknown = newer.publisher.publish(&other, 1, None).await.unwrap_err();
    assert!(matches!(unknown, PublishError::UnknownPurpose(_)));

    let tomorrow = now + SignedDuration::from_hours(24);
    let purpose = purpose();
    let publish = || newer.publisher.publish(&purpose, 2, Some(tomorrow));
    let Published::Done { publication, .. } = publish().await.unwrap() else {
        panic!("published before");
    };
    assert_eq!(publication.effective_at, tomorrow);
    let entries = "SELECT COUNT(*) FROM log_entry";
    let before = house.count(entries).await;
    assert_eq!(publish().await.unwrap(), Published::Already(publication));
    assert_eq!(house.count(entries).await, before);

    // The same version with other content is another version.
    let altered = house.later_build(newer_notices(one_product_wider));
    let PublishError::Disagrees(found) = refusal(&altered, 2, None).await else {
        panic!("another refusal");
    };
    assert_eq!(
        found,
        [Disagreement::Declares("mgs-social-aid".to_owned(), 2)]
    );
}

#[tokio::test]
async fn a_build_whose_files_differ_from_what_was_published_is_told_every_difference() {
    let house = House::new().await;
    let newer = house.later_build(newer_notices(widened));
    newer.publish(2).await;
    let published = publications(&house.db).await.unwrap();
    let of = |notices| Terms { notices, ..terms() }.disagreements(&published);
    let notice = || "mgs-social-aid".to_owned();
    assert_eq!(of(newer_notices(widened)), []);
    assert_eq!(
        of(Notices::embedded().unwrap()),
        [Disagreement::Missing(notice(), 2)]
    );
    let reworded = newer_notices(|head| widened(head).replace("change = true", "change = false"));
    assert_eq!(of(reworded), [Disagreement::Claim(notice(), 2)]);
    let without_english = newer_notices(|head| widened(head).replace("en = \"draft\"\n", ""));
    assert_eq!(
        of(without_english),
        [Disagreement::Text(notice(), 2, Language::En)]
    );
    // Reading a draft again and calling it reviewed changes no text.
    let reviewed =
        newer_notices(|head| widened(head).replace("en = \"draft\"", "en = \"reviewed\""));
    assert_eq!(of(reviewed), []);

    let purposes = include_str!("../../../consent/purposes.toml");
    let renamed = Terms {
        purposes: Purposes::parse(&purposes.replace("\"mgs-social-aid\"", "\"mgs-other\""))
            .unwrap(),
        ..terms()
    };
    let found = renamed.disagreements(&published);
    assert_eq!(
        found,
        [(); 2].map(|()| Disagreement::Renamed(purpose(), notice()))
    );
}

#[tokio::test]
async fn a_replica_without_the_files_of_the_version_in_force_serves_and_records_nothing() {
    let house = House::new().await;
    let newer = house.later_build(newer_notices(str::to_owned));
    newer.publish(2).await;
    house.wait(MINUTE);
    let refused = house
        .ledger
        .serve(&house.anna, &purpose(), Language::Ca)
        .await;
    assert!(matches!(refused, Err(ConsentError::NoticeNotHere)));
    assert_eq!(house.count("SELECT COUNT(*) FROM notice_served").await, 0);
    let served = newer
        .ledger
        .serve(&house.anna, &purpose(), Language::Ca)
        .await
        .unwrap();
    let answer = answers(served.served, &[(C4, Decision::Grant)]);
    let refused = house.ledger.decide(&house.anna, answer).await;
    assert!(matches!(refused, Err(ConsentError::NoticeNotHere)));
}

#[tokio::test]
async fn what_was_published_cannot_be_changed_or_deleted() {
    let house = House::new().await;
    house
        .later_build(newer_notices(one_product_wider))
        .publish(2)
        .await;
    for sql in [
        "UPDATE notice_publication SET effective_at = 0",
        "DELETE FROM notice_publication",
        "UPDATE notice_publication_text SET digest = ''",
        "DELETE FROM notice_publication_text",
        "UPDATE notice_product_minimum SET version = 0",
        "DELETE FROM notice_product_minimum",
    ] {
        let mut tx = house.db.begin().await.unwrap();
        assert!(tx.execute(sql, vec![]).await.is_err(), "{sql}");
    }
}

/// A row that requires a version was once written without publishing it.
#[tokio::test]
async fn a_version_that_was_required_before_it_was_published_can_still_be_published() {
    let house = House::new().await;
    house.grant(C4).await;
    let newer = house.later_build(newer_notices(widened));
    let now = house.world.now();
    let notice = "mgs-social-aid";
    house.ledger.require_version(notice, 2, now).await.unwrap();
    house.ledger.require_version(notice, 2, now).await.unwrap();
    assert!(matches!(
        newer.publish(2).await,
        Published::Done { publication, .. } if publication.version == 2
    ));
    assert!(matches!(
        house.state(C4).await.state,
        State::Invalidated { .. }
    ));
}

#[tokio::test]
async fn a_version_required_from_later_on_is_not_published_for_earlier() {
    let house = House::new().await;
    house.grant(C4).await;
    let newer = house.later_build(newer_notices(widened));
    let later = house.world.now() + SignedDuration::from_hours(2);
    let notice = "mgs-social-aid";
    house
        .ledger
        .require_version(notice, 2, later)
        .await
        .unwrap();
    let refused = refusal(&newer, 2, None).await;
    assert!(
        matches!(refused, PublishError::RequiredLater { version: 2, from } if from == later),
        "{refused:?}"
    );
    let published = publications(&house.db).await.unwrap();
    assert!(published.iter().all(|one| one.version == 1));
    let done = newer.publisher.publish(&purpose(), 2, Some(later)).await;
    assert!(matches!(done.unwrap(), Published::Done { .. }));
    assert!(matches!(house.state(C4).await.state, State::Granted { .. }));
    house.wait(Duration::from_hours(2));
    assert!(matches!(
        house.state(C4).await.state,
        State::Invalidated { .. }
    ));
}
