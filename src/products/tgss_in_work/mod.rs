//! `SCSP_TGSS/Q2827003ATGSS006`: whether a person is in work on a date, by the social security.

pub mod answer;
pub mod query;

pub use answer::{Answer, Situation};

/// Namespace of the second `DatosEspecificos`, the one inside the envelope's.
pub(super) const NAMESPACE: &str =
    "http://www.tgss.es/altafecha/esquemas/afiliacion/datosespecificos";

#[cfg(test)]
mod tests;
