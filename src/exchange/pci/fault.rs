//! Answers that are no answer: SOAP faults, and pages of the web server in front.

use super::fold::fold;
use super::names::SOAP;
use super::state::ForeignCode;
use crate::xml::Element;

/// What can be done about a failure.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Class {
    /// It may have been done or not, and nobody can tell.
    Ambiguous,
    /// The identifier was used before: our mistake, or an answer that got lost.
    Duplicate,
    /// The source has nothing to say about this person: an answer, not a failure.
    NoData,
    /// It will fail again until somebody changes something.
    Permanent,
    /// Later it may work.
    Transient,
}

/// A SOAP 1.1 fault. The platform does not sign them, and they say little.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the platform answered with fault {code}")]
pub struct Fault {
    /// `faultcode`: a bare number at this platform, whatever SOAP says.
    pub code: ForeignCode,
    /// What can be done about it.
    pub class: Class,
}

/// The web server in front answered, or something that is no SOAP message.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the answer is not a SOAP message (HTTP status {status})")]
pub struct FrontAnswer {
    /// HTTP status.
    pub status: u16,
}

impl FrontAnswer {
    /// What can be done about it, by the status alone.
    pub const fn class(self) -> Class {
        match self.status {
            401..=407 => Class::Permanent, // 403 is how an address that is not allow-listed shows
            408 | 425 | 429 | 502..=504 => Class::Transient,
            _ => Class::Ambiguous,
        }
    }
}

/// Known fault codes.
const CODES: &[(&str, Class)] = &[
    ("1013", Class::Permanent), // no certificate could be found in the request
];

/// Known beginnings of fault texts, folded.
const TEXTS: &[(&str, Class)] = &[
    ("error en el proces d'autoritzacio", Class::Permanent),
    ("problemes tecnics", Class::Transient),
];

/// The fault in a SOAP envelope, if there is one.
pub fn read(envelope: &Element) -> Option<Fault> {
    let fault = envelope.child(SOAP, "Body")?.child(SOAP, "Fault")?;
    let code = ForeignCode::read(fault_part(fault, "faultcode"));
    let words = fold(fault_part(fault, "faultstring").trim());
    let by_code = CODES
        .iter()
        .find(|(known, _)| *known == code.as_str())
        .map(|(_, class)| *class);
    let by_text = || {
        TEXTS
            .iter()
            .find(|(known, _)| words.contains(known))
            .map(|(_, class)| *class)
    };
    Some(Fault {
        class: by_code.or_else(by_text).unwrap_or(Class::Ambiguous),
        code,
    })
}

/// `faultcode` and its siblings are in no namespace (SOAP 1.1, section 4.4); some stacks differ.
fn fault_part<'a>(fault: &'a Element, name: &str) -> &'a str {
    fault
        .child("", name)
        .or_else(|| fault.child(SOAP, name))
        .map_or("", Element::text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::xml::{self, Limits};

    fn fault_of(body: &str) -> Option<Fault> {
        let text = format!("<S:Envelope xmlns:S=\"{SOAP}\"><S:Body>{body}</S:Body></S:Envelope>");
        read(&xml::read(text.as_bytes(), &Limits::ANSWER).unwrap())
    }

    #[test]
    fn a_bare_number_is_a_fault_code_here() {
        let fault = fault_of(
            "<S:Fault><faultcode>1013</faultcode><faultstring>Error en el procés d'autorització. \
             Detall.</faultstring><faultactor>Server</faultactor></S:Fault>",
        )
        .unwrap();
        assert_eq!(fault.code.as_str(), "1013");
        assert_eq!(fault.class, Class::Permanent);
    }

    #[test]
    fn texts_decide_where_the_code_is_not_known() {
        for (text, class) in [
            ("Error en el proce\u{301}s d’autorització", Class::Permanent),
            ("S'han produït problemes tècnics", Class::Transient),
            ("Quelcom de nou", Class::Ambiguous),
        ] {
            let fault = fault_of(&format!(
                "<S:Fault><faultcode>S:Server</faultcode><faultstring>{text}</faultstring></S:Fault>"
            ))
            .unwrap();
            assert_eq!(fault.class, class, "{text}");
        }
    }

    #[test]
    fn a_fault_keeps_no_text_of_theirs() {
        let fault = fault_of(
            "<S:Fault><faultcode>99999999R is unknown</faultcode>\
             <faultstring>99999999R</faultstring></S:Fault>",
        )
        .unwrap();
        assert!(!format!("{fault:?} {fault}").contains("99999999R"));
    }

    #[test]
    fn an_answer_is_no_fault() {
        assert_eq!(fault_of("<a/>"), None);
    }

    #[test]
    fn the_status_tells_what_to_do_about_a_page() {
        for (status, class) in [
            (403, Class::Permanent),
            (429, Class::Transient),
            (503, Class::Transient),
            (200, Class::Ambiguous),
            (500, Class::Ambiguous),
        ] {
            assert_eq!(FrontAnswer { status }.class(), class, "{status}");
        }
    }

    proptest! {
        #[test]
        fn any_fault_is_classified_without_panic(code in "[^<&\\p{C}]{0,20}", text in "[^<&\\p{C}]{0,40}") {
            let fault = fault_of(&format!(
                "<S:Fault><faultcode>{code}</faultcode><faultstring>{text}</faultstring></S:Fault>"
            ));
            prop_assert!(fault.is_some());
        }
    }
}
