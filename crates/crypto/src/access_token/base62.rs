//! Bytes as base62 digits, eight bytes in eleven digits.
//!
//! Base62 as in every secret of ours, so that a double click takes all of it; by blocks, since one large number would cost the square of its
//! length. Each text of digits stands for one text of bytes at most: a block that no bytes give is refused.

use keywright_domain::credential::secret_form::{DIGITS, NO_DIGIT, VALUES};

const BLOCK: usize = 8;
/// Digits of 0 to 8 bytes: the fewest n with 62ⁿ ≥ 256ᵇ.
const DIGITS_OF: [usize; BLOCK + 1] = [0, 2, 3, 5, 6, 7, 9, 10, 11];
/// How many digits that many bytes take.
pub(super) const fn digits(bytes: usize) -> usize {
    bytes / BLOCK * DIGITS_OF[BLOCK] + DIGITS_OF[bytes % BLOCK]
}

/// Appends the digits of the bytes.
pub(super) fn write(out: &mut String, bytes: &[u8]) {
    for block in bytes.chunks(BLOCK) {
        let mut value = block.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
        let mut digits = [0; DIGITS_OF[BLOCK]];
        let digits = &mut digits[..DIGITS_OF[block.len()]];
        for digit in digits.iter_mut().rev() {
            *digit = DIGITS[(value % 62) as usize];
            value /= 62;
        }
        out.extend(digits.iter().map(|digit| char::from(*digit)));
    }
}

/// The bytes of the digits; none if another character is among them, or no bytes give them.
pub(super) fn read(text: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() / DIGITS_OF[BLOCK] * BLOCK + BLOCK);
    for block in text.chunks(DIGITS_OF[BLOCK]) {
        let len = DIGITS_OF.iter().position(|digits| *digits == block.len())?;
        // One comparison for the block: which digits come is random, so a branch for each would often be guessed wrong.
        let mut seen = 0;
        let value = block.iter().fold(0_u128, |sum, digit| {
            let value = VALUES[usize::from(*digit)];
            seen |= value;
            sum * 62 + u128::from(value)
        });
        if seen >= NO_DIGIT || value >> (8 * len) != 0 {
            return None;
        }
        out.extend_from_slice(&(value as u64).to_be_bytes()[BLOCK - len..]);
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn blocks_that_no_bytes_give_are_refused() {
        // 2⁶⁴ and 2⁶⁴−1 in base62; 256 and 255 for a block of one byte.
        assert_eq!(read(b"LygHa16AHYG"), None);
        assert_eq!(read(b"LygHa16AHYF"), Some(vec![0xff; 8]));
        assert_eq!((read(b"48"), read(b"47")), (None, Some(vec![0xff])));
        for bad in [&b"0"[..], b"0000", b"00000000", b"zz", b"0-", b"\xff\xff", b"000000000000"] {
            assert_eq!(read(bad), None, "{bad:?}");
        }
        assert_eq!(read(b""), Some(vec![]));
    }

    #[test]
    fn the_fewest_digits_are_taken() {
        for (bytes, digits) in DIGITS_OF.into_iter().enumerate().skip(1) {
            assert!(62_f64.powi(digits as i32) >= 256_f64.powi(bytes as i32) && 62_f64.powi(digits as i32 - 1) < 256_f64.powi(bytes as i32));
        }
    }

    proptest! {
        #[test]
        fn bytes_survive(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            let mut text = String::new();
            write(&mut text, &bytes);
            prop_assert_eq!(text.len(), digits(bytes.len()));
            prop_assert_eq!(read(text.as_bytes()), Some(bytes));
        }

        #[test]
        fn each_text_stands_for_one_thing(text in "[0-9A-Za-z]{0,40}") {
            if let Some(bytes) = read(text.as_bytes()) {
                let mut again = String::new();
                write(&mut again, &bytes);
                prop_assert_eq!(again, text);
            }
        }

        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let _ = read(&bytes);
        }
    }
}
