//! How often something may happen.

use std::cell::Cell;
use std::time::Duration;

use proptest::prelude::*;

use super::{at, cache};
use crate::store::cache::{Allowed, Rate};

const RATE: Rate = Rate {
    burst: 3,
    per_minute: 60,
};

#[tokio::test]
async fn a_burst_passes_and_then_one_each_interval() {
    let cache = cache().await;
    let ask = async |now| cache.allow("k", RATE, at(now)).await.unwrap();
    for _ in 0..3 {
        assert_eq!(ask(0).await, Allowed::Yes);
    }
    assert_eq!(ask(0).await, Allowed::RetryAfter(Duration::from_secs(1)));
    assert_eq!(
        ask(400).await,
        Allowed::RetryAfter(Duration::from_millis(600))
    );
    assert_eq!(ask(1000).await, Allowed::Yes);
    assert_eq!(ask(1000).await, Allowed::RetryAfter(Duration::from_secs(1)));
    assert_eq!(
        cache.allow("other", RATE, at(0)).await.unwrap(),
        Allowed::Yes
    );
}

#[tokio::test]
async fn a_clock_that_ran_ahead_does_not_close_the_door() {
    let cache = cache().await;
    cache.allow("k", RATE, at(3_600_000)).await.unwrap();
    let refused = cache.allow("k", RATE, at(0)).await.unwrap();
    assert_eq!(refused, Allowed::RetryAfter(Duration::from_secs(1)));
    assert_eq!(
        cache.allow("k", RATE, at(1000)).await.unwrap(),
        Allowed::RetryAfter(Duration::from_secs(1))
    );
}

/// The same as a bucket that leaks: each event pours in its interval, a full one takes no more.
#[derive(Default)]
struct Bucket {
    level: i64,
    last: i64,
}

impl Bucket {
    fn pour(&mut self, rate: Rate, now: i64) -> Allowed {
        let interval = 60_000_000_i64.div_euclid(rate.per_minute.into())
            + i64::from(60_000_000 % rate.per_minute != 0);
        let depth = interval * i64::from(rate.burst);
        let level = (self.level - (now - self.last)).clamp(0, depth);
        if level + interval > depth {
            let over = level + interval - depth;
            return Allowed::RetryAfter(Duration::from_micros(over.unsigned_abs()));
        }
        (self.level, self.last) = (level + interval, now);
        Allowed::Yes
    }
}

/// Steps in microseconds; clocks of a fleet go back a little too.
fn steps() -> impl Strategy<Value = Vec<i64>> {
    let step = prop_oneof![5 => 0_i64..3_000_000, 1 => -500_000_i64..0, 1 => 0_i64..100_000_000];
    prop::collection::vec(step, 1..40)
}

#[test]
fn the_answers_are_those_of_a_leaking_bucket() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let cache = runtime.block_on(cache());
    let cases = Cell::new(0);
    proptest!(|(steps in steps(), burst in 1_u32..20, per_minute in 1_u32..700)| {
        let key = cases.replace(cases.get() + 1).to_string();
        let rate = Rate { burst, per_minute };
        let mut bucket = Bucket::default();
        let mut now = at(0).as_microsecond();
        for step in steps {
            now += step;
            let instant = jiff::Timestamp::from_microsecond(now).unwrap();
            let allowed = cache.allow(&key, rate, instant);
            prop_assert_eq!(runtime.block_on(allowed).unwrap(), bucket.pour(rate, now));
        }
    });
}
