//! Verifying: foreign bytes go in, and only what the signature covers comes out.

use bergshamra_c14n::C14nMode;
use bergshamra_xml::nodeset::NodeSet;
use jiff::Timestamp;
use serde::Serialize;
use uppsala::{Document, NodeId};

use super::super::names::{DS, SOAP, WSSE};
use super::super::platform::{PlatformProfile, ResponseSignature};
use super::algorithm::{DigestAlgorithm, SignatureAlgorithm};
use super::certificate::{Signer, TrustRoots};
use super::claim::Claim;
use super::defect::SignatureError;
use crate::xml::{self, Element, Limits};

/// The Body of an envelope that passed what its platform profile asks, and why it is believed.
///
/// Only [`verify`] makes one. Of a signed envelope nothing but the signed Body is left: what is
/// used is what was signed.
#[derive(Clone, Debug)]
pub struct VerifiedEnvelope {
    body: Element,
    evidence: Evidence,
}

impl VerifiedEnvelope {
    /// The SOAP Body.
    pub fn body(&self) -> &Element {
        &self.body
    }

    /// Why it is believed.
    pub fn evidence(&self) -> &Evidence {
        &self.evidence
    }
}

/// Why an envelope is believed.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Evidence {
    /// The profile asks for no signature and none was checked.
    Unsigned,
    /// A signature over the Body, by a seal that leads to a trusted root.
    Signed {
        /// The signature algorithm.
        algorithm: SignatureAlgorithm,
        /// The digest of the Body.
        digest: DigestAlgorithm,
        /// What the signature covers.
        covered: Vec<Part>,
        /// Whose seal it is.
        signer: Box<Signer>,
        /// When the message says it was made; no evidence unless [`Part::Timestamp`] is covered.
        timing: Timing,
    },
}

/// A part of a message that a signature can cover.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
pub enum Part {
    /// The SOAP Body.
    Body,
    /// `wsu:Timestamp`.
    Timestamp,
    /// `wsse:BinarySecurityToken`.
    Token,
}

impl Part {
    /// The element's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Body => "Body",
            Self::Timestamp => "Timestamp",
            Self::Token => "BinarySecurityToken",
        }
    }
}

/// The instants of a message's timestamp.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
pub struct Timing {
    /// When the message says it was made.
    pub created: Timestamp,
    /// Until when it says it may be believed.
    pub expires: Timestamp,
}

/// Verifies an envelope against a platform profile, its trusted roots and the instant of now.
///
/// Whatever the profile says about signatures, the bytes are bounded and the envelope has one
/// Body.
pub fn verify(
    bytes: &[u8],
    profile: &PlatformProfile,
    roots: &TrustRoots,
    now: Timestamp,
) -> Result<VerifiedEnvelope, SignatureError> {
    // The bounded reader goes first: it names what is wrong before a second parser sees anything.
    xml::read(bytes, &profile.limits())?;
    let text = std::str::from_utf8(bytes).map_err(|_| xml::XmlError::Encoding)?;
    let document = parse(text)?;
    let envelope = Envelope::find(&document)?;
    match (envelope.is_signed(), profile.response_signature) {
        (false, ResponseSignature::Required) => Err(SignatureError::Missing),
        (false, _) | (true, ResponseSignature::Off) => Ok(VerifiedEnvelope {
            body: reread(&canonical(&document, envelope.body, &[])?)?,
            evidence: Evidence::Unsigned,
        }),
        (true, _) => {
            let (signed_body, evidence) = Claim::find(&envelope)?.check(profile, roots, now)?;
            Ok(VerifiedEnvelope {
                body: reread(&signed_body)?,
                evidence,
            })
        }
    }
}

/// Parses without entities, document types or deep nesting.
pub(super) fn parse(text: &str) -> Result<Document<'_>, SignatureError> {
    let depth = u32::try_from(Limits::ANSWER.depth).unwrap_or(u32::MAX);
    uppsala::Parser::new()
        .with_forbid_dtd(true)
        .with_max_depth(depth)
        .parse(text.strip_prefix('\u{feff}').unwrap_or(text))
        .map_err(|_| xml::XmlError::Malformed { at: 0 }.into())
}

/// The exclusive canonical form of one element, with the prefixes its transform lists.
pub(super) fn canonical(
    document: &Document<'_>,
    element: NodeId,
    prefixes: &[&str],
) -> Result<Vec<u8>, SignatureError> {
    let part = NodeSet::tree_without_comments(element, document);
    bergshamra_c14n::canonicalize_doc(document, C14nMode::Exclusive, Some(&part), prefixes)
        .map_err(|_| SignatureError::NotAnEnvelope)
}

fn reread(canonical: &[u8]) -> Result<Element, SignatureError> {
    // Canonical text can be longer than what came in, by the namespaces it repeats.
    let limits = Limits {
        bytes: usize::MAX,
        ..Limits::ANSWER
    };
    Ok(xml::read(canonical, &limits)?)
}

/// The parts of a SOAP envelope, found by position and never by name alone.
pub(super) struct Envelope<'a> {
    pub(super) document: &'a Document<'a>,
    pub(super) body: NodeId,
    /// `Header/Security`, every one of them.
    pub(super) security: Vec<NodeId>,
}

impl<'a> Envelope<'a> {
    fn find(document: &'a Document<'a>) -> Result<Self, SignatureError> {
        let root = document
            .document_element()
            .ok_or(SignatureError::NotAnEnvelope)?;
        if !is(document, root, SOAP, "Envelope") {
            return Err(SignatureError::NotAnEnvelope);
        }
        let body = match document.child_elements_by_name_ns(root, SOAP, "Body")[..] {
            [] => return Err(SignatureError::NotAnEnvelope),
            [body] => body,
            _ => return Err(SignatureError::TwoBodies),
        };
        let security = match document.child_elements_by_name_ns(root, SOAP, "Header")[..] {
            [] => Vec::new(),
            [header] => document.child_elements_by_name_ns(header, WSSE, "Security"),
            _ => return Err(SignatureError::Ambiguous("Header")),
        };
        Ok(Self {
            document,
            body,
            security,
        })
    }

    /// Whether there is anything that claims to sign this envelope.
    fn is_signed(&self) -> bool {
        self.security.iter().any(|security| {
            !self
                .document
                .child_elements_by_name_ns(*security, DS, "Signature")
                .is_empty()
        })
    }
}

fn is(document: &Document<'_>, node: NodeId, namespace: &str, name: &str) -> bool {
    document
        .element(node)
        .is_some_and(|element| element.matches_name_ns(namespace, name))
}
