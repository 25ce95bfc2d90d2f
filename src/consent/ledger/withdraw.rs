//! Taking consent back: one call, any level of assurance, no reason asked.

use crate::audit::Kind;
use crate::citizen::{ItemId, PurposeId};
use crate::store::Tx;

use super::super::error::ConsentError;
use super::super::item::{Event, What};
use super::super::receipt::{Receipt, ReceiptEvent};
use super::record::{Change, Happening};
use super::{Consenter, Decided, Ledger, store};

impl Ledger {
    /// Takes back consent for one item. When this returns, nothing about it can be asked, used or
    /// released any more, on any replica.
    ///
    /// Said again, it gives the same receipt. An item that was answered no stays so and gives that
    /// answer's receipt.
    pub async fn revoke(&self, who: &Consenter, item: ItemId) -> Result<Decided, ConsentError> {
        let mut tx = self.db.begin().await?;
        store::lock(&mut tx, who.subject).await?;
        let purpose = store::purpose_of(&mut tx, who.subject, &who.body.id, item)
            .await?
            .ok_or(ConsentError::UnknownItem)?;
        let mut newest = self.newest(&mut tx, who, &purpose).await?;
        let event = newest.remove(&item).ok_or(ConsentError::UnknownItem)?;
        let receipt = if event.is_grant() {
            self.withdraw(&mut tx, who, &purpose, vec![event]).await?
        } else {
            self.known(&mut tx, who, event.receipt).await?
        };
        tx.commit().await?;
        self.decided(who, &purpose, receipt).await
    }

    /// Takes back everything granted to the body for a purpose, with one receipt.
    ///
    /// With nothing left to take back it gives the receipt of the last withdrawal.
    pub async fn revoke_all(
        &self,
        who: &Consenter,
        purpose: &PurposeId,
    ) -> Result<Decided, ConsentError> {
        let mut tx = self.db.begin().await?;
        store::lock(&mut tx, who.subject).await?;
        let receipt = match self.withdraw_under(&mut tx, who, purpose).await? {
            Some(receipt) => receipt,
            None => self.last_withdrawal(&mut tx, who, purpose).await?,
        };
        tx.commit().await?;
        self.decided(who, purpose, receipt).await
    }

    /// The receipt of what was last taken back under a purpose.
    pub async fn last_withdrawal(
        &self,
        tx: &mut Tx,
        who: &Consenter,
        purpose: &PurposeId,
    ) -> Result<Receipt, ConsentError> {
        let newest = self.newest(tx, who, purpose).await?;
        let withdrawn = newest
            .values()
            .filter(|event| event.what == What::Withdrawn);
        let last = withdrawn.max_by_key(|event| event.seq);
        let last = last.ok_or(ConsentError::NothingGranted)?;
        self.known(tx, who, last.receipt).await
    }

    /// Takes back everything the person granted under a purpose, in the caller's transaction; `None`
    /// when nothing was. The caller holds the person's head row.
    pub async fn withdraw_under(
        &self,
        tx: &mut Tx,
        who: &Consenter,
        purpose: &PurposeId,
    ) -> Result<Option<Receipt>, ConsentError> {
        let newest = self.newest(tx, who, purpose).await?;
        let granted: Vec<Event> = newest.into_values().filter(Event::is_grant).collect();
        if granted.is_empty() {
            return Ok(None);
        }
        self.withdraw(tx, who, purpose, granted).await.map(Some)
    }

    pub(super) async fn withdraw(
        &self,
        tx: &mut Tx,
        who: &Consenter,
        purpose: &PurposeId,
        granted: Vec<Event>,
    ) -> Result<Receipt, ConsentError> {
        let purpose = self
            .terms
            .purposes
            .get(purpose)
            .ok_or(ConsentError::UnknownPurpose)?;
        let newest = granted.iter().max_by_key(|event| event.seq);
        let served = newest
            .and_then(|event| event.served)
            .ok_or(ConsentError::NotServed)?;
        let shown = store::shown(tx, served)
            .await?
            .ok_or(ConsentError::NotServed)?;
        let change = |event: Event| Change {
            categories: self
                .terms
                .offers
                .get(&who.body.id, &event.product)
                .map(|offer| offer.categories.clone())
                .unwrap_or_default(),
            item: event.item,
            product: event.product,
            source: event.source,
            beneficiary: event.beneficiary,
            what: What::Withdrawn,
            version: event.version,
            language: event.language,
            served: None,
            terms: None,
        };
        let happening = Happening {
            event: ReceiptEvent::Withdrawn,
            kind: Kind::ConsentWithdrawn,
            purpose,
            shown: &shown,
            changes: granted.into_iter().map(change).collect(),
            at: self.world.now(),
        };
        self.record(tx, who, &happening).await
    }
}
