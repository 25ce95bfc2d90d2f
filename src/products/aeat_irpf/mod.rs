//! `AEAT_IRPF/C4` and `C2`: a person's income of one tax year, by the tax agency.
//!
//! Both modalities share their payloads. C4 is the one for social benefits; C2 is the fall-back.

mod amount;
pub mod answer;
mod imputations;
pub mod query;
mod tax_return;

use super::listed::Listed;

pub use answer::{Answer, Outcome};
pub use imputations::Imputations;
pub(super) use tax_return::YEARLY;
pub use tax_return::{Basis, Filing, JointReturns, TaxReturn};

/// Namespace of AOC's wrapping elements.
pub(super) const WRAPPER: &str = "http://www.aocat.net/aeat/irpf";
/// Namespace of the tax agency's block. Several of its services share it with other contents.
pub(super) const AGENCY: &str = "http://intermediacion.redsara.es/scsp/esquemas/datosespecificos";

/// What an answer is documented to hold.
pub(super) const LISTED: Listed = &[
    (
        WRAPPER,
        &[
            "respostaConsultaIRPF",
            "resultat",
            "codiResultat",
            "descripcio",
        ],
    ),
    (
        AGENCY,
        &[
            "DatosEspecificos",
            "NivelRentaDeclaracion",
            "Cabecera",
            "CodRet",
            "DescripcionError",
            "Referencia",
            "FechaEmision",
            "Ejercicio",
            "TipoRespuesta",
            "Imputaciones",
            "DatosEconomicos",
            "Texto",
            "Signo",
            "Enteros",
            "Decimales",
            "Cola",
            "irpf",
            "CabeceraRenta",
            "NifSolicitante",
            "NombreSolicitante",
            "PrimerDeclarante",
            "SegundoTitular",
            "Modelo",
            "Tributacion",
            "OrigenDatos",
            "Importes",
            "Importe",
            "Descripcion",
            "Valor",
            "DEGrupo",
            "DECasilla",
            "DatosCola",
        ],
    ),
];

#[cfg(test)]
mod tests;
