//! A second opinion: what we sign, `xmlsec1` verifies; what `xmlsec1` signs, we verify.

use std::path::Path;
use std::process::{Command, Output};

use interop_gateway::exchange::pci::signature::Part;
use interop_gateway::exchange::pci::{Evidence, PlatformProfile, SignatureAlgorithm};
use tempfile::TempDir;

use super::*;

const SOAP: &str = "http://schemas.xmlsoap.org/soap/envelope/";
const WSU: &str =
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd";

/// Runs `xmlsec1` on a file, telling it which attributes are identifiers.
fn xmlsec1(folder: &Path, arguments: &[&str]) -> Output {
    Command::new("xmlsec1")
        .current_dir(folder)
        .args(&arguments[..1])
        .args(["--id-attr:Id", &format!("{SOAP}:Body")])
        .args(["--id-attr:Id", &format!("{WSU}:Timestamp")])
        .args(&arguments[1..])
        .output()
        .expect("xmlsec1 is installed")
}

/// A folder with the platform's seal and one message.
fn folder(message: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let seal = pki::platform();
    std::fs::write(folder.path().join("seal.pem"), &seal.certificate).unwrap();
    std::fs::write(folder.path().join("seal.key"), &seal.key).unwrap();
    std::fs::write(folder.path().join("message.xml"), message).unwrap();
    folder
}

fn verified_by_xmlsec1(message: &str) -> bool {
    let folder = folder(message);
    let arguments = ["--verify", "--pubkey-cert-pem", "seal.pem", "message.xml"];
    xmlsec1(folder.path(), &arguments).status.success()
}

fn signed_by_xmlsec1(template: &str) -> String {
    let folder = folder(template);
    let arguments = [
        "--sign",
        "--privkey-pem",
        "seal.key",
        "--output",
        "signed.xml",
        "message.xml",
    ];
    let output = xmlsec1(folder.path(), &arguments);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    std::fs::read_to_string(folder.path().join("signed.xml")).unwrap()
}

/// Every combination of algorithm and coverage.
fn variants() -> impl Iterator<Item = PlatformProfile> {
    SignatureAlgorithm::ALL.into_iter().flat_map(|algorithm| {
        [false, true].map(|sign_timestamp| PlatformProfile {
            sign_timestamp,
            ..profile(algorithm)
        })
    })
}

/// Empties every element of that name.
fn emptied(text: &str, name: &str) -> String {
    let (open, close) = (format!("<ds:{name}>"), format!("</ds:{name}>"));
    let mut rest = text;
    let mut out = String::new();
    while let Some(start) = rest.find(&open) {
        let end = start + rest[start..].find(&close).unwrap();
        out.push_str(&rest[..start + open.len()]);
        rest = &rest[end..];
    }
    out + rest
}

#[test]
fn xmlsec1_verifies_what_we_sign() {
    for profile in variants() {
        let text = text_of(&signed(&profile));
        assert!(verified_by_xmlsec1(&text), "{profile:?}");
        let changed = text.replace("1000.00", "9000.00");
        assert!(!verified_by_xmlsec1(&changed), "{profile:?}");
    }
}

#[test]
fn we_verify_what_xmlsec1_signs() {
    for profile in variants() {
        let template = emptied(&text_of(&signed(&profile)), "DigestValue");
        let template = emptied(&template, "SignatureValue");
        let text = signed_by_xmlsec1(&template);
        let verified = verify(&text).unwrap();
        assert_eq!(amount(&verified), "1000.00");
        assert_eq!(
            verify(&text.replace("1000.00", "9000.00"))
                .unwrap_err()
                .code(),
            "SIG-DIGEST"
        );
    }
}

/// An answer as the live platform shapes it: its prefixes, its stray declarations, its order, its
/// folded token with carriage returns, a timestamp that nobody signs, and a prefix list.
fn platform_like_template() -> String {
    let seal = pki::platform();
    let token: Vec<&str> = seal
        .certificate
        .lines()
        .filter(|line| !line.starts_with("-----"))
        .collect();
    let token = token.join("&#13;\n");
    format!(
        r##"<?xml version="1.0" encoding="UTF-8"?><SOAP-ENV:Envelope xmlns:SOAP-ENV="{SOAP}" xmlns:S="{SOAP}" xmlns:ns2="urn:stray"><SOAP-ENV:Header><wsse:Security xmlns:wsse="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd" xmlns:wsu="{WSU}" SOAP-ENV:mustUnderstand="0">
<wsu:Timestamp wsu:Id="XWSSGID-1"><wsu:Created>2026-11-20T08:15:30Z</wsu:Created><wsu:Expires>2026-11-20T08:20:30Z</wsu:Expires></wsu:Timestamp>
<wsse:BinarySecurityToken EncodingType="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary" ValueType="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509v3" wsu:Id="XWSSGID-2">{token}</wsse:BinarySecurityToken>
<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:SignedInfo>
<ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"><ec:InclusiveNamespaces xmlns:ec="http://www.w3.org/2001/10/xml-exc-c14n#" PrefixList="wsse SOAP-ENV"/></ds:CanonicalizationMethod>
<ds:SignatureMethod Algorithm="http://www.w3.org/2000/09/xmldsig#rsa-sha1"/>
<ds:Reference URI="#XWSSGID-3"><ds:Transforms><ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"><ec:InclusiveNamespaces xmlns:ec="http://www.w3.org/2001/10/xml-exc-c14n#" PrefixList="S ns2"/></ds:Transform></ds:Transforms><ds:DigestMethod Algorithm="http://www.w3.org/2000/09/xmldsig#sha1"/><ds:DigestValue></ds:DigestValue></ds:Reference>
</ds:SignedInfo><ds:SignatureValue></ds:SignatureValue><ds:KeyInfo><wsse:SecurityTokenReference wsu:Id="XWSSGID-4"><wsse:Reference URI="#XWSSGID-2" ValueType="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509v3"/></wsse:SecurityTokenReference></ds:KeyInfo></ds:Signature></wsse:Security></SOAP-ENV:Header><SOAP-ENV:Body xmlns:wsu="{WSU}" wsu:Id="XWSSGID-3">
<ns0:procesaResponse xmlns:ns0="http://www.openuri.org/"><ns0:amount>1000.00</ns0:amount><ns0:name>L'Anna &amp; l'Òscar</ns0:name></ns0:procesaResponse></SOAP-ENV:Body></SOAP-ENV:Envelope>"##
    )
}

#[test]
fn an_answer_in_the_live_platforms_shape_verifies() {
    let verified = verify(&signed_by_xmlsec1(&platform_like_template())).unwrap();
    assert_eq!(amount(&verified), "1000.00");
    let Evidence::Signed {
        algorithm, covered, ..
    } = verified.evidence()
    else {
        panic!("the answer is signed")
    };
    assert_eq!(*algorithm, SignatureAlgorithm::RsaSha1);
    assert_eq!(covered, &[Part::Body]); // the timestamp is there, and proves nothing
}
