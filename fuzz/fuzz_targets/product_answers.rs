//! Any bytes as the answer of any service: read or refused, never a panic.
//!
//! The first byte picks the service and the kind of document; the rest is `DatosEspecificos`. Seeds:
//! `tests/fixtures`, each after a byte and inside an envelope element.
#![no_main]

use std::sync::LazyLock;

use interop_gateway::citizen::{Document, FiscalYear, Person, PersonName};
use interop_gateway::products::{Municipality, ProductKind, Question, decode};
use interop_gateway::xml::{Limits, read};
use libfuzzer_sys::fuzz_target;

static QUESTIONS: LazyLock<[Question; 2]> =
    LazyLock::new(|| ["33333333P", "Y1234567X"].map(question));

fn question(nif: &str) -> Question {
    Question {
        holder: Person {
            document: Document::Nif(nif.parse().expect("a test number with its letter")),
            name: PersonName::default(),
        },
        case_file: "fuzz".to_owned(),
        fiscal_year: Some(FiscalYear::new(2024)),
        on: jiff::civil::date(2026, 3, 2),
        municipality: Municipality::new("08", "019").ok(),
        cohabitants: ["11111111H", "77777777B"]
            .map(|nif| nif.parse().expect("a test number with its letter"))
            .to_vec(),
    }
}

fuzz_target!(|data: &[u8]| {
    let Some((&first, payload)) = data.split_first() else {
        return;
    };
    let kind = ProductKind::ALL[usize::from(first) % ProductKind::ALL.len()];
    let question = &QUESTIONS[usize::from(first) / ProductKind::ALL.len() % 2];
    if let Ok(element) = read(payload, &Limits::ANSWER) {
        let _ = decode(kind, question, Some(&element));
    }
});
