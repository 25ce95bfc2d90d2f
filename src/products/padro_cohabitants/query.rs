//! The question: who is named, and the municipality to look in.

use std::collections::BTreeSet;

use super::MOST;
use crate::citizen::Nif;
use crate::products::EncodeError;
use crate::products::padro_household_size::{NAMESPACE, query};
use crate::products::question::{Holder, Question};
use crate::xml::Writer;

/// `Titular`: as for the other questions to the register.
pub(in crate::products) fn holder(question: &Question) -> Result<Holder, EncodeError> {
    query::holder(question)
}

/// Everybody named: the holder first, whose address it is about (the register's reference person);
/// then the others by number, so that their order says nothing.
pub(super) fn named(question: &Question) -> Result<Vec<&Nif>, EncodeError> {
    let holder = question.nif()?;
    let others: BTreeSet<_> = question.cohabitants.iter().collect();
    let each_once = others.len() == question.cohabitants.len() && !others.contains(holder);
    if each_once && (1..=MOST).contains(&others.len()) {
        Ok(std::iter::once(holder).chain(others).collect())
    } else {
        Err(EncodeError::Cohabitants)
    }
}

/// `peticionValidacionConvivientes`.
pub(in crate::products) fn encode(question: &Question) -> Result<String, EncodeError> {
    let named = named(question)?;
    let place = question
        .municipality
        .as_ref()
        .ok_or(EncodeError::MunicipalityMissing)?;
    let mut xml = Writer::new();
    let leaf =
        |xml: &mut Writer, name, text| xml.leaf(name, text).map_err(|_| EncodeError::Unwritable);
    xml.open("p:peticionValidacionConvivientes", &[("p", NAMESPACE)], &[]);
    leaf(&mut xml, "p:numExpediente", question.checked_case_file()?)?;
    for nif in named {
        xml.open("p:conviviente", &[], &[]);
        leaf(&mut xml, "p:tipoDocumentacion", query::document_type(nif))?;
        leaf(&mut xml, "p:documentacion", nif.reveal())?;
        xml.close();
    }
    leaf(&mut xml, "p:codigoMunicipio", place.municipality())?;
    leaf(&mut xml, "p:codigoProvincia", place.province())?;
    leaf(&mut xml, "p:idescat", "1")?;
    xml.close();
    Ok(xml.finish())
}
