//! Every proof of every small tree holds, and only where it should.

use proptest::prelude::*;
use verifier::merkle::{Hash, empty_root, verify_consistency, verify_inclusion};

use crate::tree::Tree;

fn wide(number: usize) -> u64 {
    u64::try_from(number).unwrap()
}

#[test]
fn every_entry_of_every_tree_up_to_300_is_proved() {
    let tree = Tree::numbered(300);
    for size in 1..=300 {
        let root = tree.root(size);
        for index in 0..size {
            let path = tree.inclusion(index, size);
            let proved = verify_inclusion(&tree.leaf(index), wide(index), wide(size), &path, &root);
            assert_eq!(proved, Ok(()), "entry {index} of {size}");
        }
    }
}

#[test]
fn an_entry_is_proved_at_no_other_place() {
    let tree = Tree::numbered(40);
    for size in 1..=40 {
        let root = tree.root(size);
        for index in 0..size {
            let path = tree.inclusion(index, size);
            for other in (0..=size).filter(|other| *other != index) {
                assert!(
                    verify_inclusion(&tree.leaf(index), wide(other), wide(size), &path, &root)
                        .is_err(),
                    "entry {index} of {size} passed as {other}"
                );
            }
        }
    }
}

#[test]
fn every_pair_of_trees_up_to_64_is_consistent() {
    let tree = Tree::numbered(64);
    for new in 0..=64 {
        for old in 0..=new {
            let path = tree.consistency(old, new);
            let (old_root, new_root) = (tree.root(old), tree.root(new));
            let proved = verify_consistency(wide(old), &old_root, wide(new), &new_root, &path);
            assert_eq!(proved, Ok(()), "{old} to {new}");
        }
    }
}

#[test]
fn a_proof_of_growth_holds_from_no_other_size() {
    let tree = Tree::numbered(20);
    for new in 2..=20 {
        for old in 1..new {
            let path = tree.consistency(old, new);
            let (old_root, new_root) = (tree.root(old), tree.root(new));
            for other in (0..=new).filter(|other| *other != old) {
                let proved =
                    verify_consistency(wide(other), &old_root, wide(new), &new_root, &path);
                assert!(proved.is_err(), "{old} to {new} passed as {other}");
            }
        }
    }
}

#[test]
fn a_rewritten_history_is_never_consistent() {
    let honest = Tree::numbered(33);
    for changed in 0..16 {
        let bent = Tree::of(
            (0..33)
                .map(|n| {
                    if n == changed {
                        empty_root()
                    } else {
                        honest.leaf(n)
                    }
                })
                .collect(),
        );
        for new in 16..=33 {
            let path = bent.consistency(16, new);
            let proved =
                verify_consistency(16, &honest.root(16), wide(new), &bent.root(new), &path);
            assert!(
                proved.is_err(),
                "entry {changed} was changed under a tree of {new}"
            );
        }
    }
}

#[test]
fn the_empty_tree_has_one_root_only() {
    let tree = Tree::numbered(3);
    let wrong = Hash([0; 32]);
    assert_eq!(
        verify_consistency(0, &empty_root(), 0, &empty_root(), &[]),
        Ok(())
    );
    assert!(verify_consistency(0, &wrong, 3, &tree.root(3), &[]).is_err());
    assert!(verify_consistency(0, &empty_root(), 3, &tree.root(3), &[wrong]).is_err());
    assert!(verify_inclusion(&empty_root(), 0, 0, &[], &empty_root()).is_err());
}

proptest! {
    /// Changing any hash, leaving one out or adding one breaks an inclusion proof.
    #[test]
    fn no_bent_path_proves_inclusion(
        size in 2_usize..200,
        at in any::<prop::sample::Index>(),
        part in any::<prop::sample::Index>(),
        bit in 0_usize..256,
    ) {
        let tree = Tree::numbered(size);
        let index = at.index(size);
        let (leaf, root) = (tree.leaf(index), tree.root(size));
        let path = tree.inclusion(index, size);
        let holds = |path: &[Hash]| {
            verify_inclusion(&leaf, wide(index), wide(size), path, &root).is_ok()
        };
        prop_assert!(holds(&path));

        let part = part.index(path.len());
        let mut flipped = path.clone();
        flipped[part].0[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(!holds(&flipped));
        let mut shorter = path.clone();
        shorter.remove(part);
        prop_assert!(!holds(&shorter));
        let mut longer = path.clone();
        longer.insert(part, path[part]);
        prop_assert!(!holds(&longer));
    }

    /// The same for consistency.
    #[test]
    fn no_bent_path_proves_consistency(
        new in 2_usize..200,
        at in any::<prop::sample::Index>(),
        part in any::<prop::sample::Index>(),
        bit in 0_usize..256,
    ) {
        let tree = Tree::numbered(new);
        let old = 1 + at.index(new - 1);
        let (old_root, new_root) = (tree.root(old), tree.root(new));
        let path = tree.consistency(old, new);
        let holds = |path: &[Hash]| {
            verify_consistency(wide(old), &old_root, wide(new), &new_root, path).is_ok()
        };
        prop_assert!(holds(&path));

        let part = part.index(path.len());
        let mut flipped = path.clone();
        flipped[part].0[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(!holds(&flipped));
        let mut shorter = path.clone();
        shorter.remove(part);
        prop_assert!(!holds(&shorter));
        let mut longer = path.clone();
        longer.insert(part, path[part]);
        prop_assert!(!holds(&longer));
    }

    /// Sizes up to the largest do not overflow, loop or panic.
    #[test]
    fn any_numbers_are_answered(
        index: u64,
        size: u64,
        count in 0_usize..70,
        byte: u8,
    ) {
        let path = vec![Hash([byte; 32]); count];
        let root = Hash([byte; 32]);
        prop_assert!(verify_inclusion(&root, index, size, &path, &root).is_err() || count == 0);
        let _ = verify_consistency(index, &root, size, &root, &path);
        let _ = verify_consistency(u64::MAX - 1, &root, u64::MAX, &root, &path);
        let _ = verify_inclusion(&root, u64::MAX - 1, u64::MAX, &path, &root);
    }
}
