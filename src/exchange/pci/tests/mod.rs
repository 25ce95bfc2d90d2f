//! Pages, faults and answers are told apart by their content.

mod conversation;

use super::*;
use crate::exchange::pci::names::SOAP;

fn understood(status: u16, content_type: &str, body: &str) -> PciError {
    let answer = RawAnswer {
        status,
        content_type: Some(content_type.to_owned()),
        bytes: body.as_bytes().to_vec(),
        sha256: [0; 32],
    };
    let now = "2026-11-20T08:15:31Z".parse().unwrap();
    understand(&answer, &PlatformProfile::aoc(), &TrustRoots::none(), now).unwrap_err()
}

#[test]
fn a_page_is_no_answer_whatever_its_status() {
    for (status, body) in [(403, "<html><br></html>"), (200, "<html/>"), (502, "")] {
        let error = understood(status, "text/html", body);
        assert_eq!(error.code(), format!("HTTP-{status}"));
        assert!(error.sent());
    }
    assert!(!understood(403, "text/html", "<html>").is_transient());
    assert!(understood(503, "text/html", "<html>").is_transient());
}

#[test]
fn a_fault_is_a_fault_whatever_its_status() {
    let body = format!(
        "<S:Envelope xmlns:S=\"{SOAP}\"><S:Body><S:Fault><faultcode>1013</faultcode>\
         <faultstring>x</faultstring></S:Fault></S:Body></S:Envelope>"
    );
    for status in [200, 403, 500] {
        let error = understood(status, "text/xml", &body);
        assert_eq!(error.code(), "FAULT-1013");
        assert!(!error.is_transient());
    }
}

#[test]
fn an_unsigned_answer_is_not_believed() {
    let body = format!("<S:Envelope xmlns:S=\"{SOAP}\"><S:Body><a/></S:Body></S:Envelope>");
    assert_eq!(understood(200, "text/xml", &body).code(), "SIG-MISSING");
}

#[test]
fn broken_xml_is_named_by_what_breaks_it() {
    assert_eq!(
        understood(200, "text/xml; charset=utf-8", "<!DOCTYPE a><a/>").code(),
        "XML-DTD"
    );
    assert_eq!(understood(200, "text/xml", "<a>").code(), "XML-MALFORMED");
}

#[test]
fn an_error_that_never_left_says_so() {
    let error = PciError::from(TransportError::Unreachable);
    assert!(!error.sent() && error.is_transient());
    let error = PciError::from(TransportError::NotAdmitted(
        crate::consent::NotAdmitted::Stale,
    ));
    assert_eq!(error.code(), "AUTHORITY-STALE");
    assert!(!error.sent() && !error.is_transient());
}
