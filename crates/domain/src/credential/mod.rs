//! A credential: what an application authenticates with, for one service in one environment.

pub mod environment;
pub mod kind;
pub mod material;
pub mod parallel;
pub mod permissions;
pub mod restrictions;
pub mod rotation;
pub mod secret_form;
pub mod state;
pub mod token_form;
pub mod version;

pub use environment::Environment;
pub use kind::{Kind, OwnKey, PublicHalf};
pub use material::Material;
pub use permissions::Permissions;
pub use restrictions::{RateLimit, Restrictions};
pub use state::{Standing, State};
pub use token_form::{TokenForm, TokenSigning};
pub use version::{NewVersion, Version, VersionState};

use crate::ids::{ApplicationId, CredentialId, OrganisationId};
use crate::time::Timestamp;

/// A credential with its versions, as the store keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// Survives rotation.
    pub id: CredentialId,
    /// The owner of the application.
    pub organisation: OrganisationId,
    /// What authenticates with it.
    pub application: ApplicationId,
    /// Which of the four kinds.
    pub kind: Kind,
    /// What names it openly; stays the same over rotations. None for API keys.
    pub public_id: Option<String>,
    /// Slug of the service in the catalogue.
    pub service: String,
    /// Sandbox or production; never changes.
    pub environment: Environment,
    /// The customer's label.
    pub name: String,
    /// What it may do; written out, never "all".
    pub permissions: Permissions,
    /// Where from and how often it may be used.
    pub restrictions: Restrictions,
    /// Stored state; expiry follows from `expires_at` and the clock.
    pub state: State,
    /// From this moment on it is expired.
    pub expires_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// The form of its access tokens; none: what its service says.
    pub token_form: Option<TokenForm>,
    /// Access tokens that were issued before this moment have ended; none: those that were ended are listed one by one.
    pub tokens_not_before: Option<Timestamp>,
    /// Oldest first; at most one pending and one retiring.
    pub versions: Vec<Version>,
}

/// Why a change of state is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EndedError {
    /// Revoked is final.
    #[error("the credential is revoked, which is final: make a new one")]
    Revoked,
    /// Expired is final.
    #[error("the credential has expired, which is final: make a new one")]
    Expired,
}

/// Why a new expiry is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ExpiryError {
    /// It lies in the past.
    #[error("{0} is not in the future: to end a credential now, revoke it")]
    Past(Timestamp),
    /// It would move away, and the caller may only bring it nearer.
    #[error("expiry may only come nearer than {0}; moving it away takes an admin")]
    Later(Timestamp),
}

impl Credential {
    /// What it counts as at `now`.
    #[must_use]
    pub fn standing(&self, now: Timestamp) -> Standing {
        self.state.standing(self.expires_at, now)
    }

    /// What a version of it counts as at `now`: versions end with their credential, whatever they were before.
    #[must_use]
    pub fn version_state(&self, version: &Version, now: Timestamp) -> VersionState {
        let ended = match self.standing(now) {
            Standing::Revoked => self.revoked_at,
            Standing::Expired => self.expires_at,
            Standing::Active | Standing::Suspended => None,
        };
        match (version.state_at(now), ended) {
            (VersionState::Retired { since }, Some(ended)) => VersionState::Retired { since: since.min(ended) },
            (_, Some(ended)) => VersionState::Retired { since: ended },
            (state, None) => state,
        }
    }

    /// # Errors
    /// [`EndedError`] when the credential is revoked or expired at `now`.
    pub fn ensure_not_ended(&self, now: Timestamp) -> Result<(), EndedError> {
        match self.standing(now) {
            Standing::Active | Standing::Suspended => Ok(()),
            Standing::Revoked => Err(EndedError::Revoked),
            Standing::Expired => Err(EndedError::Expired),
        }
    }

    /// Ends it for good. Revoking a revoked credential changes nothing and keeps the first time; an expired one can still be
    /// revoked, because whoever found it leaked wants to see it so.
    pub fn revoke(&mut self, now: Timestamp) {
        if self.state != State::Revoked {
            self.state = State::Revoked;
            self.revoked_at = Some(now);
        }
    }

    /// # Errors
    /// [`EndedError`] when it has ended.
    pub fn suspend(&mut self, now: Timestamp) -> Result<(), EndedError> {
        self.ensure_not_ended(now)?;
        self.state = State::Suspended;
        Ok(())
    }

    /// # Errors
    /// [`EndedError`] when it has ended.
    pub fn resume(&mut self, now: Timestamp) -> Result<(), EndedError> {
        self.ensure_not_ended(now)?;
        self.state = State::Active;
        Ok(())
    }

    /// Sets another expiry. `may_extend` says whether the caller may move it away.
    ///
    /// # Errors
    /// [`ExpiryError`]: in the past, or later without the right to.
    pub fn change_expiry(&mut self, to: Option<Timestamp>, may_extend: bool, now: Timestamp) -> Result<(), ExpiryError> {
        if let Some(to) = to.filter(|to| *to <= now) {
            return Err(ExpiryError::Past(to));
        }
        if let Some(current) = self.expires_at
            && !may_extend
            && to.is_none_or(|to| to > current)
        {
            return Err(ExpiryError::Later(current));
        }
        self.expires_at = to;
        Ok(())
    }

    /// Whether its holder proves itself by a key of their own: the newest version is a public key.
    #[must_use]
    pub fn holds_key(&self) -> bool {
        matches!(self.versions.iter().max_by_key(|v| v.number).map(|v| &v.material), Some(Material::PublicKey(_)))
    }

    /// The newest version's number; 0 before the first.
    #[must_use]
    pub fn newest(&self) -> u32 {
        self.versions.iter().map(|v| v.number).max().unwrap_or(0)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn at(s: i64) -> Timestamp {
        Timestamp::from_us(s * 1_000_000)
    }

    pub(crate) fn new_version(n: u8) -> NewVersion {
        NewVersion { digest: [n; 32], material: Material::Digest, hint: format!("v{n:03}"), description: None, expires_at: None }
    }

    pub(crate) fn credential() -> Credential {
        Credential {
            id: CredentialId::from_bits(1),
            organisation: OrganisationId::from_bits(2),
            application: ApplicationId::from_bits(3),
            kind: Kind::ApiKey,
            public_id: None,
            service: "business-api".into(),
            environment: Environment::Production,
            name: "Back end".into(),
            permissions: Permissions::none(),
            restrictions: Restrictions::default(),
            state: State::Active,
            expires_at: None,
            created_at: at(0),
            revoked_at: None,
            token_form: None,
            tokens_not_before: None,
            versions: vec![new_version(1).numbered(1, VersionState::Active, at(0))],
        }
    }

    #[test]
    fn versions_end_with_their_credential() {
        let mut c = credential();
        let state = |c: &Credential, s| c.version_state(&c.versions[0], at(s));
        assert_eq!(state(&c, 1), VersionState::Active);
        c.versions[0].state = VersionState::Retiring { until: at(50) };
        assert_eq!((state(&c, 49), state(&c, 50)), (VersionState::Retiring { until: at(50) }, VersionState::Retired { since: at(50) }));
        c.expires_at = Some(at(20));
        assert_eq!((state(&c, 19), state(&c, 20)), (VersionState::Retiring { until: at(50) }, VersionState::Retired { since: at(20) }));
        c.revoke(at(5));
        assert_eq!(state(&c, 6), VersionState::Retired { since: at(5) });
        c.versions[0].state = VersionState::Retired { since: at(3) };
        assert_eq!(state(&c, 6), VersionState::Retired { since: at(3) });
    }

    #[test]
    fn revoked_is_final_and_keeps_its_first_time() {
        let mut c = credential();
        c.revoke(at(5));
        c.revoke(at(9));
        assert_eq!((c.state, c.revoked_at), (State::Revoked, Some(at(5))));
        assert_eq!(c.resume(at(10)), Err(EndedError::Revoked));
        assert_eq!(c.suspend(at(10)), Err(EndedError::Revoked));
    }

    #[test]
    fn expiry_comes_nearer_for_everybody_and_moves_away_for_admins_only() {
        let mut c = credential();
        assert_eq!(c.change_expiry(Some(at(100)), false, at(1)), Ok(()));
        assert_eq!(c.change_expiry(Some(at(200)), false, at(1)), Err(ExpiryError::Later(at(100))));
        assert_eq!(c.change_expiry(None, false, at(1)), Err(ExpiryError::Later(at(100))));
        assert_eq!(c.change_expiry(Some(at(200)), true, at(1)), Ok(()));
        assert_eq!(c.change_expiry(Some(at(1)), true, at(1)), Err(ExpiryError::Past(at(1))));
        assert_eq!(c.standing(at(199)), Standing::Active);
        assert_eq!(c.standing(at(200)), Standing::Expired);
        assert_eq!(c.resume(at(200)), Err(EndedError::Expired));
    }
}
