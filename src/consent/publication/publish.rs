//! Publishing a version: what it changes, why it may not be, and the record.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::audit::{Kind, Log, LogError};
use crate::citizen::{Language, PurposeId};
use crate::clock::World;
use crate::store::{Db, StoreError, Tx, instant, micros};

use super::super::ledger::fields;
use super::super::notice::{Difference, Direction, Touched, Version, digest_of};
use super::super::terms::{Terms, TermsDefect};
use super::{Disagreement, Publication, store, touched_as_json};

/// How far ahead a version published "now" takes effect: every replica has read the record by then,
/// and no transaction that began before it is still open.
const LEAD: SignedDuration = SignedDuration::from_mins(1);

/// Publishes versions, one transaction each.
#[derive(Clone, Debug)]
pub struct Publisher {
    db: Db,
    log: Arc<Log>,
    terms: Arc<Terms>,
    world: World,
}

/// A version as it would be published.
#[derive(Debug)]
pub struct Proposal<'a> {
    /// The version.
    pub version: &'a Version,
    /// What it changes of the version before; none for the first.
    pub difference: Option<Difference>,
    /// What speaks against it.
    pub defects: Vec<Defect>,
}

/// Why a version may not be published.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Defect {
    /// It claims a material change, and does nothing more with people's data (CON-12).
    #[error("says material_change = true and widens nothing")]
    FalseAlarm,
    /// It does more with people's data and says it does not (CON-12).
    #[error("says material_change = false and widens: {0}")]
    Hidden(String),
    /// It tells less than is done.
    #[error(transparent)]
    Untold(#[from] TermsDefect),
}

/// What came of publishing.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Published {
    /// The very same was published before; nothing changed.
    Already(Publication),
    /// It is recorded.
    Done {
        /// What.
        publication: Publication,
        /// The items that need a new answer from its instant on.
        touched: Touched,
    },
}

/// Why nothing was published.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// Something speaks against the version.
    #[error("version {version} may not be published")]
    Defects {
        /// Which.
        version: u32,
        /// All of it.
        defects: Vec<Defect>,
    },
    /// The files differ from what was published.
    #[error("the files differ from what was published")]
    Disagrees(Vec<Disagreement>),
    /// The log did not take the entry.
    #[error("the publication could not be logged")]
    Log(#[from] LogError),
    /// Versions take effect one after the other.
    #[error("version {version} takes effect at {effective_at}; the next one only after that")]
    NotAfter {
        /// The version before.
        version: u32,
        /// Its instant.
        effective_at: Timestamp,
    },
    /// Versions are published in order.
    #[error("version {next} is the next to be published")]
    NotNext {
        /// The one whose turn it is.
        next: u32,
    },
    /// What happened cannot be decided afterwards.
    #[error("{0} is in the past; a version takes effect now or later")]
    Past(Timestamp),
    /// The version was required before it was published, from a later instant on, and that cannot
    /// be brought forward: between the two, consents it touches would still count.
    #[error("version {version} is required from {from} on already; publish it from then on")]
    RequiredLater {
        /// Which.
        version: u32,
        /// The instant that is written.
        from: Timestamp,
    },
    /// The database did not carry out a statement.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Not a purpose of this gateway.
    #[error("there is no purpose {0}")]
    UnknownPurpose(PurposeId),
    /// The files have no such version.
    #[error("purpose {0} has no version {1} of its notice in the files")]
    UnknownVersion(PurposeId, u32),
    /// A record did not turn into canonical JSON, or the end of time was reached.
    #[error("the record could not be written")]
    Unwritable,
}

impl Terms {
    /// What publishing a version would mean, by the files alone.
    pub fn proposal(&self, purpose: &PurposeId, number: u32) -> Result<Proposal<'_>, PublishError> {
        let unknown = || PublishError::UnknownVersion(purpose.clone(), number);
        let told_for = self
            .purposes
            .get(purpose)
            .ok_or_else(|| PublishError::UnknownPurpose(purpose.clone()))?;
        let version = self.notices.version(purpose, number).ok_or_else(unknown)?;
        let all = self.notices.versions(purpose).iter();
        let earlier: Vec<_> = all.filter(|one| one.number < number).collect();
        let difference = earlier.last().map(|older| {
            Difference::between(&older.declares, &version.declares)
                .knowing(earlier.iter().map(|one| &one.declares))
        });
        let mut defects = Vec::new();
        defects.extend(difference.as_ref().and_then(|it| false_claim(version, it)));
        let untold = self.untold(told_for, version);
        defects.extend(untold.into_iter().map(Defect::Untold));
        Ok(Proposal {
            version,
            difference,
            defects,
        })
    }
}

impl Proposal<'_> {
    /// The items that need a new answer. Of a first version none: nobody agreed to anything before.
    pub fn touched(&self) -> Touched {
        let difference = self.difference.as_ref();
        difference.map_or_else(Touched::nothing, Difference::touched)
    }
}

fn false_claim(version: &Version, difference: &Difference) -> Option<Defect> {
    match (version.material, difference.widens()) {
        (true, false) => Some(Defect::FalseAlarm),
        (false, true) => {
            let changes = difference.changes().iter();
            let widening = changes.filter(|change| change.direction() == Direction::Widening);
            let named: Vec<_> = widening.map(ToString::to_string).collect();
            Some(Defect::Hidden(named.join("; ")))
        }
        (true, true) | (false, false) => None,
    }
}

impl Publisher {
    /// Publishes the versions of `terms` in `db`, with entries in `log`.
    pub fn new(db: Db, log: Arc<Log>, terms: Arc<Terms>, world: World) -> Self {
        Self {
            db,
            log,
            terms,
            world,
        }
    }

    /// Publishes the first version of every notice that has none, in force from the instant its file
    /// gives. What a gateway does before it answers; of several that start at once, one does it.
    pub async fn begin(&self) -> Result<(), PublishError> {
        let published = store::all_shown(&self.db).await?;
        for purpose in self.terms.purposes.iter() {
            if !published.iter().any(|one| one.notice == purpose.notice) {
                self.publish(&purpose.id, 1, None).await?;
            }
        }
        Ok(())
    }

    /// Publishes a version: all replicas read it and hold people's consent to it from `at` on.
    ///
    /// Without an instant: the first from the one its file gives, a later one from that if it is
    /// still to come, else a minute from now. The same again changes nothing.
    pub async fn publish(
        &self,
        purpose: &PurposeId,
        number: u32,
        at: Option<Timestamp>,
    ) -> Result<Published, PublishError> {
        let proposal = self.terms.proposal(purpose, number)?;
        match self.attempt(purpose, &proposal, at).await {
            // Somebody else published it meanwhile: now it can be seen whether it is the same.
            Err(PublishError::Store(StoreError::Conflict)) => {
                self.attempt(purpose, &proposal, at).await
            }
            done => done,
        }
    }

    async fn attempt(
        &self,
        purpose: &PurposeId,
        proposal: &Proposal<'_>,
        at: Option<Timestamp>,
    ) -> Result<Published, PublishError> {
        let version = proposal.version;
        let mut tx = self.db.begin().await?;
        let published = store::all(&mut tx).await?;
        let disagreements = self.terms.disagreements(&published);
        if !disagreements.is_empty() {
            return Err(PublishError::Disagrees(disagreements));
        }
        let of_notice = published
            .into_iter()
            .filter(|one| one.notice == version.notice);
        let of_notice: Vec<_> = of_notice.collect();
        if let Some(same) = of_notice.iter().find(|one| one.version == version.number) {
            return Ok(Published::Already(same.clone()));
        }
        let newest = of_notice.iter().max_by_key(|one| one.version);
        let effective_at = self.instant_for(version, newest, at)?;
        if !proposal.defects.is_empty() {
            return Err(PublishError::Defects {
                version: version.number,
                defects: proposal.defects.clone(),
            });
        }
        let done = self
            .record(&mut tx, purpose, proposal, effective_at)
            .await?;
        tx.commit().await?;
        Ok(done)
    }

    /// When the version may take effect, if it is its turn.
    fn instant_for(
        &self,
        version: &Version,
        newest: Option<&Publication>,
        at: Option<Timestamp>,
    ) -> Result<Timestamp, PublishError> {
        let next = newest.map_or(1, |newest| newest.version + 1);
        if version.number != next {
            return Err(PublishError::NotNext { next });
        }
        let now = self.world.now();
        let soon = now
            .checked_add(LEAD)
            .map_err(|_| PublishError::Unwritable)?;
        let effective_at = match at {
            Some(at) if at < now => return Err(PublishError::Past(at)),
            Some(at) => at,
            None if newest.is_none() => version.effective_from,
            None => version.effective_from.max(soon),
        };
        match newest {
            Some(newest) if effective_at <= newest.effective_at => Err(PublishError::NotAfter {
                version: newest.version,
                effective_at: newest.effective_at,
            }),
            _ => instant(micros(effective_at)).ok_or(PublishError::Unwritable),
        }
    }

    /// Writes the publication, its log entry and what it touches in the caller's transaction.
    async fn record(
        &self,
        tx: &mut Tx,
        purpose: &PurposeId,
        proposal: &Proposal<'_>,
        effective_at: Timestamp,
    ) -> Result<Published, PublishError> {
        let version = proposal.version;
        let declares = version
            .declares
            .canonical()
            .ok_or(PublishError::Unwritable)?;
        let digest = digest_of(&declares);
        let texts = version
            .texts()
            .map(|text| (text.language, text.digest.clone()));
        let texts: BTreeMap<Language, String> = texts.collect();
        let touched = proposal.touched();
        if touched == Touched::All {
            let required = store::required_from(tx, &version.notice, version.number).await?;
            if let Some(from) = required.filter(|from| *from > effective_at) {
                return Err(PublishError::RequiredLater {
                    version: version.number,
                    from,
                });
            }
        }
        let changes = proposal.difference.iter().flat_map(Difference::changes);
        let payload = fields(json!({
            "purpose": purpose,
            "notice": {"id": version.notice, "version": version.number, "texts": texts},
            "declares": digest,
            "material": version.material,
            "changes": changes.map(ToString::to_string).collect::<Vec<_>>(),
            "touches": touched_as_json(&touched),
            "effective_at": effective_at,
        }));
        let staged = self
            .log
            .stage(tx, Kind::NoticePublished, None, payload)
            .await?;
        let publication = Publication {
            notice: version.notice.clone(),
            version: version.number,
            purpose: purpose.clone(),
            declares,
            digest,
            material: version.material,
            effective_at,
            published_at: staged.at,
            entry: staged.entry,
            texts,
        };
        store::insert(tx, &publication).await?;
        store::insert_touched(tx, &publication, &touched).await?;
        Ok(Published::Done {
            publication,
            touched,
        })
    }
}
