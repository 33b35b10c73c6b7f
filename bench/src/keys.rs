//! Keys that can be made again from their number, so that no list of them has to be kept.

use keywright_domain::credential::secret_form::{self, DIGITS};

/// Bytes of a key.
pub(crate) const KEY_BYTES: usize = 44;

/// Mixes bits (SplitMix64), so that keys and ids are in no order.
#[must_use]
pub(crate) const fn mixed(n: u64) -> u64 {
    let mut z = n.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ z >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ z >> 31
}

/// The key with this number.
#[must_use]
pub(crate) fn key(n: u64) -> String {
    let mut key = String::with_capacity(KEY_BYTES);
    key.push_str("kw_live_");
    let (mut a, mut b) = (mixed(n), mixed(!n));
    for _ in 0..15 {
        key.push(char::from(DIGITS[(a % 62) as usize]));
        key.push(char::from(DIGITS[(b % 62) as usize]));
        (a, b) = ((a / 62).wrapping_add(b << 40), (b / 62).wrapping_add(a << 40));
    }
    secret_form::complete(&mut key);
    key
}

/// The same with another last character: a typo.
#[must_use]
pub(crate) fn mistyped(n: u64) -> String {
    let mut key = key(n);
    let last = key.pop();
    key.push(if last == Some('a') { 'b' } else { 'a' });
    key
}
