//! People who are looked at together: each joins by their own log-in, and none learns what another did.

mod ages;
mod joining;
mod looks;
mod page;
mod silence;

use std::collections::BTreeSet;

use reqwest::Method;
use simulator::folder::{Answer, Problem};

use super::*;

const HOUSEHOLD: &str = "social-aid-household";

/// A call that succeeds.
async fn done(citizen: &CitizenApi, path: &str, body: &Value) -> Value {
    citizen.post(path, body).await.unwrap().ok().unwrap()
}

/// A call that is refused: its problem.
async fn problem(citizen: &CitizenApi, path: &str, body: &Value) -> Problem {
    let refused = citizen.post(path, body).await.unwrap().ok().unwrap_err();
    refused.problem().expect("a problem").clone()
}

async fn begin(citizen: &CitizenApi, adults: u32) -> Value {
    let body = json!({"purpose": HOUSEHOLD, "adults": adults});
    done(citizen, "/v1/me/household", &body).await
}

/// A link for one more: its token.
async fn invited(citizen: &CitizenApi) -> String {
    let body = json!({"purpose": HOUSEHOLD});
    let made = done(citizen, "/v1/me/household/invitations", &body).await;
    let link = text(&made, "link");
    link.rsplit('/').next().unwrap().to_owned()
}

async fn join(citizen: &CitizenApi, token: &str) -> Value {
    let body = json!({"invitation": token});
    done(citizen, "/v1/me/household/join", &body).await
}

async fn leave(citizen: &CitizenApi) -> Value {
    let body = json!({"purpose": HOUSEHOLD});
    done(citizen, "/v1/me/household/leave", &body).await
}

/// What a person is told of their household, to the byte.
async fn told(citizen: &CitizenApi) -> Answer {
    let path = format!("/v1/me/household?purpose={HOUSEHOLD}");
    let answer = citizen.get(&path).await.unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer
}

async fn state(citizen: &CitizenApi) -> String {
    text(&told(citizen).await.json(), "state")
}

/// Answers everything that is asked for the household.
async fn answer(citizen: &CitizenApi, decision: Decision) -> Value {
    let items = citizen.consents(HOUSEHOLD).await.unwrap();
    // Of a household they were in before, items are listed, too.
    let products: BTreeSet<_> = items.iter().map(|item| text(item, "product")).collect();
    assert!(!products.is_empty());
    let shown = citizen.notice_served(HOUSEHOLD, "ca").await.unwrap();
    let all: Vec<_> = products
        .iter()
        .map(|product| (product.as_str(), decision))
        .collect();
    citizen.decide(&text(&shown, "served"), &all).await.unwrap()
}

/// Everything written about households, counted: what a refused call must not change.
async fn kept(world: &World) -> i64 {
    world
        .number(
            "SELECT (SELECT count(*) FROM household) + (SELECT count(*) FROM household_member)
                  + (SELECT count(*) FROM household_departure) + (SELECT count(*) FROM household_child)
                  + (SELECT count(*) FROM household_child_end) + (SELECT count(*) FROM household_invitation)",
        )
        .await
}
