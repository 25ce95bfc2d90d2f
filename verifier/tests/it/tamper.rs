//! Each part of a proof, bent alone: found, and called by its name.

use ::base64::{Engine, prelude::BASE64_STANDARD};
use verifier::{Report, Verdict, check, merkle::Hash};

use crate::{
    issuer::{
        ORIGIN, Proof, Signer, base64, checkpoint_text, commitment, consent, intent, leaf,
        log_signer,
    },
    tree::Tree,
};

/// What comes of an honest proof after `bend`.
fn after(bend: impl FnOnce(&mut Proof)) -> Report {
    let mut proof = Proof::intent();
    bend(&mut proof);
    check::proof(proof.file().as_bytes(), &log_signer().trust())
}

fn code(report: &Report) -> &'static str {
    report
        .defect
        .as_ref()
        .map_or("valid", |defect| defect.code())
}

fn steps(report: &Report) -> Vec<&'static str> {
    report.steps.iter().map(|step| step.step).collect()
}

#[test]
fn an_honest_proof_is_valid_and_tells_what_it_proves() {
    let report = after(|_| ());
    assert_eq!(report.verdict(), Verdict::Valid);
    assert_eq!(steps(&report), ["opening", "inclusion", "signature"]);
    let place = report.proved.place.unwrap();
    assert_eq!(
        (place.origin.as_str(), place.index, place.tree_size),
        (ORIGIN, 5, 11)
    );
    assert_eq!(
        report.proved.entry.unwrap().sentence(),
        "At 2026-11-22 16:05:03.123456 UTC, a request to a source was recorded before it was sent \
         (intent), product AEAT_IRPF/C4, number 7 of those about this person."
    );
}

#[test]
fn another_payload_is_a_commitment_mismatch() {
    for (from, to) in [
        ("C4", "C2"),
        ("\"counter\":7", "\"counter\":8"),
        ("intent", "outcome"),
        ("}", ""),
    ] {
        let bent = after(|proof| proof.payload = Some(intent().replace(from, to)));
        assert_eq!(code(&bent), "LOG-COMMITMENT-MISMATCH", "{from} to {to}");
        assert!(steps(&bent).is_empty());
    }
}

#[test]
fn another_key_is_a_commitment_mismatch() {
    for byte in 0..32 {
        let bent = after(|proof| proof.key.as_mut().unwrap()[byte] ^= 0x80);
        assert_eq!(code(&bent), "LOG-COMMITMENT-MISMATCH", "byte {byte}");
    }
}

#[test]
fn another_commitment_in_the_leaf_is_a_commitment_mismatch() {
    for byte in 0..32 {
        let mut c = commitment(&intent());
        c[byte] ^= 1;
        let bent = after(|proof| proof.leaf = leaf("intent", &c));
        assert_eq!(code(&bent), "LOG-COMMITMENT-MISMATCH", "byte {byte}");
    }
}

#[test]
fn other_public_words_in_the_leaf_are_a_leaf_mismatch() {
    for (from, to) in [("intent", "release"), ("16:05Z", "16:06Z")] {
        let bent = after(|proof| proof.leaf = proof.leaf.replace(from, to));
        assert_eq!(code(&bent), "LOG-LEAF-MISMATCH", "{from} to {to}");
    }
}

#[test]
fn a_log_that_labels_an_entry_wrongly_is_found_even_when_it_signs() {
    let payload = consent("consent-withdrawn", "withdrawn");
    let mut proof = Proof::of("consent-granted", payload, 2, 5);
    let report = check::proof(proof.file().as_bytes(), &log_signer().trust());
    assert_eq!(code(&report), "LOG-LEAF-MISMATCH");
    // Without the opening the lie is not visible, and nothing is claimed about the content.
    (proof.payload, proof.key) = (None, None);
    let report = check::proof(proof.file().as_bytes(), &log_signer().trust());
    assert_eq!(report.verdict(), Verdict::Valid);
    assert_eq!(report.proved.entry, None);
}

#[test]
fn a_leaf_in_another_spelling_is_malformed() {
    for (from, to) in [
        ("\"v\":1", "\"v\": 1"),
        ("Z\",\"v\":1", "Z\",\"v\":1,\"x\":1"),
        ("intent", "Intent"),
    ] {
        let bent = after(|proof| proof.leaf = proof.leaf.replace(from, to));
        assert_eq!(code(&bent), "LOG-LEAF-FORMAT", "{from} to {to}");
        assert_eq!(bent.verdict(), Verdict::Malformed);
    }
}

#[test]
fn another_entry_of_the_same_log_is_not_included_here() {
    let payload = intent().replace("C4", "C2");
    let bent = after(|proof| {
        proof.leaf = leaf("intent", &commitment(&payload));
        proof.payload = Some(payload);
    });
    assert_eq!(code(&bent), "LOG-INCLUSION");
    assert_eq!(steps(&bent), ["opening"]);
}

#[test]
fn another_index_is_not_where_the_entry_is() {
    for index in (0..13).filter(|index| *index != 5) {
        assert_eq!(
            code(&after(|proof| proof.index = index)),
            "LOG-INCLUSION",
            "index {index}"
        );
    }
}

#[test]
fn any_bent_missing_added_or_swapped_hash_breaks_inclusion() {
    let count = Proof::intent().hashes.len();
    assert_eq!(count, 4);
    for at in 0..count {
        for bit in [0, 100, 255] {
            let bent = after(|proof| proof.hashes[at].0[bit / 8] ^= 1 << (bit % 8));
            assert_eq!(code(&bent), "LOG-INCLUSION", "hash {at}, bit {bit}");
        }
        let dropped =
            after(|proof| proof.hashes = [&proof.hashes[..at], &proof.hashes[at + 1..]].concat());
        assert_eq!(code(&dropped), "LOG-INCLUSION", "without hash {at}");
        let swapped = after(|proof| proof.hashes.swap(at, (at + 1) % count));
        assert_eq!(code(&swapped), "LOG-INCLUSION", "hash {at} moved");
    }
    assert_eq!(
        code(&after(|proof| proof.hashes.push(Hash([0; 32])))),
        "LOG-INCLUSION"
    );
}

#[test]
fn another_root_breaks_inclusion() {
    for byte in 0..32 {
        let bent = after(|proof| {
            let mut root = Hash::from_base64(proof.text.lines().nth(2).unwrap()).unwrap();
            root.0[byte] ^= 1;
            proof.text = checkpoint_text(ORIGIN, 11, &root);
        });
        assert_eq!(code(&bent), "LOG-INCLUSION", "byte {byte}");
    }
}

#[test]
fn another_size_breaks_inclusion_or_the_signature() {
    for size in (0..70).filter(|size| *size != 11) {
        let bent = after(|proof| proof.text = proof.text.replace("\n11\n", &format!("\n{size}\n")));
        // From 9 to 16 entries, entry 5 has a path of the same shape: only the signature tells.
        let expected = if (9..=16).contains(&size) {
            "NOTE-SIGNATURE"
        } else {
            "LOG-INCLUSION"
        };
        assert_eq!(code(&bent), expected, "size {size}");
    }
}

#[test]
fn another_origin_or_an_added_line_breaks_the_signature() {
    let origin = after(|proof| proof.text = proof.text.replace("2026", "2027"));
    assert_eq!(code(&origin), "NOTE-SIGNATURE");
    let line = after(|proof| proof.text += "extension\n");
    assert_eq!(code(&line), "NOTE-SIGNATURE");
    assert_eq!(steps(&line), ["opening", "inclusion"]);
}

#[test]
fn any_bent_byte_of_the_signature_is_found() {
    let line = Proof::intent().signatures;
    let (start, encoded) = line.trim_end().rsplit_once(' ').unwrap();
    let bytes = BASE64_STANDARD.decode(encoded).unwrap();
    for byte in 0..bytes.len() {
        let mut bytes = bytes.clone();
        bytes[byte] ^= 1;
        let bent = after(|proof| proof.signatures = format!("{start} {}\n", base64(&bytes)));
        // The first four bytes name the key, the others are the signature.
        let expected = if byte < 4 {
            "NOTE-UNKNOWN-KEY"
        } else {
            "NOTE-SIGNATURE"
        };
        assert_eq!(code(&bent), expected, "byte {byte}");
    }
}

#[test]
fn a_forged_tree_signed_by_somebody_else_is_not_vouched_for() {
    let stranger = Signer::log(ORIGIN, 9);
    let forged = after(|proof| proof.signatures = stranger.line(&proof.text));
    assert_eq!(code(&forged), "NOTE-UNKNOWN-KEY");
    assert_eq!(forged.verdict(), Verdict::CannotTell);
    assert_eq!(forged.proved.entry, None);
}

#[test]
fn one_failing_line_of_the_known_key_spoils_the_good_one() {
    let bent = after(|proof| proof.signatures += &log_signer().line("other\n"));
    assert_eq!(code(&bent), "NOTE-SIGNATURE");
}

#[test]
fn lines_of_unknown_keys_are_ignored() {
    let other = Signer::log("other.example/log", 9);
    let more = after(|proof| proof.signatures += &other.line("anything\n"));
    assert_eq!(code(&more), "valid");
}

#[test]
fn a_key_signs_only_for_the_log_it_is_named_after() {
    let elsewhere = Signer::log("gateway.example.cat/exchange/2025", 1);
    let mut proof = Proof::intent();
    proof.signatures = elsewhere.line(&proof.text);
    let report = check::proof(proof.file().as_bytes(), &elsewhere.trust());
    assert_eq!(code(&report), "NOTE-ORIGIN");
}

#[test]
fn without_a_key_nothing_is_claimed() {
    let report = check::proof(
        Proof::intent().file().as_bytes(),
        &verifier::LogTrust::default(),
    );
    assert_eq!(code(&report), "NOTE-NO-KEY");
    assert_eq!(report.verdict(), Verdict::CannotTell);
    assert_eq!(steps(&report), ["opening", "inclusion"]);
    assert_eq!(report.proved.entry, None);
}

#[test]
fn a_proof_whose_content_was_erased_still_proves_its_leaf() {
    let report = after(|proof| (proof.payload, proof.key) = (None, None));
    assert_eq!(report.verdict(), Verdict::Valid);
    assert_eq!(steps(&report), ["inclusion", "signature"]);
    assert_eq!(
        report.notes,
        [
            "The content (intent, 2026-11-22T16:05Z) is not in the proof: it was erased or is withheld."
        ]
    );
    assert_eq!(report.proved.entry, None);
}

#[test]
fn half_an_opening_is_malformed() {
    assert_eq!(code(&after(|proof| proof.key = None)), "LOG-OPENING-FORMAT");
    assert_eq!(
        code(&after(|proof| proof.payload = None)),
        "LOG-OPENING-FORMAT"
    );
    assert_eq!(
        code(&after(|proof| proof.key = Some(vec![7; 31]))),
        "LOG-OPENING-FORMAT"
    );
}

#[test]
fn a_committed_payload_that_two_readers_could_read_differently_is_refused() {
    for (payload, expected) in [
        (
            intent().replace("\"v\":1", "\"v\":1,\"v\":1"),
            "LOG-PAYLOAD-FORMAT",
        ),
        (intent().replace("\"v\":1", "\"v\":2"), "LOG-VERSION"),
        (intent().replace("\"v\":1", "\"w\":1"), "LOG-VERSION"),
        (
            intent().replace("2026-11-22T", "2026-11-22 "),
            "LOG-PAYLOAD-FORMAT",
        ),
        ("[]".to_owned(), "LOG-PAYLOAD-FORMAT"),
    ] {
        let proof = Proof::of("intent", payload, 0, 1);
        let report = check::proof(proof.file().as_bytes(), &log_signer().trust());
        assert_eq!(code(&report), expected);
    }
}

#[test]
fn what_a_payload_says_cannot_steer_the_terminal() {
    let payload = intent().replace("AEAT_IRPF/C4", r"\u001b[2J\u202eC4\nvalid:");
    let proof = Proof::of("intent", payload, 3, 9);
    let report = check::proof(proof.file().as_bytes(), &log_signer().trust());
    let sentence = report.proved.entry.unwrap().sentence();
    assert!(
        sentence.contains(r"product \u{1b}[2J\u{202e}C4\nvalid:"),
        "{sentence}"
    );
}

/// Two checkpoints of one log and the proof between them.
fn grown(old: (usize, &Tree), new: (usize, &Tree), proof: &[Hash]) -> Report {
    let note = |(size, tree): (usize, &Tree)| {
        let text = checkpoint_text(ORIGIN, size, &tree.root(size));
        format!("{text}\n{}", log_signer().line(&text))
    };
    let lines: String = proof.iter().map(|h| base64(h.0) + "\n").collect();
    let (old, new) = (note(old), note(new));
    check::consistency(
        old.as_bytes(),
        new.as_bytes(),
        lines.as_bytes(),
        &log_signer().trust(),
    )
}

#[test]
fn honest_growth_is_valid() {
    let tree = Tree::numbered(30);
    let report = grown((13, &tree), (30, &tree), &tree.consistency(13, 30));
    assert_eq!(report.verdict(), Verdict::Valid);
    assert_eq!(steps(&report), ["signature", "signature", "consistency"]);
    assert_eq!(code(&grown((30, &tree), (30, &tree), &[])), "valid");
}

#[test]
fn a_changed_cut_or_forked_history_is_called_by_its_name() {
    let honest = Tree::numbered(30);
    let other = Tree::of((100..130).map(|n| Tree::numbered(131).leaf(n)).collect());
    let proof = other.consistency(13, 30);
    assert_eq!(
        code(&grown((13, &honest), (30, &other), &proof)),
        "LOG-CONSISTENCY"
    );
    assert_eq!(
        code(&grown((30, &honest), (30, &other), &[])),
        "LOG-SPLIT-VIEW"
    );
    assert_eq!(
        code(&grown((30, &honest), (13, &honest), &[])),
        "LOG-ROLLBACK"
    );
}

#[test]
fn only_signed_checkpoints_of_one_log_are_compared() {
    let tree = Tree::numbered(9);
    let text = checkpoint_text(ORIGIN, 9, &tree.root(9));
    let signed = format!("{text}\n{}", log_signer().line(&text));
    let unsigned = format!("{text}\n{}", Signer::log("a.example/b", 9).line(&text));
    let trust = log_signer().trust();
    let run = |old: &str, new: &str| {
        code(&check::consistency(
            old.as_bytes(),
            new.as_bytes(),
            b"",
            &trust,
        ))
    };
    assert_eq!(run(&signed, &signed), "valid");
    assert_eq!(run(&unsigned, &signed), "NOTE-UNKNOWN-KEY");
    assert_eq!(run(&signed, &unsigned), "NOTE-UNKNOWN-KEY");
    assert_eq!(
        run(&signed, &signed.replacen("\n9\n", "\n8\n", 1)),
        "NOTE-SIGNATURE"
    );
}
