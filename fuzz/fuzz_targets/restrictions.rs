//! What was accepted has one canonical text, which is accepted again.
#![no_main]

use keywright_domain::credential::RateLimit;
use keywright_domain::credential::restrictions::{Networks, Origins};

libfuzzer_sys::fuzz_target!(|text: &str| {
    let items: Vec<&str> = text.split(' ').collect();
    if let Ok(networks) = Networks::parse(&items) {
        assert_eq!(Networks::from_text(&networks.to_text()), Ok(networks));
    }
    if let Ok(origins) = Origins::parse(&items) {
        assert_eq!(Origins::from_text(&origins.to_text()), Ok(origins));
    }
    if let Ok(limit) = text.parse::<RateLimit>() {
        assert_eq!(limit.to_string().parse(), Ok(limit));
    }
});
