//! Random bits from the operating system's generator.

use keywright_domain::credential::secret_form::{self, Brand, Class};
use keywright_domain::sign_in;

use crate::secret::Secret;

/// The operating system could not give random bits. Nothing secret can be made then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the operating system gave no random bits")]
pub struct NoRandom;

/// `N` random bytes.
///
/// # Errors
/// [`NoRandom`]
pub fn bytes<const N: usize>() -> Result<[u8; N], NoRandom> {
    let mut out = [0; N];
    aws_lc_rs::rand::fill(&mut out).map_err(|_| NoRandom)?;
    Ok(out)
}

/// 128 random bits, as ids, tags and epochs use them.
///
/// # Errors
/// [`NoRandom`]
pub fn bits() -> Result<u128, NoRandom> {
    Ok(u128::from_le_bytes(bytes()?))
}

/// A new secret of this class, with its check digits.
///
/// # Errors
/// [`NoRandom`]
pub fn secret(brand: &Brand, class: Class) -> Result<Secret, NoRandom> {
    // All room at once: a growing text would leave copies behind that nobody wipes.
    let mut text = String::with_capacity(secret_form::SECRET_BYTES_MAX);
    text.push_str(brand.as_str());
    text.push_str(class.infix());
    digits(&mut text, secret_form::DIGITS, secret_form::RANDOM_DIGITS)?;
    secret_form::complete(&mut text);
    Ok(Secret::new(text))
}

/// A new name of this class for something public: the same form, and no secret.
///
/// # Errors
/// [`NoRandom`]
pub fn public_half(brand: &Brand, class: Class) -> Result<String, NoRandom> {
    secret(brand, class).map(|named| named.expose().to_owned())
}

/// A new UUID of version 4 (RFC 9562 section 5.4), in lower case.
///
/// # Errors
/// [`NoRandom`]
pub fn uuid() -> Result<String, NoRandom> {
    let mut bytes = bytes::<16>()?;
    bytes[6] = bytes[6] & 0x0F | 0x40;
    bytes[8] = bytes[8] & 0x3F | 0x80;
    let hex = hex::encode(bytes);
    Ok([&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-"))
}

/// A new secret without a form of its own, as sessions, links and cookies carry: 32 base62 digits, 190 bits.
///
/// # Errors
/// [`NoRandom`]
pub fn opaque() -> Result<Secret, NoRandom> {
    let mut text = String::with_capacity(OPAQUE_DIGITS);
    digits(&mut text, secret_form::DIGITS, OPAQUE_DIGITS)?;
    Ok(Secret::new(text))
}

/// A new code to type in, in the form of [`sign_in::code`].
///
/// # Errors
/// [`NoRandom`]
pub fn code() -> Result<Secret, NoRandom> {
    let mut text = String::with_capacity(sign_in::CODE_CHARS);
    digits(&mut text, sign_in::CODE_ALPHABET, sign_in::CODE_CHARS)?;
    Ok(Secret::new(text))
}

const OPAQUE_DIGITS: usize = 32;

/// Adds `missing` characters of the alphabet, each as likely as the others.
fn digits(text: &mut String, alphabet: &[u8], mut missing: usize) -> Result<(), NoRandom> {
    // Rejection sampling: what is above the largest multiple of the alphabet's size would favour its first characters.
    let fair = 256 - 256 % alphabet.len();
    while missing > 0 {
        let mut pool = zeroize::Zeroizing::new(bytes::<64>()?);
        for byte in pool.iter_mut() {
            let drawn = usize::from(*byte);
            if missing > 0 && drawn < fair {
                text.push(char::from(alphabet[drawn % alphabet.len()]));
                missing -= 1;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_recognised_and_no_two_are_alike() {
        let brand = Brand::new("acmecorp").unwrap();
        let class = Class::ResourceServer;
        let (a, b) = (secret(&brand, class).unwrap(), secret(&brand, class).unwrap());
        assert_eq!(secret_form::recognise(a.expose().as_bytes(), &[brand]), Ok(class));
        assert_ne!(a.expose(), b.expose());
    }

    #[test]
    fn a_uuid_is_of_version_4() {
        let (a, b) = (uuid().unwrap(), uuid().unwrap());
        assert_ne!(a, b);
        assert_eq!((a.len(), a.as_bytes()[14], a.split('-').map(str::len).collect::<Vec<_>>()), (36, b'4', vec![8, 4, 4, 4, 12]));
        assert!(matches!(a.as_bytes()[19], b'8' | b'9' | b'a' | b'b'));
    }

    #[test]
    fn a_code_is_read_back_and_no_two_are_alike() {
        let (a, b) = (code().unwrap(), code().unwrap());
        assert_eq!(sign_in::code(a.expose()).as_deref(), Some(a.expose()));
        assert_ne!(a.expose(), b.expose());
        assert_ne!(opaque().unwrap().expose(), opaque().unwrap().expose());
        assert_eq!(opaque().unwrap().expose().len(), 32);
    }

    #[test]
    fn all_digits_come_up_about_equally_often() {
        let brand = Brand::default();
        let mut counts = [0u32; 62];
        for _ in 0..2_000 {
            let text = secret(&brand, Class::AccessToken).unwrap();
            for b in &text.expose().as_bytes()[6..36] {
                counts[secret_form::DIGITS.iter().position(|d| d == b).unwrap()] += 1;
            }
        }
        // 60,000 digits, 968 expected of each, σ = 31: eight σ either way.
        assert!(counts.iter().all(|c| (720..1_216).contains(c)), "{counts:?}");
    }
}
