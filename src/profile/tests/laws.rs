//! What must hold whatever the sources answer.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::Value;

use super::strategies::{answered, inputs};
use super::*;
use crate::exchange::{Offered, plan};

fn json(inputs: &[(ProductCode, SourceOutcome)], audience: Audience) -> String {
    let profile = normalise(inputs, indicators(), today());
    serde_json::to_string(&profile.project(audience)).unwrap()
}

/// Every choice in the inputs, replaced by this one.
fn with_choice(
    inputs: &[(ProductCode, SourceOutcome)],
    choice: GapReason,
) -> Vec<(ProductCode, SourceOutcome)> {
    inputs
        .iter()
        .cloned()
        .map(|(code, outcome)| match outcome {
            SourceOutcome::Gap(reason) if reason.is_choice() => (code, SourceOutcome::Gap(choice)),
            other => (code, other),
        })
        .collect()
}

/// Without the products that were not asked by choice.
fn without_choices(inputs: &[(ProductCode, SourceOutcome)]) -> Vec<(ProductCode, SourceOutcome)> {
    inputs
        .iter()
        .filter(|(_, outcome)| !matches!(outcome, SourceOutcome::Gap(reason) if reason.is_choice()))
        .cloned()
        .collect()
}

/// The pointers of the fields that hold a value.
fn known(value: &Value, path: &str, found: &mut Vec<String>) {
    if let Value::Object(members) = value {
        if members.contains_key("value") {
            found.push(path.to_owned());
        }
        for (name, member) in members {
            known(member, &format!("{path}/{name}"), found);
        }
    }
}

fn known_fields(inputs: &[(ProductCode, SourceOutcome)]) -> Vec<String> {
    let value = serde_json::from_str(&json(inputs, Audience::Citizen)).unwrap();
    let mut found = Vec::new();
    known(&value, "", &mut found);
    found
}

/// What every source would answer about one person, and whether it answers at all. The services of
/// one source know the same.
type Town = BTreeMap<ProductKind, SourceOutcome>;

fn answers_of_a_town() -> impl Strategy<Value = Town> {
    let answers = ProductKind::ALL.map(|kind| answered(kind, 2025));
    let silent = prop::collection::vec(prop::bool::weighted(0.3), ProductKind::ALL.len());
    (Vec::from(answers), silent).prop_map(|(answers, silent)| {
        let mut town: Town = ProductKind::ALL.into_iter().zip(answers).collect();
        if let Some(SourceOutcome::Answered { answer, .. }) = town.get(&ProductKind::AeatC4) {
            let answer = answer.clone();
            if let Some(SourceOutcome::Answered { answer: level, .. }) =
                town.get_mut(&ProductKind::AeatC2)
            {
                *level = answer;
            }
        }
        for (kind, silent) in ProductKind::ALL.into_iter().zip(silent) {
            if silent {
                town.insert(kind, SourceOutcome::Gap(GapReason::NotAnswering));
            }
        }
        town
    })
}

fn consents() -> impl Strategy<Value = BTreeSet<ProductCode>> {
    prop::sample::subsequence(ProductKind::ALL.to_vec(), 0..=ProductKind::ALL.len())
        .prop_map(|kinds| kinds.into_iter().map(code).collect())
}

/// A fetch by the plan: each first choice, and its fall-back where it was silent. Gives the values of
/// the fields that have one.
fn fetch(town: &Town, live: &BTreeSet<ProductCode>) -> BTreeMap<String, Value> {
    let offered: Vec<_> = ProductKind::ALL
        .into_iter()
        .map(|kind| Offered {
            product: code(kind),
            source: "AEAT".parse().unwrap(),
            fallback_of: (kind == ProductKind::AeatC2).then(|| code(ProductKind::AeatC4)),
        })
        .collect();
    let mut inputs = Vec::new();
    for step in plan(&offered, live).steps {
        for product in [Some(step.first), step.fallback].into_iter().flatten() {
            let said = town[&ProductKind::of(&product).unwrap()].clone();
            let silent = matches!(said, SourceOutcome::Gap(_));
            inputs.push((product, said));
            if !silent {
                break;
            }
        }
    }
    let whole: Value = serde_json::from_str(&json(&inputs, Audience::Citizen)).unwrap();
    let mut found = Vec::new();
    known(&whole, "", &mut found);
    let value = |field: &String| whole.pointer(&format!("{field}/value")).unwrap().clone();
    found
        .iter()
        .map(|field| (field.clone(), value(field)))
        .collect()
}

/// The published shape, compiled once.
static SCHEMA: LazyLock<jsonschema::Validator> = LazyLock::new(|| {
    let text = include_str!("../../../schemas/profile.schema.json");
    jsonschema::validator_for(&serde_json::from_str(text).unwrap()).unwrap()
});

#[test]
fn the_schema_refuses_an_amount_without_provenance_and_a_value_that_is_also_a_gap() {
    let good: Value = serde_json::from_str(&json(&[], Audience::Recommender)).unwrap();
    assert!(SCHEMA.is_valid(&good));
    for (pointer, spoiled) in [
        (
            "/income/annual",
            serde_json::json!({"value": {"cents": 1, "certainty": "figure", "computation_basis": "income_level"}}),
        ),
        (
            "/work/in_work",
            serde_json::json!({"gap": "no_record", "value": true}),
        ),
        ("/work/in_work", serde_json::json!({"gap": "refused"})),
        ("/decision_support_only", serde_json::json!(false)),
        ("/person", serde_json::json!({"name": "Marta"})),
    ] {
        let mut value = good.clone();
        *value.pointer_mut(pointer).unwrap() = spoiled;
        assert!(!SCHEMA.is_valid(&value), "{pointer}");
    }
}

#[test]
fn the_citizen_sees_why_and_the_recommender_does_not() {
    let inputs = [(
        code(ProductKind::TgssInWork),
        SourceOutcome::Gap(GapReason::Refused),
    )];
    assert!(json(&inputs, Audience::Citizen).contains(r#""in_work":{"gap":"refused"}"#));
    let shown = json(&inputs, Audience::Recommender);
    assert!(shown.contains(r#""in_work":{"gap":"not_available_by_choice"}"#));
    assert!(!shown.contains("refused") && !shown.contains("not_asked"));
}

#[test]
fn con_03_only_the_fields_of_the_purpose_are_released() {
    // Golden: what the one purpose may release. A field more is a decision, and a new notice.
    let whole: Value = serde_json::from_str(&json(&[], Audience::Recommender)).unwrap();
    let groups = whole.as_object().unwrap();
    let fields: Vec<String> = groups
        .iter()
        .filter_map(|(group, fields)| Some((group, fields.as_object()?)))
        .flat_map(|(group, fields)| fields.keys().map(move |name| format!("{group}.{name}")))
        .collect();
    assert_eq!(
        fields,
        [
            "household.municipality",
            "household.size",
            "identity.verified",
            "income.annual",
            "income.bands",
            "income.kind",
            "income.status",
            "person.birth_date",
            "person.nationality",
            "rules.indicators",
            "rules.normalisation",
            "work.in_work",
        ]
    );
}

#[test]
fn con_10_every_profile_says_that_it_decides_nothing_and_by_which_rules_it_was_made() {
    for audience in [Audience::Citizen, Audience::Recommender] {
        let whole: Value = serde_json::from_str(&json(&[], audience)).unwrap();
        assert_eq!(whole["decision_support_only"], true);
        assert_eq!(whole["rules"]["normalisation"], RULES);
        assert_eq!(whole["rules"]["indicators"], indicators().version());
    }
}

#[test]
fn members_come_in_one_order() {
    let text = json(&[], Audience::Recommender);
    let places: Vec<_> = [
        "schema",
        "audience",
        "on",
        "complete",
        "decision_support_only",
        "rules",
        "identity",
        "person",
        "income",
        "work",
        "household",
    ]
    .iter()
    .map(|name| text.find(&format!("\"{name}\":")).unwrap())
    .collect();
    assert!(places.is_sorted());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn con_16_refused_and_never_asked_are_byte_identical_downstream(inputs in inputs()) {
        let refused = json(&with_choice(&inputs, GapReason::Refused), Audience::Recommender);
        for choice in [
            GapReason::NotAsked,
            GapReason::Revoked,
            GapReason::Expired,
            GapReason::NotAvailableByChoice,
        ] {
            let other = json(&with_choice(&inputs, choice), Audience::Recommender);
            prop_assert_eq!(&refused, &other);
        }
        prop_assert_eq!(&refused, &json(&without_choices(&inputs), Audience::Recommender));
    }

    #[test]
    fn the_order_of_the_answers_says_nothing(inputs in inputs(), swaps in prop::collection::vec(any::<(Index, Index)>(), 0..8)) {
        let mut shuffled = inputs.clone();
        if !shuffled.is_empty() {
            for (one, other) in swaps {
                let (one, other) = (one.index(shuffled.len()), other.index(shuffled.len()));
                shuffled.swap(one, other);
            }
        }
        prop_assert_eq!(
            normalise(&inputs, indicators(), today()),
            normalise(&shuffled, indicators(), today())
        );
    }

    #[test]
    fn what_a_job_keeps_makes_the_same_profile_later(inputs in inputs()) {
        let kept = serde_json::to_string(&inputs).unwrap();
        let read: Vec<(ProductCode, SourceOutcome)> = serde_json::from_str(&kept).unwrap();
        prop_assert_eq!(
            normalise(&inputs, indicators(), today()),
            normalise(&read, indicators(), today())
        );
    }

    #[test]
    fn less_input_never_yields_more_data(inputs in inputs(), dropped in any::<Index>()) {
        prop_assume!(!inputs.is_empty());
        let mut fewer = inputs.clone();
        fewer.remove(dropped.index(inputs.len()));
        let all = known_fields(&inputs);
        for field in known_fields(&fewer) {
            prop_assert!(all.contains(&field), "{} was gained", field);
        }
    }

    #[test]
    fn less_consent_never_yields_more_data_nor_another_value(
        town in answers_of_a_town(), all in consents(), fewer in consents(),
    ) {
        let fewer: BTreeSet<_> = fewer.intersection(&all).cloned().collect();
        let (with_all, with_fewer) = (fetch(&town, &all), fetch(&town, &fewer));
        for (field, value) in &with_fewer {
            let known = with_all.get(field);
            prop_assert!(known.is_some(), "{} was gained", field);
            prop_assert_eq!(known, Some(value), "{} became another", field);
        }
    }

    #[test]
    fn no_value_comes_without_provenance(inputs in inputs()) {
        fn check(value: &Value) -> bool {
            match value {
                Value::Object(members) => {
                    let sourced = !members.contains_key("value")
                        || members.get("provenance").is_some_and(Value::is_object);
                    sourced && members.values().all(check)
                }
                Value::Array(items) => items.iter().all(check),
                _ => true,
            }
        }
        for audience in [Audience::Citizen, Audience::Recommender] {
            prop_assert!(check(&serde_json::from_str(&json(&inputs, audience)).unwrap()));
        }
    }

    #[test]
    fn bands_come_only_with_the_amount_they_judge(inputs in inputs()) {
        let income = normalise(&inputs, indicators(), today()).income;
        prop_assert!(income.bands.is_empty() || income.annual.is_known());
    }

    #[test]
    fn every_projection_fits_the_schema(inputs in inputs()) {
        for audience in [Audience::Citizen, Audience::Recommender] {
            let value: Value = serde_json::from_str(&json(&inputs, audience)).unwrap();
            let errors: Vec<_> = SCHEMA.iter_errors(&value).map(|error| error.to_string()).collect();
            prop_assert!(errors.is_empty(), "{:?}", errors);
        }
    }
}
