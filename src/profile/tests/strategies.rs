//! Random inputs of a profile.

use jiff::civil::Date;
use proptest::prelude::*;

use super::{code, provenance, today};
use crate::citizen::{EuroCents, FiscalYear, ProductCode};
use crate::products::aeat_irpf::{self, Basis, Filing, Imputations, TaxReturn};
use crate::products::dgp_identity::{self, BirthDate, Finding, Identity};
use crate::products::padro_cohabitants;
use crate::products::padro_household_size::{self, Register};
use crate::products::tgss_in_work::{self, Situation};
use crate::products::{Answer, Municipality, ProductKind};
use crate::profile::{GapReason, Reference, SourceOutcome};

type Input = (ProductCode, SourceOutcome);

/// Up to eight inputs, each of its own exchange.
pub(super) fn inputs() -> impl Strategy<Value = Vec<Input>> {
    let one = (
        prop::sample::select(ProductKind::ALL.to_vec()),
        2022_i16..=2026,
    )
        .prop_flat_map(|(kind, year)| {
            let outcome = prop_oneof![
                1 => gap().prop_map(Err),
                3 => answer(kind, year).prop_map(Ok),
            ];
            (Just(kind), Just(year), outcome)
        });
    prop::collection::vec(one, 0..8).prop_map(|inputs| {
        (1..)
            .zip(inputs)
            .map(|(exchange, (kind, year, outcome))| {
                let reference = match kind {
                    ProductKind::AeatC2 | ProductKind::AeatC4 => {
                        Reference::FiscalYear(FiscalYear::new(year))
                    }
                    _ => Reference::Date(today()),
                };
                let outcome = match outcome {
                    Ok(answer) => SourceOutcome::Answered {
                        answer,
                        provenance: provenance(kind, reference, exchange),
                    },
                    Err(reason) => SourceOutcome::Gap(reason),
                };
                (code(kind), outcome)
            })
            .collect()
    })
}

/// What the source of a product says about a year.
pub(super) fn answered(kind: ProductKind, year: i16) -> BoxedStrategy<SourceOutcome> {
    let reference = match kind {
        ProductKind::AeatC2 | ProductKind::AeatC4 => Reference::FiscalYear(FiscalYear::new(year)),
        _ => Reference::Date(today()),
    };
    let provenance = provenance(kind, reference, 1);
    answer(kind, year)
        .prop_map(move |answer| SourceOutcome::Answered {
            answer,
            provenance: provenance.clone(),
        })
        .boxed()
}

/// Any reason that whoever asks may give.
pub(super) fn gap() -> impl Strategy<Value = GapReason> {
    prop::sample::select(vec![
        GapReason::CannotTell,
        GapReason::DocumentNotSupported,
        GapReason::Expired,
        GapReason::NotAnswering,
        GapReason::NotAskable,
        GapReason::NotAsked,
        GapReason::NotAvailableByChoice,
        GapReason::Refused,
        GapReason::Revoked,
    ])
}

fn answer(kind: ProductKind, year: i16) -> BoxedStrategy<Answer> {
    match kind {
        ProductKind::AeatC2 | ProductKind::AeatC4 => income(year).prop_map(Answer::Income).boxed(),
        ProductKind::DgpIdentity => identity().prop_map(Answer::Identity).boxed(),
        ProductKind::PadroCohabitants => cohabitants().prop_map(Answer::Cohabitants).boxed(),
        ProductKind::PadroHouseholdSize => household().prop_map(Answer::HouseholdSize).boxed(),
        ProductKind::TgssInWork => in_work().prop_map(Answer::InWork).boxed(),
    }
}

fn cents() -> impl Strategy<Value = EuroCents> {
    prop_oneof![-50_000_i64..5_000_000, any::<i64>()].prop_map(EuroCents::from_cents)
}

fn income(year: i16) -> impl Strategy<Value = aeat_irpf::Answer> {
    use aeat_irpf::Outcome;
    let filing = prop::sample::select(vec![
        Filing::Individual,
        Filing::JointOneAdult,
        Filing::JointWithSpouse,
        Filing::NotStated,
    ]);
    let basis = prop::sample::select(vec![Basis::IncomeLevel, Basis::TaxableBase]);
    let filed = (filing, prop::option::of((cents(), basis)))
        .prop_map(|(filing, income)| ("1000", Outcome::Declared(TaxReturn { filing, income })));
    let reported = (prop::option::of(cents()), prop::option::of(cents())).prop_map(
        |(work, movable_capital)| {
            let imputations = Imputations {
                work,
                movable_capital,
                ..Imputations::default()
            };
            ("1000", Outcome::NotObliged(imputations))
        },
    );
    let other = prop::sample::select(vec![
        ("0233", Outcome::NotIdentified),
        ("0502", Outcome::IssuerDown),
        ("1009", Outcome::NoRecord),
        ("1010", Outcome::YearUnavailable),
        ("1011", Outcome::MultipleReturns),
        ("1024", Outcome::NotTaxpayer),
        ("9999", Outcome::Undocumented),
    ]);
    prop_oneof![2 => filed, 1 => reported, 1 => other].prop_map(move |(code, outcome)| {
        aeat_irpf::Answer {
            code: code.to_owned(),
            outcome,
            fiscal_year: FiscalYear::new(year),
            reference: None,
            issued_on: None,
        }
    })
}

fn in_work() -> impl Strategy<Value = tgss_in_work::Answer> {
    prop::sample::select(vec![
        ("0001", Some(Situation::InWork)),
        ("0002", Some(Situation::NotInWork)),
        ("0004", None),
        ("0005", None),
        ("0502", None),
    ])
    .prop_map(|(code, situation)| tgss_in_work::Answer {
        code: code.to_owned(),
        situation,
        on: today(),
    })
}

fn identity() -> impl Strategy<Value = dgp_identity::Answer> {
    let birth_date = prop_oneof![
        (1900_i16..2026, 1_i8..=12, 1_i8..=28)
            .prop_map(|(year, month, day)| BirthDate::Day(Date::constant(year, month, day))),
        (1900_i16..2026, 1_i8..=12).prop_map(|(year, month)| BirthDate::Month { year, month }),
        (1900_i16..2026).prop_map(BirthDate::Year),
    ];
    let nationality = prop::sample::select(vec![None, Some("ESPAÑA"), Some("PAIS FICTICI")]);
    let found = (prop::option::of(birth_date), nationality).prop_map(|(birth_date, words)| {
        let identity = Identity {
            birth_date,
            nationality: serde_json::from_value(serde_json::json!(words)).unwrap(),
        };
        ("00", Finding::Verified, Some(identity))
    });
    let other = prop::sample::select(vec![
        ("42", Finding::Mismatch, None),
        ("59", Finding::GoToPoliceStation, None),
        ("70", Finding::NotFound, None),
        ("0502", Finding::IssuerDown, None),
        ("ZZ", Finding::Undocumented, None),
    ]);
    prop_oneof![found, other].prop_map(|(code, finding, identity)| dgp_identity::Answer {
        code: code.to_owned(),
        finding,
        identity,
        became: None,
    })
}

fn cohabitants() -> impl Strategy<Value = padro_cohabitants::Answer> {
    use padro_cohabitants::Outcome;
    let counted = (2_u16..20, 0_u16..20).prop_map(|(listed, elsewhere)| {
        let outcome = Outcome::Counted {
            listed,
            together: listed - elsewhere.min(listed - 1),
            register: Some(Register::Municipal),
            fail_over: None,
        };
        ("1", outcome)
    });
    let other = prop::sample::select(vec![
        ("2", Outcome::NotRegistered),
        ("3", Outcome::Failed),
        ("4", Outcome::NotConnected),
    ]);
    prop_oneof![counted, other].prop_map(|(code, outcome)| padro_cohabitants::Answer {
        code: code.to_owned(),
        outcome,
    })
}

fn household() -> impl Strategy<Value = padro_household_size::Answer> {
    use padro_household_size::Outcome;
    let registered = (1_u16..20).prop_map(|size| {
        let outcome = Outcome::Registered {
            size,
            municipality: Municipality::new("08", "019").unwrap(),
            register: Some(Register::Municipal),
            fail_over: None,
        };
        ("1", outcome)
    });
    let other = prop::sample::select(vec![
        ("2", Outcome::NotRegistered),
        ("3", Outcome::Failed),
        ("4", Outcome::NotConnected),
    ]);
    prop_oneof![registered, other].prop_map(|(code, outcome)| padro_household_size::Answer {
        code: code.to_owned(),
        outcome,
    })
}
