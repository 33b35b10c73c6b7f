//! From a hash to the slots that may hold what has it, copied on write shard by shard.
//!
//! 16 × 64 shards, chosen by the upper 10 bits of the hash; a shard is a table with linear probing whose entries are 32 more bits of the hash and
//! a slot number. So a look-up touches one or two cache lines here and then, but for one chance in 2³² a probe, only the row that it wants; and
//! growing a shard looks at no row at all.

use std::sync::Arc;

use super::prefetch::prefetch;

/// Few enough that where the shards are stays in a cache.
const GROUPS: usize = 16;
const SHARDS: usize = 64;

/// Cloning it shares everything.
#[derive(Clone)]
pub(crate) struct Index {
    groups: Arc<[Arc<[Shard]>]>,
}

#[derive(Clone, Default)]
struct Shard {
    /// Bits of the hash in the upper half, slot number plus 1 in the lower; 0 is empty.
    entries: Arc<[u64]>,
    used: u32,
}

impl Default for Index {
    fn default() -> Self {
        let empty: Arc<[Shard]> = (0..SHARDS).map(|_| Shard::default()).collect();
        Self { groups: (0..GROUPS).map(|_| empty.clone()).collect() }
    }
}

/// The hash of an id. Most of its bits are random already.
pub(crate) fn of_id(bits: u128) -> u64 {
    let mut hash = (bits as u64) ^ ((bits >> 64) as u64).rotate_left(32);
    hash = (hash ^ hash >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    hash = (hash ^ hash >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    hash ^ hash >> 31
}

/// The hash of a digest, which is one.
#[inline]
pub(crate) fn of_digest(digest: &[u8; 32]) -> u64 {
    let mut first = [0; 8];
    first.copy_from_slice(&digest[..8]);
    u64::from_be_bytes(first)
}

const fn shard_of(hash: u64) -> (usize, usize) {
    ((hash >> 60) as usize, (hash >> 54) as usize % SHARDS)
}

/// The bits that an entry keeps.
const fn kept(hash: u64) -> u32 {
    (hash >> 20) as u32
}

/// Where an entry with these bits belongs in a table of `len` (Lemire's multiplication instead of a division).
const fn home(kept: u32, len: usize) -> usize {
    ((kept as u64 * len as u64) >> 32) as usize
}

impl Index {
    /// One with room for about so many entries, so that filling it leaves no holes in memory.
    pub(crate) fn with_room(entries: u64) -> Self {
        let each = usize::try_from(entries).unwrap_or(0) / (GROUPS * SHARDS);
        if each == 0 {
            return Self::default();
        }
        let shard = || Shard { entries: vec![0; room(each)].into(), used: 0 };
        Self { groups: (0..GROUPS).map(|_| (0..SHARDS).map(|_| shard()).collect()).collect() }
    }

    /// Slots whose hash agrees in 42 bits; the caller compares the rest.
    #[inline]
    pub(crate) fn candidates(&self, hash: u64) -> Candidates<'_> {
        let (group, shard) = shard_of(hash);
        let entries: &[u64] = &self.groups[group][shard].entries;
        Candidates { entries, kept: kept(hash), at: home(kept(hash), entries.len()) }
    }

    /// Begins to fetch what [`candidates`](Self::candidates) will look at.
    #[inline]
    pub(crate) fn prefetch(&self, hash: u64) {
        let candidates = self.candidates(hash);
        if let Some(entry) = candidates.entries.get(candidates.at) {
            prefetch(entry);
        }
    }

    /// Adds an entry. Adding one twice is the caller's mistake and makes it be found twice.
    pub(crate) fn insert(&mut self, hash: u64, slot: u32) {
        let shard = self.shard_mut(hash);
        if (shard.used as usize + 1) * 5 > shard.entries.len() * 4 {
            shard.resize();
        }
        shard.used += 1;
        put(Arc::make_mut(&mut shard.entries), u64::from(kept(hash)) << 32 | (u64::from(slot) + 1));
    }

    /// Removes an entry, if it is there.
    pub(crate) fn remove(&mut self, hash: u64, slot: u32) {
        let entry = u64::from(kept(hash)) << 32 | (u64::from(slot) + 1);
        let shard = self.shard_mut(hash);
        let len = shard.entries.len();
        let Some(mut hole) = shard.entries.iter().position(|e| *e == entry) else { return };
        let entries = Arc::make_mut(&mut shard.entries);
        let mut at = hole;
        loop {
            at = (at + 1) % len;
            let entry = entries[at];
            if entry == 0 || at == hole {
                break;
            }
            // An entry may move into the hole unless that would put it before its home.
            let home = home((entry >> 32) as u32, len);
            if (hole + len - home) % len < (at + len - home) % len {
                entries[hole] = entry;
                hole = at;
            }
        }
        entries[hole] = 0;
        shard.used -= 1;
        if len > 16 && (shard.used as usize) * 3 < len {
            shard.resize();
        }
    }

    fn shard_mut(&mut self, hash: u64) -> &mut Shard {
        let (group, shard) = shard_of(hash);
        &mut Arc::make_mut(&mut Arc::make_mut(&mut self.groups)[group])[shard]
    }
}

/// A run of entries, from the home of a hash to the next empty place. There always is one.
pub(crate) struct Candidates<'a> {
    entries: &'a [u64],
    kept: u32,
    at: usize,
}

impl Iterator for Candidates<'_> {
    type Item = u32;

    #[inline]
    fn next(&mut self) -> Option<u32> {
        loop {
            let entry = *self.entries.get(self.at)?;
            if entry == 0 {
                return None;
            }
            self.at = if self.at + 1 == self.entries.len() { 0 } else { self.at + 1 };
            if (entry >> 32) as u32 == self.kept {
                return Some(entry as u32 - 1);
            }
        }
    }
}

impl Shard {
    fn resize(&mut self) {
        let mut entries = vec![0; room(self.used as usize + 1)];
        self.entries.iter().filter(|entry| **entry != 0).for_each(|entry| put(&mut entries, *entry));
        self.entries = entries.into();
    }
}

/// Length of a table for so many entries: five sevenths full, until it is resized at four fifths.
const fn room(entries: usize) -> usize {
    entries * 7 / 5 + 2
}

/// There is always an empty place.
fn put(entries: &mut [u64], entry: u64) {
    let mut at = home((entry >> 32) as u32, entries.len());
    while entries[at] != 0 {
        at = (at + 1) % entries.len();
    }
    entries[at] = entry;
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_pinned_index_does_not_see_later_changes() {
        let mut index = Index::default();
        index.insert(7 << 20, 1);
        let pinned = index.clone();
        index.remove(7 << 20, 1);
        index.insert(7 << 20, 2);
        assert_eq!(pinned.candidates(7 << 20).collect::<Vec<_>>(), [1]);
        assert_eq!(index.candidates(7 << 20).collect::<Vec<_>>(), [2]);
    }

    #[test]
    fn a_prepared_index_takes_more_than_it_was_prepared_for() {
        let mut index = Index::with_room(5_000);
        (0..20_000u32).for_each(|n| index.insert(of_id(u128::from(n)), n));
        assert!((0..20_000u32).all(|n| index.candidates(of_id(u128::from(n))).eq([n])));
    }

    proptest! {
        /// Few shards and homes, so that entries collide and runs wrap around.
        #[test]
        fn it_finds_what_was_put_in_and_nothing_else(steps in prop::collection::vec((any::<bool>(), 0u64..3, 0u64..40, any::<bool>()), 0..600)) {
            let (mut index, mut model) = (Index::default(), std::collections::BTreeSet::new());
            for (slot, (insert, shard, n, high)) in steps.into_iter().enumerate() {
                let slot = slot as u32;
                let hash = shard << 54 | (if high { 0xFFFF_FFFF - n } else { n }) << 20;
                if insert {
                    index.insert(hash, slot);
                    model.insert((hash, slot));
                } else if let Some(known) = model.iter().find(|(h, _)| *h >= hash).copied() {
                    index.remove(known.0, known.1);
                    model.remove(&known);
                }
            }
            for shard in 0..3 {
                for n in (0..40).chain(0xFFFF_FFFF - 40..=0xFFFF_FFFF) {
                    let hash = shard << 54 | n << 20;
                    let mut found: Vec<u32> = index.candidates(hash).collect();
                    found.sort_unstable();
                    let known: Vec<u32> = model.iter().filter(|(h, _)| *h == hash).map(|(_, s)| *s).collect();
                    prop_assert_eq!(found, known);
                }
            }
        }
    }
}
