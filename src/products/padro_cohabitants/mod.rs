//! `PADRO/VALIDACIO_CONVIVENTS`: how many of some people live at one address.
//!
//! The people are named by whoever asks, each having agreed to it, so the register gives no name
//! away. It does answer about each of them; only the count is kept.

pub mod answer;
pub mod query;

use super::listed::Listed;
use super::padro_household_size::{ADDRESS_LISTED, NAMESPACE};

pub use answer::{Answer, Outcome};

/// What an answer is documented to hold: the question again, and what is said of each, and an address.
pub(super) const LISTED: Listed = &[
    (
        NAMESPACE,
        &[
            "respuestaValidacionConvivientes",
            "numExpediente",
            "tipoDocumentacion",
            "documentacion",
            "codigoMunicipio",
            "codigoProvincia",
            "idescat",
            "codigoResultado",
            "conviviente",
            "resultado",
            "fechaAltaPadron",
            "fuente",
            "idescatMotivo",
            "DireccionEmpadronamiento",
        ],
    ),
    ADDRESS_LISTED,
];

/// Most people named besides the reference person: more than any household that asks for aid.
const MOST: usize = 20;

#[cfg(test)]
mod tests;
