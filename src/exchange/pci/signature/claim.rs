//! What a security header claims, and whether it is so.

use std::collections::BTreeSet;

use bergshamra_dsig::{DsigContext, VerifyResult};
use bergshamra_keys::KeysManager;
use jiff::Timestamp;
use uppsala::{Document, NodeId};

use super::super::names::{BASE64_BINARY, DS, EXC_C14N, SOAP, WSSE, WSU, X509_V3, XML};
use super::super::platform::PlatformProfile;
use super::algorithm::{DigestAlgorithm, SignatureAlgorithm};
use super::certificate::{SealCertificate, TrustRoots};
use super::defect::{Algorithm, SignatureError};
use super::from_base64;
use super::timestamp::{TimestampDefect, Window};
use super::verify::{Envelope, Evidence, Part, Timing, canonical};

/// What a header claims: that the holder of this token signed this Body. Each part found once.
pub(super) struct Claim<'a> {
    document: &'a Document<'a>,
    body: NodeId,
    signature: NodeId,
    signed_info: NodeId,
    token: NodeId,
    timestamp: Option<NodeId>,
}

/// A `ds:Reference` whose shape is known to be the agreed one.
struct Reference<'a> {
    part: Part,
    target: NodeId,
    digest: DigestAlgorithm,
    value: Vec<u8>,
    prefixes: Vec<&'a str>,
}

impl<'a> Claim<'a> {
    /// Finds each part, where it has to stand.
    pub(super) fn find(envelope: &Envelope<'a>) -> Result<Self, SignatureError> {
        let document = envelope.document;
        let security = match envelope.security[..] {
            [] => return Err(SignatureError::Missing),
            [security] => security,
            _ => return Err(SignatureError::Ambiguous("Security")),
        };
        let signature = only(document, security, DS, "Signature")?;
        Ok(Self {
            document,
            body: envelope.body,
            signature,
            signed_info: only(document, signature, DS, "SignedInfo")?,
            token: only(document, security, WSSE, "BinarySecurityToken")?,
            timestamp: at_most_one(document, security, WSU, "Timestamp")?,
        })
    }

    /// Checks the claim, and returns the very bytes it covers as Body. The order matters: what
    /// costs little and forges easily is refused first.
    pub(super) fn check(
        &self,
        profile: &PlatformProfile,
        roots: &TrustRoots,
        now: Timestamp,
    ) -> Result<(Vec<u8>, Evidence), SignatureError> {
        self.check_identifiers()?;
        let algorithm = self.algorithm(profile)?;
        let references = self.references(profile)?;
        let body = references
            .iter()
            .find(|reference| reference.part == Part::Body)
            .ok_or(SignatureError::BodyNotCovered)?;
        self.check_key_reference()?;
        let certificate = self.certificate()?;
        certificate.check(roots, now)?;
        let mut signed_body = Vec::new();
        for reference in &references {
            let bytes = self.covered_bytes(reference)?;
            if reference.part == Part::Body {
                signed_body = bytes;
            }
        }
        self.check_value(&certificate, body.target)?;
        let window = self.window(profile)?;
        window.check(now, profile)?;
        let evidence = Evidence::Signed {
            algorithm,
            digest: body.digest,
            covered: references.iter().map(|reference| reference.part).collect(),
            signer: Box::new(certificate.signer),
            timing: Timing {
                created: window.created,
                expires: window.expires,
            },
        };
        Ok((signed_body, evidence))
    }

    /// The canonical bytes of a referenced part, when their digest is the one that was signed.
    fn covered_bytes(&self, reference: &Reference<'_>) -> Result<Vec<u8>, SignatureError> {
        let bytes = canonical(self.document, reference.target, &reference.prefixes)?;
        if reference.digest.of(&bytes).as_ref() == reference.value {
            Ok(bytes)
        } else {
            Err(SignatureError::Digest(reference.part.as_str()))
        }
    }

    /// No two elements may share an identifier, whichever attribute carries it.
    fn check_identifiers(&self) -> Result<(), SignatureError> {
        let mut seen = BTreeSet::new();
        for node in self.document.descendants(self.document.root()) {
            let Some(element) = self.document.element(node) else {
                continue;
            };
            for attribute in &element.attributes {
                let identifies = match &*attribute.name.local_name {
                    "Id" | "ID" | "AssertionID" => true,
                    "id" => matches!(attribute.name.namespace_uri.as_deref(), None | Some(XML)),
                    _ => false,
                };
                if identifies && !seen.insert(&*attribute.value) {
                    return Err(SignatureError::DuplicateId);
                }
            }
        }
        Ok(())
    }

    fn algorithm(&self, profile: &PlatformProfile) -> Result<SignatureAlgorithm, SignatureError> {
        let uri = self.method(self.signed_info, "CanonicalizationMethod")?;
        if uri != EXC_C14N {
            return Err(SignatureError::Algorithm(Algorithm::Canonicalization));
        }
        let uri = self.method(self.signed_info, "SignatureMethod")?;
        SignatureAlgorithm::from_uri(uri)
            .filter(|algorithm| profile.accepts(*algorithm))
            .ok_or(SignatureError::Algorithm(Algorithm::Signature))
    }

    fn references(&self, profile: &PlatformProfile) -> Result<Vec<Reference<'_>>, SignatureError> {
        let mut references: Vec<Reference<'_>> = Vec::new();
        for node in self
            .document
            .child_elements_by_name_ns(self.signed_info, DS, "Reference")
        {
            let reference = self.reference(node, profile)?;
            if references.iter().any(|other| other.part == reference.part) {
                return Err(SignatureError::Ambiguous("Reference"));
            }
            references.push(reference);
        }
        Ok(references)
    }

    fn reference(
        &self,
        node: NodeId,
        profile: &PlatformProfile,
    ) -> Result<Reference<'_>, SignatureError> {
        let id = self
            .document
            .get_attribute(node, "URI")
            .and_then(|uri| uri.strip_prefix('#'))
            .filter(|id| !id.is_empty())
            .ok_or(SignatureError::Reference)?;
        let (part, target) = self.part(id)?;
        let transforms = self.only(node, DS, "Transforms")?;
        let transform = self.only(transforms, DS, "Transform")?;
        if self.document.get_attribute(transform, "Algorithm") != Some(EXC_C14N) {
            return Err(SignatureError::Algorithm(Algorithm::Transform));
        }
        let digest = DigestAlgorithm::from_uri(self.method(node, "DigestMethod")?)
            .filter(|digest| profile.accepts_digest(*digest))
            .ok_or(SignatureError::Algorithm(Algorithm::Digest))?;
        let value = self.only(node, DS, "DigestValue")?;
        Ok(Reference {
            part,
            target,
            digest,
            value: from_base64(&self.document.text_content_deep(value))
                .ok_or(SignatureError::Shape("DigestValue"))?,
            prefixes: self.inclusive_prefixes(transform)?,
        })
    }

    /// The part of the message an identifier means: by where the part stands, so that an element
    /// moved elsewhere is not mistaken for it.
    fn part(&self, id: &str) -> Result<(Part, NodeId), SignatureError> {
        let known = [
            (Part::Body, Some(self.body)),
            (Part::Timestamp, self.timestamp),
            (Part::Token, Some(self.token)),
        ];
        for (part, node) in known {
            if let Some(node) = node
                && self.document.get_attribute_ns(node, WSU, "Id") == Some(id)
            {
                return Ok((part, node));
            }
        }
        let moved = self
            .document
            .get_elements_by_tag_name_ns(SOAP, "Body")
            .into_iter()
            .any(|body| self.document.get_attribute(body, "Id") == Some(id));
        Err(if moved {
            SignatureError::WrappedBody
        } else {
            SignatureError::Reference
        })
    }

    /// `InclusiveNamespaces/@PrefixList`, where the other side uses it.
    fn inclusive_prefixes(&self, transform: NodeId) -> Result<Vec<&str>, SignatureError> {
        let list = at_most_one(self.document, transform, EXC_C14N, "InclusiveNamespaces")?;
        Ok(list
            .and_then(|list| self.document.get_attribute(list, "PrefixList"))
            .map(|prefixes| prefixes.split_whitespace().collect())
            .unwrap_or_default())
    }

    /// `KeyInfo/SecurityTokenReference/Reference` must point at the one token of this header.
    fn check_key_reference(&self) -> Result<(), SignatureError> {
        let key_info = self.only(self.signature, DS, "KeyInfo")?;
        let by_token = self.only(key_info, WSSE, "SecurityTokenReference")?;
        let reference = self.only(by_token, WSSE, "Reference")?;
        let target = self
            .document
            .get_attribute(reference, "URI")
            .and_then(|uri| uri.strip_prefix('#'));
        let token = self.document.get_attribute_ns(self.token, WSU, "Id");
        let value_type = self.document.get_attribute(reference, "ValueType");
        if token.is_none() || target != token || value_type.is_some_and(|kind| kind != X509_V3) {
            return Err(SignatureError::KeyReference);
        }
        Ok(())
    }

    fn certificate(&self) -> Result<SealCertificate, SignatureError> {
        let attribute = |name| self.document.get_attribute(self.token, name);
        if attribute("ValueType") != Some(X509_V3)
            || attribute("EncodingType").is_some_and(|kind| kind != BASE64_BINARY)
        {
            return Err(SignatureError::Certificate);
        }
        let der = from_base64(&self.document.text_content_deep(self.token))
            .ok_or(SignatureError::Certificate)?;
        SealCertificate::read(&der)
    }

    /// The signature value, by the key of the certificate and no other; and the signature that was
    /// verified must be ours, over the Body we found.
    fn check_value(
        &self,
        certificate: &SealCertificate,
        body: NodeId,
    ) -> Result<(), SignatureError> {
        let key = bergshamra_keys::loader::load_x509_cert_der(certificate.der())
            .map_err(|_| SignatureError::Key)?;
        let mut keys = KeysManager::new();
        keys.add_key(key);
        // Its strict mode refuses every SOAP Body, which is no sibling of the signature; position
        // is checked here instead.
        let context = DsigContext::new(keys).with_strict_verification(false);
        let verified = bergshamra_dsig::verify::verify_document(&context, self.document)
            .map_err(|_| SignatureError::Value)?;
        let VerifyResult::Valid {
            signature_node,
            references,
            ..
        } = verified
        else {
            return Err(SignatureError::Value);
        };
        if signature_node != self.signature {
            return Err(SignatureError::Ambiguous("Signature"));
        }
        let covers_body = references
            .iter()
            .any(|reference| reference.digest_verified && reference.resolved_node == Some(body));
        if covers_body {
            Ok(())
        } else {
            Err(SignatureError::WrappedBody)
        }
    }

    fn window(&self, profile: &PlatformProfile) -> Result<Window, SignatureError> {
        let timestamp = self.timestamp.ok_or(TimestampDefect::Missing)?;
        let text = |name| -> Result<Option<String>, SignatureError> {
            let node = at_most_one(self.document, timestamp, WSU, name)?;
            Ok(node.map(|node| self.document.text_content_deep(node)))
        };
        let created = text("Created")?.ok_or(TimestampDefect::Missing)?;
        Window::read(&created, text("Expires")?.as_deref(), profile)
    }

    /// The `Algorithm` of the only child of that name.
    fn method(&self, parent: NodeId, name: &'static str) -> Result<&str, SignatureError> {
        let node = self.only(parent, DS, name)?;
        self.document
            .get_attribute(node, "Algorithm")
            .ok_or(SignatureError::Shape(name))
    }

    fn only(
        &self,
        parent: NodeId,
        namespace: &str,
        name: &'static str,
    ) -> Result<NodeId, SignatureError> {
        only(self.document, parent, namespace, name)
    }
}

fn only(
    document: &Document<'_>,
    parent: NodeId,
    namespace: &str,
    name: &'static str,
) -> Result<NodeId, SignatureError> {
    at_most_one(document, parent, namespace, name)?.ok_or(SignatureError::Shape(name))
}

fn at_most_one(
    document: &Document<'_>,
    parent: NodeId,
    namespace: &str,
    name: &'static str,
) -> Result<Option<NodeId>, SignatureError> {
    match document.child_elements_by_name_ns(parent, namespace, name)[..] {
        [] => Ok(None),
        [only] => Ok(Some(only)),
        _ => Err(SignatureError::Ambiguous(name)),
    }
}
