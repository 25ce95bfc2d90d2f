//! The question: a tax year.

use super::{AGENCY, WRAPPER};
use crate::products::EncodeError;
use crate::products::question::{Holder, Question, capitals};
use crate::xml::Writer;

/// `Titular`: a NIF, whatever it looks like, and the name as surname, surname, given name.
pub(in crate::products) fn holder(question: &Question) -> Result<Holder, EncodeError> {
    let nif = question.nif()?;
    let name = &question.holder.name;
    let parts: Vec<_> = [&name.surname1, &name.surname2, &name.given]
        .into_iter()
        .filter_map(|part| capitals(part.as_ref()))
        .collect();
    if parts.is_empty() {
        return Err(EncodeError::NameMissing);
    }
    Ok(Holder {
        full_name: Some(parts.join(" ")),
        ..Holder::by_document("NIF", nif)
    })
}

/// `peticioConsultaIRPF/DatosEspecificos/Ejercicio`.
pub(in crate::products) fn encode(question: &Question) -> Result<String, EncodeError> {
    let year = question.fiscal_year.ok_or(EncodeError::FiscalYearMissing)?;
    let mut xml = Writer::new();
    xml.open("i:peticioConsultaIRPF", &[("i", WRAPPER)], &[]);
    xml.open("a:DatosEspecificos", &[("a", AGENCY)], &[]);
    xml.leaf("a:Ejercicio", &year.to_string())
        .map_err(|_| EncodeError::Unwritable)?;
    xml.close();
    xml.close();
    Ok(xml.finish())
}
