//! A log entry: the public leaf, and the private payload and key that open it.
//!
//! The leaf tells only a kind, a minute and a keyed commitment, so that the log can be published
//! without telling anything about anyone. Whoever holds payload and key can show that the
//! commitment was to exactly this payload.

use std::fmt;

use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use serde_json::{Map, Value};

use crate::{
    clock_face, crypto,
    defect::Defect,
    json,
    merkle::{Hash, leaf_hash},
    show::Shown,
};

/// What the `extra` line of a proof carries.
#[derive(Debug)]
pub struct Extra {
    pub leaf: Leaf,
    /// Absent when the content was erased or is withheld; the leaf can still be proved.
    pub opening: Option<Opening>,
}

/// The public part of an entry, which the tree is made of.
#[derive(Debug, Eq, PartialEq)]
pub struct Leaf {
    /// HMAC-SHA-256 of the payload under the entry's key.
    pub commitment: [u8; 32],
    /// As `consent-granted`, `intent`, `release`.
    pub kind: String,
    /// As `2026-11-22T16:05Z`.
    pub minute: String,
    pub hash: Hash,
}

/// What opens a commitment.
pub struct Opening {
    payload: Vec<u8>,
    key: [u8; 32],
}

/// What an entry says, read from a payload that was checked against its leaf.
#[derive(Clone, PartialEq)]
pub struct Entry {
    pub kind: String,
    /// RFC 3339 in UTC.
    pub at: String,
    pub product: Option<String>,
    /// The entry's place among those about the same person, from 1, without gaps.
    pub counter: Option<u64>,
    /// Everything the payload says.
    pub payload: Map<String, Value>,
}

impl Extra {
    /// Reads `{"leaf":…,"payload":…,"key":…}`, values in base64; payload and key go together.
    pub fn parse(bytes: &[u8]) -> Result<Self, Defect> {
        let object = json::object(bytes).ok_or(Defect::LogOpeningFormat("it is no JSON object"))?;
        if object
            .keys()
            .any(|name| !["leaf", "payload", "key"].contains(&name.as_str()))
        {
            return Err(Defect::LogOpeningFormat(
                "it has members besides leaf, payload and key",
            ));
        }
        let leaf = member(&object, "leaf")?.ok_or(Defect::LogOpeningFormat("it has no leaf"))?;
        let opening = match (member(&object, "payload")?, member(&object, "key")?) {
            (None, None) => None,
            (Some(payload), Some(key)) => {
                let key = key
                    .try_into()
                    .map_err(|_| Defect::LogOpeningFormat("its key is not 32 bytes long"))?;
                Some(Opening { payload, key })
            }
            _ => {
                return Err(Defect::LogOpeningFormat(
                    "payload and key do not come together",
                ));
            }
        };
        Ok(Self {
            leaf: Leaf::parse(&leaf)?,
            opening,
        })
    }
}

fn member(object: &Map<String, Value>, name: &str) -> Result<Option<Vec<u8>>, Defect> {
    const NOT_BASE64: Defect = Defect::LogOpeningFormat("one of its members is not base64");
    let Some(value) = object.get(name) else {
        return Ok(None);
    };
    let text = value.as_str().ok_or(NOT_BASE64)?;
    BASE64_STANDARD
        .decode(text)
        .map(Some)
        .map_err(|_| NOT_BASE64)
}

impl Leaf {
    /// Reads `{"c":…,"kind":…,"minute":…,"v":1}` in its canonical spelling (RFC 8785) and no other.
    pub fn parse(bytes: &[u8]) -> Result<Self, Defect> {
        let object = json::object(bytes).ok_or(Defect::LogLeafFormat("it is no JSON object"))?;
        known_version(&object).ok_or(Defect::LogVersion)?;
        let commitment = json::text(&object, "c")
            .and_then(|text| BASE64_URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok())
            .ok_or(Defect::LogLeafFormat(
                "its commitment is not 32 bytes in base64url",
            ))?;
        let kind = json::text(&object, "kind")
            .filter(|kind| is_kind(kind))
            .ok_or(Defect::LogLeafFormat("its kind is not a word"))?;
        let minute = json::text(&object, "minute")
            .filter(|minute| clock_face::is_minute(minute))
            .ok_or(Defect::LogLeafFormat("its minute is not a minute in UTC"))?;
        let encoded = BASE64_URL_SAFE_NO_PAD.encode(commitment);
        let canonical = format!(r#"{{"c":"{encoded}","kind":"{kind}","minute":"{minute}","v":1}}"#);
        if canonical.as_bytes() != bytes {
            return Err(Defect::LogLeafFormat("its spelling is not RFC 8785"));
        }
        let (kind, minute) = (kind.to_owned(), minute.to_owned());
        Ok(Self {
            commitment,
            kind,
            minute,
            hash: leaf_hash(bytes),
        })
    }
}

impl Opening {
    /// Checks that this opens the leaf's commitment, and that the leaf's public words are the
    /// payload's.
    pub fn open(&self, leaf: &Leaf) -> Result<Entry, Defect> {
        if !crypto::hmac_sha256_matches(&self.key, &self.payload, &leaf.commitment) {
            return Err(Defect::LogCommitmentMismatch);
        }
        let entry = Entry::parse(&self.payload)?;
        let minute = clock_face::minute_of(&entry.at);
        if entry.kind != leaf.kind || minute.as_deref() != Some(&leaf.minute) {
            return Err(Defect::LogLeafMismatch);
        }
        Ok(entry)
    }
}

impl fmt::Debug for Opening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Opening(·)")
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Entry({} {})", self.kind, self.at)
    }
}

impl Entry {
    fn parse(payload: &[u8]) -> Result<Self, Defect> {
        let payload = json::object(payload).ok_or(Defect::LogPayloadFormat(
            "it is no JSON object, or repeats a member",
        ))?;
        known_version(&payload).ok_or(Defect::LogVersion)?;
        let kind = json::text(&payload, "kind")
            .filter(|kind| is_kind(kind))
            .ok_or(Defect::LogPayloadFormat("it has no kind"))?
            .to_owned();
        let at = json::text(&payload, "at")
            .filter(|at| clock_face::is_instant(at))
            .ok_or(Defect::LogPayloadFormat("it has no time in UTC"))?
            .to_owned();
        let product = json::text(&payload, "product").map(str::to_owned);
        let counter = payload.get("counter").and_then(Value::as_u64);
        Ok(Self {
            kind,
            at,
            product,
            counter,
            payload,
        })
    }

    /// One sentence: what happened, when, with which product.
    pub fn sentence(&self) -> String {
        let at = clock_face::in_words(&self.at);
        let product = self
            .product
            .as_deref()
            .map(|p| format!(", product {}", Shown(p)));
        let counter = self
            .counter
            .map(|c| format!(", number {c} of those about this person"));
        format!(
            "At {at}, {} ({}){}{}.",
            meaning(&self.kind),
            self.kind,
            product.unwrap_or_default(),
            counter.unwrap_or_default()
        )
    }
}

/// Version 1 is the only one so far; a missing version is not version 1.
fn known_version(object: &Map<String, Value>) -> Option<()> {
    (object.get("v")?.as_u64()? == 1).then_some(())
}

/// Lower-case words joined by hyphens, at most 32 characters.
fn is_kind(kind: &str) -> bool {
    (1..=32).contains(&kind.len()) && kind.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
}

/// A kind in words; a kind added later is shown by its name alone.
fn meaning(kind: &str) -> &'static str {
    match kind {
        "audit-evidence" => "an auditor took the evidence of an exchange",
        "audit-search" => "an auditor searched the records",
        "block-lifted" => "the person's data were no longer blocked by a request of theirs",
        "blocked" => "the person's data were blocked",
        "consent-expired" => "consent came to its end",
        "consent-granted" => "consent was given",
        "consent-refused" => "consent was refused",
        "consent-withdrawn" => "consent was withdrawn",
        "household" => "the person began, joined or left a household, or acted for it",
        "intent" => "a request to a source was recorded before it was sent",
        "job-interrupted" => "a fetch of data was interrupted",
        "key-event" => "a key of the service changed",
        "login" => "a person signed in",
        "notice-published" => "a version of the notice about the use of data was published",
        "notice-served" => "the notice about the use of data was shown",
        "outcome" => "the result of a request to a source was recorded",
        "preview" => "it was shown what would be asked",
        "own-export" => "the person took a copy of everything kept about them",
        "release" => "data was handed on",
        "rights-answered" => "a request about the person's rights was answered",
        "rights-identified" => "an operator looked up who made a request",
        "rights-requested" => "the person made a request about their rights",
        _ => "an event was recorded",
    }
}
