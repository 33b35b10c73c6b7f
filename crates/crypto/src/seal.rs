//! The master key, and what is sealed under it.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::hkdf;
use zeroize::Zeroizing;

use crate::digest;
use crate::random::{self, NoRandom};

/// The installation's master key: 32 bytes that never leave this type. Everything is sealed under sub-keys of it (HKDF, RFC 5869).
#[derive(Clone)]
pub struct MasterKey(Zeroizing<[u8; 32]>);

/// Why a text is not a master key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a master key is 64 hexadecimal digits (32 bytes) and nothing else")]
pub struct MasterKeyError;

/// Why something cannot be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// It was sealed under another master key, for another purpose, or was changed.
    #[error("it was sealed under another master key, or was changed")]
    Refused,
    /// It is not a sealed value, or of a later release.
    #[error("it is not a sealed value of this release")]
    Form,
}

/// What a sealed value is for. A value sealed for one purpose does not open for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The private key that signs revocation proofs.
    ProofKey,
    /// A mail that waits to leave.
    Mail,
    /// An answer that shows a secret and may be given again for a while.
    Answer,
    /// The private key of the OAuth 2 server that signs tokens.
    SigningKey,
    /// A challenge to prove possession of a private key over.
    Possession,
    /// The secret of a credential that must be had again: an `hmac` secret, or one that may be revealed.
    Credential,
}

impl Purpose {
    const fn label(self) -> &'static [u8] {
        match self {
            Self::ProofKey => b"keywright seal proof-key v1",
            Self::Mail => b"keywright seal mail v1",
            Self::Answer => b"keywright seal answer v1",
            Self::SigningKey => b"keywright seal signing-key v1",
            Self::Possession => b"keywright seal possession v1",
            Self::Credential => b"keywright seal credential v1",
        }
    }
}

/// First byte of a sealed value: the form. Second: the version of the master key.
const FORM: u8 = 1;
const NONCE: usize = 12;

/// A sub-key of a secret of 32 random bytes (HKDF-SHA-256). The parts of `info` count as one text.
pub(crate) fn expand(secret: &[u8], info: &[&[u8]]) -> Zeroizing<[u8; 32]> {
    let mut out = Zeroizing::new([0; 32]);
    // RFC 5869; an empty salt, as the input is uniformly random already (section 3.3).
    hkdf::Salt::new(hkdf::HKDF_SHA256, &[])
        .extract(secret)
        .expand(info, hkdf::HKDF_SHA256)
        .and_then(|okm| okm.fill(out.as_mut()))
        .expect("32 bytes are one block of HKDF-SHA-256");
    out
}

impl MasterKey {
    /// A new one.
    ///
    /// # Errors
    /// [`NoRandom`]
    pub fn generate() -> Result<Self, NoRandom> {
        Ok(Self(Zeroizing::new(random::bytes()?)))
    }

    /// From 64 hexadecimal digits; white space at the ends does not count.
    ///
    /// # Errors
    /// [`MasterKeyError`]
    pub fn from_hex(text: &str) -> Result<Self, MasterKeyError> {
        let mut key = Zeroizing::new([0; 32]);
        hex::decode_to_slice(text.trim(), key.as_mut()).map_err(|_| MasterKeyError)?;
        Ok(Self(key))
    }

    /// The 64 digits, for the file that keeps it.
    #[must_use]
    pub fn to_hex(&self) -> Zeroizing<String> {
        Zeroizing::new(hex::encode(*self.0))
    }

    /// Sixteen bytes that tell whether a store was made under this key, and nothing else about it.
    #[must_use]
    pub fn check_value(&self) -> [u8; 16] {
        let derived = self.derive(b"keywright check value v1");
        let mut out = [0; 16];
        out.copy_from_slice(&digest::sha256(derived.as_ref())[..16]);
        out
    }

    /// A key of its own for one part of the product, from which nobody gets back to this one.
    pub(crate) fn derive(&self, label: &[u8]) -> Zeroizing<[u8; 32]> {
        self.derive_with(label, &[])
    }

    fn derive_with(&self, label: &[u8], further: &[u8]) -> Zeroizing<[u8; 32]> {
        expand(self.0.as_ref(), &[label, further])
    }

    /// Seals `plain` (AES-256-GCM): form, key version, nonce, ciphertext and tag. `context` must be given again to open it, so that a
    /// sealed value cannot be moved to another row. The random 96-bit nonce allows 2³² values per purpose (NIST SP 800-38D section 8.3).
    ///
    /// # Errors
    /// [`NoRandom`]
    pub fn seal(&self, purpose: Purpose, context: &str, plain: &[u8]) -> Result<Vec<u8>, NoRandom> {
        self.seal_for(purpose, &[], context, plain)
    }

    /// [`seal`](Self::seal) for whoever comes with `further`, a secret of theirs that is not kept: the master key alone does not open it.
    ///
    /// # Errors
    /// [`NoRandom`]
    pub fn seal_for(&self, purpose: Purpose, further: &[u8], context: &str, plain: &[u8]) -> Result<Vec<u8>, NoRandom> {
        seal_under(&self.key(purpose, further), context, plain)
    }

    /// Opens what [`seal`](Self::seal) made.
    ///
    /// # Errors
    /// [`OpenError`]
    pub fn open(&self, purpose: Purpose, context: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        self.open_for(purpose, &[], context, sealed)
    }

    /// Opens what [`seal_for`](Self::seal_for) made.
    ///
    /// # Errors
    /// [`OpenError`]
    pub fn open_for(&self, purpose: Purpose, further: &[u8], context: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        open_under(&self.key(purpose, further), context, sealed)
    }

    fn key(&self, purpose: Purpose, further: &[u8]) -> LessSafeKey {
        sealing_key(&self.derive_with(purpose.label(), further))
    }

    /// The sub-key of this label.
    pub(crate) fn sub_key(&self, label: &[u8]) -> Zeroizing<[u8; 32]> {
        self.derive(label)
    }
}

/// The key of AES-256-GCM that these bytes are.
pub(crate) fn sealing_key(bytes: &[u8; 32]) -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&AES_256_GCM, bytes).expect("32 bytes are a key of AES-256-GCM"))
}

/// Form, key version, nonce, ciphertext and tag.
pub(crate) fn seal_under(key: &LessSafeKey, context: &str, plain: &[u8]) -> Result<Vec<u8>, NoRandom> {
    let nonce = random::bytes::<NONCE>()?;
    let mut sealed = plain.to_vec();
    key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(context.as_bytes()), &mut sealed).expect("sealing fails only above 64 GiB");
    Ok([&[FORM, 1], &nonce[..], &sealed].concat())
}

pub(crate) fn open_under(key: &LessSafeKey, context: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenError> {
    let [FORM, 1, rest @ ..] = sealed else { return Err(OpenError::Form) };
    let (nonce, rest) = rest.split_at_checked(NONCE).ok_or(OpenError::Form)?;
    let mut buffer = Zeroizing::new(rest.to_vec());
    let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| OpenError::Form)?;
    let plain = key.open_in_place(nonce, Aad::from(context.as_bytes()), &mut buffer).map_err(|_| OpenError::Refused)?;
    Ok(Zeroizing::new(plain.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_with_the_same_key_purpose_and_context_only() {
        let (key, other) = (MasterKey::generate().unwrap(), MasterKey::generate().unwrap());
        let sealed = key.seal(Purpose::ProofKey, "here", b"secret").unwrap();
        assert_eq!(key.open(Purpose::ProofKey, "here", &sealed).unwrap().as_slice(), b"secret");
        assert_eq!(key.open(Purpose::ProofKey, "there", &sealed), Err(OpenError::Refused));
        assert_eq!(key.open(Purpose::Mail, "here", &sealed), Err(OpenError::Refused));
        assert_eq!(other.open(Purpose::ProofKey, "here", &sealed), Err(OpenError::Refused));
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(key.open(Purpose::ProofKey, "here", &changed).is_err(), "byte {at}");
            assert!(key.open(Purpose::ProofKey, "here", &sealed[..at]).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn what_is_sealed_for_somebody_opens_with_what_they_bring_only() {
        let key = MasterKey::generate().unwrap();
        let sealed = key.seal_for(Purpose::Answer, b"their key", "here", b"secret").unwrap();
        assert_eq!(key.open_for(Purpose::Answer, b"their key", "here", &sealed).unwrap().as_slice(), b"secret");
        assert_eq!(key.open_for(Purpose::Answer, b"another", "here", &sealed), Err(OpenError::Refused));
        assert_eq!(key.open(Purpose::Answer, "here", &sealed), Err(OpenError::Refused));
    }

    #[test]
    fn a_master_key_survives_its_text_and_has_one_check_value() {
        let key = MasterKey::generate().unwrap();
        let again = MasterKey::from_hex(&format!(" {}\n", key.to_hex().as_str())).unwrap();
        assert_eq!(key.check_value(), again.check_value());
        for bad in ["", "00", &"0".repeat(63), &"g".repeat(64), &"0".repeat(66)] {
            assert!(MasterKey::from_hex(bad).is_err());
        }
    }
}
