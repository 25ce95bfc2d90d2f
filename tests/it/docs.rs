//! What the documents say about the tests.

use std::collections::BTreeSet;
use std::path::Path;

/// The text of every file below a folder that ends like this.
fn texts(folder: &Path, ending: &str) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    entries
        .flat_map(|entry| {
            let path = entry.unwrap().path();
            if path.is_dir() {
                texts(&path, ending)
            } else if path.to_str().is_some_and(|path| path.ends_with(ending)) {
                vec![std::fs::read_to_string(&path).unwrap()]
            } else {
                vec![]
            }
        })
        .collect()
}

/// A name in code marks that is a sentence: a test's.
fn sentences(document: &str) -> impl Iterator<Item = &str> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    document
        .split('`')
        .filter(move |name| name.bytes().all(plain) && name.matches('_').count() >= 4)
}

#[test]
fn every_test_that_a_document_names_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let code: String = ["src", "tests", "verifier", "simulator", "rsa-sha1"]
        .iter()
        .flat_map(|folder| texts(&root.join(folder), ".rs"))
        .collect();
    let known: BTreeSet<_> = code
        .split("fn ")
        .filter_map(|rest| rest.split_once('(').map(|(name, _)| name))
        .collect();
    let documents = texts(&root.join("docs"), ".md");
    let named: BTreeSet<_> = documents.iter().flat_map(|text| sentences(text)).collect();
    assert!(named.len() > 50, "only {} are named", named.len());
    let missing: Vec<_> = named.difference(&known).collect();
    assert!(missing.is_empty(), "{missing:#?}");
}
