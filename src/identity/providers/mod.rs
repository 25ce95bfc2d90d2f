//! Log-in providers: two kinds behind one door.
//!
//! VALid is plain OAuth 2.0 with its own user-information call; everything else has to speak
//! strict OpenID Connect. What comes out of either is the same [`Asserted`] identity.

mod document;
mod oidc;
mod valid;

use std::collections::BTreeSet;

use jiff::Timestamp;
use url::Url;

use super::config::ProviderConfig;
use super::error::{LoginError, ProviderFault};
use super::login::Offer;
use super::outbound::Outbound;
use super::setup::ProviderDefect;
use super::transaction::Transaction;
use crate::citizen::{Language, LevelOfAssurance, Person};
use crate::clock::World;

/// The longest callback query that is looked at.
const LONGEST_QUERY: usize = 8 * 1024;

/// A configured provider.
#[derive(Debug)]
pub(super) struct Provider {
    config: ProviderConfig,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Oidc(Box<oidc::Oidc>),
    Valid(Box<valid::Valid>),
}

/// What the browser carries to the provider.
pub(super) struct Outgoing<'a> {
    pub(super) state: &'a str,
    pub(super) nonce: &'a str,
    pub(super) verifier: &'a str,
    pub(super) language: Language,
}

/// Who a provider says somebody is.
pub(super) struct Asserted {
    pub(super) person: Person,
    pub(super) level: LevelOfAssurance,
    pub(super) method: String,
    pub(super) authenticated_at: Timestamp,
}

impl Provider {
    pub(super) fn open(
        config: &ProviderConfig,
        public_url: &Url,
        outbound: &Outbound,
    ) -> Result<Self, ProviderDefect> {
        let id = config.id();
        let fits = |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
        if !(1..=32).contains(&id.len()) || !id.bytes().all(fits) {
            return Err(ProviderDefect::Id);
        }
        // One address per provider: an answer meant for another cannot arrive here (RFC 9700 4.4).
        let site = public_url.as_str().trim_end_matches('/');
        let redirect = format!("{site}/login/{id}/callback");
        let outbound = outbound.clone();
        let kind = match config {
            ProviderConfig::Oidc(config) => Kind::Oidc(Box::new(oidc::Oidc::open(
                config.clone(),
                redirect,
                outbound,
            )?)),
            ProviderConfig::Valid(config) => Kind::Valid(Box::new(valid::Valid::open(
                config.clone(),
                redirect,
                outbound,
            )?)),
        };
        Ok(Self {
            config: config.clone(),
            kind,
        })
    }

    pub(super) fn id(&self) -> &str {
        self.config.id()
    }

    pub(super) fn offer(&self, language: Language) -> Offer {
        Offer {
            provider: self.id().to_owned(),
            label: self.config.label(language).to_owned(),
        }
    }

    pub(super) fn minimum_level(&self) -> LevelOfAssurance {
        self.config.minimum_level()
    }

    /// Where to send the browser.
    pub(super) async fn redirect(
        &self,
        outgoing: &Outgoing<'_>,
        world: &World,
    ) -> Result<Url, ProviderFault> {
        match &self.kind {
            Kind::Oidc(provider) => provider.redirect(outgoing, world).await,
            Kind::Valid(provider) => Ok(provider.redirect(outgoing)),
        }
    }

    /// Turns the provider's answer into an identity, or says why not.
    pub(super) async fn complete(
        &self,
        callback: &Callback,
        transaction: &Transaction,
        world: &World,
    ) -> Result<Asserted, LoginError> {
        match &self.kind {
            Kind::Oidc(provider) => provider.complete(callback, transaction, world).await,
            Kind::Valid(provider) => provider.complete(callback, transaction).await,
        }
    }
}

/// The query of a callback, each parameter at most once.
pub(super) struct Callback {
    state: String,
    code: Option<String>,
    error: Option<String>,
    issuer: Option<String>,
}

impl Callback {
    pub(super) fn parse(query: &str) -> Result<Self, LoginError> {
        if query.len() > LONGEST_QUERY {
            return Err(LoginError::Callback("the query is too long"));
        }
        let (mut state, mut code, mut error, mut issuer) = (None, None, None, None);
        let mut names = BTreeSet::new();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "state" => state = Some(value.into_owned()),
                "code" => code = Some(value.into_owned()),
                "error" => error = Some(value.into_owned()),
                "iss" => issuer = Some(value.into_owned()),
                _ => {}
            }
            if !names.insert(name.into_owned()) {
                return Err(LoginError::Callback("a parameter appears twice"));
            }
        }
        Ok(Self {
            state: state.ok_or(LoginError::Callback("state is missing"))?,
            code,
            error,
            issuer,
        })
    }

    pub(super) fn state(&self) -> &str {
        &self.state
    }

    /// The code, unless the provider reports an error. A cancelled log-in is not a failure.
    fn code(&self) -> Result<&str, LoginError> {
        match (self.error.as_deref(), self.code.as_deref()) {
            (Some("access_denied" | "SESSION_CANCEL"), _) => Err(LoginError::Cancelled),
            (Some(code), _) => Err(ProviderFault::refused(code).into()),
            (None, Some(code)) if (1..=2048).contains(&code.len()) => Ok(code),
            (None, _) => Err(LoginError::Callback("code is missing or too long")),
        }
    }
}
