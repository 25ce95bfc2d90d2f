//! Making versions of notices hold: recorded once, in force from an instant, for every replica.
//!
//! Files propose, the database decides. The first start publishes version 1. Any later version is
//! read by nobody until it is published, so replicas with and without its files agree: the one in
//! force is the newest published whose instant has come, by the database's clock. Publishing records
//! what the version does more than the one before, and ends exactly the consents that touches.

mod agreement;
mod minima;
mod publish;
pub(super) mod store;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::citizen::{EntryId, Language, PurposeId};
use crate::store::{Db, StoreError};

use super::error::ConsentError;
use super::notice::{Notice, Touched};
use super::terms::Terms;

pub use agreement::Disagreement;
pub(super) use minima::Minima;
pub use publish::{Defect, Proposal, PublishError, Published, Publisher};

/// A version that was published.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Publication {
    /// Name of the notice.
    pub notice: String,
    /// 1, 2, 3 ...
    pub version: u32,
    /// What for.
    pub purpose: PurposeId,
    /// What it tells, as canonical JSON.
    pub declares: String,
    /// `sha-256:` and the hash of that in hexadecimal.
    pub digest: String,
    /// Whether it does more with people's data than the version before.
    pub material: bool,
    /// From when on it is the one in force.
    pub effective_at: Timestamp,
    /// When it was recorded.
    pub published_at: Timestamp,
    /// The log entry about it.
    pub entry: EntryId,
    /// Digest of each text.
    pub texts: BTreeMap<Language, String>,
}

/// Everything that was published, by notice, oldest version first.
pub async fn publications(db: &Db) -> Result<Vec<Publication>, StoreError> {
    store::all_shown(db).await
}

impl Publication {
    /// Whether people read it now, or will unless a newer one comes first.
    fn holds_at(&self, now: Timestamp) -> bool {
        self.effective_at <= now
    }
}

/// The version in force at `now`, of those of one notice.
pub fn in_force<'a>(
    published: &'a [Publication],
    notice: &str,
    now: Timestamp,
) -> Option<&'a Publication> {
    let of_notice = published.iter().filter(|one| one.notice == notice);
    of_notice
        .filter(|one| one.holds_at(now))
        .max_by_key(|one| one.version)
}

/// The version in force, as far as one language goes.
#[derive(Debug)]
pub(super) struct Current {
    /// Its number.
    pub(super) version: u32,
    /// Digest of its text; none if it has none in that language.
    pub(super) digest: Option<String>,
}

impl Current {
    /// The text, if this process has the one that was published.
    pub(super) fn text<'a>(
        &self,
        terms: &'a Terms,
        purpose: &PurposeId,
        language: Language,
    ) -> Result<&'a Notice, ConsentError> {
        let digest = self.digest.as_ref().ok_or(ConsentError::NoSuchNotice)?;
        terms
            .notices
            .text(purpose, self.version, language)
            .filter(|notice| notice.digest == *digest)
            .ok_or(ConsentError::NoticeNotHere)
    }
}

/// The word of the log for what a version touches.
fn touched_as_json(touched: &Touched) -> serde_json::Value {
    match touched {
        Touched::All => "every item".into(),
        Touched::Products(products) => serde_json::json!(products),
    }
}
