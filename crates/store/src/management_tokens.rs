//! Management tokens: programs that may use the management API.

use keywright_domain::grants::Held;
use keywright_domain::ids::{ManagementTokenId, OrganisationId, PersonId};
use keywright_domain::time::Timestamp;

use crate::args;
use crate::engine::{FromRow, RowRef, Tx};
use crate::error::StoreError;
use crate::members::Owner;
use crate::scope::{AsGate, Scope};

/// A management token; never its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManagementToken {
    /// Its id.
    pub id: ManagementTokenId,
    /// Whose it is.
    pub organisation: OrganisationId,
    /// Who made it, and bounds it with what they hold; none: somebody at the machine.
    pub person: Option<PersonId>,
    /// Their mail address.
    pub person_mail: Option<String>,
    /// A label.
    pub name: String,
    /// What it may do; over applications: over all of them.
    pub grants: Held,
    /// `<brand>_mgmt_…` and its last four characters.
    pub masked: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// When it was last used, to within a minute.
    pub seen_at: Option<Timestamp>,
}

/// The columns of a management token, in the order in which [`ManagementToken`] reads them.
macro_rules! columns {
    () => {
        "t.id, t.organisation_id, t.person_id, p.mail, t.name, t.grants, t.application_grants, t.hint, t.created_us, t.expires_us, t.revoked_us, t.seen_us \
         FROM management_token t LEFT JOIN person p ON p.id = t.person_id"
    };
}

impl FromRow for ManagementToken {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        let time = |column| Ok::<_, StoreError>(row.opt_int(column)?.map(Timestamp::from_us));
        Ok(Self {
            id: row.parse(0)?,
            organisation: row.parse(1)?,
            person: row.opt_text_ref(2)?.map(|id| id.parse().map_err(StoreError::corrupt)).transpose()?,
            person_mail: row.opt_text(3)?,
            name: row.text(4)?,
            grants: Held { organisation: row.parse(5)?, application: row.parse(6)? },
            masked: row.text(7)?,
            created_at: Timestamp::from_us(row.int(8)?),
            expires_at: time(9)?,
            revoked_at: time(10)?,
            seen_at: time(11)?,
        })
    }
}

impl AsGate<'_> {
    /// The organisation of a management token.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn organisation_of_management_token(&self, id: ManagementTokenId) -> Result<Option<OrganisationId>, StoreError> {
        Ok(self.opt::<Owner>("SELECT organisation_id FROM management_token WHERE id = $1", args![id]).await?.map(|o| o.0))
    }

    /// Whether it is not yet put down that a management token was used after `before`.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn management_token_unseen(&self, id: ManagementTokenId, before: Timestamp) -> Result<bool, StoreError> {
        let sql = "SELECT 1 FROM management_token WHERE id = $1 AND (seen_us IS NULL OR seen_us < $2)";
        Ok(self.opt::<()>(sql, args![id, before]).await?.is_some())
    }
}

impl Scope<'_> {
    /// Management tokens, newest first, also those that have ended, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn management_token_list(&self, limit: u32) -> Result<Vec<ManagementToken>, StoreError> {
        self.all(concat!("SELECT ", columns!(), " WHERE t.organisation_id = $1 ORDER BY t.id DESC LIMIT $2"), args![i64::from(limit)]).await
    }
}

impl Tx<'_> {
    /// Adds a management token, known by the digest of its secret.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn management_token_insert(&mut self, t: &ManagementToken, digest: &[u8; 32]) -> Result<(), StoreError> {
        self.exec(
            "INSERT INTO management_token (id, organisation_id, person_id, name, grants, application_grants, digest, hint, created_us, expires_us) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            args![
                t.id,
                t.organisation,
                t.person,
                t.name.as_str(),
                t.grants.organisation.to_string(),
                t.grants.application.to_string(),
                *digest,
                t.masked.as_str(),
                t.created_at,
                t.expires_at
            ],
        )
        .await?;
        Ok(())
    }

    /// A management token of this organisation, to be changed.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn management_token_for_update(&mut self, organisation: OrganisationId, id: ManagementTokenId) -> Result<Option<ManagementToken>, StoreError> {
        self.lock_organisation(organisation).await?;
        self.opt(concat!("SELECT ", columns!(), " WHERE t.organisation_id = $1 AND t.id = $2"), args![organisation, id]).await
    }

    /// Stores when a management token was revoked.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn management_token_revoke(&mut self, organisation: OrganisationId, id: ManagementTokenId, now: Timestamp) -> Result<(), StoreError> {
        let sql = "UPDATE management_token SET revoked_us = $3 WHERE organisation_id = $1 AND id = $2 AND revoked_us IS NULL";
        self.exec(sql, args![organisation, id, now]).await?;
        Ok(())
    }

    /// Puts down that a management token was used.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn management_token_seen(&mut self, id: ManagementTokenId, now: Timestamp) -> Result<(), StoreError> {
        self.exec("UPDATE management_token SET seen_us = $2 WHERE id = $1", args![id, now]).await?;
        Ok(())
    }

    /// How many management tokens of an organisation are accepted.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn management_token_count(&mut self, organisation: OrganisationId, now: Timestamp) -> Result<i64, StoreError> {
        let sql = "SELECT count(*) FROM management_token WHERE organisation_id = $1 AND revoked_us IS NULL AND (expires_us IS NULL OR expires_us > $2)";
        self.one(sql, args![organisation, now]).await
    }
}
