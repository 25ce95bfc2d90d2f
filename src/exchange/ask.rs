//! One product asked once: prepare, gate, send, close, read.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use jiff::civil::Date;
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use super::body::Body;
use super::pci::{
    Authority, CanonicalFragment, DocumentType, Holder, Issuer, Prepared, Request, Text,
    WireConsent, WireIds,
};
use super::progress::NOT_RECORDED;
use super::progress::Tell;
use super::settle::settle;
use super::turns::Waiting;
use super::view::SourceState;
use super::{Inner, Running};
use crate::citizen::{ExchangeId, FiscalYear};
use crate::clock::madrid;
use crate::consent::{About, Ask, Beneficiaries, GateError, Refusal, Use};
use crate::products::{self, Answer, Product, Question};
use crate::profile::{GapReason, Provenance};
use crate::store::keyring::{KeyringError, RetentionClass};

/// Code of a permission that allows no more requests for now.
pub(super) const EXHAUSTED: &str = "consent-exhausted";

/// How long asking may be tried again, and why it ended.
#[derive(Debug)]
pub(super) enum Attempt {
    /// An answer was read and recorded as used.
    Answered {
        answer: Answer,
        provenance: Provenance,
    },
    /// The permission ended while the source was being asked; the answer was dropped unread.
    Discarded,
    /// No usable answer.
    Failed {
        gap: GapReason,
        /// Stable code for the job and the log.
        code: String,
        /// The exchange that failed, if one was begun; a retry refers to it.
        exchange: Option<ExchangeId>,
        /// The request never left and may be made again at once.
        never_left: bool,
    },
}

impl Inner {
    /// Asks a source for one product. Every call is a new intent with a new `IdPeticion`.
    pub(super) async fn ask(
        &self,
        job: &Running,
        product: &Product,
        year: Option<FiscalYear>,
        retry_of: Option<ExchangeId>,
        tell: &Tell,
    ) -> Attempt {
        let waiting = Waiting {
            source: &product.source,
            body: &job.body.id,
            product: &product.code,
            job: job.id,
        };
        // The turn comes before the gate: the two seconds of the proof are for sending, not waiting.
        let turn = self.turns.turn(waiting, || self.jobs.tell(job.id)).await;
        tell.that(&product.code, SourceState::Asking.into());
        let attempt = if self.jobs.runs(job.id).await.unwrap_or(true) {
            self.attempt(job, product, year, retry_of).await
        } else {
            // Ended by another process while this one was away: it asks nothing more.
            Attempt::failed(GapReason::CannotTell, "interrupted")
        };
        turn.end().await;
        attempt
    }

    async fn attempt(
        &self,
        job: &Running,
        product: &Product,
        year: Option<FiscalYear>,
        retry_of: Option<ExchangeId>,
    ) -> Attempt {
        let question = self.question(job, product, year);
        let prepared = match self.prepare(job, product, &question) {
            Ok(prepared) => prepared,
            Err(gap) => return Attempt::failed(gap, gap.as_str()),
        };
        let Ok(officer) = self.sealed_officer(job, &prepared).await else {
            return Attempt::failed(GapReason::NotAnswering, NOT_RECORDED);
        };
        let ask = Ask {
            subject: job.subject,
            body: job.body.id.clone(),
            purpose: job.purpose.clone(),
            product: product.code.clone(),
            about: question.fiscal_year.map_or(About::Now, About::FiscalYear),
            job: Some(job.id),
            request_id: prepared.request_id().to_string(),
            request_sha256: prepared.request_sha256(),
            details: details(self.actor(job), &job.body, &officer, &prepared, &question),
            retry_of,
        };
        let opened = match self.gate.open(ask).await {
            Ok(opened) => opened,
            Err(refusal) => return Attempt::refused(&refusal),
        };
        let exchange = opened.exchange.id();
        let asked = self
            .platform
            .ask(Authority::Consent(opened.proof), prepared)
            .await;

        let at = asked.at;
        let mut attempt = None;
        let closed = if let Some(answer_sha256) = asked.answered() {
            // Decoding happens inside the closing transaction, and only if the consent still stands.
            let read = || {
                let (outcome, read) = settle(asked, product, &question, exchange);
                attempt = Some(read);
                outcome
            };
            self.gate.read(opened.exchange, answer_sha256, read).await
        } else {
            let (outcome, failed) = settle(asked, product, &question, exchange);
            attempt = Some(failed);
            self.gate.close(opened.exchange, outcome).await
        };
        match closed {
            Ok(Use::Discarded) => Attempt::Discarded,
            Ok(Use::Allowed | Use::Nothing) => {
                attempt.unwrap_or_else(|| Attempt::failed(GapReason::CannotTell, "unread"))
            }
            Err(error) => {
                report(&error, exchange, at);
                Attempt::failed(GapReason::NotAnswering, NOT_RECORDED)
            }
        }
    }

    /// Who is answerable for the question, under the service's own key: the person whose entry it is
    /// in can prove it and see the unit and the role, not the name (VIEW-05, C-579/21).
    async fn sealed_officer(
        &self,
        job: &Running,
        prepared: &Prepared,
    ) -> Result<String, KeyringError> {
        let officer = &job.body.officer;
        let officer = json!({"name": officer.name.as_str(), "nif": officer.nif.reveal()});
        let place = officer_place(&prepared.request_id().to_string());
        let bytes = Zeroizing::new(officer.to_string());
        let class = RetentionClass::Evidence;
        let sealed = self.keyring.seal(None, class, &place, bytes.as_bytes());
        match sealed.await {
            Ok(sealed) => Ok(BASE64_STANDARD.encode(sealed)),
            Err(error) => {
                tracing::error!(%error, "an intent cannot be written");
                Err(error)
            }
        }
    }

    /// What is asked, in the terms of the service. Days are Madrid's.
    fn question(&self, job: &Running, product: &Product, year: Option<FiscalYear>) -> Question {
        Question {
            holder: job.person.clone(),
            case_file: job.case_file.clone(),
            fiscal_year: year.filter(|_| product.kind.needs_fiscal_year()),
            on: self.today(),
            municipality: job.body.municipality.clone(),
            // A job is about one person: who else agreed to be named, it does not know.
            cohabitants: Vec::new(),
        }
    }

    /// Today where the platform is.
    pub(super) fn today(&self) -> Date {
        self.world.now().to_zoned(madrid()).date()
    }

    /// Who had this asked: the person themself, or somebody of their household, which does not say
    /// who (HH-04).
    fn actor(&self, job: &Running) -> &'static str {
        let purpose = self.terms.purposes.get(&job.purpose);
        match purpose.map(|purpose| purpose.beneficiary) {
            Some(Beneficiaries::Household) => "household",
            Some(Beneficiaries::Person) | None => "citizen_self",
        }
    }

    /// Writes and signs the message. Nothing leaves.
    fn prepare(
        &self,
        job: &Running,
        product: &Product,
        question: &Question,
    ) -> Result<Prepared, GapReason> {
        let payload = products::encode(product.kind, question)?;
        let holder = products::holder(product.kind, question)?;
        let unwritable = |_| GapReason::NotAskable;
        let source = self
            .catalogue
            .source(&product.source)
            .ok_or(GapReason::NotAskable)?;
        let request = Request {
            ids: WireIds::fresh(&job.body.requester.code, &self.world),
            at: self.world.now(),
            product: product.code.clone(),
            requester: job.body.requester.clone(),
            authorisation: job.body.authorisation.clone(),
            consent: WireConsent::GIVEN,
            officer: job.body.officer.clone(),
            issuer: Issuer {
                nif: Text::new(&source.issuer_nif).map_err(unwritable)?,
                name: Text::new(&source.issuer_name).map_err(unwritable)?,
            },
            holder: holder.map(titular).transpose()?,
            case_file: Text::new(&job.case_file).ok(),
            evidence: false,
            specific_data: payload
                .map(CanonicalFragment::new)
                .transpose()
                .map_err(|_| GapReason::NotAskable)?,
        };
        self.platform
            .prepare(&request, &job.body.identity)
            .map_err(|_| GapReason::NotAskable)
    }
}

impl Attempt {
    fn failed(gap: GapReason, code: &str) -> Self {
        Self::Failed {
            gap,
            code: code.to_owned(),
            exchange: None,
            never_left: false,
        }
    }

    /// The gate stayed shut: nothing was asked.
    fn refused(refusal: &Refusal) -> Self {
        match refusal {
            Refusal::Blocked => Self::failed(GapReason::NotAvailableByChoice, "blocked"),
            Refusal::ConsentRequired { .. } | Refusal::ReconsentRequired { .. } => {
                Self::failed(GapReason::NotAvailableByChoice, "consent-required")
            }
            Refusal::Expired { .. } => Self::failed(GapReason::Expired, "consent-expired"),
            Refusal::Exhausted { .. } => Self::failed(GapReason::NotAskable, EXHAUSTED),
            Refusal::OutsidePeriod { .. } => Self::failed(GapReason::NotAskable, "outside-period"),
            Refusal::RevokedInFlight => Self::Discarded,
            Refusal::NotAllowed => Self::failed(GapReason::NotAskable, "not-allowed"),
            Refusal::Contended | Refusal::RequestIdReused => {
                Self::failed(GapReason::NotAnswering, "contended")
            }
            Refusal::Log(_) | Refusal::LogUnavailable(_) | Refusal::Store(_) => {
                tracing::error!(error = %refusal, "the gate cannot record");
                Self::failed(GapReason::NotAnswering, NOT_RECORDED)
            }
        }
    }
}

/// Where an intent's sealed officer lies, to which the ciphertext is bound.
pub(crate) fn officer_place(request_id: &str) -> String {
    format!("officer/{request_id}")
}

/// What the intent records besides its own columns. Encrypted, so it may be complete.
fn details(
    actor: &str,
    body: &Body,
    officer: &str,
    prepared: &Prepared,
    question: &Question,
) -> Map<String, Value> {
    let unit = body.requester.name.as_str();
    let officer = json!({"unit": unit, "role": "answerable", "sealed": officer});
    [
        ("actor_kind", json!(actor)),
        ("requester", json!(body.requester.code)),
        ("authorisation", json!(body.authorisation.code())),
        ("wire_consent", json!(WireConsent::GIVEN.get().as_str())),
        ("officer", officer),
        ("signer_serial", json!(prepared.signer().serial)),
        (
            "holder",
            json!(
                question
                    .holder
                    .document
                    .nif()
                    .map(crate::citizen::Nif::reveal)
            ),
        ),
        ("fiscal_year", json!(question.fiscal_year)),
        ("on", json!(question.on)),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect()
}

/// The product's view of the person as the wire wants it.
fn titular(holder: products::Holder) -> Result<Holder, GapReason> {
    let fit = |_| GapReason::NotAskable;
    let name = |part: Option<String>| part.map(|part| Text::new(&part)).transpose().map_err(fit);
    Ok(Holder {
        document_type: DocumentType::read(holder.document_type).ok_or(GapReason::NotAskable)?,
        document: Text::new(&holder.document).map_err(fit)?,
        full_name: holder
            .full_name
            .map(|full| Text::new(&full))
            .transpose()
            .map_err(fit)?,
        given_name: name(holder.given)?,
        surname1: name(holder.surname1)?,
        surname2: name(holder.surname2)?,
    })
}

fn report(error: &GateError, exchange: ExchangeId, at: jiff::Timestamp) {
    tracing::error!(exchange.id = %exchange, answered_at = %at, %error, "outcome not recorded");
}
