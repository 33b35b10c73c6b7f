//! The memory of nonces that the nodes of a cluster share. It is not written ahead, so a crash or a fail-over empties it: then it has no row that
//! says when it began, gets one, and what was signed before that is not taken.

use keywright_crypto::random;
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

impl Store {
    /// Uses a nonce up until `until`, if it is fresh: one round trip where it is.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn claim_nonce(&self, key: [u8; 16], created: Timestamp, until: Timestamp) -> Result<Claimed, StoreError> {
        // A claim whose answer was lost is made again, and finds itself.
        let claim = random::bits()?.cast_signed() as i64;
        self.read(Around::Statement, async move |tx: &mut Tx<'_>| {
            let kept = tx
                .opt::<()>(
                    "INSERT INTO nonce (key, until_us, claim) SELECT $1, $2, $3 FROM nonce_memory m WHERE m.born_us <= $4 \
                     ON CONFLICT (key) DO NOTHING RETURNING 1",
                    args![key, until, claim, created],
                )
                .await?;
            if kept.is_some() {
                return Ok(Claimed::Fresh);
            }
            let known = tx
                .one::<Known>("SELECT (SELECT count(*) FROM nonce WHERE key = $1 AND claim = $2), (SELECT born_us FROM nonce_memory)", args![key, claim])
                .await?;
            match known {
                Known { ours: true, .. } => Ok(Claimed::Fresh),
                Known { born: Some(born), .. } if born <= created => Ok(Claimed::Reused),
                Known { born: Some(_), .. } => Ok(Claimed::TooYoung),
                Known { born: None, .. } => {
                    begin(tx).await?;
                    Ok(Claimed::TooYoung)
                }
            }
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
        Ok(())
    }
}
