//! The databases, opened as the configuration says.

use std::sync::Arc;
use std::time::Duration;

use super::defects::{Defects, one};
use super::fleet_time;
use crate::audit::{Log, LogConfig, LogSigner};
use crate::clock::World;
use crate::config::{Config, Environment, Role};
use crate::store::cache::Cache;
use crate::store::keyring::{FileWrapper, Keyring, LookupKeys};
use crate::store::{Db, Schema};

/// The databases and the log over them.
pub(super) struct Stores {
    pub(super) db: Db,
    pub(super) keyring: Arc<Keyring>,
    pub(super) log: Arc<Log>,
    /// What may be lost.
    pub(super) cache: Cache,
}

/// What opens the stores.
pub(super) struct StoreKeys {
    pub(super) wrapper: FileWrapper,
    pub(super) lookup: LookupKeys,
    pub(super) log_signer: LogSigner,
}

impl Stores {
    pub(super) async fn open(
        config: &Config,
        world: &World,
        keys: StoreKeys,
    ) -> Result<Self, Defects> {
        let keyring_db = open_db(config, Schema::Keyring, Role::Application).await?;
        let db = open_db(config, Schema::Gateway, Role::Application).await?;
        // Before anything is said to have happened now.
        fleet_time::look(&db, world).await;
        let wrapper = Arc::new(keys.wrapper);
        let keyring = Arc::new(Keyring::open(
            keyring_db,
            wrapper,
            keys.lookup,
            world.clone(),
        ));
        let opens = keyring.check().await;
        opens.map_err(|error| one("keyring", &error))?;
        let log = LogConfig {
            origin: config.log.origin.clone(),
            stall_after: Duration::from_secs(config.log.stall_after_s.into()),
            anchor: config.log.anchor.clone(),
        };
        let log = Log::open(
            db.clone(),
            Arc::clone(&keyring),
            log,
            keys.log_signer,
            world.clone(),
        )
        .await;
        let log = Arc::new(log.map_err(|error| one("log", &error))?);
        let cache = match config.cache.open() {
            Err(error) => return Err(one("cache", &error)),
            Ok(None) => Cache::memory(),
            Ok(Some(settings)) => Cache::redis(&settings)
                .await
                .map_err(|error| one("cache", &error))?,
        };
        let born = cache.born(world.now()).await;
        born.map_err(|error| one("cache", &error))?;
        Ok(Self {
            db,
            keyring,
            log,
            cache,
        })
    }
}

/// Connects to a database. On one's own machine its schema is brought up to date first; elsewhere a
/// server's schema is changed by its owner, with `migrate`.
async fn open_db(config: &Config, schema: Schema, role: Role) -> Result<Db, Defects> {
    let what = match schema {
        Schema::Gateway => "store.database",
        Schema::Keyring => "store.keyring",
    };
    let place = |role| {
        let location = config.store.location(schema, role);
        location.map_err(|error| one(what, &error))
    };
    if config.environment == Environment::Development {
        let owner = place(Role::Owner)?;
        let migrated = Db::migrate(&owner, schema).await;
        migrated.map_err(|error| one(what, &error))?;
    }
    Db::open(&place(role)?, schema)
        .await
        .map_err(|error| one(what, &error))
}
