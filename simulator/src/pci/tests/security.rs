//! Signatures, timestamps and certificates of requests.

use std::collections::HashSet;
use std::sync::Mutex;

use super::client::{Client, Question, Signing, now, options, pki, platform_seal, question};
use crate::pci::desk::Desk;
use crate::pci::refusal::Refusal;
use crate::pci::security::Policy;
use crate::pci::{Algorithm, Knobs, Options};
use crate::population::Population;

#[tokio::test]
async fn both_algorithms_work_in_both_directions() {
    let client = Client::with(Options {
        algorithm: Algorithm::RsaSha256,
        ..options()
    })
    .await;
    let signing = Signing {
        algorithm: Algorithm::RsaSha256,
        timestamp_signed: true,
        ..Signing::default()
    };
    let answer = client.post(signing.envelope(&question().peticion())).await;
    assert_eq!(answer.verify(), Ok(platform_seal()));
    assert!(answer.text.contains("xmldsig-more#rsa-sha256"));
}

#[tokio::test]
async fn an_algorithm_outside_the_configured_set_is_refused() {
    let client = Client::with(Options {
        accepted: vec![Algorithm::RsaSha256],
        ..options()
    })
    .await;
    client
        .ask(&question())
        .await
        .assert_refused(&Refusal::Algorithm);
}

#[tokio::test]
async fn without_any_certificate_the_answer_is_the_one_fault_that_is_known() {
    let client = Client::start().await;
    let sound = Signing::default().envelope(&question().peticion());
    let (before, rest) = sound.split_once("<wsse:Security").unwrap();
    let (_, after) = rest.split_once("</wsse:Security>").unwrap();
    let answer = client.post(format!("{before}{after}")).await;
    answer.assert_refused(&Refusal::NoCertificate);
    assert_eq!(answer.value("faultcode").as_deref(), Some("1013"));
    assert!(answer.text.contains("cap certificat de la petició"));
}

#[tokio::test]
async fn a_signature_that_does_not_cover_exactly_the_body_is_refused() {
    let client = Client::start().await;
    let sound = Signing::default().envelope(&question().peticion());
    let change = |from: &str, to: &str| {
        assert!(sound.contains(from), "{from}");
        sound.replacen(from, to, 1)
    };
    let (envelope, body) = sound.split_once("<s:Body").unwrap();
    let body = format!("<s:Body{}", body.strip_suffix("</s:Envelope>").unwrap());
    let header = envelope.strip_suffix("</s:Header>").unwrap();
    let forged = body.replacen("id-body", "id-forged", 1);
    let wrapped = format!("{header}<w>{body}</w></s:Header>{forged}</s:Envelope>");
    for (message, refusal) in [
        (change("11111111H", "22222222J"), Refusal::Digest),
        (
            change("<ds:SignatureValue>", "<ds:SignatureValue>AAAA"),
            Refusal::Signature,
        ),
        (
            change("wsu:Id=\"TS-1\"", "wsu:Id=\"id-body\""),
            Refusal::DuplicateId,
        ),
        (change("Id=\"KI-1\"", "Id=\"X509-1\""), Refusal::DuplicateId),
        (wrapped, Refusal::Uncovered),
        (change("URI=\"#id-body\"", "URI=\"\""), Refusal::Uncovered),
        (change("URI=\"#id-body\"", "URI=\"#TS-1\""), Refusal::Digest),
        (
            change("URI=\"#X509-1\"", "URI=\"#SIG-1\""),
            Refusal::KeyReference,
        ),
        (change("#X509v3", "#X509PKIPathv1"), Refusal::KeyReference),
        (
            change(
                "</wsse:Security>",
                "</wsse:Security><wsse:Security xmlns:wsse=\"http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd\"/>",
            ),
            Refusal::SecurityHeader,
        ),
        (
            change("xml-exc-c14n#", "xml-exc-c14n#WithComments"),
            Refusal::Algorithm,
        ),
    ] {
        client.post(message).await.assert_refused(&refusal);
    }
}

#[tokio::test]
async fn the_timestamp_has_one_of_two_formats_and_is_fresh() {
    let client = Client::start().await;
    for (index, (created, expires)) in [
        ("2026-11-20T08:15:30Z", "2026-11-20T08:20:30Z"),
        ("2026-11-20T08:15:30.999Z", "2026-11-20T08:16:30.000Z"),
        ("2026-11-20T08:20:31Z", "2026-11-20T08:25:31Z"), // the client's clock is five minutes ahead
        ("2026-11-20T08:05:31Z", "2026-11-20T08:10:31Z"), // or as many behind
    ]
    .into_iter()
    .enumerate()
    {
        let signing = Signing {
            created,
            expires,
            ..Signing::default()
        };
        let question = Question {
            id: format!("T-{index}"),
            ..question()
        };
        let answer = client.post(signing.envelope(&question.peticion())).await;
        assert_eq!(answer.state().as_deref(), Some("0003"), "{created}");
    }
    for (created, expires, refusal) in [
        (
            "2026-11-20T08:15:30.123456Z",
            "2026-11-20T08:20:30Z",
            Refusal::TimestampFormat,
        ),
        (
            "2026-11-20T09:15:30+01:00",
            "2026-11-20T08:20:30Z",
            Refusal::TimestampFormat,
        ),
        (
            "2026-11-20T08:15:30.1Z",
            "2026-11-20T08:20:30Z",
            Refusal::TimestampFormat,
        ),
        (
            "2026-11-31T08:15:30Z",
            "2026-11-31T08:20:30Z",
            Refusal::TimestampFormat,
        ),
        ("2026-11-20T08:15:30Z", "", Refusal::TimestampFormat),
        (
            "2026-11-20T08:20:32Z",
            "2026-11-20T08:25:32Z",
            Refusal::TimestampWindow,
        ),
        (
            "2026-11-20T08:05:30Z",
            "2026-11-20T08:10:30Z",
            Refusal::TimestampWindow,
        ),
        (
            "2026-11-20T08:06:00Z",
            "2026-11-20T08:07:00Z",
            Refusal::TimestampWindow,
        ),
        (
            "2026-11-20T08:15:30Z",
            "2026-11-20T08:20:31Z",
            Refusal::TimestampWindow,
        ),
        (
            "2026-11-20T08:15:30Z",
            "2026-11-20T08:15:30Z",
            Refusal::TimestampWindow,
        ),
    ] {
        let signing = Signing {
            created,
            expires,
            ..Signing::default()
        };
        let answer = client.post(signing.envelope(&question().peticion())).await;
        answer.assert_refused(&refusal);
    }
}

#[tokio::test]
async fn the_certificate_must_be_current_trusted_and_of_the_requester() {
    let client = Client::start().await;
    for (identity, refusal) in [
        (&pki().requester_expired, Refusal::CertificateExpired),
        (&pki().requester_unknown_ca, Refusal::CertificateUntrusted),
        (&pki().requester_other, Refusal::CertificateOfAnother),
    ] {
        let signing = Signing {
            identity,
            ..Signing::default()
        };
        client
            .post(signing.envelope(&question().peticion()))
            .await
            .assert_refused(&refusal);
    }
}

#[test]
fn no_single_changed_byte_of_the_body_goes_through() {
    let options = options();
    let desk = Desk {
        policy: Policy::new(options.accepted, &pki().seal_ca).unwrap(),
        authorisations: options.authorisations,
        population: Population::built_in(),
        seen: Mutex::new(HashSet::new()),
    };
    let judge = |bytes: &[u8]| desk.handle(bytes, now(), &Knobs::default(), |_, _| ());
    let sound = Signing::default()
        .envelope(&question().peticion())
        .into_bytes();
    assert_eq!(judge(&sound), Ok(()));
    let body = sound
        .windows(7)
        .position(|window| window == b"<s:Body")
        .unwrap();
    let end = sound.len() - "</s:Envelope>".len();
    for place in (body..end).step_by(11) {
        let mut changed = sound.clone();
        changed[place] ^= 1;
        assert!(judge(&changed).is_err(), "byte {place}");
    }
}
