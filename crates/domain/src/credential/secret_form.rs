//! The form of a secret: `<brand>_<class>_<30 base62><6 base62 of CRC-32>`, such as `kw_live_…`.
//!
//! The check digits tell a typo, a truncated key or a key of another environment without any look-up, and let a scanner find
//! leaked keys offline. They are no protection against guessing; the 30 random digits (178 bits) are.

use std::fmt;

use super::Environment;

/// Random base62 digits in a secret: 30 × log₂ 62 = 178 bits.
pub const RANDOM_DIGITS: usize = 30;
/// Base62 digits of the CRC-32.
pub const CHECK_DIGITS: usize = 6;
/// The digits, in order of value.
pub const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The provider's mark at the start of each secret: 2 to 8 lower-case letters or digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Brand(String);

/// Why a text is not a brand.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a brand: write 2 to 8 lower-case letters or digits, such as acme")]
pub struct BrandError(String);

impl Brand {
    /// # Errors
    /// [`BrandError`] unless it is 2 to 8 lower-case letters or digits.
    pub fn new(text: &str) -> Result<Self, BrandError> {
        let ok = (2..=8).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        if ok { Ok(Self(text.to_owned())) } else { Err(BrandError(crate::text::repeated(text))) }
    }
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Brand {
    fn default() -> Self {
        Self("kw".into())
    }
}

impl fmt::Display for Brand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a secret is for. Each class has a form of its own, so that none can be taken for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// `<brand>_live_…` or `<brand>_test_…`
    ApiKey(Environment),
    /// `<brand>_sk_live_…`: secret keys and consumer secrets.
    SecretKey(Environment),
    /// `<brand>_ak_live_…`: the public half of an `hmac` credential, which its page calls its API key. No secret.
    HmacApiKey(Environment),
    /// `<brand>_ci_live_…`: client ids, which are called consumer keys too. No secret.
    ClientId(Environment),
    /// `<brand>_at_…`: opaque access tokens.
    AccessToken,
    /// `<brand>_mgmt_…`: management tokens.
    Management,
    /// `<brand>_rs_…`: tokens of resource servers.
    ResourceServer,
    /// `<brand>_ia_…`: initial access tokens, by which clients register themselves (RFC 7591 section 3).
    InitialAccess,
    /// `<brand>_ra_…`: registration access tokens, by which a registered client changes itself (RFC 7592 section 3).
    RegistrationAccess,
}

impl Class {
    const ALL: [Self; 13] = [
        Self::ApiKey(Environment::Production),
        Self::ApiKey(Environment::Sandbox),
        Self::SecretKey(Environment::Production),
        Self::SecretKey(Environment::Sandbox),
        Self::HmacApiKey(Environment::Production),
        Self::HmacApiKey(Environment::Sandbox),
        Self::ClientId(Environment::Production),
        Self::ClientId(Environment::Sandbox),
        Self::AccessToken,
        Self::Management,
        Self::ResourceServer,
        Self::InitialAccess,
        Self::RegistrationAccess,
    ];

    /// The environment of a public half; none: it is a secret.
    #[must_use]
    pub const fn of_public_half(self) -> Option<Environment> {
        match self {
            Self::HmacApiKey(environment) | Self::ClientId(environment) => Some(environment),
            Self::ApiKey(_)
            | Self::SecretKey(_)
            | Self::AccessToken
            | Self::Management
            | Self::ResourceServer
            | Self::InitialAccess
            | Self::RegistrationAccess => None,
        }
    }

    /// What stands between the brand and the random digits.
    #[must_use]
    pub const fn infix(self) -> &'static str {
        match self {
            Self::ApiKey(Environment::Production) => "_live_",
            Self::ApiKey(Environment::Sandbox) => "_test_",
            Self::SecretKey(Environment::Production) => "_sk_live_",
            Self::SecretKey(Environment::Sandbox) => "_sk_test_",
            Self::HmacApiKey(Environment::Production) => "_ak_live_",
            Self::HmacApiKey(Environment::Sandbox) => "_ak_test_",
            Self::ClientId(Environment::Production) => "_ci_live_",
            Self::ClientId(Environment::Sandbox) => "_ci_test_",
            Self::AccessToken => "_at_",
            Self::Management => "_mgmt_",
            Self::ResourceServer => "_rs_",
            Self::InitialAccess => "_ia_",
            Self::RegistrationAccess => "_ra_",
        }
    }
}

/// Why a text is not a secret of this installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// No brand of this installation, or no class after it.
    #[error("this does not start like a secret of this installation")]
    Start,
    /// Too short or too long.
    #[error("this has not the right length for a secret: part of it may be missing")]
    Length,
    /// Other characters than digits and letters.
    #[error("this contains a character that no secret has")]
    Digit,
    /// The check digits do not fit: a typo.
    #[error("the check digits do not fit: this was mistyped or changed")]
    Check,
}

/// Recognises a secret by its form alone.
///
/// # Errors
/// [`Malformed`] says what is wrong with it.
pub fn recognise(text: &[u8], brands: &[Brand]) -> Result<Class, Malformed> {
    // A brand that starts another one ("ac", "acme") is told apart by the underscore that follows it.
    let after_brand = brands.iter().find_map(|b| text.strip_prefix(b.0.as_bytes()).filter(|rest| rest.first() == Some(&b'_')));
    let rest = after_brand.ok_or(Malformed::Start)?;
    let (class, digits) = Class::ALL.iter().find_map(|c| rest.strip_prefix(c.infix().as_bytes()).map(|d| (*c, d))).ok_or(Malformed::Start)?;
    if digits.len() != RANDOM_DIGITS + CHECK_DIGITS {
        return Err(Malformed::Length);
    }
    // Without a branch for each digit: keys are random, and no processor foresees what comes next.
    if digits.iter().fold(0, |seen, b| seen | VALUES[usize::from(*b)]) >= NO_DIGIT {
        return Err(Malformed::Digit);
    }
    let (covered, check) = text.split_at(text.len() - CHECK_DIGITS);
    if check_value(check) == Some(crc32fast::hash(covered)) { Ok(class) } else { Err(Malformed::Check) }
}

/// What [`VALUES`] has for a byte that is no digit: its bit is in no digit's value, so one comparison finds any among many.
pub const NO_DIGIT: u8 = 0x80;

/// The value of each base62 digit; [`NO_DIGIT`] for other bytes.
pub static VALUES: [u8; 256] = {
    let mut values = [NO_DIGIT; 256];
    let mut value = 0;
    while value < DIGITS.len() {
        values[DIGITS[value] as usize] = value as u8;
        value += 1;
    }
    values
};

/// The value of six base62 digits; none where it is above 2³²−1.
fn check_value(digits: &[u8]) -> Option<u32> {
    u32::try_from(digits.iter().fold(0, |sum, b| sum * 62 + u64::from(VALUES[usize::from(*b)]))).ok()
}

/// Appends the six check digits of everything that is in `secret` so far: brand, class and random digits.
/// It works in place so that the caller can keep the secret in memory that is wiped.
pub fn complete(secret: &mut String) {
    let mut value = crc32fast::hash(secret.as_bytes());
    let mut check = [0u8; CHECK_DIGITS];
    for digit in check.iter_mut().rev() {
        *digit = DIGITS[(value % 62) as usize];
        value /= 62;
    }
    secret.extend(check.iter().map(|b| char::from(*b)));
}

/// Bytes of the longest secret: an 8-letter brand, `_sk_live_`, random and check digits.
pub const SECRET_BYTES_MAX: usize = 8 + 9 + RANDOM_DIGITS + CHECK_DIGITS;

/// How lists show a key: `<brand>_<env>_…` and its last four characters.
#[must_use]
pub fn masked(brand: &Brand, class: Class, hint: &str) -> String {
    format!("{brand}{}…{hint}", class.infix())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn brands() -> Vec<Brand> {
        ["kw", "ac", "acme"].iter().map(|b| Brand::new(b).unwrap()).collect()
    }

    fn secret(start: &str, random: &str) -> String {
        let mut text = format!("{start}{random}");
        complete(&mut text);
        text
    }

    /// Test vectors, computed with an independent CRC-32 (`python3 -c 'import zlib; …'`).
    const VECTORS: [(&str, Class); 5] = [
        ("kw_live_0123456789ABCDEFGHIJKLMNOPQRST19V1x7", Class::ApiKey(Environment::Production)),
        ("kw_test_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1Ox4H2", Class::ApiKey(Environment::Sandbox)),
        ("acme_sk_live_ZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZ3REZem", Class::SecretKey(Environment::Production)),
        ("kw_rs_zyxwvutsrqponmlkjihgfedcba987643Uw6A", Class::ResourceServer),
        ("kw_mgmt_0000000000000000000000000000001TUmJs", Class::Management),
    ];

    #[test]
    fn the_vectors_are_recognised() {
        for (text, class) in VECTORS {
            let covered = &text[..text.len() - CHECK_DIGITS];
            assert_eq!(secret(covered, ""), text);
            assert_eq!(recognise(text.as_bytes(), &brands()), Ok(class), "{text}");
        }
    }

    #[test]
    fn each_fault_has_its_name() {
        let good = secret("kw_live_", &"x".repeat(30));
        let cases = [
            (format!("zz{}", &good[2..]), Malformed::Start),
            (good.replace("_live_", "_prod_"), Malformed::Start),
            ("kwlive".into(), Malformed::Start),
            (String::new(), Malformed::Start),
            (good[..good.len() - 1].into(), Malformed::Length),
            (format!("{good}x"), Malformed::Length),
            (good.replace('x', "é").chars().take(good.len()).collect(), Malformed::Length),
            (good.replacen('x', "-", 1), Malformed::Digit),
            (good.replacen('x', "y", 1), Malformed::Check),
            // 2³² is "4gfFC4" in base62: above what a CRC-32 can be.
            (format!("{}4gfFC4", &good[..good.len() - 6]), Malformed::Check),
            (format!("{}zzzzzz", &good[..good.len() - 6]), Malformed::Check),
        ];
        for (text, fault) in cases {
            assert_eq!(recognise(text.as_bytes(), &brands()), Err(fault), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_changed_character_is_always_seen(random in "[0-9A-Za-z]{30}", at in 8usize..44, to in "[0-9A-Za-z]") {
            let good = secret("kw_live_", &random);
            let mut changed = good.clone();
            changed.replace_range(at..=at, &to);
            prop_assert_eq!(recognise(changed.as_bytes(), &brands()).is_ok(), changed == good);
        }
        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = recognise(&bytes, &brands());
        }
    }
}
