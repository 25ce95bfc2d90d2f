//! When something is tried again: soon, then less and less soon, and never all at the same moment.

use std::time::Duration;

/// The longest wait after the first failure.
const FIRST: Duration = Duration::from_secs(2);

/// The longest wait there is.
const MOST: Duration = Duration::from_mins(15);

/// How long to wait after so many attempts: doubled with each, half of it by chance.
///
/// `chance` is any number; the same gives the same wait.
pub(super) fn wait(attempts: u32, chance: u64) -> Duration {
    let doubled = 1_u32 << attempts.saturating_sub(1).min(16);
    let longest = FIRST.saturating_mul(doubled).min(MOST);
    let half = longest / 2;
    let span = u64::try_from(half.as_micros()).unwrap_or(u64::MAX);
    half + Duration::from_micros(chance % (span + 1))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_wait_doubles_until_it_reaches_a_quarter_of_an_hour() {
        let shortest = |attempts| wait(attempts, 0).as_secs();
        assert_eq!([1, 2, 3, 4, 5].map(shortest), [1, 2, 4, 8, 16]);
        assert_eq!([10, 11, 1000, u32::MAX].map(shortest), [450; 4]);
    }

    proptest! {
        #[test]
        fn a_wait_is_never_nothing_nor_longer_than_the_cap_nor_shorter_than_half_of_the_one_before(
            attempts in any::<u32>(), chance in any::<u64>(), before in any::<u64>(),
        ) {
            let now = wait(attempts, chance);
            prop_assert!(now >= FIRST / 2 && now <= MOST);
            prop_assert!(now * 2 >= wait(attempts.saturating_sub(1), before));
        }

        #[test]
        fn chance_spreads_a_wait_over_half_of_it(attempts in any::<u32>(), chance in any::<u64>()) {
            let (least, given) = (wait(attempts, 0), wait(attempts, chance));
            prop_assert!(given >= least && given <= least * 2);
        }
    }
}
