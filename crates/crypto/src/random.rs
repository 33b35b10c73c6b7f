//! Random bits from the operating system's generator.

use keywright_domain::credential::secret_form::{self, Brand, Class};

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
    let mut missing = secret_form::RANDOM_DIGITS;
    while missing > 0 {
        let mut pool = zeroize::Zeroizing::new(bytes::<64>()?);
        for byte in pool.iter_mut() {
            // Rejection sampling: 248 = 4 × 62, so each digit is equally likely.
            if missing > 0 && *byte < 248 {
                text.push(char::from(secret_form::DIGITS[usize::from(*byte % 62)]));
                missing -= 1;
            }
        }
    }
    secret_form::complete(&mut text);
    Ok(Secret::new(text))
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
