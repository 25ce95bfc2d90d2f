//! Whose turn it is: one line before each source for the whole fleet, fair between bodies.
//!
//! A turn is taken before the gate opens, looked after while the source is asked, and given back
//! when it has answered. A replica that dies gives its turns back by silence.

use std::time::Duration;

use aws_lc_rs::digest::{Context, SHA256};
use tokio_util::task::{AbortOnDropHandle, TaskTracker};

use super::limits::LimitsConfig;
use crate::citizen::{BodyId, JobId, ProductCode, SourceId};
use crate::clock::World;
use crate::store::cache::{self, Cache, CacheError, TurnLimit};

/// How often a turn is looked after; one not looked after for ten seconds counts as given back.
const KEEP_EVERY: Duration = Duration::from_secs(3);

/// How often whoever waits within a replica's share looks whether the fleet's line is back.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Hands out turns.
#[derive(Debug)]
pub(super) struct Turns {
    /// The line of the fleet.
    fleet: Line,
    /// The line of this process, for when the fleet's is out of reach.
    floor: Line,
    world: World,
    /// Keeps a stopping process alive until its turns are given back.
    tasks: TaskTracker,
}

/// Lines before the sources, and how fast they move.
#[derive(Clone, Debug)]
struct Line {
    cache: Cache,
    limit: TurnLimit,
}

/// Who waits, and for what.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waiting<'a> {
    pub(super) source: &'a SourceId,
    pub(super) body: &'a BodyId,
    pub(super) product: &'a ProductCode,
    pub(super) job: JobId,
}

/// A turn to ask, or a place in the line; given back when dropped.
#[derive(Debug)]
pub(super) struct Turn {
    place: Option<Place>,
    tasks: TaskTracker,
    keeper: Option<AbortOnDropHandle<()>>,
}

#[derive(Clone, Debug)]
struct Place {
    cache: Cache,
    lane: String,
    ticket: String,
}

impl Turns {
    /// `cache` is the fleet's, of which this process is one of `replicas`.
    pub(super) fn new(
        cache: Cache,
        limits: LimitsConfig,
        replicas: u32,
        world: World,
        tasks: TaskTracker,
    ) -> Self {
        Self {
            fleet: Line {
                cache,
                limit: limits.whole(),
            },
            floor: Line {
                cache: Cache::memory(),
                limit: limits.share(replicas),
            },
            world,
            tasks,
        }
    }

    /// Waits for a turn; `moved` is called each time the place in the line is another.
    ///
    /// Out of reach of the fleet's line this process keeps to its share. While the line is lost or
    /// found again, what is under way elsewhere is not seen: for the length of one exchange the sum
    /// may be above the limit.
    pub(super) async fn turn(&self, waiting: Waiting<'_>, moved: impl Fn()) -> Turn {
        loop {
            let never_over = std::future::pending();
            match self.wait(&self.fleet, waiting, &moved, never_over).await {
                Ok(Some(turn)) => return turn,
                Ok(None) => {}
                Err(error) => {
                    tracing::warn!(%error, source.id = %waiting.source, "asking within a share");
                }
            }
            // The memory of this process always answers.
            if let Ok(Some(turn)) = self.wait(&self.floor, waiting, &moved, self.back()).await {
                return turn;
            }
        }
    }

    /// Resolves when the fleet's line answers again.
    async fn back(&self) {
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            if self.fleet.cache.ping().await.is_ok() {
                return;
            }
        }
    }

    /// The place of a product of a job in the line, 1 is next; none when it does not wait there, or
    /// nobody can tell.
    pub(super) async fn place(
        &self,
        source: &SourceId,
        job: JobId,
        product: &ProductCode,
    ) -> Option<u32> {
        let ticket = ticket(job, product);
        let place = self.fleet.cache.place(source.as_str(), &ticket).await;
        place.ok().flatten()
    }

    /// Waits in one line, until there is no more reason to: then there is no turn.
    async fn wait(
        &self,
        Line { cache, limit }: &Line,
        waiting: Waiting<'_>,
        moved: &impl Fn(),
        over: impl Future<Output = ()>,
    ) -> Result<Option<Turn>, CacheError> {
        tokio::pin!(over);
        let lane = waiting.source.as_str();
        let ticket = ticket(waiting.job, waiting.product);
        // From here on dropped means out of the line, wherever this stops.
        let mut turn = Turn {
            place: Some(Place {
                cache: cache.clone(),
                lane: lane.to_owned(),
                ticket: ticket.clone(),
            }),
            tasks: self.tasks.clone(),
            keeper: None,
        };
        let queue = || cache.queue(lane, waiting.body.as_str(), &ticket, self.world.now());
        queue().await?;
        let mut known = 0;
        loop {
            let news = cache.turn_news(lane);
            let now = self.world.now();
            match cache.try_turn(lane, &ticket, *limit, now).await? {
                cache::Turn::Go => {
                    turn.keep(self.world.clone());
                    return Ok(Some(turn));
                }
                cache::Turn::Forgotten => queue().await?,
                cache::Turn::Wait { place, again_in } => {
                    if known != place {
                        known = place;
                        moved();
                    }
                    // An end helps those in front; waking the whole line for each would be a crowd.
                    let in_front = place <= limit.at_once;
                    tokio::select! {
                        () = tokio::time::sleep(again_in) => {}
                        () = news, if in_front => {}
                        () = &mut over => {
                            turn.end().await;
                            return Ok(None);
                        }
                    }
                }
            }
        }
    }
}

impl Turn {
    /// Gives the turn back. Before the same product is asked again, or the old end would end the new.
    pub(super) async fn end(mut self) {
        self.keeper = None;
        if let Some(place) = self.place.take() {
            place.end().await;
        }
    }

    /// Looks after the turn until it ends or is lost. One that is lost changes nothing for what is
    /// under way; the next will wait in the line again.
    fn keep(&mut self, world: World) {
        let Some(place) = self.place.clone() else {
            return;
        };
        let keep = async move {
            loop {
                tokio::time::sleep(KEEP_EVERY).await;
                let kept = place
                    .cache
                    .keep_turn(&place.lane, &place.ticket, world.now());
                match kept.await {
                    Ok(true) => {}
                    Ok(false) => return tracing::warn!(source.id = place.lane, "a turn was lost"),
                    Err(error) => tracing::warn!(%error, "a turn could not be looked after"),
                }
            }
        };
        self.keeper = Some(AbortOnDropHandle::new(tokio::spawn(keep)));
    }
}

impl Place {
    async fn end(self) {
        if let Err(error) = self.cache.end_turn(&self.lane, &self.ticket).await {
            // Ten seconds of silence give it back too.
            tracing::warn!(%error, "a turn could not be given back");
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let runs = tokio::runtime::Handle::try_current().is_ok();
        if let Some(place) = self.place.take().filter(|_| runs) {
            self.tasks.spawn(place.end());
        }
    }
}

/// Names a product of a job in a line: the same on every replica, and nothing to others.
fn ticket(job: JobId, product: &ProductCode) -> String {
    let mut context = Context::new(&SHA256);
    context.update(b"interop-gateway/turn/v1\0");
    context.update(job.as_bytes());
    context.update(product.as_str().as_bytes());
    hex::encode(&context.finish().as_ref()[..16])
}

#[cfg(test)]
mod tests;
