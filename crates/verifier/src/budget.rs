//! Checks of public-key signatures cost tens of microseconds: whoever sends wrong ones, one after the other, is stopped before they are looked at,
//! once they are so many that the node has to care.
//!
//! Only checks that failed are counted: all together, and by whom they name and where they come from. As long as the node has room for more, nobody is
//! stopped; then those are whose own count is used up. So a wrong signer elsewhere stops nobody here, and where nobody says where requests come
//! from, nobody is stopped at all: the right signer could not be told from the wrong one. The table has a fixed size; two that share a place in it
//! share its count.

use std::hash::{BuildHasher, Hash};
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};

use foldhash::fast::RandomState;
use keywright_domain::credential::RateLimit;
use keywright_domain::limits;
use keywright_domain::time::{Boot, Span};

use crate::rate_limits;

/// Places; 128 kB.
const PLACES: usize = 16 * 1_024;

pub(crate) struct Budget {
    places: Box<[AtomicU64]>,
    all: AtomicU64,
    hasher: RandomState,
    limit: Option<RateLimit>,
    limit_of_all: Option<RateLimit>,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            places: (0..PLACES).map(|_| AtomicU64::new(0)).collect(),
            all: AtomicU64::new(0),
            // Seeded anew in each process: nobody can aim at another one's place.
            hasher: RandomState::default(),
            limit: RateLimit::new(limits::FAILED_CHECKS, limits::FAILED_CHECKS_PER).ok(),
            limit_of_all: RateLimit::new(limits::FAILED_CHECKS_OF_NODE, Span::from_s(1)).ok(),
        }
    }
}

impl Budget {
    fn place(&self, who: impl Hash) -> &AtomicU64 {
        &self.places[self.hasher.hash_one(who) as usize % PLACES]
    }

    /// Whether a check is refused unseen.
    pub(crate) fn stops(&self, who: impl Hash, source: Option<IpAddr>, now: Boot) -> bool {
        source.is_some() && is_used_up(&self.all, self.limit_of_all, now) && is_used_up(self.place(who), self.limit, now)
    }

    /// A check has failed. Gives whether these have failed too often, by themselves.
    pub(crate) fn failed(&self, who: impl Hash, source: Option<IpAddr>, now: Boot) -> bool {
        let taken = |place: &AtomicU64, limit: Option<RateLimit>| limit.is_none_or(|limit| rate_limits::take(place, limit, now).is_ok());
        let _ = taken(&self.all, self.limit_of_all);
        source.is_some() && !taken(self.place(who), self.limit)
    }
}

/// Of a copy, so that asking takes nothing.
fn is_used_up(place: &AtomicU64, limit: Option<RateLimit>, now: Boot) -> bool {
    let place = AtomicU64::new(place.load(Ordering::Relaxed));
    limit.is_some_and(|limit| rate_limits::take(&place, limit, now).is_err())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::boot;

    #[test]
    fn whoever_fails_too_often_is_stopped_once_the_node_has_no_room_and_nobody_else_is() {
        let budget = Budget::default();
        let here: Option<IpAddr> = Some("192.0.2.1".parse().unwrap());
        for n in 0..limits::FAILED_CHECKS {
            assert!(!budget.failed(("one", here), here, boot(1_000)), "{n}");
        }
        assert!(budget.failed(("one", here), here, boot(1_000)), "too often by itself");
        assert!(!budget.stops(("one", here), here, boot(1_000)), "and still looked at, as there is room");
        for n in 0..limits::FAILED_CHECKS_OF_NODE {
            budget.failed(n, here, boot(1_000));
        }
        assert!(budget.stops(("one", here), here, boot(1_000)));
        assert!(!budget.stops(("other", here), here, boot(1_000)) && !budget.stops(("one", None::<IpAddr>), None, boot(1_000)));
        assert!(!budget.stops(("one", here), here, boot(1_200)), "a tenth of a second gives one back");
    }

    #[test]
    fn without_an_address_nobody_is_stopped() {
        let budget = Budget::default();
        for _ in 0..10 * limits::FAILED_CHECKS_OF_NODE {
            assert!(!budget.failed("one", None, boot(1_000)));
        }
        assert!(!budget.stops("one", None, boot(1_000)));
    }
}
