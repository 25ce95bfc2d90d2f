//! What makes a bundle incomplete.

use serde_json::json;

use super::*;

fn record() -> Record {
    Record {
        entry: "e".to_owned(),
        payload: Some(json!({"v": 1})),
        proof: Some("proof".to_owned()),
    }
}

fn whole() -> Bundle {
    let at = "2026-11-22T16:05:00Z".parse().unwrap();
    let mut bundle = Bundle {
        schema: bundle::SCHEMA,
        status: "",
        missing: Vec::new(),
        made_at: at,
        shown_to: "person",
        log: LogEvidence {
            origin: "gateway.example.cat/exchange/2026".to_owned(),
            key: "vkey".to_owned(),
        },
        exchange: crate::exchange::view::ExchangeView {
            exchange: "x".to_owned(),
            at,
            body: "b".to_owned(),
            source: "AEAT".to_owned(),
            product: "AEAT_IRPF/C4".to_owned(),
            purpose: "p".to_owned(),
            item: "i".to_owned(),
            result: None,
            code: None,
            used: false,
            counter: 1,
            ended_at: None,
            request_sha256: "aa".to_owned(),
            answer_sha256: None,
        },
        notice: Some(NoticeEvidence {
            id: "n".to_owned(),
            version: 1,
            language: "ca".to_owned(),
            digest: "sha-256:aa".to_owned(),
            text: Some("text".to_owned()),
            served: "s".to_owned(),
            served_at: at,
            channel: "pages".to_owned(),
        }),
        decision: Some(DecisionEvidence {
            item: "i".to_owned(),
            product: "AEAT_IRPF/C4".to_owned(),
            decision: "granted".to_owned(),
            seq: 1,
            at,
            valid_until: Some(at),
        }),
        authentication: Some(
            json!({"indicated_by": {}, "login": "l", "decided_at": "t", "shown": {}}),
        ),
        receipt: Some(ReceiptEvidence {
            id: "r".to_owned(),
            code: "c".to_owned(),
            jws: "a.b.c".to_owned(),
            issued_at: at,
            key: Some(json!({})),
        }),
        records: Records {
            notice_served: Some(record()),
            decision: Some(record()),
            intent: Some(record()),
            outcome: Some(record()),
            releases: vec![record()],
        },
        officer: None,
    };
    bundle.conclude();
    bundle
}

type Bend = fn(&mut Bundle);

#[test]
fn con_15_a_bundle_without_one_of_its_parts_is_incomplete_and_names_it() {
    assert_eq!((whole().status, whole().missing.len()), ("complete", 0));
    let bends: [(&str, Bend); 18] = [
        ("notice", |one| one.notice = None),
        ("notice.text", |one| {
            one.notice.as_mut().unwrap().text = None;
        }),
        ("decision", |one| one.decision = None),
        ("decision.valid_until", |one| {
            one.decision.as_mut().unwrap().valid_until = None;
        }),
        ("authentication", |one| one.authentication = None),
        ("authentication.login", |one| {
            one.authentication.as_mut().unwrap()["login"] = Value::Null;
        }),
        ("authentication.shown", |one| {
            one.authentication.as_mut().unwrap()["shown"] = Value::Null;
        }),
        ("receipt", |one| one.receipt = None),
        ("receipt.key", |one| {
            one.receipt.as_mut().unwrap().key = None;
        }),
        ("records.notice-served", |one| {
            one.records.notice_served = None;
        }),
        ("records.decision", |one| one.records.decision = None),
        ("records.intent", |one| one.records.intent = None),
        ("records.outcome", |one| one.records.outcome = None),
        ("records.decision.proof", |one| {
            one.records.decision.as_mut().unwrap().proof = None;
        }),
        ("records.intent.payload", |one| {
            one.records.intent.as_mut().unwrap().payload = None;
        }),
        ("records.outcome.proof", |one| {
            one.records.outcome.as_mut().unwrap().proof = None;
        }),
        ("records.releases[0].payload", |one| {
            one.records.releases[0].payload = None;
        }),
        ("records.releases[0].proof", |one| {
            one.records.releases[0].proof = None;
        }),
    ];
    for (part, bend) in bends {
        let mut bundle = whole();
        bend(&mut bundle);
        bundle.conclude();
        assert_eq!(bundle.status, "incomplete", "{part}");
        assert_eq!(bundle.missing, [part]);
    }
}

#[test]
fn an_exchange_that_left_for_nobody_lacks_nothing() {
    let mut bundle = whole();
    bundle.records.releases.clear();
    bundle.conclude();
    assert_eq!(bundle.status, "complete");
}

#[test]
fn view_05_an_intent_that_names_the_officer_in_the_clear_is_recognised() {
    let officer = |officer: Value| json!({"details": {"officer": officer}});
    assert!(names_an_officer(&officer(
        json!({"name": "N", "nif": "00000000T"})
    )));
    let sealed = json!({"unit": "u", "role": "answerable", "sealed": "AA=="});
    assert!(!names_an_officer(&officer(sealed)));
    assert!(!names_an_officer(&json!({"details": {}})));
}

#[test]
fn the_key_of_a_receipt_is_found_by_the_name_in_its_header() {
    let header =
        URL_SAFE_NO_PAD.encode(r#"{"alg":"EdDSA","kid":"k1","typ":"consent-receipt+jwt"}"#);
    let set = json!({"keys": [{"kid": "k0"}, {"kid": "k1", "x": "AA"}]});
    let kid = kid(&format!("{header}.AA.AA")).unwrap();
    assert_eq!(key_of(&set, &kid).unwrap()["x"], "AA");
    assert_eq!(key_of(&set, "k2"), None);
    assert_eq!(super::kid("not a jws"), None);
}
