//! Why a signed message is not believed: one name and one stable code for each defect.

use super::timestamp::TimestampDefect;
use crate::xml::XmlError;

/// Where an algorithm stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Algorithm {
    /// `SignedInfo/CanonicalizationMethod`.
    Canonicalization,
    /// `Reference/DigestMethod`.
    Digest,
    /// `SignedInfo/SignatureMethod`.
    Signature,
    /// `Reference/Transforms/Transform`.
    Transform,
}

impl Algorithm {
    /// The words of the message.
    const fn words(self) -> &'static str {
        match self {
            Self::Canonicalization => "canonicalisation",
            Self::Digest => "digest",
            Self::Signature => "signature",
            Self::Transform => "transform",
        }
    }
}

/// Why a message is not believed. Says nothing of what it holds.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum SignatureError {
    /// An algorithm that is unknown, or that the platform profile does not accept.
    #[error("the {} algorithm is not accepted", .0.words())]
    Algorithm(Algorithm),
    /// More than one `Security`, `Signature`, token, timestamp or key reference.
    #[error("`{0}` stands more than once")]
    Ambiguous(&'static str),
    /// The signature covers no part of the Body.
    #[error("the Body is not covered by the signature")]
    BodyNotCovered,
    /// The token is not one readable X.509 certificate.
    #[error("the certificate cannot be read")]
    Certificate,
    /// The certificate begins to be valid later.
    #[error("the signer's certificate is not valid yet")]
    CertificateNotYetValid,
    /// The content was changed after signing, or the digest is of something else.
    #[error("the digest does not match the content of {0}")]
    Digest(&'static str),
    /// Two elements have the same identifier, so a reference could mean either.
    #[error("an identifier stands on more than one element")]
    DuplicateId,
    /// The certificate ended.
    #[error("the signer's certificate has expired")]
    ExpiredCertificate,
    /// The key is not RSA of at least 2048 bits.
    #[error("the signer's key is not RSA of at least 2048 bits")]
    Key,
    /// The signature does not say which token made it, or says it in a way not agreed.
    #[error("the signature does not refer directly to its X.509 token")]
    KeyReference,
    /// The certificate is for other uses.
    #[error("the signer's certificate is not for this use")]
    KeyUsage,
    /// No signature at all, and the profile requires one.
    #[error("the message is not signed")]
    Missing,
    /// A genuine seal, of somebody else.
    #[error("the seal belongs to another organisation")]
    Organisation,
    /// The certificate leads to no configured root.
    #[error("the signer's certificate leads to no trusted root")]
    Path,
    /// A reference that is not to one part of this message by its identifier.
    #[error("a reference of the signature is not to a known part of the message")]
    Reference,
    /// The parts of a signature are missing or out of shape.
    #[error("`{0}` is missing from the signature")]
    Shape(&'static str),
    /// See [`TimestampDefect`].
    #[error("the timestamp is refused: {0}")]
    Timestamp(#[from] TimestampDefect),
    /// More than one Body: which one is meant?
    #[error("the envelope has more than one Body")]
    TwoBodies,
    /// The signature value does not verify with the signer's key.
    #[error("the signature does not verify with the signer's key")]
    Value,
    /// A signed Body was moved aside and another put in its place.
    #[error("the signed Body is not the Body of this envelope")]
    WrappedBody,
    /// Not XML we read.
    #[error("the message cannot be read: {0}")]
    Xml(#[from] XmlError),
    /// XML, but not a SOAP 1.1 envelope with a Body.
    #[error("the message is not a SOAP 1.1 envelope with a Body")]
    NotAnEnvelope,
}

impl SignatureError {
    /// A code that does not change, for logs, reports and the reader of both.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Algorithm(_) => "SIG-ALGORITHM",
            Self::Ambiguous(_) => "SIG-AMBIGUOUS",
            Self::BodyNotCovered => "SIG-BODY-NOT-COVERED",
            Self::Certificate => "SIG-CERTIFICATE",
            Self::CertificateNotYetValid => "SIG-CERTIFICATE-NOT-YET-VALID",
            Self::Digest(_) => "SIG-DIGEST",
            Self::DuplicateId => "SIG-DUPLICATE-ID",
            Self::ExpiredCertificate => "SIG-EXPIRED-CERTIFICATE",
            Self::Key => "SIG-KEY",
            Self::KeyReference => "SIG-KEY-REFERENCE",
            Self::KeyUsage => "SIG-KEY-USAGE",
            Self::Missing => "SIG-MISSING",
            Self::Organisation => "SIG-ORGANISATION",
            Self::Path => "SIG-PATH",
            Self::Reference => "SIG-REFERENCE",
            Self::Shape(_) => "SIG-SHAPE",
            Self::Timestamp(_) => "SIG-TIMESTAMP",
            Self::TwoBodies => "SIG-TWO-BODIES",
            Self::Value => "SIG-VALUE",
            Self::WrappedBody => "SIG-WRAPPED-BODY",
            Self::Xml(error) => xml_code(error),
            Self::NotAnEnvelope => "SOAP-ENVELOPE",
        }
    }

    /// Whether the bytes could not even be read as a message, as opposed to not being believed.
    pub const fn is_malformed(&self) -> bool {
        matches!(self, Self::Xml(_) | Self::NotAnEnvelope)
    }
}

/// A stable code for each rule of [`crate::xml::read`].
pub(in crate::exchange::pci) const fn xml_code(error: &XmlError) -> &'static str {
    match error {
        XmlError::Character { .. } => "XML-CHARACTER",
        XmlError::Dtd => "XML-DTD",
        XmlError::DuplicateAttribute { .. } => "XML-DUPLICATE-ATTRIBUTE",
        XmlError::Encoding => "XML-ENCODING",
        XmlError::Entity { .. } => "XML-ENTITY",
        XmlError::Malformed { .. } => "XML-MALFORMED",
        XmlError::Namespace { .. } => "XML-NAMESPACE",
        XmlError::NoRoot => "XML-EMPTY",
        XmlError::ProcessingInstruction => "XML-PROCESSING-INSTRUCTION",
        XmlError::TooDeep { .. } => "XML-TOO-DEEP",
        XmlError::TooLong { .. } => "XML-TOO-LONG",
        XmlError::TooManyElements { .. } => "XML-TOO-MANY-ELEMENTS",
        XmlError::UndeclaredPrefix { .. } => "XML-UNDECLARED-PREFIX",
        XmlError::Version => "XML-VERSION",
    }
}
