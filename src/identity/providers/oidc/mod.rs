//! Strict OpenID Connect: authorisation code, PKCE with S256, nonce, one signed ID token.
//!
//! The library finds the provider, redeems the code and verifies signature, issuer, audience,
//! expiry and nonce. [`checks`] adds what it leaves out, and [`claims`] reads who it is.

mod capped;
mod checks;
mod claims;
mod metadata;

use http::{Request, header};
use jiff::SignedDuration;
use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreErrorResponseType, CoreIdToken,
    CoreJwsSigningAlgorithm, CoreTokenResponse,
};
use openidconnect::{
    AccessToken, AuthType, AuthorizationCode, ClaimsVerificationError, ClientId, ClientSecret,
    CsrfToken, EndpointMaybeSet, EndpointNotSet, EndpointSet, IssuerUrl, Nonce,
    OAuth2TokenResponse, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RequestTokenError,
    Scope, SignatureVerificationError, StandardErrorResponse, TokenResponse,
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};
use url::Url;

use self::capped::Capped;
use self::checks::Given;
use self::metadata::{Metadata, MetadataCache};
use super::super::config::{ClientAuthentication, IdTokenAlgorithm, OidcConfig};
use super::super::error::{LoginError, ProviderFault};
use super::super::jwt::{Compact, Signer};
use super::super::outbound::{self, ANSWER, Outbound, OutboundError};
use super::super::setup::ProviderDefect;
use super::super::transaction::Transaction;
use super::super::{jwt, secret};
use super::{Asserted, Callback, Outgoing};
use crate::clock::World;

/// ID tokens may carry a certificate; nothing honest is longer.
const LONGEST_ID_TOKEN: usize = 16 * 1024;

/// How long our own assertion at the token endpoint lives, in seconds.
const ASSERTION_LIFE: i64 = 60;

/// The library's client once it knows where the provider's endpoints are.
type Client = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// One registration at an OpenID Provider.
#[derive(Debug)]
pub(super) struct Oidc {
    config: OidcConfig,
    authentication: Authentication,
    redirect: RedirectUrl,
    metadata: MetadataCache,
    outbound: Outbound,
}

#[derive(Debug)]
enum Authentication {
    PrivateKey(Signer),
    Secret(SecretString),
}

impl Oidc {
    pub(super) fn open(
        config: OidcConfig,
        redirect: String,
        outbound: Outbound,
    ) -> Result<Self, ProviderDefect> {
        let issuer = IssuerUrl::new(config.issuer.clone()).map_err(|_| ProviderDefect::Insecure)?;
        if !outbound::is_safe(issuer.url()) {
            return Err(ProviderDefect::Insecure);
        }
        if config.clock_skew_seconds > 60 {
            return Err(ProviderDefect::Skew);
        }
        let authentication = match &config.authentication {
            ClientAuthentication::ClientSecretBasic { secret_file } => {
                Authentication::Secret(secret::read(secret_file)?)
            }
            ClientAuthentication::PrivateKeyJwt { key_file, key_id } => {
                Authentication::PrivateKey(Signer::open(key_file, Some(key_id))?)
            }
        };
        Ok(Self {
            redirect: RedirectUrl::new(redirect).map_err(|_| ProviderDefect::Insecure)?,
            metadata: MetadataCache::new(issuer, outbound.clone()),
            authentication,
            config,
            outbound,
        })
    }

    /// Where to send the browser.
    pub(super) async fn redirect(
        &self,
        outgoing: &Outgoing<'_>,
        world: &World,
    ) -> Result<Url, ProviderFault> {
        let metadata = self.metadata.current(world).await?;
        let client = self.client(&metadata);
        let verifier = PkceCodeVerifier::new(outgoing.verifier.to_owned());
        let (state, nonce) = (outgoing.state.to_owned(), outgoing.nonce.to_owned());
        let mut request = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                move || CsrfToken::new(state),
                move || Nonce::new(nonce),
            )
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
            .add_scopes(self.config.scopes.iter().cloned().map(Scope::new))
            .add_extra_param("ui_locales", outgoing.language.tag());
        if !self.config.acr_values.is_empty() {
            request = request.add_extra_param("acr_values", self.config.acr_values.join(" "));
        }
        if let Some(seconds) = self.config.max_age_seconds {
            request = request.add_extra_param("max_age", seconds.to_string());
        }
        Ok(request.url().0)
    }

    /// Redeems the code and verifies what comes back.
    pub(super) async fn complete(
        &self,
        callback: &Callback,
        transaction: &Transaction,
        world: &World,
    ) -> Result<Asserted, LoginError> {
        let metadata = self.metadata.current(world).await?;
        self.check_issuer(callback, &metadata)?;
        let tokens = self
            .redeem(callback.code()?, transaction, &metadata, world)
            .await?;
        let id_token = tokens
            .id_token()
            .ok_or(ProviderFault::Contract("there is no ID token"))?;
        self.verify(id_token, transaction, &metadata, world).await?;

        let text = id_token.to_string();
        let verified = Compact::parse_up_to(&text, LONGEST_ID_TOKEN)
            .map_err(|_| ProviderFault::Token("it has more than one reading"))?;
        let checked = checks::check(
            verified,
            tokens.access_token().secret(),
            &Given {
                client_id: &self.config.client_id,
                now: world.now(),
                started_at: transaction.started_at,
                skew: self.skew(),
                max_age: self.config.max_age_seconds,
            },
        )?;
        let user_info = if self.config.user_info {
            self.user_info(&metadata, tokens.access_token(), &checked.subject)
                .await?
        } else {
            Map::new()
        };
        claims::asserted(&checked, &user_info, &self.config)
    }

    /// RFC 9207: an answer of another provider is recognised before its code is used.
    fn check_issuer(&self, callback: &Callback, metadata: &Metadata) -> Result<(), ProviderFault> {
        match callback.issuer.as_deref() {
            Some(issuer) if issuer == self.config.issuer => Ok(()),
            None if !metadata
                .additional_metadata()
                .authorization_response_iss_parameter_supported =>
            {
                Ok(())
            }
            _ => Err(ProviderFault::Contract("the answer is of another issuer")),
        }
    }

    async fn redeem(
        &self,
        code: &str,
        transaction: &Transaction,
        metadata: &Metadata,
        world: &World,
    ) -> Result<CoreTokenResponse, ProviderFault> {
        let client = self.client(metadata);
        let mut request = client
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .map_err(|_| ProviderFault::Contract("there is no token endpoint"))?
            .set_pkce_verifier(PkceCodeVerifier::new(
                transaction.verifier.as_str().to_owned(),
            ));
        if let Authentication::PrivateKey(signer) = &self.authentication {
            request = request
                .add_extra_param(
                    "client_assertion_type",
                    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                )
                .add_extra_param("client_assertion", self.assertion(signer, world)?);
        }
        let tokens = request
            .request_async(&Capped {
                outbound: &self.outbound,
                longest: ANSWER,
            })
            .await
            .map_err(refusal)?;
        match tokens.token_type().as_ref() {
            kind if kind.eq_ignore_ascii_case("bearer") => Ok(tokens),
            _ => Err(ProviderFault::Contract("the token type")),
        }
    }

    /// RFC 7523, with the issuer as the one audience: an endpoint's address there could be an
    /// attacker's.
    fn assertion(&self, signer: &Signer, world: &World) -> Result<String, ProviderFault> {
        let now = world.now().as_second();
        let claims = json!({
            "iss": self.config.client_id,
            "sub": self.config.client_id,
            "aud": self.config.issuer,
            "jti": *secret::token(&*world.entropy),
            "iat": now,
            "exp": now + ASSERTION_LIFE,
        });
        let claims = claims
            .as_object()
            .ok_or(ProviderFault::Contract("our assertion"))?;
        signer
            .sign("JWT", claims)
            .map_err(|_| ProviderFault::Contract("our assertion"))
    }

    /// Signature, issuer, audience, expiry and nonce. A key we do not know yet is looked for once.
    async fn verify(
        &self,
        token: &CoreIdToken,
        transaction: &Transaction,
        metadata: &Metadata,
        world: &World,
    ) -> Result<(), ProviderFault> {
        match self.verify_with(token, transaction, metadata, world) {
            Err(ClaimsVerificationError::SignatureVerification(
                SignatureVerificationError::NoMatchingKey,
            )) => {
                let renewed = self.metadata.renewed(world).await?;
                self.verify_with(token, transaction, &renewed, world)
            }
            result => result,
        }
        .map_err(|error| ProviderFault::Token(defect(&error)))
    }

    fn verify_with(
        &self,
        token: &CoreIdToken,
        transaction: &Transaction,
        metadata: &Metadata,
        world: &World,
    ) -> Result<(), ClaimsVerificationError> {
        // The library knows no tolerance: its clock is set back by ours.
        let clock = std::time::SystemTime::from(world.now() - self.skew());
        let client = self.client(metadata);
        let verifier = client
            .id_token_verifier()
            .set_allowed_algs(self.config.algorithms.iter().map(|one| algorithm(*one)))
            .set_time_fn(move || clock.into());
        let nonce = Nonce::new(transaction.nonce.as_str().to_owned());
        token.claims(&verifier, &nonce).map(|_| ())
    }

    /// The user-information endpoint, believed only about the same subject.
    async fn user_info(
        &self,
        metadata: &Metadata,
        token: &AccessToken,
        subject: &str,
    ) -> Result<Map<String, Value>, ProviderFault> {
        let contract = ProviderFault::Contract;
        let endpoint = metadata
            .userinfo_endpoint()
            .ok_or(contract("there is no user information"))?;
        let request = Request::get(endpoint.as_str())
            .header(header::AUTHORIZATION, format!("Bearer {}", token.secret()))
            .header(header::ACCEPT, "application/json")
            .body(Vec::new())
            .map_err(|_| contract("the user information address"))?;
        let answer = self.outbound.exchange(request, ANSWER).await?;
        if !answer.status().is_success() {
            return Err(contract("the user information was refused"));
        }
        let told = jwt::object(answer.body()).map_err(|_| contract("the user information"))?;
        if told.get("sub").and_then(Value::as_str) != Some(subject) {
            return Err(contract("the user information is about somebody else"));
        }
        Ok(told)
    }

    fn client(&self, metadata: &Metadata) -> Client {
        let id = ClientId::new(self.config.client_id.clone());
        let (secret, auth) = match &self.authentication {
            Authentication::PrivateKey(_) => (None, AuthType::RequestBody),
            Authentication::Secret(secret) => {
                let secret = ClientSecret::new(secret.expose_secret().to_owned());
                (Some(secret), AuthType::BasicAuth)
            }
        };
        CoreClient::from_provider_metadata(metadata.clone(), id, secret)
            .set_redirect_uri(self.redirect.clone())
            .set_auth_type(auth)
    }

    fn skew(&self) -> SignedDuration {
        SignedDuration::from_secs(self.config.clock_skew_seconds.into())
    }
}

const fn algorithm(allowed: IdTokenAlgorithm) -> CoreJwsSigningAlgorithm {
    match allowed {
        IdTokenAlgorithm::Es256 => CoreJwsSigningAlgorithm::EcdsaP256Sha256,
        IdTokenAlgorithm::Es384 => CoreJwsSigningAlgorithm::EcdsaP384Sha384,
        IdTokenAlgorithm::EdDsa => CoreJwsSigningAlgorithm::EdDsa,
        IdTokenAlgorithm::Ps256 => CoreJwsSigningAlgorithm::RsaSsaPssSha256,
        IdTokenAlgorithm::Rs256 => CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    }
}

/// Our own words for the library's verdict; its texts may quote the token.
fn defect(error: &ClaimsVerificationError) -> &'static str {
    match error {
        ClaimsVerificationError::Expired(_) => "it has expired",
        ClaimsVerificationError::InvalidAudience(_) => "aud is not this client alone",
        ClaimsVerificationError::InvalidIssuer(_) => "iss is not the provider",
        ClaimsVerificationError::InvalidNonce(_) => "nonce is not the log-in's",
        ClaimsVerificationError::InvalidSubject(_) => "sub",
        ClaimsVerificationError::SignatureVerification(_) => {
            "the signature does not match a key of the provider"
        }
        _ => "it is malformed",
    }
}

/// Our own words for a refusal; the library's texts quote the answer.
fn refusal(
    error: RequestTokenError<OutboundError, StandardErrorResponse<CoreErrorResponseType>>,
) -> ProviderFault {
    match error {
        RequestTokenError::Request(cause) => ProviderFault::Unreachable(cause),
        RequestTokenError::ServerResponse(answer) => {
            ProviderFault::refused(answer.error().as_ref())
        }
        RequestTokenError::Parse(..) | RequestTokenError::Other(_) => {
            ProviderFault::Contract("the token answer")
        }
    }
}
