//! `SCSP_TGSS/Q2827003ATGSS006`: whether a person is in work on a date, by the social security.

pub mod answer;
pub mod query;

use super::listed::Listed;

pub use answer::{Answer, Situation};

/// Namespace of the second `DatosEspecificos`, the one inside the envelope's.
pub(super) const NAMESPACE: &str =
    "http://www.tgss.es/altafecha/esquemas/afiliacion/datosespecificos";

/// What an answer is documented to hold. The service has been seen to leave the namespace out.
pub(super) const LISTED: Listed = &[(NAMESPACE, NAMES), ("", NAMES)];

const NAMES: &[&str] = &[
    "DatosEspecificos",
    "IPF",
    "FECHA",
    "Retorno",
    "Codigo",
    "Descripcion",
];

#[cfg(test)]
mod tests;
