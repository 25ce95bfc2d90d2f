//! The answer: of so many people named, so many live at the address.
//!
//! The register says it of each person. That one of them lives elsewhere is a fact about that person
//! which nobody needs and a household must not learn, so nothing but the count leaves this reader.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::query::named;
use crate::products::padro_household_size::answer::{fail_over, is_about, register};
use crate::products::padro_household_size::{NAMESPACE, Register};
use crate::products::question::Question;
use crate::products::{Class, DecodeError, read};
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
    /// Everybody was looked up.
    Counted {
        /// People named, the holder included.
        listed: u16,
        /// Those registered at the holder's address, the holder included.
        together: u16,
        /// Which register answered (`fuente`), when stated.
        register: Option<Register>,
        /// Why it was not the municipality's (`idescatMotivo`), as numbered.
        fail_over: Option<u8>,
    },
    /// The holder is not registered in that municipality: a real no.
    NotRegistered,
    /// The register failed.
    Failed,
    /// The municipality is not connected.
    NotConnected,
    /// A code nobody documented.
    Undocumented,
}

/// What the codes mean.
#[rustfmt::skip]
const CODES: [(&str, Class, Outcome); 3] = [
    ("2", Class::NoRecord, Outcome::NotRegistered),
    ("3", Class::IssuerUnavailable, Outcome::Failed),
    ("4", Class::Refused, Outcome::NotConnected),
];
/// The one code that comes with what is said of each.
const COUNTED: &str = "1";

impl fmt::Debug for Answer {
    // The code says what happened; the rest is the people's.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Answer({})", self.code)
    }
}

impl Answer {
    /// What the code means for the exchange.
    pub fn class(&self) -> Class {
        if self.code == COUNTED {
            return Class::Data;
        }
        CODES
            .iter()
            .find(|(known, _, _)| *known == self.code)
            .map_or(Class::Refused, |(_, class, _)| *class)
    }
}

/// Reads `respuestaValidacionConvivientes`.
pub(in crate::products) fn decode(
    question: &Question,
    data: &Element,
) -> Result<Answer, DecodeError> {
    let answer = read::required(data, NAMESPACE, "respuestaValidacionConvivientes")?;
    let code = read::required_text(answer, NAMESPACE, "codigoResultado")?;
    let code = read::code(code, "codigoResultado")?;
    let outcome = if code == COUNTED {
        let (listed, together) = count(question, answer)?;
        Outcome::Counted {
            listed,
            together,
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

/// How many were named and how many of them live there. Everybody named must be answered about, once,
/// and nobody else; in whatever order.
fn count(question: &Question, answer: &Element) -> Result<(u16, u16), DecodeError> {
    let named = named(question).map_err(|_| DecodeError::AnotherPerson)?;
    let mut waiting = named.clone();
    let mut together = 0;
    for person in answer.named(NAMESPACE, "conviviente") {
        let mut found = None;
        for (at, nif) in waiting.iter().enumerate() {
            if is_about(nif, person)? {
                found = Some(at);
            }
        }
        let nif = waiting.swap_remove(found.ok_or(DecodeError::AnotherPerson)?);
        match read::required_text(person, NAMESPACE, "resultado")? {
            "1" => together += 1,
            // Nobody lives elsewhere than at their own address: whose is it then?
            "0" if named.first() == Some(&nif) => return Err(DecodeError::Malformed("resultado")),
            "0" => {}
            _ => return Err(DecodeError::Unlisted("resultado")),
        }
    }
    if !waiting.is_empty() {
        return Err(DecodeError::Missing("conviviente"));
    }
    let listed = u16::try_from(named.len()).map_err(|_| DecodeError::AnotherPerson)?;
    Ok((listed, together))
}
