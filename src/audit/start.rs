//! Start-up: is this the log whose checkpoint we kept, and where did it stop?

use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use jiff::SignedDuration;
use tokio::sync::{Mutex, Notify};

use super::log::checkpoint::{self, Checkpoint};
use super::log::tile::Edge;
use super::sequencer::Sequencer;
use super::{Log, LogConfig, LogError, LogSigner, LogStores, NONE_WAITS, store};
use crate::clock::World;
use crate::store::keyring::Keyring;
use crate::store::lease::Leases;

/// How long after its first entry a log takes replicas that have no anchor.
const FIRST_HOUR: SignedDuration = SignedDuration::from_hours(1);

impl Log {
    /// Opens the log of a database, or begins one.
    ///
    /// Refuses a database older than the anchor, or another than the anchored one; publishes what an
    /// interrupted run of the sequencer left unpublished. A process without a sequencer cannot begin
    /// a log.
    pub async fn open(
        stores: impl Into<LogStores>,
        keyring: Arc<Keyring>,
        config: LogConfig,
        signer: LogSigner,
        world: World,
    ) -> Result<Self, LogError> {
        if !checkpoint::is_origin(&config.origin) {
            return Err(LogError::Origin);
        }
        let LogStores { db, sequencer } = stores.into();
        let holder = hex::encode(world.entropy.bytes::<8>());
        let log = Self {
            verifier_key: checkpoint::verifier_key(&config.origin, signer.public_key()),
            db,
            sequencer: sequencer.map(|db| Sequencer {
                leases: Leases::new(db.clone(), holder, world.clone()),
                db,
            }),
            keyring,
            config,
            signer,
            world,
            oldest: AtomicI64::new(NONE_WAITS),
            wake: Notify::new(),
            turn: Mutex::new(None),
            last: std::sync::Mutex::default(),
        };
        log.begin().await?;
        log.compare_with_anchor().await?;
        if let Some(sequencer) = &log.sequencer {
            log.publish(sequencer).await?;
        }
        if let Some((tree, note)) = log.newest().await? {
            log.keep(&tree, &note).await?;
        }
        log.look().await?;
        Ok(log)
    }

    /// A log has a head from the first moment, and so, before its first entry, an anchor.
    async fn begin(&self) -> Result<(), LogError> {
        let empty = Checkpoint {
            size: 0,
            root: Edge::default().root(),
        };
        if store::has_begun(&self.db).await? {
            return Ok(());
        }
        let sequencer = self.sequencer.as_ref().ok_or(LogError::NotBegun)?;
        let mut tx = sequencer.db.begin().await?;
        store::begin_head(&mut tx, &empty).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Compares with the anchor. A replica without one accepts an empty log, and one in its first
    /// hour, whose checkpoint becomes its anchor (`docs/adr/0006-the-first-anchor.md`).
    async fn compare_with_anchor(&self) -> Result<(), LogError> {
        let anchored = self.anchored().await?;
        let head = self.head_beyond_anchor().await?;
        if let Some(anchored) = anchored {
            self.edge(&head).await?;
            return self.extends(&anchored, &head.tree).await;
        }
        match head.tree.size {
            0 => Ok(()),
            _ if self.is_in_its_first_hour().await? => {
                self.edge(&head).await?;
                let size = head.tree.size;
                tracing::warn!(size, "no anchor: the log is new, and is taken as it stands");
                Ok(())
            }
            size => Err(LogError::AnchorMissing { size }),
        }
    }

    /// Whether the log began so lately that the replicas of a first start may still come: what it
    /// could have gone back from is less than an hour old.
    async fn is_in_its_first_hour(&self) -> Result<bool, LogError> {
        let first = store::first_entry_at(&self.db).await?;
        let now = self.world.now();
        // A clock that was set back makes an old log look like one to come: that is not new either.
        Ok(first.is_some_and(|first| now.duration_since(first).abs() < FIRST_HOUR))
    }
}
