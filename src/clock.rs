//! Time and randomness, passed in so that the rest of the program is a function of its inputs.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use aws_lc_rs::rand::SecureRandom;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

/// Tells the time.
///
/// `now` is civil time for records and tokens; `monotonic` never goes back and is the only clock
/// for "two seconds to live".
pub trait Clock: Send + Sync + std::fmt::Debug {
    /// The instant of now, in UTC.
    fn now(&self) -> Timestamp;

    /// Time since an arbitrary fixed moment of this process.
    fn monotonic(&self) -> Duration;

    /// Takes note of the time that a fleet agrees on. Gives how far `now` is then ahead of the
    /// machine's own clock; `None` when nothing was learnt, as by clocks that go their own way.
    fn follow(&self, _seen: &Sighting) -> Option<SignedDuration> {
        None
    }
}

/// One look at a clock elsewhere.
#[derive(Clone, Copy, Debug)]
pub struct Sighting {
    /// What it said.
    pub said: Timestamp,
    /// When it was asked, by [`Clock::monotonic`].
    pub asked: Duration,
    /// When its answer was here.
    pub answered: Duration,
}

/// The machine's clock, set right by the one a fleet agrees on (`docs/adr/0004`).
///
/// Within a process `now` never goes back by less than two seconds: it stands still until time has
/// caught up. A larger error is put right at once, for time that stands still for long is no time either.
#[derive(Debug)]
pub struct SystemClock {
    start: std::time::Instant,
    /// How far the fleet is ahead of the machine, in microseconds.
    ahead: AtomicI64,
    steady: Steady,
}

/// A look that took longer says too little about when it was taken.
const LONGEST_LOOK: Duration = Duration::from_millis(200);

/// Up to this much time waits for itself rather than go back.
const STEP: Duration = Duration::from_secs(2);

impl Default for SystemClock {
    fn default() -> Self {
        Self {
            start: std::time::Instant::now(),
            ahead: AtomicI64::new(0),
            steady: Steady::default(),
        }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let machine = machine();
        let fleet = machine.as_microsecond() + self.ahead.load(Ordering::Relaxed);
        Timestamp::from_microsecond(self.steady.tell(fleet)).unwrap_or(machine)
    }

    fn monotonic(&self) -> Duration {
        self.start.elapsed()
    }

    fn follow(&self, seen: &Sighting) -> Option<SignedDuration> {
        let took = seen.answered.checked_sub(seen.asked)?;
        if took > LONGEST_LOOK {
            return None;
        }
        // The answer was made somewhere between: at worst half of `took` from the middle.
        let since = self.monotonic().checked_sub(seen.asked + took / 2)?;
        let then = machine().as_microsecond() - micros(since);
        let ahead = seen.said.as_microsecond() - then;
        let known = self.ahead.load(Ordering::Relaxed);
        // What the look cannot tell apart is left alone, so that time does not tremble.
        if (ahead - known).abs() <= micros(took / 2) {
            return Some(SignedDuration::from_micros(known));
        }
        self.ahead.store(ahead, Ordering::Relaxed);
        Some(SignedDuration::from_micros(ahead))
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the machine's clock"
)]
fn machine() -> Timestamp {
    Timestamp::now()
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

/// The newest instant told, in microseconds.
#[derive(Debug)]
struct Steady(AtomicI64);

impl Default for Steady {
    fn default() -> Self {
        Self(AtomicI64::new(i64::MIN))
    }
}

impl Steady {
    /// The instant to tell when a clock shows `now`.
    fn tell(&self, now: i64) -> i64 {
        let told = self.0.fetch_max(now, Ordering::Relaxed);
        if told.saturating_sub(now) > micros(STEP) {
            self.0.store(now, Ordering::Relaxed);
            return now;
        }
        told.max(now)
    }
}

/// The civil time of the administrations: by the machine's rules, else by those in force since 1996.
pub fn madrid() -> TimeZone {
    TimeZone::get("Europe/Madrid")
        .or_else(|_| TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3"))
        .unwrap_or(TimeZone::UTC)
}

/// Unpredictable bytes.
///
/// One implementation serves production; tests pass a seeded one.
pub trait Entropy: Send + Sync + std::fmt::Debug {
    /// Fills the buffer with unpredictable bytes.
    fn fill(&self, buffer: &mut [u8]);
}

impl dyn Entropy + '_ {
    /// Fresh bytes in an array.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    /// A random (version 4) UUID.
    pub fn uuid(&self) -> Uuid {
        uuid::Builder::from_random_bytes(self.bytes()).into_uuid()
    }
}

/// The operating system's generator, through the same library as the TLS stack.
#[derive(Debug, Default)]
pub struct SystemEntropy {
    random: aws_lc_rs::rand::SystemRandom,
}

impl Entropy for SystemEntropy {
    #[expect(
        clippy::expect_used,
        reason = "the library aborts rather than return weak bytes; there is no sane way on"
    )]
    fn fill(&self, buffer: &mut [u8]) {
        self.random
            .fill(buffer)
            .expect("the operating system gives random bytes");
    }
}

/// What a component needs of the world besides its own inputs.
#[derive(Clone, Debug)]
pub struct World {
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Gives unpredictable bytes.
    pub entropy: Arc<dyn Entropy>,
}

impl World {
    /// The real world.
    pub fn real() -> Self {
        Self {
            clock: Arc::new(SystemClock::default()),
            entropy: Arc::new(SystemEntropy::default()),
        }
    }

    /// The instant of now, in UTC.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A look at a clock that is this far ahead of ours.
    fn look(clock: &SystemClock, ahead: SignedDuration, took: Duration) -> Sighting {
        let asked = clock.monotonic();
        let answered = asked + took;
        std::thread::sleep(took);
        Sighting {
            said: machine() - took / 2 + ahead,
            asked,
            answered,
        }
    }

    fn differ(clock: &SystemClock) -> SignedDuration {
        clock.now().duration_since(machine())
    }

    #[test]
    fn the_clock_follows_a_fleet_that_is_ahead_and_one_that_is_behind() {
        for ahead in [
            SignedDuration::from_secs(90),
            SignedDuration::from_secs(-90),
        ] {
            let clock = SystemClock::default();
            let seen = look(&clock, ahead, Duration::from_millis(2));
            let followed = clock.follow(&seen).unwrap();
            assert!((followed - ahead).abs() < SignedDuration::from_millis(100));
            assert!((differ(&clock) - ahead).abs() < SignedDuration::from_millis(100));
        }
    }

    #[test]
    fn a_look_that_took_long_changes_nothing() {
        let clock = SystemClock::default();
        let ahead = SignedDuration::from_secs(90);
        let seen = Sighting {
            asked: Duration::ZERO,
            answered: Duration::from_millis(201),
            said: machine() + ahead,
        };
        assert_eq!(clock.follow(&seen), None);
        assert!(differ(&clock) < SignedDuration::from_secs(1));
    }

    #[test]
    fn what_a_look_cannot_tell_apart_changes_nothing() {
        let clock = SystemClock::default();
        let seen = look(&clock, SignedDuration::ZERO, Duration::from_millis(190));
        assert_eq!(clock.follow(&seen), Some(SignedDuration::ZERO));
    }

    proptest! {
        #[test]
        fn told_time_goes_back_only_by_more_than_two_seconds_and_is_never_further_off(
            steps in prop::collection::vec(-5_000_000_i64..5_000_000, 1..200),
        ) {
            let steady = Steady::default();
            let (mut shown, mut before) = (0_i64, i64::MIN);
            for step in steps {
                shown += step;
                let told = steady.tell(shown);
                prop_assert!(told >= shown && told - shown <= micros(STEP));
                prop_assert!(told >= before || before - told > micros(STEP));
                before = told;
            }
        }
    }
}
