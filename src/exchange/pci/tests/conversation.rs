//! Whole conversations over TLS with a platform that was written by somebody else, and with every
//! way it can misbehave.

use std::path::Path;
use std::sync::OnceLock;

use simulator::pci::{
    Algorithm, Controls, Damage, Echo, FaultKnob, Knobs, Options, Platform as Double,
    PlatformError, RunningPlatform, Transport as Breakage, system_clock,
};
use simulator::pki::Pki;
use simulator::population::Population;

use super::super::*;
use crate::citizen::{Document, FiscalYear, Person, PersonName};
use crate::products::{self, Answer, Class as AnswerClass, Municipality, ProductKind, Question};

/// A running double and our side of the conversation.
struct Conversation {
    platform: Platform,
    identity: SigningIdentity,
    double: RunningPlatform,
}

/// Where the certificates of all conversations are: making the keys is what costs time.
fn certificates() -> &'static Path {
    static FOLDER: OnceLock<tempfile::TempDir> = OnceLock::new();
    FOLDER
        .get_or_init(|| {
            let folder = tempfile::tempdir().unwrap();
            Pki::open(folder.path()).unwrap();
            folder
        })
        .path()
}

impl Conversation {
    async fn start(sign_with: SignatureAlgorithm, answer_with: Algorithm) -> Self {
        let pki = Pki::open(certificates()).unwrap();
        let options = Options {
            algorithm: answer_with,
            ..Options::new(system_clock())
        };
        let double = Double::start(&pki, Population::built_in(), options)
            .await
            .unwrap();
        let read = |path: &Path| std::fs::read(path).unwrap();
        let profile = PlatformProfile {
            sign_with,
            deadline_s: 2,
            largest_answer: 200_000,
            ..PlatformProfile::aoc()
        };
        let roots =
            TrustRoots::from_pem(&read(&pki.seal_ca_path), Some(&profile.organisation)).unwrap();
        let tls_roots = read(&pki.tls_ca_path);
        let tls = TlsSettings {
            roots: Some(&tls_roots),
            client: None,
        };
        let world = World::real();
        let endpoint = double.url.parse().unwrap();
        let transport = Transport::new(endpoint, &tls, &profile, world.clone()).unwrap();
        Self {
            platform: Platform::new(profile, roots, transport, world),
            identity: SigningIdentity::from_pem(
                &read(&pki.requester.certificate_path),
                &read(&pki.requester.key_path),
            )
            .unwrap(),
            double,
        }
    }

    /// Asks about Anna, as `Platform::ask` does but without an authority.
    async fn ask(&self, product: &str, kind: ProductKind) -> Asked {
        self.send(self.request(product, kind)).await
    }

    async fn send(&self, request: Request) -> Asked {
        let prepared = self.platform.prepare(&request, &self.identity).unwrap();
        let (envelope, question) = super::super::Question::of(prepared);
        let answer = self.platform.transport.post_in_test(envelope).await;
        self.platform.conclude(question, answer)
    }

    fn request(&self, product: &str, kind: ProductKind) -> Request {
        let question = anna(kind);
        let requester = Requester {
            code: "9821920002".parse().unwrap(),
            name: Text::new("Ajuntament de Prova").unwrap(),
        };
        Request {
            ids: WireIds::fresh(&requester.code, &self.platform.world),
            at: self.platform.world.now(),
            product: product.parse().unwrap(),
            requester,
            authorisation: Authorisation::Finality(Text::new("PROVES").unwrap()),
            consent: WireConsent::GIVEN,
            officer: Officer {
                name: Text::new("Cognom Prova Maria").unwrap(),
                nif: "00000000T".parse().unwrap(),
            },
            issuer: Issuer::aoc().unwrap(),
            holder: products::holder(kind, &question).unwrap().map(titular),
            case_file: Some(Text::new(&question.case_file).unwrap()),
            evidence: false,
            specific_data: products::encode(kind, &question)
                .unwrap()
                .map(|payload| CanonicalFragment::new(payload).unwrap()),
        }
    }

    fn controls(&self) -> &Controls {
        &self.double.controls
    }
}

/// The product's view of the person as the wire wants it.
fn titular(holder: products::Holder) -> Holder {
    let name = |part: Option<String>| part.map(|part| Text::new(&part).unwrap());
    Holder {
        full_name: holder.full_name.map(|full| Text::new(&full).unwrap()),
        given_name: name(holder.given),
        surname1: name(holder.surname1),
        surname2: name(holder.surname2),
        ..Holder::new(
            DocumentType::read(holder.document_type).unwrap(),
            &holder.document,
        )
        .unwrap()
    }
}

fn anna(kind: ProductKind) -> Question {
    Question {
        holder: Person {
            document: Document::Nif("11111111H".parse().unwrap()),
            name: PersonName {
                given: Some("Anna".to_owned()),
                surname1: Some("Fictici".to_owned()),
                surname2: Some("Prova".to_owned()),
            },
        },
        case_file: "EXP-2026-000123".to_owned(),
        fiscal_year: kind.needs_fiscal_year().then_some(FiscalYear::new(2024)),
        on: World::real().now().to_zoned(jiff::tz::TimeZone::UTC).date(),
        municipality: Municipality::new("08", "019").ok(),
        cohabitants: ["22222222J", "33333333P"]
            .map(|nif| nif.parse().unwrap())
            .to_vec(),
    }
}

const INCOME: &str = "AEAT_IRPF/C4";

/// The code of what an income question comes to while the platform misbehaves.
async fn code_under(conversation: &Conversation, knobs: Knobs) -> String {
    conversation.controls().everywhere(knobs);
    let asked = conversation.ask(INCOME, ProductKind::AeatC4).await;
    conversation.controls().reset();
    match asked.result {
        Ok(reply) => panic!("{reply:?}"),
        Err(error) => error.code(),
    }
}

#[tokio::test]
async fn both_sides_understand_each_other_under_both_algorithms() {
    for (ours, theirs) in [
        (SignatureAlgorithm::RsaSha1, Algorithm::RsaSha1),
        (SignatureAlgorithm::RsaSha256, Algorithm::RsaSha256),
    ] {
        let conversation = Conversation::start(ours, theirs).await;
        let asked = conversation.ask(INCOME, ProductKind::AeatC4).await;
        let Ok(Reply::Finished(finished)) = &asked.result else {
            panic!("{:?}", asked.result)
        };
        let answer = products::decode(
            ProductKind::AeatC4,
            &anna(ProductKind::AeatC4),
            finished.specific_data.as_ref(),
        );
        let answer = answer.unwrap();
        assert_eq!(answer.class(), AnswerClass::Data, "{}", answer.code());
        assert!(matches!(answer, Answer::Income(_)));
        let Some(Evidence::Signed { algorithm, .. }) = asked.evidence else {
            panic!("a signed answer")
        };
        assert_eq!(algorithm, ours);
        assert_eq!(asked.status, Some(200));
        assert!(asked.answer_sha256.is_some());
    }
}

#[tokio::test]
async fn every_product_is_asked_in_a_shape_the_platform_takes() {
    let conversation = Conversation::start(SignatureAlgorithm::RsaSha1, Algorithm::RsaSha1).await;
    for (product, kind) in [
        (INCOME, ProductKind::AeatC4),
        ("AEAT_IRPF/C2", ProductKind::AeatC2),
        ("SCSP_TGSS/Q2827003ATGSS006", ProductKind::TgssInWork),
        ("DGP_IDENTITAT/IDENTITAT_DADES", ProductKind::DgpIdentity),
        ("PADRO/NUMERO_CONVIVENTS", ProductKind::PadroHouseholdSize),
        ("PADRO/VALIDACIO_CONVIVENTS", ProductKind::PadroCohabitants),
    ] {
        let asked = conversation.ask(product, kind).await;
        let Ok(Reply::Finished(finished)) = asked.result else {
            panic!("{product}: {:?}", asked.result);
        };
        let answer = products::decode(kind, &anna(kind), finished.specific_data.as_ref());
        let class = answer.map(|answer| answer.class());
        assert_eq!(class, Ok(products::Class::Data), "{product}");
    }
}

#[tokio::test]
async fn an_answer_may_be_loose_where_it_does_no_harm() {
    let conversation = Conversation::start(SignatureAlgorithm::RsaSha1, Algorithm::RsaSha1).await;
    for knobs in [
        Knobs {
            alphabetical: true,
            ..Knobs::default()
        },
        Knobs {
            unknown_elements: true,
            ..Knobs::default()
        },
        Knobs {
            other_prefixes: true,
            ..Knobs::default()
        },
        Knobs {
            clock_offset_seconds: 200,
            ..Knobs::default()
        },
    ] {
        conversation.controls().everywhere(knobs.clone());
        let asked = conversation.ask(INCOME, ProductKind::AeatC4).await;
        assert!(
            matches!(asked.result, Ok(Reply::Finished(_))),
            "{knobs:?}: {:?}",
            asked.result
        );
    }
}

#[tokio::test]
async fn every_damaged_signature_is_refused_by_its_name() {
    let conversation = Conversation::start(SignatureAlgorithm::RsaSha1, Algorithm::RsaSha1).await;
    for (damage, code) in [
        (Damage::Absent, "SIG-MISSING"),
        (Damage::BodyChanged, "SIG-DIGEST"),
        (Damage::ValueChanged, "SIG-VALUE"),
        (Damage::ExpiredCertificate, "SIG-EXPIRED-CERTIFICATE"),
        (Damage::WrongOrganisation, "SIG-ORGANISATION"),
        (Damage::UnknownCa, "SIG-PATH"),
        (Damage::Wrapped, "SIG-WRAPPED-BODY"),
        (Damage::DuplicateId, "SIG-DUPLICATE-ID"),
    ] {
        let knobs = Knobs {
            signature: Some(damage),
            ..Knobs::default()
        };
        assert_eq!(code_under(&conversation, knobs).await, code, "{damage:?}");
    }
}

#[tokio::test]
async fn an_answer_to_another_question_is_refused_although_it_is_genuine() {
    let conversation = Conversation::start(SignatureAlgorithm::RsaSha1, Algorithm::RsaSha1).await;
    for (echo, code) in [
        (Echo::OtherRequestId, "PCI-OTHER-REQUEST"),
        (Echo::OtherSubmissionId, "PCI-OTHER-SUBMISSION"),
        (Echo::OtherHolder, "PCI-OTHER-HOLDER"),
        (Echo::MoreTransmissions, "PCI-MORE-TRANSMISSIONS"),
    ] {
        let knobs = Knobs {
            echo: Some(echo),
            ..Knobs::default()
        };
        assert_eq!(code_under(&conversation, knobs).await, code, "{echo:?}");
    }
}

#[tokio::test]
async fn every_breakage_below_the_message_has_its_code() {
    let conversation = Conversation::start(SignatureAlgorithm::RsaSha1, Algorithm::RsaSha1).await;
    for (breakage, code) in [
        (Breakage::Hang, "NET-TIMED-OUT"),
        (Breakage::Drop, "NET-INTERRUPTED"),
        (Breakage::Truncate, "XML-MALFORMED"),
        (Breakage::Forbidden, "HTTP-403"),
        (Breakage::BadGateway, "HTTP-502"),
        (Breakage::Unavailable, "HTTP-503"),
    ] {
        let knobs = Knobs {
            transport: Some(breakage),
            ..Knobs::default()
        };
        assert_eq!(code_under(&conversation, knobs).await, code, "{breakage:?}");
    }
}

#[tokio::test]
async fn what_must_not_be_read_is_not() {
    let conversation = Conversation::start(SignatureAlgorithm::RsaSha1, Algorithm::RsaSha1).await;
    for (knobs, code) in [
        (
            Knobs {
                document_type: true,
                ..Knobs::default()
            },
            "XML-DTD",
        ),
        (
            Knobs {
                oversized: 300_000,
                ..Knobs::default()
            },
            "NET-TOO-LONG",
        ),
        (
            Knobs {
                clock_offset_seconds: 450,
                ..Knobs::default()
            },
            "SIG-TIMESTAMP",
        ),
    ] {
        assert_eq!(code_under(&conversation, knobs).await, code);
    }
}

#[tokio::test]
async fn faults_and_failures_are_told_apart() {
    let conversation = Conversation::start(SignatureAlgorithm::RsaSha1, Algorithm::RsaSha1).await;
    let fault = FaultKnob {
        code: "1013".to_owned(),
        text: "Error en el procés d'autorització.".to_owned(),
    };
    let knobs = Knobs {
        fault: Some(fault),
        ..Knobs::default()
    };
    assert_eq!(code_under(&conversation, knobs).await, "FAULT-1013");
    for (error, reason) in [
        (PlatformError::Generic, FailureReason::Generic),
        (PlatformError::Duplicate, FailureReason::Duplicate),
    ] {
        conversation.controls().everywhere(Knobs {
            platform_error: Some(error),
            ..Knobs::default()
        });
        let asked = conversation.ask(INCOME, ProductKind::AeatC4).await;
        let Ok(Reply::Failed(failure)) = asked.result else {
            panic!("{:?}", asked.result)
        };
        assert_eq!(failure.reason, reason);
    }
}

#[tokio::test]
async fn an_identifier_used_twice_is_refused_by_the_platform() {
    let conversation = Conversation::start(SignatureAlgorithm::RsaSha1, Algorithm::RsaSha1).await;
    let request = conversation.request(INCOME, ProductKind::AeatC4);
    let first = conversation.send(request.clone()).await;
    assert!(matches!(first.result, Ok(Reply::Finished(_))));
    let second = conversation.send(request).await;
    let Ok(Reply::Failed(failure)) = second.result else {
        panic!("{:?}", second.result)
    };
    assert_eq!(failure.class(), Class::Duplicate);
}

#[tokio::test]
async fn a_platform_nobody_vouches_for_gets_nothing() {
    let mut conversation =
        Conversation::start(SignatureAlgorithm::RsaSha1, Algorithm::RsaSha1).await;
    let other = tempfile::tempdir().unwrap();
    let strangers = Pki::open(other.path()).unwrap();
    let roots = std::fs::read(&strangers.tls_ca_path).unwrap();
    let tls = TlsSettings {
        roots: Some(&roots),
        client: None,
    };
    let endpoint = conversation.double.url.parse().unwrap();
    conversation.platform.transport = Transport::new(
        endpoint,
        &tls,
        &conversation.platform.profile,
        World::real(),
    )
    .unwrap();
    let asked = conversation.ask(INCOME, ProductKind::AeatC4).await;
    let error = asked.result.unwrap_err();
    assert_eq!(error.code(), "NET-UNREACHABLE");
    assert!(!error.sent());
    assert!(conversation.double.recorder.received().is_empty());
}
