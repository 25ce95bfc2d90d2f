//! A bundle of evidence, as anybody may hand one to whoever verifies it.
//!
//! Without a log's key nothing is ever found right, whatever the bundle says of itself.
#![no_main]

use libfuzzer_sys::fuzz_target;
use verifier::{LogTrust, Verdict};

fuzz_target!(|bytes: &[u8]| {
    let report = verifier::bundle::check(bytes, None, &LogTrust::default(), 1_800_000_000);
    assert_ne!(report.verdict(), Verdict::Valid);
});
