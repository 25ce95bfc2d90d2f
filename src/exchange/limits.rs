//! How hard a source may be asked: the platform tolerates little.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::Deserialize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use crate::citizen::SourceId;

/// Upper bounds on what one source is asked.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LimitsConfig {
    /// Requests that may be under way at once.
    pub at_once: usize,
    /// Requests that may start each second.
    pub per_second: u32,
}

impl Default for LimitsConfig {
    /// Nothing is published; captures suggest a back end that gives up after a minute.
    fn default() -> Self {
        Self {
            at_once: 4,
            per_second: 2,
        }
    }
}

/// Hands out turns, per source.
#[derive(Debug)]
pub(super) struct Limits {
    config: LimitsConfig,
    lanes: Mutex<HashMap<SourceId, Lane>>,
}

#[derive(Clone, Debug)]
struct Lane {
    places: Arc<Semaphore>,
    /// When the next request may start.
    next: Arc<tokio::sync::Mutex<Instant>>,
}

/// A turn to ask; given back when dropped.
#[derive(Debug)]
pub(super) struct Turn {
    _place: Option<OwnedSemaphorePermit>,
}

impl Limits {
    pub(super) fn new(config: LimitsConfig) -> Self {
        Self {
            config,
            lanes: Mutex::default(),
        }
    }

    /// Waits for a turn, first come first served.
    pub(super) async fn turn(&self, source: &SourceId) -> Turn {
        let lane = self.lane(source);
        // The semaphore is never closed; were it, asking without a place is the lesser evil.
        let place = Arc::clone(&lane.places).acquire_owned().await.ok();
        let start = {
            let mut next = lane.next.lock().await;
            let (start, after) = pace(*next, Instant::now(), self.config.per_second);
            *next = after;
            start
        };
        tokio::time::sleep_until(start).await;
        Turn { _place: place }
    }

    fn lane(&self, source: &SourceId) -> Lane {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        lanes
            .entry(source.clone())
            .or_insert_with(|| Lane {
                places: Arc::new(Semaphore::new(self.config.at_once.max(1))),
                next: Arc::new(tokio::sync::Mutex::new(Instant::now())),
            })
            .clone()
    }
}

/// When a request may start, and when the one after it.
fn pace(next: Instant, now: Instant, per_second: u32) -> (Instant, Instant) {
    let start = next.max(now);
    (start, start + Duration::from_secs(1) / per_second.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source() -> SourceId {
        "AEAT".parse().unwrap()
    }

    #[test]
    fn requests_start_no_faster_than_the_rate() {
        let now = Instant::now();
        let mut next = now;
        let starts: Vec<_> = (0..5)
            .map(|_| {
                let (start, after) = pace(next, now, 2);
                next = after;
                start - now
            })
            .collect();
        let expected: Vec<_> = (0..5)
            .map(|half| Duration::from_millis(half * 500))
            .collect();
        assert_eq!(starts, expected);
    }

    #[test]
    fn an_idle_source_is_asked_at_once() {
        let now = Instant::now();
        let (start, _) = pace(now, now + Duration::from_mins(1), 2);
        assert_eq!(start, now + Duration::from_mins(1));
    }

    #[tokio::test]
    async fn no_more_are_under_way_than_allowed() {
        let limits = Limits::new(LimitsConfig {
            at_once: 2,
            per_second: 100_000,
        });
        let _first = limits.turn(&source()).await;
        let second = limits.turn(&source()).await;
        let early = tokio::time::timeout(Duration::from_millis(50), limits.turn(&source())).await;
        assert!(early.is_err());
        drop(second);
        limits.turn(&source()).await;
    }
}
