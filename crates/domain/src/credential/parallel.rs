//! Secrets side by side: where a service allows several, they are added and revoked one by one, outside the rule of rotation.

use super::{Credential, EndedError, NewVersion, VersionState};
use crate::time::Timestamp;

/// Why a secret is not added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddError {
    /// A revoked or expired credential gets no more secrets.
    #[error(transparent)]
    Ended(#[from] EndedError),
    /// All places are taken.
    #[error("it has {max} secrets that work, which is the most: revoke one that is no longer used")]
    Full {
        /// How many there may be.
        max: u32,
    },
}

/// Why a secret is not revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RetireError {
    /// The credential has ended, and its secrets with it.
    #[error(transparent)]
    Ended(#[from] EndedError),
    /// There is none of this number.
    #[error("it has no version {0}")]
    Unknown(u32),
    /// It is the last one.
    #[error("version {0} is the only secret that works: add another one first, or revoke the credential")]
    Last(u32),
}

impl Credential {
    /// Adds a secret beside those that work, of which there may be `max` in all. Gives its number.
    ///
    /// # Errors
    /// [`AddError`]; the credential is unchanged then.
    pub fn add_version(&mut self, new: NewVersion, max: u32, now: Timestamp) -> Result<u32, AddError> {
        self.ensure_not_ended(now)?;
        let working = self.versions.iter().filter(|v| v.accepts(now)).count();
        if working >= max as usize {
            return Err(AddError::Full { max });
        }
        let number = self.newest() + 1;
        self.versions.push(new.numbered(number, VersionState::Active, now));
        Ok(number)
    }

    /// Whether it lives and a version with this digest works.
    #[must_use]
    pub fn holds(&self, digest: &[u8; 32], now: Timestamp) -> bool {
        self.ensure_not_ended(now).is_ok() && self.versions.iter().any(|v| v.digest == *digest && v.accepts(now))
    }

    /// Ends the version with this digest at once, also the last one: somebody else has proved that its key is theirs. Gives its number; none: there is
    /// none, or it had ended.
    pub fn displace_version(&mut self, digest: &[u8; 32], now: Timestamp) -> Option<u32> {
        let version = self.versions.iter_mut().find(|v| v.digest == *digest && v.accepts(now))?;
        version.state = VersionState::Retired { since: now };
        Some(version.number)
    }

    /// Ends one secret at once, and the access tokens that were got by it, also where its own time was over before. Ending one that was ended
    /// changes nothing and gives `false`.
    ///
    /// # Errors
    /// [`RetireError`]; the credential is unchanged then.
    pub fn retire_version(&mut self, number: u32, now: Timestamp) -> Result<bool, RetireError> {
        self.ensure_not_ended(now)?;
        self.settle(now);
        let others = self.versions.iter().any(|v| v.number != number && v.accepts(now) && !matches!(v.state, VersionState::Pending { .. }));
        let version = self.versions.iter_mut().find(|v| v.number == number).ok_or(RetireError::Unknown(number))?;
        if !version.accepts(now) {
            let ran_out = version.ran_out;
            version.end(now);
            return Ok(ran_out);
        }
        if !others {
            return Err(RetireError::Last(number));
        }
        version.end(now);
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{at, credential, new_version};
    use super::*;

    #[test]
    fn a_secret_whose_own_time_is_over_leaves_its_tokens_until_it_is_revoked() {
        let mut c = credential();
        c.add_version(NewVersion { expires_at: Some(at(10)), ..new_version(2) }, 3, at(1)).unwrap();
        c.settle(at(10));
        assert!(c.versions[1].ran_out && !c.versions[1].accepts(at(10)));
        assert_eq!((c.retire_version(2, at(11)), c.retire_version(2, at(12))), (Ok(true), Ok(false)));
        assert!(!c.versions[1].ran_out && c.versions[1].state == VersionState::Retired { since: at(10) });
    }

    #[test]
    fn secrets_come_and_go_one_by_one_up_to_the_most() {
        let mut c = credential();
        assert_eq!((c.add_version(new_version(2), 3, at(1)), c.add_version(new_version(3), 3, at(2))), (Ok(2), Ok(3)));
        assert_eq!(c.add_version(new_version(4), 3, at(3)), Err(AddError::Full { max: 3 }));
        assert_eq!((c.retire_version(1, at(4)), c.retire_version(1, at(5)), c.retire_version(9, at(5))), (Ok(true), Ok(false), Err(RetireError::Unknown(9))));
        assert_eq!(c.add_version(new_version(5), 3, at(6)), Ok(4), "a number is never given twice");
        assert_eq!((c.retire_version(2, at(7)), c.retire_version(3, at(7))), (Ok(true), Ok(true)));
        assert_eq!(c.retire_version(4, at(8)), Err(RetireError::Last(4)));
        c.revoke(at(9));
        assert_eq!(c.add_version(new_version(6), 3, at(9)), Err(AddError::Ended(EndedError::Revoked)));
        assert_eq!(c.retire_version(4, at(9)), Err(RetireError::Ended(EndedError::Revoked)));
    }

    #[test]
    fn a_key_that_is_somebody_elses_is_lost_also_if_it_is_the_last() {
        let mut c = credential();
        let digest = c.versions[0].digest;
        assert!(c.holds(&digest, at(1)) && !c.holds(&[0xee; 32], at(1)));
        assert_eq!((c.displace_version(&[0xee; 32], at(1)), c.displace_version(&digest, at(2)), c.displace_version(&digest, at(3))), (None, Some(1), None));
        assert!(!c.holds(&digest, at(2)));
        let mut revoked = credential();
        revoked.revoke(at(1));
        assert!(!revoked.holds(&digest, at(1)));
    }

    #[test]
    fn a_secret_ends_at_its_own_time() {
        let mut c = credential();
        c.add_version(NewVersion { expires_at: Some(at(10)), ..new_version(2) }, 2, at(1)).unwrap();
        let states = |c: &Credential, s| c.versions.iter().map(|v| c.version_state(v, at(s)).as_str()).collect::<Vec<_>>();
        assert_eq!((states(&c, 9), states(&c, 10)), (vec!["active", "active"], vec!["active", "retired"]));
        assert_eq!(c.version_state(&c.versions[1], at(50)), VersionState::Retired { since: at(10) });
        assert_eq!(c.add_version(new_version(3), 2, at(10)), Ok(3), "it no longer takes a place");
    }
}
