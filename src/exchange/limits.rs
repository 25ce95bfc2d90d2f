//! How hard a source may be asked: the platform tolerates little.

use serde::Deserialize;

use crate::store::cache::TurnLimit;

/// Upper bounds on what one source is asked, by the whole fleet.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LimitsConfig {
    /// Requests that may be under way at once.
    pub at_once: u32,
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

impl LimitsConfig {
    /// What the fleet may do together.
    pub(super) fn whole(self) -> TurnLimit {
        TurnLimit {
            at_once: self.at_once.max(1),
            per_minute: self.per_second.clamp(1, u32::MAX / 60) * 60,
        }
    }

    /// What one of so many replicas may do when they cannot see each other.
    ///
    /// An equal part, rounded down, but never nothing: with more replicas than requests under way at
    /// once their sum is above the whole. A replica that could ask nobody would serve nobody.
    pub(super) fn share(self, replicas: u32) -> TurnLimit {
        let whole = self.whole();
        let part = |of: u32| (of / replicas.max(1)).max(1);
        TurnLimit {
            at_once: part(whole.at_once),
            per_minute: part(whole.per_minute),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn limits(at_once: u32, per_second: u32) -> LimitsConfig {
        LimitsConfig {
            at_once,
            per_second,
        }
    }

    #[test]
    fn nothing_counts_as_one() {
        let one = TurnLimit {
            at_once: 1,
            per_minute: 60,
        };
        assert_eq!(limits(0, 0).whole(), one);
        assert_eq!(limits(0, 0).share(0), one);
    }

    #[test]
    fn a_single_replica_has_it_all() {
        assert_eq!(limits(4, 2).share(1), limits(4, 2).whole());
    }

    proptest! {
        #[test]
        fn shares_stay_within_the_whole_while_there_is_one_for_everybody(
            at_once in 0_u32..1000, per_second in 0_u32..1000, replicas in 0_u32..100,
        ) {
            let limits = limits(at_once, per_second);
            let (whole, share) = (limits.whole(), limits.share(replicas));
            let replicas = replicas.max(1);
            prop_assert!(share.at_once >= 1 && share.per_minute >= 1);
            prop_assert!(share.at_once * replicas <= whole.at_once.max(replicas));
            prop_assert!(share.per_minute * replicas <= whole.per_minute.max(replicas));
        }
    }
}
