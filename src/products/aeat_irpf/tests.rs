//! Every code, every quirk.

use jiff::civil::date;

use crate::citizen::{EuroCents, FiscalYear};
use crate::products::testing::{
    LIN, MARTA, answer_to, fixture, question, question_of, specific_data,
};
use crate::products::{
    Answer as Any, Class, DecodeError, EncodeError, ProductKind, encode, holder,
};

use super::{AGENCY, Answer, Basis, Filing, Outcome, TaxReturn, WRAPPER};

const KIND: ProductKind = ProductKind::AeatC4;

fn read_of(case: &str, year: i16) -> Result<Answer, DecodeError> {
    let payload = fixture("aeat_irpf", case);
    read_text(&payload, year)
}

fn read_text(payload: &str, year: i16) -> Result<Answer, DecodeError> {
    answer_to(KIND, &question_of(MARTA, year), payload).map(|answer| match answer {
        Any::Income(answer) => answer,
        _ => panic!("another service's answer"),
    })
}

fn read(case: &str) -> Answer {
    read_of(case, 2024).unwrap()
}

fn filed(filing: Filing, cents: i64, basis: Basis) -> Outcome {
    Outcome::Declared(TaxReturn {
        filing,
        income: Some((EuroCents::from_cents(cents), basis)),
    })
}

#[test]
fn the_question_is_a_year() {
    for kind in [ProductKind::AeatC4, ProductKind::AeatC2] {
        let payload = encode(kind, &question(MARTA)).unwrap().unwrap();
        let data = specific_data(&payload);
        let year = data
            .child(WRAPPER, "peticioConsultaIRPF")
            .and_then(|asked| asked.child(AGENCY, "DatosEspecificos"))
            .and_then(|block| block.child(AGENCY, "Ejercicio"))
            .unwrap();
        assert_eq!(year.text(), "2024");
    }
}

#[test]
fn the_holder_is_surnames_first_in_capitals_and_always_a_nif() {
    for nif in [MARTA, LIN] {
        let mut question = question(nif);
        question.holder.name.surname2 = Some(" i  Muñoz ".to_owned());
        let holder = holder(KIND, &question).unwrap().unwrap();
        assert_eq!((holder.document_type, &*holder.document), ("NIF", nif));
        assert_eq!(holder.full_name.as_deref(), Some("EXEMPLE I MUÑOZ MARTA"));
    }
}

#[test]
fn without_a_year_or_a_name_nothing_is_asked() {
    let mut question = question(MARTA);
    question.fiscal_year = None;
    assert_eq!(encode(KIND, &question), Err(EncodeError::FiscalYearMissing));
    question.holder.name = crate::citizen::PersonName::default();
    assert_eq!(holder(KIND, &question), Err(EncodeError::NameMissing));
}

#[test]
fn each_code_means_one_thing() {
    for (case, code, class, outcome) in [
        ("no_record", "1009", Class::NoRecord, Outcome::NoRecord),
        (
            "year_unavailable",
            "1010",
            Class::TryEarlierYear,
            Outcome::YearUnavailable,
        ),
        (
            "multiple_returns",
            "1011",
            Class::Refused,
            Outcome::MultipleReturns,
        ),
        (
            "not_taxpayer",
            "1024",
            Class::NoRecord,
            Outcome::NotTaxpayer,
        ),
        (
            "issuer_down",
            "0502",
            Class::IssuerUnavailable,
            Outcome::IssuerDown,
        ),
        (
            "not_identified",
            "0233",
            Class::Refused,
            Outcome::NotIdentified,
        ),
        (
            "not_identified_1002",
            "1002",
            Class::Refused,
            Outcome::NotIdentified,
        ),
        (
            "undocumented",
            "9876",
            Class::Refused,
            Outcome::Undocumented,
        ),
    ] {
        let answer = read(case);
        assert_eq!((&*answer.code, answer.class()), (code, class), "{case}");
        assert_eq!(answer.outcome, outcome, "{case}");
    }
}

#[test]
fn a_return_keeps_how_it_was_filed_and_one_figure() {
    for (case, year, outcome) in [
        (
            "individual_return",
            2024,
            filed(Filing::Individual, 1_422_240, Basis::IncomeLevel),
        ),
        (
            "joint_return",
            2024,
            filed(Filing::JointWithSpouse, 3_142_000, Basis::IncomeLevel),
        ),
        (
            "joint_return_one_adult",
            2024,
            filed(Filing::JointOneAdult, 915_075, Basis::IncomeLevel),
        ),
        (
            "taxable_base_only",
            2024,
            filed(Filing::Individual, 802_015, Basis::TaxableBase),
        ),
        (
            "negative_return",
            2024,
            filed(Filing::Individual, -31_040, Basis::IncomeLevel),
        ),
        (
            "level_without_a_return",
            2024,
            filed(Filing::NotStated, 1_422_240, Basis::IncomeLevel),
        ),
        (
            "amounts_before_2020",
            2019,
            filed(Filing::Individual, 1_298_706, Basis::IncomeLevel),
        ),
        (
            "joint_amounts_before_2020",
            2019,
            filed(Filing::JointWithSpouse, 3_010_000, Basis::IncomeLevel),
        ),
    ] {
        let answer = read_of(case, year).unwrap();
        assert_eq!(answer.class(), Class::Data);
        assert_eq!(answer.outcome, outcome, "{case}");
    }
}

#[test]
fn a_year_nobody_has_a_schema_for_is_read() {
    let answer = read_of("year_without_a_schema_yet", 2025).unwrap();
    assert_eq!(answer.fiscal_year, FiscalYear::new(2025));
    assert_eq!(
        answer.outcome,
        filed(Filing::Individual, 1_500_300, Basis::IncomeLevel)
    );
}

#[test]
fn a_spouse_cannot_be_ruled_out_when_the_people_are_left_out() {
    let payload = fixture("aeat_irpf", "joint_return_one_adult");
    let (before, rest) = payload.split_once("<r:DatosIdentificativos>").unwrap();
    let (_, after) = rest.split_once("</r:DatosIdentificativos>").unwrap();
    let answer = read_text(&format!("{before}{after}"), 2024).unwrap();
    let couple = filed(Filing::JointWithSpouse, 915_075, Basis::IncomeLevel);
    assert_eq!(answer.outcome, couple);
}

#[test]
fn the_answer_carries_the_agencys_reference_and_day() {
    let answer = read("individual_return");
    assert_eq!(answer.reference.as_deref(), Some("26000000011"));
    assert_eq!(answer.issued_on, Some(date(2026, 3, 2)));
}

#[test]
fn imputations_are_told_by_words_before_place() {
    let in_order = read("imputations");
    assert_eq!(in_order.outcome, read("imputations_out_of_order").outcome);
    let Outcome::NotObliged(imputations) = in_order.outcome else {
        panic!("imputations were expected")
    };
    assert_eq!(imputations.work, Some(EuroCents::from_cents(734_005)));
    assert_eq!(
        imputations.movable_capital,
        Some(EuroCents::from_cents(2_130))
    );
    assert_eq!(imputations.gains, Some(EuroCents::from_cents(-10_050)));
    assert_eq!(
        imputations.work_expenses,
        Some(EuroCents::from_cents(46_609))
    );
    assert_eq!(imputations.gross(), Some(EuroCents::from_cents(726_085)));
    assert_eq!(imputations.unrecognised, 0);
}

#[test]
fn imputations_without_words_are_told_by_place() {
    assert_eq!(
        read("imputations_without_words").outcome,
        read("imputations").outcome
    );
}

#[test]
fn a_place_claimed_by_words_is_not_given_away_twice() {
    let payload = fixture("aeat_irpf", "imputations")
        .replacen(">RENDIMIENTOS DEL TRABAJO<", ">CONCEPTO<", 1)
        .replacen(">RETENCIONES DEL TRABAJO<", ">RENDIMIENTOS DEL TRABAJO<", 1);
    let Outcome::NotObliged(imputations) = read_text(&payload, 2024).unwrap().outcome else {
        panic!("imputations were expected")
    };
    assert_eq!(imputations.work, Some(EuroCents::ZERO));
    assert_eq!(imputations.unrecognised, 1);
}

#[test]
fn imputations_of_zero_are_zero_and_no_imputations_are_nothing() {
    for (case, gross) in [
        ("imputations_of_zero", Some(EuroCents::ZERO)),
        ("imputations_empty", None),
    ] {
        let Outcome::NotObliged(imputations) = read(case).outcome else {
            panic!("imputations were expected")
        };
        assert_eq!(imputations.gross(), gross, "{case}");
    }
}

#[test]
fn an_answer_about_another_year_is_refused() {
    assert_eq!(
        read_of("individual_return", 2025),
        Err(DecodeError::AnotherTime("Ejercicio"))
    );
}

#[test]
fn defects_are_named_after_their_element() {
    for (case, from, to, error) in [
        (
            "individual_return",
            ">DL<",
            ">ZZ<",
            DecodeError::Unlisted("TipoRespuesta"),
        ),
        (
            "individual_return",
            ">DL<",
            "><",
            DecodeError::Missing("TipoRespuesta"),
        ),
        (
            "individual_return",
            "TIPOTRIBUTACION=\"1\"",
            "TIPOTRIBUTACION=\"3\"",
            DecodeError::Unlisted("TIPOTRIBUTACION"),
        ),
        (
            "individual_return",
            ">14222.40<",
            ">14222,40<",
            DecodeError::Malformed("NivelRentaDeclaracion"),
        ),
        (
            "individual_return",
            ">1000<",
            ">1000 1<",
            DecodeError::Malformed("codiResultat"),
        ),
        (
            "imputations",
            "<a:Decimales>5<",
            "<a:Decimales>105<",
            DecodeError::Malformed("Enteros"),
        ),
        (
            "imputations",
            "Imputaciones>",
            "Otras>",
            DecodeError::Missing("Imputaciones"),
        ),
    ] {
        let payload = fixture("aeat_irpf", case).replace(from, to);
        assert_eq!(read_text(&payload, 2024), Err(error), "{case} {to}");
    }
}
