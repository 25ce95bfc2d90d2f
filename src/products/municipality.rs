//! Municipalities by their INE code.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A municipality: INE province (two digits) and municipality (three, without the control digit).
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Municipality {
    province: String,
    municipality: String,
}

/// A text that is not an INE municipality code.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a municipality is a province of 1 or 2 digits and a code of 1 to 3")]
pub struct InvalidMunicipality;

impl Municipality {
    /// From the two codes; sources drop leading zeros, so they are put back.
    pub fn new(province: &str, municipality: &str) -> Result<Self, InvalidMunicipality> {
        Ok(Self {
            province: padded(province, 2)?,
            municipality: padded(municipality, 3)?,
        })
    }

    /// The province, two digits: `08` is Barcelona.
    pub fn province(&self) -> &str {
        &self.province
    }

    /// The municipality within its province, three digits.
    pub fn municipality(&self) -> &str {
        &self.municipality
    }
}

fn padded(digits: &str, width: usize) -> Result<String, InvalidMunicipality> {
    let digits = digits.trim();
    let written = (1..=width).contains(&digits.len());
    if written && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        Ok(format!("{digits:0>width$}"))
    } else {
        Err(InvalidMunicipality)
    }
}

impl fmt::Display for Municipality {
    /// Five digits, as in statistics: `08019`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.province, self.municipality)
    }
}

impl FromStr for Municipality {
    type Err = InvalidMunicipality;

    /// Reads `08019` and `08/019`.
    fn from_str(text: &str) -> Result<Self, InvalidMunicipality> {
        match text.split_once('/') {
            Some((province, municipality)) => Self::new(province, municipality),
            None if text.len() == 5 && text.is_ascii() => Self::new(&text[..2], &text[2..]),
            None => Err(InvalidMunicipality),
        }
    }
}

impl TryFrom<String> for Municipality {
    type Error = InvalidMunicipality;

    fn try_from(text: String) -> Result<Self, InvalidMunicipality> {
        text.parse()
    }
}

impl From<Municipality> for String {
    fn from(municipality: Municipality) -> Self {
        municipality.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leading_zeros_come_back() {
        assert_eq!(
            Municipality::new("8", "19").map(|place| place.to_string()),
            Ok("08019".to_owned())
        );
        assert_eq!("08/019".parse::<Municipality>(), "08019".parse());
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "", "0801", "080190", "8a019", "08/0190", "/", "ñ8019", "0ñ19",
        ] {
            assert_eq!(
                text.parse::<Municipality>(),
                Err(InvalidMunicipality),
                "{text}"
            );
        }
    }
}
