//! Time and randomness, passed in so that the rest of the program is a function of its inputs.

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::rand::SecureRandom;
use jiff::Timestamp;
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
}

/// The machine's clock.
#[derive(Debug)]
pub struct SystemClock {
    start: std::time::Instant,
}

impl Default for SystemClock {
    fn default() -> Self {
        Self {
            start: std::time::Instant::now(),
        }
    }
}

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the machine's clock"
    )]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn monotonic(&self) -> Duration {
        self.start.elapsed()
    }
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
