//! Whether what a recipient was handed is still what others are handed: told by digests, for no value
//! is kept.
//!
//! A recipient learns that a profile changed when somebody else, the person at our own pages included,
//! is handed an answer to the same item that says something else: another value, one where there was
//! none, or none where there was one. When and by which exchange an answer came says nothing about the
//! person and is no change. What is not in both profiles is not compared: a source that was not asked
//! or did not answer is no news about the person, and what they newly decided is told as that. Who is
//! handed the newer one knows it already; the others are told once of each state.

use std::collections::BTreeSet;
use std::fmt;

use aws_lc_rs::hmac;
use jiff::Timestamp;

use super::{EventKind, Holders, News, NewsItem, OWN_PAGES, Outbox};
use crate::citizen::{BodyId, ItemId, PurposeId, SubjectId};
use crate::clock::Entropy;
use crate::store::{Db, StoreError, Tx};

/// Compares values that are not kept: without it, no digest leads to a value or to a person.
pub struct ValuesKey(hmac::Key);

/// Answers about a person that are handed to a recipient.
#[derive(Clone, Debug)]
pub struct Handed {
    /// About whom.
    pub subject: SubjectId,
    /// In whose name they were asked for.
    pub body: BodyId,
    /// What for.
    pub purpose: PurposeId,
    /// Who is handed them.
    pub recipient: String,
    /// The release they go out in.
    pub release: String,
    /// The person's epoch.
    pub epoch: i64,
    /// When.
    pub at: Timestamp,
    /// The answers.
    pub items: Vec<HandedItem>,
}

/// One answer that is handed over.
#[derive(Clone)]
pub struct HandedItem {
    /// The item it was asked under, and its product.
    pub item: NewsItem,
    /// When the consent to it ends at the latest.
    pub until: Timestamp,
    /// The values it gives the profile, the same text for the same values. Compared, never kept.
    pub values: String,
}

impl fmt::Debug for HandedItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HandedItem")
            .field("item", &self.item)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for ValuesKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ValuesKey(·)")
    }
}

impl ValuesKey {
    /// A key of 32 random bytes.
    pub fn new(bytes: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, bytes))
    }

    /// Of one person's item: equal values of two people have digests that differ.
    fn digest(&self, subject: SubjectId, one: &HandedItem) -> String {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(subject.as_bytes());
        context.update(one.item.item.as_bytes());
        context.update(one.values.as_bytes());
        hex::encode(context.sign())
    }
}

impl Outbox {
    /// Takes note of what a recipient is handed, and puts down for everybody else who holds something
    /// else that there is a newer profile. Where nobody wants to be told, nothing is written.
    ///
    /// The caller has locked the person's head row.
    pub async fn hand_over(
        &self,
        tx: &mut Tx,
        entropy: &dyn Entropy,
        handed: &Handed,
    ) -> Result<(), StoreError> {
        let kind = EventKind::ProfileChanged;
        let Some(key) = self.values.as_ref().filter(|_| self.wants(kind)) else {
            return Ok(());
        };
        let (mut items, mut holders) = (Vec::new(), Holders::new());
        for one in &handed.items {
            let digest = key.digest(handed.subject, one);
            let others = behind(tx, handed, one.item.item, &digest).await?;
            if handed.recipient != OWN_PAGES {
                hold(tx, handed, one, &digest).await?;
            }
            if !others.is_empty() {
                items.push(one.item.clone());
                holders.insert(one.item.item, others);
            }
        }
        let news = News {
            subject: handed.subject,
            body: handed.body.clone(),
            purpose: handed.purpose.clone(),
            kind,
            items,
            epoch: handed.epoch,
            cause: handed.release.clone(),
            effective_at: handed.at,
            at: handed.at,
        };
        self.stage_to_holders(tx, entropy, &news, &holders).await?;
        Ok(())
    }

    /// Forgets what was handed over of an item: nobody may hold it any more. In the caller's
    /// transaction, which ends the consent to it.
    pub async fn take_back(
        &self,
        tx: &mut Tx,
        subject: SubjectId,
        item: ItemId,
    ) -> Result<(), StoreError> {
        tx.execute(
            "DELETE FROM handed_over WHERE subject = $1 AND item = $2",
            vec![subject.to_string().into(), item.to_string().into()],
        )
        .await?;
        Ok(())
    }

    /// Forgets what was handed over under consent that has run out, or of people who were erased.
    /// Gives how many rows went.
    pub async fn forget(&self, db: &Db, now: Timestamp) -> Result<u64, StoreError> {
        let erased = db.clear(
            "DELETE FROM handed_over WHERE (subject, recipient, item) IN
                 (SELECT h.subject, h.recipient, h.item FROM erasure e
                  JOIN handed_over h ON h.subject = e.subject LIMIT $1)",
            vec![],
        );
        let erased = erased.await?;
        let over = db.clear(
            "DELETE FROM handed_over WHERE (subject, recipient, item) IN
                 (SELECT subject, recipient, item FROM handed_over WHERE until <= $1 LIMIT $2)",
            vec![now.into()],
        );
        Ok(erased + over.await?)
    }
}

/// Others who hold something else of the item and were not told of this state; now they are.
async fn behind(
    tx: &mut Tx,
    handed: &Handed,
    item: ItemId,
    digest: &str,
) -> Result<BTreeSet<String>, StoreError> {
    let whose = || {
        vec![
            handed.subject.to_string().into(),
            item.to_string().into(),
            handed.recipient.as_str().into(),
            digest.into(),
        ]
    };
    let rows = tx
        .rows(
            "SELECT recipient FROM handed_over
             WHERE subject = $1 AND item = $2 AND recipient <> $3 AND digest <> $4
               AND (told IS NULL OR told <> $4)",
            whose(),
        )
        .await?;
    // Who holds this very state again is told anew of the next.
    tx.execute(
        "UPDATE handed_over SET told = CASE WHEN digest = $4 THEN NULL ELSE $4 END
         WHERE subject = $1 AND item = $2 AND recipient <> $3",
        whose(),
    )
    .await?;
    rows.iter().map(|row| row.text(0)).collect()
}

/// What the recipient holds from now on.
async fn hold(
    tx: &mut Tx,
    handed: &Handed,
    one: &HandedItem,
    digest: &str,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO handed_over (subject, recipient, item, digest, until)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (subject, recipient, item)
         DO UPDATE SET digest = excluded.digest, told = NULL, until = excluded.until",
        vec![
            handed.subject.to_string().into(),
            handed.recipient.as_str().into(),
            one.item.item.to_string().into(),
            digest.into(),
            one.until.into(),
        ],
    )
    .await?;
    Ok(())
}
