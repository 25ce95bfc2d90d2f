//! `PADRO/NUMERO_CONVIVENTS`: how many people are registered at the holder's address.
//!
//! The least revealing way to know a household: a number, the holder included, and no names.

pub mod answer;
pub mod query;

use super::listed::Listed;

pub use answer::{Answer, Outcome, Register};

/// Namespace of question and answer.
pub(super) const NAMESPACE: &str = "http://www.aocat.net/padro";
/// Namespace of the address block.
const ADDRESS: &str = "http://www.red.es/padron";

/// What an answer is documented to hold: the question again, the number, and an address.
pub(super) const LISTED: Listed = &[
    (
        NAMESPACE,
        &[
            "respuestaNumeroConvivientes",
            "numExpediente",
            "tipoDocumentacion",
            "documentacion",
            "codigoMunicipio",
            "codigoProvincia",
            "idescat",
            "codigoResultado",
            "numeroConvivientes",
            "DireccionEmpadronamiento",
            "fuente",
            "idescatMotivo",
        ],
    ),
    (
        ADDRESS,
        &[
            "DireccionEmpadronamiento",
            "Via",
            "TipoVia",
            "NombreVia",
            "CodigoVia",
            "Numeracion",
            "Numero",
            "Localidad",
            "CodigoProvincia",
            "CodigoMunicipio",
            "CodigoUnidadPoblacional",
            "CodigoPostal",
        ],
    ),
];

#[cfg(test)]
mod tests;
