//! The product adapters: what each issuer answers about a person.

mod aeat;
mod dgp;
mod padro;
mod tgss;

use jiff::Timestamp;

use super::answer::Verdict;
use super::read::Node;
use super::request::{Holder, Submission};
use crate::population::{Issuer, Outage, Person, Population};

/// The products the platform offers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Product {
    Income { detailed: bool },
    InWork,
    Identity,
    HouseholdSize,
    Cohabitants,
}

/// One question to an issuer.
struct Question<'a> {
    population: &'a Population,
    holder: Option<&'a Holder>,
    payload: Option<Node<'a>>,
    now: Timestamp,
    /// The result code to answer, whatever the facts.
    forced: Option<&'a str>,
}

impl Product {
    /// By `CodigoProducto/CodigoCertificado`.
    pub(super) fn named(service: &str) -> Option<Self> {
        Some(match service {
            "AEAT_IRPF/C4" => Self::Income { detailed: true },
            "AEAT_IRPF/C2" => Self::Income { detailed: false },
            "SCSP_TGSS/Q2827003ATGSS006" => Self::InWork,
            "DGP_IDENTITAT/IDENTITAT_DADES" => Self::Identity,
            "PADRO/NUMERO_CONVIVENTS" => Self::HouseholdSize,
            "PADRO/VALIDACIO_CONVIVENTS" => Self::Cohabitants,
            _ => return None,
        })
    }

    fn issuer(self) -> Issuer {
        match self {
            Self::Income { .. } => Issuer::Aeat,
            Self::InWork => Issuer::Tgss,
            Self::Identity => Issuer::Dgp,
            Self::Cohabitants | Self::HouseholdSize => Issuer::Padro,
        }
    }

    /// Answers one submission; `forced` replaces the result code and the data with it.
    pub(super) fn answer(
        self,
        submission: &Submission<'_>,
        population: &Population,
        now: Timestamp,
        forced: Option<&str>,
    ) -> Verdict {
        let mut question = Question {
            population,
            holder: submission.holder.as_ref(),
            payload: submission.payload,
            now,
            forced,
        };
        let asked = match self {
            Self::Cohabitants => padro::reference(submission.payload),
            Self::HouseholdSize => padro::document(submission.payload),
            _ => question.holder.map(|holder| holder.document.clone()),
        };
        let person = asked
            .as_deref()
            .and_then(|document| population.person(document));
        match person.and_then(|person| person.down.get(&self.issuer())) {
            Some(Outage::Platform) => return Verdict::generic_error(),
            Some(Outage::Issuer) => {
                question.forced = question.forced.or(Some(self.failure()));
            }
            None => {}
        }
        match self {
            Self::Income { detailed } => aeat::answer(&question, person, detailed),
            Self::InWork => tgss::answer(&question, person),
            Self::Identity => dgp::answer(&question, person),
            Self::Cohabitants => padro::together(&question, person),
            Self::HouseholdSize => padro::answer(&question, person),
        }
    }

    /// The issuer's own code for "system error".
    fn failure(self) -> &'static str {
        match self {
            Self::Cohabitants | Self::HouseholdSize => "3",
            _ => "0502",
        }
    }
}

/// The message does not have the structure the product demands.
fn malformed(what: &str) -> Verdict {
    Verdict::error("0401", format!("La petició no compleix l'esquema: {what}."))
}

/// `Titular`, if its document is of one of these kinds; else the element at fault.
fn holder<'a>(question: &Question<'a>, kinds: &[&str]) -> Result<&'a Holder, &'static str> {
    let holder = question.holder.ok_or("Titular")?;
    if kinds.contains(&holder.kind.as_str()) {
        Ok(holder)
    } else {
        Err("TipoDocumentacion")
    }
}

/// The text of the only child of this name.
fn value(node: Node<'_>, namespace: &str, name: &str) -> Option<String> {
    node.only(namespace, name).map(Node::text)
}

/// Capitals, as registers write names.
fn capitals(person: &Person) -> (String, String, String) {
    let second = person.surname2.as_deref().unwrap_or_default();
    (
        person.given_name.to_uppercase(),
        person.surname1.to_uppercase(),
        second.to_uppercase(),
    )
}
