//! Every code, every quirk, and who is never told apart.

use proptest::prelude::*;

use crate::products::testing::{
    COHABITANTS, LIN, MARTA, answer_to, fixture, question, specific_data,
};
use crate::products::{Answer as Any, Class, DecodeError, EncodeError, ProductKind, encode};
use crate::xml::Element;

use super::{Answer, Outcome};
use crate::products::padro_household_size::{NAMESPACE, Register};

const KIND: ProductKind = ProductKind::PadroCohabitants;

fn of(payload: &str, nif: &str) -> Result<Answer, DecodeError> {
    answer_to(KIND, &question(nif), payload).map(|answer| match answer {
        Any::Cohabitants(answer) => answer,
        _ => panic!("another service's answer"),
    })
}

fn read(case: &str, nif: &str) -> Result<Answer, DecodeError> {
    of(&fixture("padro_cohabitants", case), nif)
}

fn counted(together: u16) -> Outcome {
    Outcome::Counted {
        listed: 3,
        together,
        register: Some(Register::Municipal),
        fail_over: None,
    }
}

#[test]
fn the_question_names_the_holder_first_and_the_others_by_number() {
    for (nif, kind) in [(MARTA, "1"), (LIN, "3")] {
        let mut question = question(nif);
        question.cohabitants.reverse();
        let payload = encode(KIND, &question).unwrap().unwrap();
        let data = specific_data(&payload);
        let asked = data.child(NAMESPACE, "peticionValidacionConvivientes");
        let asked = asked.unwrap();
        let names: Vec<_> = asked.elements().map(Element::name).collect();
        assert_eq!(
            names,
            [
                "numExpediente",
                "conviviente",
                "conviviente",
                "conviviente",
                "codigoMunicipio",
                "codigoProvincia",
                "idescat",
            ]
        );
        let people: Vec<Vec<_>> = asked
            .named(NAMESPACE, "conviviente")
            .map(|person| person.elements().map(Element::text).collect())
            .collect();
        let [first, second] = COHABITANTS;
        assert_eq!(people, [[kind, nif], ["1", first], ["1", second]]);
    }
}

#[test]
fn nobody_else_or_somebody_twice_or_too_many_are_not_asked_about() {
    let [anna, carles] = COHABITANTS;
    let many: Vec<String> = (0..21).map(nif).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    for cohabitants in [&[][..], &[anna, carles, anna], &[anna, MARTA], &many] {
        let mut question = question(MARTA);
        question.cohabitants = cohabitants.iter().map(|nif| nif.parse().unwrap()).collect();
        assert_eq!(encode(KIND, &question), Err(EncodeError::Cohabitants));
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
fn people_are_counted_the_holder_included() {
    for (case, together) in [
        ("all_together", 3),
        ("one_elsewhere", 2),
        ("another_elsewhere", 2),
        ("holder_alone", 1),
        ("in_another_order", 2),
    ] {
        let answer = read(case, MARTA).unwrap();
        assert_eq!(answer.class(), Class::Data);
        assert_eq!(answer.outcome, counted(together), "{case}");
    }
    let by_idescat = read("by_idescat", MARTA).unwrap().outcome;
    let expected = Outcome::Counted {
        listed: 3,
        together: 3,
        register: Some(Register::Idescat),
        fail_over: Some(2),
    };
    assert_eq!(by_idescat, expected);
}

#[test]
fn who_lives_elsewhere_and_since_when_is_not_kept() {
    let one = read("one_elsewhere", MARTA).unwrap();
    assert_eq!(Ok(&one), read("another_elsewhere", MARTA).as_ref());
    let kept = serde_json::to_string(&one).unwrap();
    for personal in [
        MARTA,
        COHABITANTS[0],
        COHABITANTS[1],
        "2012",
        "08999",
        "INEXISTENT",
    ] {
        assert!(!kept.contains(personal), "{personal}");
    }
}

#[test]
fn foreigners_come_back_as_3_or_as_4() {
    for case in ["foreigner_as_3", "foreigner_as_4"] {
        assert_eq!(read(case, LIN).unwrap().outcome, counted(3), "{case}");
        assert_eq!(read(case, MARTA), Err(DecodeError::AnotherPerson), "{case}");
    }
}

#[test]
fn an_answer_about_others_than_those_named_is_refused() {
    for (case, error) in [
        ("somebody_else", DecodeError::AnotherPerson),
        ("somebody_more", DecodeError::AnotherPerson),
        ("somebody_twice", DecodeError::AnotherPerson),
        ("somebody_left_out", DecodeError::Missing("conviviente")),
        ("nothing_said_of_one", DecodeError::Missing("resultado")),
        ("something_else_said", DecodeError::Unlisted("resultado")),
        ("holder_elsewhere", DecodeError::Malformed("resultado")),
    ] {
        assert_eq!(read(case, MARTA), Err(error), "{case}");
    }
}

/// The number with its letter.
fn nif(number: u32) -> String {
    let letters = b"TRWAGMYFPDXBNJZSQVHLCKE";
    let letter = char::from(letters[usize::try_from(number % 23).unwrap()]);
    format!("{number:08}{letter}")
}

fn person(nif: &str, lives_there: bool) -> String {
    let result = u8::from(lives_there);
    format!(
        "<p:conviviente><p:tipoDocumentacion>1</p:tipoDocumentacion>\
         <p:documentacion>{nif}</p:documentacion><p:resultado>{result}</p:resultado></p:conviviente>"
    )
}

proptest! {
    #[test]
    fn the_count_is_of_those_who_live_there_whoever_and_in_whatever_order_they_are(
        who in prop::collection::btree_map(0_u32..99_999_999, any::<bool>(), 1..20),
        rotation in 0_usize..20,
    ) {
        prop_assume!(!who.contains_key(&33_333_333));
        let mut question = question(MARTA);
        let others: Vec<_> = who.iter().map(|(number, there)| (nif(*number), *there)).collect();
        question.cohabitants = others.iter().map(|(nif, _)| nif.parse().unwrap()).collect();
        let mut people: Vec<_> = others.iter().map(|(nif, there)| person(nif, *there)).collect();
        people.push(person(MARTA, true));
        let by = rotation % people.len();
        people.rotate_left(by);
        let payload = format!(
            "<p:respuestaValidacionConvivientes xmlns:p=\"{NAMESPACE}\">{}\
             <p:codigoResultado>1</p:codigoResultado></p:respuestaValidacionConvivientes>",
            people.concat()
        );
        let Ok(Any::Cohabitants(answer)) = answer_to(KIND, &question, &payload) else {
            return Err(TestCaseError::fail("it is not read"));
        };
        let expected = Outcome::Counted {
            listed: u16::try_from(others.len() + 1).unwrap(),
            together: u16::try_from(others.iter().filter(|(_, there)| *there).count() + 1).unwrap(),
            register: None,
            fail_over: None,
        };
        prop_assert_eq!(answer.outcome, expected);
    }
}
