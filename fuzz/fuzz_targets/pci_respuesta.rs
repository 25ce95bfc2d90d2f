//! Any envelope is read as an answer to one request, or refused.
#![no_main]

use interop_gateway::exchange::pci::{
    Expectation, PlatformProfile, ResponseSignature, Text, TrustRoots, read_reply, signature,
};
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let profile = PlatformProfile {
        response_signature: ResponseSignature::Off,
        ..PlatformProfile::aoc()
    };
    let verdict = signature::verify(bytes, &profile, &TrustRoots::none(), Timestamp::UNIX_EPOCH);
    if let Ok(envelope) = verdict {
        let expectation = Expectation {
            request_id: "9821920002-A".parse().expect("an identifier"),
            submission_id: "A-1".parse().expect("an identifier"),
            product: "PADRO/RESIDENT_MUNICIPI".parse().expect("a product"),
            requester: "9821920002".parse().expect("a body"),
            holder: Text::new("99999999R").ok(),
        };
        let _ = read_reply(&envelope, &expectation);
    }
});
