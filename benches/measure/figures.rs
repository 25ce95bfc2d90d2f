//! Figures in words.

use std::time::Duration;

/// Prints the distribution of some durations on one line.
pub(super) fn distribution(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |percent: usize| millis(times[(times.len() - 1) * percent / 100]);
    println!(
        "{what}: p50 {}, p90 {}, p99 {}, most {} ({} times)",
        at(50),
        at(90),
        at(99),
        at(100),
        times.len()
    );
}

pub(super) fn millis(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1000.0)
}
