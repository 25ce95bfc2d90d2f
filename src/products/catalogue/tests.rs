//! The shipped catalogue, and what is said of broken ones.

use super::*;

const SHIPPED: &str = include_str!("../../../config/products.toml");

/// What is reported of a text, one problem a line.
fn report(text: &str) -> String {
    Catalogue::parse(text)
        .expect_err("it has problems")
        .to_string()
}

#[test]
fn the_shipped_catalogue_offers_every_codec() {
    let catalogue = Catalogue::parse(SHIPPED).unwrap();
    for kind in ProductKind::ALL {
        let product = catalogue.product(&kind.code().parse().unwrap()).unwrap();
        assert_eq!(product.kind, kind);
        assert_eq!(product.wire_consent, WireConsent::Si);
        assert!(catalogue.source(&product.source).is_some());
    }
    assert_eq!(catalogue.sources().count(), 4);
}

#[test]
fn c2_stands_in_for_c4() {
    let catalogue = Catalogue::parse(SHIPPED).unwrap();
    let c4 = "AEAT_IRPF/C4".parse().unwrap();
    assert_eq!(
        catalogue.fallback(&c4).map(|product| product.code.as_str()),
        Some("AEAT_IRPF/C2")
    );
}

#[test]
fn plain_words_are_plain() {
    let catalogue = Catalogue::parse(SHIPPED).unwrap();
    for product in catalogue.products() {
        for language in Language::ALL {
            for words in [&product.title, &product.asks, &product.without] {
                let text = words.in_language(language);
                assert!(!text.contains('!') && !text.contains('_'), "{text}");
                for sentence in text.split(['.', ':']) {
                    assert!(sentence.split_whitespace().count() <= 25, "{sentence}");
                }
            }
        }
    }
}

#[test]
fn all_problems_are_reported_at_once_with_their_place() {
    let text = SHIPPED
        .replacen("wire_consent = \"Si\"", "wire_consent = \"Ley\"", 1)
        .replacen("synchronous = true", "synchronous = \"yes\"", 1)
        .replacen("cluster = \"iop\"", "cluster = \"iop\"\nspecial = true", 1)
        .replacen(
            "categories = [\"work.in_work\"]",
            "categories = [\"health.disability\"]",
            1,
        )
        .replacen("oc = \"Seguretat Sociau\"", "oc = \"\"", 1);
    let report = report(&text);
    let keys: Vec<_> = report
        .lines()
        .map(|line| line.split_whitespace().nth(1).unwrap())
        .collect();
    assert_eq!(
        keys,
        [
            "source.name.oc",
            "product.wire_consent",
            "product.synchronous",
            "product.special",
            "product.categories",
        ]
    );
    let line = text
        .lines()
        .position(|line| line.contains("\"Ley\""))
        .unwrap()
        + 1;
    assert!(
        report.contains(&format!("{line}:16  product.wire_consent  must be Si")),
        "{report}"
    );
}

#[test]
fn special_categories_cannot_be_named() {
    for category in [
        "ideology",
        "religion",
        "union",
        "sexual_orientation",
        "ethnic_origin",
        "health.disability",
        "special",
    ] {
        assert_eq!(category.parse::<Category>(), Err(UnknownWord));
    }
}

#[test]
fn a_citizen_agrees_to_exactly_what_is_read() {
    let text = SHIPPED.replace(
        "[\"identity.verified\", \"person.birth_date\", \"person.nationality\"]",
        "[\"identity.verified\"]",
    );
    assert!(report(&text).contains("product.categories  must be what the codec reads"));
}

#[test]
fn rows_must_fit_together() {
    for (from, to, said) in [
        (
            "fallback_of = \"AEAT_IRPF/C4\"",
            "fallback_of = \"AEAT_IRPF/C2\"",
            "is the product itself",
        ),
        (
            "fallback_of = \"AEAT_IRPF/C4\"",
            "fallback_of = \"AEAT_IRPF/C6\"",
            "is not the code of a product here",
        ),
        (
            "fallback_of = \"AEAT_IRPF/C4\"",
            "fallback_of = \"PADRO/NUMERO_CONVIVENTS\"",
            "must be of the same source and give the same data",
        ),
        (
            "source = \"DGP\"",
            "source = \"POLICE\"",
            "is not the id of a source",
        ),
        (
            "id = \"DGP\"",
            "id = \"TGSS\"",
            "is already the id of another source",
        ),
        (
            "code = \"PADRO/NUMERO_CONVIVENTS\"",
            "code = \"PADRO/CONVIVENTS\"",
            "has no codec",
        ),
        ("years_back = 2", "years_back = 9", "must be from 1 to 5"),
        (
            "drafts = [\"en\", \"oc\"]",
            "drafts = [\"ca\"]",
            "ca and es are mandatory",
        ),
    ] {
        assert!(report(&SHIPPED.replace(from, to)).contains(said), "{to}");
    }
}

#[test]
fn a_sheet_that_does_not_parse_is_a_problem_with_a_place() {
    let report = report("drafts = [\"oc\"\n[[source]\n");
    assert!(
        report.starts_with("1:") || report.starts_with("2:"),
        "{report}"
    );
}
