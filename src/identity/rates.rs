//! How often one caller may call. Counted for the whole fleet; while the cache is gone, by each
//! process for itself.

use jiff::Timestamp;
use serde::Deserialize;

use crate::citizen::{ClientId, SubjectId};
use crate::store::cache::{Allowed, Cache, Rate};

use super::citizen::{Channel, Citizen};

/// `[rates]`: how often each kind of caller may call.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RatesConfig {
    /// Requests about one citizen through one client, or of one citizen's browser.
    pub citizen: RateConfig,
    /// Tokens for one client, and requests of an auditor's client.
    pub client: RateConfig,
    /// Log-ins begun at the pages, all together: nobody is known yet.
    pub logins: RateConfig,
}

/// So many at once after a pause, and so many a minute.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateConfig {
    /// At once, after a pause.
    pub burst: u32,
    /// A minute, sustained.
    pub per_minute: u32,
}

impl Default for RatesConfig {
    /// A person presses perhaps twenty buttons a minute; a folder serves many persons.
    fn default() -> Self {
        let rate = |burst, per_minute| RateConfig { burst, per_minute };
        Self {
            citizen: rate(120, 240),
            client: rate(600, 3000),
            logins: rate(200, 600),
        }
    }
}

/// Too many; the same may be asked again after this many seconds.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("too many requests of one caller; again in {retry_after_s} s")]
pub struct TooMany {
    /// Whole seconds, at least one.
    pub retry_after_s: u32,
}

/// Counts callers.
#[derive(Clone, Debug)]
pub struct Rates {
    fleet: Cache,
    /// What is counted here alone while the fleet's cache does not answer.
    floor: Cache,
    config: RatesConfig,
}

impl Rates {
    /// Counts in the fleet's cache.
    pub fn new(fleet: Cache, config: RatesConfig) -> Self {
        Self {
            fleet,
            floor: Cache::memory(),
            config,
        }
    }

    /// One request about a citizen.
    pub async fn citizen(&self, citizen: &Citizen, now: Timestamp) -> Result<(), TooMany> {
        let subject: SubjectId = citizen.subject();
        let key = match citizen.channel() {
            Channel::Client(client) => format!("citizen/{client}/{subject}"),
            Channel::Pages => format!("citizen//{subject}"),
        };
        self.count(&key, self.config.citizen, now).await
    }

    /// One token for a client, or one request of an auditor's.
    pub async fn client(&self, client: &ClientId, now: Timestamp) -> Result<(), TooMany> {
        let key = format!("client/{client}");
        self.count(&key, self.config.client, now).await
    }

    /// One log-in begun.
    pub async fn login(&self, now: Timestamp) -> Result<(), TooMany> {
        self.count("logins", self.config.logins, now).await
    }

    async fn count(&self, key: &str, rate: RateConfig, now: Timestamp) -> Result<(), TooMany> {
        let rate = Rate {
            burst: rate.burst.max(1),
            per_minute: rate.per_minute.max(1),
        };
        let allowed = match self.fleet.allow(key, rate, now).await {
            Ok(allowed) => allowed,
            Err(error) => {
                tracing::warn!(%error, "callers are counted by this process alone");
                // Memory does not fail; were it to, the caller is not to blame.
                let here = self.floor.allow(key, rate, now).await;
                here.unwrap_or(Allowed::Yes)
            }
        };
        match allowed {
            Allowed::Yes => Ok(()),
            Allowed::RetryAfter(wait) => Err(TooMany {
                retry_after_s: u32::try_from(wait.as_secs()).unwrap_or(u32::MAX - 1) + 1,
            }),
        }
    }
}
