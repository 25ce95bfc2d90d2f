//! Any envelope is searched for a fault, which keeps nothing but a plain code.
#![no_main]

use interop_gateway::exchange::pci::fault;
use interop_gateway::xml::{Limits, read};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(envelope) = read(bytes, &Limits::ANSWER)
        && let Some(fault) = fault::read(&envelope)
    {
        assert!(fault.code.as_str().len() <= 16);
    }
});
