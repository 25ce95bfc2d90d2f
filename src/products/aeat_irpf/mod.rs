//! `AEAT_IRPF/C4` and `C2`: a person's income of one tax year, by the tax agency.
//!
//! Both modalities share their payloads. C4 is the one for social benefits; C2 is the fall-back.

mod amount;
pub mod answer;
mod imputations;
pub mod query;
mod tax_return;

pub use answer::{Answer, Outcome};
pub use imputations::Imputations;
pub use tax_return::{Basis, Filing, JointReturns, TaxReturn};

/// Namespace of AOC's wrapping elements.
pub(super) const WRAPPER: &str = "http://www.aocat.net/aeat/irpf";
/// Namespace of the tax agency's block. Several of its services share it with other contents.
pub(super) const AGENCY: &str = "http://intermediacion.redsara.es/scsp/esquemas/datosespecificos";

#[cfg(test)]
mod tests;
