//! The tree in tiles of 256 hashes (C2SP tlog-tiles): growing it, and reading proofs out of it.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use tlog_tiles::{EMPTY_HASH, Hash, HashReader, Tile, node_hash};

/// Hashes in a full tile.
pub const FULL: u32 = 256;

/// Bytes of a hash.
const HASH: usize = tlog_tiles::HASH_SIZE;

/// Where a tile lies: its level, its number within the level, and how many hashes it holds.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Place {
    /// 0 for leaf hashes; a hash of level n + 1 covers a full tile of level n.
    pub level: u8,
    /// Counted from 0.
    pub number: u64,
    /// 1 to 256.
    pub width: u32,
}

impl Place {
    /// Whether a tree of that size has the tile.
    pub fn is_within(self, size: u64) -> bool {
        let hashes = size.checked_shr(u32::from(self.level) * 8).unwrap_or(0);
        let end = self
            .number
            .checked_mul(u64::from(FULL))
            .and_then(|start| start.checked_add(u64::from(self.width)));
        (1..=FULL).contains(&self.width) && end.is_some_and(|end| end <= hashes)
    }
}

impl fmt::Display for Place {
    /// The path of C2SP: `tile/0/x001/067.p/12`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tile/{}/", self.level)?;
        let mut groups = vec![format!("{:03}", self.number % 1000)];
        let mut rest = self.number / 1000;
        while rest > 0 {
            groups.push(format!("x{:03}", rest % 1000));
            rest /= 1000;
        }
        groups.reverse();
        f.write_str(&groups.join("/"))?;
        if self.width < FULL {
            write!(f, ".p/{}", self.width)?;
        }
        Ok(())
    }
}

/// Stored hashes that are not of the number their tree needs.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a tile does not hold the hashes its place needs")]
pub struct Misfit;

/// The right edge of a tree: all that is needed to let it grow.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Edge {
    size: u64,
    levels: Vec<Vec<u8>>, // the hashes of each level's partial tile
}

impl Edge {
    /// The partial tiles a tree of that size ends with, lowest level first.
    pub fn places(size: u64) -> Vec<Place> {
        (0..8_u8) // 256⁸ leaves are more than a size can say
            .map(|level| (level, size >> (8 * u32::from(level))))
            .filter_map(|(level, hashes)| {
                let width = u32::try_from(hashes % u64::from(FULL)).ok()?;
                let number = hashes / u64::from(FULL);
                (width > 0).then_some(Place {
                    level,
                    number,
                    width,
                })
            })
            .collect()
    }

    /// The edge of a tree, from the tiles at its [`Edge::places`].
    pub fn from_tiles(size: u64, tiles: Vec<Vec<u8>>) -> Result<Self, Misfit> {
        let places = Self::places(size);
        if places.len() != tiles.len() {
            return Err(Misfit);
        }
        let mut levels = Vec::new();
        for (place, hashes) in places.iter().zip(tiles) {
            if hashes.len() != place.width as usize * HASH {
                return Err(Misfit);
            }
            levels.resize(usize::from(place.level), Vec::new());
            levels.push(hashes);
        }
        Ok(Self { size, levels })
    }

    /// Leaves in the tree.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Adds a leaf; gives the tiles it filled.
    pub fn push(&mut self, leaf: [u8; 32]) -> Vec<(Place, Vec<u8>)> {
        let mut full = Vec::new();
        let mut hash = leaf;
        for level in 0_u8.. {
            let at = usize::from(level);
            if self.levels.len() == at {
                self.levels.push(Vec::with_capacity(FULL as usize * HASH));
            }
            self.levels[at].extend_from_slice(&hash);
            if self.levels[at].len() < FULL as usize * HASH {
                break;
            }
            let hashes = std::mem::take(&mut self.levels[at]);
            hash = Tile::subtree_hash(&hashes).0;
            let number = self.size >> (8 * (u32::from(level) + 1));
            let place = Place {
                level,
                number,
                width: FULL,
            };
            full.push((place, hashes));
        }
        self.size += 1;
        full
    }

    /// The partial tiles at the edge.
    pub fn tiles(&self) -> Vec<(Place, &[u8])> {
        let places = Self::places(self.size).into_iter();
        places
            .filter_map(|place| {
                let hashes = self.levels.get(usize::from(place.level))?;
                Some((place, hashes.as_slice()))
            })
            .collect()
    }

    /// The root of the tree (RFC 6962, section 2.1): full subtrees, joined from the right.
    pub fn root(&self) -> [u8; 32] {
        let mut root: Option<Hash> = None;
        for hashes in &self.levels {
            let mut end = hashes.len();
            while end > 0 {
                let subtree = (end / HASH) & (end / HASH).wrapping_neg(); // lowest bit of the count
                let start = end - subtree * HASH;
                let left = Tile::subtree_hash(&hashes[start..end]);
                root = Some(root.map_or(left, |right| node_hash(left, right)));
                end = start;
            }
        }
        root.unwrap_or(EMPTY_HASH).0
    }
}

/// Tiles to read a proof from; or, empty, what finds out which tiles that takes.
#[derive(Debug, Default)]
pub struct Tiles {
    held: BTreeMap<(u8, u64), Vec<u8>>,
    missed: RefCell<BTreeSet<(u8, u64)>>,
}

impl Tiles {
    /// Level and number of the tiles a computation reads.
    pub fn needed<T>(read: impl FnOnce(&Self) -> T) -> Vec<(u8, u64)> {
        let empty = Self::default();
        read(&empty); // computes nonsense, over noted places
        empty.missed.into_inner().into_iter().collect()
    }

    /// Adds the hashes of a tile, the widest known.
    pub fn hold(&mut self, level: u8, number: u64, hashes: Vec<u8>) {
        self.held.insert((level, number), hashes);
    }

    fn hash(&self, index: u64) -> Result<Hash, tlog_tiles::Error> {
        let narrowest = Tile::from_index(8, index);
        let place = (narrowest.level(), narrowest.level_index());
        let Some(hashes) = self.held.get(&place) else {
            self.missed.borrow_mut().insert(place);
            return Ok(EMPTY_HASH);
        };
        // A shorter tile than the place needs is an error of the reader, not a panic.
        narrowest.hash_at_index(hashes, index)
    }
}

impl HashReader for Tiles {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<Hash>, tlog_tiles::Error> {
        indexes.iter().map(|index| self.hash(*index)).collect()
    }
}

/// Up to 256 leaves, each after its length in two bytes (C2SP entry bundle).
pub fn bundle<'a>(leaves: impl IntoIterator<Item = &'a [u8]>) -> Result<Vec<u8>, Misfit> {
    let mut bundle = Vec::new();
    for leaf in leaves {
        let length = u16::try_from(leaf.len()).map_err(|_| Misfit)?;
        bundle.extend_from_slice(&length.to_be_bytes());
        bundle.extend_from_slice(leaf);
    }
    Ok(bundle)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::audit::tests::rfc6962;

    fn hashes(count: u64) -> Vec<[u8; 32]> {
        (0..count)
            .map(|n| rfc6962::leaf_hash(&n.to_be_bytes()))
            .collect()
    }

    fn grown(leaves: &[[u8; 32]]) -> (Edge, BTreeMap<Place, Vec<u8>>) {
        let mut edge = Edge::default();
        let mut tiles = BTreeMap::new();
        for leaf in leaves {
            tiles.extend(edge.push(*leaf));
        }
        let edges: Vec<_> = edge
            .tiles()
            .into_iter()
            .map(|(p, h)| (p, h.to_vec()))
            .collect();
        tiles.extend(edges);
        (edge, tiles)
    }

    #[test]
    fn a_tree_of_70_000_has_the_tiles_the_specification_counts() {
        let (edge, tiles) = grown(&hashes(70_000));
        let count = |level, full| {
            let of_level = tiles.keys().filter(|place| place.level == level);
            of_level
                .filter(|place| (place.width == FULL) == full)
                .count()
        };
        assert_eq!((count(0, true), count(0, false)), (273, 1));
        assert_eq!((count(1, true), count(1, false)), (1, 1));
        assert_eq!((count(2, true), count(2, false)), (0, 1));
        let widths: Vec<_> = Edge::places(70_000)
            .iter()
            .map(|place| place.width)
            .collect();
        assert_eq!(widths, [112, 17, 1]);
        assert_eq!(edge.root(), rfc6962::root(&hashes(70_000)));
    }

    #[test]
    fn paths_are_written_in_groups_of_three() {
        let place = |number, width| {
            Place {
                level: 1,
                number,
                width,
            }
            .to_string()
        };
        assert_eq!(place(1_234_067, FULL), "tile/1/x001/x234/067");
        assert_eq!(place(0, 5), "tile/1/000.p/5");
    }

    #[test]
    fn a_tile_is_within_a_tree_only_when_every_hash_is() {
        let place = |level, number, width| Place {
            level,
            number,
            width,
        };
        assert!(place(0, 0, 255).is_within(255));
        assert!(!place(0, 0, FULL).is_within(255));
        assert!(place(1, 0, 1).is_within(256));
        assert!(!place(0, 0, 0).is_within(5) && !place(0, 0, 257).is_within(1000));
        assert!(!place(9, 0, 1).is_within(u64::MAX));
        assert!(!place(0, u64::MAX, 1).is_within(u64::MAX));
    }

    #[test]
    fn an_edge_refuses_tiles_of_another_size() {
        assert_eq!(Edge::from_tiles(3, vec![vec![0; 64]]), Err(Misfit));
        assert_eq!(Edge::from_tiles(3, vec![]), Err(Misfit));
        assert_eq!(
            Edge::from_tiles(256, vec![vec![0; 32]]).map(|edge| edge.size()),
            Ok(256)
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn the_root_is_rfc_6962_however_the_tree_grew(size in 0_u64..1200, pause in 0_u64..1200) {
            let leaves = hashes(size);
            let (early, rest) = leaves.split_at(usize::try_from(pause.min(size)).unwrap());
            let (edge, _) = grown(early);
            let tiles = edge.tiles().into_iter().map(|(_, hashes)| hashes.to_vec()).collect();
            let mut edge = Edge::from_tiles(edge.size(), tiles).unwrap();
            for leaf in rest {
                edge.push(*leaf);
            }
            prop_assert_eq!(edge.root(), rfc6962::root(&leaves));
        }

        #[test]
        fn proofs_read_from_tiles_are_those_of_rfc_6962(size in 1_u64..1200, at in any::<u64>()) {
            let leaves = hashes(size);
            let index = at % size;
            let (_, grown) = grown(&leaves);
            let prove = |tiles: &Tiles| tlog_tiles::prove_record(size, index, tiles);
            let mut tiles = Tiles::default();
            for (level, number) in Tiles::needed(prove) {
                let found = grown.iter().find(|(p, _)| (p.level, p.number) == (level, number));
                tiles.hold(level, number, found.unwrap().1.clone());
            }
            let proof: Vec<_> = prove(&tiles).unwrap().into_iter().map(|hash| hash.0).collect();
            prop_assert_eq!(proof, rfc6962::inclusion(&leaves, usize::try_from(index).unwrap()));
        }
    }
}
