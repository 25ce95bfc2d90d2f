//! The citizen's copy: signed, chained, by the published schema, and nothing personal outside it.

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value as Json;

use super::*;
use Decision::{Grant, Refuse};

/// Verifies a receipt with nothing but the published key, as anybody could.
fn open(receipt: &Receipt, jwk: &Json) -> (Json, Json) {
    let parts: Vec<&str> = receipt.jws.split('.').collect();
    let [header, payload, signature] = parts[..] else {
        panic!("a JWS has three parts")
    };
    let bytes = |part: &str| URL_SAFE_NO_PAD.decode(part).unwrap();
    UnparsedPublicKey::new(&ED25519, bytes(jwk["x"].as_str().unwrap()))
        .verify(format!("{header}.{payload}").as_bytes(), &bytes(signature))
        .unwrap();
    let json = |part: &str| serde_json::from_slice(&bytes(part)).unwrap();
    (json(header), json(payload))
}

fn schema() -> jsonschema::Validator {
    let schema =
        serde_json::from_str(include_str!("../../../schemas/consent-receipt.schema.json")).unwrap();
    jsonschema::validator_for(&schema).unwrap()
}

#[tokio::test]
async fn every_receipt_is_signed_and_follows_the_schema() {
    let house = House::new().await;
    house.answer(&[(C4, Grant), (C2, Refuse)]).await;
    house.answer(&[(HOUSEHOLD, Refuse)]).await;
    house
        .ledger
        .revoke_all(&house.anna, &purpose())
        .await
        .unwrap();
    let receipts = house.ledger.receipts(house.anna.subject).await.unwrap();
    assert_eq!(receipts.len(), 3);
    let (schema, jwk) = (schema(), house.signer.jwk());
    for receipt in &receipts {
        let (header, payload) = open(receipt, &jwk);
        assert_eq!(header["alg"], "EdDSA");
        assert_eq!(header["typ"], "consent-receipt+jwt");
        assert_eq!(header["kid"], jwk["kid"]);
        let problems: Vec<String> = schema
            .iter_errors(&payload)
            .map(|error| error.to_string())
            .collect();
        assert_eq!(problems, Vec::<String>::new());
        assert_eq!(payload["jti"], receipt.id.to_string());
        assert_eq!(
            house
                .ledger
                .receipt(house.anna.subject, receipt.id)
                .await
                .unwrap(),
            *receipt
        );
    }
}

#[tokio::test]
async fn the_schema_refuses_a_receipt_that_says_too_little() {
    let house = House::new().await;
    let receipt = house.grant(C4).await.receipt;
    let (_, payload) = open(&receipt, &house.signer.jwk());
    let schema = schema();
    for claim in [
        "notice",
        "items",
        "withdrawal_uri",
        "log",
        "controller",
        "authority",
    ] {
        let mut less = payload.clone();
        less.as_object_mut().unwrap().remove(claim);
        assert!(!schema.is_valid(&less), "{claim}");
    }
    let mut endless = payload.clone();
    endless["items"][0]
        .as_object_mut()
        .unwrap()
        .remove("valid_until");
    assert!(!schema.is_valid(&endless));
    let mut mixed = payload;
    mixed["event"] = "withdrawn".into();
    assert!(!schema.is_valid(&mixed));
}

#[tokio::test]
async fn a_receipt_says_what_was_decided_and_how_to_take_it_back() {
    let house = House::new().await;
    let receipt = house.answer(&[(C4, Grant), (C2, Refuse)]).await.receipt;
    let (_, payload) = open(&receipt, &house.signer.jwk());
    assert_eq!(payload["event"], "granted-and-refused");
    assert_eq!(payload["items"][0]["decision"], "granted");
    assert_eq!(payload["items"][0]["valid_until"], "2027-11-22T16:05:00Z");
    assert_eq!(payload["items"][0]["categories"][0], "income.annual");
    assert_eq!(payload["items"][1]["decision"], "refused");
    assert_eq!(
        payload["withdrawal_uri"],
        "https://gateway.example.cat/choose"
    );
    let notices = Notices::embedded().unwrap();
    let shown = notices.text(&purpose(), 1, Language::Ca).unwrap();
    assert_eq!(payload["notice"]["digest"], shown.digest);
    assert_eq!(receipt.code.len(), 7);
}

#[tokio::test]
async fn a_withdrawal_has_a_receipt_chained_to_the_one_before() {
    let house = House::new().await;
    let granted = house.grant(C4).await.receipt;
    let withdrawn = house
        .ledger
        .revoke_all(&house.anna, &purpose())
        .await
        .unwrap()
        .receipt;
    let (_, first) = open(&granted, &house.signer.jwk());
    let (_, second) = open(&withdrawn, &house.signer.jwk());
    assert_eq!(first.get("prev"), None);
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, granted.jws.as_bytes());
    assert_eq!(second["prev"], format!("sha-256:{}", hex::encode(hash)));
    assert_eq!(second["event"], "withdrawn");
    assert_eq!(second["items"][0]["item"], first["items"][0]["item"]);
}

#[tokio::test]
async fn the_receipt_names_the_leaf_the_log_really_holds() {
    let house = House::new().await;
    let receipt = house.grant(C4).await.receipt;
    let (_, payload) = open(&receipt, &house.signer.jwk());
    let values = vec![receipt.entry.to_string().into()];
    let row = house
        .db
        .row("SELECT leaf FROM log_entry WHERE entry = $1", values)
        .await
        .unwrap()
        .unwrap();
    let leaf = [vec![0], row.bytes(0).unwrap()].concat();
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &leaf);
    assert_eq!(payload["log"]["leaf_hash"], hex::encode(hash));
    assert_eq!(
        payload["log"]["origin"],
        "gateway.example.cat/exchange/2026"
    );
}

#[tokio::test]
async fn the_log_entry_states_what_the_receipt_states() {
    let house = House::new().await;
    house.answer(&[(C4, Grant), (C2, Refuse)]).await;
    house.answer(&[(HOUSEHOLD, Refuse)]).await;
    house
        .ledger
        .revoke_all(&house.anna, &purpose())
        .await
        .unwrap();
    let receipts = house.ledger.receipts(house.anna.subject).await.unwrap();
    let mut kinds = Vec::new();
    for receipt in &receipts {
        let (_, claims) = open(receipt, &house.signer.jwk());
        let entry = house.log.payload(receipt.entry).await.unwrap();
        for member in ["event", "purpose", "items", "notice", "body"] {
            assert_eq!(entry[member], claims[member], "{member}");
        }
        assert_eq!(entry["receipt"], claims["jti"]);
        kinds.push(entry["kind"].as_str().unwrap().to_owned());
    }
    let expected = ["consent-withdrawn", "consent-refused", "consent-granted"];
    assert_eq!(kinds, expected);
}

#[tokio::test]
async fn a_receipt_is_not_shown_to_another_person() {
    let house = House::new().await;
    let receipt = house.grant(C4).await.receipt;
    let pere = house.another().await;
    let error = house
        .ledger
        .receipt(pere.subject, receipt.id)
        .await
        .unwrap_err();
    assert!(matches!(error, ConsentError::UnknownReceipt));
    assert!(
        house
            .ledger
            .evidence(pere.subject, receipt.id)
            .await
            .is_err()
    );
    assert_eq!(house.ledger.receipts(pere.subject).await.unwrap(), []);
}

#[tokio::test]
async fn debug_output_shows_no_receipt_no_login_and_no_details() {
    let house = House::new().await;
    let decided = house.grant(C4).await;
    let mut ask = house.ask(C4);
    ask.details
        .insert("officer".to_owned(), "Cognom Prova Maria".into());
    let mut outcome = ok();
    outcome
        .details
        .insert("reference".to_owned(), "Cognom Prova Maria".into());
    let shown = format!("{:?} {:?} {ask:?} {outcome:?}", decided.receipt, house.anna);
    assert!(!shown.contains("Cognom"), "{shown}");
    assert!(!shown.contains(&decided.receipt.jws), "{shown}");
    assert!(!shown.contains("login-1"), "{shown}");
}
