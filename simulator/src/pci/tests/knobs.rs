//! Every way in which the platform can be told to misbehave.

use std::time::{Duration, Instant};

use super::client::{Client, Question};
use crate::pci::refusal::Refusal;
use crate::pci::{Damage, Echo, FaultKnob, Knobs, PlatformError, Transport};

fn question(id: &str) -> Question {
    Question::income(id, "11111111H", 2024)
}

async fn with(knobs: Knobs) -> (Client, super::client::Answer) {
    let client = Client::start().await;
    client.platform.controls.everywhere(knobs);
    let answer = client.ask(&question("K-1")).await;
    (client, answer)
}

#[tokio::test]
async fn every_damage_to_the_signature_is_found_by_verifying() {
    let client = Client::start().await;
    for (index, (damage, finding)) in [
        (Damage::Absent, Refusal::NoCertificate),
        (Damage::BodyChanged, Refusal::Digest),
        (Damage::ValueChanged, Refusal::Signature),
        (Damage::ExpiredCertificate, Refusal::CertificateExpired),
        (Damage::UnknownCa, Refusal::CertificateUntrusted),
        (Damage::Wrapped, Refusal::Uncovered),
        (Damage::DuplicateId, Refusal::DuplicateId),
    ]
    .into_iter()
    .enumerate()
    {
        let knobs = Knobs {
            signature: Some(damage),
            ..Knobs::default()
        };
        client.platform.controls.everywhere(knobs);
        let answer = client.ask(&question(&format!("K-{index}"))).await;
        assert_eq!(answer.state().as_deref(), Some("0003"), "{damage:?}");
        assert_eq!(answer.verify(), Err(finding), "{damage:?}");
    }
}

#[tokio::test]
async fn another_organisation_signs_soundly_but_is_not_the_platform() {
    let (_, answer) = with(Knobs {
        signature: Some(Damage::WrongOrganisation),
        ..Knobs::default()
    })
    .await;
    assert_eq!(answer.verify().unwrap().nif, "P0899902A");
}

#[tokio::test]
async fn faithless_echoes_are_properly_signed() {
    let client = Client::start().await;
    for (index, (echo, name, text)) in [
        (Echo::OtherRequestId, "IdPeticion", "9999999999-ALTRA"),
        (Echo::OtherSubmissionId, "IdSolicitud", "ALTRA-1"),
        (Echo::OtherHolder, "Documentacion", "12345678Z"),
    ]
    .into_iter()
    .enumerate()
    {
        client.platform.controls.everywhere(Knobs {
            echo: Some(echo),
            ..Knobs::default()
        });
        let answer = client.ask(&question(&format!("K-{index}"))).await;
        assert_eq!(answer.value(name).as_deref(), Some(text));
        assert!(answer.verify().is_ok(), "{echo:?}");
    }
    let more = Knobs {
        echo: Some(Echo::MoreTransmissions),
        ..Knobs::default()
    };
    client.platform.controls.everywhere(more);
    let answer = client.ask(&question("K-9")).await;
    assert_eq!(answer.text.matches("<ns3:TransmisionDatos>").count(), 2);
    assert!(answer.verify().is_ok());
}

#[tokio::test]
async fn other_shapes_of_the_same_answer_verify_too() {
    let client = Client::start().await;
    let knobs = Knobs {
        alphabetical: true,
        other_prefixes: true,
        unknown_elements: true,
        ..Knobs::default()
    };
    client.platform.controls.everywhere(knobs);
    let answer = client.ask(&question("K-1")).await;
    assert!(answer.verify().is_ok(), "{}", answer.text);
    assert!(
        answer
            .text
            .contains("<Respuesta xmlns=\"http://gencat.net/scsp/esquemes/respuesta\">")
    );
    let (code, product) = (
        answer.text.find("<CodigoProducto"),
        answer.text.find("<IdPeticion"),
    );
    assert!(
        code.is_some() && code < product,
        "children are ordered by name"
    );
    assert_eq!(answer.text.matches("<n:Novetat").count(), 3);
}

#[tokio::test]
async fn the_front_answers_with_pages_and_faults_on_request() {
    for (transport, status) in [
        (Transport::Forbidden, 403),
        (Transport::BadGateway, 502),
        (Transport::Unavailable, 503),
    ] {
        let (_, answer) = with(Knobs {
            transport: Some(transport),
            ..Knobs::default()
        })
        .await;
        assert_eq!(answer.status, status);
        assert!(answer.text.contains("<html>"));
    }
    let fault = FaultKnob {
        code: "7777".to_owned(),
        text: "Problemes <tècnics>".to_owned(),
    };
    let (_, answer) = with(Knobs {
        fault: Some(fault),
        ..Knobs::default()
    })
    .await;
    assert_eq!(answer.status, 500);
    assert_eq!(answer.value("faultcode").as_deref(), Some("7777"));
    assert_eq!(
        answer.value("faultstring").as_deref(),
        Some("Problemes <tècnics>")
    );
}

#[tokio::test]
async fn a_dropped_request_was_processed_and_its_id_is_spent() {
    let client = Client::start().await;
    let drop = Knobs {
        transport: Some(Transport::Drop),
        times: Some(1),
        ..Knobs::default()
    };
    client.platform.controls.everywhere(drop);
    let message = super::client::Signing::default().envelope(&question("K-1").peticion());
    let broken = client.try_post(&client.platform.url, message.clone()).await;
    assert!(broken.unwrap_err().is_request());
    let again = client.post(message).await;
    assert!(
        again
            .value("LiteralError")
            .unwrap()
            .starts_with("Transmissió ja enregistrada")
    );
}

#[tokio::test]
async fn a_hanging_request_says_nothing_and_does_not_stop_the_platform_from_stopping() {
    let client = Client::start().await;
    let hang = Knobs {
        transport: Some(Transport::Hang),
        ..Knobs::default()
    };
    client.platform.controls.everywhere(hang);
    let asked = question("K-1");
    let waiting = tokio::time::timeout(Duration::from_millis(300), client.ask(&asked));
    assert!(waiting.await.is_err());
    let stopping = Instant::now();
    client.platform.stop().await;
    assert!(stopping.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn a_truncated_answer_is_no_xml() {
    let (_, answer) = with(Knobs {
        transport: Some(Transport::Truncate),
        ..Knobs::default()
    })
    .await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.verify(), Err(Refusal::NotXml));
}

#[tokio::test]
async fn a_document_type_precedes_the_envelope_on_request() {
    let (_, answer) = with(Knobs {
        document_type: true,
        ..Knobs::default()
    })
    .await;
    assert!(answer.text.starts_with("<!DOCTYPE"));
    assert_eq!(answer.verify(), Err(Refusal::NotXml));
}

#[tokio::test]
async fn platform_and_product_errors_are_signed_and_carry_no_data() {
    let client = Client::start().await;
    for (index, (error, literal)) in [
        (
            PlatformError::Generic,
            "Error realitzant la operació.".to_owned(),
        ),
        (
            PlatformError::Duplicate,
            "Transmissió ja enregistrada: 'K-1'.".to_owned(),
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let knobs = Knobs {
            platform_error: Some(error),
            ..Knobs::default()
        };
        client.platform.controls.everywhere(knobs);
        let answer = client.ask(&question(&format!("K-{index}"))).await;
        assert_eq!(answer.state().as_deref(), Some("0502"));
        assert_eq!(answer.value("LiteralError"), Some(literal));
        assert!(answer.verify().is_ok());
    }
    let knobs = Knobs {
        product_code: Some("0502".to_owned()),
        ..Knobs::default()
    };
    client.platform.controls.everywhere(knobs);
    let answer = client.ask(&question("K-2")).await;
    assert_eq!(answer.state().as_deref(), Some("0003"));
    assert_eq!(answer.value("codiResultat").as_deref(), Some("0502"));
    assert_eq!(answer.value("NivelRentaDeclaracion"), None);
}

#[tokio::test]
async fn size_latency_and_clock_are_adjustable() {
    let knobs = Knobs {
        oversized: 3_000_000,
        latency_ms: 50,
        clock_offset_seconds: -120,
        ..Knobs::default()
    };
    let asking = Instant::now();
    let (_, answer) = with(knobs).await;
    assert!(asking.elapsed() >= Duration::from_millis(50));
    assert!(answer.text.len() > 3_000_000);
    assert_eq!(
        answer.value("Created").as_deref(),
        Some("2026-11-20T08:13:31Z")
    );
}

#[tokio::test]
async fn knobs_of_one_product_leave_the_others_alone() {
    let client = Client::start().await;
    let knobs = Knobs {
        platform_error: Some(PlatformError::Generic),
        ..Knobs::default()
    };
    client.platform.controls.product("AEAT_IRPF/C4", knobs);
    assert_eq!(
        client.ask(&question("K-1")).await.state().as_deref(),
        Some("0502")
    );
    let household = client.ask(&Question::household("K-2", "11111111H")).await;
    assert_eq!(household.state().as_deref(), Some("0003"));
    client.platform.controls.reset();
    assert_eq!(
        client.ask(&question("K-3")).await.state().as_deref(),
        Some("0003")
    );
}

#[tokio::test]
async fn knobs_turn_over_http_too() {
    let client = Client::start().await;
    let admin = format!("{}/__simulator/controls", client.platform.base_url);
    let turn = r#"{"product": "AEAT_IRPF/C4", "knobs": {"platform_error": "generic", "times": 1}}"#;
    assert_eq!(
        client
            .try_post(&admin, turn.to_owned())
            .await
            .unwrap()
            .status,
        204
    );
    assert_eq!(
        client.ask(&question("K-1")).await.state().as_deref(),
        Some("0502")
    );
    assert_eq!(
        client.ask(&question("K-2")).await.state().as_deref(),
        Some("0003"),
        "once only"
    );
    let typo = r#"{"knobs": {"latencia": 1}}"#;
    assert_eq!(
        client
            .try_post(&admin, typo.to_owned())
            .await
            .unwrap()
            .status,
        400
    );
}
