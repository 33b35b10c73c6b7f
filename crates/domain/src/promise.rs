//! Waiting for a revocation to take effect: the revoker's side of the promise.
//!
//! A verifier that has reported the position has seen the revocation. One that has not cannot answer once its lease is over, and
//! no lease that was running when the revocation was committed is running after lease + 1 % (clock rates) + 20 ms on the revoker's
//! clock. So the wait always ends, and what it ends with is true without any assumption about the verifiers that stayed silent.

use crate::change::{Epoch, Position};
use crate::ids::VerifierId;
use crate::time::{Boot, Timestamp};

/// A wait that has begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait {
    epoch: Epoch,
    position: Position,
    until: Boot,
}

/// How far one registered verifier has reported to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reported {
    /// Who.
    pub verifier: VerifierId,
    /// In which life of the store.
    pub epoch: Epoch,
    /// How far.
    pub position: Position,
    /// When it said so, by the store's clock; for display.
    pub at: Timestamp,
}

/// Why a verifier can no longer accept what was revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It has reported the position, or a later one.
    Applied {
        /// What it reported.
        position: Position,
        /// When, by the store's clock.
        at: Timestamp,
    },
    /// It was silent for longer than its lease, so it answers nothing until it has caught up.
    LeaseExpired,
}

/// Milliseconds after which every lease that was running at the start of the wait is over: lease + 1 % + 20 ms, rounded up.
#[must_use]
pub const fn wait_ms(lease_ms: u64) -> u64 {
    lease_ms + lease_ms.div_ceil(100) + 20
}

impl Wait {
    /// Begins at `acknowledged`, the revoker's own clock *after* its commit was acknowledged.
    #[must_use]
    pub const fn new(epoch: Epoch, position: Position, acknowledged: Boot, lease_ms: u64) -> Self {
        Self { epoch, position, until: acknowledged.plus_ms(wait_ms(lease_ms)) }
    }

    /// When the wait ends whatever the verifiers do.
    #[must_use]
    pub const fn until(&self) -> Boot {
        self.until
    }

    /// What can be said at `now` of the verifiers that the store lists; none while somebody must still be waited for.
    #[must_use]
    pub fn outcome(&self, now: Boot, listed: &[Reported]) -> Option<Vec<(VerifierId, Effect)>> {
        let over = now >= self.until;
        listed
            .iter()
            .map(|r| {
                let applied = r.epoch == self.epoch && r.position >= self.position;
                match (applied, over) {
                    (true, _) => Some((r.verifier, Effect::Applied { position: r.position, at: r.at })),
                    (false, true) => Some((r.verifier, Effect::LeaseExpired)),
                    (false, false) => None,
                }
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reported(n: u128, epoch: u128, position: u64) -> Reported {
        Reported { verifier: VerifierId::from_bits(n), epoch: Epoch(epoch), position: Position(position), at: Timestamp::from_us(7) }
    }

    #[test]
    fn everybody_is_waited_for_until_they_report_or_their_lease_is_over() {
        let wait = Wait::new(Epoch(1), Position(10), Boot::from_ns(0), 2_000);
        assert_eq!(wait_ms(2_000), 2_040);
        let listed = [reported(1, 1, 10), reported(2, 1, 9)];
        assert_eq!(wait.outcome(Boot::default().plus_ms(2_039), &listed), None);
        let effects = wait.outcome(Boot::default().plus_ms(2_040), &listed).unwrap();
        assert_eq!(effects[0].1, Effect::Applied { position: Position(10), at: Timestamp::from_us(7) });
        assert_eq!(effects[1].1, Effect::LeaseExpired);
    }

    #[test]
    fn a_report_of_another_life_of_the_store_counts_for_nothing() {
        let wait = Wait::new(Epoch(1), Position(10), Boot::from_ns(0), 1_000);
        assert_eq!(wait.outcome(Boot::from_ns(1), &[reported(1, 2, 99)]), None);
    }

    #[test]
    fn nobody_to_wait_for_is_an_answer() {
        assert_eq!(Wait::new(Epoch(1), Position(1), Boot::from_ns(0), 1_000).outcome(Boot::from_ns(0), &[]), Some(vec![]));
    }
}
