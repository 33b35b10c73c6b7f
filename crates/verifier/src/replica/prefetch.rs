//! The one place with `unsafe`: asking the processor to fetch a line of memory before it is needed.
//!
//! A look-up among a million keys waits for memory three times, 100 to 300 ns each; hashing and checking take about as long and can happen
//! meanwhile. An ordinary read cannot stand in for this: the processor would wait for it.

#![allow(unsafe_code)]

/// Begins to fetch what `place` refers to into the first-level cache.
#[inline]
pub(super) fn prefetch<T>(place: &T) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: a prefetch is a hint. It reads nothing into a register, writes nothing and never faults, whatever the address; and this
        // address is that of a live reference. SSE is part of every x86-64.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(place).cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = place;
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_is_fetched_stays_as_it_is() {
        let values = vec![7u64; 1_000];
        values.iter().for_each(super::prefetch);
        super::prefetch(&());
        assert!(values.iter().all(|v| *v == 7));
    }
}
