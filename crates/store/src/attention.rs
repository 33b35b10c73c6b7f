//! What needs somebody's attention: keys that end soon, and old versions that are still in use.

use keywright_domain::ids::{ApplicationId, CredentialId, PersonId};
use keywright_domain::time::Timestamp;

use crate::args;
use crate::engine::{FromRow, RowRef};
use crate::error::StoreError;
use crate::scope::Scope;

/// A live credential that ends soon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expiring {
    /// Which one.
    pub credential: CredentialId,
    /// Its name.
    pub name: String,
    /// Its application.
    pub application: ApplicationId,
    /// When it ends.
    pub at: Timestamp,
}

impl FromRow for Expiring {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        Ok(Self { credential: row.parse(0)?, name: row.text(1)?, application: row.parse(2)?, at: Timestamp::from_us(row.int(3)?) })
    }
}

/// A version in its overlap that somebody still uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OldVersionInUse {
    /// Its credential.
    pub credential: CredentialId,
    /// The credential's name.
    pub name: String,
    /// The credential's application.
    pub application: ApplicationId,
    /// The version's number.
    pub version: u32,
    /// When it ends.
    pub until: Timestamp,
    /// When it was last accepted.
    pub last_at: Timestamp,
}

impl FromRow for OldVersionInUse {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            credential: row.parse(0)?,
            name: row.text(1)?,
            application: row.parse(2)?,
            version: u32::try_from(row.int(3)?).map_err(StoreError::corrupt)?,
            until: Timestamp::from_us(row.int(4)?),
            last_at: Timestamp::from_us(row.int(5)?),
        })
    }
}

/// Of applications over which the person in this argument holds grants; empty: of all.
macro_rules! granted {
    ($person:literal) => {
        concat!(
            " AND (CAST(",
            $person,
            " AS TEXT) = '' OR EXISTS (SELECT 1 FROM member m JOIN application_grant g ON g.member_id = m.id \
               WHERE m.organisation_id = $1 AND m.person_id = ",
            $person,
            " AND g.application_id = c.application_id)) "
        )
    };
}

fn text(person: Option<PersonId>) -> String {
    person.map_or_else(String::new, |p| p.to_string())
}

impl Scope<'_> {
    /// Live credentials that end between two times, the next one first.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn credentials_expiring(&self, granted_to: Option<PersonId>, from: Timestamp, to: Timestamp, limit: u32) -> Result<Vec<Expiring>, StoreError> {
        let sql = concat!(
            "SELECT c.id, c.name, c.application_id, c.expires_us FROM credential c \
             WHERE c.organisation_id = $1 AND c.expires_us > $2 AND c.expires_us < $3 AND c.revoked_us IS NULL",
            granted!("$4"),
            "ORDER BY c.expires_us LIMIT $5"
        );
        self.all(sql, args![from, to, text(granted_to), i64::from(limit)]).await
    }

    /// Versions whose overlap ends after `now` and that were accepted after `since`, the first to end first; as far as the 2,000 overlaps of all
    /// organisations that end next tell, so that a day on which everybody rotates makes no page slow.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn old_versions_in_use(
        &self,
        granted_to: Option<PersonId>,
        now: Timestamp,
        since: Timestamp,
        limit: u32,
    ) -> Result<Vec<OldVersionInUse>, StoreError> {
        let sql = concat!(
            "SELECT c.id, c.name, c.application_id, v.number, v.until_us, u.last_us \
             FROM (SELECT credential_id, number, until_us FROM version WHERE state = 'retiring' AND until_us > $2 ORDER BY until_us LIMIT 2000) v \
             JOIN credential c ON c.id = v.credential_id \
             JOIN usage u ON u.credential_id = v.credential_id AND u.version = v.number AND u.code = 'valid' \
             WHERE c.organisation_id = $1 AND u.last_us > $3 AND c.state <> 'revoked'",
            granted!("$4"),
            "ORDER BY v.until_us LIMIT $5"
        );
        self.all(sql, args![now, since, text(granted_to), i64::from(limit)]).await
    }
}
