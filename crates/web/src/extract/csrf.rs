//! The token of a form: the session's, under a mask that is new on each page, so that what is compressed beside it tells nothing about it.

use keywright_crypto::{digest, random};

/// As it stands in a form: 64 hexadecimal digits of mask, 64 of the masked token.
pub(crate) fn masked(token: &[u8; 32]) -> String {
    // Without random bits the mask is zero: the page works, and is as safe as one that is not compressed.
    let mask: [u8; 32] = random::bytes().unwrap_or_default();
    mask.iter().copied().chain(token.iter().zip(mask).map(|(t, m)| t ^ m)).map(|byte| format!("{byte:02x}")).collect()
}

/// Whether the form carries this session's token.
pub(crate) fn matches(token: &[u8; 32], given: &str) -> bool {
    let mut bytes = [0u8; 64];
    let digits = given.as_bytes();
    if digits.len() != 128 || !digits.is_ascii() {
        return false;
    }
    for (i, byte) in bytes.iter_mut().enumerate() {
        let Ok(value) = u8::from_str_radix(&given[2 * i..2 * i + 2], 16) else { return false };
        *byte = value;
    }
    let unmasked = std::array::from_fn(|i| bytes[i] ^ bytes[32 + i]);
    digest::equal(token, &unmasked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_masked_token_matches_its_own_and_is_another_each_time() {
        let (token, other) = ([7; 32], [8; 32]);
        let (a, b) = (masked(&token), masked(&token));
        assert_ne!(a, b);
        assert!(matches(&token, &a) && matches(&token, &b) && !matches(&other, &a));
        for bad in ["", "00", &a[1..], &format!("{a}0"), &"zz".repeat(64), &"é".repeat(64)] {
            assert!(!matches(&token, bad), "{bad}");
        }
    }
}
