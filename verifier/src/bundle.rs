//! The evidence of one exchange: every part by itself, and all of them with each other.
//!
//! A part that fails does not end the check: whoever reads the evidence in court wants to know
//! everything that is wrong with it, and what holds all the same. Nothing in the bundle is believed
//! because the bundle says it: keys come from the caller, completeness is found out anew.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::{
    check::{self, LogTrust, Proven, Signed},
    crypto::sha256,
    defect::Defect,
    entry::Entry,
    json,
    receipt::KeySet,
    report::Report,
    show::Shown,
};

/// The form of bundle this verifier knows.
pub const SCHEMA: &str = "interop-gateway/evidence/v1";

/// The most releases one bundle may hold.
const MAX_RELEASES: usize = 256;

/// The records every exchange has, with the kind of their leaves.
const RECORDS: [(&str, &str); 4] = [
    ("notice-served", "notice-served"),
    ("decision", "consent-granted"),
    ("intent", "intent"),
    ("outcome", "outcome"),
];

type Object = Map<String, Value>;

/// A record that was proved and opened.
struct Record {
    proven: Proven,
    entry: Entry,
}

/// Checks a bundle of evidence (`/v1/me/exchanges/{id}/evidence`).
///
/// `now` is in Unix seconds.
pub fn check(file: &[u8], keys: Option<&KeySet>, trust: &LogTrust, now: u64) -> Report {
    Report::of(|report| {
        let bundle = parse(file)?;
        let exchange = object(&bundle, "exchange")
            .ok_or(Defect::BundleFormat("it does not say of which exchange"))?;
        let id = json::text(exchange, "exchange")
            .ok_or(Defect::BundleFormat("its exchange has no name"))?;
        let records = records(report, &bundle, trust)?;
        let signed = receipt(report, &bundle, keys, &records, trust, now);
        notice(report, &bundle, signed.as_ref(), &records);
        authentication(report, &bundle, &records);
        decision(report, &bundle, signed.as_ref(), &records);
        exchanged(report, exchange, id, &records);
        one_person(report, signed.as_ref(), &records);
        claimed(report, &bundle);
        report.proved.headline = format!("the evidence of exchange {} is whole", Shown(id));
        report.proved.entry = None;
        report.proved.receipt = signed.map(|signed| signed.receipt);
        Ok(())
    })
}

fn parse(file: &[u8]) -> Result<Object, Defect> {
    let bundle = json::object(file).ok_or(Defect::BundleFormat(
        "it is no JSON object, or repeats a member",
    ))?;
    if json::text(&bundle, "schema") == Some(SCHEMA) {
        Ok(bundle)
    } else {
        Err(Defect::BundleFormat(
            "its schema is not interop-gateway/evidence/v1",
        ))
    }
}

/// Proves and opens every record that is there.
fn records(
    report: &mut Report,
    bundle: &Object,
    trust: &LogTrust,
) -> Result<BTreeMap<String, Record>, Defect> {
    let none = Object::new();
    let given = object(bundle, "records").unwrap_or(&none);
    let mut wanted: Vec<(String, Option<&Value>, &str)> = RECORDS
        .iter()
        .map(|(name, kind)| (format!("records.{name}"), given.get(*name), *kind))
        .collect();
    let releases = given.get("releases").and_then(Value::as_array);
    if releases.is_none() {
        report.failed("records.releases", Defect::BundleIncomplete);
    }
    let releases = releases.map_or(&[][..], Vec::as_slice);
    if releases.len() > MAX_RELEASES {
        return Err(Defect::BundleFormat("it holds more than 256 releases"));
    }
    wanted.extend(
        releases
            .iter()
            .enumerate()
            .map(|(n, release)| (format!("records.releases[{n}]"), Some(release), "release")),
    );
    let mut records = BTreeMap::new();
    for (name, value, kind) in wanted {
        if let Some(record) = record(report, &name, value, kind, trust) {
            records.insert(name, record);
        }
    }
    Ok(records)
}

/// Proves one record, and compares what the bundle says of it with what the log holds.
fn record(
    report: &mut Report,
    name: &str,
    value: Option<&Value>,
    kind: &str,
    trust: &LogTrust,
) -> Option<Record> {
    let Some(record) = value.and_then(Value::as_object) else {
        report.failed(name, Defect::BundleIncomplete);
        return None;
    };
    let payload = object(record, "payload");
    if payload.is_none() {
        report.failed(format!("{name}.payload"), Defect::BundleIncomplete);
    }
    let Some(proof) = json::text(record, "proof") else {
        report.failed(format!("{name}.proof"), Defect::BundleIncomplete);
        return None;
    };
    let mut steps = Report::of(|_| Ok(()));
    let proven = match check::prove(&mut steps, proof.as_bytes(), trust) {
        Ok(proven) => proven,
        Err(defect) => {
            report.failed(format!("{name}.proof"), defect);
            return None;
        }
    };
    if proven.leaf.kind != kind {
        let why = "the record is of another kind";
        report.failed(name, Defect::BundleMismatch(why));
        return None;
    }
    let Some(entry) = steps.proved.entry else {
        report.failed(format!("{name}.opening"), Defect::BundleIncomplete);
        return None;
    };
    if payload.is_some_and(|payload| *payload != entry.payload) {
        let why = "what it says is not what was recorded";
        report.failed(format!("{name}.payload"), Defect::BundleMismatch(why));
        return None;
    }
    let at = format!("entry {} of the log, as {kind}", proven.place.index);
    report.held("record", format!("{}: {at}", Shown(name)));
    Some(Record { proven, entry })
}

/// Checks the receipt: its signature, its key, and that the record of the decision is its own.
fn receipt(
    report: &mut Report,
    bundle: &Object,
    keys: Option<&KeySet>,
    records: &BTreeMap<String, Record>,
    trust: &LogTrust,
    now: u64,
) -> Option<Signed> {
    let Some(receipt) = object(bundle, "receipt") else {
        report.failed("receipt", Defect::BundleIncomplete);
        return None;
    };
    let Some(jws) = json::text(receipt, "jws") else {
        report.failed("receipt.jws", Defect::BundleIncomplete);
        return None;
    };
    let signed = match check::signed(report, jws.as_bytes(), keys, now) {
        Ok(signed) => signed,
        Err(defect) => {
            report.failed("receipt.jws", defect);
            return None;
        }
    };
    if json::text(receipt, "id") != Some(&signed.receipt.id) {
        report.failed("receipt.id", Defect::RcptIdMismatch);
    }
    match object(receipt, "key").and_then(|key| json::text(key, "x")) {
        None => report.failed("receipt.key", Defect::BundleIncomplete),
        Some(x) => {
            let trusted = keys.and_then(|keys| keys.x(&signed.kid).ok().flatten());
            if trusted != Some(x) {
                let why = "the key beside the receipt is not the one of the key set";
                report.failed("receipt.key", Defect::BundleMismatch(why));
            }
        }
    }
    let Some(record) = records.get("records.decision") else {
        // Named already. What the signature alone cannot carry is not claimed.
        if signed.key_is_compromised() {
            report.failed("receipt.jws", Defect::RcptKeyCompromised);
        }
        return Some(signed);
    };
    report.proved.entry = Some(record.entry.clone());
    if let Err(defect) = check::recorded(report, &signed, &record.proven, trust) {
        report.failed("receipt.jws", defect);
    }
    Some(signed)
}

/// Checks the text that was shown, and that receipt and log name exactly this text and showing.
fn notice(
    report: &mut Report,
    bundle: &Object,
    signed: Option<&Signed>,
    records: &BTreeMap<String, Record>,
) {
    let Some(notice) = object(bundle, "notice") else {
        report.failed("notice", Defect::BundleIncomplete);
        return;
    };
    for member in ["served", "served_at", "channel"] {
        if json::text(notice, member).is_none() {
            report.failed(format!("notice.{member}"), Defect::BundleIncomplete);
        }
    }
    let digest = json::text(notice, "digest");
    match (json::text(notice, "text"), digest) {
        (Some(text), Some(digest)) => {
            let found = format!("sha-256:{}", hex::encode(sha256(&[text.as_bytes()])));
            if found == digest {
                report.held("notice", "the text has the digest that was recorded");
            } else {
                report.failed("notice.text", Defect::BundleNotice);
            }
        }
        (None, _) => report.failed("notice.text", Defect::BundleIncomplete),
        (_, None) => report.failed("notice.digest", Defect::BundleIncomplete),
    }
    let same = |other: Option<&Value>| {
        other.and_then(Value::as_object).is_some_and(|other| {
            ["id", "version", "language", "digest"]
                .into_iter()
                .all(|member| {
                    other.get(member).is_some() && other.get(member) == notice.get(member)
                })
        })
    };
    if signed.is_some_and(|signed| !same(signed.receipt.claims.get("notice"))) {
        let why = "the receipt is about another notice";
        report.failed("notice", Defect::BundleMismatch(why));
    }
    if let Some(shown) = records.get("records.notice-served") {
        let payload = &shown.entry.payload;
        if !same(payload.get("notice")) {
            let why = "the log says that another notice was shown";
            report.failed("notice", Defect::BundleMismatch(why));
        }
        if differ(notice.get("served"), payload.get("served")) {
            let why = "the log is about another showing";
            report.failed("notice.served", Defect::BundleMismatch(why));
        }
    }
}

/// Checks that how the person was recognised is what was recorded when they decided.
fn authentication(report: &mut Report, bundle: &Object, records: &BTreeMap<String, Record>) {
    let Some(evidence) = object(bundle, "authentication") else {
        report.failed("authentication", Defect::BundleIncomplete);
        return;
    };
    for member in ["indicated_by", "login", "decided_at", "shown"] {
        if evidence.get(member).is_none_or(Value::is_null) {
            report.failed(format!("authentication.{member}"), Defect::BundleIncomplete);
        }
    }
    if let Some(decision) = records.get("records.decision") {
        let recorded = decision.entry.payload.get("indicated_by");
        if differ(evidence.get("indicated_by"), recorded) {
            let why = "the log says that the person was recognised otherwise";
            report.failed("authentication.indicated_by", Defect::BundleMismatch(why));
        } else {
            report.held("who", "how the person was recognised is as the log has it");
        }
    }
    let (Some(shown), Some(notice)) = (object(evidence, "shown"), object(bundle, "notice")) else {
        return;
    };
    let alike = [
        ("served", "served"),
        ("notice", "id"),
        ("version", "version"),
        ("language", "language"),
        ("digest", "digest"),
    ];
    if alike
        .iter()
        .any(|(here, there)| differ(notice.get(*there), shown.get(*here)))
    {
        let why = "the evidence is about another showing";
        report.failed("authentication.shown", Defect::BundleMismatch(why));
    }
}

/// Checks that the intent rests on the very grant of the receipt.
fn decision(
    report: &mut Report,
    bundle: &Object,
    signed: Option<&Signed>,
    records: &BTreeMap<String, Record>,
) {
    let Some(decision) = object(bundle, "decision") else {
        report.failed("decision", Defect::BundleIncomplete);
        return;
    };
    for member in ["item", "product", "decision", "at", "valid_until"] {
        if json::text(decision, member).is_none() {
            report.failed(format!("decision.{member}"), Defect::BundleIncomplete);
        }
    }
    let (Some(signed), Some(intent)) = (signed, records.get("records.intent")) else {
        return;
    };
    let payload = &intent.entry.payload;
    let rests_on = object(payload, "consent");
    let item = rests_on.and_then(|consent| consent.get("item"));
    let receipt = rests_on.and_then(|consent| json::text(consent, "receipt"));
    if receipt != Some(&signed.receipt.id) {
        let why = "the request to the source rests on another receipt";
        report.failed("decision", Defect::BundleMismatch(why));
        return;
    }
    let items = signed.receipt.claims.get("items").and_then(Value::as_array);
    let mut items = items.into_iter().flatten().filter_map(Value::as_object);
    let granted = items.find(|one| item.is_some() && one.get("item") == item);
    let stated = |member| granted.and_then(|granted| granted.get(member));
    if stated("decision").and_then(Value::as_str) != Some("granted")
        || stated("product") != payload.get("product")
    {
        let why = "the receipt does not grant what was asked";
        report.failed("decision", Defect::BundleMismatch(why));
        return;
    }
    let until = stated("valid_until").and_then(Value::as_str).unwrap_or("");
    let told = json::text(decision, "valid_until");
    if ["item", "product", "decision"]
        .into_iter()
        .any(|member| differ(decision.get(member), stated(member)))
        || told.is_some_and(|told| second(told) != second(until))
    {
        let why = "it is not what the receipt states";
        report.failed("decision", Defect::BundleMismatch(why));
    }
    let decided = records
        .get("records.decision")
        .map(|one| second(&one.entry.at));
    let asked = second(&intent.entry.at);
    if asked > second(until) || decided.is_some_and(|decided| decided > asked) {
        let why = "the source was asked outside the time of the grant";
        report.failed("decision", Defect::BundleMismatch(why));
    } else {
        report.held(
            "grant",
            "the request to the source rests on this very grant",
        );
    }
}

/// Checks that intent, outcome and releases are of this exchange, and say what the bundle says.
fn exchanged(report: &mut Report, exchange: &Object, id: &str, records: &BTreeMap<String, Record>) {
    let told: [(&str, &[&str]); 2] = [
        (
            "intent",
            &[
                "exchange",
                "body",
                "purpose",
                "product",
                "source",
                "request_sha256",
            ],
        ),
        ("outcome", &["exchange", "result", "used"]),
    ];
    for (name, members) in told {
        let part = format!("records.{name}");
        if let Some(record) = records.get(&part) {
            let payload = &record.entry.payload;
            if let Some(odd) = members
                .iter()
                .find(|one| exchange.get(**one) != payload.get(**one))
            {
                let why = "the log says something else of the exchange";
                report.failed(format!("exchange.{odd}"), Defect::BundleMismatch(why));
            }
        }
    }
    for (name, record) in records.range("records.releases".to_owned()..) {
        let exchanges = record
            .entry
            .payload
            .get("exchanges")
            .and_then(Value::as_array);
        if !exchanges.is_some_and(|all| all.iter().any(|one| one.as_str() == Some(id))) {
            let why = "it released another exchange";
            report.failed(name.clone(), Defect::BundleMismatch(why));
        }
    }
}

/// Checks that all of it is about one person.
fn one_person(report: &mut Report, signed: Option<&Signed>, records: &BTreeMap<String, Record>) {
    let subject = signed.and_then(|signed| signed.receipt.claims.get("sub"));
    let mut first = subject;
    for (name, record) in records {
        let here = record.entry.payload.get("subject");
        if here.is_none() || first.is_some_and(|first| Some(first) != here) {
            let why = "it is about another person";
            report.failed(name.clone(), Defect::BundleMismatch(why));
        }
        first = first.or(here);
    }
}

/// What the gateway itself said is missing is missing, whatever else was found.
fn claimed(report: &mut Report, bundle: &Object) {
    let missing = bundle.get("missing").and_then(Value::as_array);
    let missing = missing.into_iter().flatten().filter_map(Value::as_str);
    for part in missing {
        if !report.failures.iter().any(|failure| failure.part == part) {
            report.failed(part, Defect::BundleIncomplete);
        }
    }
    let complete = json::text(bundle, "status") == Some("complete");
    let found = report
        .failures
        .iter()
        .any(|one| one.defect == Defect::BundleIncomplete);
    if complete == found {
        let why = "it says of itself what is not so";
        report.failed("status", Defect::BundleMismatch(why));
    }
}

/// Whether a part that is there is not what it should be. One that is not there is incomplete.
fn differ(part: Option<&Value>, should_be: Option<&Value>) -> bool {
    part.is_some_and(|part| !part.is_null() && Some(part) != should_be)
}

/// An instant in RFC 3339 and UTC, without the fraction: comparable as text.
fn second(at: &str) -> &str {
    at.get(..19).unwrap_or(at)
}

fn object<'o>(object: &'o Object, member: &str) -> Option<&'o Object> {
    object.get(member)?.as_object()
}
