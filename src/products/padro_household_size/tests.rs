//! Every code, every quirk.

use crate::products::testing::{LIN, MARTA, answer_to, fixture, question, specific_data};
use crate::products::{
    Answer as Any, Class, DecodeError, EncodeError, Municipality, ProductKind, encode,
};

use super::{Answer, NAMESPACE, Outcome, Register};

const KIND: ProductKind = ProductKind::PadroHouseholdSize;

fn read(case: &str, nif: &str) -> Result<Answer, DecodeError> {
    let payload = fixture("padro_household_size", case);
    answer_to(KIND, &question(nif), &payload).map(|answer| match answer {
        Any::HouseholdSize(answer) => answer,
        _ => panic!("another service's answer"),
    })
}

fn barcelona() -> Municipality {
    Municipality::new("08", "019").unwrap()
}

#[test]
fn the_question_numbers_documents_as_the_register_does() {
    for (nif, kind) in [(MARTA, "1"), (LIN, "3")] {
        let payload = encode(KIND, &question(nif)).unwrap().unwrap();
        let data = specific_data(&payload);
        let asked = data.child(NAMESPACE, "peticionNumeroConvivientes").unwrap();
        let texts: Vec<_> = asked
            .elements()
            .map(|child| (child.name(), child.text()))
            .collect();
        assert_eq!(
            texts,
            [
                ("numExpediente", "prova-0001"),
                ("tipoDocumentacion", kind),
                ("documentacion", nif),
                ("codigoMunicipio", "019"),
                ("codigoProvincia", "08"),
                ("idescat", "1"),
            ]
        );
    }
}

#[test]
fn without_a_municipality_nothing_is_asked() {
    let mut question = question(MARTA);
    question.municipality = None;
    assert_eq!(
        encode(KIND, &question),
        Err(EncodeError::MunicipalityMissing)
    );
}

#[test]
fn a_case_number_has_to_fit_the_echo() {
    for case_file in [String::new(), "x".repeat(27)] {
        let mut question = question(MARTA);
        question.case_file = case_file;
        assert_eq!(encode(KIND, &question), Err(EncodeError::CaseFile));
    }
}

#[test]
fn each_code_means_one_thing() {
    for (case, code, class, outcome) in [
        (
            "not_registered",
            "2",
            Class::NoRecord,
            Outcome::NotRegistered,
        ),
        ("failed", "3", Class::IssuerUnavailable, Outcome::Failed),
        ("not_connected", "4", Class::Refused, Outcome::NotConnected),
        ("undocumented", "7", Class::Refused, Outcome::Undocumented),
    ] {
        let answer = read(case, MARTA).unwrap();
        assert_eq!((&*answer.code, answer.class()), (code, class), "{case}");
        assert_eq!(answer.outcome, outcome, "{case}");
    }
}

#[test]
fn the_size_counts_the_holder_and_the_register_is_kept() {
    for (case, size, register, fail_over) in [
        ("registered", 1, Register::Municipal, None),
        ("registered_without_address", 3, Register::Municipal, None),
        ("registered_by_idescat", 4, Register::Idescat, Some(1)),
    ] {
        let answer = read(case, MARTA).unwrap();
        assert_eq!(answer.class(), Class::Data);
        let registered = Outcome::Registered {
            size,
            municipality: barcelona(),
            register: Some(register),
            fail_over,
        };
        assert_eq!(answer.outcome, registered, "{case}");
    }
}

#[test]
fn foreigners_come_back_as_3_or_as_4() {
    for case in ["foreigner_as_3", "foreigner_as_4"] {
        assert_eq!(read(case, LIN).unwrap().class(), Class::Data, "{case}");
        assert_eq!(read(case, MARTA), Err(DecodeError::AnotherPerson), "{case}");
    }
}

#[test]
fn a_foreigners_number_is_not_a_nif_nor_a_passport_there() {
    for kind in ["1", "2", "9"] {
        let payload = fixture("padro_household_size", "foreigner_as_3").replace(
            "tipoDocumentacion>3<",
            &format!("tipoDocumentacion>{kind}<"),
        );
        let read = answer_to(KIND, &question(LIN), &payload);
        assert_eq!(read, Err(DecodeError::AnotherPerson), "{kind}");
    }
}

#[test]
fn an_answer_about_another_person_is_refused() {
    assert_eq!(
        read("another_person", MARTA),
        Err(DecodeError::AnotherPerson)
    );
}

#[test]
fn a_household_of_nobody_is_malformed() {
    assert_eq!(
        read("nobody_at_home", MARTA),
        Err(DecodeError::Malformed("numeroConvivientes"))
    );
}
