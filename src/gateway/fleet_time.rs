//! The time of a fleet is its database's (`docs/adr/0004`).

use std::time::Duration;

use jiff::SignedDuration;
use tokio_util::sync::CancellationToken;

use crate::clock::{Sighting, World};
use crate::store::Db;

/// How often the database is asked for the time.
const EVERY: Duration = Duration::from_secs(10);

/// A machine whose clock is further off has no working NTP, or its database has none.
const WORTH_A_WARNING: SignedDuration = SignedDuration::from_secs(2);

/// Looks at the database's clock once. Gives how far ahead of the machine's own it is, if that could be
/// told.
pub(super) async fn look(db: &Db, world: &World) -> Option<SignedDuration> {
    let asked = world.clock.monotonic();
    let said = match db.time().await {
        Ok(said) => said?,
        Err(error) => {
            tracing::warn!(%error, "the database did not say what time it is");
            return None;
        }
    };
    let answered = world.clock.monotonic();
    world.clock.follow(&Sighting {
        said,
        asked,
        answered,
    })
}

/// Follows the database's clock until told to stop. A file has none.
pub(super) async fn follow(db: Db, world: World, stop: CancellationToken) {
    let mut warned = false;
    while db.is_shared() && tokio::time::timeout(EVERY, stop.cancelled()).await.is_err() {
        let Some(ahead) = look(&db, &world).await else {
            continue;
        };
        let off = ahead.abs() > WORTH_A_WARNING;
        if off && !warned {
            let ahead_ms = i64::try_from(ahead.as_millis()).unwrap_or(i64::MAX);
            tracing::warn!(ahead_ms, "the database's clock and this machine's differ");
        }
        warned = off;
    }
}
