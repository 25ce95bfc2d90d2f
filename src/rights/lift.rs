//! How a block ends: the controller lifts it after telling the person (GDPR 18.3), or the person takes
//! the request back. Either way consents stay withdrawn, and what happened before stays visible.

use serde_json::json;

use super::request::{RequestView, lift_place, object};
use super::store::{self, Row};
use super::words::Words;
use super::{Rights, RightsError};
use crate::audit::Kind;
use crate::citizen::{EntryId, RequestId, SubjectId};
use crate::consent::{BlockEnd, Blocked};
use crate::store::Tx;

impl Rights {
    /// Tells the person that their block will be lifted, and why. They read it among their requests.
    pub async fn announce_lift(&self, request: RequestId, why: &Words) -> Result<(), RightsError> {
        let (mut tx, row) = self.held(request).await?;
        if !row.is_block() {
            return Err(RightsError::NothingBlocked);
        }
        if row.lift_notice.is_some() {
            return Err(RightsError::Told);
        }
        let entry = self.log_step(&mut tx, &row, "lift_announced", true).await?;
        let words = self.seal(row.subject, &lift_place(request), why).await?;
        let now = self.archive.world.now();
        store::insert_lift_notice(&mut tx, request, words, now, entry).await?;
        Ok(tx.commit().await?)
    }

    /// Lifts the block that a request put. The person was told before, or it is not done.
    ///
    /// From the commit on the gate asks again, if the person agrees again and no other request of
    /// theirs blocks.
    pub async fn lift(&self, request: RequestId) -> Result<(), RightsError> {
        let (mut tx, row) = self.held(request).await?;
        if !row.is_block() {
            return Err(RightsError::NothingBlocked);
        }
        if row.lift_notice.is_none() {
            return Err(RightsError::NotTold);
        }
        self.end(&mut tx, &row, BlockEnd::Lifted).await?;
        Ok(tx.commit().await?)
    }

    /// Takes back one's own request: while nobody answered it, or while it blocks. Taken back again,
    /// nothing changes.
    pub async fn withdraw(
        &self,
        subject: SubjectId,
        request: RequestId,
    ) -> Result<RequestView, RightsError> {
        let (mut tx, row) = self.held(request).await?;
        if row.subject != subject {
            return Err(RightsError::Unknown);
        }
        match row.end {
            Some((BlockEnd::Withdrawn, _)) => {}
            None if row.is_block() || row.state.is_open() => {
                self.end(&mut tx, &row, BlockEnd::Withdrawn).await?;
            }
            _ => return Err(RightsError::Answered),
        }
        tx.commit().await?;
        let view = self.one(subject, request).await?;
        view.ok_or(RightsError::Unknown)
    }

    /// The request, while nobody else writes about whoever made it.
    pub(super) async fn held(&self, request: RequestId) -> Result<(Tx, Row), RightsError> {
        let found = store::one(&self.archive.db, request).await?;
        let Row { subject, .. } = found.ok_or(RightsError::Unknown)?;
        let mut tx = self.archive.db.begin().await?;
        self.archive.ledger.hold(&mut tx, subject).await?;
        let row = store::one_in(&mut tx, request).await?;
        Ok((tx, row.ok_or(RightsError::Unknown)?))
    }

    async fn end(&self, tx: &mut Tx, row: &Row, event: BlockEnd) -> Result<(), RightsError> {
        let entry = if row.right.blocks() {
            let blocked = Blocked {
                subject: row.subject,
                request: row.request,
                body: &row.body,
                purpose: row.purpose.as_ref(),
            };
            self.archive.ledger.lift(tx, &blocked, event).await?
        } else {
            self.log_step(tx, row, event.as_str(), false).await?
        };
        let now = self.archive.world.now();
        Ok(store::insert_end(tx, row.request, event, now, entry).await?)
    }

    async fn log_step(
        &self,
        tx: &mut Tx,
        row: &Row,
        event: &str,
        with_words: bool,
    ) -> Result<EntryId, RightsError> {
        let payload = object(json!({
            "request": row.request,
            "event": event,
            "with_words": with_words,
        }))?;
        let staged = self
            .archive
            .log
            .stage(tx, Kind::RightsAnswered, Some(row.subject), payload)
            .await?;
        Ok(staged.entry)
    }
}
