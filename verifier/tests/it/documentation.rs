//! The documentation is tried out: its example is verified, its list of codes is complete.

use verifier::{Defect, LogTrust, Verdict, check};

use crate::issuer::Proof;

const PAGE: &str = include_str!("../../../docs/verify-a-proof.md");

/// The blocks between lines of three backticks.
fn blocks() -> Vec<&'static str> {
    let blocks = PAGE.split("```").skip(1).step_by(2);
    blocks
        .map(|block| block.split_once('\n').unwrap().1)
        .collect()
}

#[test]
fn the_example_on_the_page_is_a_valid_proof() {
    let proof = blocks()
        .into_iter()
        .find(|b| {
            b.starts_with(
                "c2sp.org/tlog-proof@v1
",
            )
        })
        .unwrap();
    assert_eq!(
        proof,
        Proof::intent().file(),
        "paste this file into the page"
    );
    let key = blocks()
        .into_iter()
        .find(|b| b.starts_with("gateway.example.cat/"))
        .unwrap();
    let trust = LogTrust::in_key(key.trim().parse().unwrap());
    let report = check::proof(proof.as_bytes(), &trust);
    assert_eq!(report.verdict(), Verdict::Valid, "{:?}", report.defect);
    let sentence = report.proved.entry.unwrap().sentence();
    assert!(PAGE.contains(&sentence), "{sentence}");
    assert!(
        PAGE.contains(&report.proved.headline),
        "{}",
        report.proved.headline
    );
}

#[test]
fn every_code_is_on_the_page_with_its_exit_code() {
    for defect in Defect::all() {
        let row = format!("| `{}` | {} |", defect.code(), defect.verdict().exit_code());
        assert!(PAGE.contains(&row), "{row}");
    }
    let rows = PAGE
        .lines()
        .filter(|line| line.starts_with("| `") && line.contains('-'))
        .count();
    assert_eq!(rows, Defect::all().len());
}

#[test]
fn codes_are_told_apart_and_sentences_end() {
    let mut codes: Vec<_> = Defect::all().iter().map(Defect::code).collect();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), Defect::all().len());
    for defect in Defect::all() {
        let sentence = defect.to_string();
        assert!(
            sentence.ends_with('.') && !sentence.ends_with(".."),
            "{sentence}"
        );
        assert!(!defect.advice().ends_with('.'), "{}", defect.advice());
    }
}
