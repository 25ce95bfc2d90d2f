//! `wire sign` and `wire verify` as typed.

use clap::{Parser, Subcommand};
use interop_gateway::cli::wire::{self, Outcome, WireCommand};
use tempfile::TempDir;

use super::*;

#[derive(Parser)]
struct Program {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    #[command(subcommand)]
    Wire(WireCommand),
}

/// A folder with the seal, the root and a request to sign.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("seal.pem", &pki::platform().certificate);
    write("seal.key", &pki::platform().key);
    write("ca.pem", &pki::root());
    write(
        "request.xml",
        "<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/' xmlns:o='http://www.openuri.org/'>\
         <s:Header/><s:Body>\n <o:procesa  b='2' a='1'><o:x/></o:procesa>\n</s:Body></s:Envelope>",
    );
    folder
}

/// Types a command in a folder: words with an extension are files there.
fn typed(folder: &TempDir, line: &str) -> Outcome {
    let words = line.split_whitespace().map(|word| {
        if std::path::Path::new(word).extension().is_some() {
            folder.path().join(word).display().to_string()
        } else {
            word.to_owned()
        }
    });
    let words = ["interop-gateway", "wire"]
        .map(str::to_owned)
        .into_iter()
        .chain(words);
    let Command::Wire(command) = Program::try_parse_from(words).unwrap().command;
    wire::run(&command, now())
}

fn signed_file(folder: &TempDir, options: &str) -> String {
    let outcome = typed(
        folder,
        &format!("sign request.xml --certificate seal.pem --key seal.key {options}"),
    );
    assert_eq!(outcome.exit, 0, "{}", outcome.talk);
    std::fs::write(folder.path().join("signed.xml"), &outcome.result).unwrap();
    outcome.result
}

#[test]
fn what_one_command_signs_the_other_finds_valid() {
    let folder = folder();
    let text = signed_file(&folder, "--sign-timestamp");
    assert!(text.contains(
        "<o:procesa xmlns:o=\"http://www.openuri.org/\" a=\"1\" b=\"2\"><o:x></o:x></o:procesa>"
    ));
    let outcome = typed(&folder, "verify signed.xml --roots ca.pem");
    assert_eq!(outcome.exit, 0);
    assert!(outcome.result.starts_with("valid "), "{}", outcome.result);
    for line in [
        "covered      Body, Timestamp\n",
        "organisation Q0801175A",
        "checked at 2026-11-20T08:15:31Z",
    ] {
        assert!(outcome.result.contains(line), "{line}");
    }
}

#[test]
fn a_weak_algorithm_is_stated_every_time() {
    let folder = folder();
    signed_file(&folder, "");
    let outcome = typed(&folder, "verify signed.xml --roots ca.pem");
    assert!(outcome.result.contains("\nweak  "));
    assert!(outcome.result.contains("not the Timestamp"));
    signed_file(&folder, "--algorithm rsa-sha256");
    let outcome = typed(&folder, "verify signed.xml --roots ca.pem");
    assert!(!outcome.result.contains("weak"));
}

#[test]
fn a_refusal_gives_the_verdict_the_code_and_the_next_command() {
    let folder = folder();
    let text = signed_file(&folder, "").replace("a=\"1\"", "a=\"9\"");
    std::fs::write(folder.path().join("signed.xml"), text).unwrap();
    let outcome = typed(&folder, "verify signed.xml --roots ca.pem");
    assert_eq!(outcome.exit, 1);
    assert!(
        outcome.result.starts_with("not valid    SIG-DIGEST\nwhy "),
        "{}",
        outcome.result
    );
    assert!(outcome.result.contains("\nnext "));
}

#[test]
fn json_says_the_same_to_a_program() {
    let folder = folder();
    signed_file(&folder, "");
    let json = |line: &str| -> serde_json::Value {
        serde_json::from_str(&typed(&folder, line).result).unwrap()
    };
    let valid = json("verify signed.xml --roots ca.pem --json");
    assert_eq!(valid["verdict"], "valid");
    assert_eq!(valid["weak"], true);
    assert_eq!(valid["algorithm"], "rsa-sha1");
    assert_eq!(valid["covered"], serde_json::json!(["Body"]));
    let late = json("verify signed.xml --roots ca.pem --json --at 2026-11-20T10:00:00Z");
    assert_eq!(
        (&late["verdict"], &late["code"]),
        (&"not-valid".into(), &"SIG-TIMESTAMP".into())
    );
    let blind = json("verify signed.xml --json");
    assert_eq!(blind["verdict"], "cannot-tell");
}

#[test]
fn every_kind_of_failure_has_its_exit_code() {
    let folder = folder();
    signed_file(&folder, "");
    for (line, exit) in [
        ("verify signed.xml --roots ca.pem", 0),
        ("verify request.xml --roots ca.pem", 1),
        (
            "verify signed.xml --roots ca.pem --organisation P0801900B",
            1,
        ),
        ("verify signed.xml --roots ca.pem --organisation any", 0),
        ("verify signed.xml --roots seal.key", 3),
        ("verify signed.xml --roots nothing.pem", 3),
        ("verify signed.xml --roots ca.pem --profile other", 3),
        ("verify nothing.xml --roots ca.pem", 4),
        ("verify ca.pem --roots ca.pem", 4),
        ("verify signed.xml", 5),
        ("sign request.xml --certificate seal.pem --key ca.pem", 3),
        ("sign ca.pem --certificate seal.pem --key seal.key", 4),
    ] {
        assert_eq!(typed(&folder, line).exit, exit, "{line}");
    }
}

#[test]
fn a_profile_of_ones_own_rules() {
    let folder = folder();
    signed_file(&folder, "");
    let shipped = include_str!("../../../config/platform-profiles.toml");
    let strict = shipped.replace("\"rsa-sha1\", \"rsa-sha256\"", "\"rsa-sha256\"");
    assert_ne!(shipped, strict);
    std::fs::write(folder.path().join("profiles.toml"), strict).unwrap();
    let outcome = typed(
        &folder,
        "verify signed.xml --roots ca.pem --profiles profiles.toml",
    );
    assert_eq!(outcome.exit, 1);
    assert!(outcome.result.contains("SIG-ALGORITHM"));
}

#[test]
fn a_message_with_two_operations_is_not_signed() {
    let folder = folder();
    let file = folder.path().join("request.xml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("</s:Body>", "<o:procesa/></s:Body>")).unwrap();
    let outcome = typed(
        &folder,
        "sign request.xml --certificate seal.pem --key seal.key",
    );
    assert_eq!(outcome.exit, 4);
    assert!(outcome.talk.contains("SOAP-ENVELOPE"));
}
