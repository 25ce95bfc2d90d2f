//! The terms of a grant, held by the gate: how far back, how often, until when.

use std::sync::atomic::AtomicI64;

use jiff::SignedDuration;

use super::*;
use crate::citizen::FiscalYear;
use crate::clock::Sighting;
use Decision::{Grant, Refuse};

/// The shipped terms of C4, which come first.
const SHIPPED: &str = "at_most = 200, window = \"P1D\"";

/// The register, with its terms for C4 written otherwise.
fn register(change: &[(&str, &str)]) -> Purposes {
    let text = include_str!("../../../consent/purposes.toml");
    let (head, terms) = text.split_once("[purpose.terms.").unwrap();
    let terms = change.iter().fold(terms.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1)
    });
    Purposes::parse(&format!("{head}[purpose.terms.{terms}")).unwrap()
}

fn with(change: &[(&str, &str)]) -> Terms {
    Terms {
        purposes: register(change),
        ..terms()
    }
}

/// At most so often, in a window or for ever.
async fn house(frequency: &str) -> House {
    House::with(|_| with(&[(SHIPPED, frequency)])).await
}

/// Time passes, and nothing waits for its number in the log.
async fn later(house: &House, duration: Duration) {
    house.log.sequence_once().await.unwrap();
    house.wait(duration);
    house.log.sequence_once().await.unwrap();
}

async fn items(house: &House, ledger: &Ledger) -> Vec<ItemState> {
    let purpose = purpose();
    let items = ledger.items(house.anna.subject, &house.anna.body.id, &purpose);
    items.await.unwrap().1
}

async fn exhausted(house: &House) -> Option<Timestamp> {
    match house.gate.open(house.ask(C4)).await {
        Err(Refusal::Exhausted { product, again }) => {
            assert_eq!(product.as_str(), C4);
            again
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_permission_is_used_as_often_as_it_allows_and_again_once_the_window_has_moved_on() {
    let house = house("at_most = 2, window = \"PT1H\"").await;
    house.answer(&[(C4, Grant), (IN_WORK, Grant)]).await;
    let first = house.world.now();
    let opened = house.gate.open(house.ask(C4)).await.unwrap();
    let failed = Outcome {
        result: OutcomeResult::Timeout,
        ..ok()
    };
    // A request that came to nothing counts: the source may have been asked.
    assert_eq!(
        house.gate.close(opened.exchange, failed).await.unwrap(),
        Use::Nothing
    );
    later(&house, Duration::from_mins(20)).await;
    let _open = house.gate.open(house.ask(C4)).await.unwrap();
    let again = exhausted(&house).await.unwrap();
    assert_eq!(again, first + SignedDuration::from_hours(1));
    house.log.sequence_once().await.unwrap();
    let items = items(&house, &house.ledger).await;
    let told = house
        .gate
        .exhausted(house.anna.subject, &items)
        .await
        .unwrap();
    assert_eq!(told, [(product(C4), Some(again))].into());
    let _other = house.gate.open(house.ask(IN_WORK)).await.unwrap();
    later(&house, Duration::from_mins(40) - Duration::from_micros(1)).await;
    assert_eq!(exhausted(&house).await, Some(again));
    house.wait(Duration::from_micros(1));
    let _third = house.gate.open(house.ask(C4)).await.unwrap();
    exhausted(&house).await;
}

#[tokio::test]
async fn a_permission_for_once_is_for_once_and_one_given_anew_for_once_more() {
    let house = house("at_most = 1").await;
    for _ in 0..2 {
        house.grant(C4).await;
        let _open = house.gate.open(house.ask(C4)).await.unwrap();
        assert_eq!(exhausted(&house).await, None);
        later(&house, DAY * 300).await;
        assert_eq!(exhausted(&house).await, None);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_at_once_use_a_permission_no_more_often_than_it_allows() {
    let house = Arc::new(house("at_most = 5, window = \"P1D\"").await);
    house.grant(C4).await;
    let mut asking = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let house = Arc::clone(&house);
        asking.spawn(async move { house.gate.open(house.ask(C4)).await });
    }
    let opened = asking.join_all().await.into_iter();
    let (opened, refused): (Vec<_>, Vec<_>) = opened.partition(Result::is_ok);
    assert_eq!(opened.len(), 5);
    let refused = refused.into_iter().map(Result::unwrap_err);
    for refusal in refused {
        assert!(matches!(refusal, Refusal::Exhausted { .. }), "{refusal}");
    }
    assert_eq!(house.count("SELECT COUNT(*) FROM exchange_intent").await, 5);
}

#[tokio::test]
async fn a_question_outside_the_granted_period_is_refused() {
    let house = House::new().await;
    house.answer(&[(C4, Grant), (IN_WORK, Grant)]).await;
    let ask = |code: &str, year: i16| Ask {
        about: About::FiscalYear(FiscalYear::new(year)),
        ..house.ask(code)
    };
    for year in [2025, 2024] {
        let _open = house.gate.open(ask(C4, year)).await.unwrap();
    }
    for (code, year) in [(C4, 2023), (C4, 2026), (C4, 2027), (IN_WORK, 2025)] {
        let refused = house.gate.open(ask(code, year)).await;
        assert!(
            matches!(refused, Err(Refusal::OutsidePeriod { .. })),
            "{code} {year}"
        );
    }
    // In Madrid the new year has begun.
    let new_year: Timestamp = "2026-12-31T23:00:00Z".parse().unwrap();
    let wait = new_year.duration_since(house.world.now()).unsigned_abs();
    later(&house, wait).await;
    assert!(matches!(
        house.gate.open(ask(C4, 2024)).await,
        Err(Refusal::OutsidePeriod { .. })
    ));
    let _open = house.gate.open(ask(C4, 2026)).await.unwrap();
}

#[tokio::test]
async fn a_looser_register_loosens_no_grant_and_a_stricter_one_holds_at_once() {
    let house = house("at_most = 2, window = \"P1D\"").await;
    house.grant(C4).await;
    let looser = Arc::new(with(&[
        ("\"P2Y\"", "\"P5Y\""),
        (SHIPPED, "at_most = 9, window = \"P1D\""),
    ]));
    let stricter = Arc::new(with(&[
        ("\"P2Y\"", "\"P1Y\""),
        (SHIPPED, "at_most = 1"),
        ("\"PT15M\"", "\"PT5M\""),
    ]));
    let ask = |year: i16| Ask {
        about: About::FiscalYear(FiscalYear::new(year)),
        ..house.ask(C4)
    };
    let loose = house.gate.under(looser.clone());
    assert!(matches!(
        loose.open(ask(2023)).await,
        Err(Refusal::OutsidePeriod { .. })
    ));
    let strict = house.gate.under(stricter.clone());
    assert!(matches!(
        strict.open(ask(2024)).await,
        Err(Refusal::OutsidePeriod { .. })
    ));
    let _first = strict.open(ask(2025)).await.unwrap();
    assert!(matches!(
        strict.open(ask(2025)).await,
        Err(Refusal::Exhausted { again: None, .. })
    ));
    let _second = loose.open(ask(2025)).await.unwrap();
    assert!(matches!(
        loose.open(ask(2025)).await,
        Err(Refusal::Exhausted { again: Some(_), .. })
    ));

    let shown = async |terms: &Arc<Terms>| {
        let ledger = house.ledger.under(terms.clone());
        let mut items = items(&house, &ledger).await.into_iter();
        items
            .find(|item| item.product == product(C4))
            .unwrap()
            .terms
    };
    let agreed = shown(&looser).await;
    assert_eq!(agreed.period.to_string(), "P2Y");
    assert_eq!(agreed.frequency.at_most, 2);
    assert_eq!(agreed.data_life.to_string(), "PT15M");
    let now = shown(&stricter).await;
    assert_eq!(now.period.to_string(), "P1Y");
    assert_eq!(
        now.frequency,
        Frequency {
            at_most: 1,
            window: None
        }
    );
    assert_eq!(now.data_life.to_string(), "PT5M");
}

#[tokio::test]
async fn a_grant_of_before_terms_were_stated_keeps_to_what_held_then() {
    let house = House::new().await;
    let event = house.grant(C4).await.receipt.id;
    // As the version before would have written it for somebody else.
    let pere = house.another().await;
    let mut tx = house.db.begin().await.unwrap();
    let item = item::item_id(
        pere.subject,
        &pere.body.id,
        &purpose(),
        &product(C4),
        item::Beneficiary::Own,
    );
    let until = house.world.now() + SignedDuration::from_hours(24);
    tx.execute(
        "INSERT INTO subject_head (subject, epoch) VALUES ($1, 1)",
        vec![pere.subject.to_string().into()],
    )
    .await
    .unwrap();
    tx.execute(
        "INSERT INTO consent_event (subject, seq, epoch, item, body, purpose, product, source,
         beneficiary, event, notice, version, language, served, valid_until, at, receipt)
         SELECT $1, 1, 1, $2, body, purpose, product, source, beneficiary, event, notice, version,
         language, served, $3, at, receipt FROM consent_event WHERE receipt = $4",
        vec![
            pere.subject.to_string().into(),
            item.to_string().into(),
            until.into(),
            event.to_string().into(),
        ],
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();

    let ask = |year: i16| Ask {
        subject: pere.subject,
        about: About::FiscalYear(FiscalYear::new(year)),
        ..house.ask(C4)
    };
    let loose = house.gate.under(Arc::new(with(&[("\"P2Y\"", "\"P5Y\"")])));
    let _open = loose.open(ask(2024)).await.unwrap();
    assert!(matches!(
        loose.open(ask(2023)).await,
        Err(Refusal::OutsidePeriod { .. })
    ));
}

#[tokio::test]
async fn the_terms_of_a_grant_are_in_its_log_entry_and_its_receipt_and_a_refusal_has_none() {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    let house = House::new().await;
    let receipt = house.answer(&[(C4, Grant), (C2, Refuse)]).await.receipt;
    let stated = serde_json::json!({
        "period": "P2Y", "frequency": {"at_most": 200, "window": "P1D"}, "data_life": "PT15M",
    });
    let entry = house.log.payload(receipt.entry).await.unwrap();
    let claims = receipt.jws.split('.').nth(1).unwrap();
    let claims: serde_json::Value =
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
    for items in [&entry["items"], &claims["items"]] {
        assert_eq!(items[0]["terms"], stated);
        assert!(items[1].get("terms").is_none());
    }
}

/// A replica's machine, whose clock is off, and what it learns of the database's.
#[derive(Debug)]
struct OffBy {
    truth: Arc<Still>,
    machine_ahead: i64,
    learnt: AtomicI64,
}

impl Clock for OffBy {
    fn now(&self) -> Timestamp {
        let off = self.machine_ahead + self.learnt.load(Ordering::SeqCst);
        self.truth.now() + SignedDuration::from_micros(off)
    }

    fn monotonic(&self) -> Duration {
        self.truth.monotonic()
    }

    fn follow(&self, seen: &Sighting) -> Option<SignedDuration> {
        let ahead = seen.said.duration_since(self.now());
        let ahead = i64::try_from(ahead.as_micros()).unwrap();
        self.learnt.fetch_add(ahead, Ordering::SeqCst);
        Some(SignedDuration::from_micros(ahead))
    }
}

#[tokio::test]
async fn con_14_a_replica_five_minutes_off_neither_extends_nor_shortens_a_grant_once_it_has_asked_the_database()
 {
    const FIVE_MINUTES: i64 = 5 * 60 * 1_000_000;

    let house = House::new().await;
    house.grant(C4).await;
    let until = house.state(C4).await.state.valid_until().unwrap();
    let to_the_end = until.duration_since(house.world.now()).unsigned_abs();
    house.wait(to_the_end.saturating_sub(Duration::from_micros(1)));
    house.log.sequence_once().await.unwrap();
    for machine_ahead in [-FIVE_MINUTES, FIVE_MINUTES] {
        let clock = Arc::new(OffBy {
            truth: house.clock.clone(),
            machine_ahead,
            learnt: AtomicI64::new(0),
        });
        let world = World {
            clock: clock.clone(),
            ..house.world.clone()
        };
        let terms = Arc::new(terms());
        let gate = Gate::new(house.db.clone(), house.log.clone(), terms, world);
        // What would happen to a replica that does not ask: it is off by what its machine is.
        if machine_ahead > 0 {
            let early = gate.open(house.ask(C4)).await;
            assert!(matches!(early, Err(Refusal::Expired { .. })));
        }
        clock.follow(&Sighting {
            said: house.clock.now(),
            asked: clock.monotonic(),
            answered: clock.monotonic(),
        });
        let _open = gate.open(house.ask(C4)).await.unwrap();
        house.wait(Duration::from_micros(1));
        let late = gate.open(house.ask(C4)).await;
        assert!(matches!(late, Err(Refusal::Expired { .. })), "{late:?}");
        house.clock.0.fetch_sub(1, Ordering::SeqCst);
    }
}
