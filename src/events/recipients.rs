//! Who has data that rest on consent that was taken back, or that a newer notice ended, and whether
//! they confirmed that they know.
//!
//! Who has data is read from the releases, not from what was intended: that is what makes it true.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::Events;
use crate::citizen::{BodyId, PurposeId, ReceiptId, SubjectId};
use crate::consent::Purpose;
use crate::store::outbox::OWN_PAGES;
use crate::store::{Db, StoreError};

/// Someone who received data that rest on consent taken back, or ended by a newer notice.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Recipient {
    /// A registered client, or a recipient that the purpose names.
    pub name: String,
    /// The client that received the data for it, if it did not itself.
    pub via: Option<String>,
    /// How it knows the person, where it is connected.
    pub known_as: Option<String>,
    /// Whether it confirmed.
    pub confirmation: Confirmation,
}

/// Whether a recipient confirmed that consent ended. The later, the more there is to do.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Confirmation {
    /// It did, then; nothing: so long ago that only the fact is kept.
    Acknowledged(Option<Timestamp>),
    /// No receiver was configured for it: the body tells it by other means.
    NotConnected,
    /// It was told and would not take it: the body takes it up.
    Refused,
    /// It is being told.
    Pending,
}

impl Confirmation {
    /// The word of the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Acknowledged(_) => "acknowledged",
            Self::NotConnected => "not_connected",
            Self::Pending => "pending",
            Self::Refused => "refused",
        }
    }

    /// When it confirmed, where that is kept.
    pub const fn at(self) -> Option<Timestamp> {
        match self {
            Self::Acknowledged(at) => at,
            Self::NotConnected | Self::Pending | Self::Refused => None,
        }
    }

    /// Of two ends that one recipient is told of: the one with more to do; of two
    /// acknowledgements the later.
    fn and(self, other: Self) -> Self {
        self.max(other)
    }
}

/// What ended: the receipts of what was taken back, or of the grant that a newer notice ended, per
/// client that has data resting on it.
type Released = BTreeMap<String, BTreeSet<String>>;

impl Events {
    /// Who received data that rest on consent the person took back, or that a newer notice ended; with
    /// a receipt, on what it took back.
    pub async fn recipients(
        &self,
        subject: SubjectId,
        body: &BodyId,
        purpose: &Purpose,
        receipt: Option<ReceiptId>,
    ) -> Result<Vec<Recipient>, StoreError> {
        let mut released = released(&self.db, subject, body, &purpose.id).await?;
        if receipt.is_none() {
            for (client, receipt) in outdated(&self.db, subject, body, &purpose.id).await? {
                released.entry(client).or_default().insert(receipt);
            }
        }
        if let Some(receipt) = receipt {
            let receipt = receipt.to_string();
            released.retain(|_, receipts| receipts.contains(&receipt));
            for receipts in released.values_mut() {
                receipts.retain(|one| *one == receipt);
            }
        }
        let notices_too = receipt.is_none();
        let told = told(&self.db, subject, body, &purpose.id, notices_too).await?;
        let mut recipients = Vec::new();
        for (client, receipts) in &released {
            recipients.push(self.recipient(client, None, subject, &told, receipts));
        }
        // What a client receives it receives for those whom the purpose names.
        if let Some((client, _)) = released.first_key_value() {
            let receipts = released.values().flatten().cloned().collect();
            let others = purpose
                .recipients
                .iter()
                .filter(|name| !released.contains_key(*name));
            for name in others {
                let via = Some(client.clone());
                recipients.push(self.recipient(name, via, subject, &told, &receipts));
            }
        }
        Ok(recipients)
    }

    fn recipient(
        &self,
        name: &str,
        via: Option<String>,
        subject: SubjectId,
        told: &Told,
        receipts: &BTreeSet<String>,
    ) -> Recipient {
        let of = |receipt: &String| {
            let key = (name.to_owned(), receipt.clone());
            told.get(&key)
                .copied()
                .unwrap_or(Confirmation::NotConnected)
        };
        let confirmation = receipts.iter().map(of).reduce(Confirmation::and);
        let known_as = self.sending.as_ref().and_then(|sending| {
            let mut receivers = sending.receivers.iter();
            let receiver = receivers.find(|receiver| receiver.to.recipient == name)?;
            Some(sending.pen.name(&receiver.to, subject))
        });
        Recipient {
            name: name.to_owned(),
            via,
            known_as,
            confirmation: confirmation.unwrap_or(Confirmation::NotConnected),
        }
    }
}

/// Clients that received data, each with the receipts of what ended since.
async fn released(
    db: &Db,
    subject: SubjectId,
    body: &BodyId,
    purpose: &PurposeId,
) -> Result<Released, StoreError> {
    // A no where there was a yes takes back as well.
    let rows = db
        .rows(
            "SELECT DISTINCT r.recipient, w.receipt FROM consent_event w
             JOIN exchange_intent i
                 ON i.subject = w.subject AND i.item = w.item AND i.consent_seq < w.seq
             JOIN release_exchange x ON x.exchange = i.exchange
             JOIN release r ON r.release = x.release
             WHERE w.subject = $1 AND w.body = $2 AND w.purpose = $3 AND w.event <> 'granted'
               AND r.recipient <> $4",
            vec![
                subject.to_string().into(),
                body.as_str().into(),
                purpose.as_str().into(),
                OWN_PAGES.into(),
            ],
        )
        .await?;
    let mut released = Released::new();
    for row in &rows {
        released
            .entry(row.text(0)?)
            .or_default()
            .insert(row.text(1)?);
    }
    Ok(released)
}

/// Clients that received data under grants that a newer notice ended, with the receipts of those.
async fn outdated(
    db: &Db,
    subject: SubjectId,
    body: &BodyId,
    purpose: &PurposeId,
) -> Result<Vec<(String, String)>, StoreError> {
    let rows = db
        .rows(
            "SELECT DISTINCT r.recipient, g.receipt FROM consent_lapse l
             JOIN consent_event g ON g.subject = l.subject AND g.seq = l.seq
             JOIN exchange_intent i
                 ON i.subject = g.subject AND i.item = g.item AND i.consent_seq <= g.seq
             JOIN release_exchange x ON x.exchange = i.exchange
             JOIN release r ON r.release = x.release
             WHERE l.subject = $1 AND l.what = 'invalidated' AND g.body = $2 AND g.purpose = $3
               AND r.recipient <> $4
               AND NOT EXISTS (
                   SELECT 1 FROM consent_event t
                   WHERE t.item = g.item AND t.seq > i.consent_seq AND t.seq < g.seq
                     AND t.event <> 'granted')",
            vec![
                subject.to_string().into(),
                body.as_str().into(),
                purpose.as_str().into(),
                OWN_PAGES.into(),
            ],
        )
        .await?;
    rows.iter()
        .map(|row| Ok((row.text(0)?, row.text(1)?)))
        .collect()
}

/// What each recipient was told of each receipt; of newer notices, too, if asked.
type Told = BTreeMap<(String, String), Confirmation>;

async fn told(
    db: &Db,
    subject: SubjectId,
    body: &BodyId,
    purpose: &PurposeId,
    notices_too: bool,
) -> Result<Told, StoreError> {
    let rows = db
        .rows(
            "SELECT o.recipient, o.cause, d.state, d.acknowledged_at
             FROM event_outbox o LEFT JOIN event_delivery d ON d.event = o.event
             WHERE o.subject = $1 AND o.body = $2 AND o.purpose = $3
               AND (o.kind = 'revoked' OR o.kind = $4)",
            vec![
                subject.to_string().into(),
                body.as_str().into(),
                purpose.as_str().into(),
                if notices_too {
                    "invalidated"
                } else {
                    "revoked"
                }
                .into(),
            ],
        )
        .await?;
    let mut told = Told::new();
    for row in &rows {
        let confirmation = match row.text_or_null(2)?.as_deref() {
            // Swept: only what was acknowledged is.
            None => Confirmation::Acknowledged(None),
            Some("acknowledged") => {
                let at = row.int_or_null(3)?.and_then(crate::store::instant);
                Confirmation::Acknowledged(at)
            }
            Some("refused") => Confirmation::Refused,
            Some(_) => Confirmation::Pending,
        };
        let key = (row.text(0)?, row.text(1)?);
        told.entry(key)
            .and_modify(|known| *known = known.and(confirmation))
            .or_insert(confirmation);
    }
    Ok(told)
}
