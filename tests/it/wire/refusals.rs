//! Every way to be lied to, and the name of the lie.

use interop_gateway::exchange::pci::PlatformProfile;
use interop_gateway::exchange::pci::signature;
use rcgen::ExtendedKeyUsagePurpose;

use super::*;

/// The code under which a message is refused.
fn refusal(text: &str) -> &'static str {
    verify(text)
        .expect_err("this message must be refused")
        .code()
}

fn genuine() -> String {
    text_of(&signed(&PlatformProfile::aoc()))
}

/// The genuine envelope after a replacement that must have an effect.
fn with(found: &str, replacement: &str) -> String {
    let text = genuine();
    assert!(text.contains(found), "{found}");
    text.replace(found, replacement)
}

fn sealed_by(seal: &pki::Seal) -> String {
    let envelope =
        signature::sign(&body(), &identity(seal), &PlatformProfile::aoc(), now()).unwrap();
    text_of(&envelope)
}

/// The text from the first `open` to the end of the following `close`.
fn part<'a>(text: &'a str, open: &str, close: &str) -> &'a str {
    let start = text.find(open).unwrap();
    let end = start + text[start..].find(close).unwrap() + close.len();
    &text[start..end]
}

#[test]
fn a_message_without_signature() {
    let text = genuine();
    let signature = part(&text, "<ds:Signature ", "</ds:Signature>");
    assert_eq!(refusal(&text.replace(signature, "")), "SIG-MISSING");
    let header = part(&text, "<soapenv:Header>", "</soapenv:Header>");
    assert_eq!(refusal(&text.replace(header, "")), "SIG-MISSING");
}

#[test]
fn a_changed_body() {
    assert_eq!(refusal(&with("1000.00", "9000.00")), "SIG-DIGEST");
}

#[test]
fn a_changed_digest_no_longer_fits_its_signature() {
    let text = genuine();
    let changed = text.replace("1000.00", "9000.00");
    let digest = part(&text, "<ds:DigestValue>", "</ds:DigestValue>").to_owned();
    // The digest a forger would compute for the changed Body.
    let forged = signature::sign(
        &CanonicalBody::around(
            "<open:procesaResponse xmlns:open=\"http://www.openuri.org/\">\
             <open:amount>9000.00</open:amount></open:procesaResponse>",
        ),
        &identity(pki::platform()),
        &PlatformProfile::aoc(),
        now(),
    )
    .unwrap();
    let forged = text_of(&forged);
    let forged = part(&forged, "<ds:DigestValue>", "</ds:DigestValue>");
    assert_ne!(digest, forged);
    assert_eq!(refusal(&changed.replace(&digest, forged)), "SIG-VALUE");
}

#[test]
fn a_body_moved_aside_and_another_in_its_place() {
    let text = genuine();
    let signed_body = part(&text, "<soapenv:Body ", "</soapenv:Body>").to_owned();
    let evil = signed_body.replace("1000.00", "9000.00");
    let moved = |evil: &str| {
        text.replace(&signed_body, evil).replace(
            "</soapenv:Header>",
            &format!("<w:Wrapper xmlns:w=\"urn:w\">{signed_body}</w:Wrapper></soapenv:Header>"),
        )
    };
    let other_id = evil.replace("\"id-body\"", "\"id-evil\"");
    assert_eq!(refusal(&moved(&other_id)), "SIG-WRAPPED-BODY");
    let no_id = evil.replace(" wsu:Id=\"id-body\"", "");
    assert_eq!(refusal(&moved(&no_id)), "SIG-WRAPPED-BODY");
    assert_eq!(refusal(&moved(&evil)), "SIG-DUPLICATE-ID");
}

#[test]
fn two_bodies() {
    let evil = "<soapenv:Body><a></a></soapenv:Body></soapenv:Envelope>";
    assert_eq!(
        refusal(&with("</soapenv:Envelope>", evil)),
        "SIG-TWO-BODIES"
    );
}

#[test]
fn one_identifier_on_two_elements() {
    for attribute in ["wsu:Id", "Id", "ID", "id", "xml:id"] {
        let twin = format!("<open:amount {attribute}=\"id-body\">");
        let text = with("<open:amount>", &twin);
        let text = text.replace(
            "<open:procesaResponse ",
            "<open:procesaResponse xmlns:wsu=\"http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd\" ",
        );
        assert_eq!(refusal(&text), "SIG-DUPLICATE-ID", "{attribute}");
    }
}

#[test]
fn parts_that_stand_twice() {
    let text = genuine();
    for (open, close) in [
        ("<ds:Signature ", "</ds:Signature>"),
        ("<wsse:Security ", "</wsse:Security>"),
        ("<wsse:BinarySecurityToken ", "</wsse:BinarySecurityToken>"),
        ("<wsu:Timestamp ", "</wsu:Timestamp>"),
        ("<ds:Reference ", "</ds:Reference>"),
        ("<ds:KeyInfo ", "</ds:KeyInfo>"),
    ] {
        let once = part(&text, open, close);
        // Identifiers differ, so that it is the repetition which is refused.
        let again = once.replace("Id=\"", "Id=\"again-");
        let code = refusal(&text.replace(once, &format!("{once}{again}")));
        assert_eq!(code, "SIG-AMBIGUOUS", "{open}");
    }
}

#[test]
fn a_decoy_signature_elsewhere_in_the_header() {
    let text = genuine();
    let signature = part(&text, "<ds:Signature ", "</ds:Signature>");
    let decoy = signature.replace("Id=\"", "Id=\"decoy-");
    let decoy = format!(
        "<soapenv:Header><d:Decoy xmlns:d=\"urn:d\" xmlns:wsse=\"urn:w\">{decoy}</d:Decoy>"
    );
    assert_eq!(
        refusal(&text.replace("<soapenv:Header>", &decoy)),
        "SIG-AMBIGUOUS"
    );
}

#[test]
fn a_signature_over_something_else_than_the_body() {
    assert_eq!(
        refusal(&with("URI=\"#id-body\"", "URI=\"#TS-1\"")),
        "SIG-BODY-NOT-COVERED"
    );
    for uri in [
        "",
        "#",
        "#nothing",
        "http://example.org/",
        "#xpointer(/)",
        "cid:a",
    ] {
        let text = with("URI=\"#id-body\"", &format!("URI=\"{uri}\""));
        assert_eq!(refusal(&text), "SIG-REFERENCE", "{uri}");
    }
}

#[test]
fn algorithms_that_are_not_agreed() {
    for (found, replacement) in [
        ("xmldsig#rsa-sha1", "xmldsig#hmac-sha1"),
        (
            "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
            "http://www.w3.org/2001/04/xmldsig-more#rsa-md5",
        ),
        ("http://www.w3.org/2000/09/xmldsig#rsa-sha1", "urn:unknown"),
        (
            "http://www.w3.org/2000/09/xmldsig#sha1",
            "http://www.w3.org/2001/04/xmldsig-more#md5",
        ),
        (
            "CanonicalizationMethod Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#",
            "CanonicalizationMethod Algorithm=\"http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
        ),
        (
            "Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#",
            "Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xpath-19991116",
        ),
        (
            "Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#",
            "Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature",
        ),
    ] {
        assert_eq!(
            refusal(&with(found, replacement)),
            "SIG-ALGORITHM",
            "{replacement}"
        );
    }
}

#[test]
fn sha1_where_the_profile_left_it() {
    let strict = PlatformProfile {
        accept: vec![SignatureAlgorithm::RsaSha256],
        ..PlatformProfile::aoc()
    };
    let verify = |text: &str| signature::verify(text.as_bytes(), &strict, &roots(), now());
    assert_eq!(verify(&genuine()).unwrap_err().code(), "SIG-ALGORITHM");
    let modern = text_of(&signed(&profile(SignatureAlgorithm::RsaSha256)));
    assert!(verify(&modern).is_ok());
    let weak_digest = modern.replace(
        "http://www.w3.org/2001/04/xmlenc#sha256",
        "http://www.w3.org/2000/09/xmldsig#sha1",
    );
    assert_eq!(verify(&weak_digest).unwrap_err().code(), "SIG-ALGORITHM");
}

#[test]
fn seals_that_are_not_the_platforms() {
    let facts = pki::SealFacts::default;
    for (seal, code) in [
        (pki::seal_of_a_stranger(), "SIG-PATH"),
        (
            pki::seal(&pki::SealFacts {
                until: (2026, 11, 20),
                ..facts()
            }),
            "SIG-EXPIRED-CERTIFICATE",
        ),
        (
            pki::seal(&pki::SealFacts {
                from: (2026, 11, 21),
                ..facts()
            }),
            "SIG-CERTIFICATE-NOT-YET-VALID",
        ),
        (
            pki::seal(&pki::SealFacts {
                organisation: "VATES-P0801900B",
                ..facts()
            }),
            "SIG-ORGANISATION",
        ),
        (
            pki::seal(&pki::SealFacts {
                organisation: "XQ0801175A",
                ..facts()
            }),
            "SIG-ORGANISATION",
        ),
        (
            pki::seal(&pki::SealFacts {
                usage: ExtendedKeyUsagePurpose::ServerAuth,
                ..facts()
            }),
            "SIG-KEY-USAGE",
        ),
    ] {
        assert_eq!(refusal(&sealed_by(&seal)), code);
    }
}

#[test]
fn a_token_that_is_no_certificate() {
    let text = genuine();
    let token = part(
        &text,
        "<wsse:BinarySecurityToken ",
        "</wsse:BinarySecurityToken>",
    );
    let (head, _) = token.split_once('>').unwrap();
    for content in ["", "AAAA", "***", "PGE+"] {
        let other = format!("{head}>{content}</wsse:BinarySecurityToken>");
        assert_eq!(
            refusal(&text.replace(token, &other)),
            "SIG-CERTIFICATE",
            "{content}"
        );
    }
    let path = text.replacen("#X509v3", "#X509PKIPathv1", 1);
    assert_eq!(refusal(&path), "SIG-CERTIFICATE");
}

#[test]
fn a_key_of_another_kind() {
    let text = genuine();
    let token = part(
        &text,
        "<wsse:BinarySecurityToken ",
        "</wsse:BinarySecurityToken>",
    );
    let (head, _) = token.split_once('>').unwrap();
    let elliptic = pki::elliptic_certificate();
    let content: String = elliptic
        .lines()
        .filter(|line| !line.starts_with("-----"))
        .collect();
    let other = format!("{head}>{content}</wsse:BinarySecurityToken>");
    assert_eq!(refusal(&text.replace(token, &other)), "SIG-KEY");
}

#[test]
fn a_key_that_is_not_named_as_agreed() {
    assert_eq!(
        refusal(&with("URI=\"#X509-1\"", "URI=\"#other\"")),
        "SIG-KEY-REFERENCE"
    );
    assert_eq!(
        refusal(&with("URI=\"#X509-1\"", "URI=\"X509-1\"")),
        "SIG-KEY-REFERENCE"
    );
    let text = genuine();
    let key_info = part(&text, "<ds:KeyInfo ", "</ds:KeyInfo>");
    assert_eq!(refusal(&text.replace(key_info, "")), "SIG-SHAPE");
    let named = "<ds:KeyInfo><ds:KeyName>key</ds:KeyName></ds:KeyInfo>";
    assert_eq!(refusal(&text.replace(key_info, named)), "SIG-SHAPE");
}

#[test]
fn the_certificate_of_the_platform_with_the_signature_of_another() {
    let stranger = pki::rsa_seal_with_own_key();
    let theirs = sealed_by(&stranger);
    let token = part(
        &theirs,
        "<wsse:BinarySecurityToken ",
        "</wsse:BinarySecurityToken>",
    );
    let text = genuine();
    let genuine = part(
        &text,
        "<wsse:BinarySecurityToken ",
        "</wsse:BinarySecurityToken>",
    );
    assert_eq!(refusal(&theirs.replace(token, genuine)), "SIG-VALUE");
}

#[test]
fn timestamps_that_are_not_of_now() {
    let (created, expires) = ("2026-11-20T08:15:31.000Z", "2026-11-20T08:20:31.000Z");
    let stamped = |c: &str, e: &str| with(created, c).replace(expires, e);
    assert!(verify(&stamped("2026-11-20T08:20:31Z", "2026-11-20T08:25:31Z")).is_ok());
    assert!(verify(&stamped("2026-11-20T08:05:31Z", "2026-11-20T08:10:31Z")).is_ok());
    for (c, e) in [
        ("2026-11-20T08:20:32Z", "2026-11-20T08:25:32Z"), // beyond the tolerance ahead
        ("2026-11-20T08:05:30Z", "2026-11-20T08:10:30Z"), // expired beyond the tolerance
        ("2026-11-20T08:15:31.000000Z", expires),         // six decimals
        ("2026-11-20T09:15:31+01:00", expires),           // an offset
        (expires, created),                               // backwards
        ("", expires),
        ("now", expires),
    ] {
        assert_eq!(refusal(&stamped(c, e)), "SIG-TIMESTAMP", "{c} {e}");
    }
    let text = genuine();
    let timestamp = part(&text, "<wsu:Timestamp ", "</wsu:Timestamp>");
    assert_eq!(refusal(&text.replace(timestamp, "")), "SIG-TIMESTAMP");
}

#[test]
fn a_signed_timestamp_cannot_be_moved_in_time() {
    let profile = PlatformProfile {
        sign_timestamp: true,
        ..PlatformProfile::aoc()
    };
    let text = text_of(&signed(&profile)).replace("08:15:31.000Z", "08:15:32.000Z");
    assert_eq!(refusal(&text), "SIG-DIGEST");
}

#[test]
fn bytes_that_are_not_read_at_all() {
    let text = genuine();
    assert_eq!(refusal(&format!("<!DOCTYPE a>{text}")), "XML-DTD");
    assert_eq!(
        refusal(&format!(
            "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>{text}"
        )),
        "XML-ENCODING"
    );
    assert_eq!(
        refusal(&with("1000.00", &"<a>".repeat(100))),
        "XML-TOO-DEEP"
    );
    assert_eq!(
        refusal(&with("1000.00", &"<a/>".repeat(100_000))),
        "XML-TOO-MANY-ELEMENTS"
    );
    assert_eq!(
        refusal(&with("1000.00", &"0".repeat(4 << 20))),
        "XML-TOO-LONG"
    );
    assert_eq!(refusal(&with("1000.00", "&amount;")), "XML-ENTITY");
    assert_eq!(
        refusal(&with("1000.00", "<?php ?>")),
        "XML-PROCESSING-INSTRUCTION"
    );
    assert_eq!(refusal("<html><body>403</body></html>"), "SOAP-ENVELOPE");
    let soap12 = with(
        "http://schemas.xmlsoap.org/soap/envelope/",
        "http://www.w3.org/2003/05/soap-envelope",
    );
    assert_eq!(refusal(&soap12), "SOAP-ENVELOPE");
    let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let refused = signature::verify(&utf16, &PlatformProfile::aoc(), &roots(), now());
    assert!(refused.unwrap_err().is_malformed());
}

#[test]
fn no_refusal_repeats_what_the_message_says() {
    let error = verify(&with("1000.00", "9000.00")).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("9000"));
}
