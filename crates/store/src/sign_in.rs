//! Sign-ins that were asked for: found by the digests of a link's token or of a browser's secret, and used once.

use keywright_domain::ids::{MailId, SignInId};
use keywright_domain::time::Timestamp;

use crate::args;
use crate::engine::{FromRow, RowRef, Tx};
use crate::error::StoreError;
use crate::scope::AsGate;

/// A sign-in that is to be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSignIn {
    /// Its id.
    pub id: SignInId,
    /// The address that it proves; none: the first operator says it on the page.
    pub mail: Option<String>,
    /// SHA-256 of the secret of the browser that asked; none: it is bound to no browser.
    pub browser: Option<[u8; 32]>,
    /// SHA-256 of the token in the link; none: there is no link.
    pub link: Option<[u8; 32]>,
    /// Digest of the code; none: there is no code.
    pub code: Option<[u8; 32]>,
    /// Where to go afterwards.
    pub return_to: Option<String>,
    /// Makes the person the first operator.
    pub operator: bool,
    /// The mail that holds link and code.
    pub mail_id: Option<MailId>,
    /// Where it was asked from.
    pub source: Option<String>,
    /// When.
    pub now: Timestamp,
    /// Not accepted from then on.
    pub until: Timestamp,
}

/// A sign-in that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignIn {
    /// Its id.
    pub id: SignInId,
    /// The address that it proves.
    pub mail: Option<String>,
    /// SHA-256 of the secret of the browser that asked.
    pub browser: Option<[u8; 32]>,
    /// Digest of the code.
    pub code: Option<[u8; 32]>,
    /// Codes that were tried and wrong.
    pub tries: i64,
    /// Where to go afterwards.
    pub return_to: Option<String>,
    /// Makes the person the first operator.
    pub operator: bool,
    /// Not accepted from then on.
    pub until: Timestamp,
    /// When it was used.
    pub used_at: Option<Timestamp>,
}

fn digest(row: &RowRef<'_>, column: usize) -> Result<Option<[u8; 32]>, StoreError> {
    row.opt_blob_ref(column)?.map(|bytes| bytes.try_into().map_err(|_| StoreError::corrupt("a digest has 32 bytes"))).transpose()
}

impl FromRow for SignIn {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.parse(0)?,
            mail: row.opt_text(1)?,
            browser: digest(row, 2)?,
            code: digest(row, 3)?,
            tries: row.int(4)?,
            return_to: row.opt_text(5)?,
            operator: row.bool(6)?,
            until: Timestamp::from_us(row.int(7)?),
            used_at: row.opt_int(8)?.map(Timestamp::from_us),
        })
    }
}

/// How many sign-ins were asked for lately.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AskedLately {
    /// With this address, from anywhere: mails that were made.
    pub of_mail: i64,
    /// With this address, from this source: mails that were made.
    pub of_mail_here: i64,
    /// From this source.
    pub of_source: i64,
}

impl FromRow for AskedLately {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        Ok(Self { of_mail: row.int(0)?, of_mail_here: row.int(1)?, of_source: row.int(2)? })
    }
}

/// How far the mail of a sign-in is: tries to send it; none: it has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MailOfSignIn {
    /// Tries that failed; none: the mail has left, or there was none.
    pub tries: Option<i64>,
    /// Until when the sign-in is accepted.
    pub until: Timestamp,
}

impl FromRow for MailOfSignIn {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        Ok(Self { tries: row.opt_int(0)?, until: Timestamp::from_us(row.int(1)?) })
    }
}

impl AsGate<'_> {
    /// The sign-in whose link holds the token with this digest.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn sign_in_of_link(&self, digest: &[u8; 32]) -> Result<Option<SignIn>, StoreError> {
        self.opt(
            "SELECT id, mail, browser_digest, code_digest, tries, return_to, operator, until_us, used_us FROM sign_in WHERE link_digest = $1",
            args![*digest],
        )
        .await
    }

    /// The sign-in with this id.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn sign_in(&self, id: SignInId) -> Result<Option<SignIn>, StoreError> {
        self.opt("SELECT id, mail, browser_digest, code_digest, tries, return_to, operator, until_us, used_us FROM sign_in WHERE id = $1", args![id]).await
    }

    /// The latest sign-ins that a browser asked for, newest first.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn sign_ins_of_browser(&self, digest: &[u8; 32]) -> Result<Vec<SignIn>, StoreError> {
        self.all(
            "SELECT id, mail, browser_digest, code_digest, tries, return_to, operator, until_us, used_us FROM sign_in \
             WHERE browser_digest = $1 ORDER BY id DESC LIMIT 10",
            args![*digest],
        )
        .await
    }

    /// How far the mail is of the last sign-in that a browser asked for.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn mail_of_sign_in(&self, browser: &[u8; 32]) -> Result<Option<MailOfSignIn>, StoreError> {
        self.opt(
            "SELECT m.tries, s.until_us FROM sign_in s LEFT JOIN mail m ON m.id = s.mail_id WHERE s.browser_digest = $1 ORDER BY s.id DESC LIMIT 1",
            args![*browser],
        )
        .await
    }
}

impl Tx<'_> {
    /// Sign-ins that were asked for since `since`, with this address and from this source; all whose source is not known have one.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn sign_ins_asked_since(&mut self, mail: &str, source: Option<&str>, since: Timestamp) -> Result<AskedLately, StoreError> {
        self.one(
            "SELECT (SELECT count(*) FROM sign_in WHERE mail = $1 AND created_us > $3 AND mail_id IS NOT NULL), \
             (SELECT count(*) FROM sign_in WHERE mail = $1 AND created_us > $3 AND mail_id IS NOT NULL AND COALESCE(source, '') = COALESCE($2, '')), \
             (SELECT count(*) FROM sign_in WHERE source = $2 AND created_us > $3)",
            args![mail, source, since],
        )
        .await
    }

    /// Adds a sign-in.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn sign_in_insert(&mut self, s: &NewSignIn) -> Result<(), StoreError> {
        self.exec(
            "INSERT INTO sign_in (id, mail, browser_digest, link_digest, code_digest, tries, return_to, operator, mail_id, source, created_us, until_us) \
             VALUES ($1, $2, $3, $4, $5, 0, $6, $7, $8, $9, $10, $11)",
            args![s.id, s.mail.as_deref(), s.browser, s.link, s.code, s.return_to.as_deref(), s.operator, s.mail_id, s.source.as_deref(), s.now, s.until],
        )
        .await?;
        Ok(())
    }

    /// Counts a try of the code; false: it is used, over, or was tried `max` times. Nobody else tries it before this transaction ends.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn sign_in_try(&mut self, id: SignInId, max: i64, now: Timestamp) -> Result<bool, StoreError> {
        let tried = self.exec("UPDATE sign_in SET tries = tries + 1 WHERE id = $1 AND tries < $2 AND used_us IS NULL AND until_us > $3", args![id, max, now]);
        Ok(tried.await? == 1)
    }

    /// Uses a sign-in; false: it is used already, over, or its code was tried `max_tries` times. Of two at once, one gets it.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn sign_in_use(&mut self, id: SignInId, max_tries: i64, now: Timestamp) -> Result<bool, StoreError> {
        let used =
            self.exec("UPDATE sign_in SET used_us = $3 WHERE id = $1 AND used_us IS NULL AND until_us > $3 AND tries < $2", args![id, max_tries, now]).await?;
        Ok(used == 1)
    }

    /// The sign-in with this id.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn sign_in(&mut self, id: SignInId) -> Result<Option<SignIn>, StoreError> {
        self.opt("SELECT id, mail, browser_digest, code_digest, tries, return_to, operator, until_us, used_us FROM sign_in WHERE id = $1", args![id]).await
    }
}
