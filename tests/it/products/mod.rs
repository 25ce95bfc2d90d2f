//! Our requests and our fixtures against the official schemas, where those are at hand.
//!
//! The schemas belong to their publishers and are not kept here. With `VIA_OBERTA_XSD` naming a
//! folder with `services/<PRODUCT>/`, `xmllint` holds our documents to them; without it these tests
//! have nothing to compare with, which `./check` says.
//!
//! Where the official schemas do not agree with what the services send:
//! - The 2020-and-later schema of the tax agency imports five yearly schemas under names that are
//!   not all published; only a copy reduced to one year compiles. There is none yet for 2025.
//! - The identity service's document puts `dadesTitular` under `resposta`; its schema has no such
//!   level.
//! - The social security's schema wants its namespace on every child; published answers of the same
//!   family come without it.
//! - The register's schema demands `numeroConvivientes` even when nobody is registered, and leaves
//!   the address as any content.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use interop_gateway::citizen::{Document, FiscalYear, Person, PersonName};
use interop_gateway::products::{Municipality, ProductKind, Question, encode};
use jiff::civil::date;

const AEAT: &str = "AEAT_IRPF/trimmed-2024/dadesEspecifiques-ADWSIRPF-202X.xsd";
const AEAT_BEFORE_2020: &str = "AEAT_IRPF/dadesEspecifiques-ADWSIRPF.xsd";
const DGP: &str = "DGP_IDENTITAT/dadesEspecifiques.xsd";
const PADRO: &str = "PADRO/dadesEspecifiques.xsd";
const TGSS: &str = "SCSP_TGSS/datos-especificos-Q2827003ATGSS006.xsd";

/// The fixtures that go against the schemas on purpose, because the services do.
const AGAINST_THE_SCHEMA: [&str; 3] = [
    "aeat_irpf/year_without_a_schema_yet.xml",
    "dgp_identity/found_under_resposta.xml",
    "tgss_in_work/without_namespace.xml",
];

/// The folder of the official schemas, if this machine has it.
fn official() -> Option<PathBuf> {
    let folder = std::env::var_os("VIA_OBERTA_XSD").map(PathBuf::from);
    folder.map(|folder| folder.join("services"))
}

/// Whether a document is valid, and what `xmllint` says of it.
fn valid(schema: &Path, document: &Path) -> (bool, String) {
    let output = Command::new("xmllint")
        .args(["--nonet", "--noout", "--schema"])
        .args([schema, document])
        .output()
        .expect("xmllint is installed: the package is libxml2-utils");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.success(), said)
}

fn question(nif: &str) -> Question {
    Question {
        holder: Person {
            document: Document::Nif(nif.parse().unwrap()),
            name: PersonName {
                given: Some("Marta".to_owned()),
                surname1: Some("Exemple".to_owned()),
                surname2: None,
            },
        },
        case_file: "prova-0001".to_owned(),
        fiscal_year: Some(FiscalYear::new(2024)),
        on: date(2026, 3, 2),
        municipality: Some(Municipality::new("08", "019").unwrap()),
        cohabitants: ["11111111H", "77777777B"]
            .map(|nif| nif.parse().unwrap())
            .to_vec(),
    }
}

#[test]
fn our_requests_are_valid_by_the_official_schemas() {
    let Some(official) = official() else { return };
    let folder = tempfile::tempdir().unwrap();
    for (kind, schema) in [
        (ProductKind::AeatC4, AEAT),
        (ProductKind::AeatC2, AEAT),
        (ProductKind::AeatC4, AEAT_BEFORE_2020),
        (ProductKind::PadroCohabitants, PADRO),
        (ProductKind::PadroHouseholdSize, PADRO),
        (ProductKind::TgssInWork, TGSS),
    ] {
        for nif in ["33333333P", "Y1234567X"] {
            let document = folder.path().join("request.xml");
            fs::write(&document, encode(kind, &question(nif)).unwrap().unwrap()).unwrap();
            let (valid, said) = valid(&official.join(schema), &document);
            assert!(valid, "{kind:?}: {said}");
        }
    }
}

#[test]
fn our_fixtures_are_valid_by_the_official_schemas_except_where_those_are_wrong() {
    let Some(official) = official() else { return };
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    for (product, schema) in [
        ("aeat_irpf", AEAT),
        ("dgp_identity", DGP),
        ("padro_cohabitants", PADRO),
        ("padro_household_size", PADRO),
        ("tgss_in_work", TGSS),
    ] {
        for entry in fs::read_dir(fixtures.join(product)).unwrap() {
            let document = entry.unwrap().path();
            let case = document.file_name().unwrap().to_string_lossy().into_owned();
            let schema = if case.contains("before_2020") {
                AEAT_BEFORE_2020
            } else {
                schema
            };
            let (valid, said) = valid(&official.join(schema), &document);
            let expected = !AGAINST_THE_SCHEMA.contains(&&*format!("{product}/{case}"));
            assert_eq!(valid, expected, "{product}/{case}: {said}");
        }
    }
}
