//! The sequencer: from staged entries to a signed checkpoint, in three steps that can each be
//! interrupted. The next run, here or on another replica, goes on where it stopped.
//!
//! Every replica runs it; one of them has the lease and numbers, the others look whether entries wait
//! too long and keep their anchors. Nothing rests on the lease, nor on clocks: a process that was
//! paused may believe for hours that it has it. What keeps the log one is, in the database,
//!
//! - the **fence**: whoever numbers first claims the head for its lease, and the head goes to greater
//!   fences only, so that an earlier holder's transaction finds nothing to claim;
//! - the **compare-and-swap**: the head moves from the size that was built on, under the same fence;
//! - the **keys**: a number, an entry, a tile and the checkpoint of a size exist once.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::number::BATCH;
use super::store::{self, Head};
use super::{Log, LogError, NONE_WAITS};
use crate::store::Db;
use crate::store::lease::{Lease, Leases};

/// What one run of the sequencer did.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct SequenceReport {
    /// Entries that got their number.
    pub numbered: u64,
    /// Entries under the newest checkpoint.
    pub size: u64,
    /// Whether more entries may wait than one run takes.
    pub more: bool,
    /// Whether there was something to do that another process does.
    pub elsewhere: bool,
}

/// What a process needs to number entries.
#[derive(Debug)]
pub(super) struct Sequencer {
    pub(super) db: Db,
    pub(super) leases: Leases,
}

impl Log {
    /// Numbers what waits, publishes the checkpoint and keeps it outside the database.
    ///
    /// Any number of processes may do so at once: one of them moves the head, the others see it moved.
    pub async fn sequence_once(&self) -> Result<SequenceReport, LogError> {
        let mut turn = self.turn.lock().await;
        let waits = store::oldest_waiting(&self.db).await?;
        // Whatever fails from here on leaves this standing, and in time stops new exchanges.
        self.oldest
            .fetch_min(waits.unwrap_or(NONE_WAITS), Ordering::Relaxed);
        let head = self.head_beyond_anchor().await?;
        let published = self.newest().await?;
        let published = published.map_or(0, |(tree, _)| tree.size);
        let mut report = SequenceReport::default();
        if waits.is_some() || published < head.tree.size {
            match self.advance(&mut turn, &head).await? {
                Some(numbered) => report.numbered = numbered,
                None => report.elsewhere = true,
            }
        }
        // Crashed here: the anchor is older than the checkpoint, which start-up allows and mends.
        if let Some((tree, note)) = self.newest().await? {
            self.keep(&tree, &note).await?;
            report.size = tree.size;
        }
        self.look().await?;
        report.more = report.numbered == u64::from(BATCH);
        Ok(report)
    }

    /// Numbers and publishes, if this is the process that does. Gives how many were numbered.
    async fn advance(
        &self,
        turn: &mut Option<Lease>,
        head: &Head,
    ) -> Result<Option<u64>, LogError> {
        let Some(sequencer) = &self.sequencer else {
            return Ok(None);
        };
        let Some(fence) = self.hold(sequencer, turn, head).await? else {
            return Ok(None);
        };
        let numbered = match self.number(sequencer, fence).await {
            Err(LogError::Overtaken) => {
                tracing::debug!(fence, "another process numbers the log now");
                *turn = None;
                return Ok(None);
            }
            numbered => numbered?,
        };
        // Crashed here: the head is ahead of the checkpoint. Nobody has seen it; publishing follows.
        self.publish(sequencer).await?;
        Ok(Some(numbered))
    }

    /// The fence to number under, while this process has the lease.
    ///
    /// It is taken only when there is something to do: a log at rest writes nothing.
    pub(super) async fn hold(
        &self,
        sequencer: &Sequencer,
        turn: &mut Option<Lease>,
        head: &Head,
    ) -> Result<Option<i64>, LogError> {
        let now = self.world.now();
        let lasts = |lease: &Lease| !lease.is_half_over(now) && lease.fence() >= head.fence;
        if !turn.as_ref().is_some_and(lasts) {
            let before = turn.take().map(|lease| lease.fence());
            let leases = &sequencer.leases;
            *turn = leases.take_beyond(LEASE, TTL, head.fence).await?;
            if let Some(lease) = turn
                && Some(lease.fence()) != before
            {
                tracing::info!(fence = lease.fence(), "this process numbers the log now");
            }
        }
        Ok(turn.as_ref().map(Lease::fence))
    }

    /// Lets another process number at once, as at the end of this one.
    pub(super) async fn give_back(&self) -> Result<(), LogError> {
        let lease = self.turn.lock().await.take();
        if let (Some(sequencer), Some(lease)) = (&self.sequencer, lease) {
            sequencer.leases.give_back(lease).await?;
        }
        Ok(())
    }

    /// Runs the sequencer whenever an entry is staged, and five times a second, until told to stop.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        let mut pause = Duration::ZERO;
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                () = tokio::time::sleep(pause) => {}
            }
            tokio::select! {
                () = stop.cancelled() => break,
                () = self.wake.notified() => {}
                () = tokio::time::sleep(EVERY) => {}
            }
            pause = match self.sequence_once().await {
                Ok(report) if report.more => {
                    self.wake.notify_one();
                    Duration::ZERO
                }
                Ok(report) if report.elsewhere => EVERY,
                Ok(_) => GATHER,
                Err(error) => {
                    complain(&error, "the log was not sequenced");
                    AFTER_FAILURE
                }
            };
        }
        // What was staged until now should not wait for the next start.
        if let Err(error) = self.sequence_once().await {
            complain(&error, "the log was not sequenced at the end");
        }
        if let Err(error) = self.give_back().await {
            complain(&error, "the lease was not given back");
        }
    }

    /// Asks the database what waits, for [`Log::admits_exchanges`].
    pub(super) async fn look(&self) -> Result<(), LogError> {
        let oldest = store::oldest_waiting(&self.db).await?;
        self.oldest
            .store(oldest.unwrap_or(NONE_WAITS), Ordering::Relaxed);
        Ok(())
    }
}

fn complain(error: &LogError, what: &'static str) {
    tracing::error!(error = error as &dyn std::error::Error, "{what}");
}

/// The lease of the one who numbers.
const LEASE: &str = "sequencer";

/// How long a crashed holder keeps others from numbering. Shorter would make a busy holder lose it.
pub(super) const TTL: Duration = Duration::from_secs(2);

/// How long the sequencer sleeps when nobody wakes it.
const EVERY: Duration = Duration::from_millis(200);

/// Entries staged within this time share one checkpoint, and so its disk writes.
const GATHER: Duration = Duration::from_millis(25);

const AFTER_FAILURE: Duration = Duration::from_secs(1);
