//! Public keys that are taken: with proof for ever, without for as long as the claim stands and nobody proves more.

use keywright_domain::ids::{ApplicationId, CredentialId, OrganisationId};

use crate::args;
use crate::engine::{FromRow, RowRef, Tx};
use crate::error::StoreError;

/// Who has a public key that is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holding {
    /// A credential that proved it, or did while it lived.
    Proved,
    /// A credential that only said so.
    Claimed {
        /// Which one.
        credential: CredentialId,
        /// Its application; none: the credential is forgotten.
        of: Option<(OrganisationId, ApplicationId)>,
    },
}

impl FromRow for Holding {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        let Some(credential) = row.opt_text_ref(0)? else { return Ok(Self::Proved) };
        let credential = credential.parse().map_err(StoreError::corrupt)?;
        let of = if row.opt_text_ref(1)?.is_some() { Some((row.parse(1)?, row.parse(2)?)) } else { None };
        Ok(Self::Claimed { credential, of })
    }
}

impl Tx<'_> {
    /// Takes the public key with this fingerprint: for ever, or as long as the claim of `unproved_by` stands. False: it is taken.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn public_key_take(&mut self, digest: &[u8; 32], unproved_by: Option<CredentialId>) -> Result<bool, StoreError> {
        let sql = "INSERT INTO public_key_taken (digest, unproved_by) VALUES ($1, $2) ON CONFLICT (digest) DO NOTHING";
        Ok(self.exec(sql, args![&digest[..], unproved_by]).await? > 0)
    }

    /// Who has the public key with this fingerprint. None: nobody any more.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn public_key_holding(&mut self, digest: &[u8; 32]) -> Result<Option<Holding>, StoreError> {
        let sql = "SELECT t.unproved_by, c.organisation_id, c.application_id FROM public_key_taken t LEFT JOIN credential c ON c.id = t.unproved_by \
                   WHERE t.digest = $1";
        self.opt(sql, args![&digest[..]]).await
    }

    /// Hands a public key over that was claimed by `from` without proof. False: it is no longer theirs.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn public_key_hand_over(&mut self, digest: &[u8; 32], from: CredentialId, unproved_by: Option<CredentialId>) -> Result<bool, StoreError> {
        let sql = "UPDATE public_key_taken SET unproved_by = $3 WHERE digest = $1 AND unproved_by = $2";
        Ok(self.exec(sql, args![&digest[..], from, unproved_by]).await? > 0)
    }

    /// Puts another digest in the place of a version's whose key was handed over: by the key's, its new holder is found.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn version_give_up_key(&mut self, credential: CredentialId, digest: &[u8; 32], instead: &[u8; 32]) -> Result<(), StoreError> {
        self.exec("UPDATE version SET digest = $3 WHERE credential_id = $1 AND digest = $2", args![credential, &digest[..], &instead[..]]).await?;
        Ok(())
    }
}
