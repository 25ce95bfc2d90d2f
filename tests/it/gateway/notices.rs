//! Versions of a notice, from files to the answers of the service.

use std::fs;

use interop_gateway::config::Environment;
use interop_gateway::consent::{Published, Publisher};
use toml::Table;

use super::*;

/// What ships with the program, as a town's own files: a folder of notices, a file of purposes, and
/// the section of the configuration that names them. Its controller is its own.
pub(crate) fn own(folder: &Path) -> Table {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("consent");
    let ours = |text: String| {
        let text = text.replace("Ajuntament de Prova", "Ajuntament de Vilabona");
        text.replace("ajuntament.example.cat", "vilabona.cat")
    };
    let purposes = fs::read_to_string(shipped.join("purposes.toml")).unwrap();
    fs::write(folder.join("purposes.toml"), ours(purposes)).unwrap();
    for purpose in [HOUSEHOLD, PURPOSE] {
        let version = format!("notices/{purpose}/v1");
        fs::create_dir_all(folder.join(&version)).unwrap();
        for file in fs::read_dir(shipped.join(&version)).unwrap() {
            let file = file.unwrap();
            let text = ours(fs::read_to_string(file.path()).unwrap());
            fs::write(folder.join(&version).join(file.file_name()), text).unwrap();
        }
    }
    let at = |name: &str| folder.join(name).display().to_string().into();
    Table::from_iter([
        ("purposes".to_owned(), at("purposes.toml")),
        ("notices".to_owned(), at("notices")),
    ])
}

/// The purpose of households.
const HOUSEHOLD: &str = "social-aid-household";

/// Writes version 2 of the first notice, its head changed.
pub(crate) fn add_version_2(folder: &Path, change: &[(&str, &str)]) {
    let at = |version: &str| folder.join(format!("notices/{PURPOSE}/{version}"));
    fs::create_dir_all(at("v2")).unwrap();
    for file in fs::read_dir(at("v1")).unwrap() {
        let file = file.unwrap();
        let mut text = fs::read_to_string(file.path()).unwrap();
        if file.file_name() == "notice.toml" {
            text = text.replace("version = 1\n", "version = 2\n");
            text = text.replace("2026-01-01", "2026-06-01");
            for (from, to) in change {
                assert!(text.contains(from), "{from}");
                text = text.replace(from, to);
            }
        }
        fs::write(at("v2").join(file.file_name()), text).unwrap();
    }
}

/// One product more may be asked about something else.
pub(crate) const WIDER_INCOME: (&str, &str) = (
    "\"AEAT_IRPF/C4\" = { source = \"AEAT\", categories = [\"income.annual\"]",
    "\"AEAT_IRPF/C4\" = { source = \"AEAT\", categories = [\"income.annual\", \"income.monthly\"]",
);

pub(crate) async fn town(files: &Path) -> World {
    let setup = Setup {
        over: Table::from_iter([("consent".to_owned(), own(files).into())]),
        ..Setup::default()
    };
    World::with(setup).await
}

fn publisher(world: &World) -> Publisher {
    let app = world.app();
    let parts = (app.db.clone(), app.log.clone(), app.terms.clone());
    Publisher::new(parts.0, parts.1, parts.2, app.world.clone())
}

pub(crate) async fn publish(world: &World, version: u32) {
    let purpose = PURPOSE.parse().unwrap();
    let published = publisher(world).publish(&purpose, version, None).await;
    assert!(
        matches!(published, Ok(Published::Done { .. })),
        "{published:?}"
    );
    world.later(Duration::from_mins(1)).await;
}

async fn state(citizen: &CitizenApi, product: &str) -> String {
    let items = citizen.consents(PURPOSE).await.unwrap();
    let found = items.iter().find(|item| item["product"] == product);
    text(found.unwrap(), "state")
}

#[tokio::test]
async fn con_13_a_wider_version_asks_again_about_what_it_widens_and_goes_on_with_the_rest() {
    let files = tempfile::tempdir().unwrap();
    let mut world = town(files.path()).await;
    let citizen = world.willing("marta").await;
    let stale = served(&citizen).await;
    add_version_2(files.path(), &[WIDER_INCOME]);
    world.stop().await;
    world.reopen().await;

    // The files of version 2 change nothing.
    let citizen = world.citizen("marta").await;
    assert_eq!(state(&citizen, C4).await, "granted");
    let shown = citizen.notice_served(PURPOSE, "ca").await.unwrap();
    assert_eq!(shown["notice"]["version"], 1);

    publish(&world, 2).await;
    let citizen = world.citizen("marta").await;
    assert_eq!(state(&citizen, C4).await, "invalidated");
    for product in [WORK, IDENTITY, REGISTER] {
        assert_eq!(state(&citizen, product).await, "granted", "{product}");
    }
    fetched(&citizen).await;
    let asked = |product| world.outside.platform.recorder.count(product);
    assert_eq!((asked(C4), asked(WORK)), (0, 1));
    // An answer to version 1 says nothing about version 2.
    let late = citizen.decide(&stale, &[(C4, Decision::Grant)]).await;
    assert_eq!(slug(late), "notice-version-stale");
    decide(&citizen, &[(C4, Decision::Grant)]).await;
    world.forget("marta").await;
    fetched(&citizen).await;
    assert_eq!(world.outside.platform.recorder.count(C4), 1);
}

#[tokio::test]
async fn a_gateway_does_not_start_with_files_that_differ_from_what_was_published() {
    let files = tempfile::tempdir().unwrap();
    let mut world = town(files.path()).await;
    world.stop().await;
    let catalan = files.path().join(format!("notices/{PURPOSE}/v1/ca.md"));
    let before = fs::read_to_string(&catalan).unwrap();
    fs::write(&catalan, before.replace("15 minuts", "20 minuts")).unwrap();
    let head = catalan.with_file_name("notice.toml");
    let text = fs::read_to_string(&head).unwrap();
    fs::write(&head, text.replace("\"household.size\", ", "")).unwrap();

    let refused = Gateway::look(&world.config, clock::World::real()).await;
    let told = refused.unwrap_err().0;
    assert_eq!(told.len(), 3, "{told:#?}");
    assert!(told[0].contains("version 1 of mgs-social-aid was published with other [declares]"));
    assert!(told[1].contains("ca.md of version 1 of mgs-social-aid is not the text"));
    assert!(told[2].contains("offers PADRO/NUMERO_CONVIVENTS"));
}

#[tokio::test]
async fn production_refuses_the_sample_controller_and_takes_a_towns_own() {
    let files = tempfile::tempdir().unwrap();
    let world = town(files.path()).await;
    let mut config = world.config.clone();
    config.environment = Environment::Production;
    let said = |defects: Vec<String>| {
        let mut lines = defects.into_iter();
        lines.any(|line| line.contains("names the sample controller"))
    };
    let own = Gateway::look(&config, clock::World::real()).await;
    assert!(!own.is_err_and(|defects| said(defects.0)));
    for (name, contact) in [
        ("Ajuntament de Prova", "dpd@vilabona.cat"),
        ("Ajuntament de Vilabona", "dpd@vilabona.example.cat"),
        ("Ajuntament de Vilabona", "https://vilabona.test"),
    ] {
        let file = files.path().join("sample.toml");
        let text = fs::read_to_string(files.path().join("purposes.toml")).unwrap();
        let text = text.replace("Ajuntament de Vilabona", name);
        fs::write(&file, text.replace("dpd@vilabona.cat", contact)).unwrap();
        config.consent.purposes = Some(file);
        let refused = Gateway::look(&config, clock::World::real()).await;
        assert!(said(refused.unwrap_err().0), "{name} {contact}");
    }
}

#[tokio::test]
async fn aud_09_anyone_reads_the_register_and_it_names_what_a_citizen_is_asked_about() {
    let world = World::start().await;
    let answer = world.folder.client().public("/v1/register").await.unwrap();
    assert_eq!(answer.status, 200);
    let register = answer.json();
    let schema = include_str!("../../../schemas/processing-register.schema.json");
    let schema: Value = serde_json::from_str(schema).unwrap();
    let errors: Vec<_> = jsonschema::validator_for(&schema)
        .unwrap()
        .iter_errors(&register)
        .map(|error| error.to_string())
        .collect();
    assert!(errors.is_empty(), "{errors:?}");

    let activities = register["purposes"].as_array().unwrap();
    let activity = activities
        .iter()
        .find(|activity| activity["purpose"] == PURPOSE)
        .unwrap();
    assert_eq!(activity["notice"]["in_force"], 1);
    assert_eq!(
        activity["notice"]["versions"][0]["texts"][0]["language"],
        "ca"
    );
    let citizen = world.citizen("marta").await;
    let sorted = |of: &[Value]| {
        let mut names: Vec<_> = of.iter().map(|one| text(one, "product")).collect();
        names.sort();
        names
    };
    let asked = citizen.consents(PURPOSE).await.unwrap();
    assert_eq!(sorted(activity["data"].as_array().unwrap()), sorted(&asked));
}

#[tokio::test]
async fn a_couples_total_is_told_where_the_data_protection_officer_said_so() {
    let files = tempfile::tempdir().unwrap();
    let mut world = town(files.path()).await;
    world.willing("anna").await;
    let told = async |world: &World| {
        let citizen = world.citizen("anna").await;
        let job = fetched(&citizen).await;
        citizen.profile(&text(&job, "job")).await.unwrap()
    };
    let withheld = told(&world).await["income"]["annual"].clone();
    assert_eq!(withheld, json!({"gap": "withheld_joint_return"}));

    let purposes = files.path().join("purposes.toml");
    let before = fs::read_to_string(&purposes).unwrap();
    let after = before.replace("= \"withheld\"", "= \"total_only\"");
    assert_ne!(before, after);
    fs::write(&purposes, after).unwrap();
    world.stop().await;
    world.reopen().await;
    let income = told(&world).await["income"].clone();
    assert_eq!(income["kind"]["value"], "declared_joint");
    assert!(income["annual"]["value"]["cents"].is_i64(), "{income}");
}
