//! Initial access tokens, and the clients that registered themselves by them (RFC 7591, RFC 7592).

use keywright_domain::caller::{Client, Registrar};
use keywright_domain::credential::Environment;
use keywright_domain::ids::{ApplicationId, CredentialId, ManagementTokenId, OrganisationId, PersonId, RegistrationTokenId};
use keywright_domain::registration::ClientAuthentication;
use keywright_domain::time::Timestamp;

use crate::args;
use crate::engine::{FromRow, RowRef, Tx};
use crate::error::StoreError;
use crate::scope::{AsGate, Scope};

/// An initial access token; never its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistrationToken {
    /// Its id.
    pub id: RegistrationTokenId,
    /// Whose it is.
    pub organisation: OrganisationId,
    /// The one application whose clients it registers.
    pub application: ApplicationId,
    /// Who made it, and bounds it with what they hold; none: somebody at the machine.
    pub person: Option<PersonId>,
    /// The management token by which it was made, and with which it ends; none: it was made by a person, or at the machine.
    pub management_token: Option<ManagementTokenId>,
    /// A label.
    pub name: String,
    /// Slug of the service that its clients are for.
    pub service: String,
    /// The environment that they are for.
    pub environment: Environment,
    /// `<brand>_ia_…` and its last four characters.
    pub masked: String,
    /// How many clients it may register.
    pub clients_max: u32,
    /// How many it has registered.
    pub clients: u32,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends, of itself or with the management token by which it was made.
    pub expires_at: Timestamp,
    /// When it was revoked, or that management token.
    pub revoked_at: Option<Timestamp>,
}

impl RegistrationToken {
    /// Who calls by it.
    #[must_use]
    pub const fn registrar(&self) -> Registrar {
        Registrar { id: self.id, organisation: self.organisation, application: self.application, person: self.person }
    }

    /// Whether it registers another client at `now`.
    #[must_use]
    pub fn accepts(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && now < self.expires_at && self.clients < self.clients_max
    }
}

/// A client that registered itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RegisteredClient {
    /// Who it is.
    pub client: Client,
    /// How it said that it proves itself.
    pub authentication: ClientAuthentication,
}

/// The columns of an initial access token, in the order in which [`RegistrationToken`] reads them.
macro_rules! columns {
    () => {
        "t.id, t.organisation_id, t.application_id, t.person_id, t.name, t.service, t.environment, t.hint, t.clients_max, t.clients, t.created_us, \
         t.expires_us, t.revoked_us, t.management_token_id, m.expires_us, m.revoked_us \
         FROM registration_token t LEFT JOIN management_token m ON m.id = t.management_token_id"
    };
}

/// What is true of an initial access token by which clients may still be registered at `$2`.
macro_rules! accepts {
    () => {
        "revoked_us IS NULL AND expires_us > $2 AND clients < clients_max AND (management_token_id IS NULL OR EXISTS (SELECT 1 FROM management_token m \
         WHERE m.id = management_token_id AND m.revoked_us IS NULL AND (m.expires_us IS NULL OR m.expires_us > $2)))"
    };
}

impl FromRow for RegistrationToken {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        let count = |column| u32::try_from(row.int(column)?).map_err(StoreError::corrupt);
        let time = |column| Ok::<_, StoreError>(row.opt_int(column)?.map(Timestamp::from_us));
        let expires_at = Timestamp::from_us(row.int(11)?);
        Ok(Self {
            id: row.parse(0)?,
            organisation: row.parse(1)?,
            application: row.parse(2)?,
            person: row.opt_text_ref(3)?.map(|id| id.parse().map_err(StoreError::corrupt)).transpose()?,
            name: row.text(4)?,
            service: row.text(5)?,
            environment: row.parse(6)?,
            masked: row.text(7)?,
            clients_max: count(8)?,
            clients: count(9)?,
            created_at: Timestamp::from_us(row.int(10)?),
            expires_at: time(14)?.map_or(expires_at, |of_maker| expires_at.min(of_maker)),
            revoked_at: time(12)?.or(time(15)?),
            management_token: row.opt_text_ref(13)?.map(|id| id.parse().map_err(StoreError::corrupt)).transpose()?,
        })
    }
}

impl FromRow for RegisteredClient {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        Ok(Self { client: Client { credential: row.parse(0)?, organisation: row.parse(1)? }, authentication: row.parse(2)? })
    }
}

impl AsGate<'_> {
    /// The initial access token with this digest, also one that has ended.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn registration_token_of(&self, digest: &[u8; 32]) -> Result<Option<RegistrationToken>, StoreError> {
        self.opt(concat!("SELECT ", columns!(), " WHERE t.digest = $1"), args![*digest]).await
    }

    /// The client whose registration access token has this digest, unless it has ended.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn registered_client_of(&self, digest: &[u8; 32], now: Timestamp) -> Result<Option<RegisteredClient>, StoreError> {
        let sql = "SELECT r.credential_id, c.organisation_id, r.authentication FROM registered_client r JOIN credential c ON c.id = r.credential_id \
                   WHERE r.digest = $1 AND c.revoked_us IS NULL AND (c.expires_us IS NULL OR c.expires_us > $2)";
        self.opt(sql, args![*digest, now]).await
    }
}

impl Scope<'_> {
    /// Initial access tokens of an application, newest first, also those that have ended, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn registration_token_list(&self, application: ApplicationId, limit: u32) -> Result<Vec<RegistrationToken>, StoreError> {
        let sql = concat!("SELECT ", columns!(), " WHERE t.organisation_id = $1 AND t.application_id = $2 ORDER BY t.id DESC LIMIT $3");
        self.all(sql, args![application, i64::from(limit)]).await
    }
}

impl Tx<'_> {
    /// Adds an initial access token, known by the digest of its secret.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn registration_token_insert(&mut self, t: &RegistrationToken, digest: &[u8; 32]) -> Result<(), StoreError> {
        self.exec(
            "INSERT INTO registration_token (id, organisation_id, application_id, person_id, name, service, environment, digest, hint, clients_max, \
             clients, created_us, expires_us, management_token_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
            args![
                t.id,
                t.organisation,
                t.application,
                t.person,
                t.name.as_str(),
                t.service.as_str(),
                t.environment.as_str(),
                *digest,
                t.masked.as_str(),
                i64::from(t.clients_max),
                i64::from(t.clients),
                t.created_at,
                t.expires_at,
                t.management_token
            ],
        )
        .await?;
        Ok(())
    }

    /// How many initial access tokens of an application still register clients.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn registration_token_count(&mut self, application: ApplicationId, now: Timestamp) -> Result<i64, StoreError> {
        let sql = concat!("SELECT count(*) FROM registration_token WHERE application_id = $1 AND ", accepts!());
        self.one(sql, args![application, now]).await
    }

    /// An initial access token of this application, to be changed.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn registration_token_for_update(
        &mut self,
        organisation: OrganisationId,
        application: ApplicationId,
        id: RegistrationTokenId,
    ) -> Result<Option<RegistrationToken>, StoreError> {
        self.lock_organisation(organisation).await?;
        let sql = concat!("SELECT ", columns!(), " WHERE t.organisation_id = $1 AND t.application_id = $2 AND t.id = $3");
        self.opt(sql, args![organisation, application, id]).await
    }

    /// Stores when an initial access token was revoked.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn registration_token_revoke(&mut self, id: RegistrationTokenId, now: Timestamp) -> Result<(), StoreError> {
        self.exec("UPDATE registration_token SET revoked_us = $2 WHERE id = $1 AND revoked_us IS NULL", args![id, now]).await?;
        Ok(())
    }

    /// Uses an initial access token once. False: it has ended, or has registered all that it may.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn registration_token_use(&mut self, id: RegistrationTokenId, now: Timestamp) -> Result<bool, StoreError> {
        let sql = concat!("UPDATE registration_token SET clients = clients + 1 WHERE id = $1 AND ", accepts!());
        Ok(self.exec(sql, args![id, now]).await? > 0)
    }

    /// Adds a client that registered itself, known by the digest of its registration access token.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn registered_client_insert(
        &mut self,
        credential: CredentialId,
        by: RegistrationTokenId,
        digest: &[u8; 32],
        authentication: ClientAuthentication,
    ) -> Result<(), StoreError> {
        let sql = "INSERT INTO registered_client (credential_id, registration_token_id, digest, authentication) VALUES ($1, $2, $3, $4)";
        self.exec(sql, args![credential, by, *digest, authentication.as_str()]).await?;
        Ok(())
    }

    /// Stores how a registered client proves itself.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn registered_client_save(&mut self, credential: CredentialId, authentication: ClientAuthentication) -> Result<(), StoreError> {
        self.exec("UPDATE registered_client SET authentication = $2 WHERE credential_id = $1", args![credential, authentication.as_str()]).await?;
        Ok(())
    }
}
