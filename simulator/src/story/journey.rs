//! One household through the whole journey: sign in, see, decide, ask, withdraw, verify.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::process::Command;

use super::households::{Household, Profile};
use super::{Failed, Stage, Step, Tale, Trouble};
use crate::folder::{CallError, CitizenApi, Decision, Entry};
use crate::receiver::{Receiver, Taken};

const PURPOSE: &str = "social-aid-recommendation";
const LANGUAGE: &str = "ca";

/// Entries every exchange has; a release is there only when its data left.
const PROVEN: [(Entry, &str); 2] = [
    (Entry::Intent, "the log holds the intent"),
    (Entry::Outcome, "the log holds the outcome"),
];

pub(super) async fn live<W: Write>(
    stage: &Stage,
    tale: &mut Tale<W>,
    household: &Household,
) -> Result<(), Failed> {
    tale.story(household.title)?;
    let began = (stage.sent)();
    let citizen = tale
        .step("Sign in", async |step| {
            let person = stage.person(household.who)?;
            let citizen = stage.folder.citizen(person).await?;
            step.row("citizen → El Meu Espai", "", &person.assurance.to_string());
            step.held(
                "the token is short-lived",
                citizen.access().expires_in <= 300,
            );
            Ok(citizen)
        })
        .await?;
    tale.step("Preview", async |step| preview(stage, &citizen, step).await)
        .await?;
    if let Some(other) = household.refuser {
        tale.step("Other adult", async |step| {
            refuse_all(stage, other, step).await
        })
        .await?;
    }
    let receipt = tale
        .step("Decide", async |step| {
            decide(stage, &citizen, household.refuses, step).await
        })
        .await?;
    let job = tale
        .step("Ask", async |step| ask(stage, &citizen, step).await)
        .await?;
    tale.step("Profile", async |step| {
        let delivered = citizen.profile(&job).await?;
        let profile = Profile(&delivered);
        tell_profile(profile, step);
        (household.check)(profile, step);
        Ok(())
    })
    .await?;
    let taken_back = tale
        .step("Withdraw", async |step| withdraw(&citizen, step).await)
        .await?;
    if let Some(receiver) = &stage.told {
        tale.step("Told", async |step| {
            confirmed(&citizen, receiver, taken_back, step).await
        })
        .await?;
    }
    tale.step("Try again", async |step| {
        try_again(stage, &citizen, step).await
    })
    .await?;
    let unlogged = tale
        .step("Verify", async |step| {
            let exchanges = citizen.exchanges().await?;
            let sent = (stage.sent)() - began;
            verify(stage, &citizen, &exchanges, &receipt, step).await?;
            step.held(
                "every request sent is in the citizen's list",
                sent <= exchanges.len(),
            );
            Ok(sent.saturating_sub(exchanges.len()))
        })
        .await?;
    tale.without_consent += unlogged;
    Ok(())
}

async fn preview(stage: &Stage, citizen: &CitizenApi, step: &mut Step) -> Result<(), Trouble> {
    let before = (stage.sent)();
    citizen.preview(PURPOSE).await?;
    let items = citizen.consents(PURPOSE).await?;
    let sources = distinct(&items, "source");
    step.row(
        &format!("{} sources would be asked, 0 were", sources.len()),
        "",
        "nothing sent",
    );
    step.same("looking asks nobody", &(stage.sent)(), &before);
    step.held("there is something to decide", !items.is_empty());
    Ok(())
}

async fn refuse_all(stage: &Stage, key: &str, step: &mut Step) -> Result<(), Trouble> {
    let before = (stage.sent)();
    let other = stage.folder.citizen(stage.person(key)?).await?;
    let items = other.consents(PURPOSE).await?;
    let decisions: Vec<(&str, Decision)> = items
        .iter()
        .filter_map(|item| Some((item["product"].as_str()?, Decision::Refuse)))
        .collect();
    let decided = put(&other, &decisions).await?;
    step.row(
        "for themself",
        "no to everything",
        &format!("receipt {}", receipt_code(&decided)),
    );
    let refused = other.fetch_profile(PURPOSE).await;
    let slug = refused.as_ref().err().and_then(CallError::slug);
    step.same(
        "nothing can be asked about them",
        &slug,
        &Some("consent-required"),
    );
    step.same("and nothing was", &(stage.sent)(), &before);
    Ok(())
}

/// Decides under the notice; gives the receipt's id.
async fn decide(
    stage: &Stage,
    citizen: &CitizenApi,
    refuses: &[&str],
    step: &mut Step,
) -> Result<String, Trouble> {
    let before = (stage.sent)();
    let items = citizen.consents(PURPOSE).await?;
    let decisions: Vec<(&str, Decision)> = items
        .iter()
        .filter_map(|item| {
            let no = refuses.contains(&item["source"].as_str()?);
            let decision = if no {
                Decision::Refuse
            } else {
                Decision::Grant
            };
            Some((item["product"].as_str()?, decision))
        })
        .collect();
    let decided = put(citizen, &decisions).await?;
    let said_no = decisions
        .iter()
        .filter(|(_, decision)| *decision == Decision::Refuse)
        .count();
    let said_yes = decisions.len() - said_no;
    let code = receipt_code(&decided);
    step.row(
        &format!("yes: {said_yes} · no: {said_no}"),
        "",
        &format!("receipt {code}"),
    );
    let after = citizen.consents(PURPOSE).await?;
    let granted = after
        .iter()
        .filter(|item| item["state"] == "granted")
        .count();
    step.same(
        "what was agreed to is live, nothing else",
        &granted,
        &said_yes,
    );
    step.same("deciding asks nobody", &(stage.sent)(), &before);
    text(&decided["receipt"], "id")
}

async fn put(citizen: &CitizenApi, decisions: &[(&str, Decision)]) -> Result<Value, Trouble> {
    let notice = citizen.notice_served(PURPOSE, LANGUAGE).await?;
    Ok(citizen.decide(&text(&notice, "served")?, decisions).await?)
}

/// Asks the sources; gives the job's id.
async fn ask(stage: &Stage, citizen: &CitizenApi, step: &mut Step) -> Result<String, Trouble> {
    let before = (stage.sent)();
    let mut job = citizen.fetch_profile(PURPOSE).await?;
    let id = text(&job, "job")?;
    let patience = Instant::now();
    while job["state"] == "running" && patience.elapsed() < Duration::from_mins(2) {
        tokio::time::sleep(Duration::from_millis(250)).await;
        job = citizen.job(&id).await?;
    }
    step.same("the job ends", &job["state"].as_str(), &Some("finished"));
    let exchanges = citizen.exchanges().await?;
    for source in job["sources"].as_array().into_iter().flatten() {
        let told = match source["state"].as_str().unwrap_or_default() {
            "received" => "ok",
            "no_data" => "nothing on record",
            "not_asked" => "not asked",
            "failed" => "did not answer",
            other => other,
        };
        let name = source["product"].as_str().unwrap_or_default();
        step.row(name, told, &counters(&exchanges, name));
    }
    step.held(
        "what was sent is in the log",
        (stage.sent)() - before <= exchanges.len(),
    );
    Ok(id)
}

/// `#3`, or `#3, #5`: the citizen's own count of entries about a product.
fn counters(exchanges: &[Value], product: &str) -> String {
    let of_product = exchanges
        .iter()
        .filter(|exchange| exchange["product"] == product);
    let numbers: Vec<String> = of_product
        .filter_map(|it| it["counter"].as_u64())
        .map(|it| format!("#{it}"))
        .collect();
    numbers.join(", ")
}

fn tell_profile(profile: Profile<'_>, step: &mut Step) {
    if let Some(cents) = profile.cents() {
        let euros = format!("{}.{:02} EUR", cents / 100, cents.rem_euclid(100));
        step.row("income", &euros, "");
    }
    let (known, gaps): (Vec<_>, Vec<_>) = profile
        .facts()
        .into_iter()
        .partition(|(_, fact)| fact.get("value").is_some());
    for (name, fact) in &gaps {
        step.row(name, fact["gap"].as_str().unwrap_or_default(), "");
    }
    let complete = if profile.whole() {
        "complete"
    } else {
        "not complete"
    };
    step.row(
        &format!("{} known · {} not", known.len(), gaps.len()),
        "",
        complete,
    );
    step.held(
        "the profile has fields",
        !(known.is_empty() && gaps.is_empty()),
    );
    step.held(
        "every value says from whom and of when",
        profile.is_sourced(),
    );
    step.same(
        "it is complete if nothing is a gap",
        &profile.whole(),
        &gaps.is_empty(),
    );
}

/// Takes everything back; gives how many items that were.
async fn withdraw(citizen: &CitizenApi, step: &mut Step) -> Result<usize, Trouble> {
    let items = citizen.consents(PURPOSE).await?;
    let granted = items.iter().filter(|item| item["state"] == "granted");
    let granted = granted.count();
    let first = items.iter().find(|item| item["state"] == "granted");
    if let Some(item) = first {
        let began = Instant::now();
        citizen.withdraw(&text(item, "item")?).await?;
        let took = format!("done in {} ms", began.elapsed().as_millis());
        step.row(&text(item, "product")?, &took, "");
    }
    let all = citizen.revoke_all(PURPOSE).await?;
    step.row("everything else", "done", &receipt_code(&all));
    let left = citizen.consents(PURPOSE).await?;
    let live = left
        .iter()
        .filter(|item| item["state"] == "granted")
        .count();
    step.same("no permission is left", &live, &0);
    Ok(granted)
}

/// Waits until the folder, which has the profile, has confirmed that permission was taken back.
async fn confirmed(
    citizen: &CitizenApi,
    receiver: &Receiver,
    taken_back: usize,
    step: &mut Step,
) -> Result<(), Trouble> {
    let patience = Instant::now();
    let folder = loop {
        let recipients = citizen.recipients(PURPOSE).await?;
        let Some(folder) = recipients.into_iter().find(|one| one.get("via").is_none()) else {
            step.row("nobody received data", "", "nobody to tell");
            return Ok(());
        };
        if folder["state"] != "pending" || patience.elapsed() > Duration::from_mins(1) {
            break folder;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    let name = text(&folder, "known_as")?;
    let taken = receiver.taken();
    let told: Vec<Value> = taken
        .iter()
        .filter(|one| one.subject() == name && one.kind() == "consent-revoked")
        .map(Taken::event)
        .collect();
    let items: usize = told
        .iter()
        .filter_map(|event| event["items"].as_array().map(Vec::len))
        .sum();
    step.row(
        &text(&folder, "recipient")?,
        &format!("told to erase, {} events", told.len()),
        folder["state"].as_str().unwrap_or_default(),
    );
    step.same(
        "whoever has the data was told of all that was taken back",
        &items,
        &taken_back,
    );
    step.held(
        "and to erase it",
        told.iter().all(|event| event["action"] == "erase"),
    );
    step.same(
        "the person sees that it confirmed",
        &folder["state"].as_str(),
        &Some("acknowledged"),
    );
    step.same("no event had to be refused", &receiver.refusals().len(), &0);
    Ok(())
}

async fn try_again(stage: &Stage, citizen: &CitizenApi, step: &mut Step) -> Result<(), Trouble> {
    let before = (stage.sent)();
    let again = citizen.fetch_profile(PURPOSE).await;
    let slug = again
        .as_ref()
        .err()
        .and_then(CallError::slug)
        .unwrap_or("not refused");
    step.row(&format!("refused: {slug}"), "", "no bytes sent");
    step.same(
        "it is refused for want of permission",
        &slug,
        &"consent-required",
    );
    step.same("nothing reached the platform", &(stage.sent)(), &before);
    Ok(())
}

/// Downloads proofs and the receipt, and has a program that knows nothing of us check them.
async fn verify(
    stage: &Stage,
    citizen: &CitizenApi,
    exchanges: &[Value],
    receipt: &str,
    step: &mut Step,
) -> Result<(), Trouble> {
    let client = citizen.client();
    let key = client.public("/v1/log/key").await?.succeeded()?.text();
    let key = save(&stage.downloads, "log.vkey", &key)?;
    let keys = client
        .public("/.well-known/jwks.json")
        .await?
        .succeeded()?
        .text();
    let keys = save(&stage.downloads, "jwks.json", &keys)?;
    let mut entries = 0;
    for exchange in exchanges {
        let id = text(exchange, "exchange")?;
        for (entry, fact) in PROVEN {
            let proof = citizen.proof(&id, entry).await?;
            let proof = save(&stage.downloads, "exchange.tlog-proof", &proof)?;
            let arguments = ["proof".into(), proof, "--key-file".into(), key.clone()];
            step.held(fact, runs(&stage.verifier, &arguments).await?);
            entries += 1;
        }
    }
    let statement = text(&citizen.receipt(receipt).await?, "jws")?;
    let statement = save(&stage.downloads, "receipt.jws", &statement)?;
    let proof = citizen.receipt_proof(receipt).await?;
    let proof = save(&stage.downloads, "receipt.tlog-proof", &proof)?;
    let mut arguments = vec!["receipt".into(), statement, "--jwks".into(), keys];
    step.held(
        "the receipt is signed",
        runs(&stage.verifier, &arguments).await?,
    );
    arguments.extend(["--proof".into(), proof, "--key-file".into(), key]);
    step.held(
        "and the log holds it",
        runs(&stage.verifier, &arguments).await?,
    );
    step.row(
        "verifier (own process)",
        &format!("{entries} entries, 1 receipt"),
        "valid",
    );
    Ok(())
}

fn save(folder: &Path, name: &str, content: &str) -> Result<PathBuf, Trouble> {
    let path = folder.join(name);
    std::fs::write(&path, content)?;
    Ok(path)
}

async fn runs(program: &Path, arguments: &[PathBuf]) -> Result<bool, Trouble> {
    let output = Command::new(program)
        .args(arguments)
        .kill_on_drop(true)
        .output()
        .await?;
    Ok(output.status.success())
}

fn receipt_code(decided: &Value) -> String {
    decided["receipt"]["code"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

fn distinct<'a>(items: &'a [Value], name: &str) -> Vec<&'a str> {
    let mut all: Vec<&str> = items
        .iter()
        .filter_map(|item| item[name].as_str())
        .collect();
    all.sort_unstable();
    all.dedup();
    all
}

pub(super) fn text(object: &Value, name: &str) -> Result<String, Trouble> {
    let found = object[name].as_str().map(str::to_owned);
    found.ok_or_else(|| Trouble::Missing(format!("`{name}` in the answer")))
}
