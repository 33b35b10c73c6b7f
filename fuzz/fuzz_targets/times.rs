//! What was read as a time or a span prints as a text that is read as the same.
#![no_main]

use keywright_domain::time::{Span, Timestamp};

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Ok(at) = text.parse::<Timestamp>() {
        assert_eq!(at.to_string().parse(), Ok(at));
    }
    if let Ok(span) = text.parse::<Span>() {
        assert_eq!(span.to_string().parse(), Ok(span));
    }
});
