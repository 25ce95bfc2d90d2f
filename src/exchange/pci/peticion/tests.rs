//! The golden request, byte for byte, and what may vary around it.

use proptest::prelude::*;

use super::super::signature::DigestAlgorithm;
use super::*;
use crate::xml::{self, Limits};

/// The request of the wire reference, section 9.2, said with our own types.
fn golden() -> Request {
    let mut payload = Writer::new();
    payload.open(
        "pad:peticionResidenteMunicipio",
        &[("pad", "http://www.aocat.net/padro")],
        &[],
    );
    for (name, text) in [
        ("pad:numExpediente", "EXP-2026-000123"),
        ("pad:tipoDocumentacion", "1"),
        ("pad:documentacion", "99999999R"),
        ("pad:codigoMunicipio", "019"),
        ("pad:codigoProvincia", "08"),
        ("pad:idescat", "0"),
    ] {
        payload.leaf(name, text).unwrap();
    }
    Request {
        ids: WireIds {
            request: "9800000001-01JD9Z8Q4V6T2M7K3N5P0R1S2T".parse().unwrap(),
            submission: "01JD9Z8Q4V6T2M7K3N5P0R1S2T-1".parse().unwrap(),
        },
        at: "2026-11-20T09:15:30.123+01:00".parse().unwrap(),
        product: "PADRO/RESIDENT_MUNICIPI".parse().unwrap(),
        requester: Requester {
            code: "9800000001".parse().unwrap(),
            name: Text::new("Ens de Prova").unwrap(),
        },
        authorisation: Authorisation::Finality(Text::new("PROVES").unwrap()),
        consent: WireConsent::GIVEN,
        officer: Officer {
            name: Text::new("Maria Exemple Prova").unwrap(),
            nif: "00000000T".parse().unwrap(),
        },
        issuer: Issuer::aoc().unwrap(),
        holder: Some(Holder::new(DocumentType::Nif, "99999999R").unwrap()),
        case_file: Some(Text::new("EXP-2026-000123").unwrap()),
        evidence: true,
        specific_data: Some(CanonicalFragment::new(payload.finish()).unwrap()),
    }
}

fn read(request: &Request) -> xml::Element {
    let body = request.body().unwrap();
    xml::read(body.as_str().as_bytes(), &Limits::ANSWER).unwrap()
}

/// Follows local names of the request's namespace from the Body down.
fn at<'a>(body: &'a xml::Element, path: &[&str]) -> Option<&'a xml::Element> {
    let peticion = body.child(OPEN, "procesa")?.child(PETICION, "Peticion")?;
    path.iter()
        .try_fold(peticion, |element, name| element.child(PETICION, name))
}

#[test]
fn the_golden_request_is_written_byte_for_byte() {
    let body = golden().body().unwrap();
    assert_eq!(body.as_str().len(), 2756);
    let base64 = |digest: DigestAlgorithm| {
        use base64::Engine as _;
        base64::engine::general_purpose::STANDARD.encode(digest.of(body.as_str().as_bytes()))
    };
    assert_eq!(
        base64(DigestAlgorithm::Sha1),
        "xbIufTHzr7uH0vTWlHFlJPZK37U="
    );
    assert_eq!(
        base64(DigestAlgorithm::Sha256),
        "ndvYtWvqpiGv8rIvkID+VrDxRNYoaLlSrD0jrdWIDrg="
    );
}

#[test]
fn the_request_says_the_same_in_both_places() {
    let body = read(&golden());
    let above = at(&body, &["Atributos", "DatosAutorizacion"]).unwrap();
    let below = at(
        &body,
        &[
            "Solicitudes",
            "SolicitudTransmision",
            "DatosGenericos",
            "Solicitante",
        ],
    )
    .unwrap();
    for name in ["IdentificadorSolicitante", "NombreSolicitante", "Finalidad"] {
        assert_eq!(
            above.child(PETICION, name).map(xml::Element::text),
            below.child(PETICION, name).map(xml::Element::text),
            "{name}"
        );
    }
}

#[test]
fn a_procedure_takes_the_place_of_the_finality() {
    let mut request = golden();
    request.authorisation = Authorisation::procedure("2031415").unwrap();
    let body = read(&request);
    let authorisation = at(&body, &["Atributos", "DatosAutorizacion"]).unwrap();
    assert!(authorisation.child(PETICION, "Finalidad").is_none());
    assert_eq!(
        authorisation
            .child(PETICION, "Procedimiento")
            .map(xml::Element::text),
        Some("2031415")
    );
    assert_eq!(
        Authorisation::procedure("ab"),
        Err(Unfit::TooShort { min: 3 })
    );
}

#[test]
fn what_is_not_asked_is_left_out() {
    let mut request = golden();
    request.holder = None;
    request.case_file = None;
    request.evidence = false;
    request.specific_data = None;
    let text = request.body().unwrap();
    for absent in ["Titular", "IdTransmision", "Evidencia", "DatosEspecificos"] {
        assert!(!text.as_str().contains(absent), "{absent}");
    }
}

#[test]
fn summer_is_two_hours_ahead_in_madrid() {
    let mut request = golden();
    request.at = "2026-06-30T22:30:00Z".parse().unwrap();
    let body = read(&request);
    assert_eq!(
        at(&body, &["Atributos", "TimeStamp"]).map(xml::Element::text),
        Some("2026-07-01T00:30:00.000+02:00")
    );
    let day = at(
        &body,
        &[
            "Solicitudes",
            "SolicitudTransmision",
            "DatosGenericos",
            "Transmision",
            "FechaGeneracion",
        ],
    );
    assert_eq!(day.map(xml::Element::text), Some("2026-07-01"));
}

#[test]
fn only_express_consent_can_be_stated() {
    assert_eq!(WireConsent::GIVEN.get(), Consentimiento::Si);
}

#[test]
fn a_fragment_must_be_canonical() {
    for text in [
        "<a/>",
        "<a b='1'></a>",
        "<x:a></x:a>",
        "<a></a><b></b>",
        "",
        "<a xmlns:x=\"urn:unused\"></a>",
    ] {
        assert_eq!(
            CanonicalFragment::new(text.to_owned()),
            Err(NotCanonical),
            "{text}"
        );
    }
    assert!(CanonicalFragment::new("<a b=\"1\"></a>".to_owned()).is_ok());
}

#[test]
fn debug_tells_nothing_about_the_person() {
    let shown = format!("{:?}", golden());
    for secret in ["99999999R", "00000000T", "Maria", "EXP-2026"] {
        assert!(!shown.contains(secret), "{secret}");
    }
}

proptest! {
    #[test]
    fn every_request_is_its_own_canonical_form(
        name in "[^\\p{C}]{1,50}", case_file in "[^\\p{C}]{1,26}", surname in "[^\\p{C}]{1,40}",
    ) {
        let mut request = golden();
        let (Ok(name), Ok(case_file), Ok(surname)) =
            (Text::new(&name), Text::new(&case_file), Text::new(&surname))
        else {
            return Ok(());
        };
        request.requester.name = name.clone();
        request.case_file = Some(case_file);
        request.holder.as_mut().unwrap().surname1 = Some(surname);
        let body = request.body().unwrap();
        let canonical = bergshamra_c14n::canonicalize::<&str>(
            body.as_str(),
            bergshamra_c14n::C14nMode::Exclusive,
            None,
            &[],
        );
        prop_assert_eq!(canonical.unwrap(), body.as_str().as_bytes());
        let tree = read(&request);
        let found = at(&tree, &["Atributos", "DatosAutorizacion", "NombreSolicitante"]);
        prop_assert_eq!(found.map(xml::Element::text), Some(name.as_str()));
    }
}
