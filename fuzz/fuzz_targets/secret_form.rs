//! No bytes make the recogniser fail, and what it accepts has the length that a secret has.
#![no_main]

use keywright_domain::credential::secret_form::{Brand, SECRET_BYTES_MAX, recognise};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let brands = ["kw", "ac", "acme"].map(|brand| Brand::new(brand).expect("a good brand"));
    if recognise(bytes, &brands).is_ok() {
        assert!(bytes.len() <= SECRET_BYTES_MAX && bytes.is_ascii());
    }
});
