//! What a receiver refused, and what an operator does about it.

use std::process::Command;

use interop_gateway::events::Resend;

use super::*;

#[tokio::test]
async fn parked_events_are_listed_without_a_person_and_sent_again_in_order() {
    let told = Told::start().await;
    let world = &told.world;
    told.folder.behave(Mood::Refusing("invalid_request"));
    let citizen = world.willing("marta").await;
    let joan = world.willing("joan").await;
    citizen.revoke_all(PURPOSE).await.unwrap();
    let parked = "SELECT count(*) FROM event_delivery WHERE state = 'refused'";
    world.until(parked, 3).await;
    told.folder.behave(Mood::Strict);
    joan.revoke_all(PURPOSE).await.unwrap();
    told.delivered().await;
    assert_eq!(kinds(&told.folder.taken()), ["consent-revoked"]);

    let events = &world.app().events;
    let counts = events.counts().await.unwrap();
    assert_eq!(counts.len(), 1);
    assert_eq!((counts[0].pending, counts[0].parked), (0, 3));
    assert!(counts[0].connected);
    let listed = list(world);
    let waiting = events.waiting(9).await.unwrap();
    assert_eq!(waiting.len(), 3);
    for one in &waiting {
        assert_eq!(one.code.as_deref(), Some("invalid_request"));
        assert!(listed.contains(&one.event), "{listed}");
    }
    assert!(listed.contains("el-meu-espai: 3 parked, 0 on their way"));
    let subject = world.subject("marta").await.to_string();
    for secret in [subject.as_str(), &world.person("marta").document, PURPOSE] {
        assert!(!listed.contains(secret), "{secret} in {listed}");
    }

    let one = Resend::Event("6c0bde05-124f-48a7-bccd-31b18834e219");
    assert_eq!(events.resend(one).await.unwrap(), 0);
    let nobody = Resend::Recipient(RECOMMENDER);
    assert_eq!(events.resend(nobody).await.unwrap(), 0);
    let all = Resend::Recipient("el-meu-espai");
    assert_eq!(events.resend(all).await.unwrap(), 3);
    told.delivered().await;
    told.nothing_refused();
    let taken = told.folder.taken();
    assert_eq!(taken.len(), 4);
    let marta: Vec<_> = taken
        .iter()
        .filter(|one| one.subject() != taken[0].subject())
        .cloned()
        .collect();
    assert_eq!(kinds(&marta), ["consent-granted", "consent-revoked"]);
    in_order(&marta);
    assert_eq!(events.counts().await.unwrap(), []);
}

/// What the command prints.
fn list(world: &World) -> String {
    let program = env!("CARGO_BIN_EXE_interop-gateway");
    let config = world.files.path().join("gateway.toml");
    let command = Command::new(program)
        .args(["events", "list", "--config"])
        .arg(config)
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let (out, talk) = (text(command.stdout), text(command.stderr));
    assert!(command.status.success(), "{talk}");
    format!("{out}{talk}")
}
