//! The answer: in work, not in work, or a code that says why not.

use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{NAMESPACE, query};
use crate::citizen::Nif;
use crate::products::question::Question;
use crate::products::{Class, DecodeError, read};
use crate::xml::Element;

/// What the social security answered.
#[derive(Clone, Deserialize, Eq, PartialEq, Serialize)]
pub struct Answer {
    /// `Retorno/Codigo`.
    pub code: String,
    /// In work or not, when the code says so.
    pub situation: Option<Situation>,
    /// The day it is about.
    pub on: Date,
}

/// Registration with the social security on a day.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Situation {
    /// Registered as working, employed or self-employed.
    InWork,
    /// Known and not registered as working: a real no.
    NotInWork,
}

/// What the codes mean. The same numbers mean other things in other TGSS services.
#[rustfmt::skip]
const CODES: [(&str, Class, Option<Situation>); 8] = [
    ("0001", Class::Data, Some(Situation::InWork)),
    ("0002", Class::Data, Some(Situation::NotInWork)),
    ("0003", Class::Refused, None),           // wrong identifier
    ("0004", Class::NoRecord, None),          // not known to the social security: never worked
    ("0005", Class::Refused, None),           // identifier given to two people
    ("0006", Class::Refused, None),           // wrong date
    ("0401", Class::Refused, None),           // the request does not meet the schema
    ("0502", Class::IssuerUnavailable, None),
];

impl fmt::Debug for Answer {
    // The code says what happened; the rest is the person's.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Answer({})", self.code)
    }
}

impl Answer {
    /// What the code means for the exchange.
    pub fn class(&self) -> Class {
        meaning(&self.code).map_or(Class::Refused, |(class, _)| class)
    }
}

fn meaning(code: &str) -> Option<(Class, Option<Situation>)> {
    CODES
        .iter()
        .find(|(known, _, _)| *known == code)
        .map(|(_, class, situation)| (*class, *situation))
}

/// Reads the second `DatosEspecificos`, whose children come with or without its namespace.
pub(in crate::products) fn decode(
    question: &Question,
    data: &Element,
) -> Result<Answer, DecodeError> {
    let inner = read::required(data, NAMESPACE, "DatosEspecificos")?;
    let outcome = child(inner, "Retorno")?.ok_or(DecodeError::Missing("Retorno"))?;
    let code = text(outcome, "Codigo")?.ok_or(DecodeError::Missing("Codigo"))?;
    let code = read::code(code, "Codigo")?;
    let situation = meaning(&code).and_then(|(_, situation)| situation);
    if situation.is_some() {
        check_person(question, text(inner, "IPF")?)?;
        check_day(question, text(inner, "FECHA")?)?;
    }
    Ok(Answer {
        code,
        situation,
        on: question.on,
    })
}

/// `IPF` is a digit for the kind of document (1 DNI, 6 NIE) and the document, zero-padded to ten.
///
/// The schema lets it be absent; the envelope's own `Titular` is then the only tie.
fn check_person(question: &Question, ipf: Option<&str>) -> Result<(), DecodeError> {
    let (Some(ipf), Some(nif)) = (ipf, question.holder.document.nif()) else {
        return Ok(());
    };
    let document = ipf.strip_prefix(if nif.is_nie() { '6' } else { '1' });
    let same = document.is_some_and(|document| {
        let unpadded = document.strip_prefix('0').unwrap_or(document);
        [document, unpadded]
            .iter()
            .any(|text| text.parse::<Nif>().as_ref() == Ok(nif))
    });
    if same {
        Ok(())
    } else {
        Err(DecodeError::AnotherPerson)
    }
}

fn check_day(question: &Question, day: Option<&str>) -> Result<(), DecodeError> {
    match day {
        Some(day) if day == query::wire_date(question) => Ok(()),
        Some(_) => Err(DecodeError::AnotherTime("FECHA")),
        None => Err(DecodeError::Missing("FECHA")),
    }
}

fn child<'a>(parent: &'a Element, name: &'static str) -> Result<Option<&'a Element>, DecodeError> {
    match (
        read::optional(parent, NAMESPACE, name)?,
        read::optional(parent, "", name)?,
    ) {
        (Some(_), Some(_)) => Err(DecodeError::Repeated(name)),
        (with, without) => Ok(with.or(without)),
    }
}

fn text<'a>(parent: &'a Element, name: &'static str) -> Result<Option<&'a str>, DecodeError> {
    Ok(child(parent, name)?
        .map(|element| element.text().trim())
        .filter(|text| !text.is_empty()))
}
