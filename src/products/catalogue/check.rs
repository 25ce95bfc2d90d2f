//! What must hold between the rows of a catalogue.

use super::{Product, Source};
use crate::citizen::Language;
use crate::products::sheet::Row;

/// Catalan and Spanish are never drafts.
pub(super) fn drafts(root: &Row<'_>, drafts: &[Language]) {
    if drafts.contains(&Language::Ca) || drafts.contains(&Language::Es) {
        root.problem("drafts", "may hold en and oc; ca and es are mandatory");
    }
}

/// No id twice.
pub(super) fn sources(rows: &[Row<'_>], sources: &[Option<Source>]) {
    for (place, (row, source)) in rows.iter().zip(sources).enumerate() {
        let earlier = sources[..place].iter().flatten();
        if let Some(source) = source
            && earlier.into_iter().any(|other| other.id == source.id)
        {
            row.problem("id", "is already the id of another source");
        }
    }
}

/// Codes are unique, sources exist, categories are the codec's, fall-backs make sense.
pub(super) fn products(rows: &[Row<'_>], products: &[Option<Product>], sources: &[Option<Source>]) {
    for (place, (row, product)) in rows.iter().zip(products).enumerate() {
        let Some(product) = product else { continue };
        let mut earlier = products[..place].iter().flatten();
        if earlier.any(|other| other.code == product.code) {
            row.problem("code", "is already the code of another product");
        }
        let all_sources_read = sources.iter().all(Option::is_some);
        let known = sources
            .iter()
            .flatten()
            .any(|source| source.id == product.source);
        if all_sources_read && !known {
            row.problem("source", "is not the id of a source");
        }
        categories(row, product);
        fallback(row, product, products);
        if !(1..=5).contains(&product.years_back) {
            row.problem("years_back", "must be from 1 to 5");
        }
    }
}

/// A citizen agrees to exactly what is read: not less, and not more.
fn categories(row: &Row<'_>, product: &Product) {
    let read = product.kind.categories();
    let same = product.categories.len() == read.len()
        && read
            .iter()
            .all(|category| product.categories.contains(category));
    if !same {
        let read: Vec<_> = read.iter().map(|category| category.as_str()).collect();
        let message = format!("must be what the codec reads: {}", read.join(", "));
        row.problem("categories", &message);
    }
}

/// A fall-back stands in for another product of the same source and the same data, in one step.
fn fallback(row: &Row<'_>, product: &Product, products: &[Option<Product>]) {
    let Some(first) = &product.fallback_of else {
        return;
    };
    let first = products.iter().flatten().find(|other| other.code == *first);
    match first {
        // A row that could not be read may be the one meant; its own problems come first.
        None if products.iter().any(Option::is_none) => {}
        None => row.problem("fallback_of", "is not the code of a product here"),
        Some(first) if first.code == product.code => {
            row.problem("fallback_of", "is the product itself");
        }
        Some(first) if first.fallback_of.is_some() => {
            row.problem(
                "fallback_of",
                "is itself a fall-back; there is one step only",
            );
        }
        Some(first)
            if first.source != product.source
                || first.kind.categories() != product.kind.categories() =>
        {
            row.problem(
                "fallback_of",
                "must be of the same source and give the same data",
            );
        }
        Some(_) => {}
    }
}
