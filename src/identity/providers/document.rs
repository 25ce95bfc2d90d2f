//! From what providers write about a document to a [`Document`].
//!
//! The stakes: a foreign number taken for a Spanish one would make us ask about somebody else.
//! When it is not certain, the document is refused or kept as foreign, which is never asked about.

use super::super::error::DocumentDefect;
use crate::citizen::{CountryCode, Document, InvalidDocument};

/// What a provider says the document is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    /// An identifier of another country's eID, or a residence card: not for Spanish look-ups.
    Foreign,
    /// A Spanish number: DNI, NIE and the K, L and M numbers.
    Nif,
    /// A passport.
    Passport,
    /// The provider does not say.
    Unstated,
}

/// Reads a document number as providers write it: bare, or `<country>/ES/<number>` as eIDAS does.
pub(super) fn read(
    kind: Kind,
    number: &str,
    country: Option<&str>,
) -> Result<Document, DocumentDefect> {
    let (within, number) = match number.split('/').collect::<Vec<_>>()[..] {
        [number] => (None, number),
        [from, _to, number] => (Some(from), number),
        _ => return Err(InvalidDocument::Number.into()),
    };
    let country = match (within, country.filter(|country| !country.is_empty())) {
        (Some(a), Some(b)) if a != b => return Err(InvalidDocument::Country.into()),
        (Some(stated), _) | (None, Some(stated)) => Some(stated.parse::<CountryCode>()?),
        (None, None) => None,
    };
    let foreign = country.filter(|country| country.as_str() != "ES");
    match (kind, foreign) {
        (Kind::Nif, _) => Ok(Document::Nif(number.parse().map_err(InvalidDocument::Nif)?)),
        // A Spanish number only when nothing points abroad: letters and digits of other countries'
        // numbers pass our control letter one time in twenty-three.
        (Kind::Unstated, None) => match number.parse() {
            Ok(nif) => Ok(Document::Nif(nif)),
            Err(defect) => Err(InvalidDocument::Nif(defect).into()),
        },
        (Kind::Passport, _) => {
            let country = country.ok_or(InvalidDocument::Country)?;
            Ok(Document::passport(country, number)?)
        }
        (Kind::Foreign | Kind::Unstated, Some(country)) => Ok(Document::eidas(country, number)?),
        (Kind::Foreign, None) => Err(DocumentDefect::Unsupported),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::citizen::InvalidNif;

    #[test]
    fn spanish_numbers_are_understood_bare_and_in_eidas_form() {
        for (number, country) in [
            ("12345678Z", None),
            ("12345678Z", Some("ES")),
            ("ES/ES/12345678Z", None),
            ("ES/ES/12345678Z", Some("ES")),
        ] {
            let document = read(Kind::Unstated, number, country).unwrap();
            assert_eq!(document.nif().unwrap().reveal(), "12345678Z");
        }
    }

    #[test]
    fn a_number_that_fails_its_letter_is_refused_and_not_taken_for_a_foreign_one() {
        let refused = Err(DocumentDefect::Invalid(InvalidDocument::Nif(
            InvalidNif::ControlLetter,
        )));
        assert_eq!(read(Kind::Nif, "12345678A", None), refused);
        assert_eq!(read(Kind::Unstated, "12345678A", None), refused);
        assert_eq!(read(Kind::Unstated, "12345678A", Some("ES")), refused);
    }

    #[test]
    fn attack_43_a_foreign_number_that_looks_spanish_stays_foreign() {
        for (number, country) in [("12345678Z", Some("FR")), ("FR/ES/12345678Z", None)] {
            let document = read(Kind::Unstated, number, country).unwrap();
            assert!(document.nif().is_none());
            assert!(matches!(document, Document::Eidas { .. }));
        }
    }

    #[test]
    fn a_passport_without_its_country_is_nobody() {
        let refused = Err(DocumentDefect::Invalid(InvalidDocument::Country));
        assert_eq!(read(Kind::Passport, "AAA123456", None), refused);
        assert!(read(Kind::Passport, "AAA123456", Some("PT")).is_ok());
    }

    #[test]
    fn countries_that_contradict_each_other_are_refused() {
        let refused = Err(DocumentDefect::Invalid(InvalidDocument::Country));
        assert_eq!(read(Kind::Unstated, "FR/ES/AB123", Some("IT")), refused);
    }

    #[test]
    fn attack_44_digits_and_spaces_of_other_alphabets_are_refused() {
        for number in ["\u{ff11}2345678Z", "12345678\u{200b}Z", "12345678\u{0396}"] {
            assert!(read(Kind::Unstated, number, None).is_err());
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(number in ".{0,40}", country in proptest::option::of(".{0,3}")) {
            for kind in [Kind::Foreign, Kind::Nif, Kind::Passport, Kind::Unstated] {
                let _ = read(kind, &number, country.as_deref());
            }
        }
    }
}
