//! A reference tree, written down as RFC 6962 section 2.1 defines it: by splitting, top down.

use std::{cell::RefCell, collections::HashMap};

use verifier::merkle::{Hash, empty_root, leaf_hash, node_hash};

pub(crate) struct Tree {
    leaves: Vec<Hash>,
    /// Hashes of ranges of leaves that were computed before.
    known: RefCell<HashMap<(usize, usize), Hash>>,
}

impl Tree {
    pub(crate) fn of(leaves: Vec<Hash>) -> Self {
        Self {
            leaves,
            known: RefCell::default(),
        }
    }

    /// A tree of `size` different entries.
    pub(crate) fn numbered(size: usize) -> Self {
        Self::of(
            (0..size)
                .map(|n| leaf_hash(format!("entry {n}").as_bytes()))
                .collect(),
        )
    }

    pub(crate) fn leaf(&self, index: usize) -> Hash {
        self.leaves[index]
    }

    /// MTH of the first `size` entries.
    pub(crate) fn root(&self, size: usize) -> Hash {
        self.hash(0, size)
    }

    /// PATH(index, D[size]).
    pub(crate) fn inclusion(&self, index: usize, size: usize) -> Vec<Hash> {
        self.path(index, 0, size)
    }

    /// PROOF(old, D[new]).
    pub(crate) fn consistency(&self, old: usize, new: usize) -> Vec<Hash> {
        if old == 0 {
            Vec::new()
        } else {
            self.subproof(old, 0, new, true)
        }
    }

    fn hash(&self, from: usize, to: usize) -> Hash {
        match to - from {
            0 => empty_root(),
            1 => self.leaves[from],
            count => {
                if let Some(hash) = self.known.borrow().get(&(from, to)) {
                    return *hash;
                }
                let middle = from + split(count);
                let hash = node_hash(&self.hash(from, middle), &self.hash(middle, to));
                self.known.borrow_mut().insert((from, to), hash);
                hash
            }
        }
    }

    fn path(&self, index: usize, from: usize, to: usize) -> Vec<Hash> {
        if to - from == 1 {
            return Vec::new();
        }
        let middle = from + split(to - from);
        let (mut path, sibling) = if index < middle {
            (self.path(index, from, middle), self.hash(middle, to))
        } else {
            (self.path(index, middle, to), self.hash(from, middle))
        };
        path.push(sibling);
        path
    }

    /// SUBPROOF(old, D[from..to], whole); `old` counts from the start of the tree.
    fn subproof(&self, old: usize, from: usize, to: usize, whole: bool) -> Vec<Hash> {
        if old == to {
            return if whole {
                Vec::new()
            } else {
                vec![self.hash(from, to)]
            };
        }
        let middle = from + split(to - from);
        let (mut proof, sibling) = if old <= middle {
            (
                self.subproof(old, from, middle, whole),
                self.hash(middle, to),
            )
        } else {
            (
                self.subproof(old, middle, to, false),
                self.hash(from, middle),
            )
        };
        proof.push(sibling);
        proof
    }
}

/// The largest power of two smaller than `count`.
fn split(count: usize) -> usize {
    count.next_power_of_two() / 2
}
