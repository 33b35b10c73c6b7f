//! Mails that wait to leave, sealed. Whoever sends one leases it by moving the time of its next try.

use keywright_domain::ids::MailId;
use keywright_domain::time::Timestamp;

use crate::args;
use crate::engine::{FromRow, RowRef, Tx};
use crate::error::StoreError;
use crate::scope::AsSystem;

/// A mail that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Its id.
    pub id: MailId,
    /// Who gets it and what it says, sealed.
    pub sealed: Vec<u8>,
    /// Tries that failed.
    pub tries: i64,
    /// When it is tried next.
    pub next_at: Timestamp,
    /// What it says is of no use from then on.
    pub until: Timestamp,
}

impl FromRow for Waiting {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.parse(0)?,
            sealed: row.blob(1)?,
            tries: row.int(2)?,
            next_at: Timestamp::from_us(row.int(3)?),
            until: Timestamp::from_us(row.int(4)?),
        })
    }
}

impl Tx<'_> {
    /// Adds a mail that leaves after the commit.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn mail_insert(&mut self, id: MailId, sealed: &[u8], now: Timestamp, until: Timestamp) -> Result<(), StoreError> {
        self.exec(
            "INSERT INTO mail (id, sealed, tries, next_us, until_us, created_us, trouble) VALUES ($1, $2, 0, $3, $4, $3, NULL)",
            args![id, sealed, now, until],
        )
        .await?;
        Ok(())
    }

    /// The mails that are due, at most `limit`, each now leased until `leased_until`: of several nodes, one gets it.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn mails_lease(&mut self, now: Timestamp, leased_until: Timestamp, limit: u32) -> Result<Vec<Waiting>, StoreError> {
        let due = "SELECT id, sealed, tries, next_us, until_us FROM mail WHERE next_us <= $1 AND until_us > $1 ORDER BY next_us, id LIMIT $2";
        let mut leased = Vec::new();
        for mail in self.all::<Waiting>(due, args![now, i64::from(limit)]).await? {
            let moved = self.exec("UPDATE mail SET next_us = $3 WHERE id = $1 AND next_us = $2", args![mail.id, mail.next_at, leased_until]).await?;
            if moved == 1 {
                leased.push(mail);
            }
        }
        Ok(leased)
    }

    /// Forgets a mail that has left.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn mail_remove(&mut self, id: MailId) -> Result<(), StoreError> {
        self.exec("DELETE FROM mail WHERE id = $1", args![id]).await?;
        Ok(())
    }

    /// Puts down that a try failed, and when the next one is.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn mail_again(&mut self, id: MailId, next: Timestamp, trouble: &str) -> Result<(), StoreError> {
        self.exec("UPDATE mail SET tries = tries + 1, next_us = $2, trouble = $3 WHERE id = $1", args![id, next, trouble]).await?;
        Ok(())
    }

    /// Removes mails of which nobody has any use any more, and gives their ids.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn mails_drop_over(&mut self, now: Timestamp, limit: u32) -> Result<Vec<MailId>, StoreError> {
        let over = self.all::<Id>("SELECT id FROM mail WHERE until_us <= $1 ORDER BY until_us LIMIT $2", args![now, i64::from(limit)]).await?;
        for Id(id) in &over {
            self.mail_remove(*id).await?;
        }
        Ok(over.into_iter().map(|Id(id)| id).collect())
    }
}

struct Id(MailId);

impl FromRow for Id {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        Ok(Self(row.parse(0)?))
    }
}

impl AsSystem<'_> {
    /// Whether a mail is due or over, so that nobody takes a turn in writing for nothing.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn mails_are_due(&self, now: Timestamp) -> Result<bool, StoreError> {
        Ok(self.opt::<()>("SELECT 1 FROM mail WHERE next_us <= $1 OR until_us <= $1 LIMIT 1", args![now]).await?.is_some())
    }
}
