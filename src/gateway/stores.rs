//! The databases, opened as the configuration says.

use std::sync::Arc;
use std::time::Duration;

use super::defects::{Defects, one};
use super::fleet_time;
use super::standing;
use crate::audit::{Log, LogConfig, LogSigner, LogStores};
use crate::clock::World;
use crate::config::{Config, Environment, Role};
use crate::store::cache::Cache;
use crate::store::keyring::{FileWrapper, Keyring, LookupKeys};
use crate::store::{Db, Remark, Schema};

/// The databases and the log over them.
pub(super) struct Stores {
    pub(super) db: Db,
    pub(super) keyring: Arc<Keyring>,
    pub(super) log: Arc<Log>,
    /// What may be lost.
    pub(super) cache: Cache,
    /// What is to be said about the databases.
    pub(super) remarks: Vec<Remark>,
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
        let mut remarks = Vec::new();
        let role = Role::Application;
        let db = open_db(config, Schema::Gateway, role, &mut remarks).await?;
        let keyring_db = open_db(config, Schema::Keyring, role, &mut remarks).await?;
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
        // Where the application may not number entries, somebody else connects to do so.
        let separate = [Role::Application, Role::Sequencer];
        let sequencer = if separate
            .into_iter()
            .any(|role| config.store.separates(role))
        {
            open_db(config, Schema::Gateway, Role::Sequencer, &mut remarks).await?
        } else {
            db.clone()
        };
        let stores = LogStores {
            db: db.clone(),
            sequencer: Some(sequencer),
        };
        let log = Log::open(
            stores,
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
            remarks,
        })
    }
}

/// Connects to a database. On one's own machine its schema is brought up to date first; elsewhere a
/// server's schema is changed by its owner, with `migrate`.
pub(super) async fn open_db(
    config: &Config,
    schema: Schema,
    role: Role,
    remarks: &mut Vec<Remark>,
) -> Result<Db, Defects> {
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
    let db = Db::open(&place(role)?, schema).await;
    let db = db.map_err(|error| one(what, &error))?;
    remarks.extend(standing::of(config, what, role, &db).await?);
    Ok(db)
}
