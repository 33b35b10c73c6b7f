//! Opaque access tokens: `<brand>_at_<sealed content in base62><6 check digits>`.
//!
//! The content is sealed (AES-256-GCM) under the key of the day on which it was issued, which stands in the token: whoever holds the
//! [`TokenKeys`] opens any token without a look-up, nobody else learns anything from one or makes one.

mod base62;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use arc_swap::ArcSwap;
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use keywright_domain::credential::secret_form::{self, Brand, CHECK_DIGITS, Class};
use keywright_domain::ids::CredentialId;
use keywright_domain::time::Timestamp;
use zeroize::Zeroizing;

use crate::random::{self, NoRandom};
use crate::seal::{self, MasterKey};
use crate::secret::Secret;

use keywright_domain::limits::OPAQUE_TOKEN_BYTES_MAX as TEXT_BYTES_MAX;

/// First byte of what is sealed: the form. Then four bytes of the day, and the nonce.
const FORM: u8 = 1;
const HEAD: usize = 5;
const NONCE: usize = 12;
const TAG: usize = 16;
/// Bytes of the content before its texts: credential, version, token's id, two times, and the length of the audience.
const FIXED: usize = 16 + 4 + 16 + 8 + 8 + 1;
const DAY_US: i64 = 86_400_000_000;
/// Days whose keys are kept ready. Tokens live for hours, so two days are in use at a time.
const DAYS_KEPT: usize = 4;

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// The credential that asked for it.
    pub credential: CredentialId,
    /// The version of its secret by which it asked.
    pub version: u32,
    /// The `jti`: 128 random bits.
    pub token_id: u128,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// When it expires; whoever opens the token compares.
    pub expires_at: Timestamp,
    /// For which service it is: its slug or URI, at most 255 bytes.
    pub audience: String,
    /// Its scopes, with spaces between them.
    pub scopes: String,
}

/// Why no token was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MintError {
    /// Audience and scopes are too long for a token.
    #[error("an access token with this audience and these scopes would be longer than {TEXT_BYTES_MAX} bytes: ask for fewer scopes")]
    TooLong,
    /// No nonce could be made.
    #[error("{0}")]
    NoRandom(#[from] NoRandom),
}

/// Why a text is no access token of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It does not start like an access token of this installation.
    #[error("this does not start like an access token of this installation")]
    Start,
    /// Too long, or with a character that no token has, or a typo.
    #[error("this is not a whole access token: it was mistyped, changed or cut")]
    Form,
    /// The form is right; it was not sealed by us, or was changed.
    #[error("this access token was not made by this installation")]
    Seal,
}

/// The keys of access tokens: a sub-key of the master key, so that a verifier needs no more than this, and the keys of the days that are in use.
pub struct TokenKeys {
    root: Zeroizing<[u8; 32]>,
    days: ArcSwap<Vec<Arc<DayKey>>>,
}

struct DayKey {
    day: u32,
    key: LessSafeKey,
}

impl TokenKeys {
    /// Those of an installation.
    #[must_use]
    pub fn derive(master_key: &MasterKey) -> Self {
        Self::from_root(master_key.derive(b"keywright access tokens v1"))
    }

    /// From the 32 bytes that [`root`](Self::root) gave.
    #[must_use]
    pub fn from_root(root: Zeroizing<[u8; 32]>) -> Self {
        Self { root, days: ArcSwap::default() }
    }

    /// The 32 bytes from which all these keys come, for a verifier without the master key.
    #[must_use]
    pub fn root(&self) -> Zeroizing<[u8; 32]> {
        self.root.clone()
    }

    /// The key of this day, and whether it was ready.
    fn day(&self, day: u32) -> (Arc<DayKey>, bool) {
        if let Some(known) = self.days.load().iter().find(|known| known.day == day) {
            return (Arc::clone(known), true);
        }
        let secret = seal::expand(self.root.as_ref(), &[b"keywright access token day v1", &day.to_be_bytes()]);
        let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, secret.as_ref()).expect("32 bytes are a key of AES-256-GCM"));
        (Arc::new(DayKey { day, key }), false)
    }

    /// Keeps a key that has proved useful; one of a forged day never comes here, so nobody can push the others out.
    fn keep(&self, key: &Arc<DayKey>) {
        self.days.rcu(|days| {
            let others = days.iter().filter(|other| other.day != key.day);
            let mut kept: Vec<_> = others.chain([key]).cloned().collect();
            kept.sort_by_key(|key| std::cmp::Reverse(key.day));
            kept.truncate(DAYS_KEPT);
            kept
        });
    }

    /// Makes a token under the key of the day on which it is issued.
    ///
    /// # Errors
    /// [`MintError`]
    pub fn mint(&self, brand: &Brand, content: &Content) -> Result<Secret, MintError> {
        let day = u32::try_from(content.issued_at.us().max(0) / DAY_US).unwrap_or(u32::MAX);
        let start = brand.as_str().len() + Class::AccessToken.infix().len();
        let plain = write(content).ok_or(MintError::TooLong)?;
        let text_bytes = start + base62::digits(HEAD + NONCE + plain.len() + TAG) + CHECK_DIGITS;
        if text_bytes > TEXT_BYTES_MAX {
            return Err(MintError::TooLong);
        }
        let mut text = String::with_capacity(text_bytes);
        text.push_str(brand.as_str());
        text.push_str(Class::AccessToken.infix());

        let mut sealed = plain;
        let nonce = random::bytes::<NONCE>()?;
        let head = head(day);
        let (key, ready) = self.day(day);
        let tag = key
            .key
            .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::from([text.as_bytes(), &head].concat()), &mut sealed)
            .expect("sealing fails only above 64 GiB");
        if !ready {
            self.keep(&key);
        }
        base62::write(&mut text, &[&head, &nonce[..], &sealed, tag.as_ref()].concat());
        secret_form::complete(&mut text);
        Ok(Secret::new(text))
    }

    /// Opens a token that starts with one of these brands. Whether it has expired, was revoked or belongs to a live credential is not asked here.
    ///
    /// # Errors
    /// [`Refused`]
    pub fn open(&self, text: &str, brands: &[Brand]) -> Result<Content, Refused> {
        let rest = brands.iter().find_map(|brand| text.strip_prefix(brand.as_str())?.strip_prefix(Class::AccessToken.infix())).ok_or(Refused::Start)?;
        if text.len() > TEXT_BYTES_MAX || rest.len() < CHECK_DIGITS || !rest.is_ascii() {
            return Err(Refused::Form);
        }
        let start = &text[..text.len() - rest.len()];
        let covered = &text[..text.len() - CHECK_DIGITS];
        let mut checked = String::with_capacity(text.len());
        checked.push_str(covered);
        secret_form::complete(&mut checked);
        if checked != text {
            return Err(Refused::Form);
        }
        let mut bytes = base62::read(&covered.as_bytes()[start.len()..]).ok_or(Refused::Form)?;
        let (head, sealed) = bytes.split_at_mut_checked(HEAD).ok_or(Refused::Form)?;
        let [FORM, a, b, c, d] = *head else { return Err(Refused::Form) };
        let (nonce, sealed) = sealed.split_at_mut_checked(NONCE).ok_or(Refused::Form)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| Refused::Form)?;
        let (key, ready) = self.day(u32::from_be_bytes([a, b, c, d]));
        let plain = key.key.open_in_place(nonce, Aad::from([start.as_bytes(), head].concat()), sealed).map_err(|_| Refused::Seal)?;
        if !ready {
            self.keep(&key);
        }
        read(plain).ok_or(Refused::Seal)
    }
}

fn head(day: u32) -> [u8; HEAD] {
    let [a, b, c, d] = day.to_be_bytes();
    [FORM, a, b, c, d]
}

fn write(content: &Content) -> Option<Vec<u8>> {
    // `TEXT_BYTES_MAX` bounds the rest, once its digits are counted.
    let audience_len = u8::try_from(content.audience.len()).ok().filter(|_| content.scopes.len() <= TEXT_BYTES_MAX)?;
    let mut out = Vec::with_capacity(FIXED + content.audience.len() + content.scopes.len());
    out.extend(content.credential.bits().to_be_bytes());
    out.extend(content.version.to_be_bytes());
    out.extend(content.token_id.to_be_bytes());
    out.extend(content.issued_at.us().to_be_bytes());
    out.extend(content.expires_at.us().to_be_bytes());
    out.push(audience_len);
    out.extend_from_slice(content.audience.as_bytes());
    out.extend_from_slice(content.scopes.as_bytes());
    Some(out)
}

fn read(plain: &[u8]) -> Option<Content> {
    let (credential, rest) = plain.split_first_chunk()?;
    let (version, rest) = rest.split_first_chunk()?;
    let (token_id, rest) = rest.split_first_chunk()?;
    let (issued_at, rest) = rest.split_first_chunk()?;
    let (expires_at, rest) = rest.split_first_chunk()?;
    let (audience_len, rest) = rest.split_first()?;
    let (audience, scopes) = rest.split_at_checked(usize::from(*audience_len))?;
    let text = |bytes: &[u8]| std::str::from_utf8(bytes).ok().map(str::to_owned);
    Some(Content {
        credential: CredentialId::from_bits(u128::from_be_bytes(*credential)),
        version: u32::from_be_bytes(*version),
        token_id: u128::from_be_bytes(*token_id),
        issued_at: Timestamp::from_us(i64::from_be_bytes(*issued_at)),
        expires_at: Timestamp::from_us(i64::from_be_bytes(*expires_at)),
        audience: text(audience)?,
        scopes: text(scopes)?,
    })
}
