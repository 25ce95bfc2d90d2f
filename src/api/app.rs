//! The rooms behind the routes.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use url::Url;

use crate::audit::Log;
use crate::citizen::BodyId;
use crate::clock::World;
use crate::consent::{Consenter, Ledger, Terms};
use crate::events::Events;
use crate::evidence::Evidence;
use crate::exchange::{Bodies, Exchange};
use crate::household::Households;
use crate::identity::{Citizen, Logins, Rates, Sessions, Tokens};
use crate::products::Catalogue;
use crate::rights::Rights;
use crate::store::Db;
use crate::store::cache::Cache;
use crate::store::keyring::Keyring;

/// Everything a route may need. Cheap to clone.
#[derive(Clone, Debug)]
pub struct App {
    /// Where the service is reached, without a slash at the end.
    pub public_url: Url,
    /// Statements of the routes' own: health, the auditor's record.
    pub db: Db,
    /// What may be lost.
    pub cache: Cache,
    /// Who a document belongs to.
    pub keyring: Arc<Keyring>,
    /// The exchange log.
    pub log: Arc<Log>,
    /// Log-ins of the pages.
    pub logins: Arc<Logins>,
    /// Sessions of the pages.
    pub sessions: Arc<Sessions>,
    /// Tokens of the API.
    pub tokens: Arc<Tokens>,
    /// How often anybody may call.
    pub rates: Rates,
    /// What people decided.
    pub ledger: Arc<Ledger>,
    /// Purposes, notices and offers.
    pub terms: Arc<Terms>,
    /// The products on offer, in words.
    pub catalogue: Arc<Catalogue>,
    /// Fetching, and reading back what was exchanged.
    pub exchange: Exchange,
    /// Telling those who hold data, and whether they know.
    pub events: Arc<Events>,
    /// People who are looked at together.
    pub households: Households,
    /// What shows that an exchange was permitted.
    pub evidence: Evidence,
    /// What people ask for by right.
    pub rights: Rights,
    /// In whose names the service asks.
    pub bodies: Bodies,
    /// Which body's pages a host name shows.
    pub hosts: Arc<std::collections::BTreeMap<String, BodyId>>,
    /// Public keys, as JWKS.
    pub jwks: Arc<serde_json::Value>,
    /// Set when the process was told to stop: it answers, and asks to be left alone.
    pub stopping: CancellationToken,
    /// Time and randomness.
    pub world: World,
}

impl App {
    /// The public address without a slash at the end.
    pub fn base(&self) -> &str {
        self.public_url.as_str().trim_end_matches('/')
    }

    /// A citizen as the ledger records who decides.
    pub fn consenter(&self, citizen: &Citizen) -> Consenter {
        let name = self.bodies.get(citizen.body()).map_or_else(
            || citizen.body().to_string(),
            |body| body.requester.name.as_str().to_owned(),
        );
        Consenter::new(citizen, name)
    }
}
