//! Whose certificate it is, and whether it leads to a root we trust.

use std::fmt;

use jiff::Timestamp;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, TrustAnchor, UnixTime};
use serde::Serialize;
use webpki::{EndEntityCert, KeyUsage};
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer as _;
use x509_parser::public_key::PublicKey;
use x509_parser::x509::X509Name;

use super::SignatureError;

/// Attribute `organizationIdentifier` of a subject (ETSI EN 319 412-1, section 5.1.4).
const ORGANIZATION_IDENTIFIER: &str = "2.5.4.97";
/// Attribute `serialNumber` of a subject.
const SERIAL_NUMBER: &str = "2.5.4.5";
/// RSA keys shorter than this sign nothing we believe.
const SHORTEST_KEY: usize = 2048;

/// Certificate signature algorithms we follow on a path: no SHA-1.
static PATH_ALGORITHMS: &[&dyn rustls_pki_types::SignatureVerificationAlgorithm] = &[
    webpki::aws_lc_rs::RSA_PKCS1_2048_8192_SHA256,
    webpki::aws_lc_rs::RSA_PKCS1_2048_8192_SHA384,
    webpki::aws_lc_rs::RSA_PKCS1_2048_8192_SHA512,
    webpki::aws_lc_rs::ECDSA_P256_SHA256,
    webpki::aws_lc_rs::ECDSA_P384_SHA384,
];

/// The certification authorities whose seals we believe, and whose seal we expect.
#[derive(Clone)]
pub struct TrustRoots {
    anchors: Vec<TrustAnchor<'static>>,
    organisation: Option<String>,
}

/// Why a file of certificates or keys is of no use.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum UnusableCertificates {
    /// Something in the file is not a certificate.
    #[error("a certificate cannot be read")]
    Certificate,
    /// No certificate in the file.
    #[error("there is no certificate in the PEM text")]
    Empty,
}

impl TrustRoots {
    /// Believes nobody: for a profile under which no signature is checked.
    pub const fn none() -> Self {
        Self {
            anchors: Vec::new(),
            organisation: None,
        }
    }

    /// Reads roots (or the issuing authority itself) from PEM text. When an organisation is given,
    /// only its seal is believed: the number as in `VATES-<number>`.
    pub fn from_pem(pem: &[u8], organisation: Option<&str>) -> Result<Self, UnusableCertificates> {
        let mut anchors = Vec::new();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.map_err(|_| UnusableCertificates::Certificate)?;
            let anchor = webpki::anchor_from_trusted_cert(&certificate)
                .map_err(|_| UnusableCertificates::Certificate)?;
            anchors.push(anchor.to_owned());
        }
        if anchors.is_empty() {
            return Err(UnusableCertificates::Empty);
        }
        Ok(Self {
            anchors,
            organisation: organisation.map(str::to_owned),
        })
    }
}

impl fmt::Debug for TrustRoots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TrustRoots")
            .field("anchors", &self.anchors.len())
            .field("organisation", &self.organisation)
            .finish()
    }
}

/// The holder of a seal certificate, as the certificate says.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Signer {
    /// Common name of the subject.
    pub name: String,
    /// Number of the organisation (a NIF), when the certificate carries one.
    pub organisation: Option<String>,
    /// Common name of the issuer.
    pub issuer: String,
    /// Serial number of the certificate, in hexadecimal.
    pub serial: String,
    /// First instant of validity.
    pub valid_from: Timestamp,
    /// Last instant of validity.
    pub valid_until: Timestamp,
}

/// A certificate that was read, not yet believed.
#[derive(Clone)]
pub(super) struct SealCertificate {
    der: CertificateDer<'static>,
    pub(super) signer: Signer,
    /// The `RSAPublicKey` of PKCS #1.
    pub(super) rsa_public_key: Vec<u8>,
}

impl SealCertificate {
    pub(super) fn read(der: &[u8]) -> Result<Self, SignatureError> {
        let (rest, certificate) =
            X509Certificate::from_der(der).map_err(|_| SignatureError::Certificate)?;
        if !rest.is_empty() {
            return Err(SignatureError::Certificate);
        }
        let key = certificate.public_key();
        match key.parsed() {
            Ok(PublicKey::RSA(rsa)) if rsa.key_size() >= SHORTEST_KEY => {}
            _ => return Err(SignatureError::Key),
        }
        Ok(Self {
            signer: Signer {
                name: common_name(certificate.subject()),
                organisation: organisation_number(certificate.subject()),
                issuer: common_name(certificate.issuer()),
                serial: hex::encode(certificate.raw_serial()),
                valid_from: instant(certificate.validity().not_before.timestamp())?,
                valid_until: instant(certificate.validity().not_after.timestamp())?,
            },
            rsa_public_key: key.subject_public_key.data.to_vec(),
            der: CertificateDer::from(der.to_vec()),
        })
    }

    pub(super) fn der(&self) -> &[u8] {
        &self.der
    }

    /// Follows the path to a root, at an instant, and compares the organisation.
    pub(super) fn check(&self, roots: &TrustRoots, now: Timestamp) -> Result<(), SignatureError> {
        let certificate =
            EndEntityCert::try_from(&self.der).map_err(|_| SignatureError::Certificate)?;
        certificate
            .verify_for_usage(
                PATH_ALGORITHMS,
                &roots.anchors,
                &[],
                unix_time(now),
                KeyUsage::client_auth(),
                None,
                None,
            )
            .map_err(|error| path_error(&error))?;
        match &roots.organisation {
            Some(expected) if self.signer.organisation.as_ref() != Some(expected) => {
                Err(SignatureError::Organisation)
            }
            _ => Ok(()),
        }
    }
}

fn path_error(error: &webpki::Error) -> SignatureError {
    match error {
        webpki::Error::CertExpired { .. } => SignatureError::ExpiredCertificate,
        webpki::Error::CertNotValidYet { .. } => SignatureError::CertificateNotYetValid,
        webpki::Error::RequiredEkuNotFoundContext(_) => SignatureError::KeyUsage,
        _ => SignatureError::Path,
    }
}

/// The number in `organizationIdentifier` (`VATES-…`), else in `serialNumber` with or without it.
fn organisation_number(subject: &X509Name<'_>) -> Option<String> {
    let identifier = attribute(subject, ORGANIZATION_IDENTIFIER);
    if let Some(number) = identifier.and_then(|text| text.strip_prefix("VATES-")) {
        return Some(number.to_owned());
    }
    let serial = attribute(subject, SERIAL_NUMBER)?;
    Some(serial.strip_prefix("VATES-").unwrap_or(serial).to_owned())
}

fn common_name(name: &X509Name<'_>) -> String {
    let mut names = name.iter_common_name();
    names
        .next()
        .and_then(|attribute| attribute.as_str().ok())
        .unwrap_or("")
        .to_owned()
}

fn attribute<'a>(name: &'a X509Name<'_>, oid: &str) -> Option<&'a str> {
    name.iter_attributes()
        .find(|attribute| attribute.attr_type().to_id_string() == oid)
        .and_then(|attribute| attribute.as_str().ok())
}

fn instant(seconds: i64) -> Result<Timestamp, SignatureError> {
    Timestamp::from_second(seconds).map_err(|_| SignatureError::Certificate)
}

fn unix_time(now: Timestamp) -> UnixTime {
    let seconds = u64::try_from(now.as_second()).unwrap_or(0);
    UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds))
}
