//! `PADRO/NUMERO_CONVIVENTS`: how many people are registered at the holder's address.
//!
//! The least revealing way to know a household: a number, the holder included, and no names.

pub mod answer;
pub mod query;

pub use answer::{Answer, Outcome, Register};

/// Namespace of question and answer.
pub(super) const NAMESPACE: &str = "http://www.aocat.net/padro";
/// Namespace of the address block.
const ADDRESS: &str = "http://www.red.es/padron";

#[cfg(test)]
mod tests;
