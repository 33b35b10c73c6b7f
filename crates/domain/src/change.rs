//! What travels from the store to a verifier's replica and back: plain data, no trait.
//!
//! A log entry ([`Change`]) names kind and id, never values; a poll joins the current rows ([`Record`]) in the same snapshot, so
//! applying a page twice changes nothing, and erased values are nowhere in the log.

use std::fmt;
use std::sync::Arc;

use crate::application;
use crate::catalogue::Catalogue;
use crate::credential::{Environment, Kind, Material, RateLimit, State, TokenForm, TokenSigning, VersionState};
use crate::ids::{ApplicationId, CredentialId, OrganisationId, ResourceServerId, VerifierId};
use crate::time::Timestamp;
use crate::token::TokenId;

/// A place in the change log: 0 before the first entry, without gaps, in the order of commit.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Position(pub u64);

/// One life of a store. A restored store starts a new one.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Epoch(pub u128);

/// A random mark of a log entry: two stores that share a past and then went different ways have different tags.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Tag(pub u128);

/// How far a replica has applied, or a store has written: comparing two places tells ahead, behind and forked apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Place {
    /// Which life of the store.
    pub epoch: Epoch,
    /// How far.
    pub position: Position,
    /// The tag of the entry at that position.
    pub tag: Tag,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}
impl fmt::Debug for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}
impl fmt::Debug for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}
impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// What a log entry says: this thing is not as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Change {
    /// Made, changed, rotated, revoked or erased.
    Credential(CredentialId),
    /// Made, changed, activated, deactivated or deleted.
    Application(ApplicationId),
    /// Made, suspended or resumed.
    Organisation(OrganisationId),
    /// Made, rotated or revoked.
    ResourceServer(ResourceServerId),
    /// Another catalogue was applied.
    Catalogue,
    /// A key that signs access tokens was made or forgotten.
    SigningKeys,
    /// An access token was ended before its time, or that was forgotten.
    Token(TokenId),
}

/// The current state of something that a page or snapshot names.
#[derive(Debug, Clone, PartialEq)]
pub enum Record {
    /// A credential with its versions.
    Credential(CredentialRecord),
    /// The credential is no longer in the store.
    CredentialGone(CredentialId),
    /// An application.
    Application(ApplicationRecord),
    /// The application was deleted: it and its credentials are unknown at once.
    ApplicationGone(ApplicationId),
    /// An organisation.
    Organisation(OrganisationRecord),
    /// A resource server with its tokens.
    ResourceServer(ResourceServerRecord),
    /// The resource server is no longer in the store.
    ResourceServerGone(ResourceServerId),
    /// The catalogue.
    Catalogue(Arc<Catalogue>),
    /// All keys that sign access tokens, or did so lately.
    SigningKeys(Arc<[SigningKeyRecord]>),
    /// An access token that was ended before its time.
    TokenEnded(TokenRecord),
    /// The store has forgotten that the token was ended: it would have expired, or all of its credential have ended.
    TokenGone(TokenId),
}

/// What a replica needs of a credential. The texts are canonical, so that equal sets are equal texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialRecord {
    /// Its id.
    pub id: CredentialId,
    /// Whose it is.
    pub application: ApplicationId,
    /// Its kind.
    pub kind: Kind,
    /// What names it openly.
    pub public_id: Option<String>,
    /// Slug of its service.
    pub service: String,
    /// Its environment.
    pub environment: Environment,
    /// [`Permissions::to_text`](crate::credential::Permissions::to_text)
    pub permissions: String,
    /// [`Networks::to_text`](crate::credential::restrictions::Networks::to_text)
    pub networks: String,
    /// [`Origins::to_text`](crate::credential::restrictions::Origins::to_text)
    pub origins: String,
    /// Requests in a period, on each node.
    pub rate_limit: Option<RateLimit>,
    /// Stored state.
    pub state: State,
    /// Expired from then on.
    pub expires_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// The form of its access tokens; none: what its service says.
    pub token_form: Option<TokenForm>,
    /// Access tokens that were issued before this moment have ended.
    pub tokens_not_before: Option<Timestamp>,
    /// Its versions; retired ones beyond [`limits::RETIRED_VERSIONS_MAX`](crate::limits::RETIRED_VERSIONS_MAX) are left out, newest kept.
    pub versions: Vec<VersionRecord>,
}

/// What a replica needs of a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionRecord {
    /// Its number.
    pub number: u32,
    /// Its state, with its time.
    pub state: VersionState,
    /// SHA-256 of the secret, or of the public key.
    pub digest: [u8; 32],
    /// What its requests are proved with, where the digest alone does not.
    pub material: Material,
    /// Not accepted from then on.
    pub expires_at: Option<Timestamp>,
    /// It is retired because its time was over: access tokens that were got by it live to their own expiry.
    pub ran_out: bool,
}

/// What a replica needs of an application.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ApplicationRecord {
    /// Its id.
    pub id: ApplicationId,
    /// Its owner.
    pub organisation: OrganisationId,
    /// Its state.
    pub state: application::State,
}

/// What a replica needs of an organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrganisationRecord {
    /// Its id.
    pub id: OrganisationId,
    /// Nothing of a suspended organisation is accepted in production.
    pub suspended: bool,
}

/// What a replica needs of a resource server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceServerRecord {
    /// Its id.
    pub id: ResourceServerId,
    /// Slugs of the services that it may ask about.
    pub services: Vec<String>,
    /// Environments that it may ask about.
    pub environments: Vec<Environment>,
    /// SHA-256 of each token that is accepted, with the time until when; none: without end.
    pub tokens: Vec<([u8; 32], Option<Timestamp>)>,
}

/// What a replica needs of a key that signs access tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningKeyRecord {
    /// Its `kid`.
    pub id: String,
    /// How it signs.
    pub algorithm: TokenSigning,
    /// Its public half, in the stored form of the crate that knows keys.
    pub public_key: Vec<u8>,
}

/// What a replica needs of an access token that was ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenRecord {
    /// Which token.
    pub id: TokenId,
    /// From then on it would have expired anyway.
    pub until: Timestamp,
}

/// What a verifier asks of the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Poll {
    /// The last entry that it has applied.
    pub after: Place,
    /// What it has to say of itself; written in the same transaction where the engine writes at all.
    pub report: Report,
}

/// How far a verifier is: `applied` is published, so every verdict that it gives from now on has seen it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Report {
    /// Who reports.
    pub verifier: VerifierId,
    /// The last position that it has applied and published.
    pub applied: Place,
}

/// The store's answer to a [`Poll`], read in one snapshot of the primary.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// The newest entry of the store.
    pub head: Place,
    /// The tag that the store has at `poll.after.position`: none where it has no such entry (trimmed away, or never written). The tag of
    /// position 0 is the store's first.
    pub tag_after: Option<Tag>,
    /// The last entry that this page brings: equal to `head` when the page is the last, to `poll.after` when there is nothing new.
    pub upto: Place,
    /// The current state of everything that the entries after `poll.after` up to `upto` name.
    pub records: Vec<Record>,
    /// The store's clock.
    pub store_now: Timestamp,
    /// The lease that stands in the store, in milliseconds.
    pub lease_ms: u64,
    /// Whether the store still knows this verifier; one that it does not know registers again.
    pub registered: bool,
}

/// The start of a snapshot; its records follow in chunks, all read in the same transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SnapshotHead {
    /// The place that the snapshot shows.
    pub head: Place,
    /// The store's clock.
    pub store_now: Timestamp,
    /// The lease that stands in the store, in milliseconds.
    pub lease_ms: u64,
    /// About how many credentials follow, to make room once.
    pub credentials: u64,
}
