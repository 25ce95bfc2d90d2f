//! Verifies the WS-Security signature of a request, by our own policy.
//!
//! The canonical form comes from a library; which element must be signed, by whom and with what is
//! decided here: the single `Body` child of the envelope, ids that occur once, one certificate
//! referred to directly, algorithms of the configured set, a fresh timestamp.

use std::collections::HashSet;
use std::sync::Arc;

use aws_lc_rs::digest;
use aws_lc_rs::signature::{
    RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA256, RsaParameters,
    UnparsedPublicKey,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::{CertificateError, Error as TlsError, RootCertStore};
use rustls_pki_types::{CertificateDer, UnixTime};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::names::{BASE64_BINARY, DS, EXC_C14N, SOAP, WSSE, WSU, X509V3};
use super::read::Node;
use super::refusal::Refusal;

/// A signature algorithm with the digest that goes with it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Algorithm {
    /// `rsa-sha1` over `sha1` digests: what the live platform is known to speak.
    RsaSha1,
    /// `rsa-sha256` over `sha256` digests.
    RsaSha256,
}

impl Algorithm {
    pub(super) fn signature_uri(self) -> &'static str {
        match self {
            Self::RsaSha1 => "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
            Self::RsaSha256 => "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
        }
    }

    pub(super) fn digest_uri(self) -> &'static str {
        match self {
            Self::RsaSha1 => "http://www.w3.org/2000/09/xmldsig#sha1",
            Self::RsaSha256 => "http://www.w3.org/2001/04/xmlenc#sha256",
        }
    }

    pub(super) fn digest(self, bytes: &[u8]) -> String {
        let algorithm = match self {
            Self::RsaSha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            Self::RsaSha256 => &digest::SHA256,
        };
        STANDARD.encode(digest::digest(algorithm, bytes))
    }

    fn parameters(self) -> &'static RsaParameters {
        match self {
            Self::RsaSha1 => &RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY,
            Self::RsaSha256 => &RSA_PKCS1_2048_8192_SHA256,
        }
    }
}

/// What the front demands of signatures.
pub(super) struct Policy {
    algorithms: Vec<Algorithm>,
    issuers: Arc<dyn ClientCertVerifier>,
}

/// Who signed: the NIF of the organisation in the certificate.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Signer {
    pub(super) nif: String,
}

/// How far a client's clock may be off.
const SKEW: SignedDuration = SignedDuration::from_secs(300);
/// How old a message may be, clocks apart.
const FRESHNESS: SignedDuration = SignedDuration::from_secs(300);
/// How long a message may be valid.
const LONGEST: SignedDuration = SignedDuration::from_secs(300);

impl Policy {
    /// Accepts these algorithms, and certificates issued by this root.
    pub(super) fn new(
        algorithms: Vec<Algorithm>,
        root: &CertificateDer<'static>,
    ) -> Result<Self, TlsError> {
        let mut roots = RootCertStore::empty();
        roots.add(root.clone())?;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let issuers = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
            .build()
            .map_err(|error| TlsError::General(error.to_string()))?;
        Ok(Self {
            algorithms,
            issuers,
        })
    }

    /// Verifies the envelope and says who signed its body.
    pub(super) fn verify(&self, envelope: Node<'_>, now: Timestamp) -> Result<Signer, Refusal> {
        let header = envelope
            .only(SOAP, "Header")
            .ok_or(Refusal::NoCertificate)?;
        let body = envelope.only(SOAP, "Body").ok_or(Refusal::NotSoap)?;
        let mut headers = header.named(WSSE, "Security");
        let security = headers.next().ok_or(Refusal::NoCertificate)?;
        if headers.next().is_some() {
            return Err(Refusal::SecurityHeader);
        }
        if security.named(WSSE, "BinarySecurityToken").next().is_none() {
            return Err(Refusal::NoCertificate);
        }
        unique_ids(envelope)?;
        let token = security
            .only(WSSE, "BinarySecurityToken")
            .ok_or(Refusal::SecurityHeader)?;
        let signature = security
            .only(DS, "Signature")
            .ok_or(Refusal::SecurityHeader)?;
        let signed = signature
            .only(DS, "SignedInfo")
            .ok_or(Refusal::SecurityHeader)?;

        let certificate = embedded_certificate(token, signature)?;
        let algorithm = self.algorithm(signed)?;
        references(security, signed, body, algorithm)?;
        let key = public_key(&certificate)?;
        check_value(signature, signed, algorithm, &key)?;
        check_timestamp(security, now)?;
        self.check_certificate(&certificate, now)?;
        Ok(Signer {
            nif: organisation(&certificate)?,
        })
    }

    fn algorithm(&self, signed: Node<'_>) -> Result<Algorithm, Refusal> {
        let method = |name| {
            signed
                .only(DS, name)
                .and_then(|m| m.attribute("", "Algorithm"))
        };
        if method("CanonicalizationMethod") != Some(EXC_C14N) {
            return Err(Refusal::Algorithm);
        }
        let named = method("SignatureMethod");
        let known = self
            .algorithms
            .iter()
            .find(|one| Some(one.signature_uri()) == named);
        known.copied().ok_or(Refusal::Algorithm)
    }

    fn check_certificate(
        &self,
        certificate: &CertificateDer<'_>,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let seconds = u64::try_from(now.as_second()).unwrap_or(0);
        let now = UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds));
        match self.issuers.verify_client_cert(certificate, &[], now) {
            Ok(_) => Ok(()),
            Err(TlsError::InvalidCertificate(
                CertificateError::Expired
                | CertificateError::ExpiredContext { .. }
                | CertificateError::NotValidYet
                | CertificateError::NotValidYetContext { .. },
            )) => Err(Refusal::CertificateExpired),
            Err(_) => Err(Refusal::CertificateUntrusted),
        }
    }
}

/// Every id of the document, qualified or not, occurs once: else "the signed element" is a matter
/// of who looks it up.
fn unique_ids(envelope: Node<'_>) -> Result<(), Refusal> {
    let mut seen = HashSet::new();
    for node in envelope.descendants() {
        let ids = [(WSU, "Id"), ("", "Id"), ("", "ID"), ("", "id")];
        for id in ids
            .into_iter()
            .filter_map(|(space, name)| node.attribute(space, name))
        {
            if !seen.insert(id) {
                return Err(Refusal::DuplicateId);
            }
        }
    }
    Ok(())
}

/// The certificate, embedded as a single X.509 token and referred to directly.
fn embedded_certificate(
    token: Node<'_>,
    signature: Node<'_>,
) -> Result<CertificateDer<'static>, Refusal> {
    let reference = signature
        .only(DS, "KeyInfo")
        .and_then(|info| info.only(WSSE, "SecurityTokenReference"))
        .and_then(|reference| reference.only(WSSE, "Reference"))
        .ok_or(Refusal::KeyReference)?;
    let target = reference
        .attribute("", "URI")
        .and_then(|uri| uri.strip_prefix('#'));
    let direct = target.is_some() && target == token.attribute(WSU, "Id");
    let typed = token.attribute("", "ValueType") == Some(X509V3)
        && token
            .attribute("", "EncodingType")
            .is_none_or(|encoding| encoding == BASE64_BINARY)
        && reference
            .attribute("", "ValueType")
            .is_none_or(|kind| kind == X509V3);
    if !direct || !typed {
        return Err(Refusal::KeyReference);
    }
    let der = decode(&token.text()).ok_or(Refusal::CertificateUnreadable)?;
    Ok(CertificateDer::from(der))
}

/// Checks every reference: the body must be among them, the timestamp may be, nothing else.
fn references(
    security: Node<'_>,
    signed: Node<'_>,
    body: Node<'_>,
    algorithm: Algorithm,
) -> Result<(), Refusal> {
    let timestamp = security.only(WSU, "Timestamp");
    let mut covered = false;
    for reference in signed.named(DS, "Reference") {
        let uri = reference
            .attribute("", "URI")
            .and_then(|uri| uri.strip_prefix('#'));
        let id = uri.filter(|id| !id.is_empty()).ok_or(Refusal::Uncovered)?;
        let target = [Some(body), timestamp]
            .into_iter()
            .flatten()
            .find(|node| node.attribute(WSU, "Id") == Some(id))
            .ok_or(Refusal::Uncovered)?;
        covered |= target == body;
        check_digest(reference, target, algorithm)?;
    }
    if covered {
        Ok(())
    } else {
        Err(Refusal::Uncovered)
    }
}

fn check_digest(
    reference: Node<'_>,
    target: Node<'_>,
    algorithm: Algorithm,
) -> Result<(), Refusal> {
    let transforms = reference.only(DS, "Transforms").ok_or(Refusal::Algorithm)?;
    let transform = transforms.only(DS, "Transform").ok_or(Refusal::Algorithm)?;
    let method = reference
        .only(DS, "DigestMethod")
        .and_then(|m| m.attribute("", "Algorithm"));
    if transforms.elements().count() != 1
        || transform.attribute("", "Algorithm") != Some(EXC_C14N)
        || method != Some(algorithm.digest_uri())
    {
        return Err(Refusal::Algorithm);
    }
    let canonical = target
        .canonical(&inclusive_prefixes(transform))
        .ok_or(Refusal::Digest)?;
    let stated = reference
        .only(DS, "DigestValue")
        .ok_or(Refusal::Digest)?
        .text();
    if stated == algorithm.digest(&canonical) {
        Ok(())
    } else {
        Err(Refusal::Digest)
    }
}

fn check_value(
    signature: Node<'_>,
    signed: Node<'_>,
    algorithm: Algorithm,
    key: &[u8],
) -> Result<(), Refusal> {
    let method = signed
        .only(DS, "CanonicalizationMethod")
        .ok_or(Refusal::Algorithm)?;
    let canonical = signed
        .canonical(&inclusive_prefixes(method))
        .ok_or(Refusal::Signature)?;
    let value = signature
        .only(DS, "SignatureValue")
        .ok_or(Refusal::SecurityHeader)?
        .text();
    let value = decode(&value).ok_or(Refusal::Signature)?;
    UnparsedPublicKey::new(algorithm.parameters(), key)
        .verify(&canonical, &value)
        .map_err(|_| Refusal::Signature)
}

/// `InclusiveNamespaces/@PrefixList` of a method or transform.
fn inclusive_prefixes(method: Node<'_>) -> Vec<&str> {
    let list = method.only(EXC_C14N, "InclusiveNamespaces");
    let list = list.and_then(|list| list.attribute("", "PrefixList"));
    list.map(|list| list.split_whitespace().collect())
        .unwrap_or_default()
}

fn check_timestamp(security: Node<'_>, now: Timestamp) -> Result<(), Refusal> {
    let timestamp = security
        .only(WSU, "Timestamp")
        .ok_or(Refusal::TimestampFormat)?;
    let instant = |name| {
        let text = timestamp.only(WSU, name).map(Node::text)?;
        parse_instant(&text)
    };
    let created = instant("Created").ok_or(Refusal::TimestampFormat)?;
    let expires = instant("Expires").ok_or(Refusal::TimestampFormat)?;
    let lifetime = expires.duration_since(created);
    let age = now.duration_since(created);
    let fresh = age <= FRESHNESS + SKEW && age >= -SKEW;
    let alive = now.duration_since(expires) <= SKEW;
    if fresh && alive && lifetime > SignedDuration::ZERO && lifetime <= LONGEST {
        Ok(())
    } else {
        Err(Refusal::TimestampWindow)
    }
}

/// `yyyy-MM-ddTHH:mm:ssZ`, or the same with exactly three digits of fraction.
fn parse_instant(text: &str) -> Option<Timestamp> {
    const PATTERN: &[u8] = b"0000-00-00T00:00:00.000Z";
    let expected = match text.len() {
        24 => PATTERN.to_vec(),
        20 => [&PATTERN[..19], b"Z"].concat(),
        _ => return None,
    };
    let fits = text
        .bytes()
        .zip(expected)
        .all(|(byte, pattern)| match pattern {
            b'0' => byte.is_ascii_digit(),
            literal => byte == literal,
        });
    if fits { text.parse().ok() } else { None }
}

fn public_key(certificate: &CertificateDer<'_>) -> Result<Vec<u8>, Refusal> {
    let (rest, certificate) =
        X509Certificate::from_der(certificate).map_err(|_| Refusal::CertificateUnreadable)?;
    if !rest.is_empty() {
        return Err(Refusal::CertificateUnreadable);
    }
    Ok(certificate.public_key().subject_public_key.data.to_vec())
}

/// The NIF of the organisation: `organizationIdentifier` (`VATES-<nif>`), else `serialNumber`.
fn organisation(certificate: &CertificateDer<'_>) -> Result<String, Refusal> {
    let (_, certificate) =
        X509Certificate::from_der(certificate).map_err(|_| Refusal::CertificateUnreadable)?;
    let attribute = |oid: &str| {
        certificate
            .subject()
            .iter_attributes()
            .find(|attribute| attribute.attr_type().to_id_string() == oid)
            .and_then(|attribute| attribute.as_str().ok())
    };
    let identifier = attribute("2.5.4.97").and_then(|id| id.strip_prefix("VATES-"));
    let nif = identifier.or_else(|| attribute("2.5.4.5"));
    nif.map(str::to_owned).ok_or(Refusal::CertificateUnreadable)
}

/// Base64, with line breaks anywhere.
fn decode(text: &str) -> Option<Vec<u8>> {
    let compact: String = text.split_whitespace().collect();
    STANDARD.decode(compact).ok()
}
