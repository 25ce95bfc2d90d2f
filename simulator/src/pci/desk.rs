//! What happens to a request, step by step; the first failure is the answer.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

use super::answer::Verdict;
use super::controls::{Knobs, PlatformError};
use super::names::{OPEN, PETICION, SOAP};
use super::products::Product;
use super::read::{Node, Parsed};
use super::refusal::Refusal;
use super::request::Request;
use super::security::{Policy, Signer};
use super::{Authorisation, MAXIMUM_BYTES};
use crate::population::Population;

/// The part of the platform that decides.
pub(super) struct Desk {
    pub(super) policy: Policy,
    pub(super) authorisations: Vec<Authorisation>,
    pub(super) population: Population,
    /// Requester and `IdPeticion` of everything that ever got this far.
    pub(super) seen: Mutex<HashSet<(String, String)>>,
}

/// The `Peticion` of an envelope that holds exactly one.
struct Message<'d> {
    envelope: Node<'d>,
    peticion: Node<'d>,
}

impl Desk {
    /// Takes the bytes through every step, and hands the request with its verdict to `write`.
    pub(super) fn handle<T>(
        &self,
        bytes: &[u8],
        now: Timestamp,
        knobs: &Knobs,
        write: impl FnOnce(&Request<'_>, &Verdict) -> T,
    ) -> Result<T, Refusal> {
        if bytes.len() > MAXIMUM_BYTES {
            return Err(Refusal::TooLarge);
        }
        let text = std::str::from_utf8(bytes).map_err(|_| Refusal::NotXml)?;
        let parsed = Parsed::new(text).ok_or(Refusal::NotXml)?;
        let message = message(&parsed)?;
        let signer = self.policy.verify(message.envelope, now)?;
        let request = Request::read(message.peticion)?;
        self.authorise(&request, &signer)?;
        let verdict = self.decide(&request, now, knobs);
        Ok(write(&request, &verdict))
    }

    fn authorise(&self, request: &Request<'_>, signer: &Signer) -> Result<(), Refusal> {
        let known = self
            .authorisations
            .iter()
            .find(|one| one.ine10 == request.requester);
        let body = known.ok_or(Refusal::UnknownRequester)?;
        if body.nif != signer.nif {
            return Err(Refusal::CertificateOfAnother);
        }
        let service = request.service();
        if body.finality != request.purpose || !body.products.contains(&service) {
            return Err(Refusal::NotAuthorised);
        }
        if !request.is_replicated() {
            return Err(Refusal::NotReplicated);
        }
        if !request.names_an_official() {
            return Err(Refusal::OfficialMissing);
        }
        Ok(())
    }

    /// The steps whose failures are answers, not faults.
    fn decide(&self, request: &Request<'_>, now: Timestamp, knobs: &Knobs) -> Verdict {
        if request.declared_count != request.submissions.len() {
            return Verdict::error(
                "0414",
                "El nombre d'elements no coincideix amb el de sol·licituds.",
            );
        }
        let ids: HashSet<_> = request.submissions.iter().map(|one| &one.id).collect();
        if ids.len() != request.submissions.len() {
            return Verdict::error("0419", "Hi ha identificadors de sol·licitud repetits.");
        }
        if request.submissions.len() != 1 {
            return Verdict::error(
                "0415",
                "Una petició síncrona només pot tenir una sol·licitud.",
            );
        }
        let key = (request.requester.clone(), request.id.clone());
        // From here on the id is spent, whatever happens next.
        let fresh = self
            .seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(key);
        if !fresh || knobs.platform_error == Some(PlatformError::Duplicate) {
            return Verdict::duplicate(&request.id);
        }
        match knobs.platform_error {
            Some(PlatformError::Generic) => return Verdict::generic_error(),
            Some(PlatformError::Pending) => return Verdict::error("0002", "En procés."),
            Some(PlatformError::Duplicate) | None => {}
        }
        match (
            Product::named(&request.service()),
            request.submissions.first(),
        ) {
            (Some(product), Some(submission)) => {
                let forced = knobs.product_code.as_deref();
                product.answer(submission, &self.population, now, forced)
            }
            _ => Verdict::error("0234", "No hi ha configuració per a la modalitat."),
        }
    }
}

/// SOAP 1.1, at most one header, one body, one `procesa`, one `Peticion`.
fn message(parsed: &Parsed) -> Result<Message<'_>, Refusal> {
    let envelope = parsed.root().filter(|root| root.is(SOAP, "Envelope"));
    let envelope = envelope.ok_or(Refusal::NotSoap)?;
    let body = envelope.only(SOAP, "Body").ok_or(Refusal::NotSoap)?;
    let known = |node: Node<'_>| node.is(SOAP, "Header") || node.is(SOAP, "Body");
    if envelope.named(SOAP, "Header").count() > 1 || !envelope.elements().all(known) {
        return Err(Refusal::NotSoap);
    }
    let peticion = only_child(body)
        .filter(|operation| operation.is(OPEN, "procesa"))
        .and_then(only_child)
        .filter(|root| root.is(PETICION, "Peticion"))
        .ok_or(Refusal::NotOneOperation)?;
    Ok(Message { envelope, peticion })
}

fn only_child(node: Node<'_>) -> Option<Node<'_>> {
    let mut children = node.elements();
    let first = children.next()?;
    children.next().is_none().then_some(first)
}
