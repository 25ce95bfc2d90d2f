//! Any bytes are verified or refused; without a trusted root nothing is believed as signed.
#![no_main]

use interop_gateway::exchange::pci::{
    Evidence, PlatformProfile, ResponseSignature, TrustRoots, signature,
};
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    for response_signature in [ResponseSignature::Required, ResponseSignature::IfPresent] {
        let profile = PlatformProfile {
            response_signature,
            ..PlatformProfile::aoc()
        };
        let verdict = signature::verify(bytes, &profile, &TrustRoots::none(), Timestamp::UNIX_EPOCH);
        if let Ok(envelope) = verdict {
            assert_eq!(envelope.evidence(), &Evidence::Unsigned);
        }
    }
});
