//! A growing array that is copied on write, piece by piece.
//!
//! Pieces of 128 values, in groups of 64 pieces: a change copies the piece that it touches and the two lists of pointers above it; all else is
//! shared with the states that readers have pinned. While nobody shares it, nothing is copied.

use std::sync::Arc;

/// Values in a piece: fewer make changes cheaper, more make the lists of pointers small enough to stay in a cache.
const VALUES: usize = 128;
/// Pieces in a group.
const PIECES: usize = 64;

type Piece<T> = Arc<[T]>;
type Group<T> = Arc<[Piece<T>]>;

/// Values by slot number. Cloning it shares everything.
#[derive(Clone)]
pub(crate) struct Table<T> {
    groups: Arc<[Group<T>]>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { groups: Arc::from(Vec::new()) }
    }
}

impl<T> Table<T> {
    /// The value in a slot; none beyond the end.
    #[inline]
    pub(crate) fn get(&self, slot: u32) -> Option<&T> {
        let slot = slot as usize;
        self.groups.get(slot / VALUES / PIECES)?.get(slot / VALUES % PIECES)?.get(slot % VALUES)
    }

    /// Slots, used or not.
    pub(crate) fn slots(&self) -> u32 {
        let pieces = match self.groups.split_last() {
            Some((last, full)) => full.len() * PIECES + last.len(),
            None => 0,
        };
        u32::try_from(pieces * VALUES).unwrap_or(u32::MAX)
    }
}

impl<T: Clone + Default> Table<T> {
    /// The value in a slot, to be changed: copies what is shared. None beyond the end.
    pub(crate) fn get_mut(&mut self, slot: u32) -> Option<&mut T> {
        let slot = slot as usize;
        let group = Arc::make_mut(&mut self.groups).get_mut(slot / VALUES / PIECES)?;
        let piece = Arc::make_mut(group).get_mut(slot / VALUES % PIECES)?;
        Arc::make_mut(piece).get_mut(slot % VALUES)
    }

    /// Adds a piece of blank values and gives their slots.
    pub(crate) fn grow(&mut self) -> std::ops::Range<u32> {
        let first = self.slots();
        let piece: Piece<T> = (0..VALUES).map(|_| T::default()).collect();
        let with = |pieces: &[Piece<T>], piece| -> Group<T> { pieces.iter().cloned().chain(std::iter::once(piece)).collect() };
        let mut groups = self.groups.to_vec();
        match groups.last_mut().filter(|last| last.len() < PIECES) {
            Some(last) => *last = with(last, piece),
            None => groups.push(with(&[], piece)),
        }
        self.groups = groups.into();
        first..self.slots()
    }
}

/// A table whose slots are given out and taken back.
pub(crate) struct Slots<T> {
    table: Table<T>,
    free: Vec<u32>,
}

impl<T> Default for Slots<T> {
    fn default() -> Self {
        Self { table: Table::default(), free: Vec::new() }
    }
}

impl<T: Clone + Default> Slots<T> {
    /// What readers see.
    pub(crate) fn table(&self) -> &Table<T> {
        &self.table
    }

    pub(crate) fn get(&self, slot: u32) -> Option<&T> {
        self.table.get(slot)
    }

    /// Puts a value into a free slot.
    pub(crate) fn insert(&mut self, value: T) -> u32 {
        let slot = match self.free.pop() {
            Some(slot) => slot,
            None => {
                let new = self.table.grow();
                self.free.extend(new.clone().skip(1).rev());
                new.start
            }
        };
        self.set(slot, value);
        slot
    }

    /// Replaces the value in a slot that is in use.
    pub(crate) fn set(&mut self, slot: u32, value: T) {
        if let Some(place) = self.table.get_mut(slot) {
            *place = value;
        }
    }

    /// Blanks a slot and takes it back.
    pub(crate) fn remove(&mut self, slot: u32) {
        self.set(slot, T::default());
        self.free.push(slot);
    }

    /// Slots in use.
    pub(crate) fn used(&self) -> usize {
        self.table.slots() as usize - self.free.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_pinned_state_does_not_see_later_changes() {
        let mut slots = Slots::default();
        let first = slots.insert(1u64);
        let pinned = slots.table().clone();
        slots.set(first, 2);
        let second = slots.insert(3);
        assert_eq!((pinned.get(first), pinned.get(second)), (Some(&1), Some(&0)));
        assert_eq!((slots.get(first), slots.get(second)), (Some(&2), Some(&3)));
        assert_eq!(slots.get(VALUES as u32), None);
    }

    #[test]
    fn a_table_that_nobody_shares_is_changed_in_place() {
        let mut slots = Slots::default();
        let slot = slots.insert(1u64);
        let before = std::ptr::from_ref(slots.get(slot).unwrap());
        slots.set(slot, 2);
        assert_eq!(before, std::ptr::from_ref(slots.get(slot).unwrap()));
    }

    proptest! {
        #[test]
        fn it_is_a_map_from_slots(steps in prop::collection::vec((any::<bool>(), any::<u16>()), 0..9_000)) {
            let (mut slots, mut model) = (Slots::default(), std::collections::BTreeMap::new());
            for (insert, n) in steps {
                if insert || model.is_empty() {
                    let slot = slots.insert(u32::from(n) + 1);
                    prop_assert_eq!(model.insert(slot, u32::from(n) + 1), None);
                } else {
                    let slot = *model.keys().nth(usize::from(n) % model.len()).unwrap();
                    model.remove(&slot);
                    slots.remove(slot);
                }
            }
            prop_assert_eq!(slots.used(), model.len());
            for slot in 0..slots.table().slots() {
                prop_assert_eq!(slots.get(slot).copied().unwrap(), model.get(&slot).copied().unwrap_or(0));
            }
        }
    }
}
