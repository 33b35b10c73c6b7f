//! Calls that carry a key against repeats: what became of the first one with the key.
//!
//! The row is marked in the same transaction as what the call did ([`Store::marking`]), so that whoever finds it unmarked may do the work, and
//! whoever finds it marked must not, even where the answer was lost.

use std::sync::Arc;

use keywright_domain::time::Timestamp;

use crate::engine::{FromRow, RowRef, Tx};
use crate::error::StoreError;
use crate::{Store, args, housekeeper};

/// Which call: the same caller, the same route and the same key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyedCall {
    /// Who calls, as the audit trail names them.
    pub caller: String,
    /// Method and path.
    pub route: String,
    /// SHA-256 of the key.
    pub key_digest: [u8; 32],
}

/// The right to do the work of a call, until somebody else takes it over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    call: KeyedCall,
    begun_at: Timestamp,
}

/// How far an earlier call with the same key came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// It has written nothing yet.
    Running,
    /// What it does is in the store, its answer is not.
    Committed,
    /// Its answer is kept.
    Answered,
}

/// An earlier call with the same key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Earlier {
    /// SHA-256 of what it was sent with.
    pub body_digest: [u8; 32],
    /// How far it came.
    pub progress: Progress,
    /// When it began.
    pub begun_at: Timestamp,
    /// What it was done to, once that is known.
    pub subject: Option<String>,
    /// What it answered.
    pub answer: Option<KeptAnswer>,
}

/// An answer that is given again.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KeptAnswer {
    /// The status.
    pub status: u16,
    /// Its `Location`.
    pub location: Option<String>,
    /// The body, without a secret.
    pub body: String,
    /// The whole answer, where it shows a secret.
    pub sealed: Option<SealedAnswer>,
}

/// An answer with a secret, which nobody can read without the call's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedAnswer {
    /// Sealed under the master key and the call's key.
    pub body: Vec<u8>,
    /// Not given again from then on.
    pub until: Timestamp,
    /// Whose secret it is.
    pub subject: String,
    /// Which version's; none where there are none.
    pub version: Option<u32>,
}

/// What a call with a key finds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begun {
    /// It is to do the work.
    First(Arc<Mark>),
    /// There was another one.
    Again(Box<Earlier>),
}

impl FromRow for Earlier {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        let progress = match row.text_ref(1)? {
            "running" => Progress::Running,
            "committed" => Progress::Committed,
            "answered" => Progress::Answered,
            other => return Err(StoreError::corrupt(format!("the state {other:?} of a call"))),
        };
        let subject = row.opt_text(3)?;
        let version = row.opt_int(4)?.map(u32::try_from).transpose().map_err(StoreError::corrupt)?;
        let sealed = match (row.opt_blob(8)?, row.opt_int(9)?, &subject) {
            (Some(body), Some(until), Some(subject)) => Some(SealedAnswer { body, until: Timestamp::from_us(until), subject: subject.clone(), version }),
            _ => None,
        };
        let status = row.opt_int(5)?.map(u16::try_from).transpose().map_err(StoreError::corrupt)?;
        let answer = match status {
            Some(status) => Some(KeptAnswer { status, location: row.opt_text(6)?, body: row.opt_text(7)?.unwrap_or_default(), sealed }),
            None => None,
        };
        Ok(Self { body_digest: row.digest(0)?, progress, begun_at: Timestamp::from_us(row.int(2)?), subject, answer })
    }
}

const EARLIER: &str = "SELECT body_digest, state, created_us, subject, subject_version, status, location, answer, sealed, sealed_until_us \
     FROM idempotency WHERE caller = $1 AND route = $2 AND key_digest = $3";

impl Store {
    /// Begins a call, or finds the earlier one. Rows from before `kept_from` no longer count; one that has written nothing since `running_from`
    /// is taken over, and whoever had begun it writes nothing any more.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn call_begin(
        &self,
        call: KeyedCall,
        body_digest: [u8; 32],
        now: Timestamp,
        kept_from: Timestamp,
        running_from: Timestamp,
    ) -> Result<Begun, StoreError> {
        let run = async move |tx: &mut Tx<'_>| -> Result<(Begun, Vec<_>), StoreError> {
            let key = || args![call.caller.as_str(), call.route.as_str(), call.key_digest];
            let first = || Begun::First(Arc::new(Mark { call: call.clone(), begun_at: now }));
            if let Some(found) = tx.opt::<Earlier>(EARLIER, key()).await? {
                let over = found.begun_at < kept_from;
                let left = found.progress == Progress::Running && found.begun_at < running_from && found.body_digest == body_digest;
                if !over && !left {
                    return Ok((Begun::Again(Box::new(found)), Vec::new()));
                }
                let mut gone = key();
                gone.push(found.begun_at.into());
                tx.exec("DELETE FROM idempotency WHERE caller = $1 AND route = $2 AND key_digest = $3 AND created_us = $4", gone).await?;
            }
            let mut row = key();
            row.extend(args![body_digest, now]);
            let begun = tx
                .exec(
                    "INSERT INTO idempotency (caller, route, key_digest, body_digest, state, created_us) VALUES ($1, $2, $3, $4, 'running', $5) \
                     ON CONFLICT DO NOTHING",
                    row,
                )
                .await?;
            if begun == 1 {
                return Ok((first(), Vec::new()));
            }
            // Somebody began it at the same moment.
            Ok((Begun::Again(Box::new(tx.one(EARLIER, key()).await?)), Vec::new()))
        };
        Ok(self.housekeep(housekeeper("calls")?, run).await?.value)
    }

    /// Keeps the answer of a call. False: it was taken over meanwhile.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn call_answered(&self, mark: &Mark, answer: KeptAnswer) -> Result<bool, StoreError> {
        let Mark { call, begun_at } = mark.clone();
        let run = async move |tx: &mut Tx<'_>| -> Result<(bool, Vec<_>), StoreError> {
            let a = &answer;
            let sealed = a.sealed.as_ref();
            let mut row =
                args![call.caller.as_str(), call.route.as_str(), call.key_digest, begun_at, i64::from(a.status), a.location.as_deref(), a.body.as_str()];
            row.extend(args![sealed.map(|s| s.body.clone()), sealed.map(|s| s.until), sealed.map(|s| s.subject.as_str()), sealed.and_then(|s| s.version)]);
            let kept = tx
                .exec(
                    "UPDATE idempotency SET state = 'answered', status = $5, location = $6, answer = $7, sealed = $8, sealed_until_us = $9, \
                     subject = COALESCE($10, subject), subject_version = $11 \
                     WHERE caller = $1 AND route = $2 AND key_digest = $3 AND created_us = $4",
                    row,
                )
                .await?;
            Ok((kept == 1, Vec::new()))
        };
        Ok(self.housekeep(housekeeper("calls")?, run).await?.value)
    }

    /// Forgets a call that was refused and wrote nothing, so that it can be made again.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn call_refused(&self, mark: &Mark) -> Result<(), StoreError> {
        let Mark { call, begun_at } = mark.clone();
        let run = async move |tx: &mut Tx<'_>| -> Result<((), Vec<_>), StoreError> {
            let sql = "DELETE FROM idempotency WHERE caller = $1 AND route = $2 AND key_digest = $3 AND created_us = $4 AND state = 'running'";
            tx.exec(sql, args![call.caller.as_str(), call.route.as_str(), call.key_digest, begun_at]).await?;
            Ok(((), Vec::new()))
        };
        self.housekeep(housekeeper("calls")?, run).await?;
        Ok(())
    }
}

impl Tx<'_> {
    /// Marks a call as done, in the transaction that does it.
    ///
    /// # Errors
    /// [`StoreError::Busy`] when somebody else has taken the call over: nothing may be written for it here any more.
    pub(crate) async fn call_committed(&mut self, mark: &Mark, subject: Option<&str>) -> Result<(), StoreError> {
        let Mark { call, begun_at } = mark;
        let marked = self
            .exec(
                "UPDATE idempotency SET state = 'committed', subject = COALESCE(subject, $5) \
                 WHERE caller = $1 AND route = $2 AND key_digest = $3 AND created_us = $4 AND state <> 'answered'",
                args![call.caller.as_str(), call.route.as_str(), call.key_digest, *begun_at, subject],
            )
            .await?;
        if marked == 1 { Ok(()) } else { Err(StoreError::Busy { waited_ms: 0, detail: "the same call was begun again meanwhile".into() }) }
    }

    /// Erases the sealed answers that are not given again after `now`.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn call_answers_unseal(&mut self, now: Timestamp) -> Result<u64, StoreError> {
        self.exec("UPDATE idempotency SET sealed = NULL, sealed_until_us = NULL WHERE sealed_until_us < $1", args![now]).await
    }
}
