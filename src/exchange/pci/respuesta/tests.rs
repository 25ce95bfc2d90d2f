//! Answers as the platform sends them, and as it must not.

use proptest::prelude::*;

use super::*;
use crate::exchange::pci::names::SOAP;
use crate::exchange::pci::{PlatformProfile, ResponseSignature, TrustRoots, signature};

const REQUEST: &str = "9821920002-01JD9Z8Q4V6T2M7K3N5P0R1S2T";
const SUBMISSION: &str = "01JD9Z8Q4V6T2M7K3N5P0R1S2T-1";

fn expected() -> Expectation {
    Expectation {
        request_id: REQUEST.parse().unwrap(),
        submission_id: SUBMISSION.parse().unwrap(),
        product: "TGSS/ALTA_LABORAL".parse().unwrap(),
        requester: "9821920002".parse().unwrap(),
        holder: Some(Text::new("99999999R").unwrap()),
    }
}

fn attributes(state: &str) -> String {
    format!(
        "<r:Atributos><r:IdPeticion>{REQUEST}</r:IdPeticion><r:NumElementos>1</r:NumElementos>\
         <r:TimeStamp>2026-11-20T09:15:31.502+01:00</r:TimeStamp>{state}\
         <r:CodigoCertificado>ALTA_LABORAL</r:CodigoCertificado>\
         <r:CodigoProducto>TGSS</r:CodigoProducto></r:Atributos>"
    )
}

fn state(code: &str, literal: &str) -> String {
    attributes(&format!(
        "<r:Estado><r:CodigoEstado>{code}</r:CodigoEstado><r:LiteralError>{literal}</r:LiteralError>\
         <r:TiempoEstimadoRespuesta>2</r:TiempoEstimadoRespuesta></r:Estado>"
    ))
}

fn transmission(specific_data: &str) -> String {
    format!(
        "<r:TransmisionDatos><r:DatosGenericos><r:Emisor/><r:Solicitante>\
         <r:IdentificadorSolicitante>9821920002</r:IdentificadorSolicitante></r:Solicitante>\
         <r:Titular><r:TipoDocumentacion>NIF</r:TipoDocumentacion>\
         <r:Documentacion>99999999R</r:Documentacion></r:Titular><r:Transmision>\
         <r:CodigoCertificado>ALTA_LABORAL</r:CodigoCertificado>\
         <r:IdSolicitud>{SUBMISSION}</r:IdSolicitud><r:IdTransmision>EXP-1</r:IdTransmision>\
         <r:FechaGeneracion>20112026</r:FechaGeneracion></r:Transmision></r:DatosGenericos>\
         {specific_data}</r:TransmisionDatos>"
    )
}

fn answer(content: &str) -> String {
    format!(
        "<S:Envelope xmlns:S=\"{SOAP}\"><S:Body><o:procesaResponse xmlns:o=\"{OPEN}\">\
         <r:Respuesta xmlns:r=\"{RESPUESTA}\">{content}</r:Respuesta></o:procesaResponse>\
         </S:Body></S:Envelope>"
    )
}

fn finished_answer(specific_data: &str) -> String {
    answer(&format!(
        "{}<r:Transmisiones>{}</r:Transmisiones>",
        state("0003", "OK"),
        transmission(specific_data)
    ))
}

fn envelope(text: &str) -> VerifiedEnvelope {
    let profile = PlatformProfile {
        response_signature: ResponseSignature::Off,
        ..PlatformProfile::aoc()
    };
    let now = "2026-11-20T08:15:31Z".parse().unwrap();
    signature::verify(text.as_bytes(), &profile, &TrustRoots::none(), now).unwrap()
}

fn reply(text: &str) -> Result<Reply, ReplyError> {
    read(&envelope(text), &expected())
}

fn finished_reply(text: &str) -> Finished {
    match reply(text).unwrap() {
        Reply::Finished(finished) => *finished,
        other => panic!("{other:?}"),
    }
}

const DATA: &str = "<r:DatosEspecificos><t:DatosEspecificos xmlns:t=\"urn:tgss\">\
    <t:Retorno>1</t:Retorno></t:DatosEspecificos></r:DatosEspecificos>";

#[test]
fn a_finished_answer_hands_on_its_specific_data() {
    let finished = finished_reply(&finished_answer(DATA));
    let data = finished.specific_data.unwrap();
    assert!(data.is(RESPUESTA, "DatosEspecificos"));
    assert!(data.child("urn:tgss", "DatosEspecificos").is_some());
    assert_eq!(finished.issuer_transmission_id.as_deref(), Some("EXP-1"));
    assert_eq!(finished.generated.as_deref(), Some("20112026"));
    assert_eq!(
        finished.timestamp.as_deref(),
        Some("2026-11-20T09:15:31.502+01:00")
    );
}

#[test]
fn success_is_the_state_code_not_the_literal() {
    let text = finished_answer(DATA).replace(">OK<", ">S'ha produït un error<");
    assert!(matches!(reply(&text), Ok(Reply::Finished(_))));
    let text = answer(&state("0502", "OK"));
    assert!(matches!(reply(&text), Ok(Reply::Failed(_))));
}

#[test]
fn attributes_may_come_in_any_order_with_unknown_neighbours() {
    let backwards = format!(
        "<r:Transmisiones>{}</r:Transmisiones><r:Novetat/>\
         <r:Atributos><r:CodigoCertificado>ALTA_LABORAL</r:CodigoCertificado><r:Futur>1</r:Futur>\
         <r:Estado><r:LiteralError/><r:CodigoEstado> 0003 </r:CodigoEstado>\
         <r:TiempoEstimadoRespuesta/></r:Estado><r:CodigoProducto>TGSS</r:CodigoProducto>\
         <r:IdPeticion>{REQUEST}</r:IdPeticion></r:Atributos>",
        transmission(DATA)
    );
    let finished = finished_reply(&answer(&backwards));
    assert_eq!(finished.timestamp, None);
}

#[test]
fn an_empty_or_absent_identifier_of_the_transmission_is_tolerated() {
    for replacement in ["<r:IdTransmision/>", ""] {
        let text =
            finished_answer(DATA).replace("<r:IdTransmision>EXP-1</r:IdTransmision>", replacement);
        assert_eq!(finished_reply(&text).issuer_transmission_id, None);
    }
}

#[test]
fn empty_specific_data_are_no_data() {
    for data in [
        "",
        "<r:DatosEspecificos/>",
        "<r:DatosEspecificos> </r:DatosEspecificos>",
    ] {
        assert!(
            finished_reply(&finished_answer(data))
                .specific_data
                .is_none()
        );
    }
}

#[test]
fn an_answer_about_something_else_is_refused_by_what_differs() {
    let good = finished_answer(DATA);
    for (found, other, error) in [
        (REQUEST, "9821920002-OTHER", ReplyError::OtherRequest),
        (">TGSS<", ">PADRO<", ReplyError::OtherProduct),
        (
            "ALTA_LABORAL</r:CodigoCertificado><r:CodigoProducto>",
            "VIDA_LABORAL</r:CodigoCertificado><r:CodigoProducto>",
            ReplyError::OtherModality,
        ),
        (
            "ALTA_LABORAL</r:CodigoCertificado><r:IdSolicitud>",
            "VIDA_LABORAL</r:CodigoCertificado><r:IdSolicitud>",
            ReplyError::OtherModality,
        ),
        (">99999999R<", ">00000000T<", ReplyError::OtherHolder),
        (">9821920002<", ">9821920003<", ReplyError::OtherRequester),
        (SUBMISSION, "1", ReplyError::OtherSubmission),
    ] {
        // The submission is a suffix of the request identifier only in name; replace it whole.
        let text = good.replace(&format!(">{found}<"), &format!(">{other}<"));
        let text = if text == good {
            good.replace(found, other)
        } else {
            text
        };
        assert_ne!(text, good);
        assert_eq!(reply(&text), Err(error));
    }
}

#[test]
fn more_transmissions_than_asked_are_refused() {
    let text = answer(&format!(
        "{}<r:Transmisiones>{}{}</r:Transmisiones>",
        state("0003", "OK"),
        transmission(DATA),
        transmission(DATA)
    ));
    assert_eq!(reply(&text), Err(ReplyError::MoreTransmissions));
}

#[test]
fn a_field_said_twice_is_refused() {
    let text = finished_answer(DATA).replace(
        "<r:Documentacion>",
        "<r:Documentacion>00000000T</r:Documentacion><r:Documentacion>",
    );
    assert_eq!(
        reply(&text),
        Err(ReplyError::Repeated(Repeated {
            name: "Documentacion".to_owned()
        }))
    );
}

#[test]
fn what_must_be_there_is_named_when_it_is_not() {
    let good = finished_answer(DATA);
    for name in [
        "Estado",
        "CodigoEstado",
        "IdPeticion",
        "Solicitante",
        "IdSolicitud",
        "DatosGenericos",
    ] {
        let text = good.replace(&format!("r:{name}>"), &format!("r:X{name}>"));
        assert_eq!(reply(&text), Err(ReplyError::Missing(name)), "{name}");
    }
    assert_eq!(
        reply(&answer(&state("0003", "OK"))),
        Err(ReplyError::Missing("Transmisiones"))
    );
    assert_eq!(
        reply(
            &good
                .replace("r:Respuesta>", "r:ConfirmacionPeticion>")
                .replace("<r:Respuesta ", "<r:ConfirmacionPeticion ")
        ),
        Err(ReplyError::NotAnAnswer)
    );
}

#[test]
fn waiting_states_tell_for_how_long() {
    for code in ["0001", "0002", "0004"] {
        assert!(
            matches!(
                reply(&answer(&state(code, ""))),
                Ok(Reply::Pending { hours: Some(2), .. })
            ),
            "{code}"
        );
    }
    let deferred = "<r:DatosEspecificos><m:RespostaDiferida xmlns:m=\"http://www.aocat.net/pci2/mti\">\
                    <m:ter>5</m:ter></m:RespostaDiferida></r:DatosEspecificos>";
    assert!(matches!(
        reply(&finished_answer(deferred)),
        Ok(Reply::Pending { hours: Some(5), .. })
    ));
}

#[test]
fn only_the_literal_tells_a_duplicate_from_any_other_failure() {
    for (literal, reason) in [
        (
            "Transmissió ja enregistrada: 'X'.",
            FailureReason::Duplicate,
        ),
        (
            "TRANSMISSIO\u{301} JA ENREGISTRADA",
            FailureReason::Duplicate,
        ),
        ("Error realitzant la operació.", FailureReason::Generic),
        ("", FailureReason::Generic),
    ] {
        assert_eq!(
            reply(&answer(&state("0502", literal))),
            Ok(Reply::Failed(Failure {
                state: StateCode::Error,
                reason
            })),
            "{literal}"
        );
    }
}

#[test]
fn a_failed_answer_without_identifier_and_data_is_read_all_the_same() {
    let text = answer(&format!(
        "{}<r:Transmisiones>{}</r:Transmisiones>",
        state("0502", "Error realitzant la operació."),
        transmission("<r:DatosEspecificos/>")
            .replace("<r:IdTransmision>EXP-1</r:IdTransmision>", "")
    ));
    assert!(matches!(reply(&text), Ok(Reply::Failed(_))));
}

#[test]
fn an_unknown_state_is_a_failure_that_keeps_its_code() {
    let Ok(Reply::Failed(failure)) = reply(&answer(&state("0904", ""))) else {
        panic!("a failure")
    };
    assert_eq!(failure.state.as_str(), "0904");
    let Ok(Reply::Failed(failure)) = reply(&answer(&state("la Maria no hi és", ""))) else {
        panic!("a failure")
    };
    assert_eq!(failure.state.as_str(), "?");
}

#[test]
fn a_failure_says_what_can_be_done_about_it() {
    for (code, literal, class) in [
        (
            "0502",
            "Transmissió ja enregistrada: 'X'.",
            Class::Duplicate,
        ),
        ("0502", "Error realitzant la operació.", Class::Transient),
        ("0233", "", Class::NoData),
        ("0301", "", Class::Permanent),
        ("9999", "", Class::Permanent),
    ] {
        let Ok(Reply::Failed(failure)) = reply(&answer(&state(code, literal))) else {
            panic!("a failure")
        };
        assert_eq!(failure.class(), class, "{code} {literal}");
    }
}

#[test]
fn no_error_repeats_what_the_answer_says() {
    let text = finished_answer(DATA).replace(">99999999R<", ">00000000T<");
    let error = reply(&text).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("00000000T"));
}

proptest! {
    #[test]
    fn an_answer_with_any_part_missing_is_read_or_refused(from in 0_usize..60, count in 1_usize..4) {
        let text = finished_answer(DATA);
        let mut tags: Vec<&str> = text.split_inclusive('>').collect();
        let from = from.min(tags.len());
        let to = (from + count).min(tags.len());
        tags.drain(from..to);
        let profile = PlatformProfile {
            response_signature: ResponseSignature::Off,
            ..PlatformProfile::aoc()
        };
        let now = "2026-11-20T08:15:31Z".parse().unwrap();
        let damaged = tags.concat();
        if let Ok(envelope) =
            signature::verify(damaged.as_bytes(), &profile, &TrustRoots::none(), now)
        {
            let _ = read(&envelope, &expected());
        }
    }
}
