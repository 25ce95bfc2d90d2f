//! This process among others that answer beside it.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use crate::clock::World;
use crate::store::lease::{Lease, Leases};
use crate::store::{Db, StoreError};

/// How long a process that says nothing more still counts as alive.
const TTL: Duration = Duration::from_secs(10);

/// How often it says that it is.
const RENEW: Duration = Duration::from_millis(2500);

/// This process, alive as long as it holds the lease `replica/<owner>`.
///
/// What it began is ended by others once the lease has run out, so it begins nothing without one. On a
/// file there are no others, and no lease.
#[derive(Debug)]
pub struct Replica {
    owner: String,
    name: String,
    leases: Option<Leases>,
    world: World,
    held: Mutex<Held>,
}

#[derive(Debug)]
enum Held {
    /// Until the lease or this much of the process's own time has run out: a machine that is
    /// suspended stops one of the two clocks.
    Until(Lease, Duration),
    /// Not yet, or no longer.
    Not,
    /// Given back for good.
    Left,
}

impl Replica {
    /// A process with a name of its own, not alive yet.
    pub(super) fn new(db: &Db, world: World) -> Self {
        let owner = world.entropy.uuid().to_string();
        let leases = Leases::new(db.clone(), owner.clone(), world.clone());
        Self {
            name: format!("replica/{owner}"),
            leases: db.is_shared().then_some(leases),
            owner,
            world,
            held: Mutex::new(Held::Not),
        }
    }

    /// Its name, which its jobs and leases carry.
    pub fn owner(&self) -> &str {
        &self.owner
    }

    /// Whether what begins here now is this process's own to finish. Takes the lease again if it ran
    /// out, as after a pause.
    pub async fn is_alive(&self) -> Result<bool, StoreError> {
        let Some(leases) = &self.leases else {
            return Ok(true);
        };
        let mut held = self.held.lock().await;
        match &*held {
            Held::Left => Ok(false),
            Held::Until(lease, end)
                if self.world.now() < lease.until() && self.world.clock.monotonic() < *end =>
            {
                Ok(true)
            }
            Held::Until(..) | Held::Not => self.take(leases, &mut held).await,
        }
    }

    /// Says that it is alive, again and again until told to stop; then gives the lease back.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        let Some(leases) = &self.leases else {
            return;
        };
        while tokio::time::timeout(RENEW, stop.cancelled()).await.is_err() {
            let mut held = self.held.lock().await;
            match self.take(leases, &mut held).await {
                Ok(true) => {}
                Ok(false) => tracing::error!("another process has this one's name"),
                Err(error) => tracing::warn!(%error, "this replica could not say that it is alive"),
            }
        }
        let mut held = self.held.lock().await;
        if let Held::Until(lease, _) = std::mem::replace(&mut *held, Held::Left)
            && let Err(error) = leases.give_back(lease).await
        {
            tracing::warn!(%error, "this replica's lease runs out instead of being given back");
        }
    }

    async fn take(&self, leases: &Leases, held: &mut Held) -> Result<bool, StoreError> {
        // Counted from before the statement: the database cannot have counted from earlier.
        let end = self.world.clock.monotonic() + TTL;
        match leases.take(&self.name, TTL).await {
            Ok(Some(lease)) => *held = Held::Until(lease, end),
            Ok(None) => *held = Held::Not,
            // Whether it was taken is open. What was held before still runs until it runs out.
            Err(error) => return Err(error),
        }
        Ok(matches!(held, Held::Until(..)))
    }
}
