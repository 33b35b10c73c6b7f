//! A catalogue is either good, or refused with places that lie in the text.
#![no_main]

use keywright_domain::catalogue;

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Err(faults) = catalogue::parse(text) {
        assert!(!faults.0.is_empty());
        let lines = text.split('\n').count();
        assert!(faults.0.iter().all(|fault| (1..=lines).contains(&fault.line) && fault.column >= 1));
    }
});
