//! The question: a document and the municipality to look in.

use super::NAMESPACE;
use crate::citizen::Nif;
use crate::products::EncodeError;
use crate::products::question::{Holder, Question};
use crate::xml::Writer;

/// `Titular`: the service takes the person from its own block; the document is repeated for the log.
pub(in crate::products) fn holder(question: &Question) -> Result<Holder, EncodeError> {
    let nif = question.nif()?;
    let document_type = if nif.is_nie() { "NIE" } else { "NIF" };
    Ok(Holder::by_document(document_type, nif))
}

/// `tipoDocumentacion`: 1 for a NIF, 3 for a residence permit.
pub(in crate::products) fn document_type(nif: &Nif) -> &'static str {
    if nif.is_nie() { "3" } else { "1" }
}

/// `peticionNumeroConvivientes`.
///
/// With `idescat` 1 the population register of Catalonia answers for a municipality that cannot.
pub(in crate::products) fn encode(question: &Question) -> Result<String, EncodeError> {
    let nif = question.nif()?;
    let place = question
        .municipality
        .as_ref()
        .ok_or(EncodeError::MunicipalityMissing)?;
    let mut xml = Writer::new();
    xml.open("p:peticionNumeroConvivientes", &[("p", NAMESPACE)], &[]);
    for (name, text) in [
        ("p:numExpediente", question.checked_case_file()?),
        ("p:tipoDocumentacion", document_type(nif)),
        ("p:documentacion", nif.reveal()),
        ("p:codigoMunicipio", place.municipality()),
        ("p:codigoProvincia", place.province()),
        ("p:idescat", "1"),
    ] {
        xml.leaf(name, text).map_err(|_| EncodeError::Unwritable)?;
    }
    xml.close();
    Ok(xml.finish())
}
