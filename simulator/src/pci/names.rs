//! Namespaces and algorithm names of the wire.

/// SOAP 1.1 envelope.
pub(crate) const SOAP: &str = "http://schemas.xmlsoap.org/soap/envelope/";
/// WS-Security header.
pub(crate) const WSSE: &str =
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd";
/// WS-Security ids and timestamps.
pub(crate) const WSU: &str =
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd";
/// XML signature.
pub(crate) const DS: &str = "http://www.w3.org/2000/09/xmldsig#";
/// Wrapper of the operation.
pub(crate) const OPEN: &str = "http://www.openuri.org/";
/// The generic request.
pub(crate) const PETICION: &str = "http://gencat.net/scsp/esquemes/peticion";
/// The generic answer.
pub(crate) const RESPUESTA: &str = "http://gencat.net/scsp/esquemes/respuesta";
/// Extensions that may come first inside `DatosEspecificos`.
pub(crate) const EXTENSIONS: &str = "http://www.aocat.net/scsp/esquemes/caoc-extensions";

/// Base64 encoding of a binary security token.
pub(crate) const BASE64_BINARY: &str = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary";
/// One X.509 certificate as a security token.
pub(crate) const X509V3: &str =
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509v3";
/// Exclusive canonicalisation without comments.
pub(crate) const EXC_C14N: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
