//! Hashes of secrets, and comparing them.

use subtle::ConstantTimeEq;

/// SHA-256 (FIPS 180-4). The right hash for keys with 178 random bits: there is nothing to guess that slow hashing would protect.
#[must_use]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
    let mut out = [0; 32];
    out.copy_from_slice(digest.as_ref());
    out
}

/// Whether two digests are equal, in a time that does not depend on where they differ.
#[must_use]
pub fn equal(a: &[u8; 32], b: &[u8; 32]) -> bool {
    // By words: byte by byte it would take as long as half a hash.
    let words = |digest: &[u8; 32]| [0, 8, 16, 24].map(|at| u64::from_ne_bytes(std::array::from_fn(|i| digest[at + i])));
    let (a, b) = (words(a), words(b));
    (a[0].ct_eq(&b[0]) & a[1].ct_eq(&b[1]) & a[2].ct_eq(&b[2]) & a[3].ct_eq(&b[3])).into()
}

#[cfg(test)]
mod tests {
    #[test]
    fn one_changed_bit_is_another_digest() {
        let a = super::sha256(b"abc");
        assert!(super::equal(&a, &a.clone()));
        for bit in 0..256 {
            let mut b = a;
            b[bit / 8] ^= 1 << (bit % 8);
            assert!(!super::equal(&a, &b), "{bit}");
        }
    }

    #[test]
    fn the_vector_of_fips_180_4() {
        assert_eq!(hex::encode(super::sha256(b"abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
