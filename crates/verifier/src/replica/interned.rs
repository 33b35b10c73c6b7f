//! Values that many credentials share, kept once. One that nobody uses any more is dropped.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use foldhash::fast::RandomState;

use super::table::{Slots, Table};

/// Values by what they were made from. Each value counts who uses it.
pub(crate) struct Interned<K, T> {
    known: HashMap<K, u32, RandomState>,
    values: Slots<Option<Arc<T>>>,
    /// By slot: what it was made from and how many use it.
    uses: Vec<Option<(K, u32)>>,
}

impl<K, T> Default for Interned<K, T> {
    fn default() -> Self {
        Self { known: HashMap::default(), values: Slots::default(), uses: Vec::new() }
    }
}

/// What a key is made from when it is kept.
pub(crate) trait ToKey<K> {
    fn to_key(&self) -> K;
}

impl ToKey<Box<str>> for str {
    fn to_key(&self) -> Box<str> {
        self.into()
    }
}

impl<K: Clone> ToKey<K> for K {
    fn to_key(&self) -> K {
        self.clone()
    }
}

impl<K: Eq + Hash, T> Interned<K, T> {
    /// What readers see.
    pub(crate) fn table(&self) -> &Table<Option<Arc<T>>> {
        self.values.table()
    }

    /// The slot of the value of `key`, with one more user.
    pub(crate) fn acquire<Q: ?Sized + Eq + Hash + ToKey<K>>(&mut self, key: &Q, make: impl FnOnce(&Q) -> T) -> u32
    where
        K: Borrow<Q>,
    {
        if let Some(slot) = self.known.get(key) {
            if let Some(Some((_, users))) = self.uses.get_mut(*slot as usize) {
                *users += 1;
            }
            return *slot;
        }
        let slot = self.values.insert(Some(Arc::new(make(key))));
        if self.uses.len() <= slot as usize {
            self.uses.resize_with(slot as usize + 1, || None);
        }
        self.uses[slot as usize] = Some((key.to_key(), 1));
        self.known.insert(key.to_key(), slot);
        slot
    }

    /// One user less.
    pub(crate) fn release(&mut self, slot: u32) {
        let Some(entry) = self.uses.get_mut(slot as usize) else { return };
        match entry {
            Some((_, users)) if *users > 1 => *users -= 1,
            Some((key, _)) => {
                self.known.remove(key);
                *entry = None;
                self.values.remove(slot);
            }
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_are_kept_once_and_until_their_last_user_leaves() {
        let mut interned: Interned<Box<str>, String> = Interned::default();
        let make = |k: &str| k.to_uppercase();
        let a = interned.acquire("a", make);
        assert_eq!(interned.acquire("a", |_| unreachable!()), a);
        let b = interned.acquire("b", make);
        let pinned = interned.table().clone();
        interned.release(a);
        assert!(interned.table().get(a).unwrap().is_some());
        interned.release(a);
        assert!(interned.table().get(a).unwrap().is_none());
        assert_eq!(pinned.get(a).unwrap().as_deref().unwrap(), "A");
        assert_eq!(interned.acquire("c", make), a, "the slot is used again");
        assert_eq!(interned.table().get(b).unwrap().as_deref().unwrap(), "B");
    }
}
