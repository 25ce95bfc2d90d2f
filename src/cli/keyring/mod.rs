//! `keyring`: replacing the keys that protect people's keys, copying them, mending after a restore.
//!
//! Each command may be stopped at any moment and run again.

mod rotate;
mod status;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use clap::Subcommand;
use jiff::Timestamp;

use super::ConfigFile;
use super::serve::block_on;
use crate::audit::repeat_erasures;
use crate::citizen::{Person, SubjectId};
use crate::clock::World;
use crate::config::{Config, KeyFile, Role};
use crate::identity::{People, RetireError};
use crate::store::keyring::{BackupError, FileWrapper, Keyring, KeyringError, LookupKeys};
use crate::store::{Db, Schema};

/// How long a copy of the keyring is kept at most, in hours: 30 days.
const KEPT: i64 = 30 * 24;

const EXAMPLES: &str = "Examples:
  interop-gateway keyring status
  interop-gateway keyring rotate    (makes a key; give it to every gateway, restart, run again)
  interop-gateway keyring backup /backup/keyring-2026-11-22.sqlite";

#[derive(Debug, Subcommand)]
#[command(after_help = EXAMPLES)]
pub(super) enum KeyringCommand {
    /// Copy an embedded keyring into a new file, while the service runs or not.
    Backup {
        /// The file; it must not exist.
        file: PathBuf,
        #[command(flatten)]
        config: ConfigFile,
    },
    /// Index everybody under the newest key of `lookup.keys`.
    Reindex {
        /// Then give up the key of this version.
        #[arg(long, value_name = "VERSION")]
        retire: Option<u32>,
        #[command(flatten)]
        config: ConfigFile,
    },
    /// After restoring a copy: destroy again what was erased since it was made.
    Restored(ConfigFile),
    /// Replace the wrapping key, one step at a time.
    Rotate {
        /// Give up the older key, once nothing needs it.
        #[arg(long)]
        finish: bool,
        #[command(flatten)]
        config: ConfigFile,
    },
    /// Count what is there, and what protects it.
    Status {
        /// As JSON.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        config: ConfigFile,
    },
}

impl KeyringCommand {
    pub(super) fn file(&self) -> &ConfigFile {
        match self {
            Self::Backup { config, .. }
            | Self::Reindex { config, .. }
            | Self::Restored(config)
            | Self::Rotate { config, .. }
            | Self::Status { config, .. } => config,
        }
    }
}

/// Runs one of them.
pub(super) fn run(command: &KeyringCommand, config: &Config, world: &World) -> ExitCode {
    let done = block_on(async {
        let vault = Vault::open(config, world).await?;
        let done = match command {
            KeyringCommand::Backup { file, .. } => vault.backup(file).await,
            KeyringCommand::Reindex { retire: None, .. } => vault.reindex().await,
            KeyringCommand::Reindex {
                retire: Some(version),
                ..
            } => vault.retire(*version).await,
            KeyringCommand::Restored(_) => vault.restored().await,
            KeyringCommand::Rotate { finish: false, .. } => vault.rotate().await,
            KeyringCommand::Rotate { finish: true, .. } => vault.finish().await,
            KeyringCommand::Status { json, .. } => vault.status(*json).await,
        };
        vault.close().await;
        done
    });
    match done {
        Ok(code) => code,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The databases and keys, without the rest of the service.
pub(super) struct Vault {
    db: Db,
    /// The keyring's, as whoever answers requests and as whoever may delete.
    keys: [Db; 2],
    keyring: Arc<Keyring>,
    people: People,
    folder: PathBuf,
    world: World,
}

impl Vault {
    pub(super) async fn open(config: &Config, world: &World) -> anyhow::Result<Self> {
        let folder = config.keys.directory.clone();
        let wrapper = FileWrapper::open_folder(&folder)?;
        let lookup = LookupKeys::open(&config.keys.file(KeyFile::Lookup)).context("lookup.keys")?;
        let db = open_db(config, Schema::Gateway, Role::Application).await?;
        let keys = open_db(config, Schema::Keyring, Role::Application).await?;
        let eraser = if config.store.separates(Role::Eraser) {
            open_db(config, Schema::Keyring, Role::Eraser).await?
        } else {
            keys.clone()
        };
        let keyring = Keyring::open(keys.clone(), Arc::new(wrapper), lookup, world.clone())
            .with_eraser(eraser.clone());
        let keyring = Arc::new(keyring);
        Ok(Self {
            people: People::new(db.clone(), Arc::clone(&keyring), world.clone()),
            db,
            keys: [keys, eraser],
            keyring,
            folder,
            world: world.clone(),
        })
    }

    /// Who somebody is.
    pub(super) async fn person(&self, subject: SubjectId) -> anyhow::Result<Option<Person>> {
        Ok(self.people.person(subject).await?)
    }

    /// Destroys every key of a person whose erasure is recorded.
    pub(super) async fn destroy(&self, subject: SubjectId) -> anyhow::Result<u64> {
        Ok(self.keyring.erase(subject).await?)
    }

    pub(super) async fn close(&self) {
        self.db.close().await;
        for keys in &self.keys {
            keys.close().await;
        }
    }

    async fn backup(&self, file: &Path) -> anyhow::Result<ExitCode> {
        match self.keyring.backup(file).await {
            Ok(()) => {
                println!("{}", file.display());
                eprintln!(
                    "delete it after 30 days, before {}: who is erased meanwhile is still in it",
                    day(self.in_thirty_days())
                );
                Ok(ExitCode::SUCCESS)
            }
            Err(error @ (BackupError::Exists(_) | BackupError::Server | BackupError::Name)) => {
                eprintln!("{error}");
                Ok(ExitCode::from(super::USAGE))
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn restored(&self) -> anyhow::Result<ExitCode> {
        self.keyring.check().await?;
        let keys = repeat_erasures(&self.db, &self.keyring).await?;
        println!("{keys} key(s) of erased people destroyed again");
        let without = self.people.without_keys().await?;
        if without > 0 {
            println!("{without} people have no key here: what is kept about them cannot be opened");
            eprintln!("the keyring is older than the database: restore the newest copy there is");
            return Ok(ExitCode::FAILURE);
        }
        Ok(ExitCode::SUCCESS)
    }

    async fn reindex(&self) -> anyhow::Result<ExitCode> {
        let version = match self.keyring.use_lookup_key().await {
            Err(error @ KeyringError::Behind { .. }) => {
                eprintln!("{error}; then run: interop-gateway keyring reindex");
                return Ok(ExitCode::FAILURE);
            }
            version => version?,
        };
        let done = self.people.reindex().await?;
        println!(
            "version {version}: {} people indexed now, {} left, {} look-ups of log-ins that never ended",
            done.indexed, done.left, done.strays
        );
        if done.left > 0 {
            eprintln!(
                "those left have a document that cannot be read any more: keep the older version until \
                 they have logged in with it"
            );
            return Ok(ExitCode::FAILURE);
        }
        Ok(ExitCode::SUCCESS)
    }

    async fn retire(&self, version: u32) -> anyhow::Result<ExitCode> {
        match self.people.retire(version).await {
            Ok(gone) => {
                println!("version {version}: {gone} look-ups deleted");
                eprintln!(
                    "remove its line from lookup.keys of every gateway. Its offline copy is needed for\n\
                     backups of the keyring made before today; destroy it with the last of them, on {}",
                    day(self.in_thirty_days())
                );
                Ok(ExitCode::SUCCESS)
            }
            Err(error @ RetireError::Lost { .. }) => {
                eprintln!("{error}; run: interop-gateway keyring reindex");
                Ok(ExitCode::FAILURE)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The file of a wrapping key, if it is in the folder.
    fn file_of(&self, id: &str) -> anyhow::Result<Option<PathBuf>> {
        for file in FileWrapper::files(&self.folder)? {
            if FileWrapper::name_in(&file)? == id {
                return Ok(Some(file));
            }
        }
        Ok(None)
    }

    fn in_thirty_days(&self) -> Timestamp {
        self.world.now() + jiff::SignedDuration::from_hours(KEPT)
    }
}

async fn open_db(config: &Config, schema: Schema, role: Role) -> anyhow::Result<Db> {
    let location = config.store.location(schema, role)?;
    let db = Db::open(&location, schema).await;
    db.with_context(|| format!("{location:?}"))
}

fn day(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d").to_string()
}
