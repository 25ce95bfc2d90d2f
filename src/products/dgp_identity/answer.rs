//! The answer: birth date and nationality, or a code that says what is wrong with the document.
//!
//! Left in the message on purpose: parents' names, sex, place of birth, support number, expiry and
//! the names themselves. The purpose needs none of them.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{BirthDate, NAMESPACE, Nationality};
use crate::citizen::Nif;
use crate::products::question::Question;
use crate::products::{Class, DecodeError, read};
use crate::xml::Element;

/// What the police answered.
#[derive(Clone, Deserialize, Eq, PartialEq, Serialize)]
pub struct Answer {
    /// `resultat/codiResultat`.
    pub code: String,
    /// What the code says about the document.
    pub finding: Finding,
    /// The data, when there are any.
    pub identity: Option<Identity>,
    /// The DNI of someone who was asked about by their former NIE (`dniNacionalitzat`). It is for
    /// whoever joins the two at once, and is not written with the rest.
    #[serde(skip)]
    pub became: Option<Nif>,
}

/// The part of an identity the purpose needs.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Identity {
    /// When the person was born; `None` when the register does not know.
    pub birth_date: Option<BirthDate>,
    /// The nationality, when stated.
    pub nationality: Option<Nationality>,
}

/// What a code says about the document. One number says different things of a DNI and of a NIE.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Finding {
    /// The NIE belongs to someone who is Spanish now.
    BecameSpanish,
    /// The document was cancelled or returned.
    Cancelled,
    /// Being renewed, retained or withdrawn: the person is told to go to a police station, no more.
    GoToPoliceStation,
    /// The police could not answer.
    IssuerDown,
    /// The surname or the year of birth is another one.
    Mismatch,
    /// No such document.
    NotFound,
    /// An unaccompanied minor: nothing is disclosed.
    Protected,
    /// The card or certificate does not fit the document.
    Support,
    /// Several identities share the number.
    SeveralIdentities,
    /// Found, with data.
    Verified,
    /// A code nobody documented.
    Undocumented,
}

/// The kind of document a code is about.
#[derive(Clone, Copy, Eq, PartialEq)]
enum About {
    Any,
    Dni,
    Nie,
}

/// What the codes of this modality mean, by kind of document.
#[rustfmt::skip]
const CODES: &[(&str, About, Finding)] = &[
    ("00", About::Any, Finding::Verified),
    ("0A", About::Dni, Finding::Cancelled),
    ("02", About::Nie, Finding::Support),
    ("16", About::Dni, Finding::Support),
    ("41", About::Any, Finding::Mismatch),
    ("42", About::Any, Finding::Mismatch),
    ("59", About::Dni, Finding::GoToPoliceStation),
    ("67", About::Dni, Finding::NotFound),
    ("68", About::Dni, Finding::NotFound),
    ("70", About::Nie, Finding::NotFound),
    ("71", About::Nie, Finding::BecameSpanish),
    ("72", About::Nie, Finding::SeveralIdentities),
    ("73", About::Nie, Finding::Support),
    ("74", About::Any, Finding::Support),
    ("75", About::Nie, Finding::Cancelled),
    ("76", About::Nie, Finding::Support),
    ("77", About::Any, Finding::Support),
    ("78", About::Any, Finding::Support),
    ("79", About::Any, Finding::Support),
    ("80", About::Dni, Finding::Support),
    ("80", About::Nie, Finding::BecameSpanish),
    ("83", About::Any, Finding::SeveralIdentities),
    ("86", About::Any, Finding::Protected),
    ("94", About::Any, Finding::Mismatch),
    ("95", About::Any, Finding::Support),
    ("0502", About::Any, Finding::IssuerDown),
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
        match self.finding {
            Finding::Verified => Class::Data,
            Finding::NotFound => Class::NoRecord,
            Finding::IssuerDown => Class::IssuerUnavailable,
            Finding::BecameSpanish
            | Finding::Cancelled
            | Finding::GoToPoliceStation
            | Finding::Mismatch
            | Finding::Protected
            | Finding::SeveralIdentities
            | Finding::Support
            | Finding::Undocumented => Class::Refused,
        }
    }
}

fn finding(code: &str, is_nie: bool) -> Finding {
    CODES
        .iter()
        .find(|(known, about, _)| {
            *known == code
                && match about {
                    About::Any => true,
                    About::Dni => !is_nie,
                    About::Nie => is_nie,
                }
        })
        .map_or(Finding::Undocumented, |(_, _, finding)| *finding)
}

/// Reads `respostaConsultaDadesIdentitat`.
pub(in crate::products) fn decode(
    question: &Question,
    data: &Element,
) -> Result<Answer, DecodeError> {
    let answer = read::required(data, NAMESPACE, "respostaConsultaDadesIdentitat")?;
    let result = read::required(answer, NAMESPACE, "resultat")?;
    let code = read::required_text(result, NAMESPACE, "codiResultat")?;
    let code = read::code(code, "codiResultat")?;
    let is_nie = question.holder.document.nif().is_some_and(Nif::is_nie);
    let finding = finding(&code, is_nie);
    let identity = match finding {
        Finding::Verified => Some(identity(holder_data(answer)?)?),
        _ => None,
    };
    let became = read::optional_text(answer, NAMESPACE, "dniNacionalitzat")?
        .map(str::parse)
        .transpose()
        .map_err(|_| DecodeError::Malformed("dniNacionalitzat"))?;
    Ok(Answer {
        code,
        finding,
        identity,
        became,
    })
}

/// `dadesTitular`: the schema puts it under the root, the service's document under `resposta`.
fn holder_data(answer: &Element) -> Result<&Element, DecodeError> {
    let parent = read::optional(answer, NAMESPACE, "resposta")?.unwrap_or(answer);
    read::required(parent, NAMESPACE, "dadesTitular")
}

fn identity(holder: &Element) -> Result<Identity, DecodeError> {
    let birth_date = match read::optional(holder, NAMESPACE, "dadesNaixement")? {
        Some(birth) => read::optional_text(birth, NAMESPACE, "data")?
            .map(|text| BirthDate::read(text).map_err(|_| DecodeError::Malformed("data")))
            .transpose()?
            .flatten(),
        None => None,
    };
    let nationality = read::optional_text(holder, NAMESPACE, "nacionalitat")?
        .map(|text| match text.chars().count() {
            0..=22 => Ok(Nationality::new(text)),
            _ => Err(DecodeError::Malformed("nacionalitat")),
        })
        .transpose()?;
    Ok(Identity {
        birth_date,
        nationality,
    })
}
