//! Signs answers in the shape of the live platform, soundly or damaged on purpose.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::RSA_PKCS1_SHA256;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use rsa_sha1::RsaSha1Signer;
use rustls_pki_types::CertificateDer;

use super::controls::Damage;
use super::names::{BASE64_BINARY, DS, EXC_C14N, SOAP, WSSE, WSU, X509V3};
use super::read::{Node, Parsed};
use super::security::Algorithm;
use super::write::{Prefixes, Tree};
use crate::pki::Pki;

/// The platform's seal, with the certificates a damaged answer shows instead.
pub(super) struct Seal {
    algorithm: Algorithm,
    sha1: RsaSha1Signer,
    sha256: KeyPair,
    genuine: CertificateDer<'static>,
    expired: CertificateDer<'static>,
    other_organisation: CertificateDer<'static>,
    unknown_ca: CertificateDer<'static>,
}

/// The seal cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The platform's key is not an RSA key in PKCS#8.
    #[error("the platform's key cannot be used")]
    Key,
}

/// How one answer is put on the wire.
pub(super) struct Dressing {
    pub(super) prefixes: Prefixes,
    pub(super) damage: Option<Damage>,
    pub(super) now: Timestamp,
    /// Makes the ids of this message differ from those of others.
    pub(super) serial: u64,
}

/// How long the unsigned timestamp says the answer is good for.
const LIFETIME: SignedDuration = SignedDuration::from_secs(300);

impl Seal {
    pub(super) fn new(pki: &Pki, algorithm: Algorithm) -> Result<Self, SealError> {
        let key = pki.platform.key.secret_pkcs8_der();
        Ok(Self {
            algorithm,
            sha1: RsaSha1Signer::from_pkcs8_der(key).map_err(|_| SealError::Key)?,
            sha256: KeyPair::from_pkcs8(key).map_err(|_| SealError::Key)?,
            genuine: pki.platform.leaf().clone(),
            expired: pki.platform_expired.leaf().clone(),
            other_organisation: pki.platform_other_organisation.leaf().clone(),
            unknown_ca: pki.platform_unknown_ca.leaf().clone(),
        })
    }

    /// The envelope around a `procesaResponse`, signed over its body alone.
    pub(super) fn envelope(&self, content: &Tree, dressing: &Dressing) -> Option<String> {
        let Dressing {
            prefixes,
            damage,
            serial,
            ..
        } = *dressing;
        let id = format!("XWSSGID-{serial}1");
        let body = body(prefixes, &id, content);
        if damage == Some(Damage::Absent) {
            return Some(envelope(prefixes, "", &body));
        }
        let signed_info = self.signed_info(&id, &self.digest(prefixes, &body)?);
        let canonical = signed_info.replacen('>', &format!(" xmlns:ds=\"{DS}\">"), 1);
        let mut value = self.sign(canonical.as_bytes())?;
        if damage == Some(Damage::ValueChanged) {
            value[0] ^= 1;
        }
        let timestamp_id = match damage {
            Some(Damage::DuplicateId) => id,
            _ => format!("XWSSGID-{serial}2"),
        };
        let security = [
            &self.token(serial, damage),
            &signature(serial, &signed_info, &STANDARD.encode(value)),
            &timestamp(&timestamp_id, dressing.now),
        ]
        .map(String::as_str)
        .concat();
        let header = security_header(prefixes, &security);
        Some(match damage {
            Some(Damage::BodyChanged) => envelope(
                prefixes,
                &header,
                &body.replacen("TimeStamp>2", "TimeStamp>3", 1),
            ),
            Some(Damage::Wrapped) => {
                let wrapper = format!("<x:Wrapper xmlns:x=\"urn:wrapped\">{body}</x:Wrapper>");
                let forged = body.replacen("XWSSGID-", "XWSSGID-forged-", 1);
                let forged = forged.replacen(">OK<", ">Fals<", 1);
                envelope(prefixes, &format!("{header}{wrapper}"), &forged)
            }
            _ => envelope(prefixes, &header, &body),
        })
    }

    /// The digest of the body as it will stand inside the envelope.
    fn digest(&self, prefixes: Prefixes, body: &str) -> Option<String> {
        let parsed = Parsed::new(&envelope(prefixes, "", body))?;
        let body = parsed
            .root()
            .and_then(|envelope| envelope.only(SOAP, "Body"));
        let canonical = body.and_then(|body: Node<'_>| body.canonical(&[]))?;
        Some(self.algorithm.digest(&canonical))
    }

    /// `SignedInfo` as it stands on the wire: canonical but for the inherited declaration.
    fn signed_info(&self, id: &str, digest: &str) -> String {
        let (signature, hash) = (self.algorithm.signature_uri(), self.algorithm.digest_uri());
        format!(
            "<ds:SignedInfo>\
             <ds:CanonicalizationMethod Algorithm=\"{EXC_C14N}\"></ds:CanonicalizationMethod>\
             <ds:SignatureMethod Algorithm=\"{signature}\"></ds:SignatureMethod>\
             <ds:Reference URI=\"#{id}\"><ds:Transforms>\
             <ds:Transform Algorithm=\"{EXC_C14N}\"></ds:Transform></ds:Transforms>\
             <ds:DigestMethod Algorithm=\"{hash}\"></ds:DigestMethod>\
             <ds:DigestValue>{digest}</ds:DigestValue></ds:Reference></ds:SignedInfo>"
        )
    }

    fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        match self.algorithm {
            Algorithm::RsaSha1 => self.sha1.sign(message).ok(),
            Algorithm::RsaSha256 => {
                let mut signature = vec![0; self.sha256.public_modulus_len()];
                self.sha256
                    .sign(
                        &RSA_PKCS1_SHA256,
                        &SystemRandom::new(),
                        message,
                        &mut signature,
                    )
                    .ok()?;
                Some(signature)
            }
        }
    }

    fn token(&self, serial: u64, damage: Option<Damage>) -> String {
        let certificate = match damage {
            Some(Damage::ExpiredCertificate) => &self.expired,
            Some(Damage::WrongOrganisation) => &self.other_organisation,
            Some(Damage::UnknownCa) => &self.unknown_ca,
            _ => &self.genuine,
        };
        let base64 = folded(&STANDARD.encode(certificate));
        format!(
            "<wsse:BinarySecurityToken EncodingType=\"{BASE64_BINARY}\" ValueType=\"{X509V3}\" \
             wsu:Id=\"XWSSGID-{serial}0\">{base64}</wsse:BinarySecurityToken>"
        )
    }
}

fn body(prefixes: Prefixes, id: &str, content: &Tree) -> String {
    let name = prefixes.name("env:Body");
    let content = content.render(prefixes);
    format!("<{name} xmlns:wsu=\"{WSU}\" wsu:Id=\"{id}\">{content}</{name}>")
}

fn envelope(prefixes: Prefixes, header: &str, body: &str) -> String {
    let name = prefixes.name("env:Envelope");
    let declaration = prefixes.declaration("env", SOAP);
    let header_name = prefixes.name("env:Header");
    let header = if header.is_empty() {
        format!("<{header_name}/>")
    } else {
        format!("<{header_name}>{header}</{header_name}>")
    };
    format!("<{name}{declaration}>{header}{body}</{name}>")
}

fn security_header(prefixes: Prefixes, content: &str) -> String {
    let must_understand = prefixes.name("env:mustUnderstand");
    format!(
        "<wsse:Security xmlns:wsse=\"{WSSE}\" xmlns:wsu=\"{WSU}\" {must_understand}=\"0\">\
         {content}</wsse:Security>"
    )
}

fn signature(serial: u64, signed_info: &str, value: &str) -> String {
    format!(
        "<ds:Signature xmlns:ds=\"{DS}\" Id=\"XWSSGID-{serial}3\">{signed_info}\
         <ds:SignatureValue>{}</ds:SignatureValue><ds:KeyInfo><wsse:SecurityTokenReference>\
         <wsse:Reference URI=\"#XWSSGID-{serial}0\" ValueType=\"{X509V3}\"/>\
         </wsse:SecurityTokenReference></ds:KeyInfo></ds:Signature>",
        folded(value)
    )
}

/// Created now, to the second; nobody signs it.
fn timestamp(id: &str, now: Timestamp) -> String {
    let written = |instant: Timestamp| instant.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let expires = now.checked_add(LIFETIME).unwrap_or(now);
    format!(
        "<wsu:Timestamp wsu:Id=\"{id}\"><wsu:Created>{}</wsu:Created>\
         <wsu:Expires>{}</wsu:Expires></wsu:Timestamp>",
        written(now),
        written(expires)
    )
}

/// Lines of 76 characters, with the carriage return that Java's encoder leaves as a reference.
fn folded(base64: &str) -> String {
    let mut lines = String::with_capacity(base64.len() * 2);
    for (index, character) in base64.chars().enumerate() {
        if index > 0 && index % 76 == 0 {
            lines.push_str("&#13;\n");
        }
        lines.push(character);
    }
    lines
}
