//! Identity documents: what a person is known by to the administrations.

use std::fmt;
use std::str::FromStr;

use zeroize::{Zeroize, ZeroizeOnDrop};

/// The 23 control letters of the Spanish documents, indexed by the number modulo 23.
const CONTROL_LETTERS: &[u8; 23] = b"TRWAGMYFPDXBNJZSQVHLCKE";

/// Tax identity of a natural person: DNI, NIE, or the K, L and M numbers. Nine characters.
///
/// Holding a `Nif` means the control letter was checked; nothing downstream checks again. It proves
/// good typing, not existence, and never authorises anything.
/// Source: Ministry of the Interior, "Cálculo del dígito de control del NIF/NIE".
#[derive(Clone, Eq, Hash, Ord, PartialEq, PartialOrd, Zeroize, ZeroizeOnDrop)]
pub struct Nif(String);

/// Why a text is not a [`Nif`]. Never carries the text.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum InvalidNif {
    /// The letter does not belong to the number: most often a typing slip.
    #[error("the control letter does not match the number")]
    ControlLetter,
    /// Not a DNI, NIE, nor K, L or M number: wrong length or characters.
    #[error("not the shape of a DNI or NIE")]
    Shape,
}

impl Nif {
    /// The nine characters, for the wire and for encrypted storage only.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether this is a foreigner's number (`X`, `Y` or `Z` first).
    pub fn is_nie(&self) -> bool {
        matches!(self.0.as_bytes().first(), Some(b'X' | b'Y' | b'Z'))
    }
}

impl FromStr for Nif {
    type Err = InvalidNif;

    /// Parses after trimming, upper-casing and dropping spaces, dots and hyphens.
    ///
    /// A DNI of fewer than eight digits is padded with zeros; the old ten-character NIE
    /// (`X0` and seven digits) is brought to nine.
    fn from_str(input: &str) -> Result<Self, InvalidNif> {
        let text = normalise(input).ok_or(InvalidNif::Shape)?;
        let text = match text.as_bytes() {
            [b'X', b'0', rest @ ..] if rest.len() == 8 => format!("X{}", &text[2..]),
            [b'0'..=b'9', ..] if text.len() < 9 => format!("{text:0>9}"),
            _ => text,
        };
        let [body @ .., letter] = text.as_bytes() else {
            return Err(InvalidNif::Shape);
        };
        if body.len() != 8 {
            return Err(InvalidNif::Shape);
        }
        if control_letter(body)? != *letter {
            return Err(InvalidNif::ControlLetter);
        }
        Ok(Self(text))
    }
}

impl fmt::Debug for Nif {
    // There is no `Display`: it would invite the number into messages.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Nif(·)")
    }
}

/// The letter that belongs to eight characters of a DNI, NIE or K/L/M number.
fn control_letter(body: &[u8]) -> Result<u8, InvalidNif> {
    let (lead, digits) = match body {
        [b'0'..=b'9', ..] => (0, body),
        [b'X' | b'K' | b'L' | b'M', rest @ ..] => (0, rest),
        [b'Y', rest @ ..] => (1, rest),
        [b'Z', rest @ ..] => (2, rest),
        _ => return Err(InvalidNif::Shape),
    };
    let number = digits
        .iter()
        .try_fold(lead, |number: usize, digit| match digit {
            b'0'..=b'9' => Ok(number * 10 + usize::from(digit - b'0')),
            _ => Err(InvalidNif::Shape),
        })?;
    Ok(CONTROL_LETTERS[number % CONTROL_LETTERS.len()])
}

/// Upper-case ASCII without spaces, dots and hyphens; `None` for anything else or too long.
fn normalise(input: &str) -> Option<String> {
    let mut text = String::with_capacity(10);
    for character in input.trim().chars() {
        match character {
            ' ' | '.' | '-' => {}
            'a'..='z' | 'A'..='Z' | '0'..='9' if text.len() < 20 => {
                text.push(character.to_ascii_uppercase());
            }
            _ => return None,
        }
    }
    Some(text)
}

/// A country by its two letters (ISO 3166-1 alpha-2).
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct CountryCode([u8; 2]);

impl CountryCode {
    /// The two capital letters.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("??")
    }
}

impl FromStr for CountryCode {
    type Err = InvalidDocument;

    fn from_str(input: &str) -> Result<Self, InvalidDocument> {
        match input.as_bytes() {
            [a, b] if a.is_ascii_alphabetic() && b.is_ascii_alphabetic() => {
                Ok(Self([a.to_ascii_uppercase(), b.to_ascii_uppercase()]))
            }
            _ => Err(InvalidDocument::Country),
        }
    }
}

/// The document a person identified themself with.
///
/// Only a [`Nif`] can be asked about at Via Oberta; the others can log in and declare.
#[derive(Clone, Eq, Hash, PartialEq)]
pub enum Document {
    /// An identifier issued by another eIDAS country, as Cl@ve passes it on.
    Eidas {
        /// The country that issued it.
        country: CountryCode,
        /// The identifier as that country wrote it.
        number: String,
    },
    /// DNI, NIE or K/L/M number.
    Nif(Nif),
    /// A passport: not unique without its country, and it changes with every renewal.
    Passport {
        /// The country that issued it.
        country: CountryCode,
        /// The passport number.
        number: String,
    },
}

/// Why a document was not understood. Never carries the text.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum InvalidDocument {
    /// A foreign document without the country that issued it, or with an unknown one.
    #[error("the issuing country is missing or not two letters")]
    Country,
    /// A DNI or NIE that does not hold together.
    #[error(transparent)]
    Nif(#[from] InvalidNif),
    /// A foreign number outside 3 to 20 letters and digits.
    #[error("a foreign document number has 3 to 20 letters and digits")]
    Number,
}

impl Document {
    /// A passport, its number normalised.
    pub fn passport(country: CountryCode, number: &str) -> Result<Self, InvalidDocument> {
        Ok(Self::Passport {
            country,
            number: foreign_number(number)?,
        })
    }

    /// An eIDAS identifier, its number normalised.
    pub fn eidas(country: CountryCode, number: &str) -> Result<Self, InvalidDocument> {
        Ok(Self::Eidas {
            country,
            number: foreign_number(number)?,
        })
    }

    /// The Spanish number, when the person has one.
    pub fn nif(&self) -> Option<&Nif> {
        match self {
            Self::Nif(nif) => Some(nif),
            Self::Eidas { .. } | Self::Passport { .. } => None,
        }
    }

    /// A text that differs for different documents: type, country and number.
    ///
    /// It is what the keyed look-up hashes; it never leaves the program.
    pub fn lookup_key(&self) -> zeroize::Zeroizing<String> {
        zeroize::Zeroizing::new(match self {
            Self::Nif(nif) => format!("NIF/ES/{}", nif.reveal()),
            Self::Passport { country, number } => format!("PASSPORT/{}/{number}", country.as_str()),
            Self::Eidas { country, number } => format!("EIDAS/{}/{number}", country.as_str()),
        })
    }

    /// Reads back what [`Document::lookup_key`] wrote.
    pub fn from_lookup_key(text: &str) -> Result<Self, InvalidDocument> {
        let mut parts = text.splitn(3, '/');
        match (parts.next(), parts.next(), parts.next()) {
            (Some("NIF"), Some("ES"), Some(number)) => Ok(Self::Nif(number.parse()?)),
            (Some("PASSPORT"), Some(country), Some(number)) => {
                Self::passport(country.parse()?, number)
            }
            (Some("EIDAS"), Some(country), Some(number)) => Self::eidas(country.parse()?, number),
            _ => Err(InvalidDocument::Number),
        }
    }
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Eidas { .. } => "Eidas(·)",
            Self::Nif(_) => "Nif(·)",
            Self::Passport { .. } => "Passport(·)",
        })
    }
}

fn foreign_number(number: &str) -> Result<String, InvalidDocument> {
    let number = normalise(number).ok_or(InvalidDocument::Number)?;
    if (3..=20).contains(&number.len()) {
        Ok(number)
    } else {
        Err(InvalidDocument::Number)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn official_examples_are_accepted() {
        for text in [
            "00000000T",
            "12345678Z",
            "99999999R",
            "01234567L",
            "X0000000T",
            "Y0000000Z",
            "Z0000000M",
            "X1234567L",
            "Y1234567X",
            "Z1234567R",
            "K0000000T",
            "L1234567L",
            "M0000000T",
        ] {
            assert_eq!(
                text.parse::<Nif>().map(|nif| nif.reveal().to_owned()),
                Ok(text.to_owned())
            );
        }
    }

    #[test]
    fn a_wrong_letter_is_told_apart_from_a_wrong_shape() {
        assert_eq!("12345678A".parse::<Nif>(), Err(InvalidNif::ControlLetter));
        for text in [
            "",
            "T0000000T",
            "1234567890",
            "12345678",
            "Q0000000J",
            "１２345678Z",
        ] {
            assert!(matches!(
                text.parse::<Nif>(),
                Err(InvalidNif::Shape | InvalidNif::ControlLetter)
            ));
        }
        assert_eq!("Q0000000J".parse::<Nif>(), Err(InvalidNif::Shape));
        assert_eq!("12345678\u{200b}Z".parse::<Nif>(), Err(InvalidNif::Shape));
    }

    #[test]
    fn people_type_numbers_in_many_ways() {
        for (typed, meant) in [
            (" 12.345.678-z ", "12345678Z"),
            ("X01234567L", "X1234567L"),
            ("1234567l", "01234567L"),
        ] {
            assert_eq!(
                typed.parse::<Nif>().map(|nif| nif.reveal().to_owned()),
                Ok(meant.to_owned())
            );
        }
    }

    #[test]
    fn debug_output_never_shows_the_number() {
        let nif: Nif = "12345678Z".parse().unwrap();
        assert_eq!(
            format!("{nif:?} {:?}", Document::Nif(nif.clone())),
            "Nif(·) Nif(·)"
        );
    }

    proptest! {
        #[test]
        fn exactly_one_letter_fits_each_number(number in 0_u32..100_000_000) {
            let fitting = (b'A'..=b'Z')
                .filter(|letter| format!("{number:08}{}", *letter as char).parse::<Nif>().is_ok())
                .count();
            prop_assert_eq!(fitting, 1);
        }

        #[test]
        fn any_text_is_parsed_or_refused_without_panic(text in ".*") {
            let _ = text.parse::<Nif>();
        }

        #[test]
        fn a_lookup_key_reads_back(number in "[A-Z0-9]{3,20}", country in "[A-Z]{2}") {
            let document = Document::passport(country.parse().unwrap(), &number).unwrap();
            prop_assert_eq!(Document::from_lookup_key(&document.lookup_key()), Ok(document));
        }
    }
}
