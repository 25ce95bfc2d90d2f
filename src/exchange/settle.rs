//! What came of asking: what the log records of it, and what the profile gets.

use serde_json::{Map, Value, json};

use super::ask::Attempt;
use super::pci::{Asked, Class as PciClass, PciError, Reply, TransportError};
use crate::citizen::ExchangeId;
use crate::consent::{Outcome, OutcomeResult};
use crate::products::{self, Answer, Class, Product, Question};
use crate::profile::{GapReason, Provenance, Reference};

/// What a source said.
enum Said {
    /// Something that can be used, if only that nothing is recorded.
    Answer(Answer),
    /// Nothing of use.
    Nothing(Silence),
}

/// Why there is nothing of use.
struct Silence {
    result: OutcomeResult,
    gap: GapReason,
    /// Stable code for the job.
    code: String,
    /// Code for the log: the service's own where it gave one.
    recorded: String,
    /// The request never left and may be made again at once.
    never_left: bool,
}

/// Reads the answer, if there is one. Pure, and quick: the database waits for it.
pub(super) fn settle(
    asked: Asked,
    product: &Product,
    question: &Question,
    exchange: ExchangeId,
) -> (Outcome, Attempt) {
    let (at, answer_sha256) = (asked.at, asked.answer_sha256);
    let mut details = details(&asked);
    let unlisted = unlisted(&asked.result, product);
    if unlisted > 0 {
        // A count and nothing else: what those elements are called and say is foreign (CON-03).
        tracing::warn!(product.code = %product.code, unlisted, "more was answered than is listed");
        details.insert("unlisted_elements".to_owned(), json!(unlisted));
    }
    let outcome = |result, code: &str| Outcome {
        result,
        code: Some(code.to_owned()),
        answer_sha256,
        details,
    };
    match said(asked.result, product, question) {
        Said::Nothing(silence) => {
            let attempt = Attempt::Failed {
                gap: silence.gap,
                code: silence.code,
                exchange: Some(exchange),
                never_left: silence.never_left,
            };
            (outcome(silence.result, &silence.recorded), attempt)
        }
        Said::Answer(answer) => {
            let result = match answer.class() {
                Class::Data => OutcomeResult::Ok,
                // Declining to say is an answer about the person, and the profile tells it.
                _ => OutcomeResult::NoData,
            };
            let outcome = outcome(result, answer.code());
            let provenance = Provenance {
                product: product.code.clone(),
                source: product.source.clone(),
                exchange,
                obtained_at: at,
                reference: reference(&answer, question),
                issuer_reference: issuer_reference(&answer),
            };
            (outcome, Attempt::Answered { answer, provenance })
        }
    }
}

fn said(result: Result<Reply, PciError>, product: &Product, question: &Question) -> Said {
    let finished = match result {
        Ok(Reply::Finished(finished)) => finished,
        Ok(Reply::Failed(failure)) => {
            return Said::Nothing(Silence::of(OutcomeResult::Error, failure.code()));
        }
        // A synchronous product must not answer "later"; nothing here would ever collect it.
        Ok(Reply::Pending { .. }) => {
            let code = "PCI-PENDING".to_owned();
            return Said::Nothing(Silence::of(OutcomeResult::Error, code));
        }
        Err(error) => {
            let never_left = !error.sent();
            let silence = Silence::of(kind(&error), error.code());
            return Said::Nothing(Silence {
                never_left,
                ..silence
            });
        }
    };
    match products::decode(product.kind, question, finished.specific_data.as_ref()) {
        Err(error) => {
            tracing::warn!(product.code = %product.code, %error, "unreadable answer");
            let code = "ANSWER-UNREADABLE".to_owned();
            Said::Nothing(Silence {
                gap: GapReason::CannotTell,
                ..Silence::of(OutcomeResult::Error, code)
            })
        }
        Ok(answer) if answer.class() == Class::IssuerUnavailable => Said::Nothing(Silence {
            code: format!("ISSUER-{}", answer.code()),
            ..Silence::of(OutcomeResult::Error, answer.code().to_owned())
        }),
        Ok(answer) => Said::Answer(answer),
    }
}

impl Silence {
    /// Of a source that did not answer, until something closer is known.
    fn of(result: OutcomeResult, code: String) -> Self {
        Self {
            result,
            gap: GapReason::NotAnswering,
            recorded: code.clone(),
            code,
            never_left: false,
        }
    }
}

/// What the log calls a failure of the platform or of the way there.
fn kind(error: &PciError) -> OutcomeResult {
    match error {
        PciError::Transport(TransportError::TimedOut) => OutcomeResult::Timeout,
        PciError::Fault(fault) if fault.class == PciClass::Permanent => OutcomeResult::Denied,
        _ => OutcomeResult::Error,
    }
}

/// Elements of an answer that its service does not list. They are dropped, and counted.
fn unlisted(result: &Result<Reply, PciError>, product: &Product) -> usize {
    let Ok(Reply::Finished(finished)) = result else {
        return 0;
    };
    let data = finished.specific_data.as_ref();
    data.map_or(0, |data| products::unlisted(product.kind, data))
}

/// What moment an answer speaks of.
fn reference(answer: &Answer, question: &Question) -> Reference {
    match answer {
        Answer::Income(income) => Reference::FiscalYear(income.fiscal_year),
        Answer::InWork(work) => Reference::Date(work.on),
        Answer::Cohabitants(_) | Answer::HouseholdSize(_) | Answer::Identity(_) => {
            Reference::Date(question.on)
        }
    }
}

fn issuer_reference(answer: &Answer) -> Option<String> {
    match answer {
        Answer::Income(income) => income.reference.clone(),
        Answer::Cohabitants(_)
        | Answer::HouseholdSize(_)
        | Answer::Identity(_)
        | Answer::InWork(_) => None,
    }
}

/// What the outcome records besides its own columns.
fn details(asked: &Asked) -> Map<String, Value> {
    let evidence = asked.evidence.as_ref();
    [
        ("http_status", json!(asked.status)),
        ("received_at", json!(asked.at)),
        ("evidence", json!(evidence)),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect()
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::super::pci::Finished;
    use super::*;
    use crate::products::testing::{MARTA, fixture, question, specific_data};
    use crate::products::{Catalogue, ProductKind};

    /// A marker that no code of ours writes.
    const STRANGE: &str = "ESTRANY-77777777B";

    fn asked(payload: &str) -> Asked {
        Asked {
            request_id: "prova-1".parse().unwrap(),
            request_sha256: [1; 32],
            signer_serial: "01".to_owned(),
            status: Some(200),
            answer_sha256: Some([2; 32]),
            evidence: None,
            at: Timestamp::UNIX_EPOCH,
            result: Ok(Reply::Finished(Box::new(Finished {
                specific_data: Some(specific_data(payload)),
                issuer_transmission_id: None,
                generated: None,
                timestamp: None,
            }))),
        }
    }

    fn settled(payload: &str) -> (Outcome, Attempt) {
        let catalogue = Catalogue::parse(include_str!("../../config/products.toml")).unwrap();
        let mut products = catalogue.products();
        let product = products.find(|product| product.kind == ProductKind::PadroHouseholdSize);
        let exchange = "018f0000-0000-4000-8000-000000000001".parse().unwrap();
        settle(asked(payload), product.unwrap(), &question(MARTA), exchange)
    }

    #[test]
    fn con_03_an_element_nobody_lists_is_counted_and_its_name_and_value_appear_nowhere() {
        let payload = fixture("padro_household_size", "registered");
        let (outcome, _) = settled(&payload);
        assert_eq!(outcome.details.get("unlisted_elements"), None);

        let close = payload.rfind("</").unwrap();
        let more = format!("<x:{STRANGE} xmlns:x='urn:x'><x:b>{STRANGE}</x:b></x:{STRANGE}>");
        let payload = format!("{}{more}<p:Nou/>{}", &payload[..close], &payload[close..]);
        let (outcome, attempt) = settled(&payload);
        assert_eq!(outcome.details["unlisted_elements"], 2);
        assert_eq!(outcome.result, OutcomeResult::Ok);
        let Attempt::Answered { answer, .. } = attempt else {
            panic!("an element nobody lists does not spoil an answer");
        };
        let kept = serde_json::to_string(&answer).unwrap();
        let recorded = json!([outcome.details, outcome.code]).to_string();
        assert!(!kept.contains(STRANGE) && !recorded.contains(STRANGE));
    }
}
