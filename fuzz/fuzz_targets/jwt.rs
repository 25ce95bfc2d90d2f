//! Tokens of strangers: taken apart or refused, never a panic, and nothing over the limit is read.

#![no_main]

use interop_gateway::identity::jwt::{Compact, LONGEST, VerifyingKeys};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Ok(compact) = Compact::parse(text) {
        assert!(text.len() <= LONGEST);
        let _ = (compact.kid(), compact.is_typ("at+jwt"));
    }
    let _ = VerifyingKeys::from_jwks(text);
});
