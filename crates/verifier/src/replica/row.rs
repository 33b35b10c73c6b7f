//! What one secret leads to.

use keywright_domain::change::{CredentialRecord, VersionRecord};
use keywright_domain::credential::{Environment, Kind, Standing, State, TokenForm, VersionState};
use keywright_domain::ids::CredentialId;
use keywright_domain::limits;
use keywright_domain::time::{Span, Timestamp};

/// No slot, no end of a list, no time.
pub(crate) const NONE: u32 = u32::MAX;
const NEVER_US: i64 = i64::MAX;

/// What a row is found by: the digest of a whole secret, or what stands in its place for credentials with a public half.
pub(crate) type Name = [u8; 32];

/// Bytes of the public half's digest in a [`Name`]; the slot of the version's material follows.
const PUBLIC_BYTES: usize = 28;

/// The name of a version whose credential has a public half: 224 bits of its SHA-256, and where the version's material stands.
pub(crate) fn public_name(digest: &[u8; 32], material: u32) -> Name {
    let mut name = *digest;
    name[PUBLIC_BYTES..].copy_from_slice(&material.to_le_bytes());
    name
}

/// A version together with all that is decided about its credential, in 96 bytes. Nearly every credential has one version, so a verdict costs one
/// look at the index and one at the row; the versions of a rotated credential repeat what they share.
///
/// Aligned so that it always lies on two cache lines, never on three.
#[derive(Clone, Copy)]
#[repr(align(32))]
pub(crate) struct Row {
    name: Name,
    /// The id's bits as two words: 16-byte alignment would cost 16 bytes.
    credential: [u64; 2],
    expires_us: i64,
    /// The time of the version's state.
    version_us: i64,
    pub(crate) application: u32,
    /// Slot of the set.
    pub(crate) permissions: u32,
    /// Slot of the restrictions, or [`NONE`].
    pub(crate) restrictions: u32,
    /// The version's number.
    pub(crate) number: u32,
    /// The next version of the same credential, or [`NONE`].
    pub(crate) next: u32,
    /// The first row of the credential. It stays the same over rotations; the rate limit's state is kept under it.
    pub(crate) home: u32,
    /// Seconds since 1970 of the revocation, rounded up.
    revoked_s: u32,
    pub(crate) service: u16,
    flags: u16,
}

/// The row is in use.
const USED: u16 = 1;
const PRODUCTION: u16 = 1 << 1;
const STATE: u16 = 0b11 << 2;
const SUSPENDED: u16 = 1 << 2;
const REVOKED: u16 = 2 << 2;
const VERSION: u16 = 0b11 << 4;
const PENDING: u16 = 1 << 4;
const RETIRING: u16 = 2 << 4;
const RETIRED: u16 = 3 << 4;
const JWT: u16 = 1 << 6;
const OPAQUE: u16 = 1 << 7;
const RAN_OUT: u16 = 1 << 8;
/// The kind, by its place among all.
const KIND: u16 = 0b111 << KIND_AT;
const KIND_AT: u16 = 9;
const _: () = assert!(Kind::ALL.len() <= 8, "the kinds have outgrown their bits");

impl Default for Row {
    fn default() -> Self {
        Self {
            name: [0; 32],
            credential: [0; 2],
            expires_us: NEVER_US,
            version_us: 0,
            application: NONE,
            permissions: NONE,
            restrictions: NONE,
            number: 0,
            next: NONE,
            home: NONE,
            revoked_s: 0,
            service: super::services::NO_SERVICE,
            flags: 0,
        }
    }
}

/// Where the things stand that a row points to.
#[derive(Clone, Copy)]
pub(crate) struct Links {
    pub(crate) application: u32,
    pub(crate) permissions: u32,
    pub(crate) restrictions: u32,
    pub(crate) service: u16,
}

impl Row {
    /// The row of one version, found by `name`; its place among the others is set by who puts it there.
    pub(crate) fn new(credential: &CredentialRecord, version: &VersionRecord, name: Name, links: Links) -> Self {
        let environment = match credential.environment {
            Environment::Production => PRODUCTION,
            Environment::Sandbox => 0,
        };
        let state = match credential.state {
            State::Active => 0,
            State::Suspended => SUSPENDED,
            State::Revoked => REVOKED,
        };
        // A version that ends by itself is accepted until then, like one that retires.
        let end = |until: Timestamp| version.expires_at.map_or(until, |expires_at| until.min(expires_at)).us();
        let (version_state, version_us) = match version.state {
            VersionState::Active => version.expires_at.map_or((0, 0), |until| (RETIRING, until.us())),
            VersionState::Pending { until } => (PENDING, end(until)),
            VersionState::Retiring { until } => (RETIRING, end(until)),
            VersionState::Retired { since } => (RETIRED, since.us()),
        };
        let kind = (credential.kind as u16) << KIND_AT;
        let token_form = match credential.token_form {
            None => 0,
            Some(TokenForm::Jwt) => JWT,
            Some(TokenForm::Opaque) => OPAQUE,
        };
        let ran_out = if version.ran_out { RAN_OUT } else { 0 };
        let bits = credential.id.bits();
        // Without a time it counts as revoked just now for as long as the row stays: refused either way.
        let revoked_s = credential.revoked_at.map_or(u32::MAX, |at| u32::try_from(at.us().max(0) as u64 / 1_000_000 + 1).unwrap_or(u32::MAX));
        Self {
            name,
            credential: [(bits >> 64) as u64, bits as u64],
            expires_us: credential.expires_at.map_or(NEVER_US, Timestamp::us),
            version_us,
            application: links.application,
            permissions: links.permissions,
            restrictions: links.restrictions,
            number: version.number,
            next: NONE,
            home: NONE,
            revoked_s,
            service: links.service,
            flags: USED | environment | state | version_state | kind | token_form | ran_out,
        }
    }

    pub(crate) const fn used(&self) -> bool {
        self.flags & USED != 0
    }

    pub(crate) const fn kind(&self) -> Kind {
        Kind::ALL[((self.flags & KIND) >> KIND_AT) as usize]
    }

    /// The form of its access tokens; none: what its service says.
    pub(crate) const fn token_form(&self) -> Option<TokenForm> {
        if self.flags & JWT != 0 {
            Some(TokenForm::Jwt)
        } else if self.flags & OPAQUE != 0 {
            Some(TokenForm::Opaque)
        } else {
            None
        }
    }

    /// What the index finds it by.
    pub(crate) const fn name(&self) -> &Name {
        &self.name
    }

    /// The digest of its secret, if it is an API key.
    pub(crate) fn digest(&self) -> Option<&[u8; 32]> {
        self.kind().is_bearer().then_some(&self.name)
    }

    /// Whether the public half with this digest names its credential.
    pub(crate) fn is_named(&self, digest: &[u8; 32]) -> bool {
        !self.kind().is_bearer() && self.name[..PUBLIC_BYTES] == digest[..PUBLIC_BYTES]
    }

    /// The slot of its material.
    pub(crate) fn material(&self) -> Option<u32> {
        let mut slot = [0; 4];
        slot.copy_from_slice(&self.name[PUBLIC_BYTES..]);
        (self.used() && !self.kind().is_bearer()).then_some(u32::from_le_bytes(slot))
    }

    pub(crate) fn credential(&self) -> CredentialId {
        CredentialId::from_bits(u128::from(self.credential[0]) << 64 | u128::from(self.credential[1]))
    }

    pub(crate) const fn environment(&self) -> Environment {
        if self.flags & PRODUCTION != 0 { Environment::Production } else { Environment::Sandbox }
    }

    pub(crate) fn expires_at(&self) -> Option<Timestamp> {
        (self.expires_us != NEVER_US).then(|| Timestamp::from_us(self.expires_us))
    }

    pub(crate) fn standing(&self, now: Timestamp) -> Standing {
        let state = match self.flags & STATE {
            0 => State::Active,
            SUSPENDED => State::Suspended,
            _ => State::Revoked,
        };
        state.standing(self.expires_at(), now)
    }

    pub(crate) fn version(&self, now: Timestamp) -> VersionState {
        let at = Timestamp::from_us(self.version_us);
        let stored = match self.flags & VERSION {
            0 => VersionState::Active,
            PENDING => VersionState::Pending { until: at },
            RETIRING => VersionState::Retiring { until: at },
            _ => VersionState::Retired { since: at },
        };
        stored.at(now)
    }

    /// Somebody ended this version before its time was over, and with it the access tokens that were got by it.
    pub(crate) const fn was_ended(&self) -> bool {
        self.flags & VERSION == RETIRED && self.flags & RAN_OUT == 0
    }

    /// The credential ended so long ago that nobody is told any more.
    pub(crate) fn credential_forgotten(&self, now: Timestamp) -> bool {
        let ended = match self.standing(now) {
            Standing::Revoked if self.revoked_s == u32::MAX => return false,
            Standing::Revoked => Timestamp::from_us(0).plus(Span::from_s(i64::from(self.revoked_s))),
            Standing::Expired => Timestamp::from_us(self.expires_us),
            Standing::Active | Standing::Suspended => return false,
        };
        now.since(ended) > limits::ENDED_KEPT
    }

    /// The credential or this version ended so long ago that nobody is told any more.
    pub(crate) fn forgotten(&self, now: Timestamp) -> bool {
        let version = matches!(self.version(now), VersionState::Retired { since } if now.since(since) > limits::ENDED_KEPT);
        version || self.credential_forgotten(now)
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_row_is_no_larger_than_it_was_planned() {
        assert_eq!(size_of::<super::Row>(), 96);
    }
}
