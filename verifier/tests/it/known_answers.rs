//! Vectors computed by another implementation (Go, `golang.org/x/mod` 0.7.0).

use verifier::{
    LogTrust, Verdict, check,
    merkle::{Hash, leaf_hash, verify_consistency, verify_inclusion},
    note::{Checkpoint, KeyKind, SignedNote, VerifierKey},
};

use crate::{
    issuer::{Signer, checkpoint_text},
    tree::Tree,
};

const ORIGIN: &str = "log.example.cat/exchange/2026";
const VKEY: &str =
    "log.example.cat/exchange/2026+64f28e14+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4";
const ENTRIES: [&str; 5] = ["", "a", "bc", "entry-3", "entry-4"];
const LEAVES: [&str; 5] = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "022a6979e6dab7aa5ae4c3e5e45f7e977112a7e63593820dbec1ec738a24f93c",
    "4075b6a68556aaa03188190d906199743692269dd8556b034c418f194a70e188",
    "27479b6ab321d2ee477452f68ba527748e863cafe8fbd1df2bf89d1570d1b697",
    "194bb5a2d5bd10e5d1aa6fd5d42980b356caf1da623cd9987c4bfa2f81771ed7",
];
const ROOT_3: &str = "LpVHl4uNpWDsqvB6sYnWeZ7MU80vVsLwGGbQH3C3ik8=";
const ROOT_5: &str = "0gsdNMcxfJZQ+REHsvXRLHUjZ+jJICIbY/QqMpV12Ok=";
const INCLUSION_2_5: &[&str] = &[
    "J0ebarMh0u5HdFL2i6UndI6GPK/o+9HfK/idFXDRtpc=",
    "aI3GJEsEEZnnq0mQ32NAzj3BTKpc1aDhExrdqhIJ4aY=",
    "GUu1otW9EOXRqm/V1CmAs1bK8dpiPNmYfEv6L4F3Htc=",
];
const INCLUSION_4_5: &[&str] = &["MPfDI4bhMdpy/LO1mAqW9x1XRi3MJC8Y/1dXBKloUcU="];
const CONSISTENCY_3_5: &[&str] = &[
    "QHW2poVWqqAxiBkNkGGZdDaSJp3YVWsDTEGPGUpw4Yg=",
    "J0ebarMh0u5HdFL2i6UndI6GPK/o+9HfK/idFXDRtpc=",
    "aI3GJEsEEZnnq0mQ32NAzj3BTKpc1aDhExrdqhIJ4aY=",
    "GUu1otW9EOXRqm/V1CmAs1bK8dpiPNmYfEv6L4F3Htc=",
];
const LOG_LINE: &str = "— log.example.cat/exchange/2026 ZPKOFJBJaZHQRXm9qSfKucbdEMzq8tF6Zdm/611OaaJQadaY8MHU9WnhTb2WZ3V/s4A/Wno8ibaTlO1aodyueB1QGA8=\n";
const WITNESS_VKEY: &str =
    "witness.example.cat/w1+3331ce18+BCVDuS/xCVURR2rcg2nbbdyTNmWhGXjdoUBO4QZsqVWd";
const WITNESS_LINE: &str = "— witness.example.cat/w1 MzHOGAAAAABpVbkAgN/Jw356FTlana+p5PsvYz5bKKNUEo+KHfoyLRFopfqxx3QTGLNRBUc/0QtbAi64lmvSFqzrXg+hBZ1YLbrbAA==\n";

fn hash(text: &str) -> Hash {
    Hash::from_base64(text).unwrap()
}

fn hashes(texts: &[&str]) -> Vec<Hash> {
    texts.iter().copied().map(hash).collect()
}

fn key() -> VerifierKey {
    VKEY.parse().unwrap()
}

/// `first`, `first + 1`, … as 32 bytes.
fn seed(first: u8) -> [u8; 32] {
    std::array::from_fn(|n| first + u8::try_from(n).unwrap())
}

fn note() -> String {
    format!("{ORIGIN}\n5\n{ROOT_5}\n\n{LOG_LINE}{WITNESS_LINE}")
}

#[test]
fn entries_hash_to_the_known_leaves() {
    for (entry, leaf) in ENTRIES.iter().zip(LEAVES) {
        assert_eq!(leaf_hash(entry.as_bytes()).to_string(), leaf);
    }
}

#[test]
fn the_known_inclusion_proofs_hold() {
    for (index, path) in [(2, INCLUSION_2_5), (4, INCLUSION_4_5)] {
        let leaf = leaf_hash(ENTRIES[index].as_bytes());
        let index = u64::try_from(index).unwrap();
        assert_eq!(
            verify_inclusion(&leaf, index, 5, &hashes(path), &hash(ROOT_5)),
            Ok(())
        );
        assert!(verify_inclusion(&leaf, index, 5, &hashes(path), &hash(ROOT_3)).is_err());
        assert!(verify_inclusion(&leaf, index - 1, 5, &hashes(path), &hash(ROOT_5)).is_err());
    }
}

#[test]
fn the_known_consistency_proof_holds() {
    let path = hashes(CONSISTENCY_3_5);
    assert_eq!(
        verify_consistency(3, &hash(ROOT_3), 5, &hash(ROOT_5), &path),
        Ok(())
    );
    assert!(verify_consistency(3, &hash(ROOT_5), 5, &hash(ROOT_3), &path).is_err());
    assert!(verify_consistency(2, &hash(ROOT_3), 5, &hash(ROOT_5), &path).is_err());
}

#[test]
fn the_reference_tree_gives_the_known_roots_and_proofs() {
    let tree = Tree::of(
        ENTRIES
            .iter()
            .map(|entry| leaf_hash(entry.as_bytes()))
            .collect(),
    );
    assert_eq!(tree.root(3), hash(ROOT_3));
    assert_eq!(tree.root(5), hash(ROOT_5));
    assert_eq!(tree.inclusion(2, 5), hashes(INCLUSION_2_5));
    assert_eq!(tree.inclusion(4, 5), hashes(INCLUSION_4_5));
    assert_eq!(tree.consistency(3, 5), hashes(CONSISTENCY_3_5));
}

#[test]
fn the_known_checkpoint_signature_holds() {
    let note = note();
    let note = SignedNote::parse(&note).unwrap();
    assert_eq!(note.verify(&key()), Ok(()));
    let tree = Checkpoint::parse(note.text()).unwrap();
    assert_eq!(
        (tree.origin.as_str(), tree.size, tree.root),
        (ORIGIN, 5, hash(ROOT_5))
    );
}

#[test]
fn the_known_cosignature_holds_and_tells_its_time() {
    let note = note();
    let note = SignedNote::parse(&note).unwrap();
    let witness: VerifierKey = WITNESS_VKEY.parse().unwrap();
    assert_eq!(witness.kind, KeyKind::Cosigner);
    assert_eq!(note.cosigned_at(&witness), Ok(Some(1_767_225_600)));
}

#[test]
fn the_test_double_signs_exactly_the_known_lines() {
    let text = checkpoint_text(ORIGIN, 5, &hash(ROOT_5));
    let log = Signer::of(ORIGIN, 0x01, seed(0));
    assert_eq!(
        (log.vkey().as_str(), log.line(&text).as_str()),
        (VKEY, LOG_LINE)
    );
    let witness = Signer::of("witness.example.cat/w1", 0x04, seed(0x40));
    assert_eq!(witness.vkey(), WITNESS_VKEY);
    assert_eq!(witness.cosignature(&text, 1_767_225_600), WITNESS_LINE);
}

#[test]
fn the_known_files_pass_the_whole_check() {
    let log = Signer::of(ORIGIN, 0x01, seed(0));
    let old_text = checkpoint_text(ORIGIN, 3, &hash(ROOT_3));
    let old = format!("{old_text}\n{}", log.line(&old_text));
    let proof = CONSISTENCY_3_5.join("\n") + "\n";
    let trust = LogTrust::in_key(key());
    let report = check::consistency(old.as_bytes(), note().as_bytes(), proof.as_bytes(), &trust);
    assert_eq!(report.verdict(), Verdict::Valid, "{:?}", report.defect);
}
