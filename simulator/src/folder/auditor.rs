//! An auditor's tool.

use serde_json::Value;

use super::{AUDITOR_SCOPES, ApiClient, CallError, Caller, Knobs};
use crate::jose::Es256;

/// A client that acts for itself: client credentials, audit scopes.
#[derive(Clone, Debug)]
pub struct AuditorClient(ApiClient);

impl AuditorClient {
    /// See [`ApiClient::new`].
    pub fn new(public_url: &str, client_id: &str, key: Es256) -> Result<Self, CallError> {
        ApiClient::new(public_url, client_id, key).map(Self)
    }

    pub fn of(client: ApiClient) -> Self {
        Self(client)
    }

    pub fn client(&self) -> &ApiClient {
        &self.0
    }

    /// With both audit scopes.
    pub async fn log_in(&self) -> Result<Caller, CallError> {
        self.log_in_with(&Knobs::default()).await
    }

    pub async fn log_in_with(&self, knobs: &Knobs) -> Result<Caller, CallError> {
        let request = self.0.credentials_request(AUDITOR_SCOPES, knobs);
        let access = self.0.redeem(&request).await?;
        Ok(Caller::new(self.0.clone(), access, request.proof_key))
    }

    /// `POST /v1/audit/exchanges/search`; the body needs a case reference and a reason.
    pub async fn search(&self, body: &Value) -> Result<Value, CallError> {
        self.log_in()
            .await?
            .post("/v1/audit/exchanges/search", body)
            .await?
            .ok()
    }
}
