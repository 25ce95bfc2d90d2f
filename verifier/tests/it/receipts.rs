//! Receipts: what is signed, by which key, and that the log holds the same event.

use serde_json::{Value, json};
use verifier::{Report, Verdict, check, merkle::Hash, receipt::KeySet};

use crate::issuer::{
    ISSUED, Proof, claims, consent, header, intent, jwks, jws, log_signer, receipt_signer,
};

fn granted() -> Proof {
    Proof::of(
        "consent-granted",
        consent("consent-granted", "granted-and-refused"),
        4,
        7,
    )
}

fn honest_claims() -> Value {
    claims("granted-and-refused", &granted().leaf_hash)
}

fn alone(file: &str) -> Report {
    alone_with(file, &jwks())
}

fn alone_with(file: &str, jwks: &Value) -> Report {
    match KeySet::parse(jwks.to_string().as_bytes()) {
        Ok(keys) => check::receipt(file.as_bytes(), Some(&keys), None, ISSUED),
        Err(defect) => Report::refused(defect),
    }
}

fn with_proof(claims: &Value, proof: &Proof) -> Report {
    let keys = KeySet::parse(jwks().to_string().as_bytes()).unwrap();
    let (file, proof) = (jws(&header(), claims), proof.file());
    let log = (proof.as_bytes(), &log_signer().trust());
    check::receipt(file.as_bytes(), Some(&keys), Some(log), ISSUED)
}

fn code(report: &Report) -> &'static str {
    report
        .defect
        .as_ref()
        .map_or("valid", |defect| defect.code())
}

/// An honest object after one member was set, or removed with `Null`.
fn but(mut object: Value, member: &str, value: Value) -> Value {
    let members = object.as_object_mut().unwrap();
    if value.is_null() {
        members.remove(member);
    } else {
        members.insert(member.to_owned(), value);
    }
    object
}

#[test]
fn an_honest_receipt_is_valid_and_says_what_was_decided() {
    let report = alone(&jws(&header(), &honest_claims()));
    assert_eq!(report.verdict(), Verdict::Valid);
    assert_eq!(report.notes.len(), 1, "that the log was not checked");
    assert_eq!(
        report.proved.receipt.unwrap().sentence(),
        "At 2026-11-22 16:05:04 UTC, decided for social-aid-recommendation: \
         AEAT_IRPF/C4 granted, TGSS/IN_WORK refused."
    );
}

#[test]
fn the_json_of_the_api_is_read_as_well_as_the_bare_jws() {
    let jws = jws(&header(), &honest_claims());
    let file = |id: &str| json!({"id": id, "code": "7Q4-M2K", "jws": jws}).to_string();
    assert_eq!(code(&alone(&file("r-0001"))), "valid");
    assert_eq!(code(&alone(&file("r-0002"))), "RCPT-ID-MISMATCH");
    assert_eq!(code(&alone(&format!("{jws}\n"))), "valid");
    assert_eq!(code(&alone(r#"{"id":"r-0001"}"#)), "RCPT-FORMAT");
}

#[test]
fn any_bent_character_is_found() {
    let jws = jws(&header(), &honest_claims());
    let report = alone(&jws);
    assert_eq!(code(&report), "valid");
    for at in 0..jws.len() {
        let other = if jws.as_bytes()[at] == b'A' { 'B' } else { 'A' };
        let bent = format!("{}{other}{}", &jws[..at], &jws[at + 1..]);
        assert_ne!(alone(&bent).verdict(), Verdict::Valid, "character {at}");
    }
}

#[test]
fn a_bent_statement_or_signature_is_a_signature_failure() {
    let honest = jws(&header(), &honest_claims());
    let other = jws(
        &header(),
        &but(honest_claims(), "purpose", json!("another")),
    );
    let part = |jws: &str, n: usize| jws.split('.').nth(n).unwrap().to_owned();
    let mixed = [part(&honest, 0), part(&other, 1), part(&honest, 2)].join(".");
    assert_eq!(code(&alone(&mixed)), "RCPT-SIGNATURE");
    let mixed = [part(&honest, 0), part(&honest, 1), part(&other, 2)].join(".");
    assert_eq!(code(&alone(&mixed)), "RCPT-SIGNATURE");
    let unsigned = [part(&honest, 0), part(&honest, 1), String::new()].join(".");
    assert_eq!(code(&alone(&unsigned)), "RCPT-SIGNATURE");
}

#[test]
fn the_header_never_chooses_the_algorithm() {
    for alg in ["none", "HS256", "ES256", "Ed25519", "eddsa", ""] {
        let bent = jws(&but(header(), "alg", json!(alg)), &honest_claims());
        assert_eq!(code(&alone(&bent)), "RCPT-ALG", "{alg}");
    }
}

#[test]
fn a_key_made_for_something_else_verifies_no_receipt() {
    let elsewhere = jws(&but(header(), "kid", json!("token-1")), &honest_claims());
    assert_eq!(code(&alone(&elsewhere)), "RCPT-ALG");
    for (member, value) in [
        ("alg", "ES256"),
        ("use", "enc"),
        ("kty", "EC"),
        ("crv", "X25519"),
        ("crv", "Ed448"),
    ] {
        let mut keys = jwks();
        keys["keys"][1][member] = json!(value);
        let report = alone_with(&jws(&header(), &honest_claims()), &keys);
        assert_eq!(code(&report), "RCPT-ALG", "{member} {value}");
    }
}

#[test]
fn a_token_under_the_same_key_is_not_a_receipt() {
    for typ in ["at+jwt", "JWT", "application/consent-receipt+jwt"] {
        let token = jws(&but(header(), "typ", json!(typ)), &honest_claims());
        assert_eq!(code(&alone(&token)), "RCPT-TYP", "{typ}");
    }
}

#[test]
fn an_unknown_kid_cannot_be_told() {
    let report = alone(&jws(
        &but(header(), "kid", json!("receipt-2")),
        &honest_claims(),
    ));
    assert_eq!(code(&report), "RCPT-KID-UNKNOWN");
    assert_eq!(report.verdict(), Verdict::CannotTell);
    let jws = jws(&header(), &honest_claims());
    assert_eq!(
        code(&check::receipt(jws.as_bytes(), None, None, ISSUED)),
        "RCPT-NO-KEYS"
    );
}

#[test]
fn a_header_with_more_or_less_than_three_members_is_refused() {
    for (member, value) in [
        ("crit", json!(["exp"])),
        ("jwk", jwks()["keys"][1].clone()),
        ("jku", json!("https://attacker.example/jwks.json")),
        ("b64", json!(false)),
        ("kid", Value::Null),
        ("typ", Value::Null),
        ("alg", Value::Null),
    ] {
        let bent = jws(&but(header(), member, value), &honest_claims());
        assert_eq!(code(&alone(&bent)), "RCPT-FORMAT", "{member}");
    }
}

#[test]
fn a_damaged_or_ambiguous_key_set_is_malformed() {
    let receipt = jws(&header(), &honest_claims());
    let mut short = jwks();
    short["keys"][1]["x"] = json!("AAAA");
    let mut twice = jwks();
    twice["keys"][0]["kid"] = json!("receipt-1");
    for keys in [
        short,
        twice,
        json!({}),
        json!({"keys": [1]}),
        json!({"keys": vec![json!({}); 65]}),
    ] {
        assert_eq!(code(&alone_with(&receipt, &keys)), "JWKS-FORMAT");
    }
}

#[test]
fn a_statement_that_is_no_receipt_is_told_apart_from_a_forged_one() {
    for member in [
        "iss", "sub", "jti", "iat", "event", "purpose", "items", "log", "schema",
    ] {
        let report = alone(&jws(&header(), &but(honest_claims(), member, Value::Null)));
        assert_eq!(code(&report), "RCPT-CLAIMS", "{member}");
    }
    for (member, value) in [
        ("iat", json!(-1)),
        ("iat", json!(1.5)),
        ("iat", json!(u64::MAX)),
        ("event", json!("given")),
        ("items", json!([])),
        ("items", json!([{"product": "AEAT_IRPF/C4"}])),
        ("log", json!({"origin": "o", "leaf_hash": "00"})),
        ("log", json!({"origin": "o", "leaf_hash": "AB".repeat(32)})),
    ] {
        let report = alone(&jws(&header(), &but(honest_claims(), member, value)));
        assert_eq!(code(&report), "RCPT-CLAIMS", "{member}");
    }
    let newer = but(
        honest_claims(),
        "schema",
        json!("https://w3id.org/dpv/schema/other"),
    );
    assert_eq!(code(&alone(&jws(&header(), &newer))), "RCPT-SCHEMA");
}

#[test]
fn a_receipt_of_the_future_cannot_be_told() {
    let at = |ahead: u64| {
        alone(&jws(
            &header(),
            &but(honest_claims(), "iat", json!(ISSUED + ahead)),
        ))
    };
    assert_eq!(code(&at(300)), "valid");
    assert_eq!(code(&at(301)), "RCPT-TIME");
    assert_eq!(at(301).verdict(), Verdict::CannotTell);
}

#[test]
fn a_receipt_and_its_log_entry_hold_together() {
    let report = with_proof(&honest_claims(), &granted());
    assert_eq!(code(&report), "valid");
    let steps: Vec<_> = report.steps.iter().map(|step| step.step).collect();
    assert_eq!(
        steps,
        [
            "receipt",
            "content",
            "time",
            "opening",
            "inclusion",
            "signature",
            "link",
            "record"
        ]
    );
    assert!(report.notes.is_empty());
}

#[test]
fn a_receipt_linked_to_another_entry_log_or_kind_is_found() {
    let other = Proof::of(
        "consent-refused",
        consent("consent-refused", "granted-and-refused"),
        1,
        7,
    );
    assert_eq!(
        code(&with_proof(&honest_claims(), &other)),
        "RCPT-LEAF-MISMATCH"
    );
    let bent = claims("granted-and-refused", &Hash([0; 32]));
    assert_eq!(code(&with_proof(&bent, &granted())), "RCPT-LEAF-MISMATCH");

    let mut elsewhere = honest_claims();
    elsewhere["log"]["origin"] = json!("gateway.example.cat/exchange/2025");
    assert_eq!(
        code(&with_proof(&elsewhere, &granted())),
        "RCPT-ORIGIN-MISMATCH"
    );

    let withdrawn = claims("withdrawn", &granted().leaf_hash);
    assert_eq!(
        code(&with_proof(&withdrawn, &granted())),
        "RCPT-KIND-MISMATCH"
    );
    let asked = Proof::of("intent", intent(), 4, 7);
    let bent = claims("granted-and-refused", &asked.leaf_hash);
    assert_eq!(code(&with_proof(&bent, &asked)), "RCPT-KIND-MISMATCH");
}

#[test]
fn a_receipt_that_states_something_else_than_its_record_is_found() {
    let honest = consent("consent-granted", "granted-and-refused");
    for (from, to) in [
        ("\"granted\"", "\"refused\""),
        ("AEAT_IRPF/C4", "AEAT_IRPF/C2"),
        ("2027", "2037"),
        ("r-0001", "r-0002"),
        ("social-aid", "other-aid"),
        (
            "\"event\":\"granted-and-refused\"",
            "\"event\":\"withdrawn\"",
        ),
        ("\"receipt\":\"r-0001\",", ""),
    ] {
        assert!(honest.contains(from), "{from}");
        let proof = Proof::of("consent-granted", honest.replace(from, to), 4, 7);
        let report = with_proof(&claims("granted-and-refused", &proof.leaf_hash), &proof);
        assert_eq!(code(&report), "RCPT-RECORD-MISMATCH", "{from} to {to}");
        assert_eq!(report.proved.receipt, None);
    }
}

#[test]
fn a_receipt_whose_record_was_erased_is_still_linked_to_its_leaf() {
    let mut proof = granted();
    (proof.payload, proof.key) = (None, None);
    let report = with_proof(&honest_claims(), &proof);
    assert_eq!(code(&report), "valid");
    assert_eq!(report.steps.last().unwrap().step, "link");
    assert_eq!(
        report.notes.len(),
        1,
        "that the content is not in the proof"
    );
}

#[test]
fn a_withdrawal_is_linked_to_a_withdrawal() {
    let proof = Proof::of(
        "consent-withdrawn",
        consent("consent-withdrawn", "withdrawn"),
        0,
        1,
    );
    assert_eq!(
        code(&with_proof(&claims("withdrawn", &proof.leaf_hash), &proof)),
        "valid"
    );
}

#[test]
fn a_failing_proof_fails_the_receipt() {
    let mut proof = granted();
    proof.index = 3;
    let report = with_proof(&honest_claims(), &proof);
    assert_eq!(code(&report), "LOG-INCLUSION");
    assert_eq!(report.proved.receipt, None);
}

#[test]
fn the_key_of_the_receipts_is_not_the_key_of_the_log() {
    let mut proof = granted();
    proof.signatures = receipt_signer().line(&proof.text);
    assert_eq!(
        code(&with_proof(&honest_claims(), &proof)),
        "NOTE-UNKNOWN-KEY"
    );
}
