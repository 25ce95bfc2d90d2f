mod door;
mod fake;

use std::time::Duration;

use self::fake::{Fake, Fault};
use super::paint::ColourChoice;
use super::*;

/// A tale with every kind of row, told with the times taken out.
async fn told(style: Style, last_holds: bool) -> (String, Result<(), Failed>) {
    let mut out = Vec::new();
    let mut tale = Tale::new(&mut out, style, 2);
    let result = live(&mut tale, last_holds).await;
    if let Err(failed) = &result {
        tale.fall(failed, "details.txt").unwrap();
    }
    (String::from_utf8(out).unwrap(), result)
}

async fn live(tale: &mut Tale<&mut Vec<u8>>, last_holds: bool) -> Result<(), Failed> {
    tale.story("a couple with a joint tax return")?;
    tale.step("Sign in", async |step| {
        step.rows.push(Row {
            what: "citizen → VALid".to_owned(),
            trail: "substantial".to_owned(),
            took: Some(Duration::from_millis(212)),
            ..Row::default()
        });
        Ok(())
    })
    .await?;
    tale.step("Ask", async |step| {
        for (what, outcome, trail, took) in [
            ("Register", "ok", "#1", 96),
            ("Tax Agency", "ok (joint return)", "#2", 1_449),
            ("Social Security", "not asked: no permission", "", 0),
        ] {
            let mut row = Row {
                what: what.to_owned(),
                ..Row::default()
            };
            outcome.clone_into(&mut row.outcome);
            trail.clone_into(&mut row.trail);
            row.took = Some(Duration::from_millis(took));
            step.rows.push(row);
        }
        step.held("nobody else was asked", true);
        Ok(())
    })
    .await?;
    tale.story("a source that does not answer")?;
    tale.step("Try again", async |step| {
        let took = Some(Duration::from_millis(8));
        let what = "refused: consent-required".to_owned();
        let trail = "no bytes sent".to_owned();
        step.rows.push(Row {
            what,
            trail,
            took,
            ..Row::default()
        });
        let sent = if last_holds { 3 } else { 4 };
        step.same("nothing reached the platform", &sent, &3);
        Ok(())
    })
    .await?;
    tale.end()
}

#[tokio::test]
async fn a_tale_in_plain_text_is_ascii_within_eighty_columns() {
    let (text, result) = told(Style::plain(), true).await;
    assert_eq!(result, Ok(()));
    assert!(text.is_ascii());
    assert!(text.lines().all(|line| line.len() <= 80), "{text}");
    let expected = "\
Story 1 of 2 - a couple with a joint tax return                   simulator only
 1 Sign in        citizen -> VALid                         substantial     0.2 s
 2 Ask            Register            ok                   #1              96 ms
                  Tax Agency          ok (joint return)    #2              1.4 s
                  Social Security     not asked: no permission              0 ms

Story 2 of 2 - a source that does not answer                      simulator only
 1 Try again      refused: consent-required                no bytes sent    8 ms

ok  2 of 2 stories, 3 steps held, 0 calls without consent
";
    assert_eq!(text, expected);
}

#[tokio::test]
async fn the_step_that_failed_is_the_last_thing_told() {
    let (text, result) = told(Style::plain(), false).await;
    assert!(result.is_err());
    let expected = "\
FAILED  story 2, step 1 (Try again)
  did not hold: nothing reached the platform (expected 3, found 4)
  details: details.txt
";
    assert!(text.ends_with(expected), "{text}");
    assert!(!text.contains("steps held"));
}

#[tokio::test]
async fn as_json_every_line_is_an_object() {
    let (text, _) = told(Style::json(), true).await;
    let objects: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(objects.len(), 4);
    assert_eq!(objects[1]["facts"][0]["fact"], "nobody else was asked");
    assert_eq!(objects[1]["rows"][1]["took_ms"], 1_449);
    assert_eq!(objects[3]["result"], "ok");
    assert_eq!(objects[3]["steps_held"], 3);
}

#[tokio::test]
async fn a_narrow_terminal_gets_shorter_lines_and_all_the_words() {
    let style = Style {
        width: 48,
        ..Style::plain()
    };
    let (text, _) = told(style, true).await;
    let story: Vec<&str> = text
        .lines()
        .filter(|line| !line.starts_with("ok  "))
        .collect();
    assert!(story.iter().all(|line| line.len() <= 48), "{text}");
    let words: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        words.contains("Social Security not asked: no permission"),
        "{text}"
    );
}

#[test]
fn colour_needs_a_terminal_that_did_not_decline_it() {
    let none = |_: &str| None;
    let set = |name: &'static str, value: &'static str| {
        move |asked: &str| (asked == name).then(|| value.to_owned())
    };
    let auto = ColourChoice::Auto;
    assert!(Style::detect(auto, true, none).colour);
    assert!(!Style::detect(auto, false, none).colour);
    assert!(!Style::detect(auto, true, set("NO_COLOR", "1")).colour);
    assert!(!Style::detect(auto, true, set("TERM", "dumb")).colour);
    assert!(!Style::detect(ColourChoice::Never, true, none).colour);
    assert!(Style::detect(ColourChoice::Always, false, none).colour);
    assert!(!Style::detect(ColourChoice::Always, true, set("TERM", "dumb")).glyphs);
    assert_eq!(Style::detect(auto, true, set("COLUMNS", "200")).width, 80);
}

#[tokio::test]
async fn a_step_that_cannot_be_tried_says_what_stopped_it() {
    let mut out = Vec::new();
    let mut tale = Tale::new(&mut out, Style::plain(), 1);
    tale.story("short").unwrap();
    let result: Result<(), Failed> = tale
        .step("Look", async |_| {
            Err(Trouble::Missing("a form to /login/valid".to_owned()))
        })
        .await;
    assert_eq!(
        result.unwrap_err().reasons,
        ["there is not a form to /login/valid"]
    );
}

#[test]
fn forms_are_read_with_their_hidden_fields_and_without_what_is_not_ticked() {
    let page = "<p>x</p><form action=\"/a?x=1&amp;y=2\"\n method=\"post\"><input type=\"hidden\" \
        name=\"csrf\" value=\"a&quot;b\"><input type=\"radio\" name=\"d\" value=\"grant\">\
        <input type=\"radio\" name=\"e\" value=\"refuse\" checked></form><input name=\"z\">\
        <form action=\"/b\"></form>";
    let found = forms(page);
    let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let first = Form {
        action: "/a?x=1&y=2".to_owned(),
        is_post: true,
        fields: vec![field("csrf", "a\"b"), field("e", "refuse")],
    };
    assert_eq!(found[0], first);
    assert_eq!(
        found[1],
        Form {
            action: "/b".to_owned(),
            ..Form::default()
        }
    );
}

#[test]
fn every_household_of_the_story_lives_in_the_town() {
    let town = crate::population::Population::built_in();
    let names: Vec<String> = town
        .people()
        .iter()
        .map(|person| person.given_name.to_lowercase())
        .collect();
    for household in HOUSEHOLDS {
        for key in [Some(household.who), household.refuser]
            .into_iter()
            .flatten()
        {
            assert!(names.iter().any(|name| name == key), "{key}");
        }
    }
}

/// Everything the story needs, around a fake gateway that knows its providers.
async fn stage(fake: &Fake, verifier: &str, downloads: &std::path::Path) -> Stage {
    crate::ambient::install_crypto();
    let key = crate::jose::Es256::generate();
    let counter = Arc::clone(&fake.world);
    let people: Vec<Person> = [
        ("marta", "33333333P"),
        ("anna", "11111111H"),
        ("josep", "66666666Q"),
    ]
    .map(|(key, document)| Person::new(key, document, key, ["Fictici", ""]))
    .to_vec();
    let clock = crate::ambient::Clock::default();
    let (registration, client) = fake::registered(&fake.url);
    let valid = Valid::start(0, vec![registration], people.clone(), clock.clone())
        .await
        .unwrap();
    let oidc = Provider::start(0, vec![client], people.clone(), clock)
        .await
        .unwrap();
    fake.know(valid.url(), oidc.issuer());
    Stage {
        public_url: fake.url.clone(),
        folder: FolderClient::new(&fake.url, "el-meu-espai", key.clone()).unwrap(),
        auditor: AuditorClient::new(&fake.url, "auditor", key).unwrap(),
        people,
        valid: Arc::new(valid),
        oidc: Arc::new(oidc),
        told: None,
        sent: Arc::new(move || fake::open(&counter).sent),
        verifier: verifier.into(),
        downloads: downloads.to_owned(),
    }
}

/// Both ways in at a fake gateway, as text.
async fn ways_in(fault: Fault) -> (String, Result<(), Failed>) {
    let fake = Fake::start(fault).await;
    let stage = stage(&fake, "true", std::path::Path::new(".")).await;
    let mut out = Vec::new();
    let mut tale = Tale::new(&mut out, Style::plain(), 2);
    let result = match pages::through_valid(&stage, &mut tale).await {
        Ok(()) => pages::through_broker(&stage, &mut tale).await,
        failed => failed,
    };
    (String::from_utf8(out).unwrap(), result)
}

#[tokio::test]
async fn both_ways_in_hold_at_a_sound_gateway() {
    let (text, result) = ways_in(Fault::None).await;
    assert_eq!(result, Ok(()), "{text}");
    assert!(
        text.contains("citizen -> VALid") && text.contains("citizen -> broker"),
        "{text}"
    );
}

#[tokio::test]
async fn a_gateway_careless_at_the_door_is_noticed() {
    let cases = [
        (
            Fault::TakesAnyCallback,
            "Replay",
            "a captured callback opens nothing",
        ),
        (
            Fault::LeavesSession,
            "Shared computer",
            "no silent log-in is left behind",
        ),
    ];
    for (fault, step, reason) in cases {
        let failed = ways_in(fault).await.1.unwrap_err();
        assert_eq!(failed.step, step, "{failed}");
        assert!(
            failed.reasons.iter().any(|told| told.contains(reason)),
            "{failed}"
        );
    }
}

/// The auditor's story at a fake gateway.
async fn audit(fault: Fault) -> Result<(), Failed> {
    let fake = Fake::start(fault).await;
    let stage = stage(&fake, "true", std::path::Path::new(".")).await;
    let mut tale = Tale::new(Vec::new(), Style::plain(), 1);
    audit::look_up(&stage, &mut tale).await
}

#[tokio::test]
async fn an_auditor_finds_exchanges_with_a_reason_and_only_then() {
    assert_eq!(audit(Fault::None).await, Ok(()));
    let failed = audit(Fault::SearchesWithoutReason).await.unwrap_err();
    assert_eq!(failed.step, "Without reason");
}

/// One household's journey at a fake gateway, as text.
#[cfg(unix)]
async fn journey(fault: Fault, verifier: &str, household: usize) -> (String, Result<(), Failed>) {
    let fake = Fake::start(fault).await;
    let downloads = tempfile::tempdir().unwrap();
    let stage = stage(&fake, verifier, downloads.path()).await;
    let mut out = Vec::new();
    let mut tale = Tale::new(&mut out, Style::plain(), 1);
    let result = match journey::live(&stage, &mut tale, &HOUSEHOLDS[household]).await {
        Ok(()) => tale.end(),
        Err(failed) => Err(failed),
    };
    (String::from_utf8(out).unwrap(), result)
}

#[cfg(unix)]
#[tokio::test]
async fn a_journey_at_a_sound_gateway_holds_from_sign_in_to_verify() {
    let (text, result) = journey(Fault::None, "true", 0).await;
    assert_eq!(result, Ok(()), "{text}");
    let names: Vec<&str> = text
        .lines()
        .filter(|line| line.as_bytes().get(1).is_some_and(u8::is_ascii_digit))
        .map(|line| line[3..18].trim())
        .collect();
    let expected = [
        "Sign in",
        "Preview",
        "Decide",
        "Ask",
        "Profile",
        "Withdraw",
        "Try again",
        "Verify",
    ];
    assert_eq!(names, expected);
    assert!(text.contains("4 entries, 1 receipt"), "{text}");
    assert!(
        text.contains("19875.60 EUR") && text.contains("receipt 7Q4-M2K"),
        "{text}"
    );
    assert!(
        text.ends_with("8 steps held, 0 calls without consent\n"),
        "{text}"
    );
}

#[cfg(unix)]
#[tokio::test]
async fn a_refused_source_is_told_as_not_asked() {
    let (text, result) = journey(Fault::None, "true", 1).await;
    assert_eq!(result, Ok(()), "{text}");
    assert!(text.contains("not asked"), "{text}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_gateway_that_says_the_folder_knows_and_never_told_it_is_noticed() {
    let fake = Fake::start(Fault::None).await;
    let downloads = tempfile::tempdir().unwrap();
    let mut stage = stage(&fake, "true", downloads.path()).await;
    let receiver = Receiver::start("el-meu-espai", None).await.unwrap();
    stage.told = Some(Arc::new(receiver));
    let mut tale = Tale::new(Vec::new(), Style::plain(), 1);
    let failed = journey::live(&stage, &mut tale, &HOUSEHOLDS[0]).await;
    let failed = failed.unwrap_err();
    assert_eq!(failed.step, "Told");
    let reason = "whoever has the data was told of all that was taken back";
    assert!(failed.reasons[0].contains(reason), "{failed}");
}

#[cfg(unix)]
#[tokio::test]
async fn the_story_stops_where_a_gateway_does_wrong() {
    let cases = [
        (
            Fault::AsksAtPreview,
            "true",
            "Preview",
            "looking asks nobody",
        ),
        (
            Fault::AsksAfterWithdrawal,
            "true",
            "Try again",
            "nothing reached the platform",
        ),
        (
            Fault::ForgetsExchange,
            "true",
            "Ask",
            "what was sent is in the log",
        ),
        (Fault::None, "false", "Verify", "the log holds the intent"),
    ];
    for (fault, verifier, step, reason) in cases {
        let failed = journey(fault, verifier, 0).await.1.unwrap_err();
        assert_eq!(failed.step, step, "{failed}");
        assert!(
            failed.reasons.iter().any(|told| told.contains(reason)),
            "{failed}"
        );
    }
}
