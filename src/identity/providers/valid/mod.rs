//! VALid: idCAT Mòbil, certificates and Cl@ve behind OAuth 2.0 and one call of its own.
//!
//! It signs nothing and knows no nonce, so the identity rests on TLS to a configured host, on the
//! state, and on the code being redeemed in the transaction that asked for it. Its token travels in
//! a query string: the address is never logged, and never part of an error.

mod user_info;

use http::{Request, header};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use url::Url;
use url::form_urlencoded::Serializer;

use self::user_info::UserInfo;
use super::super::config::ValidConfig;
use super::super::error::{LoginError, ProviderFault};
use super::super::outbound::{self, ANSWER, Outbound};
use super::super::secret;
use super::super::setup::ProviderDefect;
use super::super::transaction::Transaction;
use super::{Asserted, Callback, Outgoing};

/// The one scope VALid knows.
const SCOPE: &str = "autenticacio_usuari";

/// How often its log-out is tried; the log-in goes on regardless.
const LOGOUT_ATTEMPTS: u8 = 2;

/// One registration at VALid.
#[derive(Debug)]
pub(super) struct Valid {
    config: ValidConfig,
    secret: SecretString,
    redirect: String,
    outbound: Outbound,
}

/// The token endpoint's answer. Everything else it may say is ignored.
#[derive(Deserialize)]
struct TokenAnswer {
    access_token: Option<SecretString>,
    token_type: Option<String>,
    error: Option<String>,
}

impl Valid {
    pub(super) fn open(
        config: ValidConfig,
        redirect: String,
        outbound: Outbound,
    ) -> Result<Self, ProviderDefect> {
        if !outbound::is_safe(&config.base_url) {
            return Err(ProviderDefect::Insecure);
        }
        if config
            .certificate_types
            .iter()
            .any(|kind| !matches!(kind, 0 | 5 | 11 | 12))
        {
            return Err(ProviderDefect::CertificateType);
        }
        Ok(Self {
            secret: secret::read(&config.client_secret_file)?,
            config,
            redirect,
            outbound,
        })
    }

    /// Where to send the browser. `access_type=online`: a refresh token would outlive the log-in.
    pub(super) fn redirect(&self, outgoing: &Outgoing<'_>) -> Url {
        let mut url = self.address(&self.config.paths.authorize);
        {
            let mut query = url.query_pairs_mut();
            query
                .append_pair("response_type", "code")
                .append_pair("client_id", &self.config.client_id)
                .append_pair("redirect_uri", &self.redirect)
                .append_pair("scope", SCOPE)
                .append_pair("state", outgoing.state)
                .append_pair("access_type", "online")
                .append_pair("approval_prompt", "auto");
            if self.config.send_language {
                query.append_pair("lang", outgoing.language.tag());
            }
            query.extend_pairs(&self.config.extra_parameters);
        }
        url
    }

    /// Redeems the code, asks who it is, and ends VALid's own session at once: it would let the next
    /// person at a shared computer in as the previous one.
    pub(super) async fn complete(
        &self,
        callback: &Callback,
        transaction: &Transaction,
    ) -> Result<Asserted, LoginError> {
        let token = self.redeem(callback.code()?).await?;
        let told = self.user_info(&token).await;
        self.log_out(&token).await;
        let user = told?;
        Ok(Asserted {
            level: user.level(),
            method: user.accepted_method(&self.config)?.to_owned(),
            person: user.person()?,
            // VALid says not when they proved it. It was not before we sent them there, unless its
            // session was still open; ending that session above is what makes this true next time.
            authenticated_at: transaction.started_at,
        })
    }

    /// The credentials go in the body: HTTP Basic is not known to work.
    async fn redeem(&self, code: &str) -> Result<SecretString, ProviderFault> {
        let form = Serializer::new(String::new())
            .append_pair("grant_type", "authorization_code")
            .append_pair("code", code)
            .append_pair("redirect_uri", &self.redirect)
            .append_pair("client_id", &self.config.client_id)
            .append_pair("client_secret", self.secret.expose_secret())
            .finish();
        let request = Request::post(self.address(&self.config.paths.token).as_str())
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ACCEPT, "application/json")
            .body(form.into_bytes())
            .map_err(|_| ProviderFault::Contract("the token address"))?;
        let answer = self.outbound.exchange(request, ANSWER).await?;
        // Errors have no documented form: what is no JSON is told apart only by its status.
        let Ok(parsed) = serde_json::from_slice::<TokenAnswer>(answer.body()) else {
            return Err(match answer.status().as_u16() {
                200 => ProviderFault::Contract("the token answer is not JSON"),
                status => ProviderFault::refused(&format!("http-{status}")),
            });
        };
        match parsed {
            TokenAnswer {
                error: Some(code), ..
            } => Err(ProviderFault::refused(&code)),
            TokenAnswer {
                access_token: Some(token),
                token_type: Some(kind),
                ..
            } if answer.status().is_success()
                && kind.eq_ignore_ascii_case("bearer")
                && !token.expose_secret().is_empty() =>
            {
                Ok(token)
            }
            _ => Err(ProviderFault::Contract("the token answer")),
        }
    }

    async fn user_info(&self, token: &SecretString) -> Result<UserInfo, LoginError> {
        let url = self.with_token(&self.config.paths.user_info, "AccessToken", token);
        let answer = self.get(&url).await?;
        // The status of a refusal is not documented: the body decides.
        UserInfo::read(answer.body())
    }

    /// Best effort, and said in the trace when it fails: the person is then still logged in at VALid.
    async fn log_out(&self, token: &SecretString) {
        let url = self.with_token(&self.config.paths.logout, "token", token);
        for _ in 0..LOGOUT_ATTEMPTS {
            if self
                .get(&url)
                .await
                .is_ok_and(|answer| answer.status().is_success())
            {
                return;
            }
        }
        tracing::warn!(provider.id = %self.config.id, "VALid's own session could not be ended");
    }

    async fn get(&self, url: &Url) -> Result<http::Response<Vec<u8>>, ProviderFault> {
        let request = Request::get(url.as_str())
            .header(header::ACCEPT, "application/json")
            .body(Vec::new())
            .map_err(|_| ProviderFault::Contract("an address"))?;
        Ok(self.outbound.exchange(request, ANSWER).await?)
    }

    fn with_token(&self, path: &str, name: &str, token: &SecretString) -> Url {
        let mut url = self.address(path);
        url.query_pairs_mut()
            .append_pair(name, token.expose_secret());
        url
    }

    fn address(&self, path: &str) -> Url {
        let mut url = self.config.base_url.clone();
        url.set_path(path);
        url.set_query(None);
        url
    }
}
