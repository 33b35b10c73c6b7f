//! Nonces of signed requests that were accepted. A request that is sent a second time is a replay.
//!
//! A nonce is remembered until the signature that carried it is too old anyway. What was signed before this memory came into being could have
//! been accepted by the one before it, so it is refused: a restart is no way to replay. What says that it is signed later than now is good after a
//! restart too, so its nonce has to be on a disk before the request is accepted ([`NonceClaim::is_ahead`]), and is remembered from there.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{Mutex, OnceLock, PoisonError};

use keywright_crypto::digest;
use keywright_domain::ids::CredentialId;
use keywright_domain::limits;
use keywright_domain::time::Timestamp;

/// Shards, each with a lock of its own, so that requests seldom wait for each other and growing one is done in a moment.
const SHARDS: usize = 1_024;

/// A nonce that a proved request wants to use up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NonceClaim {
    /// 128 bits of the SHA-256 of credential and nonce.
    pub key: [u8; 16],
    /// When the request was signed.
    pub created: Timestamp,
    /// From then on the signature is too old, and the nonce is forgotten.
    pub until: Timestamp,
}

/// What becomes of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NonceAnswer {
    /// It was not used before, and is now.
    Fresh,
    /// It was used before.
    Reused,
    /// The memory is younger than the signature, and cannot say.
    TooYoung,
    /// There is no room to remember it.
    Full,
    /// What all nodes share, or the disk, did not answer.
    Silent,
}

impl NonceClaim {
    /// The claim of this credential to this nonce.
    #[must_use]
    pub fn new(credential: CredentialId, nonce: &[u8], created: Timestamp) -> Self {
        let digest = digest::sha256(&[&credential.bits().to_be_bytes(), nonce].concat());
        let mut key = [0; 16];
        key.copy_from_slice(&digest[..16]);
        Self { key, created, until: created.plus(limits::SIGNATURE_WINDOW) }
    }

    /// The claim of this credential to the id of an assertion that it has signed at `created`, until the assertion has expired. Such ids are a set
    /// of their own.
    #[must_use]
    pub fn assertion(credential: CredentialId, id: &[u8], created: Timestamp, until: Timestamp) -> Self {
        Self { until, ..Self::new(credential, &[b"jti ", id].concat(), created) }
    }

    /// Whether the signature is of a time after `now`, so that a memory that begins later could not tell that it was accepted before.
    #[must_use]
    pub fn is_ahead(&self, now: Timestamp) -> bool {
        self.created > now
    }

    fn words(&self) -> [u64; 2] {
        let word = |at: usize| u64::from_ne_bytes(std::array::from_fn(|i| self.key[at + i]));
        [word(0), word(8)]
    }
}

/// The memory of one node: bounded, and at most 64 bytes for each nonce in it.
pub struct NonceMemory {
    shards: Box<[Mutex<Shard>]>,
    born: OnceLock<Timestamp>,
    most_per_shard: usize,
}

#[derive(Default)]
struct Shard {
    /// By key: the second from which on it is forgotten. 24 bytes an entry, in a table that is at least half full.
    entries: HashMap<[u64; 2], u32, BuildHasherDefault<AsItIs>>,
    /// The second in which it was last looked through because it was full.
    swept_s: u32,
}

impl Default for NonceMemory {
    fn default() -> Self {
        Self::of(limits::NONCES_MAX)
    }
}

impl NonceMemory {
    /// One that remembers at most about so many nonces at a time; each of its 1,024 shards has an equal part of the room.
    #[must_use]
    pub fn of(most: usize) -> Self {
        Self { shards: (0..SHARDS).map(|_| Mutex::default()).collect(), born: OnceLock::new(), most_per_shard: most / SHARDS }
    }

    /// It remembers everything that is accepted from `now` on, by the store's clock. Only the first call counts.
    pub fn born(&self, now: Timestamp) {
        let _ = self.born.set(now);
    }

    /// Uses a nonce up, if it was not used before. `now` is the store's time.
    pub fn claim(&self, claim: &NonceClaim, now: Timestamp) -> NonceAnswer {
        if self.born.get().is_none_or(|born| claim.created < *born) {
            return NonceAnswer::TooYoung;
        }
        let key = claim.words();
        let (now_s, until_s) = (seconds(now), seconds(claim.until).saturating_add(1));
        // A shard is whole whatever its last user was doing.
        let mut shard = self.shards[key[1] as usize % SHARDS].lock().unwrap_or_else(PoisonError::into_inner);
        let full = |shard: &Shard| shard.entries.len() >= self.most_per_shard;
        // Before it grows, and so once in as many claims as it has entries; and once a second while it is full.
        if shard.entries.len() == shard.entries.capacity() || (full(&shard) && shard.swept_s != now_s) {
            shard.swept_s = now_s;
            shard.entries.retain(|_, until| *until >= now_s);
        }
        let full = full(&shard);
        match shard.entries.entry(key) {
            Entry::Occupied(known) if *known.get() >= now_s => NonceAnswer::Reused,
            Entry::Occupied(mut forgotten) => {
                forgotten.insert(until_s);
                NonceAnswer::Fresh
            }
            Entry::Vacant(_) if full => NonceAnswer::Full,
            Entry::Vacant(free) => {
                free.insert(until_s);
                NonceAnswer::Fresh
            }
        }
    }

    /// Remembers what was used up before this memory began.
    pub(crate) fn remember(&self, claim: &NonceClaim) {
        let key = claim.words();
        let mut shard = self.shards[key[1] as usize % SHARDS].lock().unwrap_or_else(PoisonError::into_inner);
        shard.entries.insert(key, seconds(claim.until).saturating_add(1));
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.lock().unwrap().entries.len()).sum()
    }
}

fn seconds(at: Timestamp) -> u32 {
    u32::try_from(at.us() / 1_000_000).unwrap_or(u32::MAX)
}

/// Keys are parts of a SHA-256: there is nothing left to hash.
#[derive(Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn write(&mut self, key: &[u8]) {
        // The last word chooses the shard; the first one the place in it. Lengths are written too, and are shorter.
        if let Some(first) = key.first_chunk() {
            self.0 = u64::from_ne_bytes(*first);
        }
    }

    fn write_usize(&mut self, _: usize) {}

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::at;

    fn claim(nonce: u32, created_s: i64) -> NonceClaim {
        NonceClaim::new(CredentialId::from_bits(1), &nonce.to_be_bytes(), at(created_s))
    }

    fn memory(most: usize) -> NonceMemory {
        let memory = NonceMemory::of(most);
        memory.born(at(0));
        memory
    }

    #[test]
    fn a_nonce_is_used_up_once_by_each_credential_until_its_signature_is_too_old() {
        let memory = memory(1 << 20);
        assert_eq!(memory.claim(&claim(1, 10), at(10)), NonceAnswer::Fresh);
        for now in [10, 300, 310] {
            assert_eq!(memory.claim(&claim(1, 10), at(now)), NonceAnswer::Reused);
            assert_eq!(memory.claim(&claim(1, 20), at(now)), NonceAnswer::Reused, "one set over all signatures");
        }
        let other = NonceClaim::new(CredentialId::from_bits(2), &1u32.to_be_bytes(), at(10));
        assert_eq!(memory.claim(&other, at(10)), NonceAnswer::Fresh);
        assert_eq!(memory.claim(&claim(1, 400), at(400)), NonceAnswer::Fresh);
    }

    #[test]
    fn what_was_signed_before_the_memory_began_is_not_taken() {
        let unborn = NonceMemory::of(1 << 20);
        assert_eq!(unborn.claim(&claim(1, 10), at(10)), NonceAnswer::TooYoung);
        unborn.born(at(11));
        unborn.born(at(5));
        assert_eq!(unborn.claim(&claim(1, 10), at(12)), NonceAnswer::TooYoung);
        assert_eq!(unborn.claim(&claim(1, 11), at(12)), NonceAnswer::Fresh);
    }

    #[test]
    fn what_was_signed_ahead_of_time_is_remembered_from_before() {
        let memory = NonceMemory::of(1 << 20);
        memory.remember(&claim(1, 60));
        memory.born(at(10));
        assert!(claim(1, 60).is_ahead(at(10)) && !claim(1, 10).is_ahead(at(10)));
        assert_eq!(memory.claim(&claim(1, 60), at(70)), NonceAnswer::Reused);
        assert_eq!(memory.claim(&claim(2, 60), at(70)), NonceAnswer::Fresh);
    }

    #[test]
    fn memory_is_bounded_and_is_free_again_once_nonces_are_forgotten() {
        let memory = memory(4 * SHARDS);
        let answers = |from: u32, s: i64| (from..from + 20_000).map(|n| memory.claim(&claim(n, s), at(s))).filter(|a| *a == NonceAnswer::Full).count();
        assert!(answers(0, 10) > 10_000);
        assert!(memory.len() <= 4 * SHARDS);
        assert!(answers(100_000, 1_000) < 17_000, "what was forgotten made room");
        assert_eq!(memory.claim(&claim(0, 2_000), at(2_000)), NonceAnswer::Fresh, "and may be used again");
    }

    #[test]
    fn an_entry_takes_no_more_than_64_bytes() {
        let memory = memory(1 << 24);
        for n in 0..200_000 {
            assert_eq!(memory.claim(&claim(n, 10), at(10)), NonceAnswer::Fresh);
        }
        // A table has 8 places for 7 entries of its capacity, each with its 24 bytes and one of control.
        let places: usize = memory.shards.iter().map(|shard| shard.lock().unwrap().entries.capacity() * 8 / 7).sum();
        let bytes = places * (size_of::<([u64; 2], u32)>() + 1);
        assert!(bytes / memory.len() <= 64, "{} bytes", bytes / memory.len());
    }
}
