//! `DGP_IDENTITAT/IDENTITAT_DADES`: who a person is, by the national police.

pub mod answer;
mod birth_date;
mod nationality;
pub mod query;

pub use answer::{Answer, Finding, Identity};
pub use birth_date::{BirthDate, InvalidBirthDate};
pub use nationality::Nationality;

/// Namespace of question and answer.
pub(super) const NAMESPACE: &str = "http://www.aoc.cat/dgp/identitat";

#[cfg(test)]
mod tests;
