//! The whole evidence of an exchange: for the person, for an auditor, after the key and the notice
//! were replaced, and with a part of it gone.

use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use interop_gateway::audit::LogSigner;
use interop_gateway::clock::SystemEntropy;
use interop_gateway::config::KeyFile;
use interop_gateway::consent::{Notices, Terms};
use interop_gateway::evidence::Reader;
use interop_gateway::store::Value as Sql;
use interop_gateway::store::keyring::secret_file;
use simulator::folder::Knobs as Bent;
use simulator::pci::Transport;
use verifier::receipt::KeySet;
use verifier::{Earlier, LogTrust, Report, Verdict, bundle, check};

use super::super::*;

async fn public(citizen: &CitizenApi, path: &str) -> String {
    citizen.client().public(path).await.unwrap().text()
}

async fn trust(citizen: &CitizenApi) -> LogTrust {
    LogTrust::in_key(public(citizen, "/v1/log/key").await.trim().parse().unwrap())
}

async fn keys(citizen: &CitizenApi) -> KeySet {
    KeySet::parse(public(citizen, "/.well-known/jwks.json").await.as_bytes()).unwrap()
}

/// Checks a bundle as somebody would who knows nothing of us.
async fn verified(world: &World, citizen: &CitizenApi, evidence: &Value) -> Report {
    let now = u64::try_from(world.clock.now().as_second()).unwrap();
    let file = evidence.to_string();
    bundle::check(
        file.as_bytes(),
        Some(&keys(citizen).await),
        &trust(citizen).await,
        now,
    )
}

/// The evidence, once every record in it has its number.
async fn evidence(world: &World, citizen: &CitizenApi, exchange: &str) -> Value {
    world.until("SELECT count(*) FROM log_staged", 0).await;
    let path = format!("/v1/me/exchanges/{exchange}/evidence");
    citizen.get(&path).await.unwrap().ok().unwrap()
}

/// An exchange of a citizen who said yes, fetched, and was handed the profile.
async fn released(world: &World, citizen: &CitizenApi) -> String {
    let job = text(&fetched(citizen).await, "job");
    citizen.profile(&job).await.unwrap();
    world.until("SELECT count(*) FROM log_staged", 0).await;
    let exchanges = citizen.exchanges().await.unwrap();
    let used = exchanges.iter().find(|one| one["product"] == C4).unwrap();
    text(used, "exchange")
}

#[tokio::test]
async fn con_04_one_call_gives_the_whole_evidence_of_an_exchange_and_the_verifier_finds_it_whole() {
    let world = World::start().await;
    world.turn(WORK, broken(Transport::BadGateway));
    let citizen = world.willing("marta").await;
    released(&world, &citizen).await;
    for exchange in citizen.exchanges().await.unwrap() {
        let id = text(&exchange, "exchange");
        let evidence = evidence(&world, &citizen, &id).await;
        assert_eq!(evidence["status"], "complete", "{}", evidence["missing"]);
        assert_eq!(evidence["missing"], json!([]));
        assert_eq!(evidence["exchange"], exchange);
        let shown = include_str!("../../../../consent/notices/social-aid-recommendation/v1/ca.md");
        assert_eq!(evidence["notice"]["text"], shown, "in the language shown");
        assert_eq!(evidence["authentication"]["indicated_by"]["kind"], "self");
        assert_eq!(evidence["decision"]["decision"], "granted");
        assert_eq!(evidence["receipt"]["key"]["state"], "active");
        let released = evidence["records"]["releases"].as_array().unwrap();
        let used = exchange["used"] == true;
        assert_eq!(
            released.len(),
            usize::from(used),
            "the failed one left nowhere"
        );
        let report = verified(&world, &citizen, &evidence).await;
        assert_eq!(report.verdict(), Verdict::Valid, "{report:?}");
    }
}

#[tokio::test]
async fn con_15_evidence_without_one_of_its_parts_is_incomplete_and_the_verifier_names_the_part() {
    let world = World::start().await;
    let citizen = world.willing("marta").await;
    let whole = evidence(&world, &citizen, &released(&world, &citizen).await).await;
    for part in [
        "notice",
        "notice.text",
        "notice.served",
        "notice.served_at",
        "decision",
        "decision.at",
        "decision.valid_until",
        "authentication",
        "authentication.indicated_by",
        "authentication.login",
        "authentication.decided_at",
        "authentication.shown",
        "receipt",
        "receipt.jws",
        "receipt.key",
        "records.notice-served",
        "records.notice-served.proof",
        "records.decision",
        "records.decision.payload",
        "records.decision.proof",
        "records.intent",
        "records.intent.proof",
        "records.outcome",
        "records.outcome.payload",
        "records.outcome.proof",
        "records.releases",
    ] {
        let mut evidence = whole.clone();
        let (within, member) = part.rsplit_once('.').unwrap_or(("", part));
        let at = within.split('.').filter(|name| !name.is_empty());
        let place = at.fold(&mut evidence, |value, name| &mut value[name]);
        assert!(
            place.as_object_mut().unwrap().remove(member).is_some(),
            "{part}"
        );
        evidence["status"] = json!("incomplete");
        let report = verified(&world, &citizen, &evidence).await;
        assert_eq!(report.verdict(), Verdict::CannotTell, "{part}: {report:?}");
        let named = report.failures.iter().any(|failure| failure.part == part);
        assert!(named, "{part}: {:?}", report.failures);
        evidence["status"] = json!("complete");
        let report = verified(&world, &citizen, &evidence).await;
        assert_eq!(
            report.verdict(),
            Verdict::NotValid,
            "{part}: it says it is complete"
        );
    }
}

#[tokio::test]
async fn con_15_what_is_gone_from_the_database_is_named_as_missing() {
    let world = World::start().await;
    let citizen = world.willing("marta").await;
    let exchange = released(&world, &citizen).await;
    for (part, statement) in [
        ("authentication", "UPDATE receipt SET evidence = $1"),
        (
            "records.intent.payload",
            "UPDATE log_entry SET sealed = $1 WHERE kind = 'intent'",
        ),
        ("receipt", "DELETE FROM receipt WHERE evidence = $1"),
        ("notice", "DELETE FROM notice_text WHERE digest <> $1"),
    ] {
        tamper(&world, statement).await;
        let path = format!("/v1/me/exchanges/{exchange}/evidence");
        let evidence = citizen.get(&path).await.unwrap().ok().unwrap();
        if part == "notice" {
            // The program still ships that very text, so nothing is lost.
            assert_eq!(
                evidence["notice"]["digest"],
                digest_of(&evidence["notice"]["text"])
            );
            continue;
        }
        assert_eq!(evidence["status"], "incomplete", "{part}");
        let missing = evidence["missing"].as_array().unwrap();
        assert!(missing.contains(&json!(part)), "{part}: {missing:?}");
        let report = verified(&world, &citizen, &evidence).await;
        assert_ne!(report.verdict(), Verdict::Valid, "{part}");
    }
}

fn digest_of(text: &Value) -> String {
    use aws_lc_rs::digest::{SHA256, digest};
    let text = text.as_str().unwrap();
    format!("sha-256:{}", hex::encode(digest(&SHA256, text.as_bytes())))
}

/// Changes evidence behind the gateway's back, as somebody could who owns the database.
async fn tamper(world: &World, statement: &'static str) {
    let db = &world.app().db;
    let mut tx = db.begin().await.unwrap();
    let unlocked: &[&'static str] = if db.is_shared() {
        &["SET LOCAL session_replication_role = 'replica'"]
    } else {
        &[
            "DROP TRIGGER IF EXISTS receipt_is_append_only_u",
            "DROP TRIGGER IF EXISTS receipt_is_append_only_d",
            "DROP TRIGGER IF EXISTS log_entry_is_append_only_u",
            "DROP TRIGGER IF EXISTS notice_text_is_append_only_d",
        ]
    };
    for unlock in unlocked {
        tx.execute(unlock, vec![]).await.unwrap();
    }
    let value = if statement.contains("digest") {
        Sql::from("")
    } else {
        Sql::from(vec![0_u8; 64])
    };
    assert!(
        tx.execute(statement, vec![value]).await.unwrap() > 0,
        "{statement}"
    );
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn con_04_evidence_is_whole_after_the_notice_was_replaced() {
    let world = World::start().await;
    let citizen = world.willing("marta").await;
    let exchange = released(&world, &citizen).await;
    // A later program, whose notices do not have that text any more.
    let folder = world.files.path().join("notices");
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("consent/notices");
    let version = Path::new(PURPOSE).join("v1");
    std::fs::create_dir_all(folder.join(&version)).unwrap();
    for file in std::fs::read_dir(shipped.join(&version)).unwrap() {
        let file = file.unwrap();
        let words = std::fs::read_to_string(file.path()).unwrap();
        let words = words.replace("ajuts", "ajudes");
        std::fs::write(folder.join(&version).join(file.file_name()), words).unwrap();
    }
    let app = world.app();
    let mut later = app.evidence.clone();
    later.archive.terms = Arc::new(Terms {
        notices: Notices::from_folder(&folder).unwrap(),
        ..(*app.terms).clone()
    });
    let reader = Reader::Person(world.subject("marta").await);
    let bundle = later
        .bundle(exchange.parse().unwrap(), reader)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(bundle.status, "complete", "{:?}", bundle.missing);
    let evidence = serde_json::to_value(&bundle).unwrap();
    assert_eq!(
        evidence["notice"]["digest"],
        digest_of(&evidence["notice"]["text"])
    );
    let report = verified(&world, &citizen, &evidence).await;
    assert_eq!(report.verdict(), Verdict::Valid, "{report:?}");
}

/// Puts another receipt key in use; the one before is listed in that state.
async fn rotate(world: &mut World, state: &str) {
    let set: Value = serde_json::from_str(
        &public(&world.citizen("marta").await, "/.well-known/jwks.json").await,
    )
    .unwrap();
    let set = set["keys"].as_array().unwrap().clone();
    let active = set.iter().find(|key| key["state"] == "active").unwrap();
    let key = format!("public = {}\n{state}", active["x"]);
    world.stop().await;
    world
        .config
        .receipt_keys
        .push(toml::from_str(&key).unwrap());
    let file = world.config.keys.file(KeyFile::Receipts);
    std::fs::remove_file(&file).unwrap();
    secret_file::create(
        &file,
        LogSigner::new_pem(&SystemEntropy::default()).as_bytes(),
    )
    .unwrap();
    world.reopen().await;
}

#[tokio::test]
async fn con_17_a_gateway_does_not_start_with_a_key_that_signs_and_is_listed_as_over() {
    let mut world = World::start().await;
    let citizen = world.citizen("marta").await;
    let set: Value =
        serde_json::from_str(&public(&citizen, "/.well-known/jwks.json").await).unwrap();
    let keys = set["keys"].as_array().unwrap();
    let active = keys.iter().find(|key| key["state"] == "active").unwrap();
    world.stop().await;
    let listed = format!("public = {}\nstate = \"next\"", active["x"]);
    let mut config = world.config.clone();
    config.receipt_keys.push(toml::from_str(&listed).unwrap());
    let refused = Gateway::look(&config, clock::World::real())
        .await
        .unwrap_err();
    assert!(
        refused.to_string().starts_with("receipt_keys  one of them"),
        "{refused}"
    );
}

#[tokio::test]
async fn con_17_receipts_of_a_retired_key_verify_and_evidence_stays_whole() {
    let mut world = World::start().await;
    let citizen = world.willing("marta").await;
    let exchange = released(&world, &citizen).await;
    let receipt = text(&citizen.receipts().await.unwrap()["receipts"][0], "id");
    world.later(Duration::from_mins(1)).await;
    let now = world.clock.now();
    rotate(
        &mut world,
        &format!("state = \"retired\"\nnot_after = \"{now}\""),
    )
    .await;

    let citizen = world.citizen("marta").await;
    let file = citizen.receipt(&receipt).await.unwrap().to_string();
    let proof = citizen.receipt_proof(&receipt).await.unwrap();
    let (keys, trust) = (keys(&citizen).await, trust(&citizen).await);
    let later = u64::try_from(world.clock.now().as_second()).unwrap();
    let log = Some((proof.as_bytes(), &trust));
    let report = check::receipt(file.as_bytes(), Some(&keys), log, later);
    assert_eq!(report.verdict(), Verdict::Valid, "{report:?}");
    assert!(
        report.steps.iter().any(|step| step.step == "key"),
        "{report:?}"
    );

    let evidence = evidence(&world, &citizen, &exchange).await;
    assert_eq!(evidence["status"], "complete", "{}", evidence["missing"]);
    assert_eq!(evidence["receipt"]["key"]["state"], "retired");
    let report = verified(&world, &citizen, &evidence).await;
    assert_eq!(report.verdict(), Verdict::Valid, "{report:?}");
    // And what is signed now is signed with the new key.
    let withdrawn = citizen.revoke_all(PURPOSE).await.unwrap();
    let new = withdrawn["receipt"]["jws"].as_str().unwrap();
    let header = BASE64_URL_SAFE_NO_PAD
        .decode(new.split('.').next().unwrap())
        .unwrap();
    let header: Value = serde_json::from_slice(&header).unwrap();
    assert_ne!(header["kid"], evidence["receipt"]["key"]["kid"]);
    let report = check::receipt(new.as_bytes(), Some(&keys), None, later + 60);
    assert_eq!(report.verdict(), Verdict::Valid, "{report:?}");
}

#[tokio::test]
async fn con_17_evidence_is_whole_after_the_key_was_rotated_and_the_notice_replaced() {
    let files = tempfile::tempdir().unwrap();
    let mut world = notices::town(files.path()).await;
    let citizen = world.willing("marta").await;
    let exchange = released(&world, &citizen).await;
    world.later(Duration::from_mins(1)).await;
    notices::add_version_2(files.path(), &[notices::WIDER_INCOME]);
    let words = files.path().join(format!("notices/{PURPOSE}/v2/ca.md"));
    let other = std::fs::read_to_string(&words)
        .unwrap()
        .replace("ajuts", "ajudes");
    std::fs::write(&words, other).unwrap();
    let retired = format!("state = \"retired\"\nnot_after = \"{}\"", world.clock.now());
    rotate(&mut world, &retired).await;
    notices::publish(&world, 2).await;

    let citizen = world.citizen("marta").await;
    let shown = citizen.notice_served(PURPOSE, "ca").await.unwrap();
    assert_eq!(shown["notice"]["version"], 2);
    let evidence = evidence(&world, &citizen, &exchange).await;
    assert_eq!(evidence["status"], "complete", "{}", evidence["missing"]);
    assert_eq!(evidence["receipt"]["key"]["state"], "retired");
    assert_ne!(evidence["notice"]["digest"], shown["notice"]["digest"]);
    let report = verified(&world, &citizen, &evidence).await;
    assert_eq!(report.verdict(), Verdict::Valid, "{report:?}");
}

#[tokio::test]
async fn con_17_of_a_compromised_key_only_what_a_checkpoint_from_before_holds_is_valid() {
    let mut world = World::start().await;
    let citizen = world.willing("marta").await;
    let exchange = released(&world, &citizen).await;
    let kept = public(&citizen, "/v1/log/checkpoint").await;
    let size = |note: &str| note.lines().nth(1).unwrap().to_owned();
    // Signed after the checkpoint: by us, but nothing shows that.
    let withdrawn = citizen.revoke_all(PURPOSE).await.unwrap();
    let late = text(&withdrawn["receipt"], "id");
    world.later(Duration::from_mins(1)).await;
    let since = world.clock.now();
    rotate(
        &mut world,
        &format!("state = \"compromised\"\ncompromised_since = \"{since}\""),
    )
    .await;

    let citizen = world.citizen("marta").await;
    let evidence = evidence(&world, &citizen, &exchange).await;
    assert_eq!(evidence["status"], "complete", "{}", evidence["missing"]);
    let alone = verified(&world, &citizen, &evidence).await;
    assert_eq!(alone.verdict(), Verdict::Indeterminate, "{alone:?}");
    assert_eq!(alone.verdict().exit_code(), 6);

    let keys = keys(&citizen).await;
    let now = u64::try_from(world.clock.now().as_second()).unwrap();
    let new = public(&citizen, "/v1/log/checkpoint").await;
    let growth = format!("/v1/log/consistency?old={}&new={}", size(&kept), size(&new));
    let trust = LogTrust {
        earlier: Some(Earlier {
            checkpoint: kept.into_bytes(),
            growth: Some(public(&citizen, &growth).await.into_bytes()),
        }),
        ..trust(&citizen).await
    };
    let report = bundle::check(evidence.to_string().as_bytes(), Some(&keys), &trust, now);
    assert_eq!(report.verdict(), Verdict::Valid, "{report:?}");
    assert!(report.steps.iter().any(|step| step.step == "before"));

    let file = citizen.receipt(&late).await.unwrap().to_string();
    let proof = citizen.receipt_proof(&late).await.unwrap();
    let log = Some((proof.as_bytes(), &trust));
    let report = check::receipt(file.as_bytes(), Some(&keys), log, now);
    assert_eq!(report.defect.unwrap().code(), "RCPT-NOT-BEFORE");
}

#[tokio::test]
async fn view_05_a_person_sees_the_unit_that_answers_and_an_auditor_the_officer() {
    let world = World::start().await;
    let citizen = world.willing("marta").await;
    let exchange = released(&world, &citizen).await;
    let officer = world.config.bodies[0].officer.clone();
    let own = evidence(&world, &citizen, &exchange).await;
    let intent = &own["records"]["intent"]["payload"]["details"]["officer"];
    assert_eq!(intent["unit"], world.config.bodies[0].name.as_str());
    let proof = citizen
        .proof(&exchange, simulator::folder::Entry::Intent)
        .await
        .unwrap();
    let opened = check::proof(proof.as_bytes(), &trust(&citizen).await)
        .proved
        .entry
        .unwrap();
    for text in [own.to_string(), Value::Object(opened.payload).to_string()] {
        assert!(
            !text.contains(&officer.nif) && !text.contains(&officer.name),
            "{text}"
        );
    }

    let path = format!("/v1/audit/exchanges/{exchange}/evidence");
    let auditor = world.auditor.log_in().await.unwrap();
    let why = json!({"case_reference": "AUD-12", "reason": "a court asked"});
    let audited = auditor.post(&path, &why).await.unwrap().ok().unwrap();
    assert_eq!(
        audited["officer"],
        json!({"name": officer.name, "nif": officer.nif})
    );
    let report = verified(&world, &citizen, &audited).await;
    assert_eq!(report.verdict(), Verdict::Valid, "{report:?}");
}

#[tokio::test]
async fn aud_12_an_auditor_takes_evidence_with_a_reason_that_is_recorded_first() {
    let world = World::start().await;
    let citizen = world.willing("marta").await;
    let exchange = released(&world, &citizen).await;
    let path = format!("/v1/audit/exchanges/{exchange}/evidence");
    let why = json!({"case_reference": "AUD-12", "reason": "a court asked"});
    let taken = "SELECT count(*) FROM log_entry WHERE kind = 'audit-evidence'";
    let auditor = world.auditor.log_in().await.unwrap();
    let unsaid = json!({"case_reference": "AUD-12", "reason": " "});
    assert_eq!(auditor.post(&path, &unsaid).await.unwrap().status, 422);
    let narrow = Bent {
        scope: Some("audit:read".to_owned()),
        ..Bent::default()
    };
    let narrow = world.auditor.log_in_with(&narrow).await.unwrap();
    assert_eq!(narrow.post(&path, &why).await.unwrap().status, 403);
    assert_eq!(citizen.post(&path, &why).await.unwrap().status, 403);
    assert_eq!(world.number(taken).await, 0, "nothing was shown");

    let audited = auditor.post(&path, &why).await.unwrap().ok().unwrap();
    let entry = text(&audited, "entry").parse().unwrap();
    let payload = world.app().log.payload(entry).await.unwrap();
    assert_eq!(payload["auditor"], "auditor");
    assert_eq!(payload["exchange"], exchange.as_str());
    assert_eq!(payload["reason"], "a court asked");
    assert_eq!(world.number(taken).await, 1);
}
