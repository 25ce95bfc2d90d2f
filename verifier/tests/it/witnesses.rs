//! Cosignatures: asked for, they are counted; bent, they are found.

use verifier::{LogTrust, Report, check};

use crate::issuer::{Proof, Signer, log_signer};

const SEEN: u64 = 1_795_363_600;

fn witness(name: &str, seed: u8) -> Signer {
    Signer::of(name, 0x04, [seed; 32])
}

fn with(lines: &[String], witnesses: &[&Signer], quorum: impl Into<Option<usize>>) -> Report {
    let mut proof = Proof::intent();
    proof.signatures += &lines.concat();
    let witnesses = witnesses
        .iter()
        .map(|w| w.vkey().parse().unwrap())
        .collect();
    let trust = LogTrust {
        witnesses,
        quorum: quorum.into(),
        ..log_signer().trust()
    };
    check::proof(proof.file().as_bytes(), &trust)
}

fn code(report: &Report) -> &'static str {
    report
        .defect
        .as_ref()
        .map_or("valid", |defect| defect.code())
}

#[test]
fn a_quorum_of_witnesses_is_counted() {
    let (one, two, text) = (witness("w1", 3), witness("w2", 4), Proof::intent().text);
    let lines = [one.cosignature(&text, SEEN)];
    assert_eq!(code(&with(&lines, &[&one, &two], 1)), "valid");
    assert_eq!(code(&with(&lines, &[&one, &two], 2)), "WITNESS-QUORUM");
    assert_eq!(code(&with(&[], &[], 1)), "WITNESS-QUORUM");
}

#[test]
fn without_a_quorum_all_witnesses_are_needed() {
    let (one, two, text) = (witness("w1", 3), witness("w2", 4), Proof::intent().text);
    let lines = [one.cosignature(&text, SEEN), two.cosignature(&text, SEEN)];
    assert_eq!(code(&with(&lines, &[&one, &two], None)), "valid");
    assert_eq!(
        code(&with(&lines[..1], &[&one, &two], None)),
        "WITNESS-QUORUM"
    );
}

#[test]
fn one_witness_does_not_count_twice() {
    let (one, two, text) = (witness("w1", 3), witness("w2", 4), Proof::intent().text);
    let lines = [
        one.cosignature(&text, SEEN),
        one.cosignature(&text, SEEN + 60),
    ];
    assert_eq!(code(&with(&lines, &[&one, &two], 2)), "WITNESS-QUORUM");
    assert_eq!(code(&with(&lines, &[&one, &one], 2)), "WITNESS-QUORUM");
}

#[test]
fn a_cosignature_covers_its_text_and_time() {
    let (one, text) = (witness("w1", 3), Proof::intent().text);
    let other = one.cosignature("gateway.example.cat/exchange/2026\n", SEEN);
    assert_eq!(code(&with(&[other], &[&one], 1)), "WITNESS-SIGNATURE");
    // A plain signature under the witness' key is not a cosignature.
    assert_eq!(
        code(&with(&[one.line(&text)], &[&one], 1)),
        "WITNESS-SIGNATURE"
    );
}

#[test]
fn keys_of_the_wrong_kind_are_refused() {
    let one = witness("w1", 3);
    let trust = LogTrust::in_key(one.vkey().parse().unwrap());
    let file = Proof::intent().file();
    assert_eq!(code(&check::proof(file.as_bytes(), &trust)), "KEY-TYPE");
    assert_eq!(code(&with(&[], &[&log_signer()], 1)), "KEY-TYPE");
}
