//! One result of several people, and what nobody may read out of it.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};

use super::strategies::gap;
use super::*;
use crate::citizen::EuroCents;
use crate::products::aeat_irpf::{self, Basis, Filing, Imputations, JointReturns, TaxReturn};

/// One member of a household, as a test states them.
#[derive(Clone, Debug)]
struct Member {
    income: Income,
    minor: bool,
}

/// The income of somebody to whom the tax agency answered this.
fn answering(kind: ProductKind, year: i16, outcome: aeat_irpf::Outcome) -> Income {
    let answer = aeat_irpf::Answer {
        code: "1000".to_owned(),
        outcome,
        fiscal_year: FiscalYear::new(year),
        reference: None,
        issued_on: None,
    };
    let provenance = provenance(kind, Reference::FiscalYear(FiscalYear::new(year)), 1);
    let answer = Answer::Income(answer);
    let outcome = SourceOutcome::Answered { answer, provenance };
    normalise(&[(code(kind), outcome)], indicators(), today()).income
}

fn filed(filing: Filing, year: i16, cents: i64) -> Member {
    let income = Some((EuroCents::from_cents(cents), Basis::IncomeLevel));
    let filed = aeat_irpf::Outcome::Declared(TaxReturn { filing, income });
    adult(answering(ProductKind::AeatC4, year, filed))
}

fn own(cents: i64) -> Member {
    filed(Filing::Individual, 2024, cents)
}

fn joint(cents: i64) -> Member {
    filed(Filing::JointWithSpouse, 2024, cents)
}

fn reported(cents: i64) -> Member {
    let imputations = Imputations {
        work: Some(EuroCents::from_cents(cents)),
        ..Imputations::default()
    };
    let outcome = aeat_irpf::Outcome::NotObliged(imputations);
    adult(answering(ProductKind::AeatC2, 2024, outcome))
}

fn adult(income: Income) -> Member {
    Member {
        income,
        minor: false,
    }
}

fn silent(reason: GapReason) -> Member {
    adult(Income::gap(reason))
}

/// The result of these members, and of so many who permit nothing.
fn result(members: &[Member], missing: u32) -> HouseholdProfile {
    let parts: Vec<_> = members
        .iter()
        .map(|member| Part {
            income: &member.income,
            minor: member.minor,
        })
        .collect();
    let minors = parts.iter().filter(|part| part.minor).count();
    let count = Count {
        adults: u32::try_from(parts.len() - minors).unwrap() + missing,
        minors: u32::try_from(minors).unwrap(),
        missing,
    };
    household(&parts, count, &[], None, today(), "2026.1")
}

fn shown(members: &[Member], missing: u32) -> Value {
    serde_json::to_value(result(members, missing).project()).unwrap()
}

fn value(cents: i64, certainty: &str) -> Value {
    json!({"value": {"cents": cents, "certainty": certainty, "computation_basis": "income_level"}})
}

fn size_of(people: u16) -> Fact<u16> {
    Fact::Known {
        value: people,
        provenance: provenance(
            ProductKind::PadroHouseholdSize,
            Reference::Date(today()),
            u32::from(people),
        ),
    }
}

/// The published shape, compiled once.
static SCHEMA: LazyLock<jsonschema::Validator> = LazyLock::new(|| {
    let text = include_str!("../../../schemas/household-profile.schema.json");
    jsonschema::validator_for(&serde_json::from_str(text).unwrap()).unwrap()
});

#[test]
fn the_incomes_of_those_who_agreed_are_one_sum() {
    let (anna, pere) = (own(1_422_240), own(900_000));
    let parts = [&anna, &pere].map(|member| Part {
        income: &member.income,
        minor: false,
    });
    let count = Count {
        adults: 2,
        minors: 1,
        missing: 0,
    };
    let (one, other) = (size_of(3), size_of(3));
    let whole = household(&parts, count, &[&one, &other], None, today(), "2026.1");
    assert!(whole.complete());
    assert_eq!(whole.fields(), ["income.annual", "size"]);
    assert_eq!(
        serde_json::to_value(whole.project()).unwrap(),
        json!({
            "schema": "interop-gateway/household/v1",
            "on": "2026-03-02",
            "complete": true,
            "decision_support_only": true,
            "rules": {"normalisation": RULES, "household": "1", "indicators": "2026.1"},
            "members": {"adults": 2, "minors": 1, "missing": 0},
            "income": {"annual": value(2_322_240, "figure"), "fiscal_year": 2024},
            "size": {"value": 3},
            "sources": [
                {"source": "AEAT", "product": "AEAT_IRPF/C4", "contributions": 2},
                {"source": "PADRO", "product": "PADRO/NUMERO_CONVIVENTS", "contributions": 2},
            ],
        })
    );
}

#[test]
fn con_03_only_the_fields_of_the_households_purpose_are_released() {
    // Golden: a field more is a decision, and a new notice.
    let whole = shown(&[own(1), own(2)], 1);
    let members: Vec<_> = whole.as_object().unwrap().keys().collect();
    assert_eq!(
        members,
        [
            "complete",
            "decision_support_only",
            "income",
            "members",
            "on",
            "rules",
            "schema",
            "size",
            "sources"
        ]
    );
    let of = |group: &str| -> Vec<String> {
        let group = whole[group].as_object().unwrap();
        group.keys().cloned().collect()
    };
    assert_eq!(of("members"), ["adults", "minors", "missing", "reason"]);
    assert_eq!(of("income"), ["annual", "fiscal_year"]);
    assert_eq!(of("size"), ["gap"]);
}

#[test]
fn hh_01_a_missing_adult_is_a_count_and_leaves_a_floor() {
    let partial = shown(&[own(1_422_240)], 1);
    assert_eq!(partial["complete"], false);
    assert_eq!(partial["income"]["annual"], value(1_422_240, "floor"));
    assert_eq!(
        partial["members"],
        json!({"adults": 2, "minors": 0, "missing": 1, "reason": "not_available"})
    );
}

#[test]
fn a_household_of_one_adult_has_that_adults_figure() {
    let alone = shown(&[own(1_422_240)], 0);
    assert_eq!(alone["income"]["annual"], value(1_422_240, "figure"));
}

#[test]
fn nobody_who_answers_is_no_sum_and_not_zero() {
    let empty = shown(&[], 2);
    assert_eq!(empty["income"], json!({"annual": {"gap": "not_available"}}));
    assert_eq!(empty["sources"], json!([]));
    assert_eq!(result(&[], 2).fields(), [""; 0]);
}

#[test]
fn an_amount_that_is_a_floor_makes_the_sum_one() {
    let sum = shown(&[reported(100), reported(200)], 0);
    let value = &sum["income"]["annual"]["value"];
    assert_eq!(
        (&value["cents"], &value["certainty"]),
        (&json!(300), &json!("floor"))
    );
    assert_eq!(sum["complete"], false);
    assert_eq!(sum["members"]["missing"], 0);
}

#[test]
fn sums_of_two_kinds_are_not_added_and_nothing_of_either_is_shown() {
    let mixed = shown(&[own(1_422_240), reported(726_085)], 0);
    assert_eq!(mixed["income"], json!({"annual": {"gap": "cannot_tell"}}));
    assert_eq!(mixed["members"]["missing"], 0);
    assert_eq!(mixed["sources"], json!([]));
}

#[test]
fn only_the_newest_year_is_summed() {
    let older = filed(Filing::Individual, 2023, 500_000);
    let sum = shown(&[own(100), own(200), older], 0);
    assert_eq!(sum["income"]["annual"], value(300, "floor"));
    assert_eq!(sum["income"]["fiscal_year"], 2024);
    assert_eq!(sum["members"]["missing"], 1);
}

#[test]
fn an_amount_too_large_to_add_is_a_gap() {
    let sum = shown(&[own(i64::MAX), own(1)], 0);
    assert_eq!(sum["income"], json!({"annual": {"gap": "cannot_tell"}}));
}

#[test]
fn a_minors_income_counts_as_none_and_is_missed_by_nobody() {
    let minor = |income| Member {
        income,
        minor: true,
    };
    for member in [
        minor(Income::gap(GapReason::NotAsked)),
        minor(own(5).income),
    ] {
        let sum = shown(&[own(100), member], 0);
        assert_eq!(sum["income"]["annual"], value(100, "figure"));
        assert_eq!(
            sum["members"],
            json!({"adults": 1, "minors": 1, "missing": 0})
        );
        assert_eq!(sum["sources"][0]["contributions"], 1);
    }
}

#[test]
fn a_joint_return_counts_once_when_both_spouses_agreed() {
    let sum = shown(&[joint(3_142_000), own(100), joint(3_142_000)], 0);
    assert_eq!(sum["income"]["annual"], value(3_142_100, "figure"));
    assert_eq!(sum["members"]["missing"], 0);
    assert_eq!(sum["sources"][0]["contributions"], 3);
}

#[test]
fn a_joint_return_of_which_one_spouse_did_not_agree_is_withheld() {
    let alone = shown(&[joint(3_142_000)], 1);
    assert_eq!(alone["income"], json!({"annual": {"gap": "not_available"}}));
    assert_eq!(alone["members"]["missing"], 2);
    // Neither another's joint return nor another year's is the other half.
    let nothing = json!({"gap": "not_available"});
    for (other, annual) in [
        (joint(3_142_001), nothing.clone()),
        (filed(Filing::JointWithSpouse, 2023, 3_142_000), nothing),
        (own(3_142_000), value(3_142_000, "floor")),
    ] {
        let sum = shown(&[joint(3_142_000), other], 0);
        assert_eq!(sum["income"]["annual"], annual);
    }
    let two_couples = [joint(5), joint(7), joint(5), joint(7), joint(5)];
    let sum = shown(&two_couples, 0);
    assert_eq!(sum["income"]["annual"], value(12, "floor"));
    assert_eq!(sum["members"]["missing"], 1);
}

#[test]
fn which_of_three_equal_totals_is_left_out_does_not_depend_on_the_order() {
    let level = || {
        let income = Some((EuroCents::from_cents(7), Basis::IncomeLevel));
        let filing = Filing::JointWithSpouse;
        let filed = aeat_irpf::Outcome::Declared(TaxReturn { filing, income });
        adult(answering(ProductKind::AeatC2, 2024, filed))
    };
    let one_way = shown(&[joint(7), level(), level()], 0);
    assert_eq!(one_way, shown(&[level(), level(), joint(7)], 0));
    assert_eq!(one_way["members"]["missing"], 1);
}

#[test]
fn a_joint_return_withheld_takes_no_other_years_sum_away() {
    let newer = filed(Filing::JointWithSpouse, 2025, 9);
    let sum = shown(&[newer, own(100), own(200)], 0);
    assert_eq!(sum["income"]["annual"], value(300, "floor"));
    assert_eq!(sum["income"]["fiscal_year"], 2024);
}

#[test]
fn a_joint_total_that_is_told_to_each_spouse_still_counts_once() {
    let answer = |kind| answered(kind, "joint_return", "11111111H", 2024);
    let inputs = [answer(ProductKind::AeatC4)];
    let told = normalise_by(&inputs, indicators(), today(), JointReturns::TotalOnly).income;
    assert!(told.annual.is_known());
    let sum = shown(&[adult(told.clone()), adult(told.clone())], 0);
    assert_eq!(sum["income"]["annual"], value(3_142_000, "figure"));
    assert_eq!(
        shown(&[adult(told)], 1)["income"],
        json!({"annual": {"gap": "not_available"}})
    );
}

#[test]
fn a_size_is_told_when_every_register_says_the_same() {
    let count = Count {
        adults: 2,
        minors: 0,
        missing: 0,
    };
    let of = |sizes: &[&Fact<u16>]| {
        let result = household(&[], count, sizes, None, today(), "2026.1");
        serde_json::to_value(result.project()).unwrap()
    };
    let refused = Fact::Gap(GapReason::Refused);
    let (three, four) = (size_of(3), size_of(4));
    assert_eq!(of(&[&three, &refused])["size"], json!({"value": 3}));
    assert_eq!(of(&[&three, &refused])["sources"][0]["contributions"], 1);
    assert_eq!(of(&[&three, &four])["size"], json!({"gap": "cannot_tell"}));
    assert_eq!(of(&[&three, &four])["sources"], json!([]));
    assert_eq!(of(&[&refused])["size"], of(&[])["size"]);
}

#[test]
fn who_lives_together_is_two_counts() {
    let count = Count {
        adults: 2,
        minors: 0,
        missing: 0,
    };
    let together = LivingTogether {
        listed: 2,
        together: 1,
    };
    let result = household(&[], count, &[], Some(together), today(), "2026.1");
    assert_eq!(result.fields(), ["living_together"]);
    let shown = serde_json::to_value(result.project()).unwrap();
    assert_eq!(
        shown["living_together"],
        json!({"listed": 2, "together": 1})
    );
    assert!(SCHEMA.is_valid(&shown));
}

#[test]
fn the_schema_refuses_what_would_tell_a_member_apart() {
    let good = shown(&[own(1), own(2)], 1);
    assert!(SCHEMA.is_valid(&good));
    for (pointer, name, spoiled) in [
        (
            "",
            "exchange",
            json!("00000000-0000-4000-8000-000000000001"),
        ),
        ("/members", "names", json!(["Anna"])),
        ("/members", "reason", json!("refused")),
        ("/members", "missing", json!(0)),
        ("/income", "amounts", json!([1, 2])),
        ("/income/annual", "gap", json!("not_available")),
        ("/sources/0", "member", json!(1)),
    ] {
        let mut value = good.clone();
        let place = value.pointer_mut(pointer).unwrap();
        place[name] = spoiled;
        assert!(!SCHEMA.is_valid(&value), "{pointer} {name}");
    }
}

#[test]
fn debug_output_of_a_household_tells_nothing_of_its_people() {
    let result = result(&[own(1_422_240), joint(3_142_000)], 0);
    let text = format!("{result:?} {:?} {:?}", result.project(), joint(3_142_000));
    assert!(
        !text.contains("1422240") && !text.contains("3142000"),
        "{text}"
    );
}

/// Somebody to whom the agency says anything, equal totals often enough.
fn member() -> impl Strategy<Value = Member> {
    let filing = prop::sample::select(vec![
        Filing::Individual,
        Filing::JointOneAdult,
        Filing::JointWithSpouse,
        Filing::JointWithSpouse,
        Filing::NotStated,
    ]);
    let cents = prop_oneof![9 => -2_i64..4, 1 => any::<i64>()];
    let basis = prop_oneof![4 => Just(Basis::IncomeLevel), 1 => Just(Basis::TaxableBase)];
    let kind = prop::sample::select(vec![ProductKind::AeatC4, ProductKind::AeatC2]);
    let year = prop_oneof![4 => Just(2024_i16), 1 => Just(2023), 1 => Just(2025)];
    let filed =
        (filing, cents, basis, kind, year).prop_map(|(filing, cents, basis, kind, year)| {
            let income = Some((EuroCents::from_cents(cents), basis));
            let outcome = aeat_irpf::Outcome::Declared(TaxReturn { filing, income });
            answering(kind, year, outcome)
        });
    let income = prop_oneof![
        6 => filed,
        1 => (0_i64..4).prop_map(|cents| reported(cents).income),
        2 => gap().prop_map(Income::gap),
    ];
    (income, prop::bool::weighted(0.15)).prop_map(|(income, minor)| Member { income, minor })
}

fn members() -> impl Strategy<Value = Vec<Member>> {
    prop::collection::vec(member(), 0..7)
}

/// Every member named `cents` anywhere in a text of JSON.
fn amounts(value: &Value) -> Vec<i64> {
    match value {
        Value::Object(members) => members
            .iter()
            .flat_map(|(name, member)| match name.as_str() {
                "cents" => vec![member.as_i64().unwrap()],
                _ => amounts(member),
            })
            .collect(),
        Value::Array(items) => items.iter().flat_map(amounts).collect(),
        _ => vec![],
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn the_order_of_the_members_says_nothing(
        members in members(), swaps in prop::collection::vec(any::<(Index, Index)>(), 0..8),
    ) {
        let mut shuffled = members.clone();
        if !shuffled.is_empty() {
            for (one, other) in swaps {
                let (one, other) = (one.index(shuffled.len()), other.index(shuffled.len()));
                shuffled.swap(one, other);
            }
        }
        prop_assert_eq!(shown(&members, 0).to_string(), shown(&shuffled, 0).to_string());
    }

    #[test]
    fn hh_04_why_a_member_is_missing_cannot_be_told(
        members in members(), at in any::<Index>(), reason in gap(), status in any::<bool>(),
    ) {
        prop_assume!(members.iter().any(|member| !member.minor));
        let adults: Vec<_> = (0..members.len()).filter(|at| !members[*at].minor).collect();
        let gone = adults[at.index(adults.len())];
        // Who permits nothing is no part at all.
        let mut without = members.clone();
        without.remove(gone);
        let expected = shown(&without, 1).to_string();
        // Who did, and of whom nothing can be told, looks the same: refused, or not found.
        let mut unknown = members;
        unknown[gone] = if status {
            adult(answering(ProductKind::AeatC4, 2025, aeat_irpf::Outcome::NoRecord))
        } else {
            silent(reason)
        };
        prop_assert_eq!(expected, shown(&unknown, 0).to_string());
    }

    #[test]
    fn what_one_member_answers_changes_no_count_of_people(
        members in members(), more in member(), missing in 0_u32..3,
    ) {
        let silent = Member { income: Income::gap(GapReason::Refused), minor: more.minor };
        let (mut with, mut without) = (members.clone(), members);
        with.push(more);
        without.push(silent);
        let (with, without) = (shown(&with, missing), shown(&without, missing));
        for pointer in ["/members/adults", "/members/minors", "/on", "/rules", "/size"] {
            prop_assert_eq!(with.pointer(pointer), without.pointer(pointer), "{}", pointer);
        }
    }

    #[test]
    fn an_answer_of_the_same_year_leaves_no_more_people_missing(
        members in prop::collection::vec(-9_i64..99, 0..6), more in -9_i64..99,
    ) {
        let mut people: Vec<_> = members.iter().copied().map(own).collect();
        people.push(silent(GapReason::Revoked));
        let before = shown(&people, 0);
        people.pop();
        people.push(own(more));
        let after = shown(&people, 0);
        prop_assert_eq!(&before["members"]["missing"], &json!(1));
        prop_assert_eq!(&after["members"]["missing"], &json!(0));
    }

    #[test]
    fn no_amount_of_one_of_several_appears(who in prop::collection::btree_set(0_u32..20, 2..8)) {
        // No sum of several different powers of two is one of them, nor of fewer of them.
        let members: Vec<_> = who.iter().map(|power| own(1 << power)).collect();
        let shown = amounts(&shown(&members, 0));
        prop_assert_eq!(shown.len(), 1);
        let own: BTreeSet<i64> = who.iter().map(|power| 1 << power).collect();
        prop_assert!(!own.contains(&shown[0]));
        prop_assert_eq!(shown[0], own.iter().sum::<i64>());
    }

    #[test]
    fn there_is_one_amount_at_most_and_a_figure_only_when_nobody_is_missing(
        members in members(), missing in 0_u32..3,
    ) {
        let result = shown(&members, missing);
        prop_assert!(amounts(&result).len() <= 1);
        let figure = result.pointer("/income/annual/value/certainty") == Some(&json!("figure"));
        if figure || result["complete"] == true {
            prop_assert_eq!(&result["members"]["missing"], &json!(0));
        }
        let errors: Vec<_> = SCHEMA.iter_errors(&result).map(|error| error.to_string()).collect();
        prop_assert!(errors.is_empty(), "{:?}", errors);
    }
}
