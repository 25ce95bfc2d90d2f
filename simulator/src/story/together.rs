//! Two adults of one household: each by their own log-in, and one result for the recommender.

use std::io::Write;

use reqwest::Method;
use serde_json::{Value, json};

use super::journey::text;
use super::{Failed, Stage, Step, Tale, Trouble};
use crate::folder::{CallError, CitizenApi, Decision, FolderClient, Knobs};

const PURPOSE: &str = "social-aid-household";
const JOBS: &str = "/v1/me/household/profile-jobs";

/// A couple who filed one return.
const ONE: &str = "anna";
const OTHER: &str = "pere";

pub(super) async fn live<W: Write>(stage: &Stage, tale: &mut Tale<W>) -> Result<(), Failed> {
    tale.story("two adults of one household")?;
    let began = (stage.sent)();
    let (one, link) = tale
        .step("Invite", async |step| invite(stage, step).await)
        .await?;
    let other = tale
        .step("Join", async |step| join(stage, &one, &link, step).await)
        .await?;
    let (recommender, before) = tale
        .step("Alone", async |step| alone(stage, &one, step).await)
        .await?;
    tale.step("Together", async |step| {
        agree(&other, step).await?;
        together(&recommender, &one, step).await
    })
    .await?;
    tale.step("Leave", async |step| {
        leave(&recommender, &before, &one, &other, step).await
    })
    .await?;
    let unlogged = tale
        .step("Verify", async |step| {
            let lists = [one.exchanges().await?, other.exchanges().await?].concat();
            let listed = lists.iter().filter(|one| one["purpose"] == PURPOSE).count();
            let sent = (stage.sent)() - began;
            step.row(
                &format!("{sent} requests"),
                "each listed",
                "by whom it was about",
            );
            step.same(
                "every request sent is in the list of whom it was about",
                &listed,
                &sent,
            );
            Ok(sent.saturating_sub(listed))
        })
        .await?;
    tale.without_consent += unlogged;
    Ok(())
}

/// Begins a household, agrees, and makes a link for the other adult.
async fn invite(stage: &Stage, step: &mut Step) -> Result<(CitizenApi, String), Trouble> {
    let one = stage.folder.citizen(stage.person(ONE)?).await?;
    let body = json!({"purpose": PURPOSE, "adults": 2});
    write(&one, "/v1/me/household", &body).await?;
    agree(&one, step).await?;
    let body = json!({"purpose": PURPOSE});
    let made = write(&one, "/v1/me/household/invitations", &body).await?;
    let link = text(&made, "link")?;
    step.row("a link, handed over by hand", "used once", "");
    tell_state(&one, "incomplete", step).await?;
    Ok((one, link))
}

/// Whoever has the link sees a page that tells nothing, and joins by their own log-in.
async fn join(
    stage: &Stage,
    one: &CitizenApi,
    link: &str,
    step: &mut Step,
) -> Result<CitizenApi, Trouble> {
    let path = link.strip_prefix(&stage.public_url).unwrap_or(link);
    let page = stage.folder.client().public(path).await?;
    let names = [ONE, OTHER].map(|key| stage.person(key).map(|it| it.given_name.clone()));
    for name in names {
        step.held("the page names nobody", !page.text().contains(&name?));
    }
    let token = link.rsplit('/').next().unwrap_or_default();
    let body = json!({"invitation": token});
    let other = stage.folder.citizen(stage.person(OTHER)?).await?;
    write(&other, "/v1/me/household/join", &body).await?;
    step.row("the other adult", "joined", "");
    let third = stage.folder.citizen(stage.person("marta")?).await?;
    let again = write(&third, "/v1/me/household/join", &body).await;
    let slug = again.as_ref().err().and_then(CallError::slug);
    step.same(
        "the link opens nothing more",
        &slug,
        &Some("invitation-not-valid"),
    );
    tell_state(one, "incomplete", step).await?;
    Ok(other)
}

/// What the recommender gets while one of two has agreed, and what a folder gets: nothing.
async fn alone(
    stage: &Stage,
    one: &CitizenApi,
    step: &mut Step,
) -> Result<(CitizenApi, Value), Trouble> {
    let client = FolderClient::of(stage.folder.client().named("recommender"));
    let knobs = Knobs {
        scope: Some("household:read".to_owned()),
        ..Knobs::default()
    };
    let recommender = client.citizen_with(stage.person(ONE)?, &knobs).await?;
    let result = look(&recommender).await?;
    tell_result(&result, step);
    step.held(
        "the other is missing",
        result["members"]["missing"].as_u64() >= Some(1),
    );
    step.same(
        "and why is not told",
        &result["members"]["reason"],
        &json!("not_available"),
    );
    step.same(
        "a couple's return waits for both",
        &result["income"]["annual"].get("value"),
        &None,
    );
    let refused = write(one, JOBS, &json!({"purpose": PURPOSE})).await;
    let slug = refused.as_ref().err().and_then(CallError::slug);
    step.same("a folder may not look", &slug, &Some("insufficient-scope"));
    Ok((recommender, result))
}

async fn together(
    recommender: &CitizenApi,
    one: &CitizenApi,
    step: &mut Step,
) -> Result<(), Trouble> {
    let result = look(recommender).await?;
    tell_result(&result, step);
    step.same(
        "nobody is missing",
        &result["members"]["missing"],
        &json!(0),
    );
    let sum = &result["income"]["annual"]["value"];
    step.held("the couple's return counts once", sum["cents"].is_i64());
    step.same(
        "it is the figure itself",
        &sum["certainty"],
        &json!("figure"),
    );
    tell_state(one, "complete", step).await
}

/// Leaving is one act, and looks like never having agreed.
async fn leave(
    recommender: &CitizenApi,
    before: &Value,
    one: &CitizenApi,
    other: &CitizenApi,
    step: &mut Step,
) -> Result<(), Trouble> {
    let body = json!({"purpose": PURPOSE});
    write(other, "/v1/me/household/leave", &body).await?;
    step.row("the other adult", "left, everything taken back", "one call");
    tell_state(one, "incomplete", step).await?;
    let result = look(recommender).await?;
    tell_result(&result, step);
    step.same("it is what it was before they agreed", &result, before);
    write(one, "/v1/me/household/leave", &body).await?;
    Ok(())
}

/// Answers yes to everything that is asked for the household.
async fn agree(citizen: &CitizenApi, step: &mut Step) -> Result<(), Trouble> {
    let items = citizen.consents(PURPOSE).await?;
    let yes: Vec<(&str, Decision)> = items
        .iter()
        .filter_map(|item| Some((item["product"].as_str()?, Decision::Grant)))
        .collect();
    step.held("there is something to decide", !yes.is_empty());
    let notice = citizen.notice_served(PURPOSE, "ca").await?;
    let decided = citizen.decide(&text(&notice, "served")?, &yes).await?;
    let code = decided["receipt"]["code"].as_str().unwrap_or_default();
    step.row("for the household", &format!("yes: {}", yes.len()), code);
    Ok(())
}

/// What a member is told, which is one word.
async fn tell_state(citizen: &CitizenApi, state: &str, step: &mut Step) -> Result<(), Trouble> {
    let path = format!("/v1/me/household?purpose={PURPOSE}");
    let told = citizen.get(&path).await?.ok()?;
    step.row(
        "a member is told",
        told["state"].as_str().unwrap_or("nothing"),
        "",
    );
    step.same("one word, and the right one", &told["state"], &json!(state));
    Ok(())
}

async fn look(recommender: &CitizenApi) -> Result<Value, Trouble> {
    let body = json!({"purpose": PURPOSE});
    let request = recommender.request(Method::POST, JOBS).body(&body);
    let job = request.header("Prefer", "wait=30").send().await?.ok()?;
    Ok(recommender.get(&text(&job, "profile")?).await?.ok()?)
}

fn tell_result(result: &Value, step: &mut Step) {
    let members = &result["members"];
    let who = format!(
        "{} adults · {} missing",
        members["adults"], members["missing"]
    );
    let income = &result["income"]["annual"];
    let income = income["value"]["cents"].as_i64().map_or_else(
        || income["gap"].as_str().unwrap_or_default().to_owned(),
        |cents| format!("{}.{:02} EUR", cents / 100, cents.rem_euclid(100)),
    );
    step.row(&who, &income, "");
}

async fn write(citizen: &CitizenApi, path: &str, body: &Value) -> Result<Value, CallError> {
    citizen.post(path, body).await?.ok()
}
