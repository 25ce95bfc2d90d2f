//! `Respuesta`: what the platform says, once it is known to be about what we asked.
//!
//! The reader is tolerant where the platform is loose (order, unknown elements, empty fields) and
//! strict where a mistake would put one person's data in another's profile.

use super::fault::Class;
use super::fold::fold;
use super::ids::{RequestId, SubmissionId};
use super::names::{DEFERRED, OPEN, RESPUESTA};
use super::peticion::Request;
use super::scsp::scsp;
use super::signature::VerifiedEnvelope;
use super::state::StateCode;
use super::text::Text;
use crate::citizen::{Ine10, ProductCode};
use crate::xml::{Element, Repeated};

/// What the platform calls an identifier it has seen before: the literal is the only sign of it.
const DUPLICATE: &str = "transmissio ja enregistrada";

/// What an answer must repeat of its request.
///
/// The platform's timestamp is not signed, so this is what binds an answer to its question.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Expectation {
    /// `IdPeticion`.
    pub request_id: RequestId,
    /// `IdSolicitud`.
    pub submission_id: SubmissionId,
    /// `CodigoProducto` and `CodigoCertificado`.
    pub product: ProductCode,
    /// `IdentificadorSolicitante`.
    pub requester: Ine10,
    /// `Titular/Documentacion`, when the request had a holder.
    pub holder: Option<Text<14>>,
}

impl Expectation {
    /// What the answer to a request must repeat.
    pub fn of(request: &Request) -> Self {
        Self {
            request_id: request.ids.request.clone(),
            submission_id: request.ids.submission.clone(),
            product: request.product.clone(),
            requester: request.requester.code.clone(),
            holder: request
                .holder
                .as_ref()
                .map(|holder| holder.document.clone()),
        }
    }
}

/// What the platform answered.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Reply {
    /// It failed, and says so.
    Failed(Failure),
    /// It is done; the product's own code tells whether data were found.
    Finished(Box<Finished>),
    /// Not yet.
    Pending {
        /// The state it is in.
        state: StateCode,
        /// `TiempoEstimadoRespuesta`, in hours, when it says so.
        hours: Option<u32>,
    },
}

/// A finished answer about the person we asked about.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Finished {
    /// `DatosEspecificos`, unless it is absent or empty.
    pub specific_data: Option<Element>,
    /// `IdTransmision`: the issuer's reference, or our own case file echoed.
    pub issuer_transmission_id: Option<String>,
    /// `FechaGeneracion` of the transmission, as it came: its format is not agreed.
    pub generated: Option<String>,
    /// `Atributos/TimeStamp`, as it came.
    pub timestamp: Option<String>,
}

/// A failure the platform declares in a well-formed answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Failure {
    /// `CodigoEstado`.
    pub state: StateCode,
    /// What its literal says, as far as it is known. The text itself is not kept.
    pub reason: FailureReason,
}

impl Failure {
    /// A code that does not change: the state's own, but for the one meaning its literal alone tells.
    pub fn code(&self) -> String {
        match self.reason {
            FailureReason::Duplicate => "PCI-DUPLICATE".to_owned(),
            FailureReason::Generic => format!("PCI-{}", self.state.as_str()),
        }
    }

    /// What can be done about it.
    ///
    /// The platform's one code for failures covers passing ones too, so it is worth a second
    /// attempt; a code that nobody knows is not.
    pub fn class(&self) -> Class {
        match (self.reason, &self.state) {
            (FailureReason::Duplicate, _) => Class::Duplicate,
            (FailureReason::Generic, StateCode::Error) => Class::Transient,
            (FailureReason::Generic, state) => scsp(state.as_str())
                .and_then(|known| known.class)
                .unwrap_or(Class::Permanent),
        }
    }
}

/// What is known of a failure's literal.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FailureReason {
    /// `Transmissió ja enregistrada`: the identifier was used before.
    Duplicate,
    /// Any other text, or none.
    Generic,
}

/// Why a believed answer is not used.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ReplyError {
    /// A mandatory element is absent.
    #[error("the answer lacks `{0}`")]
    Missing(&'static str),
    /// More transmissions than the one we asked for.
    #[error("the answer has more transmissions than were asked for")]
    MoreTransmissions,
    /// The Body holds no `procesaResponse/Respuesta`.
    #[error("the message is not an answer of the platform")]
    NotAnAnswer,
    /// `Documentacion` is of somebody else.
    #[error("the answer is about another person")]
    OtherHolder,
    /// `CodigoCertificado` is another.
    #[error("the answer is about another modality")]
    OtherModality,
    /// `CodigoProducto` is another.
    #[error("the answer is about another product")]
    OtherProduct,
    /// `IdPeticion` is another.
    #[error("the answer belongs to another request")]
    OtherRequest,
    /// `IdentificadorSolicitante` is another.
    #[error("the answer belongs to another requester")]
    OtherRequester,
    /// `IdSolicitud` is another.
    #[error("the answer belongs to another submission")]
    OtherSubmission,
    /// See [`Repeated`].
    #[error(transparent)]
    Repeated(#[from] Repeated),
}

impl ReplyError {
    /// A code that does not change.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Missing(_) => "PCI-MISSING-FIELD",
            Self::MoreTransmissions => "PCI-MORE-TRANSMISSIONS",
            Self::NotAnAnswer => "PCI-NOT-AN-ANSWER",
            Self::OtherHolder => "PCI-OTHER-HOLDER",
            Self::OtherModality => "PCI-OTHER-MODALITY",
            Self::OtherProduct => "PCI-OTHER-PRODUCT",
            Self::OtherRequest => "PCI-OTHER-REQUEST",
            Self::OtherRequester => "PCI-OTHER-REQUESTER",
            Self::OtherSubmission => "PCI-OTHER-SUBMISSION",
            Self::Repeated(_) => "PCI-REPEATED-FIELD",
        }
    }
}

/// Reads the answer to one request, refusing one that repeats anything else.
pub fn read(envelope: &VerifiedEnvelope, expected: &Expectation) -> Result<Reply, ReplyError> {
    let respuesta = match only(envelope.body(), OPEN, "procesaResponse")? {
        Some(wrapper) => only(wrapper, RESPUESTA, "Respuesta")?,
        None => None,
    };
    let respuesta = respuesta.ok_or(ReplyError::NotAnAnswer)?;
    let attributes = required(respuesta, "Atributos")?;
    echo(
        attributes,
        "IdPeticion",
        expected.request_id.as_str(),
        ReplyError::OtherRequest,
    )?;
    echo(
        attributes,
        "CodigoProducto",
        expected.product.product(),
        ReplyError::OtherProduct,
    )?;
    echo(
        attributes,
        "CodigoCertificado",
        expected.product.modality(),
        ReplyError::OtherModality,
    )?;
    let status = required(attributes, "Estado")?;
    let state = StateCode::read(required(status, "CodigoEstado")?.text());
    match state {
        StateCode::Finished => finished(respuesta, attributes, expected),
        StateCode::Pending | StateCode::Processing | StateCode::Polling => Ok(Reply::Pending {
            hours: hours(status, "TiempoEstimadoRespuesta")?,
            state,
        }),
        StateCode::Error | StateCode::Other(_) => {
            let literal = text(status, "LiteralError")?.unwrap_or_default();
            Ok(Reply::Failed(Failure {
                reason: if fold(&literal).starts_with(DUPLICATE) {
                    FailureReason::Duplicate
                } else {
                    FailureReason::Generic
                },
                state,
            }))
        }
    }
}

fn finished(
    respuesta: &Element,
    attributes: &Element,
    expected: &Expectation,
) -> Result<Reply, ReplyError> {
    let transmissions = required(respuesta, "Transmisiones")?;
    let mut data = transmissions.named(RESPUESTA, "TransmisionDatos");
    let transmission = data.next().ok_or(ReplyError::Missing("TransmisionDatos"))?;
    if data.next().is_some() {
        return Err(ReplyError::MoreTransmissions);
    }
    let generic = required(transmission, "DatosGenericos")?;
    check_generic_data(generic, expected)?;
    let specific_data = child(transmission, "DatosEspecificos")?;
    if let Some(deferred) = specific_data.and_then(|data| data.child(DEFERRED, "RespostaDiferida"))
    {
        let hours = deferred.child(DEFERRED, "ter").and_then(number);
        return Ok(Reply::Pending {
            state: StateCode::Finished,
            hours,
        });
    }
    let details = required(generic, "Transmision")?;
    Ok(Reply::Finished(Box::new(Finished {
        specific_data: specific_data.filter(|data| !is_empty(data)).cloned(),
        issuer_transmission_id: text(details, "IdTransmision")?,
        generated: text(details, "FechaGeneracion")?,
        timestamp: text(attributes, "TimeStamp")?,
    })))
}

/// Requester, holder, modality and submission are those of the request.
///
/// A holder left out is tolerated, since some services do; a different one never is.
fn check_generic_data(generic: &Element, expected: &Expectation) -> Result<(), ReplyError> {
    let requester = required(generic, "Solicitante")?;
    echo(
        requester,
        "IdentificadorSolicitante",
        expected.requester.as_str(),
        ReplyError::OtherRequester,
    )?;
    let details = required(generic, "Transmision")?;
    echo(
        details,
        "IdSolicitud",
        expected.submission_id.as_str(),
        ReplyError::OtherSubmission,
    )?;
    if let Some(modality) = text(details, "CodigoCertificado")?
        && modality != expected.product.modality()
    {
        return Err(ReplyError::OtherModality);
    }
    let Some(holder) = child(generic, "Titular")? else {
        return Ok(());
    };
    match (text(holder, "Documentacion")?, &expected.holder) {
        (Some(found), Some(asked)) if !found.eq_ignore_ascii_case(asked.as_str()) => {
            Err(ReplyError::OtherHolder)
        }
        _ => Ok(()),
    }
}

/// The field must be there and repeat what we sent.
fn echo(
    parent: &Element,
    name: &'static str,
    sent: &str,
    otherwise: ReplyError,
) -> Result<(), ReplyError> {
    if required(parent, name)?.text().trim() == sent {
        Ok(())
    } else {
        Err(otherwise)
    }
}

fn required<'a>(parent: &'a Element, name: &'static str) -> Result<&'a Element, ReplyError> {
    child(parent, name)?.ok_or(ReplyError::Missing(name))
}

fn child<'a>(parent: &'a Element, name: &'static str) -> Result<Option<&'a Element>, ReplyError> {
    only(parent, RESPUESTA, name)
}

fn only<'a>(
    parent: &'a Element,
    namespace: &str,
    name: &str,
) -> Result<Option<&'a Element>, ReplyError> {
    Ok(parent.only_child(namespace, name)?)
}

/// The trimmed text of a child; an empty one counts as absent.
fn text(parent: &Element, name: &'static str) -> Result<Option<String>, ReplyError> {
    let text = child(parent, name)?.map(|element| element.text().trim());
    Ok(text.filter(|text| !text.is_empty()).map(str::to_owned))
}

fn hours(parent: &Element, name: &'static str) -> Result<Option<u32>, ReplyError> {
    Ok(child(parent, name)?.and_then(number))
}

/// The platform leaves numbers empty at times; a number it mistypes is no better than none.
fn number(element: &Element) -> Option<u32> {
    element.text().trim().parse().ok()
}

fn is_empty(element: &Element) -> bool {
    element.elements().next().is_none() && element.text().trim().is_empty()
}

#[cfg(test)]
mod tests;
