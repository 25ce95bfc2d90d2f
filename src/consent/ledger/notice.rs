//! The notice in force, which the database knows and the files hold.

use jiff::Timestamp;

use crate::citizen::{Language, PurposeId};
use crate::store::Tx;

use super::super::error::ConsentError;
use super::super::notice::Notice;
use super::super::publication::store;
use super::Ledger;

impl Ledger {
    /// The notice people read now before deciding about `purpose`. Showing it to somebody is
    /// [`Ledger::serve`].
    pub async fn notice(
        &self,
        purpose: &PurposeId,
        language: Language,
    ) -> Result<&Notice, ConsentError> {
        let notice = self.notice_of(purpose)?;
        let now = self.world.now();
        let current = store::current_shown(&self.db, notice, language, now).await?;
        let current = current.ok_or(ConsentError::NoSuchNotice)?;
        current.text(&self.terms, purpose, language)
    }

    /// As [`Ledger::notice`], inside a transaction.
    pub(super) async fn notice_in_force(
        &self,
        tx: &mut Tx,
        purpose: &PurposeId,
        language: Language,
        now: Timestamp,
    ) -> Result<&Notice, ConsentError> {
        let notice = self.notice_of(purpose)?;
        let current = store::current(tx, notice, language, now).await?;
        let current = current.ok_or(ConsentError::NoSuchNotice)?;
        current.text(&self.terms, purpose, language)
    }

    fn notice_of(&self, purpose: &PurposeId) -> Result<&str, ConsentError> {
        let purpose = self.terms.purposes.get(purpose);
        let purpose = purpose.ok_or(ConsentError::NoSuchNotice)?;
        Ok(&purpose.notice)
    }
}
