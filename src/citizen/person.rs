//! A natural person as the identity provider described them.

use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

use super::Document;

/// A person's name, as provided; nothing is split or guessed.
#[derive(Clone, Default, Eq, PartialEq, Zeroize, ZeroizeOnDrop)]
pub struct PersonName {
    /// Given name.
    pub given: Option<String>,
    /// First surname, or all of them when the provider joins them.
    pub surname1: Option<String>,
    /// Second surname, when the person has one and the provider tells it apart.
    pub surname2: Option<String>,
}

impl PersonName {
    /// "Given Surname Surname", for the person's own page.
    pub fn display(&self) -> String {
        [&self.given, &self.surname1, &self.surname2]
            .into_iter()
            .flatten()
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join(" ")
    }
}

impl fmt::Debug for PersonName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonName(·)")
    }
}

/// Who someone is: what a query about them needs.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Person {
    /// The document they identified themself with.
    pub document: Document,
    /// Their name.
    pub name: PersonName,
}
