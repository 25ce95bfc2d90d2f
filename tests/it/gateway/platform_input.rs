//! What the platform may answer instead of an answer. Each defect ends as its own named outcome,
//! nothing of it is used, nothing personal comes back, and the next fetch works.

use simulator::pci::{Damage, Echo, FaultKnob, Knobs, PlatformError, Transport};

use super::*;

/// One row: what the platform does, and what the exchange is called afterwards.
#[derive(Clone, Debug)]
struct Row {
    knobs: Knobs,
    result: &'static str,
    code: &'static str,
}

fn row(knobs: Knobs, result: &'static str, code: &'static str) -> Row {
    Row {
        knobs,
        result,
        code,
    }
}

/// Asks for work under the row's knobs, then without them.
async fn holds(rows: impl IntoIterator<Item = Row>) {
    let world = World::with(Setup {
        deadline_s: Some(1),
        ..Setup::default()
    })
    .await;
    let citizen = world.citizen("marta").await;
    decide(&citizen, &[(WORK, Decision::Grant)]).await;
    for row in rows {
        world.turn(WORK, row.knobs.clone());
        world.forget("marta").await;
        let job = fetched(&citizen).await;
        assert_eq!(source(&job, WORK), ("failed", Some(row.code)), "{row:?}");
        let newest = citizen.exchanges().await.unwrap().remove(0);
        assert_eq!(newest["result"], row.result, "{row:?}");
        assert_eq!(newest["code"], row.code, "{row:?}");
        assert_eq!(newest["used"], false, "{row:?}");
        let profile = citizen.own_profile(&text(&job, "job")).await.unwrap();
        assert!(
            profile["work"]["in_work"]["gap"].is_string(),
            "{row:?}: {profile}"
        );
        assert_eq!(profile["work"]["in_work"].get("value"), None);
        nothing_personal(&world, &[&job, &newest, &profile]);

        world.outside.platform.controls.reset();
        let job = fetched(&citizen).await;
        assert_eq!(source(&job, WORK).0, "received", "after {row:?}");
    }
    assert!(world.app().log.audit_self().await.unwrap().holds());
}

/// Neither documents nor names of the person, nor of those the platform mixed in.
fn nothing_personal(world: &World, answers: &[&Value]) {
    let marta = world.person("marta");
    for answer in answers {
        let answer = answer.to_string().to_uppercase();
        for secret in [&marta.document, &marta.surname1, &"12345678Z".to_owned()] {
            assert!(
                !answer.contains(&secret.to_uppercase()),
                "{secret} in {answer}"
            );
        }
    }
}

fn damaged(damage: Damage) -> Knobs {
    Knobs {
        signature: Some(damage),
        ..Knobs::default()
    }
}

fn echoed(echo: Echo) -> Knobs {
    Knobs {
        echo: Some(echo),
        ..Knobs::default()
    }
}

fn fault(code: &str, text: &str) -> Knobs {
    Knobs {
        fault: Some(FaultKnob {
            code: code.to_owned(),
            text: text.to_owned(),
        }),
        ..Knobs::default()
    }
}

#[tokio::test]
async fn an_answer_that_is_not_well_formed_is_named_and_not_used() {
    let with_document_type = Knobs {
        document_type: true,
        ..Knobs::default()
    };
    let oversized = Knobs {
        oversized: 5_000_000,
        ..Knobs::default()
    };
    holds([
        row(broken(Transport::Garbage), "error", "XML-MALFORMED"),
        row(broken(Transport::Truncate), "error", "XML-MALFORMED"),
        row(with_document_type, "error", "XML-DTD"),
        row(oversized, "error", "NET-TOO-LONG"),
    ])
    .await;
}

#[tokio::test]
async fn an_answer_whose_seal_is_not_right_is_named_and_not_used() {
    let held = holds([
        row(damaged(Damage::Absent), "error", "SIG-MISSING"),
        row(damaged(Damage::BodyChanged), "error", "SIG-DIGEST"),
        row(damaged(Damage::ValueChanged), "error", "SIG-VALUE"),
        row(
            damaged(Damage::ExpiredCertificate),
            "error",
            "SIG-EXPIRED-CERTIFICATE",
        ),
        row(
            damaged(Damage::WrongOrganisation),
            "error",
            "SIG-ORGANISATION",
        ),
        row(damaged(Damage::UnknownCa), "error", "SIG-PATH"),
        row(damaged(Damage::Wrapped), "error", "SIG-WRAPPED-BODY"),
        row(damaged(Damage::DuplicateId), "error", "SIG-DUPLICATE-ID"),
    ]);
    Box::pin(held).await;
}

#[tokio::test]
async fn a_genuine_answer_to_something_else_is_named_and_not_used() {
    holds([
        row(echoed(Echo::OtherRequestId), "error", "PCI-OTHER-REQUEST"),
        row(
            echoed(Echo::OtherSubmissionId),
            "error",
            "PCI-OTHER-SUBMISSION",
        ),
        row(echoed(Echo::OtherHolder), "error", "PCI-OTHER-HOLDER"),
        row(
            echoed(Echo::MoreTransmissions),
            "error",
            "PCI-MORE-TRANSMISSIONS",
        ),
    ])
    .await;
}

#[tokio::test]
async fn a_fault_is_named_by_its_number_and_not_used() {
    let no_certificate = "Error en el procés d'autorització. No s'ha pogut recuperar cap \
                          certificat de la petició.";
    holds([
        row(fault("1013", no_certificate), "denied", "FAULT-1013"),
        row(
            fault("1920", "Error en el procés d'autorització."),
            "denied",
            "FAULT-1920",
        ),
        row(
            fault("2001", "S'han produït problemes tècnics."),
            "error",
            "FAULT-2001",
        ),
        row(
            fault("2002", "Quelcom de nou sobre 12345678Z"),
            "error",
            "FAULT-2002",
        ),
    ])
    .await;
}

#[tokio::test]
async fn a_state_other_than_finished_is_named_and_not_used() {
    holds([
        row(said(PlatformError::Generic), "error", "PCI-0502"),
        row(said(PlatformError::Duplicate), "error", "PCI-DUPLICATE"),
        row(said(PlatformError::Pending), "error", "PCI-PENDING"),
    ])
    .await;
}

#[tokio::test]
async fn pages_silence_and_cut_connections_are_named_and_not_used() {
    holds([
        row(broken(Transport::Forbidden), "error", "HTTP-403"),
        row(broken(Transport::BadGateway), "error", "HTTP-502"),
        row(broken(Transport::Unavailable), "error", "HTTP-503"),
        row(broken(Transport::Hang), "timeout", "NET-TIMED-OUT"),
        row(broken(Transport::Drop), "error", "NET-INTERRUPTED"),
    ])
    .await;
}

#[tokio::test]
async fn a_recorded_genuine_answer_served_again_is_refused() {
    let world = World::start().await;
    let citizen = world.citizen("marta").await;
    decide(&citizen, &[(WORK, Decision::Grant)]).await;
    let genuine = fetched(&citizen).await;
    assert_eq!(source(&genuine, WORK).0, "received");
    world.turn(WORK, broken(Transport::Replay));
    world.forget("marta").await;
    let job = fetched(&citizen).await;
    assert_eq!(source(&job, WORK), ("failed", Some("PCI-OTHER-REQUEST")));
    // The very same bytes came twice, and were used once.
    let exchanges = citizen.exchanges().await.unwrap();
    assert_eq!(exchanges[0]["answer_sha256"], exchanges[1]["answer_sha256"]);
    assert_eq!(
        (&exchanges[0]["used"], &exchanges[1]["used"]),
        (&false.into(), &true.into())
    );
}

#[tokio::test]
async fn an_answer_from_a_platform_whose_clock_is_wrong_is_refused() {
    let skewed = |seconds| Knobs {
        clock_offset_seconds: seconds,
        ..Knobs::default()
    };
    let ahead = holds([row(skewed(900), "error", "FAULT-1913")]);
    ahead.await;
}

#[tokio::test]
async fn each_service_code_ends_as_what_it_says_and_not_as_another() {
    let world = World::start().await;
    let citizen = world.citizen("marta").await;
    decide(
        &citizen,
        &[
            (C4, Decision::Grant),
            (WORK, Decision::Grant),
            (IDENTITY, Decision::Grant),
        ],
    )
    .await;
    for (product, code, ends, result, used) in [
        (C4, "1009", "no_data", "no_data", true),
        (C4, "1011", "no_data", "no_data", true),
        (C4, "1024", "no_data", "no_data", true),
        (C4, "0233", "no_data", "no_data", true),
        (C4, "0502", "failed", "error", false),
        (WORK, "0003", "no_data", "no_data", true),
        (WORK, "0004", "no_data", "no_data", true),
        (WORK, "0005", "no_data", "no_data", true),
        (WORK, "0401", "no_data", "no_data", true),
        (WORK, "0502", "failed", "error", false),
        (IDENTITY, "41", "no_data", "no_data", true),
        (IDENTITY, "67", "no_data", "no_data", true),
        (IDENTITY, "86", "no_data", "no_data", true),
        (IDENTITY, "0502", "failed", "error", false),
    ] {
        world.forget("marta").await;
        world.turn(
            product,
            Knobs {
                product_code: Some(code.to_owned()),
                ..Knobs::default()
            },
        );
        let job = fetched(&citizen).await;
        let what = format!("{product} {code}: {job}");
        let (state, detail) = source(&job, product);
        assert_eq!(state, ends, "{what}");
        assert!(detail.unwrap().ends_with(code), "{what}");
        let exchanges = citizen.exchanges().await.unwrap();
        let newest = exchanges
            .iter()
            .find(|one| one["product"] == product)
            .unwrap();
        assert_eq!(newest["result"], result, "{what}");
        assert_eq!(newest["used"], used, "{what}");
        world.outside.platform.controls.reset();
    }
}
