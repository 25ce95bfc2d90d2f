//! Start-up: is this the log whose checkpoint we kept, and where did it stop?

use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use tokio::sync::{Mutex, Notify};

use super::log::checkpoint::{self, Checkpoint};
use super::log::tile::Edge;
use super::{Log, LogConfig, LogError, LogSigner, NONE_WAITS, anchor, store};
use crate::clock::World;
use crate::store::Db;
use crate::store::keyring::Keyring;

impl Log {
    /// Opens the log of a database, or begins one.
    ///
    /// Refuses a database older than the anchor, or another than the anchored one; publishes what an
    /// interrupted run of the sequencer left unpublished.
    pub async fn open(
        db: Db,
        keyring: Arc<Keyring>,
        config: LogConfig,
        signer: LogSigner,
        world: World,
    ) -> Result<Self, LogError> {
        if !checkpoint::is_origin(&config.origin) {
            return Err(LogError::Origin);
        }
        let log = Self {
            verifier_key: checkpoint::verifier_key(&config.origin, signer.public_key()),
            db,
            keyring,
            config,
            signer,
            world,
            oldest: AtomicI64::new(NONE_WAITS),
            wake: Notify::new(),
            turn: Mutex::new(()),
        };
        log.begin().await?;
        log.compare_with_anchor().await?;
        let (tree, note) = log.publish().await?;
        log.keep(&tree, &note).await?;
        log.look().await?;
        Ok(log)
    }

    /// A log has a head from the first moment, and so, before its first entry, an anchor.
    async fn begin(&self) -> Result<(), LogError> {
        let empty = Checkpoint {
            size: 0,
            root: Edge::default().root(),
        };
        let mut tx = self.db.begin().await?;
        store::begin_head(&mut tx, &empty).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn compare_with_anchor(&self) -> Result<(), LogError> {
        let head = store::head(&self.db).await?;
        let Some(kept) = anchor::read(&self.config.anchor).await? else {
            return match head.tree.size {
                0 => Ok(()),
                size => Err(LogError::AnchorMissing { size }),
            };
        };
        let kept = checkpoint::read(&kept, &self.verifier_key)?;
        if kept.size > head.tree.size {
            return Err(LogError::RolledBack {
                anchored: kept.size,
                found: head.tree.size,
            });
        }
        self.edge(&head).await?;
        self.extends(&kept, &head.tree).await
    }
}
