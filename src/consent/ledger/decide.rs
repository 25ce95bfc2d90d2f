//! Answering a notice: yes to some, no to others.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::json;

use crate::audit::Kind;
use crate::citizen::{ItemId, Language, ProductCode, ReceiptId, ServedId};
use crate::store::Tx;

use super::super::capacity::Capacity;
use super::super::error::ConsentError;
use super::super::item::{Decision, Event, What};
use super::super::notice::Status;
use super::super::publication::store as publication;
use super::super::purpose::{Offer, Purpose};
use super::super::receipt::{Receipt, ReceiptEvent};
use super::super::repeat::Repeat;
use super::record::{Change, Happening};
use super::store::Shown;
use super::{Consenter, Decided, Ledger, block, store};

/// The answers of one person to one showing of a notice. What is not named stays as it is.
#[derive(Clone, Debug)]
pub struct Decisions {
    /// The showing they answer.
    pub served: ServedId,
    /// Yes or no per product.
    pub decisions: Vec<(ProductCode, Decision)>,
    /// Chosen by the caller, so that sending twice records once.
    pub idempotency_key: Option<String>,
}

impl Ledger {
    /// Records the answers, all of them or none, and gives the signed receipt.
    ///
    /// The same answers to the same showing, sent again, get the same receipt. A grant that comes
    /// after the item changed is refused, so that a late copy cannot bring consent back (REV-08).
    pub async fn decide(
        &self,
        who: &Consenter,
        decisions: Decisions,
    ) -> Result<Decided, ConsentError> {
        decisions.check()?;
        let mut tx = self.db.begin().await?;
        // First: what the answers are checked against must not change until they are recorded.
        store::lock(&mut tx, who.subject).await?;
        let now = self.world.now();
        let shown = self.shown_to(&mut tx, who, decisions.served).await?;
        let repeat = decisions.repeat(who)?;
        let earlier = match &repeat {
            Some(repeat) => repeat.earlier(&mut tx, who.subject, now).await?,
            None => None,
        };
        let receipt = if let Some(earlier) = earlier {
            let earlier = earlier
                .parse()
                .map_err(|_| ConsentError::IdempotencyKeyReused)?;
            self.known(&mut tx, who, earlier).await?
        } else {
            let receipt = self.answer(&mut tx, who, &shown, &decisions, now).await?;
            if let Some(repeat) = &repeat {
                let answer = receipt.id.to_string();
                repeat.remember(&mut tx, who.subject, &answer, now).await?;
            }
            receipt
        };
        tx.commit().await?;
        self.decided(who, &shown.purpose, receipt).await
    }

    /// The receipt of these answers: the one they got before, or a new one.
    async fn answer(
        &self,
        tx: &mut Tx,
        who: &Consenter,
        shown: &Shown,
        decisions: &Decisions,
        now: Timestamp,
    ) -> Result<Receipt, ConsentError> {
        let purpose = self.answerable(tx, who, shown, decisions, now).await?;
        if decisions.granted().next().is_some()
            && block::holds(tx, who.subject, &who.body.id, &purpose.id).await?
        {
            return Err(ConsentError::Blocked);
        }
        let capacity = Capacity::of(tx, who.subject, &who.body.id, purpose).await?;
        let capacity = capacity.ok_or(ConsentError::NotInHousehold)?;
        let mut products = decisions.decisions.iter().map(|(product, _)| product);
        if let Some(product) = products.find(|product| !capacity.is_asked(product, now)) {
            return Err(ConsentError::NotOffered(product.clone()));
        }
        let newest = self.newest(tx, who, &purpose.id).await?;
        if let Some(same) = decisions.already(&capacity, &newest) {
            return self.known(tx, who, same).await;
        }
        decisions.check_order(&capacity, shown, &newest)?;
        let happening = self.happening(who, purpose, &capacity, shown, decisions, now)?;
        self.record(tx, who, &happening).await
    }

    /// The showing, if it was to this person and for this body.
    async fn shown_to(
        &self,
        tx: &mut Tx,
        who: &Consenter,
        served: ServedId,
    ) -> Result<Shown, ConsentError> {
        let shown = store::shown(tx, served)
            .await?
            .ok_or(ConsentError::NotServed)?;
        if shown.subject == who.subject && shown.body == who.body.id {
            Ok(shown)
        } else {
            Err(ConsentError::ServedToAnother)
        }
    }

    /// The purpose, if what was shown is in force and reviewed and the answers are admissible.
    async fn answerable(
        &self,
        tx: &mut Tx,
        who: &Consenter,
        shown: &Shown,
        decisions: &Decisions,
        now: Timestamp,
    ) -> Result<&Purpose, ConsentError> {
        let purpose = self
            .terms
            .purposes
            .get(&shown.purpose)
            .ok_or(ConsentError::UnknownPurpose)?;
        let language: Language = shown
            .language
            .parse()
            .map_err(|_| ConsentError::NoSuchNotice)?;
        let current = publication::current(tx, &purpose.notice, language, now).await?;
        let current = current.ok_or(ConsentError::StaleNotice)?;
        if (current.version, current.digest.as_ref()) != (shown.version, Some(&shown.digest)) {
            return Err(ConsentError::StaleNotice);
        }
        if current.text(&self.terms, &purpose.id, language)?.status == Status::Draft {
            return Err(ConsentError::Draft);
        }
        let grants = decisions.granted().count();
        for (product, decision) in &decisions.decisions {
            let offer = self.offer(who, purpose, product)?;
            if offer.special && *decision == Decision::Grant && grants > 1 {
                return Err(ConsentError::Special(product.clone()));
            }
        }
        if grants > 0 && !who.may_grant {
            return Err(ConsentError::GrantNotAllowed);
        }
        if grants > 0 && who.level < purpose.grant_level {
            return Err(ConsentError::InsufficientLevel {
                required: purpose.grant_level,
            });
        }
        Ok(purpose)
    }

    fn offer(
        &self,
        who: &Consenter,
        purpose: &Purpose,
        product: &ProductCode,
    ) -> Result<&Offer, ConsentError> {
        self.terms
            .find(&who.body.id, &purpose.id, product)
            .map(|(_, offer)| offer)
            .ok_or_else(|| ConsentError::NotOffered(product.clone()))
    }

    fn happening<'a>(
        &self,
        who: &Consenter,
        purpose: &'a Purpose,
        capacity: &Capacity<'_>,
        shown: &'a Shown,
        decisions: &Decisions,
        now: Timestamp,
    ) -> Result<Happening<'a>, ConsentError> {
        let until = capacity.valid_until(now).ok_or(ConsentError::Unwritable)?;
        let change = |(product, decision): &(ProductCode, Decision)| {
            let offer = self.offer(who, purpose, product)?;
            Ok(Change {
                item: capacity.item(product),
                product: product.clone(),
                source: offer.source.clone(),
                beneficiary: capacity.beneficiary(),
                categories: offer.categories.clone(),
                what: match decision {
                    Decision::Grant => What::Granted { until },
                    Decision::Refuse => What::Refused,
                },
                version: shown.version,
                language: shown.language.clone(),
                served: Some(shown.served),
                terms: match decision {
                    Decision::Grant => purpose.terms(product),
                    Decision::Refuse => None,
                },
            })
        };
        let changes = decisions.decisions.iter().map(change);
        Ok(Happening {
            event: ReceiptEvent::GrantedAndRefused,
            kind: if decisions.granted().next().is_some() {
                Kind::ConsentGranted
            } else {
                Kind::ConsentRefused
            },
            purpose,
            shown,
            changes: changes.collect::<Result<_, ConsentError>>()?,
            at: now,
        })
    }
}

impl Decisions {
    /// What can be told without looking anything up.
    fn check(&self) -> Result<(), ConsentError> {
        if self.decisions.is_empty() {
            return Err(ConsentError::Empty);
        }
        let mut named = BTreeSet::new();
        match self
            .decisions
            .iter()
            .find(|(product, _)| !named.insert(product))
        {
            Some((product, _)) => Err(ConsentError::Duplicate(product.clone())),
            None => Ok(()),
        }
    }

    fn granted(&self) -> impl Iterator<Item = &ProductCode> {
        self.decisions
            .iter()
            .filter(|(_, decision)| *decision == Decision::Grant)
            .map(|(product, _)| product)
    }

    /// The receipt that already records exactly these answers to this showing, if one does.
    fn already(
        &self,
        capacity: &Capacity<'_>,
        newest: &BTreeMap<ItemId, Event>,
    ) -> Option<ReceiptId> {
        let mut receipts = self.decisions.iter().map(|(product, decision)| {
            let event = newest.get(&capacity.item(product))?;
            (event.served == Some(self.served) && event.records(*decision)).then_some(event.receipt)
        });
        let first = receipts.next()??;
        receipts
            .all(|receipt| receipt == Some(first))
            .then_some(first)
    }

    /// Refuses a grant whose item was decided otherwise after the notice was shown.
    fn check_order(
        &self,
        capacity: &Capacity<'_>,
        shown: &Shown,
        newest: &BTreeMap<ItemId, Event>,
    ) -> Result<(), ConsentError> {
        for product in self.granted() {
            let newest = newest.get(&capacity.item(product));
            if newest.is_some_and(|event| event.supersedes(shown.served, shown.seen)) {
                return Err(ConsentError::Superseded(product.clone()));
            }
        }
        Ok(())
    }

    /// What these answers are when they come again under the same key: the same in any order.
    fn repeat(&self, who: &Consenter) -> Result<Option<Repeat>, ConsentError> {
        let Some(key) = &self.idempotency_key else {
            return Ok(None);
        };
        let answers: BTreeMap<&str, Decision> = self
            .decisions
            .iter()
            .map(|(product, decision)| (product.as_str(), *decision))
            .collect();
        let request = json!({"body": who.body.id, "served": self.served, "decisions": answers});
        Ok(Some(Repeat::new(key, &request)?))
    }
}
