//! Erasing what ended so long ago that nobody is told about it any more.

use keywright_domain::ids::CredentialId;
use keywright_domain::time::Timestamp;

use crate::args;
use crate::engine::{FromRow, RowRef, Tx};
use crate::error::StoreError;

struct Id(CredentialId);

impl FromRow for Id {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        Ok(Self(row.parse(0)?))
    }
}

/// A credential and the number of one of its versions.
struct Retired(CredentialId, i64);

impl FromRow for Retired {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        Ok(Self(row.parse(0)?, row.int(1)?))
    }
}

impl Tx<'_> {
    /// Erases credentials that ended before `before`, at most `limit` that were revoked and as many that expired; gives their ids.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn credentials_forget_ended(&mut self, before: Timestamp, limit: u32) -> Result<Vec<CredentialId>, StoreError> {
        let limit = i64::from(limit);
        let mut ended = self.all::<Id>("SELECT id FROM credential WHERE revoked_us < $1 ORDER BY revoked_us LIMIT $2", args![before, limit]).await?;
        let expired = "SELECT id FROM credential WHERE expires_us < $1 AND revoked_us IS NULL ORDER BY expires_us LIMIT $2";
        ended.extend(self.all::<Id>(expired, args![before, limit]).await?);
        for Id(id) in &ended {
            self.exec("DELETE FROM usage WHERE credential_id = $1", args![*id]).await?;
            self.exec("DELETE FROM version WHERE credential_id = $1", args![*id]).await?;
            self.exec("DELETE FROM registered_client WHERE credential_id = $1", args![*id]).await?;
            self.exec("DELETE FROM public_key_taken WHERE unproved_by = $1", args![*id]).await?;
            self.exec("DELETE FROM credential WHERE id = $1", args![*id]).await?;
        }
        Ok(ended.into_iter().map(|Id(id)| id).collect())
    }

    /// Erases versions that were retired before `before`, at most `limit` of them; gives the credentials that they belonged to.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn versions_forget_retired(&mut self, before: Timestamp, limit: u32) -> Result<Vec<CredentialId>, StoreError> {
        let retired = self
            .all::<Retired>(
                "SELECT credential_id, number FROM version WHERE until_us < $1 \
                 ORDER BY until_us LIMIT $2",
                args![before, i64::from(limit)],
            )
            .await?;
        for Retired(credential, number) in &retired {
            self.exec("DELETE FROM usage WHERE credential_id = $1 AND version = $2", args![*credential, *number]).await?;
            let claimed = "DELETE FROM public_key_taken WHERE unproved_by = $1 \
                           AND digest = (SELECT v.digest FROM version v WHERE v.credential_id = $1 AND v.number = $2)";
            self.exec(claimed, args![*credential, *number]).await?;
            self.exec("DELETE FROM version WHERE credential_id = $1 AND number = $2", args![*credential, *number]).await?;
        }
        let mut credentials: Vec<CredentialId> = retired.into_iter().map(|Retired(id, _)| id).collect();
        credentials.sort_unstable();
        credentials.dedup();
        Ok(credentials)
    }

    /// Erases sign-ins that were over before `before`, at most `limit`; gives how many.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn sign_ins_forget(&mut self, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
        let sql = "DELETE FROM sign_in WHERE id IN (SELECT id FROM sign_in WHERE until_us < $1 ORDER BY until_us LIMIT $2)";
        self.exec(sql, args![before, i64::from(limit)]).await
    }

    /// Erases sessions that ended before `before`, or were used for the last time before `idle`; at most `limit` of each.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn sessions_forget(&mut self, before: Timestamp, idle: Timestamp, limit: u32) -> Result<u64, StoreError> {
        let limit = i64::from(limit);
        let ended = "DELETE FROM session WHERE id IN (SELECT id FROM session WHERE until_us < $1 ORDER BY until_us LIMIT $2)";
        let idled = "DELETE FROM session WHERE id IN (SELECT id FROM session WHERE seen_us < $1 LIMIT $2)";
        Ok(self.exec(ended, args![before, limit]).await? + self.exec(idled, args![idle, limit]).await?)
    }

    /// Erases what repeats of requests made before `before` would be recognised by, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn idempotency_forget(&mut self, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
        let sql = "DELETE FROM idempotency WHERE (caller, route, key_digest) IN \
                   (SELECT caller, route, key_digest FROM idempotency WHERE created_us < $1 ORDER BY created_us LIMIT $2)";
        self.exec(sql, args![before, i64::from(limit)]).await
    }
}
