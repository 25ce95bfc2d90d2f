//! `DGP_IDENTITAT/IDENTITAT_DADES`: who a person is, by the national police.

pub mod answer;
mod birth_date;
mod nationality;
pub mod query;

use super::listed::Listed;

pub use answer::{Answer, Finding, Identity};
pub use birth_date::{BirthDate, InvalidBirthDate};
pub use nationality::Nationality;

/// Namespace of question and answer.
pub(super) const NAMESPACE: &str = "http://www.aoc.cat/dgp/identitat";

/// What an answer is documented to hold: the question again, and more of a person than is read.
pub(super) const LISTED: Listed = &[(
    NAMESPACE,
    &[
        "respostaConsultaDadesIdentitat",
        "peticioConsultaDadesIdentitat",
        "resposta",
        "resultat",
        "codiResultat",
        "descripcio",
        "dniNacionalitzat",
        "dadesTitular",
        "numeroSuport",
        "nom",
        "primerCognom",
        "segonCognom",
        "nacionalitat",
        "sexe",
        "dadesNaixement",
        "data",
        "localitat",
        "provincia",
        "pais",
        "nomPare",
        "nomMare",
        "dataCaducitat",
    ],
)];

#[cfg(test)]
mod tests;
