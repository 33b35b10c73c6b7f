//! Rate limits: the generic cell rate algorithm (ITU-T I.371, annex A), 8 bytes a credential, counted by each node for itself.

use std::sync::atomic::{AtomicU64, Ordering};

use keywright_domain::credential::RateLimit;
use keywright_domain::time::Boot;

/// Where a credential stands after a request was admitted or refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateState {
    /// Requests in a period.
    pub limit: u32,
    /// The period in whole seconds (rounded up).
    pub per_s: u64,
    /// Requests that would be admitted now, one after the other.
    pub remaining: u32,
    /// Whole seconds (rounded up) until the full limit is there again.
    pub reset_s: u64,
    /// Whole seconds (rounded up) until the next request would be admitted; 0 while any remain.
    pub retry_s: u64,
}

/// Takes one request at `now`, if the limit has room: `Ok` when admitted, `Err` when refused.
///
/// `state` is the theoretical arrival time of the next request, in nanoseconds of this machine's [`Boot`] clock; 0 at first.
pub(crate) fn take(state: &AtomicU64, limit: RateLimit, now: Boot) -> Result<RateState, RateState> {
    let requests = u64::from(limit.requests());
    let per_ns = u64::try_from(limit.per().us()).unwrap_or(0).saturating_mul(1_000);
    // Rounded up, so that no period ever admits more than the limit; the whole limit still fits into one burst.
    let gap = per_ns.div_ceil(requests);
    let burst = gap * requests;
    let now = now.ns();
    let mut seen = state.load(Ordering::Relaxed);
    loop {
        // Further ahead than a burst: left over from a limit that was wider.
        let arrival = seen.clamp(now, now.saturating_add(burst));
        let next = arrival.saturating_add(gap);
        if next - now > burst {
            return Err(RateState { limit: limit.requests(), per_s: s(per_ns), remaining: 0, reset_s: s(arrival - now), retry_s: s(next - now - burst) });
        }
        match state.compare_exchange_weak(seen, next, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => {
                let remaining = (burst - (next - now)) / gap;
                let retry = if remaining == 0 { s(next + gap - now - burst) } else { 0 };
                return Ok(RateState {
                    limit: limit.requests(),
                    per_s: s(per_ns),
                    remaining: u32::try_from(remaining).unwrap_or(u32::MAX),
                    reset_s: s(next - now),
                    retry_s: retry,
                });
            }
            Err(newer) => seen = newer,
        }
    }
}

const fn s(ns: u64) -> u64 {
    ns.div_ceil(1_000_000_000)
}
