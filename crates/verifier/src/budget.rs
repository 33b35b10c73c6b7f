//! Checks of public-key signatures cost tens of microseconds: whoever sends wrong ones, one after the other, is stopped before they are looked at.
//!
//! Only checks that failed are counted, by credential and source together, so nobody who signs rightly is ever charged, and a wrong signer elsewhere
//! stops nobody here. The table has a fixed size; two pairs that share a place share its budget.

use std::hash::BuildHasher;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};

use foldhash::fast::RandomState;
use keywright_domain::credential::RateLimit;
use keywright_domain::ids::CredentialId;
use keywright_domain::limits;
use keywright_domain::time::Boot;

use crate::rate_limits;

/// Places; 128 kB.
const PLACES: usize = 16 * 1_024;

pub(crate) struct Budget {
    places: Box<[AtomicU64]>,
    hasher: RandomState,
    limit: Option<RateLimit>,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            places: (0..PLACES).map(|_| AtomicU64::new(0)).collect(),
            // Seeded anew in each process: nobody can aim at another one's place.
            hasher: RandomState::default(),
            limit: RateLimit::new(limits::FAILED_CHECKS, limits::FAILED_CHECKS_PER).ok(),
        }
    }
}

impl Budget {
    fn place(&self, credential: CredentialId, source: Option<IpAddr>) -> &AtomicU64 {
        &self.places[self.hasher.hash_one((credential.bits(), source)) as usize % PLACES]
    }

    /// Whether a check may be made.
    pub(crate) fn has_room(&self, credential: CredentialId, source: Option<IpAddr>, now: Boot) -> bool {
        // Of a copy, so that asking takes nothing.
        let place = AtomicU64::new(self.place(credential, source).load(Ordering::Relaxed));
        self.limit.is_none_or(|limit| rate_limits::take(&place, limit, now).is_ok())
    }

    /// A check has failed.
    pub(crate) fn failed(&self, credential: CredentialId, source: Option<IpAddr>, now: Boot) {
        if let Some(limit) = self.limit {
            let _ = rate_limits::take(self.place(credential, source), limit, now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::boot;

    #[test]
    fn whoever_fails_too_often_waits_and_nobody_else_does() {
        let budget = Budget::default();
        let (one, other) = (CredentialId::from_bits(1), CredentialId::from_bits(2));
        let here: Option<IpAddr> = Some("192.0.2.1".parse().unwrap());
        for _ in 0..limits::FAILED_CHECKS {
            assert!(budget.has_room(one, here, boot(1_000)));
            budget.failed(one, here, boot(1_000));
        }
        assert!(!budget.has_room(one, here, boot(1_000)));
        assert!(budget.has_room(other, here, boot(1_000)) && budget.has_room(one, None, boot(1_000)));
        assert!(budget.has_room(one, here, boot(1_200)), "a tenth of a second gives one back");
    }
}
