//! The answer: a number of people, or why there is none.
//!
//! Of the address only the municipality is read; street, number and post code stay in the message.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{ADDRESS, NAMESPACE};
use crate::citizen::Nif;
use crate::products::question::Question;
use crate::products::{Class, DecodeError, Municipality, read};
use crate::xml::Element;

/// What the register answered.
#[derive(Clone, Deserialize, Eq, PartialEq, Serialize)]
pub struct Answer {
    /// `codigoResultado`.
    pub code: String,
    /// What the code says.
    pub outcome: Outcome,
}

/// What a code says.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Outcome {
    /// Registered there, with this many people at the address, the holder included.
    Registered {
        /// People at the address: at least one.
        size: u16,
        /// Where the address is.
        municipality: Municipality,
        /// Which register answered (`fuente`), when stated.
        register: Option<Register>,
        /// Why it was not the municipality's (`idescatMotivo`), as numbered.
        fail_over: Option<u8>,
    },
    /// Not registered in that municipality: a real no.
    NotRegistered,
    /// The register failed.
    Failed,
    /// The municipality is not connected.
    NotConnected,
    /// A code nobody documented.
    Undocumented,
}

/// A population register.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Register {
    /// The Catalan statistics institute's copy, taken from time to time.
    Idescat,
    /// The municipality's own.
    Municipal,
}

/// What the codes mean.
#[rustfmt::skip]
const CODES: [(&str, Class, Outcome); 3] = [
    ("2", Class::NoRecord, Outcome::NotRegistered),
    ("3", Class::IssuerUnavailable, Outcome::Failed),
    ("4", Class::Refused, Outcome::NotConnected),
];
/// The one code that comes with a number of people.
const REGISTERED: &str = "1";

impl fmt::Debug for Answer {
    // The code says what happened; the rest is the person's.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Answer({})", self.code)
    }
}

impl Answer {
    /// What the code means for the exchange.
    pub fn class(&self) -> Class {
        if self.code == REGISTERED {
            return Class::Data;
        }
        CODES
            .iter()
            .find(|(known, _, _)| *known == self.code)
            .map_or(Class::Refused, |(_, class, _)| *class)
    }
}

/// Reads `respuestaNumeroConvivientes`.
pub(in crate::products) fn decode(
    question: &Question,
    data: &Element,
) -> Result<Answer, DecodeError> {
    let answer = read::required(data, NAMESPACE, "respuestaNumeroConvivientes")?;
    let code = read::required_text(answer, NAMESPACE, "codigoResultado")?;
    let code = read::code(code, "codigoResultado")?;
    let outcome = if code == REGISTERED {
        check_person(question, answer)?;
        Outcome::Registered {
            size: size(answer)?,
            municipality: municipality(answer)?,
            register: register(answer)?,
            fail_over: fail_over(answer)?,
        }
    } else {
        CODES
            .into_iter()
            .find(|(known, _, _)| *known == code)
            .map_or(Outcome::Undocumented, |(_, _, outcome)| outcome)
    };
    Ok(Answer { code, outcome })
}

/// The answer echoes the question; foreigners' documents come back as 3 or as 4.
fn check_person(question: &Question, answer: &Element) -> Result<(), DecodeError> {
    let Some(nif) = question.holder.document.nif() else {
        return Err(DecodeError::AnotherPerson);
    };
    if is_about(nif, answer)? {
        Ok(())
    } else {
        Err(DecodeError::AnotherPerson)
    }
}

/// Whether the document in this block is that person's, by the register's numbers for its kind.
pub(in crate::products) fn is_about(nif: &Nif, block: &Element) -> Result<bool, DecodeError> {
    let kind = read::required_text(block, NAMESPACE, "tipoDocumentacion")?;
    let document = read::required_text(block, NAMESPACE, "documentacion")?;
    let same_kind = match kind {
        "1" => !nif.is_nie(),
        "3" | "4" => nif.is_nie(),
        _ => false,
    };
    Ok(same_kind && document.parse::<Nif>().as_ref() == Ok(nif))
}

/// `numeroConvivientes`, which counts the holder: zero would be nobody at home.
fn size(answer: &Element) -> Result<u16, DecodeError> {
    let text = read::required_text(answer, NAMESPACE, "numeroConvivientes")?;
    read::digits(text)
        .filter(|size| (1..=999).contains(size))
        .ok_or(DecodeError::Malformed("numeroConvivientes"))
}

/// The municipality of the address, or the one that was asked when the address is withheld.
fn municipality(answer: &Element) -> Result<Municipality, DecodeError> {
    let locality = match read::optional(answer, ADDRESS, "DireccionEmpadronamiento")? {
        Some(address) => read::optional(address, ADDRESS, "Localidad")?,
        None => None,
    };
    let (province, municipality) = match locality {
        Some(locality) => (
            read::required_text(locality, ADDRESS, "CodigoProvincia")?,
            read::required_text(locality, ADDRESS, "CodigoMunicipio")?,
        ),
        None => (
            read::required_text(answer, NAMESPACE, "codigoProvincia")?,
            read::required_text(answer, NAMESPACE, "codigoMunicipio")?,
        ),
    };
    Municipality::new(province, municipality).map_err(|_| DecodeError::Malformed("codigoMunicipio"))
}

/// `fuente`, when stated.
pub(in crate::products) fn register(answer: &Element) -> Result<Option<Register>, DecodeError> {
    read::optional_text(answer, NAMESPACE, "fuente")?
        .map(|text| match text {
            "IDESCAT" => Ok(Register::Idescat),
            "PADRON" => Ok(Register::Municipal),
            _ => Err(DecodeError::Unlisted("fuente")),
        })
        .transpose()
}

/// `idescatMotivo`, when stated.
pub(in crate::products) fn fail_over(answer: &Element) -> Result<Option<u8>, DecodeError> {
    read::optional_text(answer, NAMESPACE, "idescatMotivo")?
        .map(|text| read::digits(text).ok_or(DecodeError::Malformed("idescatMotivo")))
        .transpose()
}
