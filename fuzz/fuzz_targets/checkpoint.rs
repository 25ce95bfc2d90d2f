//! Anchors and checkpoints come from files and databases others may have written.

#![no_main]

use interop_gateway::audit::log::checkpoint;
use libfuzzer_sys::fuzz_target;

/// Of the key whose seed is the bytes 0 to 31: nobody but a test signs with it.
const KEY: &str = "log.example.cat/exchange/2026+64f28e14+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4";

fuzz_target!(|bytes: &[u8]| {
    if let Ok(tree) = checkpoint::read(bytes, KEY) {
        assert!(i64::try_from(tree.size).is_ok());
    }
    if let Ok(key) = std::str::from_utf8(bytes) {
        let _ = checkpoint::read(b"", key); // the key is foreign too, for whoever verifies
    }
});
