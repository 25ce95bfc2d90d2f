//! What a citizen can do at the gateway, call by call.

use std::ops::Deref;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use super::{CallError, Caller};

/// A citizen seen from a folder: their access token, and every call of the interface.
#[derive(Clone, Debug)]
pub struct CitizenApi(Caller);

/// Yes or no to one item.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Decision {
    Grant,
    Refuse,
}

impl Decision {
    fn as_str(self) -> &'static str {
        match self {
            Self::Grant => "grant",
            Self::Refuse => "refuse",
        }
    }
}

/// The log entries around an exchange.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Entry {
    Intent,
    Outcome,
    Release,
}

impl Entry {
    fn as_str(self) -> &'static str {
        match self {
            Self::Intent => "intent",
            Self::Outcome => "outcome",
            Self::Release => "release",
        }
    }
}

impl Deref for CitizenApi {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.0
    }
}

impl CitizenApi {
    pub fn of(caller: Caller) -> Self {
        Self(caller)
    }

    async fn read(&self, path: &str) -> Result<Value, CallError> {
        self.get(path).await?.ok()
    }

    async fn write(&self, path: &str, body: &Value) -> Result<Value, CallError> {
        self.post(path, body).await?.ok()
    }

    pub async fn me(&self) -> Result<Value, CallError> {
        self.read("/v1/me").await
    }

    /// What would be asked; nothing is.
    pub async fn preview(&self, purpose: &str) -> Result<Value, CallError> {
        self.read(&format!("/v1/me/preview?purpose={purpose}"))
            .await
    }

    /// Records that the notice was shown: `{served, notice}`.
    pub async fn notice_served(&self, purpose: &str, language: &str) -> Result<Value, CallError> {
        let body = json!({"purpose": purpose, "language": language});
        self.write("/v1/me/notices/served", &body).await
    }

    /// Decides under a notice that was shown: `{receipt, items}`.
    pub async fn decide(
        &self,
        served: &str,
        decisions: &[(&str, Decision)],
    ) -> Result<Value, CallError> {
        self.write("/v1/me/consents", &decide_body(served, decisions))
            .await
    }

    /// The same under an `Idempotency-Key`.
    pub async fn decide_once(
        &self,
        key: &str,
        served: &str,
        decisions: &[(&str, Decision)],
    ) -> Result<Value, CallError> {
        let body = decide_body(served, decisions);
        let request = self.request(Method::POST, "/v1/me/consents").body(&body);
        request.header("Idempotency-Key", key).send().await?.ok()
    }

    /// The items of a purpose with their states.
    pub async fn consents(&self, purpose: &str) -> Result<Vec<Value>, CallError> {
        list(
            self.read(&format!("/v1/me/consents?purpose={purpose}"))
                .await?,
            "items",
        )
    }

    pub async fn withdraw(&self, item: &str) -> Result<Value, CallError> {
        self.write(&format!("/v1/me/consents/{item}/revoke"), &json!({}))
            .await
    }

    pub async fn revoke_all(&self, purpose: &str) -> Result<Value, CallError> {
        self.write("/v1/me/consents/revoke-all", &json!({"purpose": purpose}))
            .await
    }

    /// Who has data that rest on what was taken back.
    pub async fn recipients(&self, purpose: &str) -> Result<Vec<Value>, CallError> {
        let path = format!("/v1/me/recipients?purpose={purpose}");
        list(self.read(&path).await?, "recipients")
    }

    pub async fn receipts(&self) -> Result<Value, CallError> {
        self.read("/v1/me/receipts").await
    }

    pub async fn receipt(&self, id: &str) -> Result<Value, CallError> {
        self.read(&format!("/v1/me/receipts/{id}")).await
    }

    /// Proof that the log holds the event of a receipt.
    pub async fn receipt_proof(&self, id: &str) -> Result<String, CallError> {
        self.sequenced(&format!("/v1/me/receipts/{id}/proof")).await
    }

    /// Asks the sources and waits half a minute at most; the body of the job.
    pub async fn fetch_profile(&self, purpose: &str) -> Result<Value, CallError> {
        let body = json!({"purpose": purpose});
        let request = self
            .request(Method::POST, "/v1/me/profile-jobs")
            .body(&body);
        request.header("Prefer", "wait=30").send().await?.ok()
    }

    pub async fn job(&self, job: &str) -> Result<Value, CallError> {
        self.read(&format!("/v1/me/profile-jobs/{job}")).await
    }

    /// The profile of a finished job as the recommender gets it; each delivery is in the log.
    pub async fn profile(&self, job: &str) -> Result<Value, CallError> {
        self.read(&format!("/v1/me/profile-jobs/{job}/profile"))
            .await
    }

    /// The same in the words for the person themself: every reason told apart.
    pub async fn own_profile(&self, job: &str) -> Result<Value, CallError> {
        self.read(&format!(
            "/v1/me/profile-jobs/{job}/profile?audience=citizen"
        ))
        .await
    }

    /// Who exchanged what about this citizen: the whole list, page after page.
    pub async fn exchanges(&self) -> Result<Vec<Value>, CallError> {
        let mut all: Vec<Value> = Vec::new();
        let mut path = "/v1/me/exchanges?limit=100".to_owned();
        loop {
            let page = self.read(&path).await?;
            let next = page["next"].as_str().map(str::to_owned);
            all.extend(list(page, "exchanges")?);
            let Some(next) = next else { return Ok(all) };
            let next: String = url::form_urlencoded::byte_serialize(next.as_bytes()).collect();
            path = format!("/v1/me/exchanges?limit=100&after={next}");
        }
    }

    pub async fn exchange(&self, exchange: &str) -> Result<Value, CallError> {
        self.read(&format!("/v1/me/exchanges/{exchange}")).await
    }

    /// Proof that the log holds an entry of an exchange.
    pub async fn proof(&self, exchange: &str, entry: Entry) -> Result<String, CallError> {
        let entry = entry.as_str();
        self.sequenced(&format!("/v1/me/exchanges/{exchange}/proof?entry={entry}"))
            .await
    }

    /// A text that is `503` with `Retry-After` until the log has given the entry its place.
    async fn sequenced(&self, path: &str) -> Result<String, CallError> {
        for _ in 0..40 {
            let answer = self.get(path).await?;
            if answer.status != 503 {
                return answer.succeeded().map(|answer| answer.text());
            }
            // shorter than `Retry-After`: a person waits
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
        self.get(path)
            .await?
            .succeeded()
            .map(|answer| answer.text())
    }
}

fn decide_body(served: &str, decisions: &[(&str, Decision)]) -> Value {
    let decisions: Vec<Value> = decisions
        .iter()
        .map(|(product, decision)| json!({"product": product, "decision": decision.as_str()}))
        .collect();
    json!({"served": served, "decisions": decisions})
}

fn list(mut body: Value, name: &str) -> Result<Vec<Value>, CallError> {
    match body[name].take() {
        Value::Array(items) => Ok(items),
        _ => Err(CallError::Unexpected("a list")),
    }
}
