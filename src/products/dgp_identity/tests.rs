//! Every code, every quirk.

use jiff::civil::date;

use crate::products::testing::{LIN, MARTA, answer_to, fixture, question};
use crate::products::{
    Answer as Any, Class, DecodeError, EncodeError, ProductKind, encode, holder,
};

use super::{Answer, BirthDate, Finding};

const KIND: ProductKind = ProductKind::DgpIdentity;

fn read(payload: &str, nif: &str) -> Result<Answer, DecodeError> {
    answer_to(KIND, &question(nif), payload).map(|answer| match answer {
        Any::Identity(answer) => answer,
        _ => panic!("another service's answer"),
    })
}

fn read_case(case: &str, nif: &str) -> Result<Answer, DecodeError> {
    read(&fixture("dgp_identity", case), nif)
}

#[test]
fn the_holder_carries_the_first_surname_and_nothing_more() {
    for (nif, document_type) in [(MARTA, "DNI"), (LIN, "NIE")] {
        let holder = holder(KIND, &question(nif)).unwrap().unwrap();
        assert_eq!(holder.document_type, document_type);
        assert_eq!(holder.surname1.as_deref(), Some("EXEMPLE"));
        assert_eq!(
            (holder.given, holder.surname2, holder.full_name),
            (None, None, None)
        );
    }
    assert_eq!(encode(KIND, &question(MARTA)), Ok(None));
}

#[test]
fn without_a_surname_nothing_is_asked() {
    let mut question = question(MARTA);
    question.holder.name.surname1 = Some("  ".to_owned());
    assert_eq!(encode(KIND, &question), Err(EncodeError::SurnameMissing));
}

#[test]
fn codes_mean_other_things_of_a_dni_and_of_a_nie() {
    use Finding::{
        BecameSpanish, Cancelled, GoToPoliceStation, IssuerDown, Mismatch, NotFound, Protected,
        SeveralIdentities, Support, Undocumented,
    };
    for (code, dni, nie) in [
        ("0A", Cancelled, Undocumented),
        ("02", Undocumented, Support),
        ("16", Support, Undocumented),
        ("41", Mismatch, Mismatch),
        ("42", Mismatch, Mismatch),
        ("59", GoToPoliceStation, Undocumented),
        ("67", NotFound, Undocumented),
        ("68", NotFound, Undocumented),
        ("70", Undocumented, NotFound),
        ("71", Undocumented, BecameSpanish),
        ("72", Undocumented, SeveralIdentities),
        ("73", Undocumented, Support),
        ("74", Support, Support),
        ("75", Undocumented, Cancelled),
        ("76", Undocumented, Support),
        ("77", Support, Support),
        ("78", Support, Support),
        ("79", Support, Support),
        ("80", Support, BecameSpanish),
        ("83", SeveralIdentities, SeveralIdentities),
        ("86", Protected, Protected),
        ("94", Mismatch, Mismatch),
        ("95", Support, Support),
        ("0502", IssuerDown, IssuerDown),
        ("ZZ", Undocumented, Undocumented),
    ] {
        let payload = fixture("dgp_identity", "go_to_police_station")
            .replace("codiResultat>59<", &format!("codiResultat>{code}<"));
        for (nif, finding) in [(MARTA, dni), (LIN, nie)] {
            let answer = read(&payload, nif).unwrap();
            assert_eq!((answer.finding, answer.identity), (finding, None), "{code}");
            assert_eq!(answer.code, code);
        }
    }
}

#[test]
fn findings_are_classed_for_the_exchange() {
    for (case, class) in [
        ("found", Class::Data),
        ("go_to_police_station", Class::Refused),
        ("issuer_down", Class::IssuerUnavailable),
    ] {
        assert_eq!(read_case(case, MARTA).unwrap().class(), class, "{case}");
    }
}

#[test]
fn the_holder_is_read_at_either_level() {
    assert_eq!(
        read_case("found_under_resposta", MARTA),
        read_case("found", MARTA)
    );
}

#[test]
fn a_birth_date_is_as_exact_as_the_register() {
    let month = BirthDate::Month {
        year: 1990,
        month: 8,
    };
    for (case, birth_date) in [
        ("found", Some(BirthDate::Day(date(1979, 1, 30)))),
        (
            "found_permanent_document",
            Some(BirthDate::Day(date(1941, 5, 7))),
        ),
        ("found_foreigner", Some(BirthDate::Year(1990))),
        ("found_birth_month_only", Some(month)),
        ("found_birth_unknown", None),
    ] {
        let identity = read_case(case, LIN).unwrap().identity.unwrap();
        assert_eq!(identity.birth_date, birth_date, "{case}");
    }
}

#[test]
fn someone_who_became_spanish_comes_with_their_dni() {
    let answer = read_case("became_spanish", LIN).unwrap();
    assert_eq!(answer.became, Some(MARTA.parse().unwrap()));
}

#[test]
fn a_broken_date_is_named_not_guessed() {
    let payload = fixture("dgp_identity", "found").replace("19790130", "19790230");
    assert_eq!(read(&payload, MARTA), Err(DecodeError::Malformed("data")));
}
