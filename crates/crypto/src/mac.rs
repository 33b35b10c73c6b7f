//! Message authentication: HMAC-SHA-256 (RFC 2104, FIPS 198-1) under the secret of a credential.

use aws_lc_rs::hmac;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::digest;

pub use keywright_domain::limits::MAC_SECRET_BYTES_MAX as SECRET_BYTES_MAX;

/// The secret of an `hmac` credential. It has no `Debug` and no way back to its bytes, and is wiped when dropped.
///
/// It keeps the secret itself in place, 65 bytes: a prepared context of the library is ten times that, and replicas hold a million of these.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct MacKey {
    secret: [u8; SECRET_BYTES_MAX],
    len: u8,
}

/// Why bytes are no secret to make MACs with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a secret for HMAC has 1 to {SECRET_BYTES_MAX} bytes")]
pub struct MacKeyError;

impl MacKey {
    /// Copies the secret; the caller wipes theirs.
    ///
    /// # Errors
    /// [`MacKeyError`] unless it has 1 to [`SECRET_BYTES_MAX`] bytes.
    pub fn new(secret: &[u8]) -> Result<Self, MacKeyError> {
        let len = u8::try_from(secret.len()).ok().filter(|len| *len > 0).ok_or(MacKeyError)?;
        let mut key = Self { secret: [0; SECRET_BYTES_MAX], len };
        key.secret.get_mut(..secret.len()).ok_or(MacKeyError)?.copy_from_slice(secret);
        Ok(key)
    }

    /// The MAC of the parts, one after the other, as if they were one message.
    #[must_use]
    pub fn sign(&self, parts: &[&[u8]]) -> [u8; 32] {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.secret[..usize::from(self.len)]);
        let mut context = hmac::Context::with_key(&key);
        parts.iter().for_each(|part| context.update(part));
        let mut mac = [0; 32];
        mac.copy_from_slice(context.sign().as_ref());
        mac
    }

    /// Whether `mac` is the whole MAC of the message, in a time that does not depend on where it differs. A truncated MAC is none.
    #[must_use]
    pub fn verify(&self, message: &[u8], mac: &[u8]) -> bool {
        mac.try_into().is_ok_and(|mac| digest::equal(&self.sign(&[message]), mac))
    }

    /// The name of the algorithm by which `mac` is a MAC of the message under this secret, where it is another HMAC than ours: for people who took the
    /// wrong one, and for no decision.
    #[must_use]
    pub fn verify_other(&self, message: &[u8], mac: &[u8]) -> Option<&'static str> {
        let others = [(hmac::HMAC_SHA512, "HMAC-SHA512"), (hmac::HMAC_SHA384, "HMAC-SHA384"), (hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, "HMAC-SHA1")];
        let fits = |algorithm| hmac::verify(&hmac::Key::new(algorithm, &self.secret[..usize::from(self.len)]), message, mac).is_ok();
        others.into_iter().find(|(algorithm, _)| fits(*algorithm)).map(|(_, name)| name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231 sections 4.2 to 4.5: the cases with a key of at most one block and a whole MAC.
    #[test]
    fn the_vectors_of_rfc_4231() {
        let numbers: Vec<u8> = (1..=25).collect();
        let cases: [(&[u8], &[u8], &str); 4] = [
            (&[0x0b; 20], b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
            (b"Jefe", b"what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
            (&[0xaa; 20], &[0xdd; 50], "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
            (&numbers, &[0xcd; 50], "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"),
        ];
        for (secret, message, mac) in cases {
            let key = MacKey::new(secret).unwrap();
            assert_eq!(hex::encode(key.sign(&[message])), mac);
            assert_eq!(hex::encode(key.sign(&[&message[..3], b"", &message[3..]])), mac);
            assert!(key.verify(message, &hex::decode(mac).unwrap()));
        }
    }

    /// RFC 2202 section 3 and RFC 4231 section 4.3, test case 2 of each.
    #[test]
    fn other_hashes_are_told_by_their_names_and_are_no_macs_of_ours() {
        let key = MacKey::new(b"Jefe").unwrap();
        let text = b"what do ya want for nothing?";
        for (mac, name) in [
            ("effcdf6ae5eb2fa2d27416d5f184df9c259a7c79", "HMAC-SHA1"),
            ("164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737", "HMAC-SHA512"),
        ] {
            let mac = hex::decode(mac).unwrap();
            assert_eq!(key.verify_other(text, &mac), Some(name));
            assert!(!key.verify(text, &mac));
        }
        assert_eq!(key.verify_other(text, &key.sign(&[text])), None);
    }

    #[test]
    fn another_mac_message_or_secret_is_refused() {
        let key = MacKey::new(&[7; 64]).unwrap();
        let mac = key.sign(&[b"message"]);
        assert!(key.verify(b"message", &mac));
        assert!(!key.verify(b"massage", &mac));
        assert!(!MacKey::new(&[7; 63]).unwrap().verify(b"message", &mac));
        for len in 0..32 {
            assert!(!key.verify(b"message", &mac[..len]), "cut at {len}");
        }
        assert!(!key.verify(b"message", &[&mac[..], &[0]].concat()));
        for bit in 0..256 {
            let mut other = mac;
            other[bit / 8] ^= 1 << (bit % 8);
            assert!(!key.verify(b"message", &other), "bit {bit}");
        }
    }

    #[test]
    fn a_secret_has_a_length_and_a_million_of_them_fit() {
        for len in [0, 65, 255, 256, 300] {
            assert_eq!(MacKey::new(&vec![1; len]).err(), Some(MacKeyError), "{len}");
        }
        assert!(size_of::<MacKey>() < 100);
    }
}
