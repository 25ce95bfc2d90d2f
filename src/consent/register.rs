//! The register of processing (GDPR 30): what is done with people's data, for anyone to read.
//!
//! Made from the very terms the gate holds everyone to, so that the two cannot differ (AUD-09). It
//! names no person. Schema: `schemas/processing-register.schema.json`.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use crate::citizen::{BodyId, Language, ProductCode, PurposeId, SourceId};
use crate::products::Catalogue;

use super::notice::Status;
use super::publication::{Publication, in_force};
use super::purpose::{
    Authority, Beneficiaries, ConsentRole, Controller, Purpose, Retention, WireConsent,
};
use super::terms::Terms;

/// The register at an instant.
#[derive(Clone, Debug, Serialize)]
pub struct Register<'a> {
    schema: &'static str,
    generated_at: Timestamp,
    purposes: Vec<Activity<'a>>,
    /// GDPR 30(1)(g).
    security_measures: [Measure; 7],
}

/// What is done for one purpose.
#[derive(Clone, Debug, Serialize)]
struct Activity<'a> {
    purpose: &'a PurposeId,
    title: &'a BTreeMap<Language, String>,
    controller: ControllerClaim<'a>,
    supervisory_authority: &'a Authority,
    lawful_basis: &'a str,
    consent_role: ConsentRole,
    wire_consent: WireConsent,
    /// How long a consent lasts at most.
    consent_validity: &'a str,
    data_subjects: &'static [&'static str],
    data: Vec<Datum<'a>>,
    recipients: &'a [String],
    /// Outside the Union. There is no way to configure one.
    transfers_to_third_countries: [&'static str; 0],
    retention: &'a Retention,
    rights: &'a [String],
    notice: NoticeClaim<'a>,
}

#[derive(Clone, Debug, Serialize)]
struct ControllerClaim<'a> {
    name: &'a str,
    data_protection_officer: &'a str,
}

/// What is asked of one source with one product.
#[derive(Clone, Debug, Serialize)]
struct Datum<'a> {
    product: &'a ProductCode,
    source: &'a SourceId,
    source_name: Option<&'a str>,
    categories: &'a [String],
    special: bool,
    asked_by: Vec<&'a BodyId>,
}

#[derive(Clone, Debug, Serialize)]
struct NoticeClaim<'a> {
    id: &'a str,
    in_force: Option<u32>,
    versions: Vec<VersionClaim<'a>>,
}

#[derive(Clone, Debug, Serialize)]
struct VersionClaim<'a> {
    version: u32,
    effective_at: Timestamp,
    published_at: Timestamp,
    material_change: bool,
    declares: &'a str,
    texts: Vec<TextClaim<'a>>,
}

#[derive(Clone, Debug, Serialize)]
struct TextClaim<'a> {
    language: Language,
    /// None of a version whose files are not here.
    status: Option<Status>,
    digest: &'a str,
}

#[derive(Clone, Copy, Debug, Serialize)]
struct Measure {
    id: &'static str,
    what: &'static str,
}

/// Whose data it is: nobody else can be asked about (`docs/compliance.md`).
const fn subjects(beneficiary: Beneficiaries) -> &'static [&'static str] {
    match beneficiary {
        Beneficiaries::Household => &[
            "members of a household who log in and agree that their own data are asked for",
            "children under 14 of the household, whose birth date a member states",
        ],
        Beneficiaries::Person => &["people who log in and agree that their own data are asked for"],
    }
}

/// What protects the data, whatever the configuration.
const MEASURES: [Measure; 7] = [
    Measure {
        id: "consent-gate",
        what: "No source is asked, no answer used and no profile handed on without a consent that stands at that instant.",
    },
    Measure {
        id: "minimisation",
        what: "Only the listed categories are read out of an answer; the rest is not copied out of the message.",
    },
    Measure {
        id: "signed-messages",
        what: "Requests are signed, answers are used only if their signature is the platform's and they echo the question.",
    },
    Measure {
        id: "encryption",
        what: "What is kept about a person is encrypted under keys of their own, in a database apart; connections are TLS.",
    },
    Measure {
        id: "erasure",
        what: "Erasing a person destroys their keys, and with them the content of every entry about them.",
    },
    Measure {
        id: "append-only-log",
        what: "Every decision, request, outcome and release is an entry of a log that can be checked from outside and only grows.",
    },
    Measure {
        id: "least-privilege",
        what: "Parts of the service connect as users that cannot change evidence; auditors cannot read who a person is without saying why.",
    },
];

impl<'a> Register<'a> {
    /// The name of the shape.
    pub const SCHEMA: &'static str = "interop-gateway/processing-register/v1";

    /// What `terms` let happen, in the words of the catalogue, and what was published of it.
    pub fn of(
        terms: &'a Terms,
        catalogue: &'a Catalogue,
        published: &'a [Publication],
        now: Timestamp,
    ) -> Self {
        let purposes = terms.purposes.iter();
        let activity = |purpose| Activity::of(purpose, terms, catalogue, published, now);
        Self {
            schema: Self::SCHEMA,
            generated_at: now,
            purposes: purposes.map(activity).collect(),
            security_measures: MEASURES,
        }
    }
}

impl<'a> Activity<'a> {
    fn of(
        purpose: &'a Purpose,
        terms: &'a Terms,
        catalogue: &'a Catalogue,
        published: &'a [Publication],
        now: Timestamp,
    ) -> Self {
        let Controller { name, contact } = &purpose.controller;
        Self {
            purpose: &purpose.id,
            title: &purpose.title,
            controller: ControllerClaim {
                name,
                data_protection_officer: contact,
            },
            supervisory_authority: &purpose.authority,
            lawful_basis: &purpose.lawful_basis,
            consent_role: purpose.consent_role,
            wire_consent: purpose.wire_consent,
            consent_validity: purpose.validity(),
            data_subjects: subjects(purpose.beneficiary),
            data: data(purpose, terms, catalogue),
            recipients: &purpose.recipients,
            transfers_to_third_countries: [],
            retention: &purpose.retention,
            rights: &purpose.rights,
            notice: NoticeClaim::of(purpose, terms, published, now),
        }
    }
}

/// One entry per product, source and list of categories; bodies that offer the same share it.
fn data<'a>(purpose: &Purpose, terms: &'a Terms, catalogue: &'a Catalogue) -> Vec<Datum<'a>> {
    let mut data: Vec<Datum<'a>> = Vec::new();
    for (body, offer) in terms.offers.iter() {
        // The very question the gate asks.
        if terms.find(body, &purpose.id, &offer.product).is_none() {
            continue;
        }
        let same = data.iter_mut().find(|one| {
            (one.product, one.source) == (&offer.product, &offer.source)
                && (one.categories, one.special) == (offer.categories.as_slice(), offer.special)
        });
        match same {
            Some(same) => same.asked_by.push(body),
            None => data.push(Datum {
                product: &offer.product,
                source: &offer.source,
                source_name: catalogue
                    .source(&offer.source)
                    .map(|source| source.name.in_language(Language::Ca)),
                categories: &offer.categories,
                special: offer.special,
                asked_by: vec![body],
            }),
        }
    }
    data
}

impl<'a> NoticeClaim<'a> {
    fn of(
        purpose: &'a Purpose,
        terms: &Terms,
        published: &'a [Publication],
        now: Timestamp,
    ) -> Self {
        let of_notice = published.iter().filter(|one| one.notice == purpose.notice);
        let versions = of_notice.map(|one| VersionClaim {
            version: one.version,
            effective_at: one.effective_at,
            published_at: one.published_at,
            material_change: one.material,
            declares: &one.digest,
            texts: one
                .texts
                .iter()
                .map(|(language, digest)| TextClaim {
                    language: *language,
                    status: terms
                        .notices
                        .text(&purpose.id, one.version, *language)
                        .map(|text| text.status),
                    digest,
                })
                .collect(),
        });
        Self {
            id: &purpose.notice,
            in_force: in_force(published, &purpose.notice, now).map(|one| one.version),
            versions: versions.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;
    use crate::consent::{Notices, Offer, Offers, Purposes};

    fn catalogue() -> Catalogue {
        Catalogue::parse(include_str!("../../config/products.toml")).unwrap()
    }

    fn terms(offers: Offers) -> Terms {
        Terms {
            purposes: Purposes::embedded().unwrap(),
            notices: Notices::embedded().unwrap(),
            offers,
            public_url: "https://gateway.example.cat".to_owned(),
        }
    }

    fn now() -> Timestamp {
        "2026-11-22T16:05:00Z".parse().unwrap()
    }

    fn register(terms: &Terms) -> Value {
        let catalogue = catalogue();
        serde_json::to_value(Register::of(terms, &catalogue, &[], now())).unwrap()
    }

    /// Body, purpose and product of everything the register names.
    fn named(register: &Value) -> BTreeSet<[String; 3]> {
        let mut named = BTreeSet::new();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        for activity in register["purposes"].as_array().unwrap() {
            for datum in activity["data"].as_array().unwrap() {
                for body in datum["asked_by"].as_array().unwrap() {
                    let one = [body, &activity["purpose"], &datum["product"]];
                    assert!(named.insert(one.map(text)), "named twice");
                }
            }
        }
        named
    }

    /// Some products, of which the purpose allows all but one.
    const PRODUCTS: [&str; 5] = [
        "AEAT_IRPF/C4",
        "AEAT_IRPF/C2",
        "AEAT_IRPF/IRPF",
        "SCSP_TGSS/Q2827003ATGSS006",
        "PADRO/NUMERO_CONVIVENTS",
    ];

    fn offers() -> impl Strategy<Value = Vec<Offer>> {
        let offer =
            (0..PRODUCTS.len(), 0..2_usize, any::<bool>()).prop_map(|(at, source, more)| {
                let categories = ["income.annual", "work.in_work"];
                Offer {
                    product: PRODUCTS[at].parse().unwrap(),
                    source: ["AEAT", "TGSS"][source].parse().unwrap(),
                    categories: categories[..=usize::from(more)]
                        .iter()
                        .map(ToString::to_string)
                        .collect(),
                    special: false,
                }
            });
        prop::collection::vec(offer, 0..6)
    }

    proptest! {
        #[test]
        fn aud_09_every_product_the_gate_lets_through_is_in_the_register_and_nothing_else(
            one in offers(),
            other in offers(),
        ) {
            let bodies = [("prova", one), ("altra", other)];
            let offers = bodies.map(|(id, offers)| (id.parse().unwrap(), offers));
            let terms = terms(Offers::new(offers));
            let mut let_through = BTreeSet::new();
            for body in ["prova", "altra", "cap"] {
                for purpose in [
                    "social-aid-household",
                    "social-aid-recommendation",
                    "marketing",
                ] {
                    for product in PRODUCTS {
                        let found = terms.find(
                            &body.parse().unwrap(),
                            &purpose.parse().unwrap(),
                            &product.parse().unwrap(),
                        );
                        if found.is_some() {
                            let_through.insert([body, purpose, product].map(str::to_owned));
                        }
                    }
                }
            }
            prop_assert_eq!(named(&register(&terms)), let_through);
        }
    }

    #[test]
    fn aud_09_the_register_of_the_shipped_terms_follows_its_schema_and_answers_article_30() {
        let catalogue = catalogue();
        let offers = catalogue.products().map(Offer::from).collect();
        let terms = terms(Offers::new([("prova".parse().unwrap(), offers)]));
        let register = register(&terms);
        let schema = include_str!("../../schemas/processing-register.schema.json");
        let schema: Value = serde_json::from_str(schema).unwrap();
        let validator = jsonschema::validator_for(&schema).unwrap();
        let errors: Vec<_> = validator.iter_errors(&register).collect();
        assert!(errors.is_empty(), "{errors:?}");
        for pointer in ["/purposes/0/controller", "/security_measures/0/what"] {
            let mut spoiled = register.clone();
            *spoiled.pointer_mut(pointer).unwrap() = Value::Null;
            assert!(!validator.is_valid(&spoiled), "{pointer}");
        }
        let activity = &register["purposes"][0];
        assert_eq!(activity["controller"]["name"], "Ajuntament de Prova");
        assert_eq!(activity["lawful_basis"], "eu-gdpr:A6-1-a");
        assert_eq!(activity["recipients"][0], "social-aid-recommender");
        assert_eq!(activity["retention"]["answers"], "PT15M");
        let income = &activity["data"][0];
        assert_eq!(income["source_name"], "Agència Tributària");
        assert_eq!(income["categories"][0], "income.annual");

        // A household's children are people too, though no source is asked about them.
        let subjects = |at: usize| register["purposes"][at]["data_subjects"].to_string();
        assert_eq!(activity["purpose"], "social-aid-household");
        assert!(subjects(0).contains("children under 14"));
        assert!(!subjects(1).contains("children"));
    }
}
