//! What we send, held to the official schemas where they are at hand.
//!
//! They are not ours to copy: the environment variable `VIA_OBERTA_XSD` names the folder. Without
//! it these tests check what can be checked without: that our text is well-formed for `xmllint`.

use std::path::{Path, PathBuf};
use std::process::Command;

use interop_gateway::exchange::pci::{
    Authorisation, CanonicalFragment, DocumentType, Holder, Issuer, Officer, Request, Requester,
    Text, WireConsent, WireIds,
};

use super::*;

fn request(authorisation: Authorisation) -> Request {
    Request {
        ids: WireIds {
            request: "9821920002-01JD9Z8Q4V6T2M7K3N5P0R1S2T".parse().unwrap(),
            submission: "01JD9Z8Q4V6T2M7K3N5P0R1S2T-1".parse().unwrap(),
        },
        at: now(),
        product: "AEAT_IRPF/C4".parse().unwrap(),
        requester: Requester {
            code: "9821920002".parse().unwrap(),
            name: Text::new("Ajuntament de Prova").unwrap(),
        },
        authorisation,
        consent: WireConsent::GIVEN,
        officer: Officer {
            name: Text::new("Cognom Prova Maria").unwrap(),
            nif: "00000000T".parse().unwrap(),
        },
        issuer: Issuer::aoc().unwrap(),
        holder: Some(Holder {
            given_name: Some(Text::new("Anna").unwrap()),
            surname1: Some(Text::new("L'Hospitalet & Cia").unwrap()),
            surname2: Some(Text::new("Puig").unwrap()),
            full_name: Some(Text::new("L'Hospitalet Puig Anna").unwrap()),
            ..Holder::new(DocumentType::Nif, "11111111H").unwrap()
        }),
        case_file: Some(Text::new("EXP-2026-000123").unwrap()),
        evidence: true,
        specific_data: Some(CanonicalFragment::new("<a xmlns=\"urn:a\"></a>".into()).unwrap()),
    }
}

fn finality() -> Authorisation {
    Authorisation::Finality(Text::new("PROVES").unwrap())
}

/// The element inside the Body, as a document of its own.
fn content(request: &Request, name: &str) -> String {
    let body = request.body().unwrap();
    let text = body.as_str();
    let start = text.find(&format!("<{name}")).unwrap();
    let close = format!("</{name}>");
    text[start..text.find(&close).unwrap() + close.len()].to_owned()
}

fn valid(document: &str, schema: Option<&Path>) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("message.xml");
    std::fs::write(&file, document).unwrap();
    let mut command = Command::new("xmllint");
    command.args(["--noout", "--nonet"]);
    if let Some(schema) = schema {
        command.arg("--schema").arg(schema);
    }
    let output = command.arg(&file).output().expect("xmllint is installed");
    if output.status.success() {
        Ok(())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

fn official() -> Option<PathBuf> {
    std::env::var_os("VIA_OBERTA_XSD").map(|folder| PathBuf::from(folder).join("pci"))
}

/// The published schema puts a choice inside `xs:all` in two elements, which no processor compiles.
/// A copy with a sequence in its place, and nothing else changed.
fn repaired(folder: &Path) -> PathBuf {
    let mut text = std::fs::read_to_string(official().unwrap().join("pci3-peticion.xsd")).unwrap();
    for element in ["Solicitante", "DatosAutorizacion"] {
        let start = text
            .find(&format!("<s:element name=\"{element}\">"))
            .unwrap();
        let end = start + text[start..].find("</s:all>").unwrap() + "</s:all>".len();
        let sequence = text[start..end].replace("s:all>", "s:sequence>");
        text.replace_range(start..end, &sequence);
    }
    let file = folder.join("pci3-peticion.xsd");
    std::fs::write(&file, text).unwrap();
    file
}

#[test]
fn what_we_send_is_well_formed_to_another_parser() {
    let text = text_of(&signed(&PlatformProfile::aoc()));
    assert_eq!(valid(&text, None), Ok(()));
    let body = request(finality()).body().unwrap();
    assert_eq!(valid(body.as_str(), None), Ok(()));
}

#[test]
fn a_request_is_valid_under_the_official_schemas() {
    let Some(official) = official() else { return };
    let folder = tempfile::tempdir().unwrap();
    let schema = repaired(folder.path());
    let by_finality = request(finality());
    let peticion = content(&by_finality, "pet:Peticion");
    assert_eq!(valid(&peticion, Some(&schema)), Ok(()));
    let procesa = content(&by_finality, "open:procesa");
    assert_eq!(valid(&procesa, Some(&official.join("procesa.xsd"))), Ok(()));
    let by_procedure = request(Authorisation::procedure("2031415").unwrap());
    let peticion = content(&by_procedure, "pet:Peticion");
    assert_eq!(valid(&peticion, Some(&schema)), Ok(()));
}

#[test]
fn the_official_schemas_refuse_what_our_types_cannot_say() {
    if official().is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let schema = repaired(folder.path());
    let good = content(&request(finality()), "pet:Peticion");
    for (found, wrong) in [
        (">Si<", ">Sí<"),
        (">NIF<", ">nif<"),
        (">9821920002<", ">98219200020<"),
        ("<pet:NumElementos>1</pet:NumElementos>", ""),
    ] {
        let text = good.replace(found, wrong);
        assert_ne!(text, good, "{found}");
        assert!(valid(&text, Some(&schema)).is_err(), "{wrong}");
    }
}
