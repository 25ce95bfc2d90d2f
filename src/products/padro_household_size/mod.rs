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

/// What the address block is documented to hold.
pub(super) const ADDRESS_LISTED: (&str, &[&str]) = (
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
);

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
    ADDRESS_LISTED,
];

#[cfg(test)]
mod tests;
