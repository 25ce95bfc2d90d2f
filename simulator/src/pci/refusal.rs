//! Refusals of the security front: SOAP faults, unsigned.

use super::names::SOAP;
use super::write::escape;

/// Why the front does not let a request through.
///
/// Only the number of [`Refusal::NoCertificate`] is publicly known. The others are counted from a
/// base that [`super::Options`] sets, so that no client can come to depend on them.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// Neither a signature nor a TLS certificate.
    #[error(
        "Error en el procés d'autorització. No s'ha pogut recuperar cap certificat de la petició."
    )]
    NoCertificate,
    /// More than 2 MB.
    #[error("La petició supera la mida màxima permesa.")]
    TooLarge,
    /// Not UTF-8, not well-formed, too deep, or with a document type.
    #[error("La petició no és un document XML admissible.")]
    NotXml,
    /// Not a SOAP 1.1 envelope with one header and one body.
    #[error("La petició no és un missatge SOAP 1.1.")]
    NotSoap,
    /// The body holds something else than one `procesa` with one `Peticion`.
    #[error("El cos de la petició no conté una única operació procesa.")]
    NotOneOperation,
    /// More than one security header, signature or token, or an incomplete one.
    #[error("La capçalera de seguretat no és vàlida.")]
    SecurityHeader,
    /// The token is not a single X.509 certificate, or the key is not referred to directly.
    #[error("La referència a la clau de signatura no és vàlida.")]
    KeyReference,
    /// An algorithm outside the configured set.
    #[error("L'algorisme de signatura no està permès.")]
    Algorithm,
    /// An id occurs twice, so nobody can say what was signed.
    #[error("Hi ha identificadors repetits a la petició.")]
    DuplicateId,
    /// The body is not what the signature covers.
    #[error("La signatura no cobreix el cos de la petició.")]
    Uncovered,
    /// The digest of a signed element does not match.
    #[error("La signatura no és vàlida: el resum no coincideix.")]
    Digest,
    /// The signature value does not match.
    #[error("La signatura no és vàlida.")]
    Signature,
    /// No timestamp, or not `...ssZ` or `...ss.SSSZ`.
    #[error("El segell de temps no té el format esperat.")]
    TimestampFormat,
    /// Created in the future, too old, expired, or valid for too long.
    #[error("El segell de temps no és vigent.")]
    TimestampWindow,
    /// Not a certificate.
    #[error("El certificat no es pot llegir.")]
    CertificateUnreadable,
    /// Before or after its validity.
    #[error("El certificat no és vigent.")]
    CertificateExpired,
    /// Not issued by a known authority.
    #[error("El certificat no prové d'una entitat de certificació reconeguda.")]
    CertificateUntrusted,
    /// The message does not have the structure of the schema.
    #[error("La petició no compleix l'esquema: {element}.")]
    Structure {
        /// The element at fault.
        element: String,
    },
    /// The requester's code is not registered.
    #[error("Error en el procés d'autorització. L'ens requeridor no està donat d'alta.")]
    UnknownRequester,
    /// The certificate is of another organisation.
    #[error("Error en el procés d'autorització. El certificat no correspon a l'ens requeridor.")]
    CertificateOfAnother,
    /// The requester may not ask this for this purpose.
    #[error("Error en el procés d'autorització. L'ens no està autoritzat a consumir el servei.")]
    NotAuthorised,
    /// A request does not repeat product, modality, requester or purpose of the petition.
    #[error("Les dades genèriques de la sol·licitud no coincideixen amb les de la petició.")]
    NotReplicated,
    /// No official with name and NIF.
    #[error("Cal informar el funcionari que fa la consulta.")]
    OfficialMissing,
}

impl Refusal {
    /// The number in `faultcode`.
    pub fn number(&self, base: u32) -> u32 {
        let place = match self {
            Self::NoCertificate => return 1013,
            Self::TooLarge => 1,
            Self::NotXml => 2,
            Self::NotSoap => 3,
            Self::NotOneOperation => 4,
            Self::SecurityHeader => 5,
            Self::KeyReference => 6,
            Self::Algorithm => 7,
            Self::DuplicateId => 8,
            Self::Uncovered => 9,
            Self::Digest => 10,
            Self::Signature => 11,
            Self::TimestampFormat => 12,
            Self::TimestampWindow => 13,
            Self::CertificateUnreadable => 14,
            Self::CertificateExpired => 15,
            Self::CertificateUntrusted => 16,
            Self::Structure { .. } => 17,
            Self::UnknownRequester => 18,
            Self::CertificateOfAnother => 19,
            Self::NotAuthorised => 20,
            Self::NotReplicated => 21,
            Self::OfficialMissing => 22,
        };
        base + place
    }
}

/// A fault in the shape of the live platform: a bare number as code, no namespace, no detail.
pub(super) fn fault(code: &str, text: &str) -> String {
    let (code, text) = (escape(code), escape(text));
    format!(
        "<?xml version='1.0' encoding='UTF-8'?><S:Envelope xmlns:S=\"{SOAP}\"><S:Body>\
         <S:Fault xmlns:ns4=\"http://www.w3.org/2003/05/soap-envelope\">\
         <faultcode>{code}</faultcode><faultstring>{text}</faultstring>\
         <faultactor>Server</faultactor></S:Fault></S:Body></S:Envelope>"
    )
}
