//! Any bytes are read within the limits, or refused.
#![no_main]

use interop_gateway::xml::{Limits, read};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = read(bytes, &Limits::ANSWER);
});
