//! What people can see of their own decisions.

use std::collections::BTreeMap;

use jiff::Timestamp;
use zeroize::Zeroizing;

use crate::citizen::{BodyId, ItemId, ProductCode, PurposeId, ReceiptId, SubjectId};
use crate::store::Tx;
use crate::store::keyring::RetentionClass;

use super::super::capacity::Capacity;
use super::super::error::ConsentError;
use super::super::grant_terms::GrantTerms;
use super::super::item::{Event, State, fold};
use super::super::publication::{Minima, store as publication};
use super::super::purpose::Offer;
use super::super::receipt::Receipt;
use super::super::repeat;
use super::record::evidence_context;
use super::{Consenter, Decided, ItemState, Ledger, receipts, store};

impl Ledger {
    /// Every item of a body and purpose, decided or not, with the epoch it was read under.
    ///
    /// Items come in the purpose's order; what is no longer asked for follows, so that it can
    /// still be taken back. Under a household's purpose they are of the household the person is in,
    /// and nothing is asked of who is in none.
    pub async fn items(
        &self,
        subject: SubjectId,
        body: &BodyId,
        purpose: &PurposeId,
    ) -> Result<(i64, Vec<ItemState>), ConsentError> {
        let terms = self
            .terms
            .purposes
            .get(purpose)
            .ok_or(ConsentError::UnknownPurpose)?;
        let now = self.world.now();
        // The epoch first: if something is decided in between, it is too old and the gate refuses.
        let epoch = store::epoch(&self.db, subject).await?;
        let minima = publication::minima_shown(&self.db, &terms.notice, now).await?;
        let mut newest = fold(store::events_shown(&self.db, subject, body, purpose).await?);

        let today = |product: &ProductCode| terms.terms(product);
        let mut items = Vec::new();
        let capacity = Capacity::seen(&self.db, subject, body, terms).await?;
        let asked = capacity.iter().flat_map(|capacity| {
            let offers = self.terms.offers.of(body, terms);
            let offers = offers.filter(|offer| capacity.is_asked(&offer.product, now));
            offers.map(|offer| (capacity.item(&offer.product), offer))
        });
        for (item, offer) in asked {
            items.push(match newest.remove(&item) {
                Some(event) => {
                    let today = today(&event.product);
                    event.item_state(now, &minima, true, today)
                }
                None => not_asked(item, offer, today(&offer.product)),
            });
        }
        items.extend(
            newest
                .into_values()
                .map(|event| event.item_state(now, &minima, false, None)),
        );
        Ok((epoch, items))
    }

    /// Forgets answers kept for repeated requests, once their time is over. Gives how many.
    pub async fn sweep(&self) -> Result<u64, ConsentError> {
        Ok(repeat::forget(&self.db, self.world.now()).await?)
    }

    /// The person's receipts, newest first.
    pub async fn receipts(&self, subject: SubjectId) -> Result<Vec<Receipt>, ConsentError> {
        Ok(receipts::receipts(&self.db, subject).await?)
    }

    /// One receipt of the person's.
    pub async fn receipt(
        &self,
        subject: SubjectId,
        id: ReceiptId,
    ) -> Result<Receipt, ConsentError> {
        receipts::receipt_shown(&self.db, subject, id)
            .await?
            .ok_or(ConsentError::UnknownReceipt)
    }

    /// The evidence sealed with a receipt, as JSON: who, how recognised, what was shown when.
    pub async fn evidence(
        &self,
        subject: SubjectId,
        id: ReceiptId,
    ) -> Result<Zeroizing<Vec<u8>>, ConsentError> {
        let sealed = receipts::evidence(&self.db, subject, id)
            .await?
            .ok_or(ConsentError::UnknownReceipt)?;
        let context = evidence_context(id);
        Ok(self
            .keyring
            .open_sealed(subject, RetentionClass::Evidence, &context, &sealed)
            .await?)
    }

    /// The newest event of each item, inside a transaction.
    pub(super) async fn newest(
        &self,
        tx: &mut Tx,
        who: &Consenter,
        purpose: &PurposeId,
    ) -> Result<BTreeMap<ItemId, Event>, ConsentError> {
        Ok(fold(
            store::events(tx, who.subject, &who.body.id, purpose).await?,
        ))
    }

    /// A receipt that must be there, for something points to it.
    pub(super) async fn known(
        &self,
        tx: &mut Tx,
        who: &Consenter,
        id: ReceiptId,
    ) -> Result<Receipt, ConsentError> {
        let receipt = receipts::receipt(tx, who.subject, id).await?;
        receipt.ok_or(ConsentError::UnknownReceipt)
    }

    pub(super) async fn decided(
        &self,
        who: &Consenter,
        purpose: &PurposeId,
        receipt: Receipt,
    ) -> Result<Decided, ConsentError> {
        let (_, items) = self.items(who.subject, &who.body.id, purpose).await?;
        Ok(Decided { receipt, items })
    }
}

impl Event {
    fn item_state(
        self,
        now: Timestamp,
        minima: &Minima,
        offered: bool,
        today: Option<GrantTerms>,
    ) -> ItemState {
        let today = today.unwrap_or_else(GrantTerms::of_old);
        ItemState {
            item: self.item,
            state: self.state(now, minima.of(&self.product)),
            seq: Some(self.seq),
            receipt: Some(self.receipt),
            at: Some(self.at),
            version: Some(self.version),
            terms: if self.is_grant() {
                self.agreed().tightened_by(today)
            } else {
                today
            },
            product: self.product,
            source: self.source,
            offered,
        }
    }
}

fn not_asked(item: ItemId, offer: &Offer, today: Option<GrantTerms>) -> ItemState {
    ItemState {
        item,
        product: offer.product.clone(),
        source: offer.source.clone(),
        state: State::NotAsked,
        seq: None,
        receipt: None,
        at: None,
        version: None,
        offered: true,
        terms: today.unwrap_or_else(GrantTerms::of_old),
    }
}
