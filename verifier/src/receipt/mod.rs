//! Consent receipts: signed statements of what a person agreed to, refused or withdrew.

mod jwks;
mod jws;

pub use jwks::{KeySet, KeyState};
pub use jws::Jws;

use std::{borrow::Cow, fmt};

use serde_json::{Map, Value};

use crate::{
    clock_face,
    defect::Defect,
    entry::{Entry, Leaf},
    json,
    merkle::Hash,
    show::Shown,
};

/// The `typ` of a receipt, which sets it apart from the tokens the same key set verifies.
pub const TYP: &str = "consent-receipt+jwt";

/// The schema the receipts follow: the EU GDPR receipt profile of ISO/IEC TS 27560 in DPV.
pub const SCHEMA: &str = "https://w3id.org/dpv/schema/dpv-27560#receipt-eu-gdpr";

/// How far ahead of this machine's clock the issuer's may be, in seconds.
const CLOCK_TOLERANCE: u64 = 300;

/// The most decisions one receipt may hold.
const MAX_ITEMS: usize = 256;

/// A receipt as it lies in a file: bare, or in the JSON that the API answers.
pub struct ReceiptFile<'a> {
    /// The identifier written around the receipt, which nobody signed.
    id: Option<String>,
    jws: Cow<'a, str>,
}

/// What a receipt says, once its signature was checked.
#[derive(Clone, Eq, PartialEq)]
pub struct Receipt {
    /// The receipt's own identifier.
    pub id: String,
    pub issuer: String,
    /// Unix seconds.
    pub issued_at: u64,
    pub event: Event,
    pub purpose: String,
    pub decisions: Vec<Decision>,
    pub log_origin: String,
    /// The hash of the log entry that holds the same event.
    pub leaf_hash: Hash,
    /// Everything it states.
    pub claims: Map<String, Value>,
}

/// What happened to consent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Event {
    /// Some items were granted, others perhaps refused.
    GrantedAndRefused,
    Withdrawn,
}

/// What was decided about one product.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Decision {
    pub product: String,
    pub decision: String,
}

impl<'a> ReceiptFile<'a> {
    pub fn parse(file: &'a str) -> Result<Self, Defect> {
        let file = file.trim_ascii();
        if !file.starts_with('{') {
            return Ok(Self {
                id: None,
                jws: file.into(),
            });
        }
        let object = json::object(file.as_bytes()).ok_or(Defect::RcptFormat(
            "it is no JSON object, or repeats a member",
        ))?;
        let jws = json::text(&object, "jws")
            .ok_or(Defect::RcptFormat("its JSON has no member \"jws\""))?;
        let id = json::text(&object, "id").map(str::to_owned);
        Ok(Self {
            id,
            jws: jws.to_owned().into(),
        })
    }

    pub fn jws(&self) -> Result<Jws<'_>, Defect> {
        Jws::parse(&self.jws)
    }

    /// Checks that the identifier around the receipt, if there is one, is the signed one.
    pub fn names(&self, receipt: &Receipt) -> Result<(), Defect> {
        match &self.id {
            Some(id) if *id != receipt.id => Err(Defect::RcptIdMismatch),
            _ => Ok(()),
        }
    }
}

impl Receipt {
    /// Reads the payload of a JWS whose signature was checked.
    pub fn parse(payload: &[u8]) -> Result<Self, Defect> {
        let claims = json::object(payload).ok_or(Defect::RcptClaims(
            "it is no JSON object, or repeats a member",
        ))?;
        if text(&claims, "schema", "it has no schema")? != SCHEMA {
            return Err(Defect::RcptSchema);
        }
        let log = claims
            .get("log")
            .and_then(Value::as_object)
            .ok_or(Defect::RcptClaims("it names no log entry"))?;
        text(&claims, "sub", "it has no subject")?;
        Ok(Self {
            id: text(&claims, "jti", "it has no identifier")?.to_owned(),
            issuer: text(&claims, "iss", "it has no issuer")?.to_owned(),
            issued_at: claims
                .get("iat")
                .and_then(Value::as_u64)
                .filter(|seconds| *seconds < 253_402_300_800) // the year 10000
                .ok_or(Defect::RcptClaims("it has no time of issue"))?,
            event: Event::parse(text(&claims, "event", "it has no event")?)?,
            purpose: text(&claims, "purpose", "it has no purpose")?.to_owned(),
            decisions: decisions(&claims)
                .ok_or(Defect::RcptClaims("its items lack a product or a decision"))?,
            log_origin: text(log, "origin", "it names no log")?.to_owned(),
            leaf_hash: json::text(log, "leaf_hash")
                .and_then(Hash::from_hex)
                .ok_or(Defect::RcptClaims(
                    "its leaf hash is not 64 hexadecimal digits",
                ))?,
            claims,
        })
    }

    /// Checks that it was not issued later than `now` (Unix seconds), give or take five minutes.
    pub fn issued_before(&self, now: u64) -> Result<(), Defect> {
        if self.issued_at <= now.saturating_add(CLOCK_TOLERANCE) {
            Ok(())
        } else {
            Err(Defect::RcptTime)
        }
    }

    /// Checks that a key which is no longer in use signed while it was, give or take five minutes.
    pub fn issued_while(&self, key: KeyState) -> Result<(), Defect> {
        match key {
            KeyState::Retired { not_after }
                if self.issued_at > not_after.saturating_add(CLOCK_TOLERANCE) =>
            {
                Err(Defect::RcptKeyRetired)
            }
            _ => Ok(()),
        }
    }

    /// Checks that a proved leaf of the log `origin` is the entry this receipt names.
    pub fn is_recorded_as(&self, leaf: &Leaf, origin: &str) -> Result<(), Defect> {
        if self.log_origin != origin {
            return Err(Defect::RcptOriginMismatch);
        }
        if self.leaf_hash != leaf.hash {
            return Err(Defect::RcptLeafMismatch);
        }
        if !self.event.kinds().contains(&leaf.kind.as_str()) {
            return Err(Defect::RcptKindMismatch);
        }
        Ok(())
    }

    /// Checks that the record in the log states what the receipt states: the receipt's identifier,
    /// the event, the purpose, and every item with its decision.
    pub fn states_the_same_as(&self, entry: &Entry) -> Result<(), Defect> {
        let names_this = json::text(&entry.payload, "receipt") == Some(&self.id);
        let alike = |member: &str| entry.payload.get(member) == self.claims.get(member);
        if names_this && ["event", "purpose", "items"].into_iter().all(alike) {
            Ok(())
        } else {
            Err(Defect::RcptRecordMismatch)
        }
    }

    /// One sentence: when, for what purpose, what was decided.
    pub fn sentence(&self) -> String {
        let at = clock_face::from_unix(self.issued_at);
        let decisions: Vec<_> = self
            .decisions
            .iter()
            .map(|d| format!("{} {}", Shown(&d.product), Shown(&d.decision)))
            .collect();
        let purpose = Shown(&self.purpose);
        match self.event {
            Event::GrantedAndRefused => {
                format!("At {at}, decided for {purpose}: {}.", decisions.join(", "))
            }
            Event::Withdrawn => {
                format!(
                    "At {at}, consent withdrawn for {purpose}: {}.",
                    decisions.join(", ")
                )
            }
        }
    }
}

impl fmt::Debug for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Receipt({} {})", self.id, self.event.as_str())
    }
}

impl Event {
    fn parse(text: &str) -> Result<Self, Defect> {
        match text {
            "granted-and-refused" => Ok(Self::GrantedAndRefused),
            "withdrawn" => Ok(Self::Withdrawn),
            _ => Err(Defect::RcptClaims(
                "its event is not one of those that exist",
            )),
        }
    }

    /// The word of the receipt.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::GrantedAndRefused => "granted-and-refused",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// The kinds of log entry that hold such an event.
    const fn kinds(self) -> &'static [&'static str] {
        match self {
            Self::GrantedAndRefused => &["consent-granted", "consent-refused"],
            Self::Withdrawn => &["consent-withdrawn"],
        }
    }
}

fn text<'c>(
    claims: &'c Map<String, Value>,
    member: &str,
    missing: &'static str,
) -> Result<&'c str, Defect> {
    json::text(claims, member)
        .filter(|text| !text.is_empty())
        .ok_or(Defect::RcptClaims(missing))
}

fn decisions(claims: &Map<String, Value>) -> Option<Vec<Decision>> {
    let items = claims.get("items")?.as_array()?;
    if items.is_empty() || items.len() > MAX_ITEMS {
        return None;
    }
    let decision = |item: &Value| {
        let item = item.as_object()?;
        let product = json::text(item, "product")?.to_owned();
        let decision = json::text(item, "decision")?.to_owned();
        Some(Decision { product, decision })
    };
    items.iter().map(decision).collect()
}
