//! Identity documents of natural persons.

use std::fmt;

use serde::{Deserialize, Deserializer, de::Error};

/// A DNI or NIE whose control letter is right.
#[derive(Clone, Eq, Ord, PartialEq, PartialOrd)]
pub struct Document(String);

/// Which of the two.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum DocumentKind {
    /// Spanish identity card.
    Dni,
    /// Foreigner's number.
    Nie,
}

/// The text is no DNI or NIE.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum InvalidDocument {
    /// The last letter does not follow from the digits.
    #[error("the control letter does not match the number")]
    ControlLetter,
    /// Not eight digits (or `X`, `Y`, `Z` and seven) and a letter.
    #[error("a document has eight digits and a letter, or X, Y or Z, seven digits and a letter")]
    Shape,
}

/// Control letters by remainder modulo 23 (Royal Decree 1553/2005, as the Ministry publishes it).
const LETTERS: &[u8; 23] = b"TRWAGMYFPDXBNJZSQVHLCKE";

impl Document {
    /// Reads a document number in capitals without separators.
    pub fn parse(text: &str) -> Result<Self, InvalidDocument> {
        let (digits, letter) = text.split_at_checked(8).ok_or(InvalidDocument::Shape)?;
        let digits = match digits.as_bytes()[0] {
            b'X' => format!("0{}", &digits[1..]),
            b'Y' => format!("1{}", &digits[1..]),
            b'Z' => format!("2{}", &digits[1..]),
            _ => digits.to_owned(),
        };
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) || letter.len() != 1 {
            return Err(InvalidDocument::Shape);
        }
        let number: usize = digits.parse().map_err(|_| InvalidDocument::Shape)?;
        if letter.as_bytes()[0] != LETTERS[number % LETTERS.len()] {
            return Err(InvalidDocument::ControlLetter);
        }
        Ok(Self(text.to_owned()))
    }

    /// The nine characters.
    pub fn number(&self) -> &str {
        &self.0
    }

    /// Identity card or foreigner's number.
    pub fn kind(&self) -> DocumentKind {
        if self.0.starts_with(['X', 'Y', 'Z']) {
            DocumentKind::Nie
        } else {
            DocumentKind::Dni
        }
    }
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Document(·)")
    }
}

impl<'de> Deserialize<'de> for Document {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}
