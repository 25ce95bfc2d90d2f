//! What each Via Oberta service is asked and how its answer is read; and which of them are offered.
//!
//! One folder per service, all of one shape: `query` writes the payload, `answer` reads it. Pure:
//! an element tree in, a value or a named error out. [`Catalogue`] says in words and in settings
//! what the codecs cannot know: who answers, what the citizen is told, which address is called.
//!
//! Readers take only the elements they list. What a purpose does not need (a spouse's name, a
//! street, a parent) is never copied out of the message. What no document of the service names is
//! counted ([`unlisted`]).

pub mod aeat_irpf;
pub mod catalogue;
pub mod dgp_identity;
mod error;
mod kind;
mod listed;
mod municipality;
pub mod padro_cohabitants;
pub mod padro_household_size;
mod question;
mod read;
pub mod sheet;
pub mod tgss_in_work;

pub use catalogue::{Catalogue, CatalogueErrors, Category, Product, Source};
pub use error::{DecodeError, EncodeError};
pub use kind::ProductKind;
pub use listed::unlisted;
pub use municipality::{InvalidMunicipality, Municipality};
pub use question::{Holder, Question};

use serde::{Deserialize, Serialize};

use crate::xml::Element;

/// What a source answered, read into types.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Answer {
    /// How many of those named live at the holder's address.
    Cohabitants(padro_cohabitants::Answer),
    /// The number of people registered at the holder's address.
    HouseholdSize(padro_household_size::Answer),
    /// Who the holder is.
    Identity(dgp_identity::Answer),
    /// The holder's income of one tax year.
    Income(aeat_irpf::Answer),
    /// Whether the holder is in work on a date.
    InWork(tgss_in_work::Answer),
}

/// What a result code means for whoever drives the exchange, the same five for every service.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Class {
    /// The source gave what was asked.
    Data,
    /// The source's own issuer did not answer; worth asking again later.
    IssuerUnavailable,
    /// The source knows the question and has nothing recorded. Not zero.
    NoRecord,
    /// The source declined; a person must look at it.
    Refused,
    /// This year is not there; the year before may be.
    TryEarlierYear,
}

impl Answer {
    /// The service's own result code, as received.
    pub fn code(&self) -> &str {
        match self {
            Self::Cohabitants(answer) => &answer.code,
            Self::HouseholdSize(answer) => &answer.code,
            Self::Identity(answer) => &answer.code,
            Self::Income(answer) => &answer.code,
            Self::InWork(answer) => &answer.code,
        }
    }

    /// What the code means for the exchange. Codes nobody documented are [`Class::Refused`].
    pub fn class(&self) -> Class {
        match self {
            Self::Cohabitants(answer) => answer.class(),
            Self::HouseholdSize(answer) => answer.class(),
            Self::Identity(answer) => answer.class(),
            Self::Income(answer) => answer.class(),
            Self::InWork(answer) => answer.class(),
        }
    }
}

/// What goes into the message's `Titular` for this product.
///
/// `None` where the service takes the person from its own block and wants no `Titular`; no product
/// compiled in today does.
pub fn holder(kind: ProductKind, question: &Question) -> Result<Option<Holder>, EncodeError> {
    match kind {
        ProductKind::AeatC2 | ProductKind::AeatC4 => aeat_irpf::query::holder(question),
        ProductKind::DgpIdentity => dgp_identity::query::holder(question),
        ProductKind::PadroCohabitants => padro_cohabitants::query::holder(question),
        ProductKind::PadroHouseholdSize => padro_household_size::query::holder(question),
        ProductKind::TgssInWork => tgss_in_work::query::holder(question),
    }
    .map(Some)
}

/// The payload of `DatosEspecificos`, already canonical; `None` when the service takes none.
pub fn encode(kind: ProductKind, question: &Question) -> Result<Option<String>, EncodeError> {
    match kind {
        ProductKind::AeatC2 | ProductKind::AeatC4 => aeat_irpf::query::encode(question).map(Some),
        ProductKind::DgpIdentity => dgp_identity::query::encode(question),
        ProductKind::PadroCohabitants => padro_cohabitants::query::encode(question).map(Some),
        ProductKind::PadroHouseholdSize => padro_household_size::query::encode(question).map(Some),
        ProductKind::TgssInWork => tgss_in_work::query::encode(question).map(Some),
    }
}

/// Reads the envelope's `DatosEspecificos` as the answer to this question.
///
/// The question is needed because an answer about another person, year or day is an error, not an
/// answer.
pub fn decode(
    kind: ProductKind,
    question: &Question,
    specific_data: Option<&Element>,
) -> Result<Answer, DecodeError> {
    let data = specific_data.ok_or(DecodeError::Missing("DatosEspecificos"))?;
    match kind {
        ProductKind::AeatC2 | ProductKind::AeatC4 => {
            aeat_irpf::answer::decode(question, data).map(Answer::Income)
        }
        ProductKind::DgpIdentity => {
            dgp_identity::answer::decode(question, data).map(Answer::Identity)
        }
        ProductKind::PadroCohabitants => {
            padro_cohabitants::answer::decode(question, data).map(Answer::Cohabitants)
        }
        ProductKind::PadroHouseholdSize => {
            padro_household_size::answer::decode(question, data).map(Answer::HouseholdSize)
        }
        ProductKind::TgssInWork => tgss_in_work::answer::decode(question, data).map(Answer::InWork),
    }
}

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
