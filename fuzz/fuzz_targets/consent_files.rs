//! A town's own files about consent: terms, purposes and the texts of notices.
//!
//! Read or refused, never a panic; what is read is written as it would be read again.
#![no_main]

use interop_gateway::consent::{Period, Purposes, Stretch, Text};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Ok(period) = text.parse::<Period>() {
        assert_eq!(period.to_string().parse(), Ok(period));
    }
    if let Ok(stretch) = text.parse::<Stretch>() {
        assert_eq!(stretch.to_string().parse(), Ok(stretch));
        assert!(stretch.after(jiff::Timestamp::UNIX_EPOCH) > jiff::Timestamp::UNIX_EPOCH);
    }
    let _ = Purposes::parse(text);
    if let Ok(notice) = Text::parse(text) {
        assert!(notice.same_structure(&notice));
    }
});
