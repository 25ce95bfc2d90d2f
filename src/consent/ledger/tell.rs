//! Telling recipients: the news of a decision, put into the outbox in its transaction.

use crate::citizen::{ItemId, ReceiptId};
use crate::store::outbox::{EventKind, News, NewsItem, Outbox};
use crate::store::{StoreError, Tx};

use super::super::item::What;
use super::record::{Change, Happening};
use super::{Consenter, Ledger};

impl Ledger {
    /// The same ledger, which tells recipients through this outbox.
    #[must_use]
    pub fn telling(mut self, outbox: Outbox) -> Self {
        self.outbox = outbox;
        self
    }

    /// Puts down what recipients must learn of an event whose first number is `first`.
    ///
    /// A no where there was a yes takes consent back, and is told as that; any other no is nobody's
    /// business (CON-16).
    pub(super) async fn tell(
        &self,
        tx: &mut Tx,
        who: &Consenter,
        happening: &Happening<'_>,
        (receipt, epoch, first): (ReceiptId, i64, i64),
    ) -> Result<(), StoreError> {
        if self.outbox.is_empty() {
            return Ok(());
        }
        let (mut granted, mut revoked) = (Vec::new(), Vec::new());
        for change in &happening.changes {
            match change.what {
                What::Granted { .. } => granted.push(change.news()),
                What::Withdrawn => revoked.push(change.news()),
                What::Refused if was_granted(tx, change.item, first).await? => {
                    revoked.push(change.news());
                }
                What::Refused => {}
            }
        }
        for one in &revoked {
            self.outbox.take_back(tx, who.subject, one.item).await?;
        }
        // Less first: what is taken back must not wait for anything.
        for (kind, items) in [(EventKind::Revoked, revoked), (EventKind::Granted, granted)] {
            let news = News {
                subject: who.subject,
                body: who.body.id.clone(),
                purpose: happening.purpose.id.clone(),
                kind,
                items,
                epoch,
                cause: receipt.to_string(),
                effective_at: happening.at,
                at: happening.at,
            };
            self.outbox.stage(tx, &*self.world.entropy, &news).await?;
        }
        Ok(())
    }
}

impl Change {
    fn news(&self) -> NewsItem {
        NewsItem {
            item: self.item,
            product: self.product.clone(),
        }
    }
}

/// Whether the item's newest event before that number was a grant.
async fn was_granted(tx: &mut Tx, item: ItemId, first: i64) -> Result<bool, StoreError> {
    let row = tx
        .row(
            "SELECT event FROM consent_event WHERE item = $1 AND seq < $2 ORDER BY seq DESC LIMIT 1",
            vec![item.to_string().into(), first.into()],
        )
        .await?;
    let event = row.map(|row| row.text(0)).transpose()?;
    Ok(event.as_deref() == Some("granted"))
}
