//! The commands of whoever looks after the notices, beside a gateway that goes on.

use std::fs;
use std::process::Output;

use serde_json::Value;
use toml::Table;

use super::town::{PURPOSE, Town};
use crate::gateway::notices::{WIDER_INCOME, add_version_2, own};

/// A town with notices of its own.
async fn founded() -> Town {
    let town = Town::found().await;
    let text = fs::read_to_string(town.config()).unwrap();
    let mut config: Table = text.parse().unwrap();
    config.insert("consent".to_owned(), own(town.folder.path()).into());
    fs::write(town.config(), config.to_string()).unwrap();
    town
}

/// Standard output and standard error of a command that ended so.
fn said(output: &Output, code: i32) -> (String, String) {
    assert_eq!(output.status.code(), Some(code), "{output:?}");
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (text(&output.stdout), text(&output.stderr))
}

async fn publish(town: &Town, more: &[&str]) -> Output {
    let words = ["consent", "publish", "--purpose", PURPOSE, "--version", "2"];
    town.command(&[&words, more].concat()).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_version_is_checked_and_published_by_command() {
    let town = founded().await;
    let process = town.start().await;
    add_version_2(
        town.folder.path(),
        &[WIDER_INCOME, ("change = true", "change = false")],
    );

    let (told, wrong) = said(&town.command(&["consent", "check"]).await, 1);
    assert!(
        told.contains("  version 1  since 2026-01-01T00:00:00Z  ca es en (draft) oc (draft)\n")
    );
    let difference = "  version 2  not published  ca es en (draft) oc (draft)\n    \
                      widening   AEAT_IRPF/C4: income.monthly as well\n    \
                      needs a new answer: the items of AEAT_IRPF/C4\n";
    assert!(told.ends_with(difference), "{told}");
    assert_eq!(
        wrong,
        format!(
            "{PURPOSE}/v2  says material_change = false and widens: AEAT_IRPF/C4: income.monthly \
             as well\n1 problem(s)\n"
        )
    );
    let (_, refused) = said(&publish(&town, &[]).await, 1);
    assert!(refused.ends_with("nothing was published\n"), "{refused}");

    add_version_2(town.folder.path(), &[WIDER_INCOME]);
    let (_, refused) = said(
        &publish(&town, &["--effective-at", "2026-01-02T00:00:00Z"]).await,
        2,
    );
    assert!(refused.contains("is in the past"), "{refused}");
    let at = ["--effective-at", "2099-01-01T01:00:00+01:00"];
    let (line, told) = said(&publish(&town, &at).await, 0);
    assert_eq!(
        line,
        "mgs-social-aid  version 2  from 2099-01-01T00:00:00Z\n"
    );
    assert!(told.contains("for the items of AEAT_IRPF/C4"), "{told}");
    let (again, told) = said(&publish(&town, &[]).await, 0);
    assert_eq!(again, line);
    assert_eq!(told, "published before, and the same: nothing changed\n");
    let (told, _) = said(&town.command(&["consent", "check"]).await, 0);
    assert!(
        told.contains("  version 2  to come, from 2099-01-01T00:00:00Z"),
        "{told}"
    );

    let (register, _) = said(&town.command(&["consent", "register"]).await, 0);
    let register: Value = serde_json::from_str(&register).unwrap();
    let activities = register["purposes"].as_array().unwrap();
    let activity = activities
        .iter()
        .find(|activity| activity["purpose"] == PURPOSE)
        .unwrap();
    assert_eq!(activity["controller"]["name"], "Ajuntament de Vilabona");
    assert_eq!(activity["notice"]["in_force"], 1);
    assert_eq!(activity["notice"]["versions"][1]["version"], 2);
    process.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn config_check_and_consent_check_tell_what_differs_from_what_was_published() {
    let town = founded().await;
    let process = town.start().await;
    process.kill().await;
    said(&town.command(&["config", "check"]).await, 0);
    let spanish = town
        .folder
        .path()
        .join(format!("notices/{PURPOSE}/v1/es.md"));
    let text = fs::read_to_string(&spanish).unwrap();
    fs::write(&spanish, text.replace("15", "20")).unwrap();
    let differs =
        "consent  es.md of version 1 of mgs-social-aid is not the text that was published";
    for (command, code) in [("config", 3), ("consent", 1)] {
        let (_, told) = said(&town.command(&[command, "check"]).await, code);
        assert!(told.starts_with(differs), "{told}");
    }
    // Notices that are not there yet are looked at in a folder of their own.
    let other = tempfile::tempdir().unwrap();
    own(other.path());
    let folder = other.path().join("notices").display().to_string();
    said(
        &town
            .command(&["consent", "check", "--notices", &folder])
            .await,
        0,
    );
    let mut wrong =
        fs::read_to_string(other.path().join(format!("notices/{PURPOSE}/v1/es.md"))).unwrap();
    wrong.push_str("\n- more\n");
    fs::write(
        other.path().join(format!("notices/{PURPOSE}/v1/es.md")),
        wrong,
    )
    .unwrap();
    let (_, told) = said(
        &town
            .command(&["consent", "check", "--notices", &folder])
            .await,
        1,
    );
    assert!(told.contains("es has another structure than ca"), "{told}");
}
