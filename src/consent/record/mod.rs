//! The record of one item as ISO/IEC TS 27560:2023 has it, in terms of the W3C Data Privacy
//! Vocabulary: what the law asks a controller to be able to show, and other programs can read.
//!
//! Made from the rows when somebody asks; nothing is kept twice. Shape:
//! `schemas/consent-record.schema.json`; meaning of each name: `schemas/consent.context.jsonld`.

mod history;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Unit};
use serde_json::{Value, json};

use crate::citizen::{BodyId, ItemId, Language, PurposeId, ReceiptId, SubjectId};

use super::error::ConsentError;
use super::grant_terms::GrantTerms;
use super::item::{Event, What};
use super::ledger::{ItemState, Ledger, store};
use super::publication::store as publication;
use super::purpose::Purpose;
use history::{Happened, happened};

/// Profile of ISO/IEC TS 27560 that records follow, as an IRI of the Data Privacy Vocabulary.
const SCHEMA: &str = "https://w3id.org/dpv/schema/dpv-27560#record-eu-gdpr";

/// Name of our own shape of it.
const PROFILE: &str = "interop-gateway/consent-record/v1";

/// Where the meaning of the names is served, below the public address.
pub const CONTEXT_PATH: &str = "/schemas/consent.context.jsonld";

/// An event with what it points to.
pub(super) struct Recorded {
    pub event: Event,
    pub purpose: PurposeId,
    pub notice: String,
    /// Digest of the text shown, and when it was shown; a withdrawal answers nothing.
    pub shown: Option<(String, Timestamp)>,
}

/// Everything a record is made from.
struct Gathered<'a> {
    subject: SubjectId,
    purpose: &'a Purpose,
    item: ItemState,
    history: Vec<Recorded>,
    /// As the last answer's receipt states them.
    categories: Vec<String>,
    special: bool,
    /// How the person was recognised, by event number; missing once their keys were erased.
    recognised: Vec<(i64, Value)>,
    public_url: &'a str,
}

impl Ledger {
    /// The record of one item of a person and body, as JSON-LD.
    pub async fn record_of(
        &self,
        subject: SubjectId,
        body: &BodyId,
        item: ItemId,
    ) -> Result<Value, ConsentError> {
        let history = store::history(&self.db, subject, body, item).await?;
        let newest = history.last().ok_or(ConsentError::UnknownItem)?;
        let purpose = self
            .terms
            .purposes
            .get(&newest.purpose)
            .ok_or(ConsentError::UnknownPurpose)?;
        let (_, items) = self.items(subject, body, &purpose.id).await?;
        let state = items.into_iter().find(|one| one.item == item);
        let state = state.ok_or(ConsentError::UnknownItem)?;
        let offer = self.terms.offers.get(body, &state.product);
        let mut recognised = Vec::new();
        for Recorded { event, .. } in &history {
            if let Some(how) = self.recognised(subject, event.receipt).await {
                recognised.push((event.seq, how));
            }
        }
        let gathered = Gathered {
            subject,
            purpose,
            categories: self.categories(subject, item, &history).await?,
            special: offer.is_some_and(|offer| offer.special),
            recognised,
            public_url: &self.terms.public_url,
            item: state,
            history,
        };
        let invalidated = self.invalidated(&gathered).await?;
        Ok(gathered.record(&invalidated, self.world.now()))
    }

    /// How the person was recognised, from the evidence sealed with a receipt.
    async fn recognised(&self, subject: SubjectId, receipt: ReceiptId) -> Option<Value> {
        let evidence = self.evidence(subject, receipt).await.ok()?;
        let mut evidence: Value = serde_json::from_slice(&evidence).ok()?;
        Some(evidence["indicated_by"].take())
    }

    /// The kinds of data, as stated to the person when they answered last.
    async fn categories(
        &self,
        subject: SubjectId,
        item: ItemId,
        history: &[Recorded],
    ) -> Result<Vec<String>, ConsentError> {
        let mut answers = history.iter().rev();
        let answer = answers.find(|one| one.event.what != What::Withdrawn);
        let Some(answer) = answer else {
            return Ok(Vec::new());
        };
        let receipt = self.receipt(subject, answer.event.receipt).await?;
        let claims = receipt.jws.split('.').nth(1).unwrap_or_default();
        let claims = URL_SAFE_NO_PAD.decode(claims);
        let claims: Value = serde_json::from_slice(&claims.map_err(|_| ConsentError::Unwritable)?)?;
        let items = claims["items"].as_array().into_iter().flatten();
        let of_item = items.filter(|one| one["item"] == json!(item));
        let categories = of_item.flat_map(|one| one["categories"].as_array().into_iter().flatten());
        Ok(categories
            .filter_map(|category| category.as_str().map(str::to_owned))
            .collect())
    }

    /// When the notice each grant was given under stopped counting, by event number.
    async fn invalidated(
        &self,
        gathered: &Gathered<'_>,
    ) -> Result<Vec<(i64, Timestamp)>, ConsentError> {
        let now = self.world.now();
        let mut instants = Vec::new();
        for Recorded { event, notice, .. } in &gathered.history {
            let (product, version) = (&event.product, event.version);
            let at = publication::outdated_at(&self.db, notice, product, version, now).await?;
            instants.extend(at.map(|at| (event.seq, at)));
        }
        Ok(instants)
    }
}

impl Gathered<'_> {
    fn record(&self, invalidated: &[(i64, Timestamp)], now: Timestamp) -> Value {
        let item = self.item.item;
        json!({
            "@context": format!("{}{CONTEXT_PATH}", self.public_url),
            "@id": format!("urn:uuid:{item}"),
            "@type": "ConsentRecord",
            "header": {
                "schema_version": SCHEMA,
                "profile": PROFILE,
                "record_id": item,
                "pii_principal_id": self.subject,
            },
            "processing": self.processing(),
            "parties": self.parties(),
            "events": self.events(invalidated, now),
        })
    }

    fn processing(&self) -> Value {
        let purpose = self.purpose;
        let shown = self.history.iter().rev().find(|one| one.shown.is_some());
        let notice = shown.map(|one| {
            json!({
                "notice_id": one.notice,
                "version": one.event.version,
                "digest": one.shown.as_ref().map(|(digest, _)| digest),
                "notice_url": format!(
                    "{}/v1/purposes/{}/notice?lang={}",
                    self.public_url, purpose.id, one.event.language
                ),
            })
        });
        let data = self.categories.iter().map(|category| {
            json!({
                "pii_type": category, "pii_optional": true, "necessity": "Optional",
                "sensitive": self.special, "special": self.special,
            })
        });
        let GrantTerms {
            period,
            frequency,
            data_life,
        } = self.item.terms;
        json!({
            "privacy_notice": notice,
            "language": shown.map(|one| &one.event.language),
            "purposes": [{
                "purpose_id": purpose.id,
                "purpose_title": purpose.title.get(&Language::Ca),
                "purpose_type": "ServicePersonalisation",
            }],
            "lawful_basis": purpose.lawful_basis,
            "consent_role": purpose.consent_role,
            "wire_consent": purpose.wire_consent,
            "pii_information": data.collect::<Vec<_>>(),
            "pii_controllers": [CONTROLLER],
            "collection_method": { "source": self.source(), "product": self.item.product },
            "processing_method": ["Collect", "Organise", "MakeAvailable"],
            "storage_locations": purpose.places.storage,
            "processing_locations": purpose.places.storage,
            "jurisdiction": purpose.places.jurisdiction,
            "retention_period": purpose.retention,
            "terms": { "period": period, "frequency": frequency, "data_life": data_life },
            "recipient_third_parties": self.recipients(),
            "withdrawal_method": format!("{}/choose", self.public_url),
            "privacy_rights": purpose.rights,
            "authority_party": AUTHORITY,
        })
    }

    /// The recommender receives the answer; the source learns that something was asked.
    fn recipients(&self) -> Vec<String> {
        let recipients = self.purpose.recipients.iter();
        recipients
            .map(|name| format!("party:{name}"))
            .chain([self.source()])
            .collect()
    }

    fn source(&self) -> String {
        format!("party:{}", self.item.source)
    }

    fn parties(&self) -> Vec<Value> {
        let (purpose, places) = (self.purpose, &self.purpose.places);
        let controller = &purpose.controller;
        let reached = |id: String, name: &str, role: &str| {
            json!({
                "party_id": id, "party_name": name, "party_role": role,
                "party_type": "Organisation",
                // Whoever is no controller is reached through the one who is.
                "party_contact": controller.contact, "party_address": places.controller_address,
            })
        };
        let mut parties = vec![
            json!({
                "party_id": format!("urn:uuid:{}", self.subject),
                "party_role": "DataSubject", "party_type": "NaturalPerson",
            }),
            reached(CONTROLLER.to_owned(), &controller.name, "DataController"),
            json!({
                "party_id": AUTHORITY, "party_name": purpose.authority.name,
                "party_role": "DataProtectionAuthority", "party_type": "Organisation",
                "party_contact": purpose.authority.uri, "party_url": purpose.authority.uri,
                "party_address": places.authority_address,
            }),
            reached(self.source(), self.item.source.as_str(), "DataSource"),
        ];
        parties.extend(
            purpose
                .recipients
                .iter()
                .map(|name| reached(format!("party:{name}"), name, "Recipient")),
        );
        parties
    }

    fn events(&self, invalidated: &[(i64, Timestamp)], now: Timestamp) -> Vec<Value> {
        let events: Vec<&Event> = self.history.iter().map(|one| &one.event).collect();
        let told = happened(&events, invalidated, now);
        told.iter().map(|one| self.event(one)).collect()
    }

    fn event(&self, happened: &Happened<'_>) -> Value {
        let event = happened.event;
        let recorded = self.history.iter().find(|one| one.event.seq == event.seq);
        let shown = recorded.and_then(|one| one.shown.as_ref());
        let how = self.recognised.iter().find(|(seq, _)| *seq == event.seq);
        let by_person = happened.state.is_of_the_person();
        let mut told = json!({
            "event_time": happened.at,
            "event_state": happened.state.as_str(),
            "event_type": "ExplicitlyExpressedConsent",
            "entity_id": if by_person {
                format!("urn:uuid:{}", self.subject)
            } else {
                CONTROLLER.to_owned()
            },
            "validity": validity(happened),
        });
        if by_person {
            told["seq"] = event.seq.into();
            told["receipt_id"] = event.receipt.to_string().into();
            if let Some((digest, at)) = shown {
                told["notice_shown"] = json!({
                    "notice_id": recorded.map(|one| &one.notice), "version": event.version,
                    "digest": digest, "language": event.language, "displayed_at": at,
                });
            }
            if let Some((_, how)) = how {
                told["indication"] = how.clone();
            }
            if event.is_grant() {
                told["agreed_terms"] = json!(event.agreed());
            }
        }
        told
    }
}

const CONTROLLER: &str = "party:controller";
const AUTHORITY: &str = "party:authority";

/// Until when an event holds: a grant has an end, everything else lasts until the next decision.
fn validity(happened: &Happened<'_>) -> Value {
    match happened.event.what {
        What::Granted { until } if happened.state.is_given() => {
            let from = happened.at.to_zoned(TimeZone::UTC);
            let lasts = from.until((Unit::Year, &until.to_zoned(TimeZone::UTC)));
            json!({
                "validity_type": "TemporalDuration", "valid_until": until,
                "validity_duration": lasts.map(|span| span.to_string()).unwrap_or_default(),
            })
        }
        _ => json!({ "validity_type": "UntilEventDuration" }),
    }
}
