//! What a version changes, and that it ends those consents and no others.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

use super::super::item::{Beneficiary, Event, State, What};
use super::super::notice::{DeclaredProduct, Declares, Difference, Touched, is_within};
use super::super::purpose::Retention;
use super::*;
use crate::citizen::{ItemId, ProductCode, ReceiptId};
use crate::clock::SystemEntropy;
use crate::store::{Schema, testing};

const PRODUCTS: [&str; 4] = ["A/1", "A/2", "B/1", "C/1"];

fn some(of: &'static [&'static str]) -> impl Strategy<Value = Vec<&'static str>> {
    prop::sample::subsequence(of, 0..=of.len())
}

fn one(of: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    // Most versions leave most things as they are.
    prop_oneof![4 => Just(of[0]), 1 => prop::sample::select(of)]
}

fn products() -> impl Strategy<Value = BTreeMap<ProductCode, DeclaredProduct>> {
    let told = (one(&["S", "T"]), some(&["x", "y", "z"]));
    let told = told.prop_map(|(source, categories)| DeclaredProduct {
        source: source.parse().unwrap(),
        categories: categories.into_iter().map(str::to_owned).collect(),
    });
    let each = prop::collection::vec(prop::option::weighted(0.8, told), PRODUCTS.len());
    each.prop_map(|each| {
        let named = PRODUCTS.iter().zip(each);
        named
            .filter_map(|(product, told)| Some((product.parse().unwrap(), told?)))
            .collect()
    })
}

fn declares() -> impl Strategy<Value = Declares> {
    let kept = || one(&["P5Y", "P4Y", "P6Y", "P60M", "P1825D"]);
    let who = (one(&["Town", "County"]), one(&["consent", "task"]));
    let whom = (
        prop_oneof![4 => Just(vec!["p"]), 1 => some(&["p", "q"])],
        prop_oneof![4 => Just(vec!["r"]), 1 => some(&["r", "s", "t"])],
    );
    (who, whom, (kept(), kept()), products()).prop_map(|(who, whom, kept, products)| Declares {
        controller: who.0.to_owned(),
        lawful_basis: who.1.to_owned(),
        purposes: whom
            .0
            .into_iter()
            .map(|name| name.parse().unwrap())
            .collect(),
        recipients: whom.1.into_iter().map(str::to_owned).collect(),
        retention: Retention {
            answers: kept.0.to_owned(),
            evidence: kept.1.to_owned(),
        },
        products,
    })
}

/// A version and the next: most things stay as they are.
fn pairs() -> impl Strategy<Value = (Declares, Declares)> {
    let changes = prop::collection::vec(prop::bool::weighted(0.15), 6 + PRODUCTS.len());
    (declares(), declares(), changes).prop_map(|(older, other, changes)| {
        let mut newer = older.clone();
        let parts: [fn(&mut Declares, &Declares); 6] = [
            |newer, other| newer.controller.clone_from(&other.controller),
            |newer, other| newer.lawful_basis.clone_from(&other.lawful_basis),
            |newer, other| newer.purposes.clone_from(&other.purposes),
            |newer, other| newer.recipients.clone_from(&other.recipients),
            |newer, other| newer.retention.answers.clone_from(&other.retention.answers),
            |newer, other| {
                newer
                    .retention
                    .evidence
                    .clone_from(&other.retention.evidence);
            },
        ];
        for (part, _) in parts.iter().zip(&changes).filter(|(_, change)| **change) {
            part(&mut newer, &other);
        }
        for (name, _) in PRODUCTS
            .iter()
            .zip(&changes[6..])
            .filter(|(_, change)| **change)
        {
            let product: ProductCode = name.parse().unwrap();
            newer.products.remove(&product);
            let told = other.products.get(&product).cloned();
            newer.products.extend(told.map(|told| (product, told)));
        }
        (older, newer)
    })
}

/// What people who agreed to a product under `older` were told covers what `newer` tells of it.
fn covers(older: &Declares, newer: &Declares, product: &ProductCode) -> bool {
    let of_product = match (older.products.get(product), newer.products.get(product)) {
        (Some(was), Some(is)) => {
            was.source == is.source && is.categories.is_subset(&was.categories)
        }
        // Nobody agreed to it, or nobody is asked.
        (None, _) | (_, None) => true,
    };
    of_product
        && older.controller == newer.controller
        && older.lawful_basis == newer.lawful_basis
        && newer.purposes.is_subset(&older.purposes)
        && newer.recipients.is_subset(&older.recipients)
        && is_within(&newer.retention.answers, &older.retention.answers)
        && is_within(&newer.retention.evidence, &older.retention.evidence)
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

/// A grant under a version that ends at second 1000.
fn granted(product: &str, version: u32) -> Event {
    let entropy = SystemEntropy::default();
    Event {
        seq: 1,
        item: ItemId::random(&entropy),
        product: product.parse().unwrap(),
        source: "S".parse().unwrap(),
        beneficiary: Beneficiary::Own,
        what: What::Granted { until: at(1000) },
        version,
        language: "ca".to_owned(),
        served: None,
        receipt: ReceiptId::random(&entropy),
        at: at(0),
        terms: None,
    }
}

proptest! {
    #[test]
    fn con_12_a_version_touches_exactly_the_products_whose_consent_does_not_cover_it(
        (older, newer) in pairs(),
    ) {
        let difference = Difference::between(&older, &newer);
        for product in PRODUCTS {
            let product: ProductCode = product.parse().unwrap();
            prop_assert_eq!(
                difference.touched().contains(&product),
                !covers(&older, &newer, &product),
                "{}: {:?}", product, difference
            );
        }
        // What touches anything is material, and what is not material touches nothing.
        prop_assert!(difference.widens() || difference.touched().is_nothing());
        let told: BTreeSet<String> = difference.changes().iter().map(ToString::to_string).collect();
        prop_assert_eq!(told.len(), difference.changes().len(), "each change has its own words");
    }

    #[test]
    fn a_version_changes_nothing_of_itself(declares in declares()) {
        let difference = Difference::between(&declares, &declares);
        prop_assert_eq!(difference.changes(), &[]);
    }

    #[test]
    fn con_13_the_touched_items_need_a_new_answer_and_the_others_keep_their_state(
        (older, newer) in pairs(),
        given in prop::collection::vec(1..3_u32, PRODUCTS.len()),
    ) {
        let touched = Difference::between(&older, &newer).touched();
        let mut after = Minima::default();
        after.raise(&touched, 2);
        for (product, version) in PRODUCTS.iter().zip(given) {
            let event = granted(product, version);
            let state = |minima: &Minima| event.state(at(10), minima.of(&event.product));
            let until = at(1000);
            prop_assert_eq!(state(&Minima::default()), State::Granted { until });
            let ended = version < 2 && touched.contains(&event.product);
            let expected = if ended { State::Invalidated { until } } else { State::Granted { until } };
            prop_assert_eq!(state(&after), expected);
        }
    }
}

#[test]
fn a_product_that_comes_back_needs_a_new_answer_of_whoever_agreed_to_it_before() {
    let told = DeclaredProduct {
        source: "S".parse().unwrap(),
        categories: BTreeSet::from(["x".to_owned()]),
    };
    let with = |names: &[&str]| {
        let products = names
            .iter()
            .map(|name| (name.parse().unwrap(), told.clone()));
        Declares {
            controller: "Town".to_owned(),
            lawful_basis: "consent".to_owned(),
            purposes: BTreeSet::new(),
            recipients: BTreeSet::new(),
            retention: Retention {
                answers: "PT15M".to_owned(),
                evidence: "P5Y".to_owned(),
            },
            products: products.collect(),
        }
    };
    let (first, second, third) = (with(&["A/1", "B/1"]), with(&["A/1"]), with(&["A/1", "B/1"]));
    let new = Difference::between(&second, &third);
    assert!(new.widens() && new.touched().is_nothing());
    let back = new.knowing([&first, &second]);
    let only = BTreeSet::from(["B/1".parse().unwrap()]);
    assert_eq!(back.touched(), Touched::Products(only));
    assert_eq!(back.changes()[0].to_string(), "B/1: asked again");
}

fn publication(number: u32, declares: &Declares, effective_at: Timestamp) -> Publication {
    let declares = declares.canonical().unwrap();
    Publication {
        notice: format!("n{number}"),
        version: 2,
        purpose: "p".parse().unwrap(),
        digest: super::super::notice::digest_of(&declares),
        declares,
        material: true,
        effective_at,
        published_at: at(1),
        entry: EntryId::random(&SystemEntropy::default()),
        texts: BTreeMap::from([(Language::Ca, "sha-256:00".to_owned())]),
    }
}

/// The same as the property above, through the tables that all replicas read.
#[tokio::test]
async fn con_13_the_database_ends_exactly_the_touched_items_at_the_instant_and_not_before() {
    let folder = tempfile::tempdir().unwrap();
    let db = testing::open(&folder.path().join("gateway.db"), Schema::Gateway).await;
    let mut random = TestRunner::deterministic();
    let mut kinds = [0; 3];
    for number in 0..60 {
        let pair = pairs().new_tree(&mut random).unwrap();
        let (older, newer) = pair.current();
        let touched = Difference::between(&older, &newer).touched();
        let effective_at = at(100 + i64::from(number));
        let one = publication(number, &newer, effective_at);
        let mut tx = db.begin().await.unwrap();
        store::insert(&mut tx, &one).await.unwrap();
        store::insert_touched(&mut tx, &one, &touched)
            .await
            .unwrap();
        tx.commit().await.unwrap();

        let before = effective_at - SignedDuration::from_micros(1);
        for now in [before, effective_at] {
            let minima = store::minima_shown(&db, &one.notice, now).await.unwrap();
            for product in PRODUCTS {
                let event = granted(product, 1);
                let ended = now == effective_at && touched.contains(&event.product);
                let state = event.state(now, minima.of(&event.product));
                assert_eq!(
                    matches!(state, State::Invalidated { .. }),
                    ended,
                    "{product} {touched}"
                );
            }
        }
        kinds[match &touched {
            Touched::All => 0,
            Touched::Products(products) if products.is_empty() => 1,
            Touched::Products(_) => 2,
        }] += 1;
    }
    assert!(kinds.iter().all(|times| *times > 5), "{kinds:?}");
    let all = publications(&db).await.unwrap();
    assert_eq!(all.len(), 60);
    assert!(
        all.iter()
            .all(|one| one.texts[&Language::Ca] == "sha-256:00")
    );
}
