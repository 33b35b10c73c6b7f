//! Sessions of the hub and access tokens: found by the digest of their secret.

use keywright_domain::caller::{Person, Token};
use keywright_domain::grants::{Held, OrganisationGrants};
use keywright_domain::ids::{MemberId, OrganisationId, PersonId, SessionId};
use keywright_domain::organisation::Review;
use keywright_domain::time::Timestamp;

use crate::args;
use crate::engine::{FromRow, RowRef, Tx};
use crate::error::StoreError;
use crate::scope::AsGate;

/// A session or an access token, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its id, which is no secret.
    pub id: SessionId,
    /// Who, as callers are named.
    pub person: Person,
    /// Their mail address.
    pub mail: String,
    /// Their name; may be empty.
    pub name: String,
    /// When they last proved who they are.
    pub signed_in_at: Timestamp,
    /// When it was last used, to within a minute.
    pub seen_at: Timestamp,
    /// Not accepted from then on.
    pub until: Timestamp,
}

impl FromRow for Session {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        let only = row.opt_text_ref(2)?.map(|id| id.parse::<OrganisationId>().map_err(StoreError::corrupt)).transpose()?;
        Ok(Self {
            id: row.parse(0)?,
            person: Person { id: row.parse::<PersonId>(1)?, operator: row.bool(5)?, only },
            mail: row.text(3)?,
            name: row.text(4)?,
            signed_in_at: Timestamp::from_us(row.int(6)?),
            seen_at: Timestamp::from_us(row.int(7)?),
            until: Timestamp::from_us(row.int(8)?),
        })
    }
}

/// A person's place in one organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// Its id.
    pub member: MemberId,
    /// Where.
    pub organisation: OrganisationId,
    /// The organisation's name.
    pub name: String,
    /// The organisation's review.
    pub review: Review,
    /// Whether the organisation is suspended.
    pub suspended: bool,
    /// What the person holds over it.
    pub grants: OrganisationGrants,
}

impl FromRow for Membership {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            member: row.parse(0)?,
            organisation: row.parse(1)?,
            name: row.text(2)?,
            review: row.parse(3)?,
            suspended: row.bool(4)?,
            grants: row.parse(5)?,
        })
    }
}

/// A management token as a caller, and until when.
struct Bearer(Token);

impl FromRow for Bearer {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        let person = row.opt_text_ref(2)?.map(|id| id.parse::<PersonId>().map_err(StoreError::corrupt)).transpose()?;
        let grants = Held { organisation: row.parse(3)?, application: row.parse(4)? };
        Ok(Self(Token { id: row.parse(0)?, organisation: row.parse(1)?, person, grants }))
    }
}

/// A session or an access token, as its owner sees it in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its id, which is no secret.
    pub id: SessionId,
    /// An access token for the API, not a session of the hub.
    pub access_token: bool,
    /// The one organisation that an access token is for.
    pub organisation: Option<OrganisationId>,
    /// What the browser called itself.
    pub agent: String,
    /// Where it was made from.
    pub source: Option<String>,
    /// When it was made.
    pub signed_in_at: Timestamp,
    /// When it was last used, to within a minute; of access tokens: when it was made.
    pub seen_at: Timestamp,
    /// Not accepted from then on.
    pub until: Timestamp,
}

impl FromRow for Listed {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.parse(0)?,
            access_token: row.bool(1)?,
            organisation: row.opt_text_ref(2)?.map(|id| id.parse::<OrganisationId>().map_err(StoreError::corrupt)).transpose()?,
            agent: row.text(3)?,
            source: row.opt_text(4)?,
            signed_in_at: Timestamp::from_us(row.int(5)?),
            seen_at: Timestamp::from_us(row.int(6)?),
            until: Timestamp::from_us(row.int(7)?),
        })
    }
}

/// A session that is to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSession {
    /// Its id.
    pub id: SessionId,
    /// SHA-256 of its secret.
    pub digest: [u8; 32],
    /// Whose.
    pub person: PersonId,
    /// An access token for the API, not a session of the hub.
    pub access_token: bool,
    /// The one organisation that an access token is for.
    pub organisation: Option<OrganisationId>,
    /// What the browser calls itself, cut short.
    pub agent: String,
    /// Where it was made from.
    pub source: Option<String>,
    /// When.
    pub now: Timestamp,
    /// Not accepted from then on.
    pub until: Timestamp,
}

impl AsGate<'_> {
    /// The session with this digest that is accepted at `now` and was used after `idle_since`: one of the hub, or an access token.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn session(&self, digest: &[u8; 32], access_token: bool, now: Timestamp, idle_since: Timestamp) -> Result<Option<Session>, StoreError> {
        self.opt(
            "SELECT s.id, s.person_id, s.organisation_id, p.mail, p.name, o.person_id IS NOT NULL, s.signed_in_us, s.seen_us, s.until_us \
             FROM session s JOIN person p ON p.id = s.person_id LEFT JOIN operator o ON o.person_id = s.person_id \
             WHERE s.digest = $1 AND s.access_token = $2 AND s.until_us > $3 AND s.seen_us > $4",
            args![*digest, access_token, now, idle_since],
        )
        .await
    }

    /// A person's sessions and access tokens that are accepted at `now` and were used after `idle_since`, newest first, at most 200.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn session_list(&self, person: PersonId, now: Timestamp, idle_since: Timestamp) -> Result<Vec<Listed>, StoreError> {
        self.all(
            "SELECT id, access_token, organisation_id, agent, source, signed_in_us, seen_us, until_us FROM session \
             WHERE person_id = $1 AND until_us > $2 AND seen_us > $3 ORDER BY signed_in_us DESC, id DESC LIMIT 200",
            args![person, now, idle_since],
        )
        .await
    }

    /// Where a person is a member, by the organisations' names.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn memberships(&self, person: PersonId) -> Result<Vec<Membership>, StoreError> {
        self.all(
            "SELECT m.id, o.id, o.name, o.review, o.suspended, m.grants FROM member m JOIN organisation o ON o.id = m.organisation_id \
             WHERE m.person_id = $1 ORDER BY o.name, o.id",
            args![person],
        )
        .await
    }

    /// The management token with this digest that is accepted at `now`.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn management_token(&self, digest: &[u8; 32], now: Timestamp) -> Result<Option<Token>, StoreError> {
        let found = self
            .opt::<Bearer>(
                "SELECT id, organisation_id, person_id, grants, application_grants FROM management_token \
                 WHERE digest = $1 AND revoked_us IS NULL AND (expires_us IS NULL OR expires_us > $2)",
                args![*digest, now],
            )
            .await?;
        Ok(found.map(|f| f.0))
    }
}

impl Tx<'_> {
    /// Adds a session.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn session_insert(&mut self, s: &NewSession) -> Result<(), StoreError> {
        self.exec(
            "INSERT INTO session (id, digest, person_id, access_token, organisation_id, agent, source, signed_in_us, seen_us, until_us) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9)",
            args![s.id, s.digest, s.person, s.access_token, s.organisation, s.agent.as_str(), s.source.as_deref(), s.now, s.until],
        )
        .await?;
        Ok(())
    }

    /// Puts down that a session was used, unless that was done after `before`.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn session_seen(&mut self, id: SessionId, now: Timestamp, before: Timestamp) -> Result<(), StoreError> {
        self.exec("UPDATE session SET seen_us = $2 WHERE id = $1 AND seen_us < $3", args![id, now, before]).await?;
        Ok(())
    }

    /// Ends sessions and access tokens of a person: one, or all.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn session_end(&mut self, person: PersonId, only: Option<SessionId>) -> Result<u64, StoreError> {
        match only {
            Some(id) => self.exec("DELETE FROM session WHERE person_id = $1 AND id = $2", args![person, id]).await,
            None => self.exec("DELETE FROM session WHERE person_id = $1", args![person]).await,
        }
    }
}
