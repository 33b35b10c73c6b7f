//! What a replica needs of each row, read for a page or for a snapshot.

use std::sync::Arc;

use keywright_domain::catalogue;
use keywright_domain::change::{
    ApplicationRecord, CredentialRecord, OrganisationRecord, Position, Record, ResourceServerRecord, SigningKeyRecord, TokenRecord, VersionRecord,
};
use keywright_domain::credential::{Environment, VersionState};
use keywright_domain::ids::{CredentialId, ResourceServerId};
use keywright_domain::limits;
use keywright_domain::time::Timestamp;

use crate::args;
use crate::credentials::rate_limit;
use crate::engine::{RowRef, Tx, Val};
use crate::error::StoreError;
use crate::versions;

/// Which rows are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    /// All of them.
    All,
    /// Those that the log names after one position, up to another.
    Named { after: Position, upto: Position },
}

impl Which {
    fn choose(self, all: &'static str, named: &'static str) -> (&'static str, Vec<Val>) {
        match self {
            Self::All => (all, args![]),
            Self::Named { after, upto } => (named, args![after.0.cast_signed(), upto.0.cast_signed()]),
        }
    }
}

/// The subjects of a kind that the log names between two positions.
macro_rules! named {
    ($kind:literal) => {
        concat!("(SELECT subject FROM change_log WHERE position > $1 AND position <= $2 AND kind = '", $kind, "')")
    };
}

pub(crate) async fn catalogue(tx: &mut Tx<'_>, each: &mut dyn FnMut(Record)) -> Result<(), StoreError> {
    tx.for_each("SELECT text FROM catalogue WHERE applied_us > 0", args![], |row| {
        let (parsed, _) = catalogue::parse(row.text_ref(0)?).map_err(|_| StoreError::corrupt("the catalogue"))?;
        each(Record::Catalogue(Arc::new(parsed)));
        Ok(())
    })
    .await
}

pub(crate) async fn organisations(tx: &mut Tx<'_>, which: Which, each: &mut dyn FnMut(OrganisationRecord)) -> Result<(), StoreError> {
    let (sql, args) =
        which.choose("SELECT id, suspended FROM organisation", concat!("SELECT id, suspended FROM organisation WHERE id IN ", named!("organisation")));
    tx.for_each(sql, args, |row| {
        each(OrganisationRecord { id: row.parse(0)?, suspended: row.bool(1)? });
        Ok(())
    })
    .await
}

pub(crate) async fn applications(tx: &mut Tx<'_>, which: Which, each: &mut dyn FnMut(ApplicationRecord)) -> Result<(), StoreError> {
    let (sql, args) = which.choose(
        "SELECT id, organisation_id, state FROM application",
        concat!("SELECT id, organisation_id, state FROM application WHERE id IN ", named!("application")),
    );
    tx.for_each(sql, args, |row| {
        each(ApplicationRecord { id: row.parse(0)?, organisation: row.parse(1)?, state: row.parse(2)? });
        Ok(())
    })
    .await
}

/// A revoked resource server counts as gone: nobody may ask with its tokens.
pub(crate) async fn resource_servers(tx: &mut Tx<'_>, which: Which, each: &mut dyn FnMut(ResourceServerRecord)) -> Result<(), StoreError> {
    let (sql, args) = which.choose(
        "SELECT r.id, r.services, r.environments, t.digest, t.until_us FROM resource_server r \
         LEFT JOIN resource_server_token t ON t.resource_server_id = r.id WHERE r.revoked_us IS NULL ORDER BY r.id",
        concat!(
            "SELECT r.id, r.services, r.environments, t.digest, t.until_us FROM resource_server r \
             LEFT JOIN resource_server_token t ON t.resource_server_id = r.id WHERE r.revoked_us IS NULL AND r.id IN ",
            named!("resource_server"),
            " ORDER BY r.id"
        ),
    );
    let mut current: Option<ResourceServerRecord> = None;
    tx.for_each(sql, args, |row| {
        let id: ResourceServerId = row.parse(0)?;
        if current.as_ref().is_none_or(|c| c.id != id)
            && let Some(done) = current.replace(resource_server(id, row)?)
        {
            each(done);
        }
        if let (Some(current), Some(_)) = (&mut current, row.opt_blob_ref(3)?) {
            current.tokens.push((row.digest(3)?, row.opt_int(4)?.map(Timestamp::from_us)));
        }
        Ok(())
    })
    .await?;
    current.into_iter().for_each(each);
    Ok(())
}

fn resource_server(id: ResourceServerId, row: &RowRef<'_>) -> Result<ResourceServerRecord, StoreError> {
    let words = |column| Ok::<_, StoreError>(row.text_ref(column)?.split(' ').filter(|w| !w.is_empty()));
    Ok(ResourceServerRecord {
        id,
        services: words(1)?.map(str::to_owned).collect(),
        environments: words(2)?.map(|w| w.parse::<Environment>().map_err(StoreError::corrupt)).collect::<Result<_, _>>()?,
        tokens: Vec::new(),
    })
}

/// All keys that sign access tokens, or whose tokens may still be good. There are few.
pub(crate) async fn signing_keys(tx: &mut Tx<'_>) -> Result<Record, StoreError> {
    let mut keys = Vec::new();
    tx.for_each("SELECT id, algorithm, public_key FROM signing_key ORDER BY id", args![], |row| {
        keys.push(SigningKeyRecord { id: row.text(0)?, algorithm: row.parse(1)?, public_key: row.blob(2)? });
        Ok(())
    })
    .await?;
    Ok(Record::SigningKeys(keys.into()))
}

pub(crate) async fn tokens(tx: &mut Tx<'_>, which: Which, each: &mut dyn FnMut(TokenRecord)) -> Result<(), StoreError> {
    let (sql, args) = which.choose("SELECT id, until_us FROM ended_token", concat!("SELECT id, until_us FROM ended_token WHERE id IN ", named!("token")));
    tx.for_each(sql, args, |row| {
        each(TokenRecord { id: row.parse(0)?, until: Timestamp::from_us(row.int(1)?) });
        Ok(())
    })
    .await
}

/// Columns of a credential beside those of one of its versions.
macro_rules! credential_and_version {
    () => {
        "SELECT c.id, v.number, v.state, v.until_us, v.digest, c.application_id, c.kind, c.service, c.environment, c.permissions, c.networks, c.origins, \
         c.rate_requests, c.rate_per_us, c.state, c.expires_us, c.revoked_us, c.public_id, v.material_form, v.material, v.expires_us, c.token_form, c.tokens_not_before_us, v.ran_out \
         FROM credential c LEFT JOIN version v ON v.credential_id = c.id"
    };
}

pub(crate) async fn credentials(tx: &mut Tx<'_>, which: Which, each: &mut dyn FnMut(CredentialRecord)) -> Result<(), StoreError> {
    let (sql, args) = which.choose(
        concat!(credential_and_version!(), " ORDER BY c.id, v.number"),
        concat!(credential_and_version!(), " WHERE c.id IN ", named!("credential"), " ORDER BY c.id, v.number"),
    );
    let mut current: Option<CredentialRecord> = None;
    // Ids are compared as text: most rows begin a new credential, and its id is parsed once.
    let mut current_id = String::new();
    tx.for_each(sql, args, |row| {
        let id = row.text_ref(0)?;
        if id != current_id {
            current_id.clear();
            current_id.push_str(id);
            if let Some(done) = current.replace(credential(row)?) {
                each(with_few_retired(done));
            }
        }
        if let (Some(current), Some(number)) = (&mut current, row.opt_int(1)?) {
            current.versions.push(version(number, row)?);
        }
        Ok(())
    })
    .await?;
    current.into_iter().for_each(|last| each(with_few_retired(last)));
    Ok(())
}

fn credential(row: &RowRef<'_>) -> Result<CredentialRecord, StoreError> {
    let id: CredentialId = row.parse(0)?;
    let rate_limit = match (row.opt_int(12)?, row.opt_int(13)?) {
        (Some(requests), Some(per_us)) => Some(rate_limit(requests, per_us)?),
        _ => None,
    };
    Ok(CredentialRecord {
        id,
        application: row.parse(5)?,
        kind: row.parse(6)?,
        service: row.text(7)?,
        environment: row.parse(8)?,
        permissions: row.text(9)?,
        networks: row.text(10)?,
        origins: row.text(11)?,
        rate_limit,
        state: row.parse(14)?,
        expires_at: row.opt_int(15)?.map(Timestamp::from_us),
        revoked_at: row.opt_int(16)?.map(Timestamp::from_us),
        public_id: row.opt_text(17)?,
        token_form: row.opt_text(21)?.map(|word| word.parse().map_err(StoreError::corrupt)).transpose()?,
        tokens_not_before: row.opt_int(22)?.map(Timestamp::from_us),
        versions: Vec::with_capacity(1),
    })
}

fn version(number: i64, row: &RowRef<'_>) -> Result<VersionRecord, StoreError> {
    Ok(VersionRecord {
        number: u32::try_from(number).map_err(StoreError::corrupt)?,
        state: versions::state(row, 2)?,
        digest: row.digest(4)?,
        material: versions::material(row, 18)?,
        expires_at: row.opt_int(20)?.map(Timestamp::from_us),
        ran_out: row.int(23)? != 0,
    })
}

/// Leaves out the oldest retired versions beyond those that a replica remembers.
fn with_few_retired(mut record: CredentialRecord) -> CredentialRecord {
    let retired = |v: &VersionRecord| matches!(v.state, VersionState::Retired { .. });
    let mut too_many = record.versions.iter().filter(|v| retired(v)).count().saturating_sub(limits::RETIRED_VERSIONS_MAX);
    // Versions come in the order of their numbers, so the first ones are the oldest.
    record.versions.retain(|v| {
        let drop = too_many > 0 && retired(v);
        too_many -= usize::from(drop);
        !drop
    });
    record
}
