//! RFC 6962, section 2.1, as written there: recursive, slow, and sharing no code with the log.

use aws_lc_rs::digest::{SHA256, digest};

type Hash = [u8; 32];

fn sha256(parts: &[&[u8]]) -> Hash {
    digest(&SHA256, &parts.concat())
        .as_ref()
        .try_into()
        .unwrap()
}

pub(crate) fn leaf_hash(leaf: &[u8]) -> Hash {
    sha256(&[&[0], leaf])
}

fn node(left: &Hash, right: &Hash) -> Hash {
    sha256(&[&[1], left, right])
}

/// The largest power of two smaller than `n`.
fn split(n: usize) -> usize {
    let mut k = 1;
    while k * 2 < n {
        k *= 2;
    }
    k
}

/// `MTH(D[n])`, of leaf hashes.
pub(crate) fn root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => sha256(&[]),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(split(leaves.len()));
            node(&root(left), &root(right))
        }
    }
}

/// `PATH(m, D[n])`.
pub(crate) fn inclusion(leaves: &[Hash], m: usize) -> Vec<Hash> {
    if leaves.len() <= 1 {
        return vec![];
    }
    let k = split(leaves.len());
    let (left, right) = leaves.split_at(k);
    let (mut path, sibling) = if m < k {
        (inclusion(left, m), root(right))
    } else {
        (inclusion(right, m - k), root(left))
    };
    path.push(sibling);
    path
}

/// `PROOF(m, D[n])`.
pub(crate) fn consistency(leaves: &[Hash], m: usize) -> Vec<Hash> {
    subproof(leaves, m, true)
}

fn subproof(leaves: &[Hash], m: usize, whole: bool) -> Vec<Hash> {
    if m == leaves.len() {
        return if whole { vec![] } else { vec![root(leaves)] };
    }
    let k = split(leaves.len());
    let (left, right) = leaves.split_at(k);
    let (mut proof, sibling) = if m <= k {
        (subproof(left, m, whole), root(right))
    } else {
        (subproof(right, m - k, false), root(left))
    };
    proof.push(sibling);
    proof
}

/// The root an inclusion path leads to, or nothing if it has the wrong length.
pub(crate) fn root_of_path(leaf: Hash, index: u64, size: u64, path: &[Hash]) -> Option<Hash> {
    if size <= 1 {
        return (path.is_empty() && index == 0 && size == 1).then_some(leaf);
    }
    let (sibling, path) = path.split_last()?;
    let k = split(usize::try_from(size).unwrap()) as u64;
    if index < k {
        Some(node(&root_of_path(leaf, index, k, path)?, sibling))
    } else {
        Some(node(
            sibling,
            &root_of_path(leaf, index - k, size - k, path)?,
        ))
    }
}
