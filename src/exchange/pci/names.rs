//! The namespaces and identifiers of the wire, each written once.

/// SOAP 1.1 envelope.
pub const SOAP: &str = "http://schemas.xmlsoap.org/soap/envelope/";
/// The operation: `procesa` and `procesaResponse`.
pub const OPEN: &str = "http://www.openuri.org/";
/// `Peticion` and everything generic below it.
pub const PETICION: &str = "http://gencat.net/scsp/esquemes/peticion";
/// `Respuesta` and everything generic below it.
pub const RESPUESTA: &str = "http://gencat.net/scsp/esquemes/respuesta";
/// `ExtensionesPeticion` and `ExtensionesRespuesta`.
pub const EXTENSIONS: &str = "http://www.aocat.net/scsp/esquemes/caoc-extensions";
/// `RespostaDiferida`: an answer the platform will only have later.
pub const DEFERRED: &str = "http://www.aocat.net/pci2/mti";

/// WS-Security 1.0 extensions.
pub const WSSE: &str =
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd";
/// WS-Security 1.0 utility: `Timestamp` and `wsu:Id`.
pub const WSU: &str =
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd";
/// XML Signature.
pub const DS: &str = "http://www.w3.org/2000/09/xmldsig#";
/// Exclusive XML Canonicalization 1.0, also the namespace of its `InclusiveNamespaces`.
pub const EXC_C14N: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";

/// How a `BinarySecurityToken` is written.
pub const BASE64_BINARY: &str = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary";
/// What a `BinarySecurityToken` holds: one certificate, not a path.
pub const X509_V3: &str =
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509v3";

/// `SOAPAction` of the one operation, with the quotes the header needs.
pub const SOAP_ACTION: &str = "\"http://www.openuri.org/procesa\"";

/// Namespace of the attribute `xml:id`.
pub const XML: &str = "http://www.w3.org/XML/1998/namespace";
