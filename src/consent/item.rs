//! The unit of consent, and its state as a fold over what happened to it.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use aws_lc_rs::digest::{Context, SHA256};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::citizen::{
    BodyId, HouseholdId, InvalidName, ItemId, ProductCode, PurposeId, ReceiptId, ServedId,
    SourceId, SubjectId,
};

use super::grant_terms::GrantTerms;

/// For whom the data of an item are put together.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Beneficiary {
    /// A household the person is, or was, in: and for no other.
    Household(HouseholdId),
    /// The person alone.
    Own,
}

impl fmt::Display for Beneficiary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Household(household) => household.fmt(f),
            Self::Own => f.write_str(OWN),
        }
    }
}

impl FromStr for Beneficiary {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        match text {
            OWN => Ok(Self::Own),
            household => household.parse().map(Self::Household),
        }
    }
}

/// The word of the table, and part of the name of every item of one's own.
const OWN: &str = "self";

/// What a person answers about one product.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// Yes, it may be asked.
    Grant,
    /// No.
    Refuse,
}

/// Something that happened to an item.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Event {
    /// 1, 2, 3 ... per person; the only order there is.
    pub seq: i64,
    pub item: ItemId,
    pub product: ProductCode,
    pub source: SourceId,
    pub beneficiary: Beneficiary,
    pub what: What,
    /// Version of the notice it was decided under.
    pub version: u32,
    /// Tag of the language it was shown in.
    pub language: String,
    /// The showing it answered; a withdrawal needs none.
    pub served: Option<ServedId>,
    pub receipt: ReceiptId,
    pub at: Timestamp,
    /// The terms of a grant that states them.
    pub terms: Option<GrantTerms>,
}

#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) enum What {
    Granted { until: Timestamp },
    Refused,
    Withdrawn,
}

impl What {
    /// The word of the table, the log and the receipt.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Granted { .. } => "granted",
            Self::Refused => "refused",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// Until when, for a grant.
    pub(super) const fn until(self) -> Option<Timestamp> {
        match self {
            Self::Granted { until } => Some(until),
            Self::Refused | Self::Withdrawn => None,
        }
    }
}

/// How an item stands at an instant.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum State {
    /// Granted, and past its end.
    Expired {
        /// When it ended.
        until: Timestamp,
    },
    /// May be asked.
    Granted {
        /// Until just before this instant.
        until: Timestamp,
    },
    /// Granted under a version of the notice that no longer counts.
    Invalidated {
        /// When it would have ended.
        until: Timestamp,
    },
    /// Never decided.
    NotAsked,
    /// Answered no.
    Refused,
    /// Granted once, then taken back.
    Withdrawn,
}

impl State {
    /// The word of the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Expired { .. } => "expired",
            Self::Granted { .. } => "granted",
            Self::Invalidated { .. } => "invalidated",
            Self::NotAsked => "not_asked",
            Self::Refused => "refused",
            Self::Withdrawn => "revoked",
        }
    }

    /// Whether there is consent now. Nothing else lets an exchange begin, be used or be released.
    pub(super) const fn is_granted(self) -> bool {
        matches!(self, Self::Granted { .. })
    }

    /// Until when, for an item that was granted and not taken back.
    pub const fn valid_until(self) -> Option<Timestamp> {
        match self {
            Self::Expired { until } | Self::Granted { until } | Self::Invalidated { until } => {
                Some(until)
            }
            Self::NotAsked | Self::Refused | Self::Withdrawn => None,
        }
    }
}

/// The newest event of each item, by number. The order in which they arrive does not matter.
pub(super) fn fold(events: impl IntoIterator<Item = Event>) -> BTreeMap<ItemId, Event> {
    let mut newest: BTreeMap<ItemId, Event> = BTreeMap::new();
    for event in events {
        match newest.get(&event.item) {
            Some(known) if known.seq >= event.seq => {}
            _ => {
                newest.insert(event.item, event);
            }
        }
    }
    newest
}

impl Event {
    /// How the item stands when this is its newest event.
    ///
    /// `minimum` is the oldest version of the notice that still counts.
    pub(super) fn state(&self, now: Timestamp, minimum: u32) -> State {
        match self.what {
            What::Refused => State::Refused,
            What::Withdrawn => State::Withdrawn,
            What::Granted { until } if until <= now => State::Expired { until },
            What::Granted { until } if self.version < minimum => State::Invalidated { until },
            What::Granted { until } => State::Granted { until },
        }
    }

    /// How the grant numbered `consent_seq` stands when this is its item's newest event.
    ///
    /// A grant given anew after a withdrawal is another grant: it does not bring the old one back.
    pub(super) fn stands(&self, consent_seq: i64, now: Timestamp, minimum: u32) -> State {
        match self.state(now, minimum) {
            State::Granted { .. } if self.seq != consent_seq => State::Withdrawn,
            state => state,
        }
    }

    /// Whether this decision keeps a grant that answers `served` out: the person made it after
    /// being shown that notice, and it is not the same answer sent twice.
    pub(super) fn supersedes(&self, served: ServedId, seen: i64) -> bool {
        self.seq > seen && !(self.served == Some(served) && self.records(Decision::Grant))
    }

    /// The terms it was agreed to under.
    pub(super) fn agreed(&self) -> GrantTerms {
        self.terms.unwrap_or_else(GrantTerms::of_old)
    }

    /// Granted and not taken back, even if past its end: taking that back is recorded too.
    pub(super) const fn is_grant(&self) -> bool {
        matches!(self.what, What::Granted { .. })
    }

    /// Whether this event is how `decision` would be recorded.
    pub(super) fn records(&self, decision: Decision) -> bool {
        matches!(
            (self.what, decision),
            (What::Granted { .. }, Decision::Grant) | (What::Refused, Decision::Refuse)
        )
    }
}

/// The id of an item: the same for the same person, body, purpose, product and beneficiary.
///
/// Derived, so that two replicas that meet an item for the first time give it one name. Shaped as
/// a version 8 UUID (RFC 9562 section 5.8).
pub(super) fn item_id(
    subject: SubjectId,
    body: &BodyId,
    purpose: &PurposeId,
    product: &ProductCode,
    beneficiary: Beneficiary,
) -> ItemId {
    let mut context = Context::new(&SHA256);
    context.update(b"interop-gateway/item/v1\0");
    context.update(subject.as_bytes());
    let beneficiary = beneficiary.to_string();
    // None of the names can hold a NUL, so no two lists read alike.
    for name in [
        body.as_str(),
        purpose.as_str(),
        product.as_str(),
        &beneficiary,
    ] {
        context.update(name.as_bytes());
        context.update(b"\0");
    }
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&context.finish().as_ref()[..16]);
    let uuid = uuid::Builder::from_custom_bytes(bytes).into_uuid();
    #[expect(clippy::expect_used, reason = "a UUID's own text reads back as a UUID")]
    uuid.to_string().parse().expect("an item id is a UUID")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::clock::SystemEntropy;

    fn event(seq: i64, item: ItemId, what: What) -> Event {
        Event {
            seq,
            item,
            product: "AEAT_IRPF/C4".parse().unwrap(),
            source: "AEAT".parse().unwrap(),
            beneficiary: Beneficiary::Own,
            what,
            version: 3,
            language: "ca".to_owned(),
            served: None,
            receipt: ReceiptId::random(&SystemEntropy::default()),
            at: Timestamp::UNIX_EPOCH,
            terms: None,
        }
    }

    fn second(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn an_item_has_one_id_and_other_items_have_others() {
        let entropy = SystemEntropy::default();
        let (subject, own) = (SubjectId::random(&entropy), Beneficiary::Own);
        let household = || Beneficiary::Household(HouseholdId::random(&entropy));
        let id = |subject, body: &str, product: &str, beneficiary| {
            let purpose = "social-aid-recommendation".parse().unwrap();
            let (body, product) = (body.parse().unwrap(), product.parse().unwrap());
            item_id(subject, &body, &purpose, &product, beneficiary)
        };
        let this = id(subject, "prova", "AEAT_IRPF/C4", own);
        assert_eq!(this, id(subject, "prova", "AEAT_IRPF/C4", own));
        let another = SubjectId::random(&entropy);
        for other in [
            id(subject, "altra", "AEAT_IRPF/C4", own),
            id(subject, "prova", "AEAT_IRPF/C2", own),
            id(another, "prova", "AEAT_IRPF/C4", own),
            id(subject, "prova", "AEAT_IRPF/C4", household()),
        ] {
            assert_ne!(this, other);
        }
        let ours = household();
        let one = id(subject, "prova", "AEAT_IRPF/C4", ours);
        assert_eq!(one, id(subject, "prova", "AEAT_IRPF/C4", ours));
        assert_ne!(one, id(subject, "prova", "AEAT_IRPF/C4", household()));
    }

    #[test]
    fn a_grant_ends_at_its_instant_and_not_before() {
        let item = ItemId::random(&SystemEntropy::default());
        let grant = event(1, item, What::Granted { until: second(100) });
        assert_eq!(
            grant.state(second(99), 3),
            State::Granted { until: second(100) }
        );
        assert_eq!(
            grant.state(second(100), 3),
            State::Expired { until: second(100) }
        );
        assert_eq!(
            grant.state(second(99), 4),
            State::Invalidated { until: second(100) }
        );
    }

    #[derive(Clone, Copy, Debug)]
    enum Step {
        Grant { item: usize, seconds: i64 },
        Refuse { item: usize },
        Revoke { item: usize },
        Wait { seconds: i64 },
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            (0..4_usize, 1..50_i64).prop_map(|(item, seconds)| Step::Grant { item, seconds }),
            (0..4_usize).prop_map(|item| Step::Refuse { item }),
            (0..4_usize).prop_map(|item| Step::Revoke { item }),
            (1..30_i64).prop_map(|seconds| Step::Wait { seconds }),
        ];
        prop::collection::vec(step, 0..60)
    }

    proptest! {
        #[test]
        fn the_fold_agrees_with_a_table_of_answers_in_any_order_of_arrival(
            steps in steps(),
            shuffle in any::<u64>(),
        ) {
            let items: Vec<_> = (0..4).map(|_| ItemId::random(&SystemEntropy::default())).collect();
            let mut clock = 1_000;
            let mut events = Vec::new();
            // The model: what each item would say if asked, with the end of a grant.
            let mut model: BTreeMap<ItemId, (&str, i64)> = BTreeMap::new();
            for step in steps {
                let seq = i64::try_from(events.len()).unwrap() + 1;
                match step {
                    Step::Grant { item, seconds } => {
                        let until = clock + seconds;
                        events.push(event(seq, items[item], What::Granted { until: second(until) }));
                        model.insert(items[item], ("granted", until));
                    }
                    Step::Refuse { item } => {
                        events.push(event(seq, items[item], What::Refused));
                        model.insert(items[item], ("refused", 0));
                    }
                    Step::Revoke { item } => {
                        events.push(event(seq, items[item], What::Withdrawn));
                        model.insert(items[item], ("revoked", 0));
                    }
                    Step::Wait { seconds } => clock += seconds,
                }
            }
            // Arrival order is no order: sort by something unrelated to seq.
            events.sort_by_key(|event| event.seq.unsigned_abs().wrapping_mul(shuffle | 1));
            let folded: BTreeMap<ItemId, &str> = fold(events)
                .into_iter()
                .map(|(item, event)| (item, event.state(second(clock), 3).as_str()))
                .collect();
            let expected: BTreeMap<ItemId, &str> = model
                .into_iter()
                .map(|(item, (word, until))| {
                    (item, if word == "granted" && until <= clock { "expired" } else { word })
                })
                .collect();
            prop_assert_eq!(folded, expected);
        }
    }
}
