//! Checks proofs offline.
