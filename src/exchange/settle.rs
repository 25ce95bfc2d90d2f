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
    let details = details(&asked);
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
