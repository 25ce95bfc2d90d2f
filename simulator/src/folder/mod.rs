//! A small citizen folder, as El Meu Espai would be, and an auditor's tool: the gateway's callers.
//!
//! ```no_run
//! # async fn example(key: simulator::jose::Es256, anna: simulator::person::Person)
//! # -> Result<(), simulator::folder::CallError> {
//! use simulator::folder::{Decision, FolderClient};
//!
//! let folder = FolderClient::new("http://127.0.0.1:8080", "el-meu-espai", key)?;
//! let anna = folder.citizen(&anna).await?;
//! let notice = anna.notice_served("social-aid-recommendation", "ca").await?;
//! let served = notice["served"].as_str().unwrap_or_default();
//! anna.decide(served, &[("AEAT_IRPF/C4", Decision::Grant)]).await?;
//! let job = anna.fetch_profile("social-aid-recommendation").await?;
//! # Ok(()) }
//! ```
//!
//! Every token it makes can be bent with a [`Twist`], which is how the gateway's refusals are
//! tried.

mod auditor;
mod call;
mod citizen;
#[cfg(test)]
mod tests;
mod token;
mod twist;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

pub use auditor::AuditorClient;
pub use call::{Answer, CallError, Caller, Problem, Request};
pub use citizen::{CitizenApi, Decision, Entry};
use reqwest::Url;
pub use token::{Access, Knobs, TokenRequest};
pub use twist::Twist;

use crate::ambient::{Clock, http_client};
use crate::jose::Es256;
use crate::person::Person;

/// Everything a citizen's folder asks for.
pub const FOLDER_SCOPES: &str = "consent:read consent:write profile:read exchange:read";
/// Everything an auditor asks for.
pub const AUDITOR_SCOPES: &str = "audit:read audit:identify";

/// How many calls the transcript keeps.
const TRANSCRIPT: usize = 40;

/// A confidential client of the gateway: its name, its ES256 key, and where the gateway is.
#[derive(Clone, Debug)]
pub struct ApiClient {
    http: reqwest::Client,
    /// What the gateway calls itself: audience of assertions and base of `htu`.
    public_url: String,
    /// Where its socket is; the same, unless a proxy or a test stands between.
    socket: Url,
    client_id: String,
    key: Es256,
    clock: Clock,
    transcript: Arc<Mutex<VecDeque<String>>>,
}

impl ApiClient {
    /// `public_url` is compared as text by the gateway: give it exactly, without a final slash.
    pub fn new(public_url: &str, client_id: &str, key: Es256) -> Result<Self, CallError> {
        Ok(Self {
            http: http_client()?,
            public_url: public_url.to_owned(),
            socket: Url::parse(public_url).map_err(|_| CallError::Url)?,
            client_id: client_id.to_owned(),
            key,
            clock: Clock::default(),
            transcript: Arc::default(),
        })
    }

    /// Reaches the gateway at another address than its public one.
    pub fn reached_at(mut self, socket: &str) -> Result<Self, CallError> {
        self.socket = Url::parse(socket).map_err(|_| CallError::Url)?;
        Ok(self)
    }

    /// Tells the time by this clock: tokens must fit the gateway's own.
    #[must_use]
    pub fn telling_time_by(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Another registration that signs with the same key.
    #[must_use]
    pub fn named(&self, client_id: &str) -> Self {
        Self {
            client_id: client_id.to_owned(),
            ..self.clone()
        }
    }

    /// Calls through this HTTP client.
    #[must_use]
    pub fn through(mut self, http: reqwest::Client) -> Self {
        self.http = http;
        self
    }

    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    pub fn public_url(&self) -> &str {
        &self.public_url
    }

    /// The last calls with their answers, oldest first; bodies are cut, tokens are not shown.
    pub fn transcript(&self) -> Vec<String> {
        self.transcript
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
            .cloned()
            .collect()
    }

    fn note(&self, line: String) {
        let mut lines = self
            .transcript
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if lines.len() == TRANSCRIPT {
            lines.pop_front();
        }
        lines.push_back(line);
    }

    /// The address of a path of the gateway's interface.
    fn address(&self, path: &str) -> Result<Url, CallError> {
        self.socket.join(path).map_err(|_| CallError::Url)
    }

    /// A path that needs no credentials: notices, checkpoint, key sets, health.
    pub async fn public(&self, path: &str) -> Result<Answer, CallError> {
        call::exchange(self, self.http.get(self.address(path)?), "GET", path).await
    }
}

/// El Meu Espai: speaks for citizens who are logged in there.
#[derive(Clone, Debug)]
pub struct FolderClient(ApiClient);

impl FolderClient {
    /// See [`ApiClient::new`].
    pub fn new(public_url: &str, client_id: &str, key: Es256) -> Result<Self, CallError> {
        ApiClient::new(public_url, client_id, key).map(Self)
    }

    pub fn of(client: ApiClient) -> Self {
        Self(client)
    }

    /// What every caller can do.
    pub fn client(&self) -> &ApiClient {
        &self.0
    }

    /// A citizen's view of the gateway, with all the scopes of a folder.
    pub async fn citizen(&self, person: &Person) -> Result<CitizenApi, CallError> {
        self.citizen_with(person, &Knobs::default()).await
    }

    /// The same with bent tokens.
    pub async fn citizen_with(
        &self,
        person: &Person,
        knobs: &Knobs,
    ) -> Result<CitizenApi, CallError> {
        let request = self.0.exchange_request(person, knobs);
        let access = self.0.redeem(&request).await?;
        Ok(CitizenApi::of(Caller::new(
            self.0.clone(),
            access,
            request.proof_key,
        )))
    }
}
