//! Answers kept for a while, so that nothing is asked twice within minutes.
//!
//! Each is sealed under its person's key and found only by who may use it: its item, the decision it
//! was asked under, and the client that asked. A decision that ends, or is made anew, has another
//! number, so what came by the old one is found no more, even if it could not be dropped.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest::{Context, SHA256, digest};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::citizen::{ItemId, ProductCode, SubjectId};
use crate::clock::World;
use crate::consent::GrantTerms;
use crate::products::Answer;
use crate::profile::Provenance;
use crate::store::cache::{Cache, CacheError};
use crate::store::keyring::{DataKey, Keyring, KeyringError, RetentionClass, year_of};

/// How long a withdrawal waits for a cache that does not answer.
const PATIENCE: Duration = Duration::from_millis(250);

/// The permission an answer rests on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Permission {
    pub(super) item: ItemId,
    /// Number of the decision, as [`ItemState::seq`](crate::consent::ItemState::seq).
    pub(super) seq: i64,
    /// On what terms it stands: no answer is used for longer than they say.
    pub(super) terms: GrantTerms,
}

/// An answer as it is kept.
#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Kept {
    pub(super) answer: Answer,
    pub(super) provenance: Provenance,
    /// It is not used from this instant on.
    until: Timestamp,
}

/// Whose answers, for which client.
#[derive(Clone, Copy, Debug)]
pub(super) struct Drawer<'a> {
    pub(super) subject: SubjectId,
    /// `pages`, or the client that asked.
    pub(super) client: &'a str,
}

/// Keeps answers in the cache of the fleet; while that is out of reach, in this process.
#[derive(Debug)]
pub(super) struct KeptAnswers {
    fleet: Cache,
    own: Cache,
    keyring: Arc<Keyring>,
    world: World,
}

/// Why an answer was not kept.
#[derive(Debug, thiserror::Error)]
enum NotKept {
    #[error(transparent)]
    Cache(#[from] CacheError),
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    #[error("the answer cannot be written down")]
    Unwritable,
}

impl Kept {
    /// An answer that may be used for `keep` after it came.
    pub(super) fn new(answer: Answer, provenance: Provenance, keep: Span) -> Self {
        Self {
            answer,
            until: kept_until(provenance.obtained_at, keep),
            provenance,
        }
    }

    /// The same, used no longer than the permission says.
    pub(super) fn under(self, permission: Permission) -> Self {
        let life = permission.terms.data_life;
        Self {
            until: self.until.min(life.after(self.provenance.obtained_at)),
            ..self
        }
    }

    /// Whether a new fetch may rest on it: in the first half of its life only, so that the profile
    /// can be read for the other half.
    pub(super) fn is_young(&self, now: Timestamp) -> bool {
        let age: SignedDuration = now.duration_since(self.provenance.obtained_at);
        age <= self.until.duration_since(now)
    }
}

/// When something kept for so long is kept no longer. Days have their 24 hours here.
pub(super) fn kept_until(from: Timestamp, keep: Span) -> Timestamp {
    let until = from.to_zoned(TimeZone::UTC).checked_add(keep);
    until.map_or(from, |until| until.timestamp())
}

impl fmt::Debug for Kept {
    // The answer is the person's.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kept")
            .field("product", &self.provenance.product)
            .field("until", &self.until)
            .finish_non_exhaustive()
    }
}

impl KeptAnswers {
    pub(super) fn new(fleet: Cache, keyring: Arc<Keyring>, world: World) -> Self {
        Self {
            fleet,
            own: Cache::memory(),
            keyring,
            world,
        }
    }

    /// Keeps answers. One that cannot be kept is fetched again by whoever wants it.
    pub(super) async fn keep(&self, drawer: Drawer<'_>, answers: &[(Permission, Kept)]) {
        if answers.is_empty() {
            return;
        }
        if let Err(error) = self.put(drawer, answers).await {
            tracing::warn!(%error, "answers were not kept");
        }
    }

    /// The answers that are kept under these permissions.
    pub(super) async fn find(
        &self,
        drawer: Drawer<'_>,
        permissions: &BTreeMap<ProductCode, Permission>,
    ) -> BTreeMap<ProductCode, Kept> {
        let now = self.world.now();
        let (mut key, mut fleet) = (None, Some(&self.fleet));
        let mut found = BTreeMap::new();
        for (product, permission) in permissions {
            let Some(sealed) = self.get(&mut fleet, drawer, *permission, now).await else {
                continue;
            };
            if key.is_none() {
                // Of this year only: at midnight of the New Year everything is fetched again.
                let class = RetentionClass::Session;
                let person = Some(drawer.subject);
                match self.keyring.existing_key(person, year_of(now), class).await {
                    Ok(existing) => key = Some(existing),
                    Err(error) => {
                        tracing::warn!(%error, "kept answers cannot be opened");
                        return found;
                    }
                }
            }
            let kept = key
                .as_ref()
                .and_then(|key| open(key, drawer, *permission, &sealed))
                .map(|kept| kept.under(*permission));
            if let Some(kept) =
                kept.filter(|kept| kept.until > now && kept.provenance.product == *product)
            {
                found.insert(product.clone(), kept);
            }
        }
        found
    }

    /// Drops everything kept about a person, for every client.
    pub(super) async fn forget(&self, subject: SubjectId) {
        let group = group(subject);
        let _ = self.own.drop_group(&group).await; // memory does not fail
        let dropped = tokio::time::timeout(PATIENCE, self.fleet.drop_group(&group)).await;
        if !matches!(dropped, Ok(Ok(()))) {
            // Nobody finds them: the decision they came by no longer stands.
            tracing::warn!("kept answers were not dropped; they run out");
        }
    }

    async fn put(&self, drawer: Drawer<'_>, answers: &[(Permission, Kept)]) -> Result<(), NotKept> {
        let now = self.world.now();
        let class = RetentionClass::Session;
        let person = Some(drawer.subject);
        let key = self.keyring.data_key(person, year_of(now), class).await?;
        let group = group(drawer.subject);
        let mut cache = &self.fleet;
        for (permission, kept) in answers {
            let sealed = seal(&key, drawer, *permission, kept)?;
            let field = field(drawer, *permission);
            if let Err(error) = cache.put(&group, &field, &sealed, kept.until, now).await {
                tracing::warn!(%error, "answers are kept in this process only");
                cache = &self.own;
                cache.put(&group, &field, &sealed, kept.until, now).await?;
            }
        }
        Ok(())
    }

    /// A cache that does not answer is asked no further.
    async fn get(
        &self,
        fleet: &mut Option<&Cache>,
        drawer: Drawer<'_>,
        permission: Permission,
        now: Timestamp,
    ) -> Option<Vec<u8>> {
        let (group, field) = (group(drawer.subject), field(drawer, permission));
        if let Some(cache) = fleet {
            match cache.get(&group, &field, now).await {
                Ok(Some(sealed)) => return Some(sealed),
                Ok(None) => {}
                Err(error) => {
                    tracing::warn!(%error, "kept answers are out of reach");
                    *fleet = None;
                }
            }
        }
        self.own.get(&group, &field, now).await.ok().flatten()
    }
}

fn seal(
    key: &DataKey,
    drawer: Drawer<'_>,
    permission: Permission,
    kept: &Kept,
) -> Result<Vec<u8>, NotKept> {
    let text = serde_json::to_vec(kept).map_err(|_| NotKept::Unwritable)?;
    Ok(key.seal(&context(drawer, permission), &Zeroizing::new(text))?)
}

/// Only what reads back as it was written; anything else, as from another version, is not kept.
fn open(key: &DataKey, drawer: Drawer<'_>, permission: Permission, sealed: &[u8]) -> Option<Kept> {
    let text = key.open(&context(drawer, permission), sealed).ok()?;
    let kept: Kept = serde_json::from_slice(&text).ok()?;
    let again = Zeroizing::new(serde_json::to_vec(&kept).ok()?);
    (*again == *text).then_some(kept)
}

/// What sealed answers are bound to: they open in no other place, nor for another version.
fn context(drawer: Drawer<'_>, permission: Permission) -> String {
    let Permission { item, seq, .. } = permission;
    format!("kept-answer/v1/{item}/{seq}/{}", drawer.client)
}

fn field(drawer: Drawer<'_>, permission: Permission) -> String {
    hex::encode(digest(&SHA256, context(drawer, permission).as_bytes()))
}

/// Names a person's answers to the cache, which learns neither who nor whose.
fn group(subject: SubjectId) -> String {
    let mut context = Context::new(&SHA256);
    context.update(b"interop-gateway/kept-answers/v1\0");
    context.update(subject.as_bytes());
    hex::encode(context.finish())
}

#[cfg(test)]
mod tests;
