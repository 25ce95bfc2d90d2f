//! How often something may happen: the generic cell rate algorithm, in whole microseconds.
//!
//! One number is kept per key: the instant at which an even stream of events would have brought
//! us to the present level (the "theoretical arrival time" of ITU-T I.371).

use std::time::Duration;

use super::{Allowed, Rate};

/// No rate looks further ahead, so that its numbers stay whole in the arithmetic of Redis too.
const FARTHEST: i64 = 365 * 24 * 3600 * 1_000_000;

/// A rate, as the arithmetic wants it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Gcra {
    /// Microseconds that one event is worth.
    pub(super) interval: i64,
    /// Microseconds that all the events allowed at once are worth.
    pub(super) depth: i64,
}

impl From<Rate> for Gcra {
    fn from(rate: Rate) -> Self {
        let per_minute = i64::from(rate.per_minute.max(1));
        let interval = (60_000_000 + per_minute - 1) / per_minute; // rounded up: never more than said
        let depth = interval
            .saturating_mul(i64::from(rate.burst.max(1)))
            .min(FARTHEST);
        Self { interval, depth }
    }
}

impl Gcra {
    /// Decides on one event at `now`, given what was kept; gives what to keep instead.
    ///
    /// Refused events cost nothing. What was kept by a clock that ran ahead counts as a full
    /// bucket, not as a closed door.
    pub(super) fn decide(self, kept: Option<i64>, now: i64) -> (Allowed, Option<i64>) {
        let full = now.saturating_add(self.depth);
        let next = kept
            .unwrap_or(now)
            .clamp(now, full)
            .saturating_add(self.interval);
        if next <= full {
            (Allowed::Yes, Some(next))
        } else {
            (Allowed::RetryAfter(duration(next - full)), kept)
        }
    }
}

/// A time span of whole microseconds; what is negative is none.
pub(super) fn duration(micros: i64) -> Duration {
    Duration::from_micros(u64::try_from(micros).unwrap_or(0))
}
