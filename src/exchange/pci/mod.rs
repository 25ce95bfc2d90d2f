//! The platform of the Consorci AOC (PCI, behind Via Oberta): one question out, one answer in.
//!
//! A [`Request`] becomes a canonical Body, is signed into an envelope whose bytes no longer change
//! ([`Platform::prepare`]), and leaves under an [`Authority`] that names those bytes
//! ([`Platform::ask`]). What comes back is bounded, verified, and compared with the question before
//! anybody reads it as data.
//!
//! Pure but for [`Transport`].

mod authority;
pub mod fault;
mod fold;
mod ids;
pub mod names;
mod peticion;
mod platform;
mod respuesta;
pub mod scsp;
pub mod signature;
mod state;
mod text;
mod transport;

pub use authority::Authority;
pub use fault::{Class, Fault, FrontAnswer};
pub use ids::{InvalidId, RequestId, SubmissionId, WireIds};
pub use peticion::{
    Authorisation, CanonicalFragment, Consentimiento, DocumentType, Holder, Issuer, NotCanonical,
    Officer, Request, Requester, WireConsent,
};
pub use platform::{PlatformProfile, ResponseSignature};
pub use respuesta::{
    Expectation, Failure, FailureReason, Finished, Reply, ReplyError, read as read_reply,
};
pub use signature::{
    Evidence, SignatureAlgorithm, SignatureError, SignedEnvelope, Signer, SigningIdentity,
    TrustRoots, VerifiedEnvelope,
};
pub use state::{ForeignCode, StateCode};
pub use text::{Text, Unfit};
pub use transport::{RawAnswer, TlsSettings, Transport, TransportError, UnusableTransport};

use jiff::Timestamp;

use crate::clock::World;
use crate::xml::{self, Unwritable};

/// One endpoint of the platform, with what is agreed about it.
#[derive(Clone, Debug)]
pub struct Platform {
    profile: PlatformProfile,
    roots: TrustRoots,
    transport: Transport,
    world: World,
}

/// A request that is signed and whose digest is known: what the intent records before it leaves.
#[derive(Clone, Debug)]
pub struct Prepared {
    envelope: SignedEnvelope,
    expectation: Expectation,
    signer: Signer,
}

impl Prepared {
    /// SHA-256 of the exact bytes that will leave.
    pub fn request_sha256(&self) -> [u8; 32] {
        self.envelope.sha256()
    }

    /// `IdPeticion`.
    pub fn request_id(&self) -> &RequestId {
        &self.expectation.request_id
    }

    /// Whose seal it bears.
    pub fn signer(&self) -> &Signer {
        &self.signer
    }

    /// The signed envelope.
    pub fn envelope(&self) -> &SignedEnvelope {
        &self.envelope
    }

    /// What its answer must repeat.
    pub fn expectation(&self) -> &Expectation {
        &self.expectation
    }
}

/// Why a request cannot be made ready.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum PrepareError {
    /// See [`signature::SigningError`].
    #[error(transparent)]
    Signing(#[from] signature::SigningError),
    /// A text of the request cannot be sent.
    #[error(transparent)]
    Unwritable(#[from] Unwritable),
}

/// What became of a request: the facts for the log, and the answer.
#[derive(Debug)]
pub struct Asked {
    /// `IdPeticion`.
    pub request_id: RequestId,
    /// SHA-256 of the bytes that left.
    pub request_sha256: [u8; 32],
    /// Serial number of the certificate the request was signed with.
    pub signer_serial: String,
    /// HTTP status, when there was an answer.
    pub status: Option<u16>,
    /// SHA-256 of the answer, when there was one.
    pub answer_sha256: Option<[u8; 32]>,
    /// Why the answer is believed, when it is.
    pub evidence: Option<Evidence>,
    /// When the answer was there, or was given up.
    pub at: Timestamp,
    /// The answer, or why there is none to use.
    pub result: Result<Reply, PciError>,
}

impl Asked {
    /// The digest of an answer that is believed and finished: there may be something to read.
    pub fn answered(&self) -> Option<[u8; 32]> {
        let finished = matches!(self.result, Ok(Reply::Finished(_)));
        self.answer_sha256.filter(|_| finished)
    }
}

/// Why a request has no usable answer. Says nothing about a person.
#[derive(Debug, thiserror::Error)]
pub enum PciError {
    /// A SOAP fault.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// Something else than the platform answered.
    #[error(transparent)]
    Front(#[from] FrontAnswer),
    /// The answer is not about what was asked, or is not whole.
    #[error(transparent)]
    Reply(#[from] ReplyError),
    /// The answer is not believed.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// No answer arrived.
    #[error(transparent)]
    Transport(#[from] TransportError),
}

impl PciError {
    /// Whether another attempt, later, may go better. It needs a new identifier, a new intent and
    /// a new authority.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Fault(fault) => fault.class == Class::Transient,
            Self::Front(front) => front.class() == Class::Transient,
            Self::Reply(_) | Self::Signature(_) => false,
            Self::Transport(error) => error.is_transient(),
        }
    }

    /// Whether the request may have reached the platform.
    pub fn sent(&self) -> bool {
        match self {
            Self::Transport(error) => error.may_have_left(),
            Self::Fault(_) | Self::Front(_) | Self::Reply(_) | Self::Signature(_) => true,
        }
    }

    /// A code that does not change, for the log and the operator.
    pub fn code(&self) -> String {
        match self {
            Self::Fault(fault) => format!("FAULT-{}", fault.code),
            Self::Front(front) => format!("HTTP-{}", front.status),
            Self::Reply(error) => error.code().to_owned(),
            Self::Signature(error) => error.code().to_owned(),
            Self::Transport(error) => error.code().to_owned(),
        }
    }
}

impl Platform {
    /// Puts together what is agreed, what is trusted and the way there.
    pub fn new(
        profile: PlatformProfile,
        roots: TrustRoots,
        transport: Transport,
        world: World,
    ) -> Self {
        Self {
            profile,
            roots,
            transport,
            world,
        }
    }

    /// Signs a request with the seal of the body that asks. Nothing leaves.
    pub fn prepare(
        &self,
        request: &Request,
        identity: &SigningIdentity,
    ) -> Result<Prepared, PrepareError> {
        let body = request.body()?;
        Ok(Prepared {
            envelope: signature::sign(&body, identity, &self.profile, self.world.now())?,
            expectation: Expectation::of(request),
            signer: identity.signer().clone(),
        })
    }

    /// Sends a prepared request under an authority and reads the answer.
    pub async fn ask(&self, authority: Authority, prepared: Prepared) -> Asked {
        let (envelope, question) = Question::of(prepared);
        let answer = self.transport.send(authority, envelope).await;
        self.conclude(question, answer)
    }

    /// What an answer, or its absence, comes to.
    fn conclude(&self, question: Question, answer: Result<RawAnswer, TransportError>) -> Asked {
        let at = self.world.now();
        let (status, answer_sha256) = match &answer {
            Ok(answer) => (Some(answer.status), Some(answer.sha256)),
            Err(_) => (None, None),
        };
        let envelope = answer
            .map_err(PciError::from)
            .and_then(|answer| understand(&answer, &self.profile, &self.roots, at));
        let evidence = envelope
            .as_ref()
            .ok()
            .map(|envelope| envelope.evidence().clone());
        let result =
            envelope.and_then(|envelope| Ok(respuesta::read(&envelope, &question.expectation)?));
        Asked {
            request_id: question.expectation.request_id,
            request_sha256: question.sha256,
            signer_serial: question.signer_serial,
            status,
            answer_sha256,
            evidence,
            at,
            result,
        }
    }
}

/// What is kept of a request while its bytes are on their way.
struct Question {
    expectation: Expectation,
    sha256: [u8; 32],
    signer_serial: String,
}

impl Question {
    fn of(prepared: Prepared) -> (SignedEnvelope, Self) {
        let question = Self {
            expectation: prepared.expectation,
            sha256: prepared.envelope.sha256(),
            signer_serial: prepared.signer.serial,
        };
        (prepared.envelope, question)
    }
}

/// Tells pages, faults and answers apart by their content, since the status says little.
fn understand(
    answer: &RawAnswer,
    profile: &PlatformProfile,
    roots: &TrustRoots,
    now: Timestamp,
) -> Result<VerifiedEnvelope, PciError> {
    let front = FrontAnswer {
        status: answer.status,
    };
    let root = match xml::read(&answer.bytes, &profile.limits()) {
        Ok(root) if root.is(names::SOAP, "Envelope") => root,
        // A page is named by its status; broken XML under a good status by what breaks it.
        Err(error) if answer.status == 200 && looks_like_xml(answer) => {
            return Err(SignatureError::Xml(error).into());
        }
        Ok(_) | Err(_) => return Err(front.into()),
    };
    if let Some(fault) = fault::read(&root) {
        return Err(fault.into());
    }
    Ok(signature::verify(&answer.bytes, profile, roots, now)?)
}

fn looks_like_xml(answer: &RawAnswer) -> bool {
    answer
        .content_type
        .as_deref()
        .is_some_and(|kind| kind.starts_with("text/xml"))
}

#[cfg(test)]
mod tests;
