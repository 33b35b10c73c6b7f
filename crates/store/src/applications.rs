//! Applications and the services that they integrate with.

use keywright_domain::application::State;
use keywright_domain::ids::{ApplicationId, OrganisationId};
use keywright_domain::time::Timestamp;

use crate::args;
use crate::engine::{FromRow, RowRef, Tx};
use crate::error::StoreError;
use crate::scope::{AsOperator, Scope};

/// An application as the store keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Application {
    /// Its id.
    pub id: ApplicationId,
    /// Its owner.
    pub organisation: OrganisationId,
    /// Its name.
    pub name: String,
    /// The host under which its users meet it.
    pub domain: Option<String>,
    /// The organisation's own application: made with it, active, not deletable.
    pub own: bool,
    /// Its state.
    pub state: State,
    /// When it was made.
    pub created_at: Timestamp,
    /// Slugs of its services.
    pub services: Vec<String>,
}

impl FromRow for Application {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.parse(0)?,
            organisation: row.parse(1)?,
            name: row.text(2)?,
            domain: row.opt_text(3)?,
            own: row.bool(4)?,
            state: row.parse(5)?,
            created_at: Timestamp::from_us(row.int(6)?),
            services: Vec::new(),
        })
    }
}

/// An application and one of its services.
struct ServiceOf(ApplicationId, String);

impl FromRow for ServiceOf {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        Ok(Self(row.parse(0)?, row.text(1)?))
    }
}

fn with_services(mut applications: Vec<Application>, services: Vec<ServiceOf>) -> Vec<Application> {
    let mut by_application = std::collections::HashMap::<ApplicationId, Vec<String>>::new();
    for ServiceOf(application, service) in services {
        by_application.entry(application).or_default().push(service);
    }
    for application in &mut applications {
        application.services = by_application.remove(&application.id).unwrap_or_default();
    }
    applications
}

impl Tx<'_> {
    /// Adds an application with its services.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn application_insert(&mut self, a: &Application) -> Result<(), StoreError> {
        self.exec(
            "INSERT INTO application (id, organisation_id, name, domain, own, state, created_us) VALUES ($1, $2, $3, $4, $5, $6, $7)",
            args![a.id, a.organisation, a.name.as_str(), a.domain.as_deref(), a.own, a.state.as_str(), a.created_at],
        )
        .await?;
        for service in &a.services {
            self.exec("INSERT INTO application_service (application_id, service) VALUES ($1, $2)", args![a.id, service.as_str()]).await?;
        }
        Ok(())
    }

    /// An application of this organisation, to be changed.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn application_for_update(&mut self, organisation: OrganisationId, id: ApplicationId) -> Result<Option<Application>, StoreError> {
        self.lock_organisation(organisation).await?;
        let found = self
            .opt::<Application>(
                "SELECT id, organisation_id, name, domain, own, state, created_us FROM application WHERE organisation_id = $1 AND id = $2",
                args![organisation, id],
            )
            .await?;
        let Some(found) = found else { return Ok(None) };
        let services =
            self.all::<ServiceOf>("SELECT application_id, service FROM application_service WHERE application_id = $1 ORDER BY service", args![id]).await?;
        Ok(with_services(vec![found], services).pop())
    }

    /// Stores an application's state.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn application_set_state(&mut self, organisation: OrganisationId, id: ApplicationId, state: State) -> Result<(), StoreError> {
        self.exec("UPDATE application SET state = $3 WHERE organisation_id = $1 AND id = $2", args![organisation, id, state.as_str()]).await?;
        Ok(())
    }

    /// Gives every organisation's own application one more service.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn own_applications_add_service(&mut self, service: &str) -> Result<u64, StoreError> {
        self.exec("INSERT INTO application_service (application_id, service) SELECT id, $1 FROM application WHERE own ON CONFLICT DO NOTHING", args![service])
            .await
    }

    /// Erases an application with everything that it owns; gives the number of its credentials.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn application_erase(&mut self, organisation: OrganisationId, id: ApplicationId) -> Result<u64, StoreError> {
        for sql in [
            "DELETE FROM usage WHERE credential_id IN (SELECT c.id FROM credential c WHERE c.organisation_id = $1 AND c.application_id = $2)",
            "DELETE FROM version WHERE credential_id IN (SELECT c.id FROM credential c WHERE c.organisation_id = $1 AND c.application_id = $2)",
        ] {
            self.exec(sql, args![organisation, id]).await?;
        }
        let credentials = self.exec("DELETE FROM credential WHERE organisation_id = $1 AND application_id = $2", args![organisation, id]).await?;
        self.exec("DELETE FROM application_service WHERE application_id = $1", args![id]).await?;
        self.exec("DELETE FROM application WHERE organisation_id = $1 AND id = $2", args![organisation, id]).await?;
        Ok(credentials)
    }
}

impl Scope<'_> {
    /// Applications, newest first, before the given id, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn application_list(&self, before: Option<ApplicationId>, limit: u32) -> Result<Vec<Application>, StoreError> {
        // '~' sorts after every character of an id.
        let before = before.map_or_else(|| "~".to_owned(), |id| id.to_string());
        self.together(async move |tx| {
            let listed = tx
                .all::<Application>(
                    "SELECT id, organisation_id, name, domain, own, state, created_us FROM application WHERE organisation_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3",
                    args![before.as_str(), i64::from(limit)],
                )
                .await?;
            let Some(oldest) = listed.last() else { return Ok(listed) };
            let services = tx
                .all::<ServiceOf>(
                    "SELECT s.application_id, s.service FROM application a JOIN application_service s ON s.application_id = a.id \
                     WHERE a.organisation_id = $1 AND a.id < $2 AND a.id >= $3 ORDER BY s.service",
                    args![before.as_str(), oldest.id],
                )
                .await?;
            Ok(with_services(listed, services))
        })
        .await
    }

    /// One application.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn application(&self, id: ApplicationId) -> Result<Option<Application>, StoreError> {
        self.together(async move |tx| {
            let found = tx
                .opt::<Application>(
                    "SELECT id, organisation_id, name, domain, own, state, created_us FROM application WHERE organisation_id = $1 AND id = $2",
                    args![id],
                )
                .await?;
            let Some(found) = found else { return Ok(None) };
            let services = tx
                .all::<ServiceOf>(
                    "SELECT a.id, s.service FROM application a JOIN application_service s ON s.application_id = a.id \
                     WHERE a.organisation_id = $1 AND a.id = $2 ORDER BY s.service",
                    args![id],
                )
                .await?;
            Ok(with_services(vec![found], services).pop())
        })
        .await
    }
}

impl AsOperator<'_> {
    /// The organisation that owns an application.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn application_owner(&self, id: ApplicationId) -> Result<Option<OrganisationId>, StoreError> {
        struct Owner(OrganisationId);
        impl FromRow for Owner {
            fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
                Ok(Self(row.parse(0)?))
            }
        }
        Ok(self.opt::<Owner>("SELECT organisation_id FROM application WHERE id = $1", args![id]).await?.map(|o| o.0))
    }
}
