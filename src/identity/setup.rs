//! Putting the room together from its configuration, naming everything that is wrong at once.

use std::sync::Arc;

use url::Url;

use super::clients::{ClientDefect, Clients};
use super::config::IdentityConfig;
use super::error::Unavailable;
use super::jwt::{KeyDefect, Signer, VerifyingKeys};
use super::login::Logins;
use super::outbound::{self, Outbound, OutboundError};
use super::providers::Provider;
use super::rates::Rates;
use super::secret::{PairwiseKey, UnreadableSecret};
use super::session::Sessions;
use super::subjects::Subjects;
use super::tokens::{Site, Tokens};
use crate::citizen::ClientId;
use crate::clock::World;
use crate::store::Db;
use crate::store::cache::Cache;
use crate::store::keyring::Keyring;

/// The three doors.
#[derive(Debug)]
pub struct Identity {
    /// Log-ins of our own pages.
    pub logins: Logins,
    /// Browser sessions.
    pub sessions: Sessions,
    /// Tokens of registered clients.
    pub tokens: Tokens,
    /// How often anybody may come through them.
    pub rates: Rates,
}

/// Where the room keeps things.
#[derive(Clone, Debug)]
pub struct Stores {
    /// People, log-ins on their way, identifiers used once, what tokens stand for.
    pub db: Db,
    /// Whose key opens what.
    pub keyring: Arc<Keyring>,
    /// Sessions, and proofs that were seen.
    pub cache: Cache,
}

/// Something in the configuration that cannot work.
#[derive(Debug, thiserror::Error)]
pub enum SetupDefect {
    /// A registered client.
    #[error("client {0}")]
    Client(ClientId, #[source] ClientDefect),
    /// The trusted certificates of providers.
    #[error("provider_roots_file")]
    Outbound(#[source] OutboundError),
    /// The pairwise key.
    #[error("pairwise_key_file")]
    Pairwise(#[source] UnreadableSecret),
    /// A provider.
    #[error("provider {0}")]
    Provider(String, #[source] ProviderDefect),
    /// `https`, or `http` on this machine.
    #[error("the public URL must be https, or http on this very machine, without query")]
    PublicUrl,
    /// The key that signs tokens.
    #[error("token_key_file")]
    TokenKey(#[source] KeyDefect),
}

/// Why a provider cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ProviderDefect {
    /// Two providers share a name, and so a redirect address.
    #[error("the name is there twice")]
    Duplicate,
    /// A name must fit a path: lower-case letters, digits and hyphens, at most 32.
    #[error("the id must be lower-case letters, digits and hyphens")]
    Id,
    /// Its address is not `https`, or not an address.
    #[error("the address must be https")]
    Insecure,
    /// Its key cannot be used.
    #[error("the key cannot be used")]
    Key(#[from] KeyDefect),
    /// Its secret cannot be used.
    #[error("the secret cannot be used")]
    Secret(#[from] UnreadableSecret),
    /// Only 0, 5, 11 and 12 are natural persons.
    #[error("only certificate types 0, 5, 11 and 12 can be let in")]
    CertificateType,
    /// More than a minute of clock difference hides replays.
    #[error("clock_skew_seconds is at most 60")]
    Skew,
}

impl Identity {
    /// Reads keys and secrets and connects the parts. Opens no connection.
    pub fn open(
        config: &IdentityConfig,
        public_url: &Url,
        stores: Stores,
        world: World,
    ) -> Result<Self, Vec<SetupDefect>> {
        let mut defects = Vec::new();
        if !outbound::is_safe(public_url) || public_url.query().is_some() {
            defects.push(SetupDefect::PublicUrl);
        }
        let signer = Signer::open(&config.token_key_file, None).map_err(SetupDefect::TokenKey);
        let signer = kept(signer, &mut defects);
        let pairwise = PairwiseKey::open(&config.pairwise_key_file).map_err(SetupDefect::Pairwise);
        let pairwise = kept(pairwise, &mut defects);
        let outbound = Outbound::new(config.provider_roots_file.as_deref());
        let outbound = kept(outbound.map_err(SetupDefect::Outbound), &mut defects);
        let clients = Clients::open(&config.clients).unwrap_or_else(|found| {
            defects.extend(
                found
                    .into_iter()
                    .map(|(id, defect)| SetupDefect::Client(id, defect)),
            );
            Clients::default()
        });
        let providers = outbound.map(|outbound| {
            let mut providers: Vec<Provider> = Vec::new();
            for one in &config.providers {
                let twice = providers.iter().any(|other| other.id() == one.id());
                let opened = Provider::open(one, public_url, &outbound);
                let opened = if twice {
                    Err(ProviderDefect::Duplicate)
                } else {
                    opened
                };
                let named = |defect| SetupDefect::Provider(one.id().to_owned(), defect);
                providers.extend(kept(opened.map_err(named), &mut defects));
            }
            providers
        });
        let (Some(signer), Some(pairwise), Some(providers), true) =
            (signer, pairwise, providers, defects.is_empty())
        else {
            return Err(defects);
        };

        let Stores { db, keyring, cache } = stores;
        let rates = Rates::new(cache.clone(), config.rates);
        let subjects = Subjects::new(keyring, world.clone());
        let sessions = Sessions::new(
            cache.clone(),
            db.clone(),
            subjects.clone(),
            public_url,
            config.sessions,
            world.clone(),
        );
        Ok(Self {
            logins: Logins {
                db: db.clone(),
                subjects: subjects.clone(),
                sessions: sessions.clone(),
                providers: providers.into(),
                rates: rates.clone(),
                world: world.clone(),
            },
            sessions,
            tokens: Tokens {
                cache,
                db,
                subjects,
                clients,
                own_keys: VerifyingKeys::of(&signer),
                signer,
                pairwise,
                rates: rates.clone(),
                site: Site::new(public_url),
                world,
            },
            rates,
        })
    }
}

impl Identity {
    /// Forgets log-ins nobody came back from, and identifiers no clock accepts any more. To be called
    /// every few minutes; gives how many rows went.
    pub async fn sweep(&self) -> Result<u64, Unavailable> {
        Ok(self.logins.sweep().await? + self.tokens.sweep().await?)
    }
}

/// The value, or its defect put with the others.
fn kept<T>(found: Result<T, SetupDefect>, defects: &mut Vec<SetupDefect>) -> Option<T> {
    found.map_err(|defect| defects.push(defect)).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::config::IdentityConfig;

    fn minimal() -> Value {
        json!({ "token_key_file": "token.key", "pairwise_key_file": "pairwise.key" })
    }

    #[test]
    fn a_key_nobody_knows_is_refused_at_every_depth() {
        assert!(serde_json::from_value::<IdentityConfig>(minimal()).is_ok());
        let provider = json!({ "kind": "valid", "id": "valid", "base_url": "https://valid.aoc.cat",
            "client_id": "x", "client_secret_file": "s" });
        for path in ["/", "/sessions", "/providers/0", "/providers/0/paths"] {
            let mut config = minimal();
            config["sessions"] = json!({ "idle_minutes": 10 });
            config["providers"] = json!([provider]);
            config["providers"][0]["paths"] = json!({ "token": "/t" });
            assert!(serde_json::from_value::<IdentityConfig>(config.clone()).is_ok());
            let place = config.pointer_mut(path.trim_end_matches('/')).unwrap();
            place["surprise"] = json!(1);
            assert!(
                serde_json::from_value::<IdentityConfig>(config).is_err(),
                "{path}"
            );
        }
    }

    #[test]
    fn an_unknown_scope_or_algorithm_is_refused() {
        for (name, value) in [
            (
                "clients",
                json!([{ "id": "x", "keys_file": "k", "scopes": ["everything"] }]),
            ),
            (
                "providers",
                json!([{ "kind": "oidc", "id": "b", "issuer": "https://b.example",
                "client_id": "x", "claims": { "document": "d" }, "algorithms": ["HS256"],
                "authentication": { "method": "client_secret_basic", "secret_file": "s" } }]),
            ),
        ] {
            let mut config = minimal();
            config[name] = value;
            assert!(
                serde_json::from_value::<IdentityConfig>(config).is_err(),
                "{name}"
            );
        }
    }
}
