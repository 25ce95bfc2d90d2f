//! The program itself: exit codes, what is printed where, and the stable JSON.

use std::{
    fs,
    io::Write,
    path::PathBuf,
    process::{Command, Output, Stdio},
};

use serde_json::Value;
use tempfile::TempDir;

use crate::{
    issuer::{
        ORIGIN, Proof, base64, checkpoint_text, claims, consent, header, jwks, jws, log_signer,
    },
    tree::Tree,
};

/// A folder with everything a citizen may have saved.
struct Saved(TempDir);

impl Saved {
    fn new() -> Self {
        let saved = Self(tempfile::tempdir().unwrap());
        let proof = Proof::of(
            "consent-granted",
            consent("consent-granted", "granted-and-refused"),
            4,
            7,
        );
        let receipt = jws(&header(), &claims("granted-and-refused", &proof.leaf_hash));
        saved.write("entry.tlog-proof", &Proof::intent().file());
        saved.write("receipt.tlog-proof", &proof.file());
        saved.write(
            "receipt.json",
            &format!(r#"{{"id":"r-0001","code":"x","jws":"{receipt}"}}"#),
        );
        saved.write("jwks.json", &jwks().to_string());
        saved.write("log.vkey", &(log_signer().vkey() + "\n"));
        let tree = Tree::numbered(30);
        for (name, size) in [("old", 13), ("new", 30)] {
            let text = checkpoint_text(ORIGIN, size, &tree.root(size));
            saved.write(
                &format!("{name}.checkpoint"),
                &format!("{text}\n{}", log_signer().line(&text)),
            );
        }
        let hashes = tree.consistency(13, 30);
        let lines: String = hashes.iter().map(|hash| base64(hash.0) + "\n").collect();
        saved.write("growth.txt", &lines);
        saved
    }

    fn write(&self, name: &str, content: &str) -> PathBuf {
        let path = self.0.path().join(name);
        fs::write(&path, content).unwrap();
        path
    }

    fn verifier(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_verifier"));
        command
            .args(arguments.split_whitespace())
            .current_dir(self.0.path());
        command
    }

    fn run(&self, arguments: &str) -> Output {
        self.verifier(arguments).output().unwrap()
    }

    fn code(&self, arguments: &str) -> i32 {
        self.run(arguments).status.code().unwrap()
    }

    fn json(&self, arguments: &str) -> Value {
        serde_json::from_slice(&self.run(arguments).stdout).unwrap()
    }
}

fn printed(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn a_valid_proof_prints_verdict_steps_and_sentence() {
    let output = Saved::new().run("proof entry.tlog-proof --key-file log.vkey");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(
        printed(&output),
        "\
valid: entry 5 of the log gateway.example.cat/exchange/2026, in its tree of 11
  ok  opening      the content shown is the content the leaf commits to
  ok  inclusion    it is entry 5 of a tree of 11
  ok  signature    gateway.example.cat/exchange/2026 signed the tree of 11, Ed25519
At 2026-11-22 16:05:03.123456 UTC, a request to a source was recorded before it was sent (intent), product AEAT_IRPF/C4, number 7 of those about this person.
"
    );
    assert!(output.stderr.is_empty());
}

#[test]
fn every_check_answers_0_when_all_holds() {
    let saved = Saved::new();
    let vkey = log_signer().vkey();
    for arguments in [
        format!("proof entry.tlog-proof --key {vkey}"),
        "receipt receipt.json --jwks jwks.json".to_owned(),
        "receipt receipt.json --jwks jwks.json --proof receipt.tlog-proof --key-file log.vkey"
            .to_owned(),
        "consistency old.checkpoint new.checkpoint growth.txt --key-file log.vkey".to_owned(),
    ] {
        assert_eq!(saved.code(&arguments), 0, "{arguments}");
    }
}

#[test]
fn exit_1_says_which_step_failed_and_what_to_do() {
    let saved = Saved::new();
    let mut bent = Proof::intent();
    bent.index = 6;
    saved.write("bent.tlog-proof", &bent.file());
    let output = saved.run("proof bent.tlog-proof --key-file log.vkey");
    assert_eq!(output.status.code(), Some(1));
    let text = printed(&output);
    assert!(
        text.starts_with("not valid: LOG-INCLUSION  The hashes do not lead"),
        "{text}"
    );
    assert!(text.contains("\n  ok  opening"), "{text}");
    assert!(text.contains("\nNext: fetch the proof again"), "{text}");
    assert!(
        !text.contains("AEAT_IRPF"),
        "nothing is claimed about the content: {text}"
    );
    let swapped = "consistency new.checkpoint old.checkpoint growth.txt --key-file log.vkey";
    assert_eq!(saved.code(swapped), 1);
}

#[test]
fn exit_2_for_wrong_usage() {
    let saved = Saved::new();
    for arguments in [
        "",
        "prove entry.tlog-proof",
        "proof",
        "proof entry.tlog-proof --key a --key-file log.vkey",
        "proof - --key-file -",
        "receipt receipt.json --jwks jwks.json --key-file log.vkey",
        "proof entry.tlog-proof --quorum 1",
        "consistency old.checkpoint new.checkpoint",
    ] {
        let output = saved.run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments}");
        assert!(output.stdout.is_empty(), "{arguments}");
    }
    let misspelt = saved.run("prof entry.tlog-proof");
    assert!(String::from_utf8_lossy(&misspelt.stderr).contains("'proof'"));
}

#[test]
fn exit_4_for_files_unreadable_malformed_or_too_large() {
    let saved = Saved::new();
    saved.write("large", &"x".repeat(verifier::MAX_FILE + 1));
    saved.write("largest", &"x".repeat(verifier::MAX_FILE));
    for (arguments, code) in [
        ("proof nothing-here --key-file log.vkey", "INPUT-UNREADABLE"),
        ("proof . --key-file log.vkey", "INPUT-UNREADABLE"),
        ("proof large --key-file log.vkey", "INPUT-TOO-LARGE"),
        ("proof largest --key-file log.vkey", "PROOF-FORMAT"),
        ("proof receipt.json --key-file log.vkey", "PROOF-FORMAT"),
        ("proof entry.tlog-proof --key-file jwks.json", "KEY-FORMAT"),
        ("proof entry.tlog-proof --key nonsense", "KEY-FORMAT"),
        ("receipt receipt.json --jwks log.vkey", "JWKS-FORMAT"),
        ("receipt jwks.json --jwks jwks.json", "RCPT-FORMAT"),
        (
            "consistency growth.txt new.checkpoint growth.txt --key-file log.vkey",
            "NOTE-FORMAT",
        ),
        (
            "consistency old.checkpoint new.checkpoint old.checkpoint --key-file log.vkey",
            "HASHES-FORMAT",
        ),
    ] {
        assert_eq!(
            saved.json(&format!("{arguments} --json"))["code"],
            code,
            "{arguments}"
        );
        assert_eq!(saved.code(arguments), 4, "{arguments}");
    }
}

#[test]
fn exit_5_when_something_needed_is_missing() {
    let saved = Saved::new();
    for (arguments, code) in [
        ("proof entry.tlog-proof", "NOTE-NO-KEY"),
        ("receipt receipt.json", "RCPT-NO-KEYS"),
        (
            "receipt receipt.json --jwks jwks.json --proof receipt.tlog-proof",
            "NOTE-NO-KEY",
        ),
        (
            "consistency old.checkpoint new.checkpoint growth.txt",
            "NOTE-NO-KEY",
        ),
    ] {
        assert_eq!(
            saved.json(&format!("{arguments} --json"))["code"],
            code,
            "{arguments}"
        );
        assert_eq!(saved.code(arguments), 5, "{arguments}");
    }
}

#[test]
fn a_dash_reads_standard_input() {
    let saved = Saved::new();
    let mut child = saved
        .verifier("proof - --key-file log.vkey")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(Proof::intent().file().as_bytes())
        .unwrap();
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(0));
}

#[test]
fn quiet_speaks_only_of_failures() {
    let saved = Saved::new();
    let output = saved.run("-q proof entry.tlog-proof --key-file log.vkey");
    assert_eq!(
        (output.status.code(), printed(&output).as_str()),
        (Some(0), "")
    );
    let output = saved.run("-q proof entry.tlog-proof");
    assert!(printed(&output).starts_with("cannot tell: NOTE-NO-KEY"));
}

#[test]
fn json_of_a_valid_receipt_has_its_stable_members() {
    let report = Saved::new().json(
        "receipt receipt.json --jwks jwks.json --proof receipt.tlog-proof --key-file log.vkey --json",
    );
    assert_eq!(report["version"], 1);
    assert_eq!(report["verdict"], "valid");
    assert_eq!(report["code"], Value::Null);
    assert_eq!(report["message"], Value::Null);
    assert_eq!(report["steps"][0]["step"], "receipt");
    assert_eq!(report["place"]["origin"], ORIGIN);
    assert_eq!(report["place"]["index"], 4);
    assert_eq!(report["entry"]["kind"], "consent-granted");
    assert_eq!(report["receipt"]["id"], "r-0001");
    assert_eq!(report["receipt"]["decisions"][1]["decision"], "refused");
    let members: Vec<_> = report
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let mut expected = [
        "version", "verdict", "code", "message", "steps", "notes", "place", "entry", "receipt",
    ];
    let mut members = members;
    members.sort_unstable();
    expected.sort_unstable();
    assert_eq!(members, expected);
}

#[test]
fn help_opens_with_two_real_examples_that_work_and_fits_a_screen() {
    let saved = Saved::new();
    let help = printed(&saved.run("--help"));
    let examples: Vec<_> = help.lines().take_while(|line| !line.is_empty()).collect();
    assert_eq!(examples.len(), 2, "{help}");
    fs::copy(
        saved.0.path().join("receipt.tlog-proof"),
        saved.0.path().join("entry.tlog-proof"),
    )
    .unwrap();
    for example in examples {
        assert_eq!(
            saved.code(example.strip_prefix("verifier ").unwrap()),
            0,
            "{example}"
        );
    }
    assert!(help.lines().count() <= 24, "{help}");
    assert!(
        help.lines().all(|line| line.chars().count() <= 100),
        "{help}"
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_verdict_that_cannot_be_written_is_not_passed_off_as_given() {
    let full = fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let status = Saved::new()
        .verifier("proof entry.tlog-proof --key-file log.vkey")
        .stdout(full)
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert_eq!(status.code(), Some(70));
}
