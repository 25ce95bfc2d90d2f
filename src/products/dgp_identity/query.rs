//! The question: a document and a surname that must match it.

use crate::products::EncodeError;
use crate::products::question::{Holder, Question, capitals};

/// `Titular`: the service wants the first surname or the year of birth beside the document.
///
/// No identity provider gives us the year of birth, so the surname it is.
pub(in crate::products) fn holder(question: &Question) -> Result<Holder, EncodeError> {
    let nif = question.nif()?;
    let document_type = if nif.is_nie() { "NIE" } else { "DNI" };
    let surname1 =
        capitals(question.holder.name.surname1.as_ref()).ok_or(EncodeError::SurnameMissing)?;
    Ok(Holder {
        surname1: Some(surname1),
        ..Holder::by_document(document_type, nif)
    })
}

/// Nothing: with the surname in `Titular` the service takes no payload of its own.
pub(in crate::products) fn encode(question: &Question) -> Result<Option<String>, EncodeError> {
    holder(question).map(|_| None)
}
