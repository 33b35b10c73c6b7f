//! Public keys that are used often, as the library parses them. A replica has the memory for a million keys as bytes and not as parsed ones, and parsing takes
//! three of the 20 to 60 microseconds of a verification by RSA or on a NIST curve.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwapOption;
use keywright_crypto::public_key::{Algorithm, KeyType, ParsedKey, PublicKey};

/// Keys that are kept, each a few kilobytes.
const PLACES: usize = 4_096;

struct Kept {
    key: PublicKey,
    parsed: ParsedKey,
}

#[derive(Default)]
struct Place {
    /// Whose turn it was last. Who comes twice in a row is kept: who comes by once pushes nobody out.
    last: AtomicU64,
    kept: ArcSwapOption<Kept>,
}

/// They come into being with the first of them.
#[derive(Default)]
pub(crate) struct HotKeys(OnceLock<Box<[Place]>>);

impl HotKeys {
    /// [`PublicKey::verify`], for the key of `holder`, a number that tells holders apart where it can; the answer never depends on it.
    pub(crate) fn verify(&self, holder: u64, key: &PublicKey, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        // There is nothing to parse.
        if key.key_type() == KeyType::Ed25519 {
            return key.verify(algorithm, message, signature);
        }
        // Each algorithm has a place of its own: where several are tried, one does not push the other out.
        let holder = holder.wrapping_add((algorithm as u64) << 8);
        let places = self.0.get_or_init(|| (0..PLACES).map(|_| Place::default()).collect());
        let place = &places[usize::from(holder as u16) % PLACES];
        let again = place.last.load(Ordering::Relaxed) == holder;
        if !again {
            place.last.store(holder, Ordering::Relaxed);
        }
        if let Some(kept) = &*place.kept.load()
            && kept.parsed.algorithm() == algorithm
            && kept.key == *key
        {
            return kept.parsed.verify(message, signature);
        }
        match again.then(|| ParsedKey::new(key, algorithm)).flatten() {
            Some(parsed) => {
                let good = parsed.verify(message, signature);
                place.kept.store(Some(Arc::new(Kept { key: key.clone(), parsed })));
                good
            }
            None => key.verify(algorithm, message, signature),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use keywright_crypto::key_pair::KeyPair;

    impl HotKeys {
        fn keeps(&self, key: &PublicKey) -> bool {
            self.0.get().is_some_and(|places| places.iter().any(|place| place.kept.load().as_ref().is_some_and(|kept| kept.key == *key)))
        }
    }

    #[test]
    fn the_answer_is_that_of_the_key_whoever_is_kept() {
        let hot = HotKeys::default();
        let pairs = [KeyType::P256, KeyType::P256, KeyType::P384, KeyType::Ed25519, KeyType::Rsa2048].map(|key_type| KeyPair::generate(key_type).unwrap());
        for holders in [[1, 2, 3, 4, 5], [7; 5], [9, 9 + PLACES as u64, 9, 9, 9]] {
            for time in 0..4 {
                for (pair, holder) in pairs.iter().zip(holders) {
                    for algorithm in
                        [Algorithm::RsaPkcs1Sha256, Algorithm::RsaPssSha384, Algorithm::EcdsaP256Sha256, Algorithm::EcdsaP384Sha384, Algorithm::Ed25519]
                    {
                        let allowed = pair.key_type().allows(algorithm);
                        let signature = if allowed { pair.sign(algorithm, b"pay").unwrap() } else { vec![1; 64] };
                        let verify = |message: &[u8]| hot.verify(holder, pair.public(), algorithm, message, &signature);
                        assert_eq!((verify(b"pay"), verify(b"pax")), (allowed, false), "{algorithm:?} {holder} {time}");
                    }
                }
            }
        }
    }

    #[test]
    fn where_algorithms_are_tried_in_turn_the_right_one_is_kept() {
        let (hot, pair) = (HotKeys::default(), KeyPair::generate(KeyType::Rsa2048).unwrap());
        let signature = pair.sign(Algorithm::RsaPssSha512, b"pay").unwrap();
        for _ in 0..2 {
            assert!(!hot.verify(1, pair.public(), Algorithm::RsaPkcs1Sha256, b"pay", &signature));
            assert!(hot.verify(1, pair.public(), Algorithm::RsaPssSha512, b"pay", &signature));
        }
        let kept = hot.0.get().unwrap().iter().filter(|place| place.kept.load().is_some()).count();
        assert_eq!(kept, 2);
    }

    #[test]
    fn a_key_is_kept_from_its_second_use_in_a_row() {
        let (hot, pair, other) = (HotKeys::default(), KeyPair::generate(KeyType::P256).unwrap(), KeyPair::generate(KeyType::P256).unwrap());
        let uses = |pair: &KeyPair, holder| {
            let signature = pair.sign(Algorithm::EcdsaP256Sha256, b"pay").unwrap();
            assert!(hot.verify(holder, pair.public(), Algorithm::EcdsaP256Sha256, b"pay", &signature));
        };
        uses(&pair, 1);
        assert!(!hot.keeps(pair.public()));
        uses(&pair, 1);
        assert!(hot.keeps(pair.public()));
        uses(&other, 1 + PLACES as u64);
        assert!(hot.keeps(pair.public()) && !hot.keeps(other.public()), "who comes by does not push it out");
        uses(&pair, 1);
        uses(&other, 1 + PLACES as u64);
        assert!(hot.keeps(pair.public()) && !hot.keeps(other.public()), "nor by coming by again");
        uses(&other, 1 + PLACES as u64);
        assert!(!hot.keeps(pair.public()) && hot.keeps(other.public()));
    }
}
