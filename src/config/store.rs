//! `[store]`: where the databases are, and as whom each part of the service connects.

use std::path::{Path, PathBuf};

use secrecy::SecretString;
use serde::{Deserialize, Deserializer};

use crate::store::keyring::secret_file::{self, SecretFileError};
use crate::store::{Location, Schema};

/// Where the service keeps things.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreConfig {
    /// Database: a file, or `postgres://host:port/database` without password.
    #[serde(deserialize_with = "location")]
    pub database: Location,
    /// Keyring, with a backup of its own: the same.
    #[serde(deserialize_with = "location")]
    pub keyring: Location,
    /// Users of the servers. One that is absent is the user of the address.
    #[serde(default)]
    pub roles: RolesConfig,
}

/// The database users, by what they may do.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RolesConfig {
    /// Answers requests: adds rows, changes and deletes none that are evidence.
    pub application: Option<RoleConfig>,
    /// Reads the log and what was exchanged, for auditors' own tools.
    pub auditor: Option<RoleConfig>,
    /// Destroys and re-wraps keys.
    pub eraser: Option<RoleConfig>,
    /// Owns the tables; only `migrate` connects as it.
    pub owner: Option<RoleConfig>,
    /// Numbers log entries and moves the head.
    pub sequencer: Option<RoleConfig>,
}

/// A database user.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoleConfig {
    /// Its name on the server.
    pub user: String,
    /// File with its password; absent where the server knows the user otherwise.
    pub password_file: Option<PathBuf>,
}

/// As whom to connect.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Role {
    /// Answers requests.
    Application,
    /// Destroys and re-wraps keys.
    Eraser,
    /// Owns the tables.
    Owner,
    /// Numbers log entries.
    Sequencer,
}

impl StoreConfig {
    /// Where a database is and who connects to it; reads the password's file.
    pub fn location(&self, schema: Schema, role: Role) -> Result<Location, SecretFileError> {
        let place = match schema {
            Schema::Gateway => &self.database,
            Schema::Keyring => &self.keyring,
        };
        match (place, self.roles.get(role)) {
            (Location::Server(server), Some(role)) => {
                let password = role.password()?;
                let server = server.connecting_as(&role.user, password.as_ref());
                Ok(Location::Server(server))
            }
            _ => Ok(place.clone()),
        }
    }

    /// Whether a role has a user of its own.
    pub fn separates(&self, role: Role) -> bool {
        self.roles.get(role).is_some()
    }

    /// The same with every path below a folder.
    pub(super) fn place(&mut self, place: impl Fn(&mut PathBuf)) {
        for location in [&mut self.database, &mut self.keyring] {
            if let Location::File(file) = location {
                place(file);
            }
        }
        let roles = &mut self.roles;
        let roles = [
            &mut roles.application,
            &mut roles.auditor,
            &mut roles.eraser,
            &mut roles.owner,
            &mut roles.sequencer,
        ];
        for role in roles.into_iter().flatten() {
            role.password_file.iter_mut().for_each(&place);
        }
    }
}

impl RolesConfig {
    fn get(&self, role: Role) -> Option<&RoleConfig> {
        match role {
            Role::Application => self.application.as_ref(),
            Role::Eraser => self.eraser.as_ref(),
            Role::Owner => self.owner.as_ref(),
            Role::Sequencer => self.sequencer.as_ref(),
        }
    }
}

impl RoleConfig {
    fn password(&self) -> Result<Option<SecretString>, SecretFileError> {
        self.password_file.as_deref().map(password_in).transpose()
    }
}

/// The password a file holds, without the end of its line.
pub(super) fn password_in(file: &Path) -> Result<SecretString, SecretFileError> {
    let bytes = secret_file::read(file)?;
    let text = String::from_utf8_lossy(&bytes);
    Ok(SecretString::from(text.trim_end_matches(['\r', '\n'])))
}

/// A file, or the address of a server.
fn location<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Location, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.starts_with("postgres://") || text.starts_with("postgresql://") {
        let server = text.parse().map_err(serde::de::Error::custom)?;
        return Ok(Location::Server(server));
    }
    Ok(Location::File(PathBuf::from(text)))
}
