//! Files that are not what they should be: refused by name, never with a panic.

use proptest::prelude::*;
use verifier::{
    Report, Verdict, check,
    note::{Checkpoint, SignedNote, VerifierKey},
    receipt::KeySet,
};

use crate::issuer::{ISSUED, ORIGIN, Proof, Signer, base64, claims, header, jwks, jws, log_signer};

fn proof(file: &str) -> Report {
    check::proof(file.as_bytes(), &log_signer().trust())
}

fn code(report: &Report) -> &'static str {
    report
        .defect
        .as_ref()
        .map_or("valid", |defect| defect.code())
}

#[test]
fn each_broken_line_of_a_proof_is_refused() {
    let honest = Proof::intent().file();
    assert_eq!(code(&proof(&honest)), "valid");
    for (from, to, expected) in [
        (
            "c2sp.org/tlog-proof@v1",
            "c2sp.org/tlog-proof@v2",
            "PROOF-FORMAT",
        ),
        ("\nextra ", "\nextra  ", "PROOF-FORMAT"),
        ("\nextra ", "\nEXTRA ", "PROOF-FORMAT"),
        ("\nindex 5", "\nindex 05", "PROOF-FORMAT"),
        ("\nindex 5", "\nindex +5", "PROOF-FORMAT"),
        ("\nindex 5", "\nindex -5", "PROOF-FORMAT"),
        ("\nindex 5", "\nindex 18446744073709551616", "PROOF-FORMAT"),
        ("\nindex 5", "", "PROOF-FORMAT"),
        ("=\n\ngateway", "=\n\n\ngateway", "CHECKPOINT-FORMAT"),
        ("=\n\ngateway", "=\ngateway", "PROOF-FORMAT"),
        ("\n11\n", "\n011\n", "CHECKPOINT-FORMAT"),
        ("\n11\n", "\n+11\n", "CHECKPOINT-FORMAT"),
        ("\n11\n", "\n", "CHECKPOINT-FORMAT"),
        ("\n— ", "\n- ", "NOTE-FORMAT"),
        ("\n— ", "\n—  ", "NOTE-FORMAT"),
        ("\n", "\r\n", "PROOF-FORMAT"),
    ] {
        assert!(honest.contains(from), "{from:?}");
        assert_eq!(
            code(&proof(&honest.replace(from, to))),
            expected,
            "{from:?} to {to:?}"
        );
    }
    assert_eq!(code(&proof(honest.trim_end())), "NOTE-FORMAT");
    assert_eq!(code(&proof("")), "PROOF-FORMAT");
}

#[test]
fn a_proof_without_extra_line_proves_nothing_known() {
    let file = Proof::intent().file();
    let without: String = file
        .split_inclusive('\n')
        .filter(|line| !line.starts_with("extra "))
        .collect();
    assert_eq!(code(&proof(&without)), "PROOF-NO-LEAF");
}

#[test]
fn more_hashes_or_signatures_than_the_bound_are_refused() {
    let mut bent = Proof::intent();
    bent.hashes = vec![bent.leaf_hash; 64];
    assert_eq!(code(&proof(&bent.file())), "LOG-INCLUSION");
    bent.hashes.push(bent.leaf_hash);
    assert_eq!(code(&proof(&bent.file())), "PROOF-FORMAT");

    let mut bent = Proof::intent();
    let stranger = Signer::log("other.example/log", 9).line("x\n");
    bent.signatures += &stranger.repeat(15);
    assert_eq!(code(&proof(&bent.file())), "valid");
    bent.signatures += &stranger;
    assert_eq!(code(&proof(&bent.file())), "NOTE-FORMAT");
}

#[test]
fn the_extra_line_holds_three_members_and_no_other() {
    let file = Proof::intent().file();
    let extra = Proof::intent().extra();
    for bent in [
        "[]".to_owned(),
        "{}".to_owned(),
        extra.replacen('{', "{\"more\":1,", 1),
        extra.replacen('{', "{\"leaf\":\"AA==\",", 1),
        extra.replacen("\"leaf\":\"", "\"leaf\":\"*", 1),
    ] {
        let report = proof(&file.replace(&base64(&extra), &base64(&bent)));
        assert_eq!(code(&report), "LOG-OPENING-FORMAT", "{bent}");
    }
}

#[test]
fn base64_has_one_spelling() {
    let file = Proof::intent().file();
    let hash = base64(Proof::intent().hashes[0].0);
    // The last digit before the padding has two bits that decode to nothing.
    let digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let last = digits.find(hash.as_bytes()[42] as char).unwrap();
    let other = format!("{}{}=", &hash[..42], digits.as_bytes()[last + 1] as char);
    assert_eq!(code(&proof(&file.replace(&hash, &other))), "PROOF-FORMAT");
    assert_eq!(
        code(&proof(&file.replace(&hash, hash.trim_end_matches('=')))),
        "PROOF-FORMAT"
    );
}

#[test]
fn verifier_keys_are_read_whole_or_not_at_all() {
    let vkey = log_signer().vkey();
    let parts: Vec<_> = vkey.splitn(3, '+').collect();
    let failure = |key: &str| key.parse::<VerifierKey>().unwrap_err().code();
    assert!(vkey.parse::<VerifierKey>().is_ok());
    for bent in [
        String::new(),
        "a".to_owned(),
        parts[..2].join("+"),
        vkey.replace("2026", "2025"),
        vkey.replace("gateway", "gate way"),
        format!("{}+00000000+{}", parts[0], parts[2]),
        format!("+{}+{}", parts[1], parts[2]),
        format!("{vkey}="),
    ] {
        assert_eq!(failure(&bent), "KEY-FORMAT", "{bent}");
    }
    assert_eq!(
        failure(&Signer::of(ORIGIN, 0x02, [1; 32]).vkey()),
        "KEY-TYPE"
    );
}

fn honest_receipt() -> String {
    jws(
        &header(),
        &claims("granted-and-refused", &Proof::intent().leaf_hash),
    )
}

/// Some edits of a text: cut, doubled, overwritten.
fn mutated(honest: String) -> impl Strategy<Value = Vec<u8>> {
    let edit = (any::<prop::sample::Index>(), 0_u8..4, any::<u8>());
    prop::collection::vec(edit, 1..4).prop_map(move |edits| {
        let mut bytes = honest.clone().into_bytes();
        for (at, how, byte) in edits {
            let at = at.index(bytes.len());
            match how {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                2 => drop(bytes.remove(at)),
                _ => bytes.truncate(at.max(1)),
            }
        }
        bytes
    })
}

proptest! {
    #[test]
    fn arbitrary_bytes_are_malformed_everywhere(bytes: Vec<u8>) {
        let trust = log_signer().trust();
        prop_assert_eq!(check::proof(&bytes, &trust).verdict(), Verdict::Malformed);
        let keys = KeySet::parse(jwks().to_string().as_bytes()).unwrap();
        let report = check::receipt(&bytes, Some(&keys), None, ISSUED);
        prop_assert_eq!(report.verdict(), Verdict::Malformed);
        let report = check::consistency(&bytes, &bytes, &bytes, &trust);
        prop_assert_eq!(report.verdict(), Verdict::Malformed);
        prop_assert!(KeySet::parse(&bytes).is_err());
    }

    #[test]
    fn arbitrary_text_is_answered(text in "\\PC*", lines in "([ -~]{0,9}\n){0,9}(— a AAAAAAAA\n){0,2}") {
        for text in [text, lines] {
            let _ = text.parse::<VerifierKey>();
            if let Ok(note) = SignedNote::parse(&text) {
                let _ = Checkpoint::parse(note.text());
            }
            let framed = format!("c2sp.org/tlog-proof@v1\n{text}");
            prop_assert_ne!(proof(&framed).verdict(), Verdict::Valid);
        }
    }

    /// Whatever is still valid after an edit says the same as before.
    #[test]
    fn an_edited_proof_never_proves_something_else(bytes in mutated(Proof::intent().file())) {
        let report = check::proof(&bytes, &log_signer().trust());
        if report.verdict() == Verdict::Valid {
            let honest = proof(&Proof::intent().file());
            prop_assert_eq!(report.proved.place, honest.proved.place);
            prop_assert_eq!(report.proved.entry, honest.proved.entry);
        } else {
            prop_assert_eq!(report.proved.entry, None);
        }
    }

    /// Inside the base64 of the extra line, too.
    #[test]
    fn an_edited_opening_never_proves_something_else(
        bytes in mutated(Proof::intent().extra()),
    ) {
        let extra = base64(Proof::intent().extra());
        let file = Proof::intent().file().replace(&extra, &base64(bytes));
        let report = proof(&file);
        if report.verdict() == Verdict::Valid {
            let honest = proof(&Proof::intent().file());
            prop_assert_eq!(report.proved.place, honest.proved.place);
            // An edit can at most take the opening away.
            if report.proved.entry.is_some() {
                prop_assert_eq!(report.proved.entry, honest.proved.entry);
            }
        }
    }

    #[test]
    fn an_edited_receipt_never_says_something_else(bytes in mutated(honest_receipt())) {
        let keys = KeySet::parse(jwks().to_string().as_bytes()).unwrap();
        let report = check::receipt(&bytes, Some(&keys), None, ISSUED);
        if report.verdict() == Verdict::Valid {
            let honest = check::receipt(honest_receipt().as_bytes(), Some(&keys), None, ISSUED);
            prop_assert_eq!(report.proved.receipt, honest.proved.receipt);
        }
    }
}
