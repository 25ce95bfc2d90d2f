//! What the log gives to whoever verifies it: proofs, checkpoints, tiles and bundles.

use tlog_tiles::Hash;

use super::entry::read;
use super::log::checkpoint::Checkpoint;
use super::log::leaf::leaf_hash;
use super::log::proof::{self, Opening};
use super::log::tile::{FULL, Place, Tiles, bundle};
use super::{Log, LogError, store};
use crate::citizen::EntryId;

impl Log {
    /// The proof of an entry as a C2SP tlog-proof; `None` until a checkpoint covers it.
    ///
    /// Whoever gets it can open this entry, and no other. It is verified before it is handed out.
    pub async fn proof(&self, entry: EntryId) -> Result<Option<String>, LogError> {
        let row = self.entry_row(entry).await?;
        let known = read(&row)?;
        let newest = self.newest().await?;
        let (Some(index), Some((tree, note))) = (known.position, newest) else {
            return Ok(None);
        };
        if index >= tree.size {
            return Ok(None);
        }
        let hashes = self.inclusion(index, &tree).await?;
        tlog_tiles::check_record(
            &hashes,
            tree.size,
            Hash(tree.root),
            index,
            Hash(leaf_hash(&known.leaf)),
        )
        .map_err(|_| LogError::Damaged("an entry is not what the tree holds at its place"))?;
        let opened = self.open_entry(entry, &known, &row.bytes(4)?).await?;
        let opening = Opening {
            leaf: &known.leaf,
            payload: &opened.payload,
            key: &opened.key,
        };
        let hashes: Vec<_> = hashes.iter().map(|hash| hash.0).collect();
        Ok(Some(proof::text(&opening, index, &hashes, &note)))
    }

    /// The proof that a tree of `new` entries continues the one of `old` (RFC 6962, section 2.1.2).
    pub async fn consistency(&self, old: u64, new: u64) -> Result<Vec<[u8; 32]>, LogError> {
        if old == 0 || old > new || new > store::head(&self.db).await?.tree.size {
            return Err(LogError::UnknownEntry);
        }
        let hashes = self
            .read(|tiles| tlog_tiles::prove_tree(new, old, tiles))
            .await?;
        Ok(hashes.iter().map(|hash| hash.0).collect())
    }

    /// The newest checkpoint, a C2SP signed note.
    pub async fn checkpoint(&self) -> Result<Option<String>, LogError> {
        Ok(store::newest_note(&self.db).await?)
    }

    /// The hashes of a tile, 32 bytes each; `None` if the tree has no such tile.
    pub async fn tile(
        &self,
        level: u8,
        number: u64,
        width: u32,
    ) -> Result<Option<Vec<u8>>, LogError> {
        let place = Place {
            level,
            number,
            width,
        };
        if !place.is_within(self.published().await?) {
            return Ok(None);
        }
        store::tile(&self.db, place).await
    }

    /// The leaves under a tile of level 0, each after its length; `None` if the tree has no such tile.
    pub async fn entries(&self, number: u64, width: u32) -> Result<Option<Vec<u8>>, LogError> {
        let place = Place {
            level: 0,
            number,
            width,
        };
        if !place.is_within(self.published().await?) {
            return Ok(None);
        }
        let start = number * u64::from(FULL);
        let values = vec![
            store::number(start),
            store::number(start + u64::from(width)),
        ];
        let rows = self
            .db
            .rows(
                "SELECT e.leaf FROM log_sequence s JOIN log_entry e ON e.entry = s.entry
                 WHERE s.position >= $1 AND s.position < $2 ORDER BY s.position",
                values,
            )
            .await?;
        if rows.len() != width as usize {
            return Err(LogError::Damaged("an entry is missing"));
        }
        let leaves = rows.iter().map(|row| row.bytes(0));
        let leaves = leaves.collect::<Result<Vec<_>, _>>()?;
        let bundle = bundle(leaves.iter().map(Vec::as_slice));
        Ok(Some(bundle.map_err(|_| {
            LogError::Damaged("a leaf is longer than a bundle can say")
        })?))
    }

    /// The newest checkpoint, read and signed.
    pub(super) async fn newest(&self) -> Result<Option<(Checkpoint, String)>, LogError> {
        let Some(note) = store::newest_note(&self.db).await? else {
            return Ok(None);
        };
        let tree = self.signed(note.as_bytes())?;
        Ok(Some((tree, note)))
    }

    /// Whether the tree continues an earlier one.
    pub(super) async fn extends(
        &self,
        earlier: &Checkpoint,
        tree: &Checkpoint,
    ) -> Result<(), LogError> {
        let other = LogError::OtherHistory {
            anchored: earlier.size,
        };
        if earlier.size == 0 || earlier.size > tree.size {
            return if earlier.size == 0 {
                Ok(())
            } else {
                Err(other)
            };
        }
        let proof = self
            .read(|tiles| tlog_tiles::prove_tree(tree.size, earlier.size, tiles))
            .await?;
        let (new, old) = (Hash(tree.root), Hash(earlier.root));
        tlog_tiles::check_tree(&proof, tree.size, new, earlier.size, old).map_err(|_| other)
    }

    async fn inclusion(&self, index: u64, tree: &Checkpoint) -> Result<Vec<Hash>, LogError> {
        self.read(|tiles| tlog_tiles::prove_record(tree.size, index, tiles))
            .await
    }

    /// Entries under the newest checkpoint: what others may see.
    async fn published(&self) -> Result<u64, LogError> {
        Ok(self.newest().await?.map_or(0, |(tree, _)| tree.size))
    }

    /// Runs a computation over the tiles it needs, however many the tree has.
    async fn read<T>(
        &self,
        compute: impl Fn(&Tiles) -> Result<T, tlog_tiles::Error>,
    ) -> Result<T, LogError> {
        let mut tiles = Tiles::default();
        for (level, number) in Tiles::needed(&compute) {
            let tile = store::widest_tile(&self.db, level, number).await?;
            let tile = tile.ok_or(LogError::Damaged("a tile is missing"))?;
            tiles.hold(level, number, tile);
        }
        compute(&tiles).map_err(|_| LogError::Damaged("a tile is cut short"))
    }
}
