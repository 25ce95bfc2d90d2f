//! The sequencer: from staged entries to a signed checkpoint, in three steps that can each be
//! interrupted. The next run, here or on another replica, goes on where it stopped.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::log::checkpoint::{self, Checkpoint};
use super::log::leaf::leaf_hash;
use super::log::tile::Edge;
use super::store::{self, Head};
use super::{Log, LogError, NONE_WAITS, anchor};
use crate::store::Tx;

/// What one run of the sequencer did.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct SequenceReport {
    /// Entries that got their number.
    pub numbered: u64,
    /// Entries under the newest checkpoint.
    pub size: u64,
    /// Whether more entries may wait than one run takes.
    pub more: bool,
}

impl Log {
    /// Numbers what waits, publishes the checkpoint and keeps it outside the database.
    ///
    /// Any number of processes may do so at once: one of them moves the head, the others see it moved.
    pub async fn sequence_once(&self) -> Result<SequenceReport, LogError> {
        let _turn = self.turn.lock().await;
        let waits = store::oldest_waiting(&self.db).await?;
        let numbered = match waits {
            Some(_) => self.number().await?,
            None => 0,
        };
        // Crashed here: the head is ahead of the checkpoint. Nobody has seen it; publishing follows.
        let (tree, note) = self.publish().await?;
        // Crashed here: the anchor is older than the checkpoint, which start-up allows and mends.
        self.keep(&tree, &note).await?;
        self.look().await?;
        Ok(SequenceReport {
            numbered,
            size: tree.size,
            more: numbered == u64::from(BATCH),
        })
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
                Ok(_) => GATHER,
                Err(error) => {
                    tracing::error!(
                        error = &error as &dyn std::error::Error,
                        "the log was not sequenced"
                    );
                    AFTER_FAILURE
                }
            };
        }
        // What was staged until now should not wait for the next start.
        if let Err(error) = self.sequence_once().await {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "the log was not sequenced at the end"
            );
        }
    }

    /// Gives numbers to waiting entries, grows the tree and moves the head, all or nothing.
    pub(super) async fn number(&self) -> Result<u64, LogError> {
        let mut tx = self.db.begin().await?;
        let numbered = self.number_in(&mut tx).await?;
        // Crashed before this commit: nothing happened, the entries still wait.
        tx.commit().await?;
        Ok(numbered)
    }

    pub(super) async fn number_in(&self, tx: &mut Tx) -> Result<u64, LogError> {
        let head = store::head_in(tx).await?;
        let waiting = store::waiting(tx, BATCH).await?;
        if waiting.is_empty() {
            return Ok(0);
        }
        let mut edge = self.edge(&head).await?;
        for entry in &waiting {
            store::assign(tx, entry, edge.size()).await?;
            for (place, hashes) in edge.push(leaf_hash(&entry.leaf)) {
                store::add_tile(tx, place, &hashes).await?;
            }
        }
        let unchanged = Edge::places(head.tree.size);
        for (place, hashes) in edge.tiles() {
            if !unchanged.contains(&place) {
                store::add_tile(tx, place, hashes).await?;
            }
        }
        let grown = Checkpoint {
            size: edge.size(),
            root: edge.root(),
        };
        if store::move_head(tx, &head, &grown).await? {
            Ok(waiting.len() as u64)
        } else {
            Err(LogError::Overtaken)
        }
    }

    /// Signs and stores the checkpoint of the head, unless that is done; gives the newest.
    ///
    /// Nothing is signed that does not extend what was signed before.
    pub(super) async fn publish(&self) -> Result<(Checkpoint, String), LogError> {
        if let Some(newest) = self.newest().await?
            && store::head(&self.db).await?.tree == newest.0
        {
            return Ok(newest);
        }
        let mut tx = self.db.begin().await?;
        let head = store::head_in(&mut tx).await?;
        if let Some(note) = store::newest_note_in(&mut tx).await? {
            let newest = checkpoint::read(note.as_bytes(), &self.verifier_key)?;
            if newest == head.tree {
                return Ok((newest, note));
            }
            self.extends(&newest, &head.tree).await?;
        }
        let note = self.sign(&head.tree)?;
        let values = vec![
            store::number(head.tree.size),
            note.as_str().into(),
            self.world.now().into(),
        ];
        tx.execute(
            "INSERT INTO log_checkpoint (size, note, at) VALUES ($1, $2, $3)",
            values,
        )
        .await?;
        tx.commit().await?;
        Ok((head.tree, note))
    }

    /// Keeps the checkpoint in the anchor file, unless a newer one is there.
    pub(super) async fn keep(&self, tree: &Checkpoint, note: &str) -> Result<(), LogError> {
        let kept = anchor::read(&self.config.anchor).await?;
        if let Some(kept) = kept {
            let kept = checkpoint::read(&kept, &self.verifier_key)?;
            // Another process may be ahead. (One may also write between this look and our rename;
            // then the anchor is a little older than it could be, never wrong.)
            if kept.size >= tree.size {
                return Ok(());
            }
        }
        let aside = hex::encode(self.world.entropy.bytes::<8>());
        anchor::write(&self.config.anchor, &aside, note).await
    }

    /// Asks the database what waits, for [`Log::admits_exchanges`].
    pub(super) async fn look(&self) -> Result<(), LogError> {
        let oldest = store::oldest_waiting(&self.db).await?;
        self.oldest
            .store(oldest.unwrap_or(NONE_WAITS), Ordering::Relaxed);
        Ok(())
    }

    /// The right edge of the tree, checked against the head before anything is built on it.
    pub(super) async fn edge(&self, head: &Head) -> Result<Edge, LogError> {
        let mut tiles = Vec::new();
        for place in Edge::places(head.tree.size) {
            let tile = store::tile(&self.db, place).await?;
            tiles.push(tile.ok_or(LogError::Damaged("a tile at the edge is missing"))?);
        }
        let edge = Edge::from_tiles(head.tree.size, tiles);
        let edge = edge.map_err(|_| LogError::Damaged("a tile at the edge is cut short"))?;
        if edge.root() == head.tree.root {
            Ok(edge)
        } else {
            Err(LogError::Damaged(
                "the tiles do not hash to the head's root",
            ))
        }
    }

    fn sign(&self, tree: &Checkpoint) -> Result<String, LogError> {
        let key = self.signer.public_key();
        let note = checkpoint::issue(&self.config.origin, key, tree, |text| {
            self.signer.sign(text)
        });
        Ok(note?)
    }
}

/// Entries numbered in one transaction: it must not keep other writers waiting for long.
const BATCH: u32 = 512;

/// How long the sequencer sleeps when nobody wakes it.
const EVERY: Duration = Duration::from_millis(200);

/// Entries staged within this time share one checkpoint, and so its disk writes.
const GATHER: Duration = Duration::from_millis(25);

const AFTER_FAILURE: Duration = Duration::from_secs(1);
