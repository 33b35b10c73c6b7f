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
        let arrival = seen.clamp(now, now.saturating_add(burst));
        let next = arrival.saturating_add(gap);
        if next - now > burst {
            if arrival < seen {
                // Further ahead than a burst: left over from a limit that was wider. What is kept is the most that this one can owe.
                let _ = state.compare_exchange(seen, arrival, Ordering::Relaxed, Ordering::Relaxed);
            }
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ms(ms: u64) -> Boot {
        Boot::default().plus_ms(ms)
    }

    #[test]
    fn a_burst_is_the_whole_limit_and_then_one_at_a_time() {
        let (state, limit) = (AtomicU64::new(0), "4/1s".parse().unwrap());
        let at = |remaining, reset_s, retry_s| RateState { limit: 4, per_s: 1, remaining, reset_s, retry_s };
        let now = ms(1_000_000);
        assert_eq!([(); 5].map(|()| take(&state, limit, now)), [Ok(at(3, 1, 0)), Ok(at(2, 1, 0)), Ok(at(1, 1, 0)), Ok(at(0, 1, 1)), Err(at(0, 1, 1))]);
        assert_eq!(take(&state, limit, ms(1_000_249)), Err(at(0, 1, 1)));
        assert_eq!(take(&state, limit, ms(1_000_250)), Ok(at(0, 1, 1)));
        assert_eq!(take(&state, limit, ms(1_002_000)), Ok(at(3, 1, 0)));
    }

    #[test]
    fn waiting_times_of_long_periods_are_told_apart() {
        let (state, limit) = (AtomicU64::new(0), "24/1d".parse().unwrap());
        let now = ms(5);
        (0..24).for_each(|_| assert!(take(&state, limit, now).is_ok()));
        let refused = take(&state, limit, now).unwrap_err();
        assert_eq!((refused.reset_s, refused.retry_s, refused.remaining), (86_400, 3_600, 0));
    }

    #[test]
    fn a_narrower_limit_does_not_inherit_the_debt_of_a_wider_one() {
        let state = AtomicU64::new(0);
        (0..10).for_each(|_| assert!(take(&state, "10/1d".parse().unwrap(), ms(1)).is_ok()));
        let narrow = "10/1s".parse().unwrap();
        assert!(take(&state, narrow, ms(1)).is_err());
        assert!(take(&state, narrow, ms(101)).is_ok());
    }

    #[test]
    fn clocks_of_two_threads_may_differ_a_little() {
        let (state, limit) = (AtomicU64::new(0), "3/1s".parse().unwrap());
        assert!(take(&state, limit, ms(1_000)).is_ok());
        assert_eq!(take(&state, limit, ms(999)).unwrap().remaining, 0, "one taken, one unit ahead");
    }

    proptest! {
        /// In no stretch of one period is more than twice the limit admitted (a full burst and what comes back meanwhile), and never more than the
        /// limit at one moment; whoever is refused is admitted after the time that was said.
        #[test]
        fn the_limit_holds(requests in 1u32..50, per_ms in 1u64..5_000, gaps in prop::collection::vec(0u64..300, 1..200)) {
            let limit = RateLimit::new(requests, keywright_domain::time::Span::from_us(per_ms as i64 * 1_000)).unwrap();
            let state = AtomicU64::new(0);
            let (mut now, mut admitted) = (1_000_000u64, Vec::new());
            for gap in gaps {
                now += gap;
                match take(&state, limit, ms(now)) {
                    Ok(after) => {
                        admitted.push(now);
                        prop_assert!(after.remaining < requests);
                    }
                    Err(refused) => {
                        let probe = AtomicU64::new(state.load(Ordering::Relaxed));
                        prop_assert!(refused.retry_s >= 1 && take(&probe, limit, ms(now + refused.retry_s * 1_000)).is_ok());
                    }
                }
                let recent = admitted.iter().filter(|at| now - **at < per_ms).count();
                prop_assert!(recent <= 2 * requests as usize);
                let at_once = admitted.iter().filter(|at| **at == now).count();
                prop_assert!(at_once <= requests as usize);
            }
        }
    }
}
