//! One answer, one meaning.

use super::*;
use crate::citizen::EuroCents;
use crate::products::testing::{LIN, MARTA};

const ANNA: &str = "11111111H";
const CARLES: &str = "77777777B";

fn profile(inputs: &[(ProductCode, SourceOutcome)]) -> Profile {
    normalise(inputs, indicators(), today())
}

fn income(case: &str, nif: &str, year: i16) -> Income {
    profile(&[answered(ProductKind::AeatC4, case, nif, year)]).income
}

#[test]
fn an_individual_return_is_a_figure() {
    let income = income("individual_return", MARTA, 2024);
    assert_eq!(income.status.value(), Some(&IncomeStatus::Declared));
    assert_eq!(income.kind.value(), Some(&IncomeKind::DeclaredIndividual));
    assert_eq!(
        income.annual.value(),
        Some(&IncomeAmount {
            amount: EuroCents::from_cents(1_422_240),
            certainty: Certainty::Figure,
            basis: ComputationBasis::IncomeLevel,
        })
    );
    assert_eq!(income.fiscal_year, Some(FiscalYear::new(2024)));
}

#[test]
fn a_couples_total_is_withheld_and_said_to_be() {
    let income = income("joint_return", ANNA, 2024);
    assert_eq!(income.kind.value(), Some(&IncomeKind::DeclaredJoint));
    assert_eq!(income.annual.gap(), Some(GapReason::WithheldJointReturn));
    assert!(income.bands.is_empty());
}

#[test]
fn a_couples_total_is_told_only_where_the_data_protection_officer_said_so_and_named_joint() {
    use crate::products::aeat_irpf::JointReturns::{TotalOnly, Withheld};

    let inputs = [answered(ProductKind::AeatC4, "joint_return", ANNA, 2024)];
    let by = |joint| normalise_by(&inputs, indicators(), today(), joint);
    assert_eq!(by(Withheld), profile(&inputs));
    let income = by(TotalOnly).income;
    assert_eq!(income.kind.value(), Some(&IncomeKind::DeclaredJoint));
    let amount = income.annual.value().unwrap().amount;
    assert_eq!(amount, EuroCents::from_cents(3_142_000));
    assert!(!income.bands.is_empty());
    // A return that does not say how it was filed is not known to be a couple's.
    let inputs = [answered(
        ProductKind::AeatC4,
        "level_without_a_return",
        MARTA,
        2024,
    )];
    let unknown = normalise_by(&inputs, indicators(), today(), TotalOnly).income;
    assert_eq!(unknown.annual.gap(), Some(GapReason::CannotTell));

    for audience in [Audience::Citizen, Audience::Recommender] {
        let told = |joint| serde_json::to_string(&by(joint).project(audience)).unwrap();
        assert!(!told(Withheld).contains("3142000"));
        assert!(told(TotalOnly).contains("3142000"));
    }
}

#[test]
fn a_joint_return_of_one_adult_is_that_adults_figure() {
    let income = income("joint_return_one_adult", CARLES, 2024);
    assert_eq!(income.kind.value(), Some(&IncomeKind::DeclaredJoint));
    assert!(income.annual.is_known());
}

#[test]
fn a_return_that_does_not_say_how_it_was_filed_shows_no_amount() {
    let income = income("level_without_a_return", MARTA, 2024);
    assert_eq!(income.annual.gap(), Some(GapReason::CannotTell));
    assert_eq!(
        income.kind.value(),
        Some(&IncomeKind::DeclaredUnknownFiling)
    );
}

#[test]
fn imputations_are_a_floor_even_when_they_are_zero() {
    for (case, cents) in [("imputations", 726_085), ("imputations_of_zero", 0)] {
        let income = income(case, MARTA, 2024);
        let status = IncomeStatus::NotObligedWithImputations;
        assert_eq!(income.status.value(), Some(&status));
        let amount = income.annual.value().unwrap();
        assert_eq!(amount.amount, EuroCents::from_cents(cents));
        assert_eq!(amount.certainty, Certainty::Floor);
    }
}

#[test]
fn statuses_without_an_amount_are_not_collapsed() {
    use GapReason as Gap;
    use IncomeStatus as Status;
    for (case, status, gap) in [
        ("no_record", Some(Status::NoRecord), Gap::NoRecord),
        (
            "not_taxpayer",
            Some(Status::NotTaxpayer),
            Gap::NotApplicable,
        ),
        (
            "multiple_returns",
            Some(Status::MultipleReturns),
            Gap::SeveralReturns,
        ),
        (
            "year_unavailable",
            Some(Status::YearUnavailable),
            Gap::YearUnavailable,
        ),
        (
            "not_identified",
            Some(Status::NotIdentified),
            Gap::NotIdentified,
        ),
        (
            "not_identified_1002",
            Some(Status::NotIdentified),
            Gap::NotIdentified,
        ),
        ("issuer_down", None, Gap::NotAnswering),
        ("undocumented", None, Gap::CannotTell),
    ] {
        let income = income(case, MARTA, 2024);
        assert_eq!(income.status.value(), status.as_ref(), "{case}");
        assert_eq!(income.annual.gap(), Some(gap), "{case}");
    }
}

#[test]
fn the_fall_back_fills_in_when_the_first_gives_no_figure() {
    let c4 = answered(ProductKind::AeatC4, "multiple_returns", MARTA, 2024);
    let c2 = answered(ProductKind::AeatC2, "individual_return", MARTA, 2024);
    let income = profile(&[c4, c2]).income;
    let product = &income.annual.provenance().unwrap().product;
    assert_eq!(product, &code(ProductKind::AeatC2));
    assert_eq!(income.status.provenance().unwrap().product, *product);
}

#[test]
fn c4_is_preferred_when_both_give_a_figure() {
    let c4 = answered(ProductKind::AeatC4, "individual_return", MARTA, 2024);
    let c2 = answered(ProductKind::AeatC2, "individual_return", MARTA, 2024);
    let income = profile(&[c2, c4]).income;
    let product = &income.annual.provenance().unwrap().product;
    assert_eq!(product, &code(ProductKind::AeatC4));
}

#[test]
fn the_year_before_is_taken_whole_when_the_latest_is_not_there() {
    let latest = answered(ProductKind::AeatC4, "year_unavailable", MARTA, 2025);
    let before = answered(ProductKind::AeatC4, "individual_return", MARTA, 2024);
    let income = profile(&[latest, before]).income;
    assert_eq!(income.fiscal_year, Some(FiscalYear::new(2024)));
    assert!(income.annual.is_known());
}

#[test]
fn the_later_year_is_preferred_when_both_give_a_figure() {
    let mut later = answered(
        ProductKind::AeatC2,
        "year_without_a_schema_yet",
        MARTA,
        2025,
    );
    let earlier = answered(ProductKind::AeatC4, "individual_return", MARTA, 2024);
    // Neither the product nor the exchange may decide before the year.
    if let SourceOutcome::Answered { provenance, .. } = &mut later.1 {
        provenance.exchange = "00000000-0000-4000-8000-000000000000".parse().unwrap();
    }
    let income = profile(&[later, earlier]).income;
    assert_eq!(income.fiscal_year, Some(FiscalYear::new(2025)));
}

#[test]
fn not_in_work_is_a_real_no_and_unknown_to_social_security_is_not() {
    let in_work = |case| profile(&[answered(ProductKind::TgssInWork, case, MARTA, 2024)]).in_work;
    assert_eq!(in_work("in_work").value(), Some(&true));
    assert_eq!(in_work("not_in_work").value(), Some(&false));
    assert_eq!(in_work("unknown_person").gap(), Some(GapReason::NoRecord));
    assert_eq!(in_work("issuer_down").gap(), Some(GapReason::NotAnswering));
    assert_eq!(
        in_work("wrong_identifier").gap(),
        Some(GapReason::CannotTell)
    );
}

#[test]
fn a_household_is_a_size_and_a_place() {
    let of = |case| profile(&[answered(ProductKind::PadroHouseholdSize, case, MARTA, 2024)]);
    let registered = of("registered_without_address");
    assert_eq!(registered.household_size.value(), Some(&3));
    assert_eq!(
        registered.municipality.value().unwrap().to_string(),
        "08019"
    );
    for (case, gap) in [
        ("not_registered", GapReason::NoRecord),
        ("failed", GapReason::NotAnswering),
        ("not_connected", GapReason::CannotTell),
    ] {
        assert_eq!(of(case).household_size.gap(), Some(gap), "{case}");
        assert_eq!(of(case).municipality.gap(), Some(gap), "{case}");
    }
}

#[test]
fn who_lives_together_is_told_to_no_audience_of_one_person() {
    let of = |case| profile(&[answered(ProductKind::PadroCohabitants, case, MARTA, 2024)]);
    let some = of("one_elsewhere");
    let expected = LivingTogether {
        listed: 3,
        together: 2,
    };
    assert_eq!(some.living_together.value(), Some(&expected));
    for (case, gap) in [
        ("not_registered", GapReason::NoRecord),
        ("failed", GapReason::NotAnswering),
        ("not_connected", GapReason::CannotTell),
    ] {
        assert_eq!(of(case).living_together.gap(), Some(gap), "{case}");
    }
    let nothing = profile(&[]);
    for audience in [Audience::Citizen, Audience::Recommender] {
        let shown = |profile: &Profile| serde_json::to_string(&profile.project(audience)).unwrap();
        assert_eq!(shown(&some), shown(&nothing));
    }
}

#[test]
fn an_identity_may_be_verified_and_still_lack_a_birth_date() {
    let of = |case| profile(&[answered(ProductKind::DgpIdentity, case, LIN, 2024)]);
    assert_eq!(of("found").verified.value(), Some(&true));
    let unknown = of("found_birth_unknown");
    assert_eq!(unknown.verified.value(), Some(&true));
    assert_eq!(unknown.birth_date.gap(), Some(GapReason::NoRecord));
    assert_eq!(
        of("became_spanish").verified.gap(),
        Some(GapReason::NotIdentified)
    );
}

#[test]
fn bands_compare_in_whole_cents() {
    use Position::{Above, AtOrBelow, CannotTell};

    let band_of = |cents, certainty| {
        let amount = IncomeAmount {
            amount: EuroCents::from_cents(cents),
            certainty,
            basis: ComputationBasis::IncomeLevel,
        };
        let bands = bands::bands(&amount, FiscalYear::new(2024), indicators());
        let irsc = bands
            .into_iter()
            .find(|band| band.indicator.name == IndicatorName::Irsc);
        irsc.unwrap()
            .multiples
            .iter()
            .map(|one| one.position)
            .collect::<Vec<_>>()
    };
    // 0.91 × 9,069.83 € is 8,253.5453 €: 8,253.54 is under it, 8,253.55 over.
    let under = [AtOrBelow; 6];
    assert_eq!(band_of(825_354, Certainty::Figure), under);
    assert_eq!(band_of(825_355, Certainty::Figure)[..2], [Above, AtOrBelow]);
    assert_eq!(band_of(906_983, Certainty::Figure)[..2], [Above, AtOrBelow]);
    assert_eq!(
        band_of(906_984, Certainty::Figure)[..3],
        [Above, Above, AtOrBelow]
    );
    assert_eq!(
        band_of(906_984, Certainty::Floor)[..3],
        [Above, Above, CannotTell]
    );
    assert_eq!(band_of(-1, Certainty::Figure), under);
    assert_eq!(band_of(i64::MAX, Certainty::Floor), [Above; 6]);
}

#[test]
fn indicators_are_those_of_the_income_year() {
    let indicators = indicators();
    let names = |year| {
        indicators
            .of_year(FiscalYear::new(year))
            .map(|one| (one.name.as_str(), one.pays, one.annual.cents()))
            .collect::<Vec<_>>()
    };
    assert_eq!(names(2019), [("IRSC", 12, 796_773)]);
    assert_eq!(
        names(2025),
        [
            ("IRSC", 12, 934_192),
            ("IPREM", 12, 720_000),
            ("IPREM", 14, 840_000),
            ("SMI", 14, 1_657_600),
        ]
    );
    assert_eq!(names(2031), []);
}

#[test]
fn problems_of_an_indicator_table_are_reported_at_once() {
    let text = include_str!("../../../config/indicators.toml")
        .replacen("pays = 12", "pays = 13", 1)
        .replacen("annual_cents = 934_192", "annual_cents = \"9341.92\"", 1)
        .replacen("first_year = 2010", "first_year = 2023", 1)
        .replacen("last_year = 2023", "last_year = 2024", 1);
    let report = Indicators::parse(&text)
        .expect_err("it has problems")
        .to_string();
    for said in [
        "indicator.pays  must be 12 or 14",
        "indicator.annual_cents  must be a whole number from 0 up",
        "indicator.last_year  is before first_year",
        "indicator.first_year  overlaps another row of the same indicator",
    ] {
        assert!(report.contains(said), "{report}");
    }
}

#[test]
fn debug_output_of_a_profile_tells_nothing_of_the_person() {
    let all = [
        answered(ProductKind::AeatC4, "individual_return", MARTA, 2024),
        answered(ProductKind::DgpIdentity, "found", MARTA, 2024),
        answered(ProductKind::PadroHouseholdSize, "registered", MARTA, 2024),
    ];
    let profile = profile(&all);
    let projection = profile.project(Audience::Citizen);
    let text = format!("{all:?} {profile:?} {projection:?}");
    for personal in ["1422240", "1979", "ESPA", "08019", "Above", "Declared"] {
        assert!(!text.contains(personal), "{personal}");
    }
}

#[test]
fn everything_known_is_complete_and_one_gap_is_not() {
    let all = [
        answered(ProductKind::AeatC4, "individual_return", MARTA, 2024),
        answered(ProductKind::DgpIdentity, "found", MARTA, 2024),
        answered(ProductKind::PadroHouseholdSize, "registered", MARTA, 2024),
        answered(ProductKind::TgssInWork, "in_work", MARTA, 2024),
    ];
    assert!(profile(&all).complete());
    assert!(!profile(&all[1..]).complete());
}
