//! Versions of credentials.

use std::collections::HashMap;

use keywright_domain::credential::{Material, Version, VersionState};
use keywright_domain::ids::CredentialId;
use keywright_domain::time::Timestamp;

use crate::args;
use crate::credentials::Stored;
use crate::engine::{FromRow, RowRef, Tx};
use crate::error::StoreError;

/// The columns of a version, in the order in which [`VersionRow`] reads them.
macro_rules! version_columns {
    () => {
        "v.credential_id, v.number, v.state, v.until_us, v.digest, v.hint, v.created_us, v.material_form, v.material, v.description, v.expires_us, v.ran_out"
    };
}
pub(crate) use version_columns;

/// A version with the credential that it belongs to.
pub(crate) struct VersionRow(CredentialId, Version);

impl FromRow for VersionRow {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        let version = Version {
            number: u32::try_from(row.int(1)?).map_err(StoreError::corrupt)?,
            state: state(row, 2)?,
            digest: row.digest(4)?,
            hint: row.text(5)?,
            created_at: Timestamp::from_us(row.int(6)?),
            material: material(row, 7)?,
            description: row.opt_text(9)?,
            expires_at: row.opt_int(10)?.map(Timestamp::from_us),
            ran_out: row.int(11)? != 0,
        };
        Ok(Self(row.parse(0)?, version))
    }
}

/// The state whose word stands in this column and whose time in the next.
pub(crate) fn state(row: &RowRef<'_>, column: usize) -> Result<VersionState, StoreError> {
    let word = row.text_ref(column)?;
    let state = VersionState::from_parts(word, row.opt_int(column + 1)?.map(Timestamp::from_us));
    state.ok_or_else(|| StoreError::corrupt(format!("version state {word:?}")))
}

/// The material whose form stands in this column and whose bytes in the next.
pub(crate) fn material(row: &RowRef<'_>, column: usize) -> Result<Material, StoreError> {
    let word = row.text_ref(column)?;
    let material = Material::from_parts(word, row.opt_blob_ref(column + 1)?);
    material.ok_or_else(|| StoreError::corrupt(format!("material {word:?} of a version")))
}

/// Gives each credential its versions; both lists may be in any order.
pub(crate) fn with_versions(mut credentials: Vec<Stored>, versions: Vec<VersionRow>) -> Vec<Stored> {
    let mut by_credential = HashMap::<CredentialId, Vec<Version>>::new();
    for VersionRow(credential, version) in versions {
        by_credential.entry(credential).or_default().push(version);
    }
    for stored in &mut credentials {
        stored.credential.versions = by_credential.remove(&stored.credential.id).unwrap_or_default();
        stored.credential.versions.sort_by_key(|v| v.number);
    }
    credentials
}

impl Tx<'_> {
    /// Adds a version, or stores its state.
    pub(crate) async fn version_save(&mut self, credential: CredentialId, v: &Version) -> Result<(), StoreError> {
        self.exec(
            "INSERT INTO version (credential_id, number, state, until_us, digest, hint, created_us, material_form, material, description, expires_us, ran_out) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) \
             ON CONFLICT (credential_id, number) DO UPDATE SET state = excluded.state, until_us = excluded.until_us, ran_out = excluded.ran_out",
            args![
                credential,
                i64::from(v.number),
                v.state.as_str(),
                v.state.time(),
                &v.digest[..],
                v.hint.as_str(),
                v.created_at,
                v.material.as_str(),
                v.material.bytes(),
                v.description.as_deref(),
                v.expires_at,
                i64::from(v.ran_out)
            ],
        )
        .await?;
        Ok(())
    }
}
