//! What the tests of the codecs and of the profile share: the fixtures and who is asked about.

use std::fs;
use std::path::PathBuf;

use jiff::civil::date;

use super::{Answer, DecodeError, Municipality, ProductKind, Question, decode};
use crate::citizen::{Document, FiscalYear, Person, PersonName};
use crate::xml::{self, Element, Limits};

/// Marta of `tests/fixtures/PEOPLE.md`.
pub(crate) const MARTA: &str = "33333333P";
/// Lin, who has a foreigner's number.
pub(crate) const LIN: &str = "Y1234567X";

/// Those with whom the holder says they live: Anna and Carles.
pub(crate) const COHABITANTS: [&str; 2] = ["11111111H", "77777777B"];

/// A question about this person on 2 March 2026, of tax year 2024, in Barcelona.
pub(crate) fn question(nif: &str) -> Question {
    Question {
        holder: Person {
            document: Document::Nif(nif.parse().unwrap()),
            name: PersonName {
                given: Some("Marta".to_owned()),
                surname1: Some("Exemple".to_owned()),
                surname2: Some("Vidal".to_owned()),
            },
        },
        case_file: "prova-0001".to_owned(),
        fiscal_year: Some(FiscalYear::new(2024)),
        on: date(2026, 3, 2),
        municipality: Some(Municipality::new("08", "019").unwrap()),
        cohabitants: COHABITANTS.map(|nif| nif.parse().unwrap()).to_vec(),
    }
}

/// The same question about another tax year.
pub(crate) fn question_of(nif: &str, year: i16) -> Question {
    Question {
        fiscal_year: Some(FiscalYear::new(year)),
        ..question(nif)
    }
}

/// The text of `tests/fixtures/<product>/<case>.xml`.
pub(crate) fn fixture(product: &str, case: &str) -> String {
    let path = folder(product).join(format!("{case}.xml"));
    fs::read_to_string(path).expect("the fixture is there")
}

/// All fixtures of a product, sorted by name.
pub(crate) fn fixtures(product: &str) -> Vec<String> {
    let mut paths: Vec<_> = fs::read_dir(folder(product))
        .expect("the folder is there")
        .map(|entry| entry.expect("it can be listed").path())
        .collect();
    paths.sort();
    paths
        .iter()
        .map(|path| fs::read_to_string(path).expect("it can be read"))
        .collect()
}

fn folder(product: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(product)
}

/// The envelope's `DatosEspecificos` around a payload.
pub(crate) fn specific_data(payload: &str) -> Element {
    try_specific_data(payload).expect("the payload is well formed")
}

/// As [`specific_data`], for payloads that may be broken.
pub(crate) fn try_specific_data(payload: &str) -> Option<Element> {
    let namespace = "http://gencat.net/scsp/esquemes/peticion";
    let text =
        format!(r#"<e:DatosEspecificos xmlns:e="{namespace}">{payload}</e:DatosEspecificos>"#);
    xml::read(text.as_bytes(), &Limits::ANSWER).ok()
}

/// Decodes a fixture as the answer to a question.
pub(crate) fn answer_to(
    kind: ProductKind,
    question: &Question,
    payload: &str,
) -> Result<Answer, DecodeError> {
    decode(kind, question, Some(&specific_data(payload)))
}
