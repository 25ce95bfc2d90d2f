//! The answer: a return, what others reported, or a code that says why neither.

use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{AGENCY, Imputations, TaxReturn, WRAPPER};
use crate::citizen::FiscalYear;
use crate::products::question::Question;
use crate::products::{Class, DecodeError, read};
use crate::xml::Element;

/// What the tax agency answered.
#[derive(Clone, Deserialize, Eq, PartialEq, Serialize)]
pub struct Answer {
    /// `resultat/codiResultat`.
    pub code: String,
    /// What the code says.
    pub outcome: Outcome,
    /// The tax year it is about.
    pub fiscal_year: FiscalYear,
    /// The agency's reference of this answer.
    pub reference: Option<String>,
    /// The day the agency issued it.
    pub issued_on: Option<Date>,
}

/// What a code says. None of them may be collapsed into another, and none but a return is a zero.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Outcome {
    /// A return was filed.
    Declared(TaxReturn),
    /// The agency could not answer.
    IssuerDown,
    /// Several or complementary returns: nothing is disclosed.
    MultipleReturns,
    /// No return, no obligation known, nothing reported by others. Not a certified zero.
    NoRecord,
    /// The agency does not find the person.
    NotIdentified,
    /// Not obliged to file and did not; what others reported.
    NotObliged(Imputations),
    /// Not a taxpayer of this tax.
    NotTaxpayer,
    /// A code nobody documented.
    Undocumented,
    /// The agency has not got that year.
    YearUnavailable,
}

/// The one code that comes with data.
const FOUND: &str = "1000";
/// What the other codes mean. The same numbers mean other things in other services of the agency.
#[rustfmt::skip]
const CODES: [(&str, Class, Outcome); 7] = [
    ("0233", Class::Refused, Outcome::NotIdentified),
    ("0502", Class::IssuerUnavailable, Outcome::IssuerDown),
    ("1002", Class::Refused, Outcome::NotIdentified),
    ("1009", Class::NoRecord, Outcome::NoRecord),
    ("1010", Class::TryEarlierYear, Outcome::YearUnavailable),
    ("1011", Class::Refused, Outcome::MultipleReturns),
    ("1024", Class::NoRecord, Outcome::NotTaxpayer),
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
        if self.code == FOUND {
            return Class::Data;
        }
        CODES
            .iter()
            .find(|(known, _, _)| *known == self.code)
            .map_or(Class::Refused, |(_, class, _)| *class)
    }
}

/// Reads `respostaConsultaIRPF`.
pub(in crate::products) fn decode(
    question: &Question,
    data: &Element,
) -> Result<Answer, DecodeError> {
    let answer = read::required(data, WRAPPER, "respostaConsultaIRPF")?;
    let result = read::required(answer, WRAPPER, "resultat")?;
    let code = read::required_text(result, WRAPPER, "codiResultat")?;
    let code = read::code(code, "codiResultat")?;
    let block = read::optional(answer, AGENCY, "DatosEspecificos")?;
    let header = match block {
        Some(block) => read::optional(block, AGENCY, "Cabecera")?,
        None => None,
    };
    let fiscal_year = check_year(question, header)?;
    let outcome = if code == FOUND {
        found(
            block.ok_or(DecodeError::Missing("DatosEspecificos"))?,
            header.ok_or(DecodeError::Missing("Cabecera"))?,
        )?
    } else {
        CODES
            .into_iter()
            .find(|(known, _, _)| *known == code)
            .map_or(Outcome::Undocumented, |(_, _, outcome)| outcome)
    };
    Ok(Answer {
        code,
        outcome,
        fiscal_year,
        reference: header.map(reference).transpose()?.flatten(),
        issued_on: header.map(issued_on).transpose()?.flatten(),
    })
}

/// `TipoRespuesta`: `IR` (until 2019) or `DL` for a return, `IM` for what others reported.
fn found(block: &Element, header: &Element) -> Result<Outcome, DecodeError> {
    match read::required_text(header, AGENCY, "TipoRespuesta")? {
        "DL" | "IR" => TaxReturn::read(block).map(Outcome::Declared),
        "IM" => {
            let imputations = read::required(block, AGENCY, "Imputaciones")?;
            Imputations::read(imputations).map(Outcome::NotObliged)
        }
        _ => Err(DecodeError::Unlisted("TipoRespuesta")),
    }
}

/// The year of the answer must be the one asked for; some codes come without one.
fn check_year(question: &Question, header: Option<&Element>) -> Result<FiscalYear, DecodeError> {
    let asked = question
        .fiscal_year
        .ok_or(DecodeError::AnotherTime("Ejercicio"))?;
    let stated = match header {
        Some(header) => read::optional_text(header, AGENCY, "Ejercicio")?,
        None => None,
    };
    match stated {
        Some(year) if year != asked.to_string() => Err(DecodeError::AnotherTime("Ejercicio")),
        _ => Ok(asked),
    }
}

/// `Referencia`, at most eleven characters.
fn reference(header: &Element) -> Result<Option<String>, DecodeError> {
    read::optional_text(header, AGENCY, "Referencia")?
        .map(|text| {
            let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric());
            if plain && text.len() <= 11 {
                Ok(text.to_owned())
            } else {
                Err(DecodeError::Malformed("Referencia"))
            }
        })
        .transpose()
}

/// `FechaEmision`, `YYYY-MM-DD`.
fn issued_on(header: &Element) -> Result<Option<Date>, DecodeError> {
    read::optional_text(header, AGENCY, "FechaEmision")?
        .map(|text| {
            let mut parts = text.splitn(3, '-');
            let mut part = || parts.next().unwrap_or_default();
            read::day(part(), part(), part()).ok_or(DecodeError::Malformed("FechaEmision"))
        })
        .transpose()
}
