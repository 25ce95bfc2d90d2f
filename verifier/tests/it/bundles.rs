//! Bundles of evidence, and receipts whose key is no longer in use.

use proptest::prelude::*;
use serde_json::{Value, json};
use verifier::{
    Earlier, LogTrust, Report, Verdict, bundle, check, merkle::leaf_hash, receipt::KeySet,
};

use crate::{
    issuer::{
        ENTRY_KEY, ISSUED, ORIGIN, Signer, base64, checkpoint_text, claims, commitment, header,
        jwks, jws, leaf, log_signer,
    },
    tree::Tree,
};

const NOTICE: &str = "# Avís\n\nQuè demanem i per a què.\n";
const PERSON: &str = "p-1f2e3d";

fn digest() -> String {
    use aws_lc_rs::digest::{SHA256, digest};
    format!(
        "sha-256:{}",
        hex::encode(digest(&SHA256, NOTICE.as_bytes()))
    )
}

fn notice() -> Value {
    json!({"id": "mgs", "version": 1, "language": "ca", "digest": digest()})
}

fn who() -> Value {
    json!({"kind": "self", "level": "substantial", "method": "idcatmobil"})
}

/// Items as the issuer's receipts state them.
fn items() -> Value {
    claims("granted-and-refused", &leaf_hash(b""))["items"].clone()
}

/// The payloads of the five records, as the gateway writes them.
fn payloads() -> Vec<(&'static str, Value)> {
    let common = |kind: &str, second: u8, rest: Value| {
        let mut payload = json!({"v": 1, "kind": kind, "subject": PERSON,
            "at": format!("2026-11-22T16:05:{second:02}.000000Z")});
        let more = rest.as_object().unwrap().clone();
        payload.as_object_mut().unwrap().extend(more);
        payload
    };
    vec![
        (
            "notice-served",
            common(
                "notice-served",
                1,
                json!({"served": "s1", "notice": notice()}),
            ),
        ),
        (
            "decision",
            common(
                "consent-granted",
                4,
                json!({"receipt": "r-0001", "event": "granted-and-refused", "items": items(),
                    "purpose": "social-aid-recommendation", "indicated_by": who()}),
            ),
        ),
        (
            "intent",
            common(
                "intent",
                10,
                json!({"exchange": "x1", "body": "b", "purpose": "social-aid-recommendation",
                    "product": "AEAT_IRPF/C4", "source": "AEAT", "request_sha256": "aa",
                    "counter": 1, "consent": {"item": "i1", "receipt": "r-0001", "seq": 1}}),
            ),
        ),
        (
            "outcome",
            common(
                "outcome",
                11,
                json!({"exchange": "x1", "result": "ok", "used": true, "counter": 2}),
            ),
        ),
        (
            "release",
            common(
                "release",
                12,
                json!({"exchanges": ["x1"], "recipient": "r", "counter": 3}),
            ),
        ),
    ]
}

/// A log whose entries 3 to 7 are the records of one exchange, and the bundle about it.
struct Evidence {
    tree: Tree,
    bundle: Value,
}

const FIRST: usize = 3;
const SIZE: usize = 20;

fn evidence() -> Evidence {
    evidence_of(&payloads())
}

fn evidence_of(payloads: &[(&'static str, Value)]) -> Evidence {
    let texts: Vec<_> = payloads
        .iter()
        .map(|(_, payload)| payload.to_string())
        .collect();
    let leaves: Vec<_> = payloads
        .iter()
        .zip(&texts)
        .map(|((_, payload), text)| leaf(payload["kind"].as_str().unwrap(), &commitment(text)))
        .collect();
    let others = Tree::numbered(SIZE);
    let hash = |n: usize| match n.checked_sub(FIRST).and_then(|n| leaves.get(n)) {
        Some(leaf) => leaf_hash(leaf.as_bytes()),
        None => others.leaf(n),
    };
    let tree = Tree::of((0..SIZE).map(hash).collect());
    let text = checkpoint_text(ORIGIN, SIZE, &tree.root(SIZE));
    let proof = |n: usize| {
        let extra = format!(
            r#"{{"leaf":"{}","payload":"{}","key":"{}"}}"#,
            base64(&leaves[n]),
            base64(&texts[n]),
            base64(ENTRY_KEY)
        );
        let hashes: String = tree
            .inclusion(FIRST + n, SIZE)
            .iter()
            .map(|hash| base64(hash.0) + "\n")
            .collect();
        format!(
            "c2sp.org/tlog-proof@v1\nextra {}\nindex {}\n{hashes}\n{text}\n{}",
            base64(extra),
            FIRST + n,
            log_signer().line(&text)
        )
    };
    let record =
        |n: usize| json!({"entry": format!("e{n}"), "payload": payloads[n].1, "proof": proof(n)});
    let mut receipt = claims("granted-and-refused", &leaf_hash(leaves[1].as_bytes()));
    receipt["notice"] = notice();
    receipt["items"] = payloads[1].1["items"].clone();
    let mut shown = notice();
    for (member, value) in [
        ("text", NOTICE),
        ("served", "s1"),
        ("served_at", "2026-11-22T16:05:01Z"),
        ("channel", "pages"),
    ] {
        shown[member] = json!(value);
    }
    let bundle = json!({
        "schema": bundle::SCHEMA,
        "status": "complete",
        "missing": [],
        "exchange": {"exchange": "x1", "body": "b", "purpose": "social-aid-recommendation",
            "product": "AEAT_IRPF/C4", "source": "AEAT", "request_sha256": "aa", "result": "ok",
            "used": true},
        "notice": shown,
        "decision": {"item": "i1", "product": "AEAT_IRPF/C4", "decision": "granted", "seq": 1,
            "at": "2026-11-22T16:05:04Z", "valid_until": payloads[1].1["items"][0]["valid_until"]},
        "authentication": {"indicated_by": who(), "login": "l1", "decided_at": "2026-11-22T16:05:04Z",
            "shown": {"served": "s1", "notice": "mgs", "version": 1, "language": "ca",
                "digest": digest()}},
        "receipt": {"id": "r-0001", "jws": jws(&header(), &receipt), "key": jwks()["keys"][1]},
        "records": {"notice-served": record(0), "decision": record(1), "intent": record(2),
            "outcome": record(3), "releases": [record(4)]},
    });
    Evidence { tree, bundle }
}

fn keys_in(state: &Value) -> KeySet {
    let mut set = jwks();
    let members = state.as_object().unwrap().clone();
    set["keys"][1].as_object_mut().unwrap().extend(members);
    KeySet::parse(set.to_string().as_bytes()).unwrap()
}

fn checked(bundle: &Value, keys: &KeySet, trust: &LogTrust) -> Report {
    bundle::check(
        bundle.to_string().as_bytes(),
        Some(keys),
        trust,
        ISSUED + 60,
    )
}

fn plainly(bundle: &Value) -> Report {
    checked(bundle, &keys_in(&json!({})), &log_signer().trust())
}

fn named(report: &Report) -> Vec<(&str, &'static str)> {
    let failures = report.failures.iter();
    failures
        .map(|one| (one.part.as_str(), one.defect.code()))
        .collect()
}

#[test]
fn an_honest_bundle_is_valid_and_says_so_in_one_line() {
    let report = plainly(&evidence().bundle);
    assert_eq!(report.verdict(), Verdict::Valid, "{report:?}");
    assert_eq!(
        report.proved.headline,
        "the evidence of exchange x1 is whole"
    );
    assert_eq!(
        report
            .steps
            .iter()
            .filter(|step| step.step == "record")
            .count(),
        6
    );
}

#[test]
fn every_failure_is_named_and_not_the_first_alone() {
    let mut bundle = evidence().bundle;
    bundle["notice"]["text"] = json!("another text");
    bundle["records"]["outcome"]["payload"]["result"] = json!("error");
    bundle["receipt"].as_object_mut().unwrap().remove("key");
    bundle["status"] = json!("incomplete");
    let report = plainly(&bundle);
    assert_eq!(report.verdict(), Verdict::NotValid);
    assert_eq!(
        named(&report),
        [
            ("records.outcome.payload", "BUNDLE-MISMATCH"),
            ("receipt.key", "BUNDLE-INCOMPLETE"),
            ("notice.text", "BUNDLE-NOTICE-DIGEST"),
        ]
    );
    assert_eq!(report.proved.receipt, None, "nothing is claimed");
}

#[test]
fn a_log_that_signs_records_that_do_not_fit_together_is_found_out() {
    type Bend = fn(&mut Value);
    let bends: [(usize, Bend, &str); 9] = [
        (0, |served| served["served"] = json!("s2"), "notice.served"),
        (0, |served| served["notice"]["version"] = json!(2), "notice"),
        (
            1,
            |decision| decision["indicated_by"]["level"] = json!("low"),
            "authentication.indicated_by",
        ),
        (
            2,
            |intent| intent["consent"]["receipt"] = json!("r-0002"),
            "decision",
        ),
        (
            2,
            |intent| intent["consent"]["item"] = json!("i2"),
            "decision",
        ),
        (
            2,
            |intent| intent["at"] = json!("2026-11-22T16:05:02.000000Z"),
            "decision",
        ),
        (
            2,
            |intent| intent["request_sha256"] = json!("bb"),
            "exchange.request_sha256",
        ),
        (
            4,
            |release| release["exchanges"] = json!(["x2"]),
            "records.releases[0]",
        ),
        (
            3,
            |outcome| outcome["subject"] = json!("another"),
            "records.outcome",
        ),
    ];
    for (record, bend, part) in bends {
        let mut payloads = payloads();
        bend(&mut payloads[record].1);
        let report = plainly(&evidence_of(&payloads).bundle);
        assert_eq!(report.verdict(), Verdict::NotValid, "{part}: {report:?}");
        assert!(
            named(&report).contains(&(part, "BUNDLE-MISMATCH")),
            "{part}: {report:?}"
        );
    }
}

#[test]
fn a_grant_that_was_over_when_the_source_was_asked_does_not_cover_it() {
    let mut payloads = payloads();
    payloads[1].1["items"][0]["valid_until"] = json!("2026-11-22T16:05:09Z");
    let report = plainly(&evidence_of(&payloads).bundle);
    assert_eq!(named(&report), [("decision", "BUNDLE-MISMATCH")]);
    assert_eq!(report.verdict(), Verdict::NotValid, "{report:?}");
}

#[test]
fn what_is_no_bundle_is_malformed() {
    for file in [json!({}), json!({"schema": "another"}), json!([])] {
        let report = plainly(&file);
        assert_eq!(report.verdict(), Verdict::Malformed, "{file}");
    }
    let none =
        json!({"schema": bundle::SCHEMA, "exchange": {"exchange": "x1"}, "status": "incomplete"});
    assert_eq!(
        plainly(&none).verdict(),
        Verdict::CannotTell,
        "it is there, and empty"
    );
}

#[test]
fn without_a_key_of_log_or_receipt_a_bundle_cannot_be_told() {
    let bundle = evidence().bundle;
    let report = checked(&bundle, &keys_in(&json!({})), &LogTrust::default());
    assert_eq!(report.verdict(), Verdict::CannotTell);
    let file = bundle.to_string();
    let report = bundle::check(file.as_bytes(), None, &log_signer().trust(), ISSUED);
    assert_eq!(report.verdict(), Verdict::CannotTell);
}

/// A checkpoint of the first `size` entries, and its tie to the newest.
fn earlier(tree: &Tree, size: usize, cosigned: &str) -> Earlier {
    let text = checkpoint_text(ORIGIN, size, &tree.root(size));
    let hashes = tree.consistency(size, SIZE);
    let growth: String = hashes.iter().map(|hash| base64(hash.0) + "\n").collect();
    Earlier {
        checkpoint: format!("{text}\n{}{cosigned}", log_signer().line(&text)).into_bytes(),
        growth: Some(growth.into_bytes()),
    }
}

fn knowing(earlier: Earlier) -> LogTrust {
    LogTrust {
        earlier: Some(earlier),
        ..log_signer().trust()
    }
}

fn compromised() -> KeySet {
    keys_in(&json!({"state": "compromised", "compromised_since": ISSUED + 30}))
}

#[test]
fn con_17_a_retired_key_verifies_what_it_signed_and_nothing_later() {
    let bundle = evidence().bundle;
    let retired = |at: u64| keys_in(&json!({"state": "retired", "not_after": at}));
    let trust = log_signer().trust();
    assert_eq!(
        checked(&bundle, &retired(ISSUED), &trust).verdict(),
        Verdict::Valid
    );
    let late = checked(&bundle, &retired(ISSUED - 301), &trust);
    assert_eq!(named(&late), [("receipt.jws", "RCPT-KEY-RETIRED")]);
    assert_eq!(late.verdict(), Verdict::NotValid);
}

#[test]
fn con_17_a_state_without_its_time_or_unknown_is_malformed() {
    let bundle = evidence().bundle;
    for state in [
        json!({"state": "retired"}),
        json!({"state": "compromised", "compromised_since": "2026"}),
        json!({"state": "sold"}),
        json!({"state": 1}),
    ] {
        let report = checked(&bundle, &keys_in(&state), &log_signer().trust());
        assert_eq!(named(&report), [("receipt.jws", "JWKS-FORMAT")]);
    }
}

#[test]
fn con_17_a_compromised_key_is_valid_below_a_checkpoint_from_before_and_else_indeterminate() {
    let Evidence { tree, bundle } = evidence();
    let decision = FIRST + 1;
    let with = |trust: &LogTrust| {
        let report = checked(&bundle, &compromised(), trust);
        let code = report
            .defect
            .as_ref()
            .map_or("valid", |defect| defect.code());
        (code, report.verdict())
    };
    let indeterminate = Verdict::Indeterminate;
    let alone = with(&log_signer().trust());
    assert_eq!(alone, ("RCPT-KEY-COMPROMISED", indeterminate));
    for size in 1..=SIZE {
        let known = with(&knowing(earlier(&tree, size, "")));
        let expected = if size > decision {
            ("valid", Verdict::Valid)
        } else {
            ("RCPT-NOT-BEFORE", indeterminate)
        };
        assert_eq!(known, expected, "{size}");
    }
    let mut untied = earlier(&tree, 10, "");
    untied.growth = None;
    assert_eq!(with(&knowing(untied)), ("GROWTH-MISSING", indeterminate));
    let mut same = earlier(&tree, SIZE, "");
    same.growth = None;
    assert_eq!(
        with(&knowing(same)).0,
        "valid",
        "the very tree of the proof"
    );
    // A tree that never was this log's.
    let other = earlier(&Tree::numbered(SIZE), 10, "");
    assert_eq!(
        with(&knowing(other)),
        ("LOG-CONSISTENCY", Verdict::NotValid)
    );
    assert_eq!(indeterminate.exit_code(), 6);
    assert_eq!(indeterminate.as_str(), "indeterminate");
}

#[test]
fn con_17_a_witness_says_when_the_checkpoint_from_before_was_seen() {
    let Evidence { tree, bundle } = evidence();
    let witness = Signer::of("witness.example.cat/w1", 0x04, [9; 32]);
    let text = checkpoint_text(ORIGIN, SIZE, &tree.root(SIZE));
    let seen = |time: u64| {
        let trust = LogTrust {
            witnesses: vec![witness.vkey().parse().unwrap()],
            earlier: Some(earlier(&tree, SIZE, &witness.cosignature(&text, time))),
            ..log_signer().trust()
        };
        let file = bundle["receipt"]["jws"].as_str().unwrap();
        let proof = bundle["records"]["decision"]["proof"].as_str().unwrap();
        let proof = format!("{proof}{}", witness.cosignature(&text, time));
        let log = Some((proof.as_bytes(), &trust));
        let report = check::receipt(file.as_bytes(), Some(&compromised()), log, ISSUED + 60);
        report.defect.map_or("valid", |defect| defect.code())
    };
    assert_eq!(seen(ISSUED + 29), "valid");
    assert_eq!(seen(ISSUED + 30), "WITNESS-LATE");
}

#[test]
fn con_17_without_a_proof_a_receipt_of_a_compromised_key_is_indeterminate() {
    let bundle = evidence().bundle;
    let file = bundle["receipt"]["jws"].as_str().unwrap();
    let report = check::receipt(file.as_bytes(), Some(&compromised()), None, ISSUED + 60);
    assert_eq!(report.verdict(), Verdict::Indeterminate);
    let mut bundle = bundle.clone();
    bundle["records"]
        .as_object_mut()
        .unwrap()
        .remove("decision");
    bundle["status"] = json!("incomplete");
    let report = checked(&bundle, &compromised(), &log_signer().trust());
    assert!(named(&report).contains(&("receipt.jws", "RCPT-KEY-COMPROMISED")));
}

#[test]
fn the_program_ends_with_the_code_of_the_verdict_and_a_line_for_each_failure() {
    let folder = tempfile::tempdir().unwrap();
    let Evidence { tree, mut bundle } = evidence();
    let write =
        |name: &str, content: &[u8]| std::fs::write(folder.path().join(name), content).unwrap();
    let mut stolen = jwks();
    stolen["keys"][1]["state"] = json!("compromised");
    stolen["keys"][1]["compromised_since"] = json!(ISSUED + 30);
    let Earlier { checkpoint, growth } = earlier(&tree, 10, "");
    write("evidence.json", bundle.to_string().as_bytes());
    write("jwks.json", jwks().to_string().as_bytes());
    write("stolen.json", stolen.to_string().as_bytes());
    write("log.vkey", log_signer().vkey().as_bytes());
    write("old.checkpoint", &checkpoint);
    write("growth.txt", &growth.unwrap());
    bundle["notice"]["text"] = json!("another");
    bundle["decision"]["item"] = json!("i9");
    write("bent.json", bundle.to_string().as_bytes());
    let run = |arguments: &str| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_verifier"));
        let arguments = arguments.split_whitespace();
        let ended = command
            .args(arguments)
            .current_dir(folder.path())
            .output()
            .unwrap();
        (
            ended.status.code().unwrap(),
            String::from_utf8(ended.stdout).unwrap(),
        )
    };
    let (code, said) = run("bundle evidence.json --jwks jwks.json --key-file log.vkey");
    assert_eq!(code, 0, "{said}");
    assert!(
        said.starts_with("valid: the evidence of exchange x1 is whole\n"),
        "{said}"
    );
    let (code, said) = run("bundle evidence.json --jwks stolen.json --key-file log.vkey");
    assert_eq!(code, 6, "{said}");
    assert!(
        said.starts_with("indeterminate: RCPT-KEY-COMPROMISED"),
        "{said}"
    );
    let before = "--before old.checkpoint --growth growth.txt";
    let (code, said) = run(&format!(
        "bundle evidence.json --jwks stolen.json --key-file log.vkey {before}"
    ));
    assert_eq!(code, 0, "{said}");
    let (code, said) = run("bundle bent.json --jwks jwks.json --key-file log.vkey");
    assert_eq!(code, 1, "{said}");
    assert_eq!(
        said.lines()
            .filter(|line| line.starts_with("  NO  "))
            .count(),
        2,
        "{said}"
    );
    let (code, said) = run("bundle bent.json --jwks jwks.json --key-file log.vkey --json");
    assert_eq!(code, 1);
    let said: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(said["failures"][0]["part"], "notice.text");
}

proptest! {
    /// CON-17: one bit, in the receipt, its proof, the checkpoint from before or the tie between them.
    #[test]
    fn con_17_a_flipped_bit_anywhere_never_gives_valid(
        file in 0_usize..4, at in any::<prop::sample::Index>(), bit in 0_u8..8,
    ) {
        let Evidence { tree, bundle } = evidence();
        let earlier = earlier(&tree, 10, "");
        let text = |value: &Value| value.as_str().unwrap().as_bytes().to_vec();
        let mut files = [
            text(&bundle["receipt"]["jws"]),
            text(&bundle["records"]["decision"]["proof"]),
            earlier.checkpoint,
            earlier.growth.unwrap(),
        ];
        let verdict = |[receipt, proof, checkpoint, growth]: [Vec<u8>; 4]| {
            let trust = knowing(Earlier { checkpoint, growth: Some(growth) });
            let log = Some((proof.as_slice(), &trust));
            check::receipt(&receipt, Some(&compromised()), log, ISSUED + 60).verdict()
        };
        prop_assert_eq!(verdict(files.clone()), Verdict::Valid);
        let place = at.index(files[file].len());
        files[file][place] ^= 1 << bit;
        prop_assert_ne!(verdict(files), Verdict::Valid);
    }
}
