//! Credentials and their versions.

use keywright_domain::application::State as ApplicationState;
use keywright_domain::credential::restrictions::{Networks, Origins};
use keywright_domain::credential::{Credential, Environment, Permissions, RateLimit, Restrictions};
use keywright_domain::ids::{ApplicationId, CredentialId, OrganisationId};
use keywright_domain::time::{Span, Timestamp};

use crate::args;
use crate::engine::{FromRow, RowRef, Tx};
use crate::error::StoreError;
use crate::scope::{AsOperator, AsSystem, Scope};
use crate::versions::{VersionRow, version_columns, with_versions};

/// The columns of a credential, in the order in which [`Stored`] reads them.
macro_rules! columns {
    () => {
        "c.id, c.organisation_id, c.application_id, c.kind, c.service, c.environment, c.name, c.permissions, c.networks, c.origins, \
         c.rate_requests, c.rate_per_us, c.state, c.expires_us, c.revoked_us, c.created_us, c.overlap_us, c.public_id, c.token_form, c.tokens_not_before_us"
    };
}

/// A credential as the store keeps it, with the overlap that was chosen for a version that is still pending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The credential with its versions.
    pub credential: Credential,
    /// How long the older version works once the pending one is used.
    pub pending_overlap: Option<Span>,
}

impl FromRow for Stored {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        let rate_limit = match (row.opt_int(10)?, row.opt_int(11)?) {
            (Some(requests), Some(per_us)) => Some(rate_limit(requests, per_us)?),
            _ => None,
        };
        Ok(Self {
            credential: Credential {
                id: row.parse(0)?,
                organisation: row.parse(1)?,
                application: row.parse(2)?,
                kind: row.parse(3)?,
                service: row.text(4)?,
                environment: row.parse(5)?,
                name: row.text(6)?,
                permissions: Permissions::from_text(&row.text(7)?),
                restrictions: Restrictions {
                    networks: Networks::from_text(&row.text(8)?).map_err(StoreError::corrupt)?,
                    origins: Origins::from_text(&row.text(9)?).map_err(StoreError::corrupt)?,
                    rate_limit,
                },
                state: row.parse(12)?,
                expires_at: row.opt_int(13)?.map(Timestamp::from_us),
                revoked_at: row.opt_int(14)?.map(Timestamp::from_us),
                created_at: Timestamp::from_us(row.int(15)?),
                public_id: row.opt_text(17)?,
                token_form: row.opt_text(18)?.map(|word| word.parse().map_err(StoreError::corrupt)).transpose()?,
                tokens_not_before: row.opt_int(19)?.map(Timestamp::from_us),
                versions: Vec::new(),
            },
            pending_overlap: row.opt_int(16)?.map(Span::from_us),
        })
    }
}

pub(crate) fn rate_limit(requests: i64, per_us: i64) -> Result<RateLimit, StoreError> {
    let requests = u32::try_from(requests).map_err(StoreError::corrupt)?;
    RateLimit::new(requests, Span::from_us(per_us)).map_err(StoreError::corrupt)
}

/// What making a credential depends on, read in one statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// The application has this service.
    pub has_service: bool,
    /// Credentials of the application, service and environment that are not revoked or expired.
    pub live: u32,
    /// The state of the application.
    pub state: ApplicationState,
}

impl FromRow for Room {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        Ok(Self { has_service: row.int(0)? > 0, live: u32::try_from(row.int(1)?).unwrap_or(u32::MAX), state: row.parse(2)? })
    }
}

/// [`Room`], of organisation, application, service and environment, now.
const ROOM: &str = "SELECT (SELECT count(*) FROM application_service s WHERE s.application_id = a.id AND s.service = $3), \
            (SELECT count(*) FROM credential c WHERE c.organisation_id = a.organisation_id AND c.application_id = a.id AND c.service = $3 \
               AND c.environment = $4 AND c.state <> 'revoked' AND (c.expires_us IS NULL OR c.expires_us > $5)), \
            a.state \
     FROM application a WHERE a.organisation_id = $1 AND a.id = $2";

impl Tx<'_> {
    /// Whether the application (of this organisation) has the service, and how many live credentials it has there. None: no such application.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn credential_room(
        &mut self,
        organisation: OrganisationId,
        application: ApplicationId,
        service: &str,
        environment: &str,
        now: Timestamp,
    ) -> Result<Option<Room>, StoreError> {
        self.opt(ROOM, args![organisation, application, service, environment, now]).await
    }

    /// A credential of this organisation, to be changed.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn credential_for_update(&mut self, organisation: OrganisationId, id: CredentialId) -> Result<Option<Stored>, StoreError> {
        self.lock_organisation(organisation).await?;
        let Some(stored) = self
            .opt::<Stored>(concat!("SELECT ", columns!(), " FROM credential c WHERE c.organisation_id = $1 AND c.id = $2"), args![organisation, id])
            .await?
        else {
            return Ok(None);
        };
        let versions = self.all::<VersionRow>(concat!("SELECT ", version_columns!(), " FROM version v WHERE v.credential_id = $1"), args![id]).await?;
        Ok(with_versions(vec![stored], versions).pop())
    }

    /// Adds a credential with its versions.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn credential_insert(&mut self, c: &Credential) -> Result<(), StoreError> {
        self.exec(
            "INSERT INTO credential (id, organisation_id, application_id, kind, service, environment, name, permissions, networks, origins, \
             rate_requests, rate_per_us, state, expires_us, revoked_us, created_us, overlap_us, public_id, token_form) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, NULL, $17, $18)",
            args![
                c.id,
                c.organisation,
                c.application,
                c.kind.as_str(),
                c.service.as_str(),
                c.environment.as_str(),
                c.name.as_str(),
                c.permissions.to_text(),
                c.restrictions.networks.to_text(),
                c.restrictions.origins.to_text(),
                c.restrictions.rate_limit.map(|r| i64::from(r.requests())),
                c.restrictions.rate_limit.map(|r| r.per().us()),
                c.state.as_str(),
                c.expires_at,
                c.revoked_at,
                c.created_at,
                c.public_id.as_deref(),
                c.token_form.map(keywright_domain::credential::TokenForm::as_str)
            ],
        )
        .await?;
        for version in &c.versions {
            self.version_save(c.id, version).await?;
        }
        Ok(())
    }

    /// Stores what may have changed of a credential and its versions.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn credential_save(&mut self, stored: &Stored) -> Result<(), StoreError> {
        let c = &stored.credential;
        self.exec(
            "UPDATE credential SET name = $3, permissions = $4, networks = $5, origins = $6, rate_requests = $7, rate_per_us = $8, state = $9, \
             expires_us = $10, revoked_us = $11, overlap_us = $12, token_form = $13 WHERE organisation_id = $1 AND id = $2",
            args![
                c.organisation,
                c.id,
                c.name.as_str(),
                c.permissions.to_text(),
                c.restrictions.networks.to_text(),
                c.restrictions.origins.to_text(),
                c.restrictions.rate_limit.map(|r| i64::from(r.requests())),
                c.restrictions.rate_limit.map(|r| r.per().us()),
                c.state.as_str(),
                c.expires_at,
                c.revoked_at,
                stored.pending_overlap.map(Span::us),
                c.token_form.map(keywright_domain::credential::TokenForm::as_str)
            ],
        )
        .await?;
        for version in &c.versions {
            self.version_save(c.id, version).await?;
        }
        Ok(())
    }
}

/// An id alone.
impl FromRow for CredentialId {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        row.parse(0)
    }
}

/// Where in a list of credentials to go on: before this id, which is older. None: from the newest.
pub type Before = Option<CredentialId>;

impl Scope<'_> {
    /// Credentials of one application in one environment, live and ended, newest first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn credential_list(&self, application: ApplicationId, environment: Environment, before: Before, limit: u32) -> Result<Vec<Stored>, StoreError> {
        // '~' sorts after every character of an id.
        let before = before.map_or_else(|| "~".to_owned(), |id| id.to_string());
        self.together(async move |tx| {
            let listed = tx
                .all::<Stored>(
                    concat!(
                        "SELECT ",
                        columns!(),
                        " FROM credential c WHERE c.organisation_id = $1 AND c.application_id = $2 AND c.environment = $3 AND c.id < $4 ORDER BY c.id DESC LIMIT $5"
                    ),
                    args![application, environment.as_str(), before.as_str(), i64::from(limit)],
                )
                .await?;
            let Some(oldest) = listed.last() else { return Ok(listed) };
            let oldest = oldest.credential.id;
            let versions = tx
                .all::<VersionRow>(
                    concat!(
                        "SELECT ",
                        version_columns!(),
                        " FROM credential c JOIN version v ON v.credential_id = c.id \
                          WHERE c.organisation_id = $1 AND c.application_id = $2 AND c.environment = $3 AND c.id < $4 AND c.id >= $5"
                    ),
                    args![application, environment.as_str(), before.as_str(), oldest],
                )
                .await?;
            Ok(with_versions(listed, versions))
        })
        .await
    }

    /// Whether an application has any credential, live or ended.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn application_has_credential(&self, application: ApplicationId) -> Result<bool, StoreError> {
        let one = self.all::<()>("SELECT 1 FROM credential WHERE organisation_id = $1 AND application_id = $2 LIMIT 1", args![application]).await?;
        Ok(!one.is_empty())
    }

    /// The newest credential of an application for a service in an environment that is neither revoked nor expired.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn credential_live(
        &self,
        application: ApplicationId,
        service: &str,
        environment: Environment,
        now: Timestamp,
    ) -> Result<Option<CredentialId>, StoreError> {
        let live = "SELECT c.id FROM credential c WHERE c.organisation_id = $1 AND c.application_id = $2 AND c.service = $3 AND c.environment = $4 \
                    AND c.state <> 'revoked' AND (c.expires_us IS NULL OR c.expires_us > $5) ORDER BY c.id DESC LIMIT 1";
        Ok(self.all::<CredentialId>(live, args![application, service, environment.as_str(), now]).await?.pop())
    }

    /// [`Tx::credential_room`], to look at before work that would be for nothing.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn credential_room(&self, application: ApplicationId, service: &str, environment: &str, now: Timestamp) -> Result<Option<Room>, StoreError> {
        Ok(self.all::<Room>(ROOM, args![application, service, environment, now]).await?.pop())
    }

    /// One credential.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn credential(&self, id: CredentialId) -> Result<Option<Stored>, StoreError> {
        self.together(async move |tx| {
            let found = tx.opt::<Stored>(concat!("SELECT ", columns!(), " FROM credential c WHERE c.organisation_id = $1 AND c.id = $2"), args![id]).await?;
            let Some(found) = found else { return Ok(None) };
            let versions = tx
                .all::<VersionRow>(
                    concat!(
                        "SELECT ",
                        version_columns!(),
                        " FROM credential c JOIN version v ON v.credential_id = c.id WHERE c.organisation_id = $1 AND c.id = $2"
                    ),
                    args![id],
                )
                .await?;
            Ok(with_versions(vec![found], versions).pop())
        })
        .await
    }
}

/// Whose a credential is, as somebody finds out who was handed a leaked one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// The credential.
    pub credential: CredentialId,
    /// Number of the version whose secret was presented; 0 where it was asked for by id or public half.
    pub version: u32,
    /// The organisation.
    pub organisation: OrganisationId,
    /// The organisation's name.
    pub organisation_name: String,
    /// The application.
    pub application: ApplicationId,
    /// The application's name.
    pub application_name: String,
}

impl FromRow for Owner {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            credential: row.parse(0)?,
            version: u32::try_from(row.int(1)?).map_err(StoreError::corrupt)?,
            organisation: row.parse(2)?,
            organisation_name: row.text(3)?,
            application: row.parse(4)?,
            application_name: row.text(5)?,
        })
    }
}

/// A live credential that keeps the catalogue from dropping something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// The credential.
    pub credential: CredentialId,
    /// Its kind.
    pub kind: String,
    /// Its service.
    pub service: String,
    /// Its permissions, in canonical text.
    pub permissions: String,
}

impl FromRow for Holder {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        Ok(Self { credential: row.parse(0)?, kind: row.text(1)?, service: row.text(2)?, permissions: row.text(3)? })
    }
}

impl AsOperator<'_> {
    /// Whose credential this public half names.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn credential_by_public_id(&self, public_id: &str) -> Result<Option<Owner>, StoreError> {
        self.opt(
            "SELECT c.id, 0, o.id, o.name, a.id, a.name FROM credential c JOIN application a ON a.id = c.application_id \
             JOIN organisation o ON o.id = c.organisation_id WHERE c.public_id = $1",
            args![public_id],
        )
        .await
    }

    /// Whose credential has this id.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn credential_by_id(&self, id: CredentialId) -> Result<Option<Owner>, StoreError> {
        self.opt(
            "SELECT c.id, 0, o.id, o.name, a.id, a.name FROM credential c JOIN application a ON a.id = c.application_id \
             JOIN organisation o ON o.id = c.organisation_id WHERE c.id = $1",
            args![id],
        )
        .await
    }

    /// Whose credential has a version with this digest.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn credential_by_digest(&self, digest: &[u8; 32]) -> Result<Option<Owner>, StoreError> {
        self.opt(
            "SELECT c.id, v.number, o.id, o.name, a.id, a.name FROM version v JOIN credential c ON c.id = v.credential_id \
             JOIN application a ON a.id = c.application_id JOIN organisation o ON o.id = c.organisation_id WHERE v.digest = $1",
            args![&digest[..]],
        )
        .await
    }
}

impl Tx<'_> {
    /// Every live credential of a service, for as long as `each` wants more: what a new catalogue must not pull the ground from under.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn credential_holders(&mut self, service: &str, now: Timestamp) -> Result<Vec<Holder>, StoreError> {
        self.all(
            "SELECT id, kind, service, permissions FROM credential WHERE service = $1 AND state <> 'revoked' AND (expires_us IS NULL OR expires_us > $2) ORDER BY id",
            args![service, now],
        )
        .await
    }

    /// Whether there is a live credential at all.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn credential_is_any_live(&mut self, now: Timestamp) -> Result<bool, StoreError> {
        let one = self.opt::<()>("SELECT 1 FROM credential WHERE state <> 'revoked' AND (expires_us IS NULL OR expires_us > $1) LIMIT 1", args![now]).await?;
        Ok(one.is_some())
    }
}

impl AsSystem<'_> {
    /// Pending versions that a verifier has accepted: they are to be activated.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn versions_first_used(&self) -> Result<Vec<(CredentialId, u32)>, StoreError> {
        struct Used(CredentialId, u32);
        impl FromRow for Used {
            fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
                Ok(Self(row.parse(0)?, u32::try_from(row.int(1)?).map_err(StoreError::corrupt)?))
            }
        }
        let used = self
            .all::<Used>(
                "SELECT v.credential_id, v.number FROM version v JOIN usage u ON u.credential_id = v.credential_id AND u.version = v.number \
                 WHERE v.state = 'pending' AND u.code = 'valid'",
                args![],
            )
            .await?;
        Ok(used.into_iter().map(|Used(id, number)| (id, number)).collect())
    }

    /// The organisation of a credential, for a report that names the credential only.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn credential_organisation(&self, id: CredentialId) -> Result<Option<OrganisationId>, StoreError> {
        struct Organisation(OrganisationId);
        impl FromRow for Organisation {
            fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
                Ok(Self(row.parse(0)?))
            }
        }
        Ok(self.opt::<Organisation>("SELECT organisation_id FROM credential WHERE id = $1", args![id]).await?.map(|o| o.0))
    }
}
