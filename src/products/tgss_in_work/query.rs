//! The question: a date.

use super::NAMESPACE;
use crate::products::EncodeError;
use crate::products::question::{Holder, Question};
use crate::xml::Writer;

/// `Titular`: the document says it all.
pub(in crate::products) fn holder(question: &Question) -> Result<Holder, EncodeError> {
    let nif = question.nif()?;
    let document_type = if nif.is_nie() { "NIE" } else { "NIF" };
    Ok(Holder::by_document(document_type, nif))
}

/// `DatosEspecificos/FECHA`, today as `DDMMYYYY`.
pub(in crate::products) fn encode(question: &Question) -> Result<String, EncodeError> {
    let mut xml = Writer::new();
    xml.open("t:DatosEspecificos", &[("t", NAMESPACE)], &[]);
    xml.leaf("t:FECHA", &wire_date(question))
        .map_err(|_| EncodeError::Unwritable)?;
    xml.close();
    Ok(xml.finish())
}

/// The day of the question as this service writes it.
pub(super) fn wire_date(question: &Question) -> String {
    question.on.strftime("%d%m%Y").to_string()
}
