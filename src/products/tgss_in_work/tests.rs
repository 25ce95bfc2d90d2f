//! Every code, every quirk.

use crate::products::testing::{LIN, MARTA, answer_to, fixture, question, specific_data};
use crate::products::{Answer as Any, Class, DecodeError, ProductKind, encode, holder};

use super::{Answer, NAMESPACE, Situation};

const KIND: ProductKind = ProductKind::TgssInWork;

fn read(case: &str, nif: &str) -> Result<Answer, DecodeError> {
    let payload = fixture("tgss_in_work", case);
    answer_to(KIND, &question(nif), &payload).map(|answer| match answer {
        Any::InWork(answer) => answer,
        _ => panic!("another service's answer"),
    })
}

#[test]
fn the_question_is_a_day_written_day_first() {
    let payload = encode(KIND, &question(MARTA)).unwrap().unwrap();
    let data = specific_data(&payload);
    let inner = data.child(NAMESPACE, "DatosEspecificos").unwrap();
    let day = inner.child(NAMESPACE, "FECHA").unwrap();
    assert_eq!(day.text(), "02032026");
    assert_eq!(inner.elements().count(), 1);
}

#[test]
fn the_holder_is_named_by_document_alone() {
    for (nif, document_type) in [(MARTA, "NIF"), (LIN, "NIE")] {
        let holder = holder(KIND, &question(nif)).unwrap().unwrap();
        assert_eq!(
            (holder.document_type, &*holder.document),
            (document_type, nif)
        );
        assert_eq!((holder.full_name, holder.surname1), (None, None));
    }
}

#[test]
fn each_code_means_one_thing() {
    use Situation::{InWork, NotInWork};
    for (case, code, class, situation) in [
        ("in_work", "0001", Class::Data, Some(InWork)),
        ("not_in_work", "0002", Class::Data, Some(NotInWork)),
        ("wrong_identifier", "0003", Class::Refused, None),
        ("unknown_person", "0004", Class::NoRecord, None),
        ("duplicate_identifier", "0005", Class::Refused, None),
        ("wrong_date", "0006", Class::Refused, None),
        ("schema_error", "0401", Class::Refused, None),
        ("issuer_down", "0502", Class::IssuerUnavailable, None),
        ("undocumented", "7777", Class::Refused, None),
    ] {
        let answer = read(case, MARTA).unwrap();
        assert_eq!((&*answer.code, answer.class()), (code, class), "{case}");
        assert_eq!(answer.situation, situation, "{case}");
    }
}

#[test]
fn children_are_read_with_and_without_their_namespace() {
    assert_eq!(read("without_namespace", MARTA), read("in_work", MARTA));
}

#[test]
fn an_identifier_must_be_the_holders() {
    assert_eq!(
        read("another_person", MARTA),
        Err(DecodeError::AnotherPerson)
    );
    assert_eq!(read("in_work", LIN), Err(DecodeError::AnotherPerson));
    assert!(read("foreigner", LIN).is_ok());
    assert!(read("without_identifier", MARTA).is_ok());
}

#[test]
fn an_answer_about_another_day_is_refused() {
    assert_eq!(
        read("another_day", MARTA),
        Err(DecodeError::AnotherTime("FECHA"))
    );
}
