//! The bundle as it is handed out; `docs/evidence.md` says what it holds.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::exchange::view::ExchangeView;

/// The form of this bundle. Another meaning of a member is another name.
pub(super) const SCHEMA: &str = "interop-gateway/evidence/v1";

/// Everything that shows that an exchange was permitted, and what came of it. `verifier bundle` checks
/// it offline.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Bundle {
    /// `interop-gateway/evidence/v1`.
    pub schema: &'static str,
    /// `complete`, or `incomplete` where something in it is missing.
    pub status: &'static str,
    /// What is missing, by its place, such as `records.outcome.proof`.
    pub missing: Vec<String>,
    /// When it was put together.
    pub made_at: Timestamp,
    /// `person` or `auditor`: only an auditor sees who was answerable.
    pub shown_to: &'static str,
    /// The log that holds the records.
    pub log: LogEvidence,
    /// What was asked.
    pub exchange: ExchangeView,
    /// The text the person had before them.
    pub notice: Option<NoticeEvidence>,
    /// What they decided.
    pub decision: Option<DecisionEvidence>,
    /// How they were recognised, and what they had seen, as it was sealed when they decided.
    #[schema(value_type = Option<Object>)]
    pub authentication: Option<Value>,
    /// The signed statement of it.
    pub receipt: Option<ReceiptEvidence>,
    /// What the log says, each with its proof.
    pub records: Records,
    /// The public employee answerable for the question; only for an auditor.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub officer: Option<Value>,
}

/// The log that holds the records. Compare its key with a copy that did not come with the bundle.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LogEvidence {
    /// Its name in checkpoints.
    pub origin: String,
    /// Its public key (C2SP vkey).
    pub key: String,
}

/// A notice as it was shown.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, ToSchema)]
pub struct NoticeEvidence {
    /// Its name.
    pub id: String,
    /// Its version.
    pub version: u32,
    /// The language it was shown in.
    pub language: String,
    /// `sha-256:` and the hash of the text in hexadecimal.
    pub digest: String,
    /// The exact text.
    pub text: Option<String>,
    /// This showing.
    pub served: String,
    /// When it was shown.
    pub served_at: Timestamp,
    /// `pages`, or the client that showed it.
    pub channel: String,
}

/// What was decided about the item the exchange rests on.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, ToSchema)]
pub struct DecisionEvidence {
    /// The item.
    pub item: String,
    /// The product.
    pub product: String,
    /// `granted`.
    pub decision: String,
    /// Its number among the person's decisions.
    pub seq: i64,
    /// When it was answered.
    pub at: Timestamp,
    /// Until when it was given.
    pub valid_until: Option<Timestamp>,
}

/// The signed statement of the decision.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ReceiptEvidence {
    /// Its name.
    pub id: String,
    /// Short, for paper and telephone.
    pub code: String,
    /// Compact JWS (RFC 7515).
    pub jws: String,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// The public half of the key that signed it, with its state, as the key set has it.
    #[schema(value_type = Option<Object>)]
    pub key: Option<Value>,
}

/// What the log says.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Records {
    /// The notice was shown.
    pub notice_served: Option<Record>,
    /// It was answered.
    pub decision: Option<Record>,
    /// The source was about to be asked.
    pub intent: Option<Record>,
    /// What came of it.
    pub outcome: Option<Record>,
    /// What left for whom; none if nothing did.
    pub releases: Vec<Record>,
}

/// One entry of the log.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Record {
    /// Its name.
    pub entry: String,
    /// What it says.
    #[schema(value_type = Option<Object>)]
    pub payload: Option<Value>,
    /// The proof that the log holds it (C2SP tlog-proof).
    pub proof: Option<String>,
}

impl Bundle {
    /// Says whether it is complete, and what is missing if not (CON-15).
    pub(super) fn conclude(&mut self) {
        self.missing = self.gaps();
        self.status = if self.missing.is_empty() {
            "complete"
        } else {
            "incomplete"
        };
    }

    fn gaps(&self) -> Vec<String> {
        let mut gaps = Vec::new();
        let mut needs = |there: bool, part: &str| {
            if !there {
                gaps.push(part.to_owned());
            }
        };
        match &self.notice {
            Some(notice) => needs(notice.text.is_some(), "notice.text"),
            None => needs(false, "notice"),
        }
        match &self.decision {
            Some(decision) => needs(decision.valid_until.is_some(), "decision.valid_until"),
            None => needs(false, "decision"),
        }
        needs(self.authentication.is_some(), "authentication");
        for member in ["indicated_by", "login", "decided_at", "shown"] {
            if let Some(evidence) = &self.authentication {
                needs(
                    !evidence[member].is_null(),
                    &format!("authentication.{member}"),
                );
            }
        }
        match &self.receipt {
            Some(receipt) => needs(receipt.key.is_some(), "receipt.key"),
            None => needs(false, "receipt"),
        }
        let records = &self.records;
        let mut needs_record = |record: Option<&Record>, name: &str| match record {
            None => needs(false, name),
            Some(record) => {
                needs(record.payload.is_some(), &format!("{name}.payload"));
                needs(record.proof.is_some(), &format!("{name}.proof"));
            }
        };
        needs_record(records.notice_served.as_ref(), "records.notice-served");
        needs_record(records.decision.as_ref(), "records.decision");
        needs_record(records.intent.as_ref(), "records.intent");
        needs_record(records.outcome.as_ref(), "records.outcome");
        for (n, release) in records.releases.iter().enumerate() {
            needs_record(Some(release), &format!("records.releases[{n}]"));
        }
        gaps
    }
}
