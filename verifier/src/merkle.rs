//! Hashes of the log's tree (RFC 6962 section 2.1) and the two proofs about it.
//!
//! The verification walks from the leaf up, bit by bit, as RFC 9162 sections 2.1.3.2 and 2.1.4.2
//! describe; whoever writes the log is free to define its trees by splitting them instead.

use std::fmt;

use base64::{Engine, prelude::BASE64_STANDARD};

use crate::{crypto::sha256, defect::Defect};

/// No proof about a tree whose size fits 64 bits needs more hashes.
pub const MAX_HASHES: usize = 64;

/// A SHA-256 hash of the tree.
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// Reads 44 characters of standard base64, in their one canonical spelling.
    pub fn from_base64(text: &str) -> Option<Self> {
        let bytes = BASE64_STANDARD.decode(text).ok()?;
        Some(Self(bytes.try_into().ok()?))
    }

    /// Reads 64 lower-case hexadecimal digits.
    pub fn from_hex(text: &str) -> Option<Self> {
        let bytes = hex::decode(text).ok()?;
        let hash = Self(bytes.try_into().ok()?);
        (hash.to_string() == text).then_some(hash)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({self})")
    }
}

/// SHA-256(0x00 || entry).
pub fn leaf_hash(entry: &[u8]) -> Hash {
    Hash(sha256(&[&[0], entry]))
}

/// SHA-256(0x01 || left || right).
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Hash(sha256(&[&[1], &left.0, &right.0]))
}

/// The root of a tree without entries, SHA-256 of nothing.
pub fn empty_root() -> Hash {
    Hash(sha256(&[]))
}

/// Checks that `leaf` is entry `index` of the tree of `size` entries under `root`.
pub fn verify_inclusion(
    leaf: &Hash,
    index: u64,
    size: u64,
    hashes: &[Hash],
    root: &Hash,
) -> Result<(), Defect> {
    if index >= size {
        return Err(Defect::LogInclusion);
    }
    let mut climb = Climb::new(index, size);
    let mut computed = *leaf;
    for sibling in hashes {
        computed = match climb.step().ok_or(Defect::LogInclusion)? {
            Side::Left => node_hash(sibling, &computed),
            Side::Right => node_hash(&computed, sibling),
        };
    }
    if climb.at_root() && computed == *root {
        Ok(())
    } else {
        Err(Defect::LogInclusion)
    }
}

/// Checks that the tree of `old_size` under `old_root` is the beginning of the tree of `new_size`
/// under `new_root`.
///
/// Equal sizes need no hashes and equal roots; an empty old tree is the beginning of every tree.
pub fn verify_consistency(
    old_size: u64,
    old_root: &Hash,
    new_size: u64,
    new_root: &Hash,
    hashes: &[Hash],
) -> Result<(), Defect> {
    let empty_is_right = |size, root: &Hash| size != 0 || *root == empty_root();
    if !empty_is_right(old_size, old_root) || !empty_is_right(new_size, new_root) {
        return Err(Defect::LogConsistency);
    }
    if old_size > new_size {
        return Err(Defect::LogRollback);
    }
    if old_size == new_size && old_root != new_root {
        return Err(Defect::LogSplitView);
    }
    if old_size == new_size || old_size == 0 {
        return if hashes.is_empty() {
            Ok(())
        } else {
            Err(Defect::LogConsistency)
        };
    }
    let (old, new) = consistent_roots(old_size, old_root, new_size, hashes)?;
    if old == *old_root && new == *new_root {
        Ok(())
    } else {
        Err(Defect::LogConsistency)
    }
}

/// The two roots that the hashes lead to, for `0 < old_size < new_size`.
fn consistent_roots(
    old_size: u64,
    old_root: &Hash,
    new_size: u64,
    hashes: &[Hash],
) -> Result<(Hash, Hash), Defect> {
    let mut climb = Climb::new(old_size - 1, new_size);
    climb.skip_right_children();
    // A complete old tree is itself the node to start from, and is left out of the proof.
    let (start, path) = if old_size.is_power_of_two() {
        (old_root, hashes)
    } else {
        hashes.split_first().ok_or(Defect::LogConsistency)?
    };
    let (mut old, mut new) = (*start, *start);
    for sibling in path {
        match climb.step().ok_or(Defect::LogConsistency)? {
            Side::Left => {
                old = node_hash(sibling, &old);
                new = node_hash(sibling, &new);
            }
            Side::Right => new = node_hash(&new, sibling),
        }
    }
    if climb.at_root() {
        Ok((old, new))
    } else {
        Err(Defect::LogConsistency)
    }
}

/// On which side of our node the next hash of a proof stands.
enum Side {
    Left,
    Right,
}

/// A way up from one node: `node` is its index on the current level, `last` the index of the last
/// node of that level (`fn` and `sn` of RFC 9162).
struct Climb {
    node: u64,
    last: u64,
}

impl Climb {
    /// `size` is at least 1 and `index` below it.
    fn new(index: u64, size: u64) -> Self {
        Self {
            node: index,
            last: size - 1,
        }
    }

    fn at_root(&self) -> bool {
        self.last == 0
    }

    fn up(&mut self) {
        self.node >>= 1;
        self.last >>= 1;
    }

    /// Goes up while our node is a right child: the subtree that ends here is complete.
    fn skip_right_children(&mut self) {
        while self.node & 1 == 1 {
            self.up();
        }
    }

    /// Takes one hash; `None` when the root was already reached.
    fn step(&mut self) -> Option<Side> {
        if self.at_root() {
            return None;
        }
        let side = if self.node & 1 == 1 || self.node == self.last {
            // The last node of a level without a sibling is carried up unchanged.
            while self.node & 1 == 0 && self.node != 0 {
                self.up();
            }
            Side::Left
        } else {
            Side::Right
        };
        self.up();
        Some(side)
    }
}
