//! The registered callers of the API.

use super::citizen::Scopes;
use super::config::ClientConfig;
use super::jwt::{KeyDefect, VerifyingKeys};
use crate::citizen::{BodyId, ClientId, LevelOfAssurance};

/// A registered caller.
#[derive(Clone, Debug)]
pub struct Client {
    pub(super) id: ClientId,
    pub(super) keys: VerifyingKeys,
    pub(super) scopes: Scopes,
    pub(super) level_ceiling: LevelOfAssurance,
    pub(super) may_grant: bool,
    pub(super) role: Role,
}

/// What a client is here for; one client is never both.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Role {
    Auditor,
    Folder { body: BodyId },
}

/// Why a registration cannot be used.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ClientDefect {
    /// A citizen's folder without the administration its citizens deal with.
    #[error("a client that acts for citizens needs a body")]
    Bodiless,
    /// Two registrations of the same name.
    #[error("the client is registered twice")]
    Duplicate,
    /// Its keys do not read.
    #[error("the client's keys cannot be used")]
    Keys(#[source] KeyDefect),
    /// Auditors' and citizens' scopes on one client, or none at all.
    #[error("a client has either audit scopes or scopes of citizens, and at least one")]
    Mixed,
    /// `pages` is how our own pages are recorded.
    #[error("the name is taken by this service's own pages")]
    Reserved,
}

impl Client {
    /// Reads a registration and its keys.
    pub fn open(config: &ClientConfig) -> Result<Self, ClientDefect> {
        let keys = VerifyingKeys::open(&config.keys_file).map_err(ClientDefect::Keys)?;
        Self::new(config, keys)
    }

    /// A registration with keys already read.
    pub fn new(config: &ClientConfig, keys: VerifyingKeys) -> Result<Self, ClientDefect> {
        let scopes: Scopes = config.scopes.iter().copied().collect();
        let audit = scopes.iter().filter(|scope| scope.is_audit()).count();
        let role = match (audit, config.scopes.len()) {
            (0, 1..) => Role::Folder {
                body: config.body.clone().ok_or(ClientDefect::Bodiless)?,
            },
            (some, all) if some == all && all > 0 => Role::Auditor,
            _ => return Err(ClientDefect::Mixed),
        };
        if config.id.as_str() == "pages" {
            return Err(ClientDefect::Reserved);
        }
        Ok(Self {
            id: config.id.clone(),
            keys,
            scopes,
            level_ceiling: config.level_ceiling,
            may_grant: config.may_grant,
            role,
        })
    }
}

/// All registered callers.
#[derive(Clone, Debug, Default)]
pub struct Clients(Vec<Client>);

impl Clients {
    /// Registers these, naming every defect at once.
    pub fn open(configs: &[ClientConfig]) -> Result<Self, Vec<(ClientId, ClientDefect)>> {
        let (mut clients, mut defects) = (Self::default(), Vec::new());
        for config in configs {
            if let Err(defect) = Client::open(config).and_then(|client| clients.add(client)) {
                defects.push((config.id.clone(), defect));
            }
        }
        if defects.is_empty() {
            Ok(clients)
        } else {
            Err(defects)
        }
    }

    /// Registers one more.
    pub fn add(&mut self, client: Client) -> Result<(), ClientDefect> {
        if self.named(client.id.as_str()).is_some() {
            return Err(ClientDefect::Duplicate);
        }
        self.0.push(client);
        Ok(())
    }

    /// The client of that name.
    pub fn named(&self, id: &str) -> Option<&Client> {
        self.0.iter().find(|client| client.id.as_str() == id)
    }
}
