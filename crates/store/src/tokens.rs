//! Access tokens that were ended before their time.

use keywright_domain::ids::CredentialId;
use keywright_domain::time::Timestamp;
use keywright_domain::token::{TokenId, end_of_all};

use crate::args;
use crate::engine::{FromRow, RowRef, Tx};
use crate::error::StoreError;
use crate::scope::AsOperator;

struct Id(TokenId);

impl FromRow for Id {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        Ok(Self(row.parse(0)?))
    }
}

impl Tx<'_> {
    /// Puts down that a token has ended. False: that was known.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn token_end(&mut self, id: TokenId, credential: CredentialId, until: Timestamp) -> Result<bool, StoreError> {
        let sql = "INSERT INTO ended_token (id, credential_id, until_us) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING";
        Ok(self.exec(sql, args![id.to_string(), credential, until]).await? > 0)
    }

    /// How many tokens of a credential were ended one by one and would not have expired by `now`.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn tokens_ended(&mut self, credential: CredentialId, now: Timestamp) -> Result<i64, StoreError> {
        self.one("SELECT count(*) FROM ended_token WHERE credential_id = $1 AND until_us > $2", args![credential, now]).await
    }

    /// Ends all tokens of a credential that were issued so far, which makes those superfluous that were ended one by one: gives them.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn tokens_end_all(&mut self, credential: CredentialId) -> Result<Vec<TokenId>, StoreError> {
        // Who ends all at the same time waits here, so that an end never moves back; and only after the list is read is it dated, so that it is later than
        // every token in the list.
        self.exec("UPDATE credential SET id = id WHERE id = $1", args![credential]).await?;
        let gone = self.all::<Id>("DELETE FROM ended_token WHERE credential_id = $1 RETURNING id", args![credential]).await?;
        let previous: i64 = self.one("SELECT COALESCE(MAX(tokens_not_before_us), 0) FROM credential WHERE id = $1", args![credential]).await?;
        let end = end_of_all(self.clock().await?.latest(), Timestamp::from_us(previous));
        self.exec("UPDATE credential SET tokens_not_before_us = $2 WHERE id = $1", args![credential, end]).await?;
        Ok(gone.into_iter().map(|Id(id)| id).collect())
    }

    /// Forgets ended tokens that would have expired before `now`, at most `limit` of them: gives them.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn tokens_forget(&mut self, now: Timestamp, limit: u32) -> Result<Vec<TokenId>, StoreError> {
        let sql = "DELETE FROM ended_token WHERE id IN (SELECT id FROM ended_token WHERE until_us < $1 ORDER BY until_us LIMIT $2) RETURNING id";
        Ok(self.all::<Id>(sql, args![now, limit]).await?.into_iter().map(|Id(id)| id).collect())
    }
}

impl AsOperator<'_> {
    /// Whether an access token was ended before its time, one by one.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn token_is_ended(&self, id: TokenId) -> Result<bool, StoreError> {
        let count: Option<i64> = self.opt("SELECT count(*) FROM ended_token WHERE id = $1", args![id.to_string()]).await?;
        Ok(count.is_some_and(|count| count > 0))
    }
}
