//! Giving numbers to waiting entries.

use super::log::checkpoint::Checkpoint;
use super::log::leaf::leaf_hash;
use super::log::tile::Edge;
use super::sequencer::Sequencer;
use super::store::{self, Head};
use super::{Log, LogError};
use crate::store::{StoreError, Tx};

/// Entries numbered in one transaction: it must not keep other writers waiting for long.
pub(super) const BATCH: u32 = 512;

impl Log {
    /// Gives numbers to waiting entries, grows the tree and moves the head, all or nothing.
    ///
    /// [`LogError::Overtaken`] once somebody with a greater fence has claimed the head.
    pub(super) async fn number(&self, sequencer: &Sequencer, fence: i64) -> Result<u64, LogError> {
        let mut tx = sequencer.db.begin().await?;
        let numbered = self.number_in(&mut tx, fence).await?;
        // Crashed before this commit: nothing happened, the entries still wait. Crashed in it, or its
        // answer was lost: the next run sees which.
        tx.commit().await?;
        Ok(numbered)
    }

    pub(super) async fn number_in(&self, tx: &mut Tx, fence: i64) -> Result<u64, LogError> {
        // Until this transaction ends nobody else claims the head, and so nobody numbers.
        let head = store::claim_head(tx, fence).await?;
        let head = head.ok_or(LogError::Overtaken)?;
        let waiting = store::waiting(tx, BATCH).await?;
        if waiting.is_empty() {
            return Ok(0);
        }
        let mut edge = self.edge(&head).await?;
        for entry in &waiting {
            let assigned = store::assign(tx, entry, edge.size()).await;
            assigned.map_err(taken)?;
            for (place, hashes) in edge.push(leaf_hash(&entry.leaf)) {
                store::add_tile(tx, place, &hashes).await.map_err(taken)?;
            }
        }
        let unchanged = Edge::places(head.tree.size);
        for (place, hashes) in edge.tiles() {
            if !unchanged.contains(&place) {
                store::add_tile(tx, place, hashes).await.map_err(taken)?;
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
}

/// What is there already though the head was ours: not somebody faster, but a head that was put back.
fn taken(error: StoreError) -> LogError {
    match error {
        StoreError::Conflict => LogError::Damaged("what lies beyond the head was numbered before"),
        other => LogError::Store(other),
    }
}
