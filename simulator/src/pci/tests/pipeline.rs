//! Structure, authorisation, counting, ids: every step but the signature.

use super::client::{Client, Question, Signing, now, pki, platform_seal, question};
use crate::pci::refusal::Refusal;

fn structure(element: &str) -> Refusal {
    Refusal::Structure {
        element: element.to_owned(),
    }
}

#[tokio::test]
async fn a_sound_request_gets_an_answer_signed_by_the_platform() {
    let client = Client::start().await;
    let answer = client.ask(&question()).await;
    assert_eq!(
        (answer.status, answer.state().as_deref()),
        (200, Some("0003"))
    );
    assert_eq!(answer.verify(), Ok(platform_seal()));
    assert_eq!(answer.value("IdPeticion").as_deref(), Some("R-1"));
    assert_eq!(answer.value("IdSolicitud").as_deref(), Some("R-1-1"));
    assert_eq!(answer.value("IdTransmision").as_deref(), Some(""));
    assert_eq!(
        answer.value("TimeStamp").as_deref(),
        Some("2026-11-20T09:15:31.000+01:00")
    );
    assert!(answer.text.starts_with("<SOAP-ENV:Envelope"));
    assert!(answer.text.contains("SOAP-ENV:mustUnderstand=\"0\""));
    assert!(answer.text.contains("xmldsig#rsa-sha1"));
    assert!(
        !answer.text.contains("DatosAutorizacion"),
        "never repeated in answers"
    );
}

#[tokio::test]
async fn what_is_no_soap_message_with_one_operation_is_refused() {
    let client = Client::start().await;
    let sound = Signing::default().envelope(&question().peticion());
    let procesa = "<open:procesa xmlns:open=\"http://www.openuri.org/\"/></s:Body>";
    for (message, refusal) in [
        (String::new(), Refusal::NotXml),
        ("no XML".to_owned(), Refusal::NotXml),
        (sound[..sound.len() - 1].to_owned(), Refusal::NotXml),
        (
            format!("<!DOCTYPE x [<!ENTITY y \"z\">]>{sound}"),
            Refusal::NotXml,
        ),
        ("<a>".repeat(70) + &"</a>".repeat(70), Refusal::NotXml),
        (
            sound.replace(
                "schemas.xmlsoap.org/soap/envelope/",
                "www.w3.org/2003/05/soap-envelope",
            ),
            Refusal::NotSoap,
        ),
        (
            sound.replace("</s:Body>", "</s:Body><s:Body/>"),
            Refusal::NotSoap,
        ),
        (
            sound.replace("</s:Header>", "</s:Header><x/>"),
            Refusal::NotSoap,
        ),
        (
            sound.replace("</s:Body>", procesa),
            Refusal::NotOneOperation,
        ),
        (
            sound.replace("open:procesa", "open:processa"),
            Refusal::NotOneOperation,
        ),
    ] {
        client.post(message).await.assert_refused(&refusal);
    }
}

#[tokio::test]
async fn more_than_two_megabytes_are_refused() {
    let client = Client::start().await;
    let sound = Signing::default().envelope(&question().peticion());
    let at_the_limit = sound.clone() + &" ".repeat(2048 * 1024 - sound.len());
    assert_eq!(
        client.post(at_the_limit.clone()).await.state().as_deref(),
        Some("0003")
    );
    client
        .post(at_the_limit + " ")
        .await
        .assert_refused(&Refusal::TooLarge);
}

#[tokio::test]
async fn the_structure_is_checked_field_by_field() {
    let client = Client::start().await;
    let sound = question().peticion();
    let number = "<pet:NumElementos>1</pet:NumElementos>";
    let purpose = "<pet:Finalidad>PROVES</pet:Finalidad>";
    for (from, to, element) in [
        (number, "", "NumElementos"),
        (
            number,
            "<pet:NumElementos>u</pet:NumElementos>",
            "NumElementos",
        ),
        (number, &format!("{number}{number}"), "NumElementos"),
        (number, "<NumElementos>1</NumElementos>", "NumElementos"),
        (
            "<pet:IdPeticion>R-1<",
            &format!("<pet:IdPeticion>{}<", "x".repeat(101)),
            "IdPeticion",
        ),
        (
            "pet:DatosAutorizacion",
            "pet:DatosAutoritzacion",
            "DatosAutoritzacion",
        ),
        (purpose, "", "DatosAutorizacion"),
        (
            purpose,
            &format!("{purpose}<pet:Procedimiento>1234</pet:Procedimiento>"),
            "DatosAutorizacion",
        ),
        (">Si<", ">Potser<", "Consentimiento"),
        (
            "<pet:TipoDocumentacion>NIF<",
            "<pet:TipoDocumentacion>nif<",
            "TipoDocumentacion",
        ),
        (
            "<pet:Documentacion>",
            "<pet:Documentacion>0000000",
            "Documentacion",
        ),
        (
            "<pet:Transmision>",
            "<pet:Novetat/><pet:Transmision>",
            "Novetat",
        ),
    ] {
        assert!(sound.contains(from), "{from}");
        let peticion = sound.replace(from, to);
        client
            .post(Signing::default().envelope(&peticion))
            .await
            .assert_refused(&structure(element));
    }
}

#[tokio::test]
async fn elements_may_come_in_any_order_and_the_purpose_may_be_a_procedure() {
    let client = Client::start().await;
    let number = "<pet:NumElementos>1</pet:NumElementos>";
    let peticion = question().peticion();
    let peticion = peticion
        .replace(number, "")
        .replace("</pet:Atributos>", &format!("{number}</pet:Atributos>"));
    let peticion = peticion.replace("pet:Finalidad", "pet:Procedimiento");
    let answer = client.post(Signing::default().envelope(&peticion)).await;
    assert_eq!(answer.state().as_deref(), Some("0003"));
}

#[tokio::test]
async fn only_what_was_authorised_is_answered() {
    let client = Client::start().await;
    let sound = question().peticion();
    let first = |from: &str, to: &str| {
        assert!(sound.contains(from), "{from}");
        sound.replacen(from, to, 1)
    };
    let (head, tail) = sound.split_once("<pet:Solicitudes>").unwrap();
    let without_official = {
        let (before, rest) = tail.split_once("<pet:Funcionario>").unwrap();
        let (_, after) = rest.split_once("</pet:Funcionario>").unwrap();
        format!("{head}<pet:Solicitudes>{before}{after}")
    };
    for (peticion, refusal) in [
        (
            sound.replace("9821920002", "0000000001"),
            Refusal::UnknownRequester,
        ),
        (sound.replace("PROVES", "GESTTRIB"), Refusal::NotAuthorised),
        (sound.replace(">C4<", ">IRPF<"), Refusal::NotAuthorised),
        (first(">C4<", ">C2<"), Refusal::NotReplicated),
        (
            format!(
                "{head}<pet:Solicitudes>{}",
                tail.replace("PROVES", "ALTRES")
            ),
            Refusal::NotReplicated,
        ),
        (without_official, Refusal::OfficialMissing),
        (
            first("<pet:NifFuncionario>00000000T<", "<pet:NifFuncionario><"),
            Refusal::OfficialMissing,
        ),
    ] {
        client
            .post(Signing::default().envelope(&peticion))
            .await
            .assert_refused(&refusal);
    }
}

#[tokio::test]
async fn a_second_body_may_ask_only_for_what_it_was_given() {
    let client = Client::start().await;
    let signing = Signing {
        identity: &pki().requester_other,
        ..Signing::default()
    };
    let as_other = |question: &Question| {
        signing.envelope(&question.peticion().replace("9821920002", "9821930003"))
    };
    let income = client.post(as_other(&question())).await;
    assert_eq!(income.state().as_deref(), Some("0003"));
    let household = client
        .post(as_other(&Question::household("R-2", "11111111H")))
        .await;
    household.assert_refused(&Refusal::NotAuthorised);
}

#[tokio::test]
async fn the_synchronous_front_takes_one_submission_and_counts_it() {
    let client = Client::start().await;
    let sound = question().peticion();
    let (before, rest) = sound.split_once("<pet:SolicitudTransmision>").unwrap();
    let (one, after) = rest.split_once("</pet:SolicitudTransmision>").unwrap();
    let one = format!("<pet:SolicitudTransmision>{one}</pet:SolicitudTransmision>");
    let two = format!("{before}{one}{}{after}", one.replace("R-1-1", "R-1-2"));
    let same = format!("{before}{one}{one}{after}");
    let counted = |text: &str| text.replace("NumElementos>1<", "NumElementos>2<");
    for (peticion, state) in [
        (two.clone(), "0414"),
        (counted(&sound), "0414"),
        (counted(&two), "0415"),
        (counted(&same), "0419"),
    ] {
        let answer = client.post(Signing::default().envelope(&peticion)).await;
        assert_eq!(answer.state().as_deref(), Some(state));
        assert_eq!(
            answer.verify(),
            Ok(platform_seal()),
            "platform errors are signed"
        );
    }
    assert_eq!(
        client.ask(&question()).await.state().as_deref(),
        Some("0003"),
        "no id was spent"
    );
}

#[tokio::test]
async fn an_id_is_good_for_one_request_even_one_that_failed() {
    let client = Client::start().await;
    // Montse's social security is down: the first use fails and still spends the id.
    let failing = Question::in_work("R-9", "00000001R", "20112026");
    let first = client.ask(&failing).await;
    assert_eq!(first.state().as_deref(), Some("0502"));
    assert_eq!(
        first.value("LiteralError").as_deref(),
        Some("Error realitzant la operació.")
    );

    let again = client.ask(&Question::household("R-9", "11111111H")).await;
    assert_eq!(
        (again.status, again.state().as_deref()),
        (200, Some("0502"))
    );
    let literal = again.value("LiteralError");
    assert_eq!(
        literal.as_deref(),
        Some("Transmissió ja enregistrada: 'R-9'.")
    );
    assert_eq!(again.verify(), Ok(platform_seal()));
    assert_eq!(again.value("IdTransmision"), None);
    assert_eq!(again.value("IdSolicitud").as_deref(), Some("R-9-1"));
    assert!(again.text.contains("<ns3:DatosEspecificos/>"));
}

#[tokio::test]
async fn another_body_may_use_the_same_id() {
    let client = Client::start().await;
    assert_eq!(
        client.ask(&question()).await.state().as_deref(),
        Some("0003")
    );
    let signing = Signing {
        identity: &pki().requester_other,
        ..Signing::default()
    };
    let peticion = question().peticion().replace("9821920002", "9821930003");
    assert_eq!(
        client
            .post(signing.envelope(&peticion))
            .await
            .state()
            .as_deref(),
        Some("0003")
    );
}

#[tokio::test]
async fn everything_that_arrives_is_recorded_with_its_bytes() {
    let client = Client::start().await;
    let sound = Signing::default().envelope(&question().peticion());
    client.post(sound.clone()).await;
    client.post("garbage".to_owned()).await;
    let received = client.platform.recorder.received();
    assert_eq!(received.len(), 2);
    assert_eq!(received[0].raw, sound.as_bytes());
    assert_eq!((received[0].at, received[0].bytes), (now(), sound.len()));
    assert_eq!(received[0].id_peticion.as_deref(), Some("R-1"));
    assert_eq!(received[0].product.as_deref(), Some("AEAT_IRPF/C4"));
    assert_eq!(
        (
            received[1].id_peticion.as_deref(),
            received[1].product.as_deref()
        ),
        (None, None)
    );
    assert_eq!(client.platform.recorder.count("AEAT_IRPF/C4"), 1);
    let listed = client
        .get(&format!(
            "{}/__simulator/received",
            client.platform.base_url
        ))
        .await;
    let listed: Vec<serde_json::Value> = serde_json::from_str(&listed.text).unwrap();
    assert_eq!(
        (listed.len(), &listed[0]["id_peticion"]),
        (2, &"R-1".into())
    );
    assert!(listed[0].get("raw").is_none());
}

#[tokio::test]
async fn other_paths_are_forbidden_and_the_description_is_public() {
    let client = Client::start().await;
    let url = &client.platform.url;
    let wsdl = client.get(&format!("{url}?wsdl")).await;
    assert_eq!(
        (wsdl.status, wsdl.value("definitions").is_some()),
        (200, true)
    );
    assert_eq!(client.get(url).await.status, 403);
    let elsewhere = url.replace("Sincron", "Altres");
    let answer = client.try_post(&elsewhere, String::new()).await.unwrap();
    assert_eq!(answer.status, 403);
    assert!(answer.text.contains("<html>"));
}

#[tokio::test]
async fn only_text_xml_is_soap() {
    let client = Client::start().await;
    let sound = Signing::default().envelope(&question().peticion());
    let url = &client.platform.url;
    let answer = client
        .post_as("application/soap+xml", url, sound.clone())
        .await
        .unwrap();
    assert_eq!(answer.status, 415);
    let answer = client.post_as("TEXT/XML", url, sound).await.unwrap();
    assert_eq!(
        answer.state().as_deref(),
        Some("0003"),
        "the id was not spent"
    );
}

#[tokio::test]
async fn platform_extensions_may_come_before_the_product() {
    let client = Client::start().await;
    let payload = format!(
        "<c:ExtensionesPeticion xmlns:c=\"http://www.aocat.net/scsp/esquemes/caoc-extensions\">\
         <c:Evidencia>false</c:Evidencia></c:ExtensionesPeticion>{}",
        question().payload
    );
    let answer = client
        .ask(&Question {
            payload,
            ..question()
        })
        .await;
    assert_eq!(answer.value("codiResultat").as_deref(), Some("1000"));
}
