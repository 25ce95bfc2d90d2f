//! Random lives of consent on the real tables, compared with a plain table of answers.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::*;

const CODES: [&str; 3] = [C4, C2, IN_WORK];

#[derive(Clone, Copy, Debug)]
enum Step {
    Grant(usize),
    Refuse(usize),
    Revoke(usize),
    RevokeAll,
    Months(u32),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0..3_usize).prop_map(Step::Grant),
        2 => (0..3_usize).prop_map(Step::Refuse),
        2 => (0..3_usize).prop_map(Step::Revoke),
        1 => Just(Step::RevokeAll),
        2 => (1..8_u32).prop_map(Step::Months),
    ];
    prop::collection::vec(step, 1..12)
}

/// What each product would say: the word, and days until a grant ends.
type Model = BTreeMap<&'static str, (&'static str, u32)>;

async fn play(steps: Vec<Step>) {
    let house = House::new().await;
    let mut model: Model = CODES.map(|code| (code, ("not_asked", 0))).into();
    let mut epoch = 0;
    for step in steps {
        epoch += take(&house, &mut model, step).await;
        house.log.sequence_once().await.unwrap();
        for (code, (word, _)) in &model {
            assert_eq!(house.state(code).await.state.as_str(), *word);
            let opened = house.gate.open(house.ask(code)).await;
            assert_eq!(opened.is_ok(), *word == "granted");
            assert_eq!(recorded(&house, code).await, *word);
        }
    }
    assert_eq!(
        house
            .count("SELECT COALESCE(MAX(epoch), 0) FROM subject_head")
            .await,
        epoch
    );
}

/// The state by the last event of the item's record.
async fn recorded(house: &House, code: &str) -> &'static str {
    let item = house.state(code).await.item;
    let body = &house.anna.body.id;
    let record = house.ledger.record_of(house.anna.subject, body, item).await;
    let Ok(record) = record else {
        return "not_asked";
    };
    let last = record["events"].as_array().unwrap().last().unwrap();
    match last["event_state"].as_str().unwrap() {
        "ConsentGiven" | "RenewedConsentGiven" => "granted",
        "ConsentRefused" => "refused",
        "ConsentWithdrawn" => "revoked",
        "ConsentExpired" => "expired",
        other => panic!("{other}"),
    }
}

/// Takes a step in the house and in the model; gives how many events it was.
async fn take(house: &House, model: &mut Model, step: Step) -> i64 {
    match step {
        Step::Grant(at) => {
            house.grant(CODES[at]).await;
            model.insert(CODES[at], ("granted", 365));
            1
        }
        Step::Refuse(at) => {
            house.answer(&[(CODES[at], Decision::Refuse)]).await;
            model.insert(CODES[at], ("refused", 0));
            1
        }
        Step::Revoke(at) => {
            let item = house.state(CODES[at]).await.item;
            let done = house.ledger.revoke(&house.anna, item).await;
            let word = model[CODES[at]].0;
            assert_eq!(done.is_ok(), word != "not_asked");
            i64::from(withdraw(model, CODES[at]))
        }
        Step::RevokeAll => {
            let _ = house.ledger.revoke_all(&house.anna, &purpose()).await;
            let withdrawn = CODES.map(|code| withdraw(model, code));
            i64::from(withdrawn.contains(&true))
        }
        Step::Months(months) => {
            house.wait(DAY * 30 * months);
            for (word, left) in model.values_mut() {
                *left = left.saturating_sub(30 * months);
                if *word == "granted" && *left == 0 {
                    *word = "expired";
                }
            }
            0
        }
    }
}

/// Whether there was anything to take back.
fn withdraw(model: &mut Model, code: &'static str) -> bool {
    let granted = matches!(model[code].0, "granted" | "expired");
    if granted {
        model.insert(code, ("revoked", 0));
    }
    granted
}

#[test]
fn any_history_reads_opens_and_is_recorded_as_a_table_of_answers_says() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let mut runner = TestRunner::new(ProptestConfig::with_cases(6));
    runner
        .run(&steps(), |steps| {
            runtime.block_on(play(steps));
            Ok(())
        })
        .unwrap();
}
