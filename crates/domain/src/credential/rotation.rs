//! Rotation: one protocol for all kinds of credential.

use super::{Credential, EndedError, NewVersion, VersionState};
use crate::limits;
use crate::time::{Span, Timestamp};
use crate::words::words;

/// What happens to version N when N+1 is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// Every older version is retired in the same transaction.
    Immediate,
    /// Both work for this long.
    Overlap(Span),
    /// N+1 is pending; N's overlap of this length starts when N+1 is first used.
    OnFirstUse(Span),
}

words! {
    /// The word for a policy, before its overlap is known.
    pub enum PolicyName, PolicyError("a rotation policy") {
        /// No overlap.
        Immediate = "immediate",
        /// An overlap from now on.
        Overlap = "overlap",
        /// An overlap from the first use on.
        OnFirstUse = "on_first_use",
    }
}

/// Why a rotation is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RotateError {
    /// A revoked or expired credential is not rotated.
    #[error(transparent)]
    Ended(#[from] EndedError),
    /// Version N−1 is still in its overlap.
    #[error("version {retiring} still works until {until}: wait, or end it now with --replace or --policy immediate")]
    Overlapping {
        /// Number of the retiring version.
        retiring: u32,
        /// When its overlap ends.
        until: Timestamp,
    },
    /// The overlap is zero or longer than [`limits::OVERLAP_MAX`].
    #[error("an overlap of {given} is not possible: from 1s to {max}", max = limits::OVERLAP_MAX)]
    Overlap {
        /// What was asked for.
        given: Span,
    },
}

/// What a rotation did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rotated {
    /// Number of the new version.
    pub version: u32,
    /// Until when the previous version is accepted: none when it has ended, and none when its overlap has not begun.
    pub previous_until: Option<Timestamp>,
}

impl Policy {
    /// # Errors
    /// [`RotateError::Overlap`] when the overlap is out of range.
    pub fn new(name: PolicyName, overlap: Span) -> Result<Self, RotateError> {
        if overlap < Span::from_s(1) || overlap > limits::OVERLAP_MAX {
            return Err(RotateError::Overlap { given: overlap });
        }
        Ok(match name {
            PolicyName::Immediate => Self::Immediate,
            PolicyName::Overlap => Self::Overlap(overlap),
            PolicyName::OnFirstUse => Self::OnFirstUse(overlap),
        })
    }
}

impl Credential {
    /// Adds version N+1 with a new secret. Restrictions, permissions and expiry stay.
    ///
    /// Access tokens end with a version that is ended here; those of a version whose overlap is over live to their own expiry, until an
    /// immediate rotation ends them too.
    ///
    /// A pending version is replaced (it ends at once). While a version is retiring the rotation is refused, unless the policy is
    /// [`Policy::Immediate`] or `replace` ends that version now.
    ///
    /// # Errors
    /// [`RotateError`]; the credential is unchanged then.
    pub fn rotate(&mut self, policy: Policy, replace: bool, new: NewVersion, now: Timestamp) -> Result<Rotated, RotateError> {
        self.ensure_not_ended(now)?;
        self.settle(now);
        let retiring = self.versions.iter().find_map(|v| match v.state {
            VersionState::Retiring { until } => Some((v.number, until)),
            _ => None,
        });
        if let Some((retiring, until)) = retiring
            && !replace
            && policy != Policy::Immediate
        {
            return Err(RotateError::Overlapping { retiring, until });
        }
        let number = self.newest() + 1;
        let mut previous_until = None;
        for version in &mut self.versions {
            match (version.state, policy) {
                // Also what ran out before, so that nothing that is older is good for anything.
                (_, Policy::Immediate) => version.end(now),
                (VersionState::Retired { .. }, _) | (VersionState::Active, Policy::OnFirstUse(_)) => {}
                (VersionState::Active, Policy::Overlap(overlap)) => {
                    previous_until = Some(now.plus(overlap));
                    version.state = VersionState::Retiring { until: now.plus(overlap) };
                }
                (VersionState::Pending { .. } | VersionState::Retiring { .. }, _) => version.end(now),
            }
        }
        let state = match policy {
            Policy::OnFirstUse(_) => VersionState::Pending { until: now.plus(limits::PENDING_LAPSES) },
            Policy::Immediate | Policy::Overlap(_) => VersionState::Active,
        };
        self.versions.push(new.numbered(number, state, now));
        Ok(Rotated { version: number, previous_until })
    }

    /// The first use of pending version `number`: it becomes active and the active one starts to retire at `now`. A repeated report,
    /// or one that comes after a revocation or replacement, changes nothing and gives `false`.
    pub fn first_use(&mut self, number: u32, overlap: Span, now: Timestamp) -> bool {
        self.settle(now);
        if self.ensure_not_ended(now).is_err() || !self.versions.iter().any(|v| v.number == number && matches!(v.state, VersionState::Pending { .. })) {
            return false;
        }
        for version in &mut self.versions {
            match version.state {
                VersionState::Pending { .. } if version.number == number => version.state = VersionState::Active,
                VersionState::Active => version.state = VersionState::Retiring { until: now.plus(overlap) },
                // A version still retiring ends here: there is at most one.
                VersionState::Retiring { .. } => version.end(now),
                VersionState::Pending { .. } | VersionState::Retired { .. } => {}
            }
        }
        true
    }

    /// Turns versions whose time has passed into retired ones.
    pub fn settle(&mut self, now: Timestamp) {
        for version in &mut self.versions {
            let state = version.state_at(now);
            version.ran_out |= matches!(state, VersionState::Retired { .. }) && !matches!(version.state, VersionState::Retired { .. });
            version.state = state;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{at, credential, new_version};
    use super::*;
    use proptest::prelude::*;

    const DAY: Span = Span::from_h(24);

    fn rotate(c: &mut Credential, policy: Policy, replace: bool, s: i64) -> Result<Rotated, RotateError> {
        let n = c.newest() as u8 + 1;
        c.rotate(policy, replace, new_version(n), at(s))
    }

    fn accepted(c: &Credential, s: i64) -> Vec<u32> {
        c.versions.iter().filter(|v| v.state.accepts(at(s))).map(|v| v.number).collect()
    }

    #[test]
    fn immediate_leaves_only_the_new_version() {
        let mut c = credential();
        rotate(&mut c, Policy::Overlap(DAY), false, 10).unwrap();
        assert_eq!(rotate(&mut c, Policy::Immediate, false, 20), Ok(Rotated { version: 3, previous_until: None }));
        assert_eq!(accepted(&c, 20), [3]);
    }

    #[test]
    fn an_overlap_accepts_both_until_its_end_and_refuses_another_rotation() {
        let mut c = credential();
        assert_eq!(rotate(&mut c, Policy::Overlap(DAY), false, 0).unwrap().previous_until, Some(at(86_400)));
        assert_eq!(accepted(&c, 86_399), [1, 2]);
        assert_eq!(accepted(&c, 86_400), [2]);
        assert_eq!(rotate(&mut c, Policy::Overlap(DAY), false, 5), Err(RotateError::Overlapping { retiring: 1, until: at(86_400) }));
        assert_eq!(rotate(&mut c, Policy::Overlap(DAY), true, 5).unwrap().version, 3);
        assert_eq!(accepted(&c, 6), [2, 3]);
        rotate(&mut c, Policy::Overlap(DAY), false, 5 + 86_400).unwrap();
        assert_eq!(accepted(&c, 5 + 86_400), [3, 4]);
    }

    #[test]
    fn on_first_use_starts_the_overlap_at_the_first_use_only_once() {
        let mut c = credential();
        assert_eq!(rotate(&mut c, Policy::OnFirstUse(DAY), false, 0).unwrap().previous_until, None);
        assert_eq!(accepted(&c, 500_000), [1, 2]);
        assert!(c.first_use(2, DAY, at(500_000)));
        assert!(!c.first_use(2, DAY, at(500_001)));
        assert_eq!(accepted(&c, 500_000 + 86_399), [1, 2]);
        assert_eq!(accepted(&c, 500_000 + 86_400), [2]);
    }

    #[test]
    fn a_pending_version_is_replaced_lapses_and_loses_against_a_revocation() {
        let mut c = credential();
        rotate(&mut c, Policy::OnFirstUse(DAY), false, 0).unwrap();
        rotate(&mut c, Policy::OnFirstUse(DAY), false, 1).unwrap();
        assert_eq!(accepted(&c, 1), [1, 3]);
        assert!(!c.first_use(2, DAY, at(2)));
        assert_eq!(accepted(&c, 1 + 30 * 86_400), [1]);
        c.revoke(at(3));
        assert!(!c.first_use(3, DAY, at(4)));
    }

    /// What became of the tokens of each version, oldest first: true where they live to their own expiry.
    fn tokens_live(c: &Credential, s: i64) -> Vec<bool> {
        let mut c = c.clone();
        c.settle(at(s));
        c.versions.iter().map(|v| v.ran_out || v.accepts(at(s))).collect()
    }

    #[test]
    fn tokens_outlive_an_overlap_and_nothing_that_somebody_ended() {
        let overlap = Policy::Overlap(DAY);
        let mut c = credential();
        rotate(&mut c, overlap, false, 0).unwrap();
        assert_eq!(tokens_live(&c, 86_400), [true, true], "its time was over");
        rotate(&mut c, overlap, false, 86_400).unwrap();
        assert_eq!(tokens_live(&c, 86_400), [true, true, true], "also after a further rotation");
        rotate(&mut c, overlap, true, 86_401).unwrap();
        assert_eq!(tokens_live(&c, 86_402), [true, false, true, true], "the second was replaced");
        rotate(&mut c, Policy::OnFirstUse(DAY), true, 86_403).unwrap();
        rotate(&mut c, Policy::OnFirstUse(DAY), true, 86_404).unwrap();
        assert_eq!(tokens_live(&c, 86_405), [true, false, false, true, false, true], "a pending one was replaced");
        rotate(&mut c, Policy::Immediate, false, 86_406).unwrap();
        assert_eq!(tokens_live(&c, 86_407), [false, false, false, false, false, false, true], "also what had run out");
    }

    proptest! {
        #[test]
        fn only_a_version_whose_time_was_over_leaves_its_tokens(steps in prop::collection::vec((0u8..4, any::<bool>(), 0i64..200_000), 0..30)) {
            let (mut c, mut s) = (credential(), 0);
            for (what, replace, wait) in steps {
                s += wait;
                let before = c.clone();
                match [Policy::Immediate, Policy::Overlap(DAY), Policy::OnFirstUse(DAY)].get(usize::from(what)).copied() {
                    Some(policy) => { let _ = rotate(&mut c, policy, replace, s); }
                    None => { c.first_use(c.newest(), DAY, at(s)); }
                }
                for (old, new) in before.versions.iter().zip(&c.versions) {
                    // What was accepted just before and is not now, somebody has ended.
                    prop_assert!(!(old.accepts(at(s)) && !new.accepts(at(s)) && new.ran_out));
                    // What was once ended stays so, and what runs was not.
                    let was_ended = matches!(old.state, VersionState::Retired { .. }) && !old.ran_out;
                    prop_assert!(!new.ran_out || (!was_ended && !new.accepts(at(s))));
                }
            }
        }

        #[test]
        fn at_most_one_pending_one_active_and_one_retiring(steps in prop::collection::vec((0u8..4, any::<bool>(), 0i64..200_000), 0..30)) {
            let (mut c, mut s) = (credential(), 0);
            for (what, replace, wait) in steps {
                s += wait;
                let policy = [Policy::Immediate, Policy::Overlap(DAY), Policy::OnFirstUse(DAY)].get(usize::from(what)).copied();
                match policy {
                    Some(policy) => { let _ = rotate(&mut c, policy, replace, s); }
                    None => { c.first_use(c.newest(), DAY, at(s)); }
                }
                let count = |f: fn(&VersionState) -> bool| c.versions.iter().filter(|v| f(&v.state.at(at(s)))).count();
                let pending = count(|s| matches!(s, VersionState::Pending { .. }));
                prop_assert!(pending <= 1);
                let retiring = count(|s| matches!(s, VersionState::Retiring { .. }));
                prop_assert!(retiring <= 1);
                let active = count(|s| matches!(s, VersionState::Active));
                prop_assert_eq!(active, 1);
            }
        }
    }
}
