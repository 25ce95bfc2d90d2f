//! Recomputing the whole log from what is stored: payloads to leaves, leaves to tiles, tiles to head,
//! head to checkpoints and anchor. Proofs alone would not notice a leaf altered after its hash was
//! taken.

use std::collections::BTreeMap;

use super::entry::read;
use super::log::checkpoint::{self, Checkpoint};
use super::log::leaf::{self, leaf_hash};
use super::log::tile::{Edge, Place};
use super::store::{self, Head};
use super::{Log, LogError, anchor};
use crate::citizen::EntryId;
use crate::store::{Row, StoreError};

/// What a check of the whole log found.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Checked {
    /// Numbered entries.
    pub entries: u64,
    /// Of those, the ones whose payload was erased, and so not compared with its leaf.
    pub erased: u64,
    /// Published checkpoints.
    pub checkpoints: u64,
    /// What does not hold, in the order it was met; the search ends at a hundred.
    pub findings: Vec<Finding>,
}

/// Something about the log that does not hold.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Finding {
    /// More was published than the database holds: an older copy was restored.
    #[error("the anchor has {anchored} entries, the log fewer")]
    AnchorAhead {
        /// Entries under the anchored checkpoint.
        anchored: u64,
    },
    /// The anchor file is gone or not this log's.
    #[error("the anchor file is missing or not a checkpoint of this log")]
    AnchorUnusable,
    /// A checkpoint of more entries than there are.
    #[error("a checkpoint has {size} entries, the log fewer")]
    CheckpointAhead {
        /// Its size.
        size: u64,
    },
    /// A checkpoint, stored or anchored, that is not the root of the entries before it.
    #[error("the checkpoint of {size} entries is of other entries")]
    CheckpointDiffers {
        /// Its size.
        size: u64,
    },
    /// A stored checkpoint the log's key did not sign, or signed for another size.
    #[error("the checkpoint stored for {size} entries is not signed by this log")]
    CheckpointForged {
        /// The size it is stored under.
        size: u64,
    },
    /// The anchored checkpoint is not among the stored ones.
    #[error("the checkpoint of {size} entries was published but is not stored")]
    CheckpointMissing {
        /// Its size.
        size: u64,
    },
    /// An entry is numbered but gone, or its row cannot be read.
    #[error("entry {position} is missing")]
    EntryMissing {
        /// Its place in the tree.
        position: u64,
    },
    /// An entry neither has a number nor waits for one.
    #[error("entry {entry} was never numbered and does not wait to be")]
    EntryUnnumbered {
        /// Its name.
        entry: EntryId,
    },
    /// The head's root is not that of the entries.
    #[error("the entries do not hash to the head's root")]
    HeadDiffers,
    /// The payload, the kind or the time are not what the leaf commits to.
    #[error("entry {position} says something else than its leaf")]
    LeafBroken {
        /// Its place in the tree.
        position: u64,
    },
    /// The leaf is not the one that was hashed into the tree.
    #[error("the leaf of entry {position} is not the one in the tree")]
    LeafDiffers {
        /// Its place in the tree.
        position: u64,
    },
    /// The payload does not open, though nobody erased its key.
    #[error("entry {position} cannot be opened, and was not erased")]
    PayloadUnreadable {
        /// Its place in the tree.
        position: u64,
    },
    /// An entry is numbered beyond the head.
    #[error("an entry has number {position}, beyond the head")]
    PositionAhead {
        /// The number.
        position: u64,
    },
    /// A tile holds other hashes than the entries under it give, or hashes of none.
    #[error("{place} does not hold the hashes of its entries")]
    TileDiffers {
        /// The tile.
        place: Place,
    },
    /// A tile the tree needs is not there.
    #[error("{place} is missing")]
    TileMissing {
        /// The tile.
        place: Place,
    },
}

impl Checked {
    /// Whether everything holds.
    pub fn holds(&self) -> bool {
        self.findings.is_empty()
    }

    fn add(&mut self, finding: Finding) {
        if !self.is_enough() {
            self.findings.push(finding);
        }
    }

    fn is_enough(&self) -> bool {
        self.findings.len() >= ENOUGH
    }
}

impl Log {
    /// Recomputes the log as it stands now, while it goes on growing.
    ///
    /// Reads everything once and opens every payload: minutes for millions of entries. An error means
    /// that the check could not be made; what it finds wrong is in the answer.
    pub async fn audit_self(&self) -> Result<Checked, LogError> {
        // In this order: an anchor is written after its head was committed.
        let kept = anchor::read(&self.config.anchor).await?;
        let mut walk = Walk {
            log: self,
            head: store::head(&self.db).await?,
            edge: Edge::default(),
            anchored: None,
            checked: Checked::default(),
        };
        walk.anchor(kept.as_deref());
        walk.checkpoints_within(0, 0).await?;
        while walk.edge.size() < walk.head.tree.size && !walk.checked.is_enough() {
            walk.page().await?;
        }
        if !walk.checked.is_enough() {
            walk.end().await?;
        }
        Ok(walk.checked)
    }
}

struct Walk<'a> {
    log: &'a Log,
    head: Head,
    edge: Edge,
    anchored: Option<Checkpoint>,
    checked: Checked,
}

impl Walk<'_> {
    fn anchor(&mut self, kept: Option<&[u8]>) {
        let kept = kept.and_then(|kept| checkpoint::read(kept, &self.log.verifier_key).ok());
        match kept {
            None => self.checked.add(Finding::AnchorUnusable),
            Some(kept) if kept.size > self.head.tree.size => {
                self.checked.add(Finding::AnchorAhead {
                    anchored: kept.size,
                });
            }
            Some(kept) => self.anchored = Some(kept),
        }
    }

    /// Takes the next entries, up to a thousand, into the tree.
    async fn page(&mut self) -> Result<(), LogError> {
        let start = self.edge.size();
        let end = self.head.tree.size.min(start + PAGE);
        let rows = self.log.db.rows(
            "SELECT e.kind, e.subject, e.at, e.leaf, e.sealed, s.position, s.entry
             FROM log_sequence s LEFT JOIN log_entry e ON e.entry = s.entry
             WHERE s.position >= $1 AND s.position < $2",
            vec![store::number(start), store::number(end)],
        );
        let mut by_position = BTreeMap::new();
        for row in rows.await? {
            by_position.insert(store::count(&row, 5)?, row);
        }
        let published = self.checkpoints_within(start + 1, end).await?;
        for position in start..end {
            let hash = match by_position.get(&position) {
                Some(row) => self.entry(position, row).await?,
                None => None,
            };
            if hash.is_none() {
                self.checked.add(Finding::EntryMissing { position });
            }
            for (place, hashes) in self.edge.push(hash.unwrap_or_default()) {
                self.tile(place, &hashes).await?;
            }
            self.compare(&published);
        }
        Ok(())
    }

    /// The hash of an entry's leaf, after comparing the leaf with what the entry says.
    async fn entry(&mut self, position: u64, row: &Row) -> Result<Option<[u8; 32]>, LogError> {
        let (Ok(entry), Ok(name), Ok(sealed)) = (read(row), row.parsed(6), row.bytes(4)) else {
            return Ok(None);
        };
        self.checked.entries += 1;
        match self.log.open_entry(name, &entry, &sealed).await {
            Ok(_) => {}
            Err(LogError::Store(error)) => return Err(error.into()),
            Err(LogError::Erased) => {
                self.checked.erased += 1;
                if !leaf::says(&entry.leaf, entry.kind, entry.at) {
                    self.checked.add(Finding::LeafBroken { position });
                }
            }
            Err(LogError::Damaged(_)) => self.checked.add(Finding::LeafBroken { position }),
            Err(_) => self.checked.add(Finding::PayloadUnreadable { position }),
        }
        Ok(Some(leaf_hash(&entry.leaf)))
    }

    /// Compares the stored tiles of a place with the hashes they should hold or begin with.
    async fn tile(&mut self, place: Place, hashes: &[u8]) -> Result<(), LogError> {
        let values = vec![i64::from(place.level).into(), store::number(place.number)];
        let rows = self
            .log
            .db
            .rows(
                "SELECT width, hashes FROM log_tile WHERE level = $1 AND number = $2",
                values,
            )
            .await?;
        let mut wide_enough = false;
        for row in rows {
            let (width, stored) = (store::count(&row, 0)?, row.bytes(1)?);
            wide_enough |= width >= u64::from(place.width);
            let common = stored.len().min(hashes.len());
            let as_wide = stored.len() as u64 == width * 32;
            if !as_wide || stored[..common] != hashes[..common] {
                self.differences(place, &stored[..common], hashes);
            }
        }
        if !wide_enough {
            self.checked.add(Finding::TileMissing { place });
        }
        Ok(())
    }

    /// Names the leaves a tile disagrees about, where it holds leaves.
    fn differences(&mut self, place: Place, stored: &[u8], hashes: &[u8]) {
        self.checked.add(Finding::TileDiffers { place });
        if place.level > 0 {
            return;
        }
        let pairs = stored.chunks(32).zip(hashes.chunks(32));
        for (position, (stored, hash)) in (place.number * 256..).zip(pairs) {
            if stored != hash {
                self.checked.add(Finding::LeafDiffers { position });
            }
        }
    }

    /// The roots stored for sizes in a range, after verifying who signed them.
    async fn checkpoints_within(
        &mut self,
        from: u64,
        to: u64,
    ) -> Result<BTreeMap<u64, [u8; 32]>, LogError> {
        let rows = self.log.db.rows(
            "SELECT size, note FROM log_checkpoint WHERE size >= $1 AND size <= $2",
            vec![store::number(from), store::number(to)],
        );
        let mut roots = BTreeMap::new();
        for row in rows.await? {
            let size = store::count(&row, 0)?;
            self.checked.checkpoints += 1;
            match checkpoint::read(row.text(1)?.as_bytes(), &self.log.verifier_key) {
                Ok(signed) if signed.size == size => drop(roots.insert(size, signed.root)),
                _ => self.checked.add(Finding::CheckpointForged { size }),
            }
        }
        let anchored = self.anchored.as_ref().map(|anchored| anchored.size);
        if let Some(size) = anchored.filter(|size| (from..=to).contains(size))
            && !roots.contains_key(&size)
        {
            self.checked.add(Finding::CheckpointMissing { size });
        }
        Ok(roots)
    }

    /// Compares the tree with what was published when it had this size.
    fn compare(&mut self, published: &BTreeMap<u64, [u8; 32]>) {
        let size = self.edge.size();
        let anchored = self
            .anchored
            .as_ref()
            .filter(|anchored| anchored.size == size);
        let anchored = anchored.map(|anchored| anchored.root);
        let roots: Vec<_> = published
            .get(&size)
            .copied()
            .into_iter()
            .chain(anchored)
            .collect();
        if !roots.is_empty() && roots.iter().any(|root| *root != self.edge.root()) {
            self.checked.add(Finding::CheckpointDiffers { size });
        }
    }

    async fn end(&mut self) -> Result<(), LogError> {
        let edge = std::mem::take(&mut self.edge);
        for (place, hashes) in edge.tiles() {
            self.tile(place, hashes).await?;
        }
        if edge.root() != self.head.tree.root {
            self.checked.add(Finding::HeadDiffers);
        }
        self.unnumbered().await?;
        let ahead = self.ahead().await?;
        // What is ahead of the head is wrong only if the head did not follow meanwhile.
        if store::head(&self.log.db).await? == self.head {
            for finding in ahead {
                self.checked.add(finding);
            }
        }
        Ok(())
    }

    /// Entries that will never get a number.
    async fn unnumbered(&mut self) -> Result<(), LogError> {
        let rows = self.log.db.rows(
            "SELECT e.entry FROM log_entry e
             LEFT JOIN log_sequence s ON s.entry = e.entry
             LEFT JOIN log_staged w ON w.at = e.at AND w.entry = e.entry
             WHERE s.entry IS NULL AND w.entry IS NULL LIMIT 100",
            vec![],
        );
        for row in rows.await? {
            let entry = row.parsed(0)?;
            self.checked.add(Finding::EntryUnnumbered { entry });
        }
        Ok(())
    }

    /// What lies beyond the head.
    async fn ahead(&self) -> Result<Vec<Finding>, StoreError> {
        let size = || vec![store::number(self.head.tree.size)];
        let db = &self.log.db;
        let mut ahead = Vec::new();
        let rows = db.rows(
            "SELECT position FROM log_sequence WHERE position >= $1 LIMIT 100",
            size(),
        );
        for row in rows.await? {
            let position = store::count(&row, 0)?;
            ahead.push(Finding::PositionAhead { position });
        }
        let rows = db.rows(
            "SELECT size FROM log_checkpoint WHERE size > $1 LIMIT 100",
            size(),
        );
        for row in rows.await? {
            let size = store::count(&row, 0)?;
            ahead.push(Finding::CheckpointAhead { size });
        }
        let rows = db.rows(
            "SELECT level, number, width FROM log_tile
             WHERE number * 256 + width > ($1 >> CAST(8 * level AS INTEGER)) LIMIT 100",
            size(),
        );
        for row in rows.await? {
            let place = Place {
                level: u8::try_from(row.int(0)?).unwrap_or(u8::MAX),
                number: store::count(&row, 1)?,
                width: u32::try_from(row.int(2)?).unwrap_or(u32::MAX),
            };
            ahead.push(Finding::TileDiffers { place });
        }
        Ok(ahead)
    }
}

const PAGE: u64 = 1000;

const ENOUGH: usize = 100;
