//! Signing: a canonical Body goes in, the exact bytes to send come out.

use std::fmt;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use jiff::Timestamp;
use rsa_sha1::RsaSha1Signer;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use uppsala::{Document, NodeId};
use zeroize::{Zeroize as _, Zeroizing};

use super::super::names::{BASE64_BINARY, DS, EXC_C14N, OPEN, SOAP, WSSE, WSU, X509_V3};
use super::super::platform::PlatformProfile;
use super::algorithm::{SignatureAlgorithm, sha256};
use super::base64;
use super::certificate::{SealCertificate, Signer};
use super::defect::SignatureError;
use super::timestamp::{self, Window};
use super::verify::{canonical, parse};
use crate::xml::{self, Limits, Writer};

/// `wsu:Id` of the Body of every envelope we send.
const BODY_ID: &str = "id-body";
/// `wsu:Id` of the token.
const TOKEN_ID: &str = "X509-1";

/// A body's seal: its certificate and the private key that belongs to it.
///
/// `Debug` names the certificate; the key shows nowhere.
pub struct SigningIdentity {
    certificate: SealCertificate,
    sha1: RsaSha1Signer,
    sha256: RsaKeyPair,
}

/// Why a certificate and key cannot sign.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum UnusableIdentity {
    /// No readable certificate, or one without an RSA key of at least 2048 bits.
    #[error("the certificate cannot be read, or its key is not RSA of at least 2048 bits")]
    Certificate,
    /// No unencrypted PKCS #8 RSA key.
    #[error("the key is not an unencrypted RSA key in PKCS #8")]
    Key,
    /// The key belongs to another certificate.
    #[error("the key does not belong to the certificate")]
    OtherKey,
}

impl SigningIdentity {
    /// Reads a certificate (the first of the PEM text is the seal) and its PKCS #8 key.
    pub fn from_pem(certificate: &[u8], key: &[u8]) -> Result<Self, UnusableIdentity> {
        let der = CertificateDer::from_pem_slice(certificate)
            .map_err(|_| UnusableIdentity::Certificate)?;
        let certificate = SealCertificate::read(&der).map_err(|_| UnusableIdentity::Certificate)?;
        let mut parsed =
            PrivatePkcs8KeyDer::from_pem_slice(key).map_err(|_| UnusableIdentity::Key)?;
        let der = Zeroizing::new(parsed.secret_pkcs8_der().to_vec());
        parsed.zeroize();
        let pair = RsaKeyPair::from_pkcs8(&der).map_err(|_| UnusableIdentity::Key)?;
        if pair.public_key().as_ref() != certificate.rsa_public_key {
            return Err(UnusableIdentity::OtherKey);
        }
        Ok(Self {
            certificate,
            sha1: RsaSha1Signer::from_pkcs8_der(&der).map_err(|_| UnusableIdentity::Key)?,
            sha256: pair,
        })
    }

    /// Whose seal this is.
    pub fn signer(&self) -> &Signer {
        &self.certificate.signer
    }

    fn sign(&self, algorithm: SignatureAlgorithm, message: &[u8]) -> Result<Vec<u8>, SigningError> {
        match algorithm {
            SignatureAlgorithm::RsaSha1 => self.sha1.sign(message).map_err(|_| SigningError),
            SignatureAlgorithm::RsaSha256 => {
                let mut signature = vec![0; self.sha256.public_modulus_len()];
                self.sha256
                    .sign(
                        &RSA_PKCS1_SHA256,
                        &SystemRandom::new(),
                        message,
                        &mut signature,
                    )
                    .map_err(|_| SigningError)?;
                Ok(signature)
            }
        }
    }
}

impl fmt::Debug for SigningIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningIdentity")
            .field("signer", &self.certificate.signer)
            .finish_non_exhaustive()
    }
}

/// The library refused to sign; with a key that was read this does not happen in practice.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the message could not be signed")]
pub struct SigningError;

/// A `soapenv:Body` in exclusive canonical form, with its identifier.
#[derive(Clone, Eq, PartialEq)]
pub struct CanonicalBody(String);

impl CanonicalBody {
    /// Wraps one canonical element, such as `open:procesa`, in a Body.
    pub fn around(content: &str) -> Self {
        let mut writer = Writer::new();
        writer.open(
            "soapenv:Body",
            &[("soapenv", SOAP), ("wsu", WSU)],
            &[("wsu:Id", BODY_ID)],
        );
        writer.raw(content);
        Self(writer.finish())
    }

    /// Takes the one element inside the Body of a message that somebody else wrote: an envelope, a
    /// Body, or the `procesa` alone. Whatever else the message holds is left behind.
    pub fn from_message(bytes: &[u8], limits: &Limits) -> Result<Self, SignatureError> {
        xml::read(bytes, limits)?;
        let text = std::str::from_utf8(bytes).map_err(|_| xml::XmlError::Encoding)?;
        let document = parse(text)?;
        let root = document
            .document_element()
            .ok_or(SignatureError::NotAnEnvelope)?;
        let content = content(&document, root).ok_or(SignatureError::NotAnEnvelope)?;
        let canonical = canonical(&document, content, &[])?;
        let canonical = String::from_utf8(canonical).map_err(|_| xml::XmlError::Encoding)?;
        Ok(Self::around(&canonical))
    }

    /// The text that is signed and sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// From an envelope to its Body, from a Body to its only element, which is of the operation.
fn content(document: &Document<'_>, node: NodeId) -> Option<NodeId> {
    let element = document.element(node)?;
    if element.matches_name_ns(SOAP, "Envelope") {
        let [body] = document.child_elements_by_name_ns(node, SOAP, "Body")[..] else {
            return None;
        };
        return content(document, body);
    }
    if element.matches_name_ns(SOAP, "Body") {
        let mut elements = document
            .children(node)
            .into_iter()
            .filter(|child| document.element(*child).is_some());
        let only = elements.next()?;
        return if elements.next().is_none() {
            content(document, only)
        } else {
            None
        };
    }
    (element.name.namespace_uri.as_deref() == Some(OPEN)).then_some(node)
}

impl fmt::Debug for CanonicalBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CanonicalBody({} bytes)", self.0.len())
    }
}

/// An envelope ready to leave: its bytes do not change any more.
#[derive(Clone, Eq, PartialEq)]
pub struct SignedEnvelope {
    bytes: Vec<u8>,
    sha256: [u8; 32],
}

impl SignedEnvelope {
    /// What goes over the wire, byte for byte.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// SHA-256 of those bytes: how the log and the authority name this request.
    pub fn sha256(&self) -> [u8; 32] {
        self.sha256
    }

    pub(in crate::exchange::pci) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

impl fmt::Debug for SignedEnvelope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignedEnvelope({})", hex::encode(self.sha256))
    }
}

/// Signs a Body: token, signature and timestamp in the header, in the order the platform's own
/// samples use. The timestamp is signed too when the profile says so.
pub fn sign(
    body: &CanonicalBody,
    identity: &SigningIdentity,
    profile: &PlatformProfile,
    now: Timestamp,
) -> Result<SignedEnvelope, SigningError> {
    let timestamp = Window::opening(now, profile).canonical();
    let mut covered = vec![(BODY_ID, body.as_str())];
    if profile.sign_timestamp {
        covered.push((timestamp::ID, &timestamp));
    }
    let signed_info = signed_info(profile.sign_with, &covered);
    let value = identity.sign(profile.sign_with, signed_info.as_bytes())?;

    let mut writer = Writer::new();
    writer.open("soapenv:Envelope", &[("soapenv", SOAP)], &[]);
    writer.open("soapenv:Header", &[], &[]);
    writer.open(
        "wsse:Security",
        &[("wsse", WSSE), ("wsu", WSU)],
        &[("soapenv:mustUnderstand", "1")],
    );
    writer.open(
        "wsse:BinarySecurityToken",
        &[],
        &[
            ("EncodingType", BASE64_BINARY),
            ("ValueType", X509_V3),
            ("wsu:Id", TOKEN_ID),
        ],
    );
    writer.raw(&base64(identity.certificate.der()));
    writer.close();
    write_signature(&mut writer, &signed_info, &value);
    writer.raw(&timestamp);
    writer.close();
    writer.close();
    writer.raw(body.as_str());
    let bytes = writer.finish().into_bytes();
    Ok(SignedEnvelope {
        sha256: sha256(&bytes),
        bytes,
    })
}

/// `ds:SignedInfo`, canonical by itself: these are the bytes the key signs.
fn signed_info(algorithm: SignatureAlgorithm, covered: &[(&str, &str)]) -> String {
    let mut writer = Writer::new();
    let method = |writer: &mut Writer, name, uri| {
        writer.open(name, &[], &[("Algorithm", uri)]);
        writer.close();
    };
    writer.open("ds:SignedInfo", &[("ds", DS)], &[]);
    method(&mut writer, "ds:CanonicalizationMethod", EXC_C14N);
    method(&mut writer, "ds:SignatureMethod", algorithm.uri());
    for (id, canonical) in covered {
        let digest = algorithm.digest();
        writer.open("ds:Reference", &[], &[("URI", &format!("#{id}"))]);
        writer.open("ds:Transforms", &[], &[]);
        method(&mut writer, "ds:Transform", EXC_C14N);
        writer.close();
        method(&mut writer, "ds:DigestMethod", digest.uri());
        writer.open("ds:DigestValue", &[], &[]);
        writer.raw(&base64(digest.of(canonical.as_bytes()).as_ref()));
        writer.close();
        writer.close();
    }
    writer.finish()
}

fn write_signature(writer: &mut Writer, signed_info: &str, value: &[u8]) {
    writer.open("ds:Signature", &[("ds", DS)], &[("Id", "SIG-1")]);
    writer.raw(signed_info);
    writer.open("ds:SignatureValue", &[], &[]);
    writer.raw(&base64(value));
    writer.close();
    writer.open("ds:KeyInfo", &[], &[("Id", "KI-1")]);
    writer.open("wsse:SecurityTokenReference", &[], &[]);
    writer.open(
        "wsse:Reference",
        &[],
        &[("URI", &format!("#{TOKEN_ID}")), ("ValueType", X509_V3)],
    );
    writer.close();
    writer.close();
    writer.close();
    writer.close();
}

/// An envelope of any bytes, for the tests of the transport.
#[cfg(test)]
pub(in crate::exchange::pci) fn test_envelope(text: &str) -> SignedEnvelope {
    SignedEnvelope {
        bytes: text.as_bytes().to_vec(),
        sha256: sha256(text.as_bytes()),
    }
}
