//! Security Event Tokens (RFC 8417): what is said of an event, and to whom.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::citizen::{BodyId, ClientId, PurposeId, SubjectId};
use crate::identity::PairwiseKey;
use crate::identity::jwt::{JwtError, Signer};
use crate::store::outbox::{EventKind, NewsItem};

/// `typ` of the signature (RFC 8417 section 2.3).
pub const TYPE: &str = "secevent+jwt";

/// What the names of event types begin with.
const TYPES: &str = "https://interop-gateway.example/schemas/events/";

/// An event as the outbox holds it, on its way to one receiver.
#[derive(Clone, Debug)]
pub(super) struct Event {
    /// `jti`: the same however often it is sent.
    pub id: String,
    pub subject: SubjectId,
    /// 1, 2, 3 … per receiver and person.
    pub number: i64,
    pub kind: EventKind,
    pub body: BodyId,
    pub purpose: PurposeId,
    pub items: Vec<NewsItem>,
    pub epoch: i64,
    pub effective_at: Timestamp,
    /// When it was recorded.
    pub at: Timestamp,
}

/// To whom something is said.
#[derive(Clone, Debug)]
pub(super) struct Addressee {
    /// Whom the receiver stands for.
    pub recipient: String,
    /// `aud`.
    pub audience: String,
    /// Whether it is a registered client, which knows the person and the items from our API.
    pub is_client: bool,
}

/// Names people to receivers, and signs what they are told. The key serves nothing else.
#[derive(Debug)]
pub(super) struct Pen {
    /// `iss`: the public address without a slash at the end.
    pub issuer: String,
    pub signer: Signer,
    pub pairwise: PairwiseKey,
}

/// The name of an event type: a URI, never to be fetched.
pub(super) fn type_uri(kind: EventKind) -> String {
    match kind {
        EventKind::ProfileChanged => format!("{TYPES}{}", kind.as_str()),
        _ => format!("{TYPES}consent-{}", kind.as_str()),
    }
}

/// What a recipient does with the data it has.
const fn action(kind: EventKind) -> Option<&'static str> {
    match kind {
        EventKind::Revoked => Some("erase"),
        EventKind::Expired | EventKind::Invalidated => Some("stop_use"),
        EventKind::Expiring | EventKind::Granted | EventKind::ProfileChanged => None,
    }
}

/// Why it happened, where that is ours to say. Nobody is asked why they take consent back.
const fn reason(kind: EventKind) -> Option<&'static str> {
    match kind {
        EventKind::Invalidated => Some("notice_replaced"),
        _ => None,
    }
}

impl Pen {
    /// How a receiver knows a person: a client by the `sub` of its own tokens, others by a name of
    /// their own. No two know the same one.
    pub(super) fn name(&self, to: &Addressee, subject: SubjectId) -> String {
        match to.recipient.parse::<ClientId>() {
            Ok(client) if to.is_client => self.pairwise.subject_at(&client, subject),
            _ => self.pairwise.subject_for(&to.recipient, subject),
        }
    }

    /// The signed event. Said again it is the same, to the byte where the key is Ed25519.
    pub(super) fn write(&self, to: &Addressee, event: &Event) -> Result<String, JwtError> {
        self.signer.sign(TYPE, &self.claims(to, event))
    }

    fn claims(&self, to: &Addressee, event: &Event) -> Map<String, Value> {
        let items = event.items.iter().map(|one| {
            let item = if to.is_client {
                one.item.to_string() // it reads them in the API
            } else {
                self.pairwise.item_for(&to.recipient, one.item)
            };
            json!({"item": item, "product": one.product})
        });
        let mut said = json!({
            "body": event.body,
            "purpose": event.purpose,
            "items": items.collect::<Vec<_>>(),
            "epoch": event.epoch,
            "number": event.number,
            "effective_at": event.effective_at,
        });
        if let Some(action) = action(event.kind) {
            said["action"] = action.into();
        }
        if let Some(reason) = reason(event.kind) {
            said["reason"] = reason.into();
        }
        let claims = json!({
            "iss": self.issuer,
            "aud": to.audience,
            "jti": event.id,
            "iat": event.at.as_second(),
            "toe": event.effective_at.as_second(),
            "sub_id": {
                "format": "iss_sub",
                "iss": self.issuer,
                "sub": self.name(to, event.subject),
            },
            "events": { type_uri(event.kind): said },
        });
        match claims {
            Value::Object(claims) => claims,
            _ => Map::new(),
        }
    }
}
