//! One event, everywhere it is written: rows, log entry, receipt. All or nothing.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::audit::Kind;
use crate::citizen::{ItemId, ProductCode, ReceiptId, ServedId, SourceId};
use crate::store::Tx;
use crate::store::keyring::RetentionClass;

use super::super::error::ConsentError;
use super::super::grant_terms::GrantTerms;
use super::super::item::{Beneficiary, Event, What};
use super::super::purpose::Purpose;
use super::super::receipt::{
    Claims, ItemClaim, LogClaim, NoticeClaim, Receipt, ReceiptEvent, digest_of,
};
use super::store::Shown;
use super::{Consenter, Ledger, fields, receipts, store};

/// Something a person decided, checked and about to be recorded.
pub(super) struct Happening<'a> {
    pub event: ReceiptEvent,
    pub kind: Kind,
    pub purpose: &'a Purpose,
    /// The showing it answers; of a withdrawal, the one the newest grant answered.
    pub shown: &'a Shown,
    pub changes: Vec<Change>,
    pub at: Timestamp,
}

/// What happens to one item.
pub(super) struct Change {
    pub item: ItemId,
    pub product: ProductCode,
    pub source: SourceId,
    pub beneficiary: Beneficiary,
    pub categories: Vec<String>,
    pub what: What,
    pub version: u32,
    pub language: String,
    pub served: Option<ServedId>,
    /// The terms of a grant.
    pub terms: Option<GrantTerms>,
}

impl Ledger {
    /// Writes the event, its log entry and its signed receipt in the caller's transaction.
    pub(super) async fn record(
        &self,
        tx: &mut Tx,
        who: &Consenter,
        happening: &Happening<'_>,
    ) -> Result<Receipt, ConsentError> {
        // First: from here on no intent, use or release about this person can commit before us.
        let epoch = store::advance_epoch(tx, who.subject).await?;
        let first = store::last_seq(tx, who.subject).await? + 1;
        let prev = receipts::last_receipt(tx, who.subject)
            .await?
            .map(|receipt| digest_of(&receipt.jws));
        let id = ReceiptId::random(&*self.world.entropy);
        let items: Vec<ItemClaim> = happening.changes.iter().map(Change::claim).collect();

        let record = fields(json!({
            "receipt": id,
            "event": happening.event,
            "epoch": epoch,
            "seq": first,
            "body": who.body,
            "purpose": happening.purpose.id,
            "lawful_basis": happening.purpose.lawful_basis,
            "consent_role": happening.purpose.consent_role,
            "notice": notice_claim(happening.shown),
            "items": items,
            "indicated_by": indicated_by(who),
            "prev": prev,
        }));
        let staged = self
            .log
            .stage(tx, happening.kind, Some(who.subject), record)
            .await?;

        let claims = self.claims(
            who,
            happening,
            id,
            items,
            prev,
            hex::encode(staged.leaf_hash),
        );
        let receipt = self.signer.sign(&claims, staged.entry)?;
        for (seq, change) in (first..).zip(&happening.changes) {
            let event = change.event(seq, id, happening.at);
            store::insert_event(
                tx,
                who,
                &happening.purpose.id,
                &happening.shown.notice,
                epoch,
                &event,
            )
            .await?;
        }
        self.tell(tx, who, happening, (id, epoch, first)).await?;
        let evidence = self.evidence_of(who, happening, id).await?;
        receipts::insert_receipt(tx, who, happening.event, &receipt, evidence).await?;
        Ok(receipt)
    }

    fn claims<'a>(
        &'a self,
        who: &'a Consenter,
        happening: &Happening<'a>,
        id: ReceiptId,
        items: Vec<ItemClaim>,
        prev: Option<String>,
        leaf_hash: String,
    ) -> Claims<'a> {
        let purpose = happening.purpose;
        Claims {
            iss: &self.terms.public_url,
            sub: who.subject,
            jti: id,
            iat: happening.at.as_second(),
            schema: Claims::SCHEMA,
            event: happening.event,
            body: &who.body,
            purpose: &purpose.id,
            lawful_basis: &purpose.lawful_basis,
            notice: notice_claim(happening.shown),
            items,
            recipients: &purpose.recipients,
            retention: &purpose.retention,
            rights: &purpose.rights,
            withdrawal_uri: format!("{}/choose", self.terms.public_url),
            authority: &purpose.authority,
            controller: &purpose.controller,
            prev,
            log: LogClaim {
                origin: self.log.origin(),
                leaf_hash,
            },
        }
    }

    /// What shows that this person saw this text and did this, sealed under their own key.
    async fn evidence_of(
        &self,
        who: &Consenter,
        happening: &Happening<'_>,
        id: ReceiptId,
    ) -> Result<Vec<u8>, ConsentError> {
        let shown = happening.shown;
        let evidence = json!({
            "indicated_by": indicated_by(who),
            "login": who.login,
            "decided_at": happening.at,
            "shown": {
                "served": shown.served, "at": shown.at, "notice": shown.notice,
                "version": shown.version, "language": shown.language, "digest": shown.digest,
            },
        });
        let bytes = serde_jcs::to_vec(&evidence)?;
        let context = evidence_context(id);
        Ok(self
            .keyring
            .seal(who.subject, RetentionClass::Evidence, &context, &bytes)
            .await?)
    }
}

impl Change {
    fn claim(&self) -> ItemClaim {
        ItemClaim {
            item: self.item,
            product: self.product.clone(),
            source: self.source.clone(),
            categories: self.categories.clone(),
            decision: self.what.as_str(),
            valid_until: self.what.until(),
            terms: self.terms,
        }
    }

    fn event(&self, seq: i64, receipt: ReceiptId, at: Timestamp) -> Event {
        Event {
            seq,
            item: self.item,
            product: self.product.clone(),
            source: self.source.clone(),
            beneficiary: self.beneficiary,
            what: self.what,
            version: self.version,
            language: self.language.clone(),
            served: self.served,
            receipt,
            at,
            terms: self.terms,
        }
    }
}

/// Binds sealed evidence to its receipt.
pub(super) fn evidence_context(receipt: ReceiptId) -> String {
    format!("receipt/{receipt}")
}

fn indicated_by(who: &Consenter) -> Value {
    json!({
        "kind": "self",
        "level": who.level.as_str(),
        "method": who.method,
        "provider": who.provider,
        "authenticated_at": who.authenticated_at,
        "channel": who.channel(),
    })
}

fn notice_claim(shown: &Shown) -> NoticeClaim<'_> {
    NoticeClaim {
        id: &shown.notice,
        version: shown.version,
        language: &shown.language,
        digest: &shown.digest,
    }
}
