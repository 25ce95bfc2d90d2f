//! What finished fetches found, for as long as it may be kept. Memory only.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::citizen::{ExchangeId, JobId, SubjectId};
use crate::profile::Profile;

/// The profile a fetch ended with.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) subject: SubjectId,
    pub(super) profile: Profile,
    /// Every exchange whose answer is in it.
    pub(super) exchanges: BTreeSet<ExchangeId>,
}

/// Profiles by job. A restart forgets them: fetching again is always possible, keeping longer is not.
#[derive(Debug)]
pub(super) struct Results {
    keep: Duration,
    held: Mutex<HashMap<JobId, (Duration, Found)>>,
}

impl Results {
    /// Keeps each profile this long.
    pub(super) fn new(keep: Duration) -> Self {
        Self {
            keep,
            held: Mutex::default(),
        }
    }

    /// Keeps a profile from `now` on, and drops those whose time is over.
    pub(super) fn put(&self, job: JobId, found: Found, now: Duration) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.retain(|_, (since, _)| now.saturating_sub(*since) < self.keep);
        held.insert(job, (now, found));
    }

    /// A person's own profile, if it is still kept.
    pub(super) fn get(&self, job: JobId, subject: SubjectId, now: Duration) -> Option<Found> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.retain(|_, (since, _)| now.saturating_sub(*since) < self.keep);
        held.get(&job)
            .map(|(_, found)| found)
            .filter(|found| found.subject == subject)
            .cloned()
    }

    /// Drops everything about a person, as a withdrawal demands.
    pub(super) fn forget(&self, subject: SubjectId) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.retain(|_, (_, found)| found.subject != subject);
    }
}
