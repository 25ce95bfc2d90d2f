//! The record of an item: complete by the published schema, and every name with its meaning.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value as Json, json};

use super::*;
use Decision::{Grant, Refuse};

fn schema() -> jsonschema::Validator {
    let text = include_str!("../../../schemas/consent-record.schema.json");
    jsonschema::validator_for(&serde_json::from_str(text).unwrap()).unwrap()
}

fn problems(schema: &jsonschema::Validator, record: &Json) -> Vec<String> {
    let errors = schema.iter_errors(record);
    errors
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

/// The context, read as JSON-LD 1.1 reads it, as far as ours goes.
struct Context(Map<String, Json>);

impl Context {
    fn published() -> Self {
        let text = include_str!("../../../schemas/consent.context.jsonld");
        let mut whole: Json = serde_json::from_str(text).unwrap();
        match whole["@context"].take() {
            Json::Object(terms) => Self(terms),
            other => panic!("{other}"),
        }
    }

    /// What a name stands for: an IRI, or a keyword.
    fn expand(&self, name: &str) -> Option<String> {
        if name.starts_with('@') {
            return Some(name.to_owned());
        }
        let stands_for = match self.0.get(name)? {
            Json::Object(definition) => definition["@id"].as_str()?,
            other => other.as_str()?,
        };
        if stands_for.starts_with('@') {
            return Some(stands_for.to_owned());
        }
        self.iri(stands_for)
    }

    fn iri(&self, compact: &str) -> Option<String> {
        let (prefix, rest) = compact.split_once(':')?;
        let expanded = match self.0.get(prefix) {
            Some(base) => format!("{}{rest}", base.as_str()?),
            None => compact.to_owned(),
        };
        let absolute = ["http://", "https://", "urn:"];
        absolute
            .iter()
            .any(|scheme| expanded.starts_with(scheme))
            .then_some(expanded)
    }

    /// Every name in a document without a meaning, and every value of a vocabulary without one.
    fn unknown(&self, document: &Json, found: &mut Vec<String>) {
        match document {
            Json::Array(all) => all.iter().for_each(|one| self.unknown(one, found)),
            Json::Object(members) => {
                for (name, value) in members.iter().filter(|(name, _)| *name != "@context") {
                    if self.expand(name).is_none() {
                        found.push(name.clone());
                    }
                    for word in self.words(name, value) {
                        found.push(format!("{name}: {word}"));
                    }
                    self.unknown(value, found);
                }
            }
            _ => {}
        }
    }

    /// The values of a member that should be words or addresses, and are neither.
    fn words(&self, name: &str, value: &Json) -> Vec<String> {
        let kind = self.0.get(name).map(|definition| &definition["@type"]);
        let values = match value {
            Json::Array(all) => all.iter().collect(),
            one => vec![one],
        };
        let text = values.into_iter().filter_map(Json::as_str);
        match kind.and_then(Json::as_str) {
            Some("@vocab") => text
                .filter(|word| self.expand(word).is_none())
                .map(str::to_owned)
                .collect(),
            Some("@id") => text
                .filter(|address| self.iri(address).is_none())
                .map(str::to_owned)
                .collect(),
            _ => Vec::new(),
        }
    }
}

async fn record(house: &House, code: &str) -> Json {
    let item = house.state(code).await.item;
    let record = house
        .ledger
        .record_of(house.anna.subject, &house.anna.body.id, item);
    record.await.unwrap()
}

fn states(record: &Json) -> Vec<&str> {
    let events = record["events"].as_array().unwrap().iter();
    events
        .map(|event| event["event_state"].as_str().unwrap())
        .collect()
}

/// Granted, renewed, run out, refused, granted again and taken back.
async fn a_long_history() -> House {
    let house = House::new().await;
    house.answer(&[(C4, Grant), (C2, Refuse)]).await;
    house.wait(DAY * 30);
    house.grant(C4).await;
    house.wait(DAY * 400);
    house.answer(&[(C4, Refuse)]).await;
    house.grant(C4).await;
    let item = house.state(C4).await.item;
    house.ledger.revoke(&house.anna, item).await.unwrap();
    house
}

#[tokio::test]
async fn the_record_of_an_item_tells_its_whole_history_and_follows_the_schema() {
    let house = a_long_history().await;
    let schema = schema();
    let told = record(&house, C4).await;
    assert_eq!(problems(&schema, &told), Vec::<String>::new());
    assert_eq!(
        states(&told),
        [
            "ConsentGiven",
            "RenewedConsentGiven",
            "ConsentExpired",
            "ConsentRefused",
            "ConsentGiven",
            "ConsentWithdrawn",
        ]
    );
    let given = &told["events"][0];
    assert_eq!(given["validity"]["validity_duration"], "P1Y");
    assert_eq!(given["validity"]["valid_until"], "2027-11-22T16:05:00Z");
    assert_eq!(given["indication"]["method"], "idcatmobil");
    assert_eq!(given["agreed_terms"]["frequency"]["at_most"], 200);
    assert_eq!(
        told["processing"]["pii_information"][0]["pii_type"],
        "income.annual"
    );
    assert_eq!(told["processing"]["pii_information"][0]["special"], false);
    assert_eq!(told["processing"]["language"], "ca");
    let refused = record(&house, C2).await;
    assert_eq!(problems(&schema, &refused), Vec::<String>::new());
    assert_eq!(states(&refused), ["ConsentRefused"]);
}

#[tokio::test]
async fn a_grant_whose_notice_stopped_counting_is_recorded_as_invalidated_at_that_instant() {
    let house = House::new().await;
    house.grant(C4).await;
    house.wait(DAY);
    let at = house.world.now();
    let notice = house
        .ledger
        .terms
        .purposes
        .get(&purpose())
        .unwrap()
        .notice
        .clone();
    let required = house.ledger.require_version(&notice, 2, at);
    required.await.unwrap();
    house.wait(DAY);
    let told = record(&house, C4).await;
    assert_eq!(problems(&schema(), &told), Vec::<String>::new());
    assert_eq!(states(&told), ["ConsentGiven", "ConsentInvalidated"]);
    assert_eq!(told["events"][1]["event_time"], at.to_string());
    assert_eq!(told["events"][1]["entity_id"], "party:controller");
}

#[tokio::test]
async fn the_schema_refuses_a_record_without_any_of_its_mandatory_fields() {
    let house = House::new().await;
    house.grant(C4).await;
    let whole = record(&house, C4).await;
    let schema = schema();
    assert!(schema.is_valid(&whole));
    for (part, field) in [
        ("/header", "schema_version"),
        ("/header", "record_id"),
        ("/header", "pii_principal_id"),
        ("/processing", "privacy_notice"),
        ("/processing", "language"),
        ("/processing", "purposes"),
        ("/processing", "lawful_basis"),
        ("/processing", "pii_information"),
        ("/processing", "pii_controllers"),
        ("/processing", "storage_locations"),
        ("/processing", "retention_period"),
        ("/processing", "recipient_third_parties"),
        ("/processing", "withdrawal_method"),
        ("/processing", "authority_party"),
        ("/processing/pii_information/0", "pii_type"),
        ("/processing/pii_information/0", "special"),
        ("/parties/1", "party_contact"),
        ("/events/0", "event_time"),
        ("/events/0", "event_state"),
        ("/events/0", "event_type"),
        ("/events/0", "entity_id"),
        ("/events/0", "validity"),
        ("/events/0/validity", "valid_until"),
    ] {
        let mut less = whole.clone();
        let part = less.pointer_mut(part).unwrap().as_object_mut().unwrap();
        assert!(part.remove(field).is_some(), "{field}");
        assert!(!schema.is_valid(&less), "{field}");
    }
}

#[tokio::test]
async fn every_name_in_a_record_and_in_a_receipt_has_a_meaning_in_the_context() {
    let house = a_long_history().await;
    let context = Context::published();
    let mut documents = vec![record(&house, C4).await];
    for receipt in house.ledger.receipts(house.anna.subject).await.unwrap() {
        let claims = receipt.jws.split('.').nth(1).unwrap();
        documents.push(serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap());
    }
    assert_eq!(documents.len(), 6);
    let mut unknown = Vec::new();
    for document in &documents {
        context.unknown(document, &mut unknown);
    }
    assert_eq!(unknown, Vec::<String>::new());
    // The check itself can fail.
    let strange =
        json!({"event_state": "ConsentGuessed", "event_time": "x", "colour": {"header": {}}});
    context.unknown(&strange, &mut unknown);
    assert_eq!(unknown, ["colour", "event_state: ConsentGuessed"]);
}

#[test]
fn every_name_of_the_context_leads_to_an_address() {
    let context = Context::published();
    for name in context.0.keys() {
        let expanded = context.expand(name);
        assert!(expanded.is_some(), "{name}");
    }
    let given = context.expand("ConsentGiven").unwrap();
    assert_eq!(given, "https://w3id.org/dpv#ConsentGiven");
}

#[tokio::test]
async fn a_record_is_its_persons_and_its_bodys_alone() {
    let house = House::new().await;
    house.grant(C4).await;
    let item = house.state(C4).await.item;
    let pere = house.another().await;
    let altra = "altra".parse().unwrap();
    for (subject, body) in [(pere.subject, &pere.body.id), (house.anna.subject, &altra)] {
        let refused = house.ledger.record_of(subject, body, item).await;
        assert!(matches!(refused, Err(ConsentError::UnknownItem)));
    }
    let undecided = house.state(IN_WORK).await.item;
    let body = &house.anna.body.id;
    let refused = house.ledger.record_of(house.anna.subject, body, undecided);
    assert!(matches!(refused.await, Err(ConsentError::UnknownItem)));
}

/// The terms of the Data Privacy Vocabulary, version 2, that our names stand for, and what each says
/// in our words. Compared by hand with the published vocabulary; a name that is not here has not been.
const DPV: &[(&str, &str)] = &[
    ("Collect", "data are gathered"),
    ("ConsentExpired", "a state: its time is over"),
    ("ConsentGiven", "a state: the person agreed"),
    ("ConsentInvalidated", "a state: found not to hold"),
    ("ConsentRecord", "what is kept about a consent"),
    ("ConsentRefused", "a state: the person said no"),
    ("ConsentWithdrawn", "a state: the person took it back"),
    ("DataController", "who decides what data are processed for"),
    (
        "DataProtectionAuthority",
        "who watches over data protection",
    ),
    ("DataSource", "where data come from"),
    ("DataSubject", "whom data are about"),
    (
        "ExplicitlyExpressedConsent",
        "consent by an act that says nothing else",
    ),
    ("MakeAvailable", "data are given to others to use"),
    ("NaturalPerson", "a human"),
    ("Optional", "a necessity: up to the person"),
    ("Organisation", "a body of people with a purpose"),
    ("Organise", "data are put in order"),
    ("Recipient", "who receives data"),
    ("RenewedConsentGiven", "a state: agreed to again"),
    (
        "ServicePersonalisation",
        "a purpose: a service fitted to its user",
    ),
    ("TemporalDuration", "lasts for a fixed time"),
    ("UntilEventDuration", "lasts until something happens"),
    ("hasAddress", "where an entity is"),
    ("hasAuthority", "which authority is competent"),
    ("hasConsentControl", "how consent is given or taken back"),
    ("hasConsentStatus", "in which state consent is"),
    ("hasContact", "how an entity is reached"),
    ("hasDataController", "who the controller is"),
    ("hasDataSource", "from where data come"),
    ("hasDataSubject", "who the person is"),
    ("hasDuration", "how long"),
    ("hasEntity", "which entity takes part"),
    ("hasFrequency", "how often"),
    ("hasIndicationMethod", "by what act something was stated"),
    ("hasJurisdiction", "under which law"),
    ("hasLegalBasis", "what makes it lawful"),
    ("hasLocation", "where"),
    ("hasName", "what an entity is called"),
    ("hasNecessity", "whether it is needed"),
    ("hasNotice", "what the person was told"),
    ("hasPersonalData", "which data"),
    ("hasProcessing", "what is done with data"),
    ("hasPurpose", "what for"),
    ("hasRecipient", "who receives them"),
    ("hasRight", "what the person may ask for"),
    ("hasStorageCondition", "how and where data are kept"),
    ("isIndicatedAtTime", "when it was stated"),
    ("isIndicatedBy", "by whom it was stated"),
];

#[test]
fn every_term_of_the_vocabulary_is_one_that_was_looked_up() {
    let context = Context::published();
    let namespace = "https://w3id.org/dpv#";
    assert_eq!(context.0["dpv"], namespace);
    assert_eq!(context.0["eu-gdpr"], "https://w3id.org/dpv/legal/eu/gdpr#");
    let used: BTreeSet<_> = context
        .0
        .keys()
        .filter_map(|name| context.expand(name))
        .filter_map(|iri| iri.strip_prefix(namespace).map(str::to_owned))
        .filter(|term| !term.is_empty())
        .collect();
    let known: BTreeSet<_> = DPV.iter().map(|(term, _)| (*term).to_owned()).collect();
    assert_eq!(used, known);
    assert_eq!(known.len(), DPV.len(), "a term is there twice");
}
