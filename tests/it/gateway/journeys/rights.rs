//! What people ask for by right: the copy, erasure and objection with blocking, and what waits for
//! an answer.

use std::sync::LazyLock;

use interop_gateway::rights::{Answer, RightsError, Words};
use reqwest::Method;
use simulator::folder::{Knobs as Bent, Twist};

use super::super::*;

static EXPORT_SCHEMA: LazyLock<jsonschema::Validator> = LazyLock::new(|| {
    let text = include_str!("../../../../schemas/export.schema.json");
    jsonschema::validator_for(&serde_json::from_str(text).unwrap()).unwrap()
});

const REQUESTS: &str = "/v1/me/requests";

async fn ask(citizen: &CitizenApi, body: Value) -> Value {
    let filed = citizen.post(REQUESTS, &body).await.unwrap();
    assert_eq!(filed.status, 201, "{}", filed.text());
    filed.json()
}

async fn exported(citizen: &CitizenApi) -> Value {
    let export = citizen.get("/v1/me/export").await.unwrap().ok().unwrap();
    let defects: Vec<_> = EXPORT_SCHEMA
        .iter_errors(&export)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert_eq!(defects, [""; 0]);
    export
}

fn words(text: &str) -> Words {
    text.to_owned().try_into().unwrap()
}

/// The ids of a list, in order.
fn ids(list: &Value, name: &str) -> Vec<String> {
    let mut ids: Vec<_> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|one| text(one, name))
        .collect();
    ids.sort();
    ids
}

#[tokio::test]
async fn api_05_the_export_fits_its_schema_and_holds_all_that_the_lists_show_and_nobody_else() {
    let world = World::start().await;
    let joan = world.willing("joan").await;
    fetched(&joan).await;
    ask(
        &joan,
        json!({"kind": "rectification", "statement": "La meva adreça"}),
    )
    .await;
    let citizen = world.willing("marta").await;
    let job = text(&fetched(&citizen).await, "job");
    citizen.profile(&job).await.unwrap();
    decide(&citizen, &[(WORK, Decision::Refuse)]).await;
    ask(
        &citizen,
        json!({"kind": "restriction", "statement": "Mentre es revisa"}),
    )
    .await;

    let export = exported(&citizen).await;
    assert_eq!(export["left_out"], json!([]));
    assert_eq!(
        export["person"]["document"],
        world.person("marta").document.as_str()
    );
    let exchanges = json!(citizen.exchanges().await.unwrap());
    assert_eq!(
        ids(&export["exchanges"], "exchange"),
        ids(&exchanges, "exchange")
    );
    let receipts = citizen.receipts().await.unwrap();
    assert_eq!(
        ids(&export["receipts"], "id"),
        ids(&receipts["receipts"], "id")
    );
    let items = citizen.consents(PURPOSE).await.unwrap();
    for item in items.iter().filter(|item| item["state"] != "not_asked") {
        let events = export["consents"].as_array().unwrap();
        let newest = events
            .iter()
            .rfind(|event| event["item"] == item["item"])
            .unwrap();
        assert_eq!(newest["event"], item["state"], "{item}");
        assert_eq!(newest["receipt"], item["receipt"]);
    }
    let asked = citizen.get(REQUESTS).await.unwrap().ok().unwrap();
    assert_eq!(export["requests"], asked["requests"]);
    assert_eq!(export["fetches"].as_array().unwrap().len(), 1);
    let releases = export["releases"].as_array().unwrap();
    assert_eq!(releases.len(), 1);
    assert_eq!(releases[0]["recipient"], "el-meu-espai");
    assert!(
        releases[0]["fields"]
            .as_array()
            .unwrap()
            .contains(&json!("income.annual"))
    );
    let used = export["exchanges"].as_array().unwrap().iter();
    let used: Vec<_> = used.filter(|one| one["used"] == true).collect();
    assert!(!used.is_empty());
    assert!(
        used.iter()
            .all(|one| one["releases"] == json!([releases[0]["release"]]))
    );
    for one in used {
        let evidence = citizen
            .get(one["evidence"].as_str().unwrap())
            .await
            .unwrap();
        assert_eq!(evidence.status, 200);
    }
    let text = export.to_string();
    let stranger = world.subject("joan").await.to_string();
    for foreign in [&stranger, &world.person("joan").document, "La meva adreça"] {
        assert!(!text.contains(foreign), "{foreign}");
    }
}

#[tokio::test]
async fn api_05_an_export_is_recorded_as_read_by_the_person_before_it_is_given() {
    let world = World::start().await;
    let citizen = world.citizen("marta").await;
    let export = exported(&citizen).await;
    let entry = text(&export, "entry").parse().unwrap();
    let payload = world.app().log.payload(entry).await.unwrap();
    assert_eq!(payload["kind"], "own-export");
    assert_eq!(payload["subject"], export["subject"]);
    let copies = "SELECT count(*) FROM log_entry WHERE kind = 'own-export'";
    assert_eq!(world.number(copies).await, 1);
}

#[tokio::test]
async fn con_09_a_request_for_a_copy_is_answered_at_once_and_the_rest_within_a_month() {
    let world = World::start().await;
    let citizen = world.citizen("marta").await;
    for kind in ["access", "portability"] {
        let filed = ask(&citizen, json!({"kind": kind})).await;
        assert_eq!(filed["state"], "answered", "{filed}");
        assert_eq!(filed["export"], "/v1/me/export");
    }
    let said = "El meu nom és un altre";
    let filed = ask(
        &citizen,
        json!({"kind": "rectification", "statement": said, "purpose": PURPOSE}),
    )
    .await;
    assert_eq!(filed["state"], "received", "{filed}");
    assert_eq!(filed["statement"], said);
    // 20 November, in the morning: until the end of 20 December in Madrid.
    assert_eq!(filed["due_at"], "2026-12-20T22:59:59Z");
    let authority = "https://apdcat.gencat.cat";
    assert_eq!(filed["complain"][0]["uri"], authority);
    let listed = citizen.get(REQUESTS).await.unwrap().ok().unwrap();
    let listed = listed["requests"].as_array().unwrap();
    let kinds: Vec<_> = listed.iter().map(|one| text(one, "kind")).collect();
    assert_eq!(
        kinds,
        ["rectification", "portability", "access"],
        "newest first"
    );
    // What they wrote is nowhere in the clear, and not in the log even encrypted.
    let entries = world
        .app()
        .db
        .rows(
            "SELECT entry FROM log_entry WHERE kind = 'rights-requested'",
            vec![],
        )
        .await
        .unwrap();
    assert_eq!(entries.len(), 3);
    for row in entries {
        let entry = row.parsed(0).unwrap();
        let payload = world.app().log.payload(entry).await.unwrap().to_string();
        assert!(!payload.contains(said), "{payload}");
    }
}

#[tokio::test]
async fn con_09_a_request_is_put_off_once_and_answered_once_with_words_the_person_reads() {
    let world = World::start().await;
    let citizen = world.citizen("marta").await;
    let filed = ask(&citizen, json!({"kind": "rectification"})).await;
    let request = text(&filed, "request").parse().unwrap();
    let rights = &world.app().rights;
    let shown = async || -> Value {
        let listed = citizen.get(REQUESTS).await.unwrap().ok().unwrap();
        listed["requests"][0].clone()
    };
    rights.answer(request, Answer::Begin).await.unwrap();
    assert_eq!(shown().await["state"], "in_progress");
    rights
        .extend(request, &words("Hem de demanar-ho a l'emissor"))
        .await
        .unwrap();
    let one = shown().await;
    assert_eq!(one["due_at"], "2027-02-20T22:59:59Z", "three months in all");
    assert_eq!(one["extended_because"], "Hem de demanar-ho a l'emissor");
    let again = rights.extend(request, &words("encara no")).await;
    assert!(matches!(again, Err(RightsError::Extended)), "{again:?}");

    let pending = rights.pending(false).await.unwrap();
    assert_eq!(pending.len(), 1);
    assert!(pending[0].extended && !pending[0].is_overdue(world.clock.now()));
    rights
        .answer(request, Answer::Done(Some(words("Fet"))))
        .await
        .unwrap();
    let one = shown().await;
    assert_eq!(
        (&one["state"], &one["answer"]),
        (&json!("answered"), &json!("Fet"))
    );
    let again = rights.answer(request, Answer::Refused(words("No"))).await;
    assert!(matches!(again, Err(RightsError::Answered)), "{again:?}");
    assert!(rights.pending(false).await.unwrap().is_empty());
    assert_eq!(rights.pending(true).await.unwrap().len(), 1);
}

#[tokio::test]
async fn con_09_a_request_is_not_put_off_after_its_month_and_is_told_to_be_overdue() {
    let world = World::start().await;
    let citizen = world.citizen("marta").await;
    let filed = ask(&citizen, json!({"kind": "restriction"})).await;
    world.later(Duration::from_hours(31 * 24)).await;
    let rights = &world.app().rights;
    let request = text(&filed, "request").parse().unwrap();
    let late = rights.extend(request, &words("tard")).await;
    assert!(matches!(late, Err(RightsError::TooLate)), "{late:?}");
    let pending = rights.pending(false).await.unwrap();
    assert!(pending[0].is_overdue(world.clock.now()));
}

#[tokio::test]
async fn an_operator_learns_whose_a_request_is_only_with_a_reason_that_is_recorded_first() {
    let world = World::start().await;
    let citizen = world.citizen("marta").await;
    let said = json!({"kind": "rectification", "statement": "El meu nom"});
    let filed = ask(&citizen, said).await;
    let rights = &world.app().rights;
    let pending = rights.pending(false).await.unwrap();
    let shown = format!("{pending:?}");
    let subject = world.subject("marta").await;
    assert!(!shown.contains(&subject.to_string()) && !shown.contains("El meu nom"));
    assert!(pending[0].with_statement);
    let request = text(&filed, "request").parse().unwrap();
    let found = rights
        .identify(request, &words("per respondre"))
        .await
        .unwrap();
    assert_eq!(found.subject, subject);
    assert_eq!(found.statement.unwrap().reveal(), "El meu nom");
    let row = world.app().db.row(
        "SELECT entry FROM log_entry WHERE kind = 'rights-identified'",
        vec![],
    );
    let entry = row.await.unwrap().unwrap().parsed(0).unwrap();
    let payload = world.app().log.payload(entry).await.unwrap();
    assert_eq!(payload["reason"], "per respondre");
}

#[tokio::test]
async fn log_11_erasure_blocks_at_once_keeps_the_evidence_for_auditors_and_destroys_keys_in_the_end()
 {
    let world = World::start().await;
    let citizen = world.willing("marta").await;
    let job = text(&fetched(&citizen).await, "job");
    citizen.profile(&job).await.unwrap();
    let exchange = text(&citizen.exchanges().await.unwrap()[0], "exchange");
    let filed = ask(&citizen, json!({"kind": "erasure"})).await;
    assert_eq!(filed["state"], "answered", "{filed}");
    let withdrawn = filed["withdrawn"].as_array().unwrap();
    assert_eq!(withdrawn.len(), 1);

    // Nothing is asked or released any more, and nothing can be agreed to.
    let sent = world.sent();
    let body = json!({"purpose": PURPOSE});
    let start = citizen.post("/v1/me/profile-jobs", &body).await.unwrap();
    assert_eq!(start.json()["type"], "/problems/consent-required");
    assert_eq!(slug(citizen.profile(&job).await), "gone");
    let showing = served(&citizen).await;
    assert_eq!(
        slug(citizen.decide(&showing, &[(C4, Decision::Grant)]).await),
        "blocked"
    );
    citizen
        .decide(&showing, &[(C4, Decision::Refuse)])
        .await
        .unwrap();
    assert_eq!(world.sent(), sent);

    // Reading one's own record goes on, and so does the auditor's.
    let receipts = citizen.receipts().await.unwrap();
    assert!(ids(&receipts["receipts"], "id").contains(&withdrawn[0].as_str().unwrap().to_owned()));
    let export = exported(&citizen).await;
    assert_eq!(
        export["blocked"][0]["until"].as_str().unwrap().get(..4),
        Some("2031")
    );
    let path = format!("/v1/audit/exchanges/{exchange}/evidence");
    let why = json!({"case_reference": "AUD-2", "reason": "a court asked"});
    let audited = async || -> Value {
        world.until("SELECT count(*) FROM log_staged", 0).await;
        let auditor = world.auditor.log_in().await.unwrap();
        auditor.post(&path, &why).await.unwrap().ok().unwrap()
    };
    assert_eq!(audited().await["status"], "complete");

    // Until claims lapse nobody's keys go; then they do, and the log stays whole.
    assert_eq!(world.app().rights.lapsed().await.unwrap(), []);
    world.later(Duration::from_hours(5 * 366 * 24)).await;
    let lapsed = world.app().rights.lapsed().await.unwrap();
    let subject = world.subject("marta").await;
    assert_eq!(
        lapsed.iter().map(|one| one.0).collect::<Vec<_>>(),
        [subject]
    );
    world.app().log.erase(subject).await.unwrap();
    assert_eq!(world.app().rights.lapsed().await.unwrap(), []);
    let after = audited().await;
    assert_eq!(after["status"], "incomplete");
    assert_eq!(after["records"]["intent"]["payload"], Value::Null);
    assert_eq!(after["authentication"], Value::Null);
    let checked = world.app().log.audit_self().await.unwrap();
    assert!(checked.holds(), "{checked:?}");
}

#[tokio::test]
async fn log_11_whoever_consents_to_another_body_too_is_not_erased_there() {
    let world = World::start().await;
    let citizen = world.willing("marta").await;
    ask(&citizen, json!({"kind": "objection", "purpose": PURPOSE})).await;
    let mut tx = world.app().db.begin().await.unwrap();
    tx.execute(
        "INSERT INTO consent_event (subject, seq, epoch, item, body, purpose, product, source,
             beneficiary, event, notice, version, language, served, valid_until, at, receipt)
         SELECT subject, seq + 100, epoch, item, 'another', purpose, product, source,
             beneficiary, event, notice, version, language, served, valid_until, at, receipt
         FROM consent_event WHERE seq = $1",
        vec![1_i64.into()],
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
    world.later(Duration::from_hours(5 * 366 * 24)).await;
    assert_eq!(world.app().rights.lapsed().await.unwrap(), []);
}

#[tokio::test]
async fn objecting_again_changes_nothing_and_is_recorded_again() {
    let world = World::start().await;
    let citizen = world.willing("marta").await;
    let first = ask(&citizen, json!({"kind": "objection"})).await;
    let again = ask(&citizen, json!({"kind": "erasure"})).await;
    assert_eq!(first["withdrawn"].as_array().unwrap().len(), 1);
    assert_eq!(again["withdrawn"], json!([]));
    assert_eq!(world.number("SELECT count(*) FROM blocking").await, 1);
    assert_eq!(world.number("SELECT count(*) FROM rights_request").await, 2);
}

/// The newest of the person's requests, as they see it.
async fn newest(citizen: &CitizenApi) -> Value {
    let listed = citizen.get(REQUESTS).await.unwrap().ok().unwrap();
    listed["requests"][0].clone()
}

async fn withdraw(citizen: &CitizenApi, request: &str) -> simulator::folder::Answer {
    let path = format!("{REQUESTS}/{request}/withdraw");
    citizen.request(Method::POST, &path).send().await.unwrap()
}

/// Whether the person can agree to be asked about now.
async fn agrees(citizen: &CitizenApi) -> bool {
    let showing = served(citizen).await;
    let grant = citizen.decide(&showing, &[(C4, Decision::Grant)]).await;
    grant.is_ok() || {
        assert_eq!(slug(grant), "blocked");
        false
    }
}

#[tokio::test]
async fn con_09_a_block_is_lifted_only_after_the_person_was_told_and_then_at_once() {
    let world = World::start().await;
    let citizen = world.willing("marta").await;
    let filed = ask(&citizen, json!({"kind": "erasure"})).await;
    assert_eq!(filed["block"]["holds"], true);
    let request = text(&filed, "request").parse().unwrap();
    let rights = &world.app().rights;
    let untold = rights.lift(request).await;
    assert!(matches!(untold, Err(RightsError::NotTold)), "{untold:?}");
    assert!(!agrees(&citizen).await);

    let why = "La llei ens obliga a conservar-les";
    rights.announce_lift(request, &words(why)).await.unwrap();
    let told = newest(&citizen).await;
    assert_eq!(
        (&told["block"]["holds"], &told["block"]["lift_because"]),
        (&json!(true), &json!(why))
    );
    assert!(told["block"]["lift_announced_at"].is_string());
    assert!(!agrees(&citizen).await, "told is not lifted");
    let again = rights.announce_lift(request, &words("una altra")).await;
    assert!(matches!(again, Err(RightsError::Told)), "{again:?}");

    rights.lift(request).await.unwrap();
    let lifted = newest(&citizen).await;
    assert_eq!(lifted["block"]["holds"], false);
    assert!(lifted["block"]["lifted_at"].is_string());
    assert_eq!(lifted["state"], "answered", "what happened stays visible");
    let items = citizen.consents(PURPOSE).await.unwrap();
    assert!(
        items.iter().all(|item| item["state"] != "granted"),
        "nothing comes back by itself"
    );
    assert!(agrees(&citizen).await);
    fetched(&citizen).await;
    let again = rights.lift(request).await;
    assert!(
        matches!(again, Err(RightsError::NothingBlocked)),
        "{again:?}"
    );
    let late = withdraw(&citizen, &text(&filed, "request")).await;
    assert_eq!(late.json()["type"], "/problems/invalid-request");

    // In the log, without the words; and a copy has it too.
    let kinds = "SELECT count(*) FROM log_entry WHERE kind = 'block-lifted'";
    assert_eq!(world.number(kinds).await, 1);
    let export = exported(&citizen).await;
    assert!(export["blocked"][0]["ended"].is_string());
    let sealed = "SELECT count(*) FROM lift_notice WHERE words IS NOT NULL";
    assert_eq!(world.number(sealed).await, 1);
    world.later(Duration::from_hours(6 * 366 * 24)).await;
    assert_eq!(
        world.app().rights.lapsed().await.unwrap(),
        [],
        "nobody is blocked any more"
    );
}

#[tokio::test]
async fn con_09_whoever_takes_an_objection_back_is_not_blocked_any_more_unless_another_request_blocks()
 {
    let world = World::start().await;
    let citizen = world.willing("marta").await;
    let objection = ask(&citizen, json!({"kind": "objection"})).await;
    let erasure = ask(&citizen, json!({"kind": "erasure"})).await;
    let taken = withdraw(&citizen, &text(&objection, "request")).await;
    assert_eq!(taken.status, 200, "{}", taken.text());
    assert_eq!(taken.json()["state"], "withdrawn");
    assert!(!agrees(&citizen).await, "the other one blocks");
    let taken = withdraw(&citizen, &text(&erasure, "request")).await.json();
    assert_eq!(taken["block"]["holds"], false);
    assert!(taken["withdrawn_at"].is_string());
    assert!(agrees(&citizen).await);
    let again = withdraw(&citizen, &text(&erasure, "request")).await;
    assert_eq!(
        (again.status, again.json()),
        (200, taken),
        "again changes nothing"
    );

    // Blocked anew, it holds anew, and for longer.
    let third = ask(&citizen, json!({"kind": "objection"})).await;
    assert_eq!(third["withdrawn"].as_array().unwrap().len(), 1);
    assert!(!agrees(&citizen).await);
    world.later(Duration::from_hours(5 * 366 * 24)).await;
    assert_eq!(world.app().rights.lapsed().await.unwrap().len(), 1);
}

#[tokio::test]
async fn con_09_a_request_nobody_answered_can_be_taken_back_by_whoever_made_it_alone() {
    let world = World::start().await;
    let citizen = world.citizen("marta").await;
    let request = text(
        &ask(&citizen, json!({"kind": "rectification"})).await,
        "request",
    );
    let joan = world.citizen("joan").await;
    assert_eq!(withdraw(&joan, &request).await.status, 404);
    assert_eq!(newest(&citizen).await["state"], "received");
    assert_eq!(
        withdraw(&citizen, &request).await.json()["state"],
        "withdrawn"
    );
    let rights = &world.app().rights;
    assert!(rights.pending(false).await.unwrap().is_empty());
    let late = rights
        .answer(request.parse().unwrap(), Answer::Done(None))
        .await;
    assert!(matches!(late, Err(RightsError::Answered)), "{late:?}");
    let none = rights
        .announce_lift(request.parse().unwrap(), &words("no"))
        .await;
    assert!(matches!(none, Err(RightsError::NothingBlocked)), "{none:?}");

    let copy = text(&ask(&citizen, json!({"kind": "access"})).await, "request");
    assert_eq!(
        withdraw(&citizen, &copy).await.json()["type"],
        "/problems/invalid-request"
    );
}

#[tokio::test]
async fn api_06_a_request_sent_twice_under_one_key_is_recorded_once_with_the_same_answer() {
    let world = World::start().await;
    let citizen = world.willing("marta").await;
    let send = async |key: &str, body: Value| {
        let request = citizen.request(Method::POST, REQUESTS).body(&body);
        request.header("Idempotency-Key", key).send().await.unwrap()
    };
    let body = json!({"kind": "objection", "statement": "No vull"});
    let (first, twin) = tokio::join!(send("k1", body.clone()), send("k1", body.clone()));
    let again = send("k1", body.clone()).await;
    assert_eq!(first.status, 201, "{}", first.text());
    assert_eq!(first.json()["withdrawn"].as_array().unwrap().len(), 1);
    assert_eq!((first.json(), first.json()), (twin.json(), again.json()));
    assert_eq!(world.number("SELECT count(*) FROM rights_request").await, 1);
    for other in [
        json!({"kind": "objection"}),
        json!({"kind": "erasure", "statement": "No vull"}),
    ] {
        let refused = send("k1", other).await;
        assert_eq!(refused.json()["type"], "/problems/idempotency-key-reused");
    }
    // One key names one request, whatever operation it is of.
    let showing = served(&citizen).await;
    let refused = citizen
        .decide_once("k1", &showing, &[(C4, Decision::Refuse)])
        .await;
    assert_eq!(slug(refused), "idempotency-key-reused");
    assert_eq!(world.number("SELECT count(*) FROM rights_request").await, 1);
    assert_eq!(send("k2", body.clone()).await.status, 201);
    assert_eq!(
        send("", body).await.json()["type"],
        "/problems/invalid-request"
    );
    assert_eq!(world.number("SELECT count(*) FROM rights_request").await, 2);
}

#[tokio::test]
async fn a_request_may_be_made_at_any_level_of_assurance() {
    let world = World::start().await;
    for level in ["low", "substantial", "high"] {
        let knobs = Bent {
            subject_token: Twist::none()
                .claim("acr", format!("http://eidas.europa.eu/LoA/{level}")),
            ..Bent::default()
        };
        let marta = world.person("marta");
        let citizen = world.folder.citizen_with(marta, &knobs).await.unwrap();
        ask(&citizen, json!({"kind": "restriction"})).await;
    }
}

#[tokio::test]
async fn what_is_no_request_is_refused_and_nothing_is_recorded() {
    let world = World::start().await;
    let citizen = world.citizen("marta").await;
    for (body, problem) in [
        (json!({}), "invalid-request"),
        (json!({"kind": "withdrawal"}), "invalid-request"),
        (
            json!({"kind": "access", "subject": "somebody"}),
            "invalid-request",
        ),
        (
            json!({"kind": "access", "statement": " "}),
            "invalid-request",
        ),
        (
            json!({"kind": "access", "statement": "x".repeat(2001)}),
            "invalid-request",
        ),
        (
            json!({"kind": "access", "purpose": "another"}),
            "purpose-not-allowed",
        ),
    ] {
        let answer = citizen.post(REQUESTS, &body).await.unwrap();
        assert_eq!(
            answer.json()["type"],
            format!("/problems/{problem}"),
            "{body}"
        );
    }
    assert_eq!(world.number("SELECT count(*) FROM rights_request").await, 0);
}

#[tokio::test]
async fn the_rights_say_where_each_is_exercised_by_when_it_is_answered_and_where_to_complain() {
    let world = World::start().await;
    let citizen = world.citizen("marta").await;
    let listed = citizen
        .get("/v1/me/rights?lang=es")
        .await
        .unwrap()
        .ok()
        .unwrap();
    let titles = listed["purposes"].as_array().unwrap().iter();
    let titles: Vec<_> = titles.map(|purpose| text(purpose, "title")).collect();
    let household = "Recomendar ayudas sociales a su hogar";
    assert_eq!(titles, [household, "Recomendarle ayudas sociales"]);
    let purpose = &listed["purposes"][1];
    assert_eq!(purpose["contact"], "dpd@ajuntament.example.cat");
    assert_eq!(purpose["authority"]["uri"], "https://apdcat.gencat.cat");
    for right in purpose["rights"].as_array().unwrap() {
        let at = text(right, "at");
        let Some((method, path)) = at.split_once(' ') else {
            assert_eq!(at, purpose["authority"]["uri"]);
            continue;
        };
        assert_eq!(method, "POST");
        // The operation is there: it misses its body, not its path.
        let there = citizen.request(Method::POST, path).send().await.unwrap();
        assert!(
            ![404, 405].contains(&there.status),
            "{at}: {}",
            there.status
        );
        let within = if right["at_once"] == true {
            "PT0S"
        } else {
            "P1M"
        };
        assert_eq!(right["answered_within"], within, "{right}");
    }
}

/// What the program says to an operator who types this, beside a gateway that answers.
async fn typed(world: &World, arguments: &[&str]) -> (bool, String) {
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_interop-gateway"));
    let config = world.files.path().join("gateway.toml");
    command
        .arg("requests")
        .args(arguments)
        .arg("--config")
        .arg(config);
    let ended = command.output().await.unwrap();
    let said = String::from_utf8(ended.stdout).unwrap();
    let talked = String::from_utf8(ended.stderr).unwrap();
    (ended.status.success(), format!("{said}{talked}"))
}

#[tokio::test]
async fn con_09_an_operator_lists_answers_and_puts_off_by_command_and_sees_nobody_without_a_reason()
{
    let world = World::start().await;
    let citizen = world.citizen("marta").await;
    let said = json!({"kind": "rectification", "statement": "El meu nom és un altre"});
    let request = text(&ask(&citizen, said).await, "request");
    let document = &world.person("marta").document;

    let (done, listed) = typed(&world, &["list"]).await;
    assert!(
        done && listed.contains(&request) && listed.contains("with words"),
        "{listed}"
    );
    let (done, shown) = typed(&world, &["show", &request]).await;
    assert!(done, "{shown}");
    for said in [&listed, &shown] {
        assert!(
            !said.contains(document) && !said.contains("El meu nom"),
            "{said}"
        );
    }
    let (done, _) = typed(&world, &["show", &request, "--identify"]).await;
    assert!(!done, "a reason is needed");
    let identified = "SELECT count(*) FROM log_entry WHERE kind = 'rights-identified'";
    assert_eq!(world.number(identified).await, 0);
    let reasoned = ["show", &request, "--identify", "--reason", "to answer it"];
    let (done, shown) = typed(&world, &reasoned).await;
    assert!(
        done && shown.contains(document) && shown.contains("El meu nom"),
        "{shown}"
    );
    assert_eq!(world.number(identified).await, 1);

    let words = world.files.path().join("words.txt");
    std::fs::write(&words, "Ho demanem a l'emissor\n").unwrap();
    let words = words.to_str().unwrap();
    assert!(
        typed(&world, &["extend", &request, "--words", words])
            .await
            .0
    );
    let (done, listed) = typed(&world, &["list"]).await;
    assert!(done && listed.contains("(put off)"), "{listed}");
    assert!(
        !typed(&world, &["answer", &request, "--refuse"]).await.0,
        "without a reason"
    );
    assert!(
        typed(&world, &["answer", &request, "--words", words])
            .await
            .0
    );
    let (done, listed) = typed(&world, &["list"]).await;
    assert!(done && !listed.contains(&request), "{listed}");
    let shown = citizen.get(REQUESTS).await.unwrap().ok().unwrap();
    assert_eq!(shown["requests"][0]["state"], "answered");
    assert_eq!(shown["requests"][0]["answer"], "Ho demanem a l'emissor");
    let (done, counted) = typed(&world, &["erase", "--dry-run"]).await;
    assert!(done && counted.contains("0 people"), "{counted}");
}

#[tokio::test]
async fn con_09_an_operator_lifts_a_block_by_command_in_two_steps() {
    let world = World::start().await;
    let citizen = world.willing("marta").await;
    let request = text(
        &ask(&citizen, json!({"kind": "objection"})).await,
        "request",
    );
    let (done, said) = typed(&world, &["lift", &request, "--now"]).await;
    assert!(!done && said.contains("must be told first"), "{said}");
    let why = world.files.path().join("why.txt");
    std::fs::write(&why, "L'oposició no procedeix\n").unwrap();
    let told = ["lift", &request, "--words", why.to_str().unwrap()];
    let (done, said) = typed(&world, &told).await;
    assert!(done, "{said}");
    assert!(!agrees(&citizen).await);
    let (done, said) = typed(&world, &["lift", &request, "--now"]).await;
    assert!(done, "{said}");
    assert_eq!(
        newest(&citizen).await["block"]["lift_because"],
        "L'oposició no procedeix"
    );
    assert!(agrees(&citizen).await);
}
