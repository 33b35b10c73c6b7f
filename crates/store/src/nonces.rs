//! The memory of nonces that the nodes of a cluster share. It is not written ahead, so a crash or a fail-over empties it: then it has no row that
//! says when it began, gets one, and what was signed before that is not taken. Nonces of signatures that say they are of a time ahead are kept
//! beside it in a table that outlives a crash; a single node, whose memory is its own, keeps no others here.

use keywright_crypto::random;
use keywright_domain::caller::Allowed;
use keywright_domain::time::Timestamp;

use crate::engine::{Around, FromRow, RowRef, Tx};
use crate::error::StoreError;
use crate::{Store, args};

/// What becomes of a nonce that somebody wants to use up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claimed {
    /// It was not used before, and is now.
    Fresh,
    /// It was used before.
    Reused,
    /// The memory began after the request was signed.
    TooYoung,
}

/// Whether a nonce was kept by this very claim, and when the memory began.
struct Known {
    ours: bool,
    born: Option<Timestamp>,
}

impl FromRow for Known {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        Ok(Self { ours: row.int(0)? > 0, born: row.opt_int(1)?.map(Timestamp::from_us) })
    }
}

/// A nonce that somebody wants to use up.
#[derive(Debug, Clone, Copy)]
pub struct Nonce {
    /// What it is known by.
    pub key: [u8; 16],
    /// When the request was signed.
    pub created: Timestamp,
    /// From then on it may be forgotten.
    pub until: Timestamp,
}

impl FromRow for Nonce {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        Ok(Self { key: row.bits(0)?.to_be_bytes(), created: Timestamp::from_us(row.int(1)?), until: Timestamp::from_us(row.int(2)?) })
    }
}

impl Store {
    /// Uses a nonce up in the memory that all nodes share, if it is fresh: one round trip where it is, and another one where its signature is of a
    /// time `ahead`.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn claim_nonce(&self, nonce: Nonce, ahead: bool) -> Result<Claimed, StoreError> {
        // A claim whose answer was lost is made again, and finds itself.
        let claim = random::bits()?.cast_signed() as i64;
        self.read(Around::Statement, async move |tx: &mut Tx<'_>| match remember(tx, nonce, claim).await? {
            Claimed::Fresh if ahead => keep(tx, nonce, claim).await,
            claimed => Ok(claimed),
        })
        .await
    }

    /// Puts a nonce on disk whose signature is of a time ahead, if it is fresh.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn keep_nonce(&self, allowed: Allowed, nonce: Nonce) -> Result<Claimed, StoreError> {
        let claim = random::bits()?.cast_signed() as i64;
        Ok(self.housekeep(allowed, async move |tx| Ok::<_, StoreError>((keep(tx, nonce, claim).await?, vec![]))).await?.value)
    }

    /// The nonces on disk that may not be forgotten by `now`.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn nonces_kept(&self, now: Timestamp) -> Result<Vec<Nonce>, StoreError> {
        self.read(Around::Statement, async move |tx: &mut Tx<'_>| {
            tx.all("SELECT key, created_us, until_us FROM nonce_ahead WHERE until_us >= $1", args![now]).await
        })
        .await
    }

    /// Begins the memory, where it has not begun: with the first node, so that the first signed request is not too old for it.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn begin_nonces(&self) -> Result<(), StoreError> {
        self.read(Around::Statement, async move |tx: &mut Tx<'_>| begin(tx).await).await
    }
}

async fn remember(tx: &mut Tx<'_>, nonce: Nonce, claim: i64) -> Result<Claimed, StoreError> {
    let Nonce { key, created, until } = nonce;
    let kept = tx
        .opt::<()>(
            "INSERT INTO nonce (key, until_us, claim) SELECT $1, $2, $3 FROM nonce_memory m WHERE m.born_us <= $4 \
             AND NOT EXISTS (SELECT 1 FROM nonce_ahead a WHERE a.key = $1) ON CONFLICT (key) DO NOTHING RETURNING 1",
            args![key, until, claim, created],
        )
        .await?;
    if kept.is_some() {
        return Ok(Claimed::Fresh);
    }
    let known =
        tx.one::<Known>("SELECT (SELECT count(*) FROM nonce WHERE key = $1 AND claim = $2), (SELECT born_us FROM nonce_memory)", args![key, claim]).await?;
    match known {
        Known { ours: true, .. } => Ok(Claimed::Fresh),
        Known { born: Some(born), .. } if born <= created => Ok(Claimed::Reused),
        Known { born: Some(_), .. } => Ok(Claimed::TooYoung),
        Known { born: None, .. } => {
            begin(tx).await?;
            Ok(Claimed::TooYoung)
        }
    }
}

async fn keep(tx: &mut Tx<'_>, nonce: Nonce, claim: i64) -> Result<Claimed, StoreError> {
    let Nonce { key, created, until } = nonce;
    let sql = "INSERT INTO nonce_ahead (key, created_us, until_us, claim) VALUES ($1, $2, $3, $4) ON CONFLICT (key) DO NOTHING";
    if tx.exec(sql, args![key, created, until, claim]).await? > 0 {
        return Ok(Claimed::Fresh);
    }
    let ours: i64 = tx.one("SELECT count(*) FROM nonce_ahead WHERE key = $1 AND claim = $2", args![key, claim]).await?;
    Ok(if ours > 0 { Claimed::Fresh } else { Claimed::Reused })
}

async fn begin(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    let now = tx.store_now().await?;
    tx.exec("INSERT INTO nonce_memory (id, born_us) VALUES (1, $1) ON CONFLICT (id) DO NOTHING", args![now]).await?;
    Ok(())
}

impl Tx<'_> {
    /// Forgets nonces whose signatures are too old at `now`, at most `limit` of them.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn nonces_forget(&mut self, now: Timestamp, limit: u32) -> Result<(), StoreError> {
        self.exec("DELETE FROM nonce WHERE key IN (SELECT key FROM nonce WHERE until_us < $1 ORDER BY until_us LIMIT $2)", args![now, limit]).await?;
        let kept = "DELETE FROM nonce_ahead WHERE key IN (SELECT key FROM nonce_ahead WHERE until_us < $1 ORDER BY until_us LIMIT $2)";
        self.exec(kept, args![now, limit]).await?;
        Ok(())
    }
}
