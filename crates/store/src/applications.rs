//! Applications and the services that they integrate with.

use keywright_domain::application::State;
use keywright_domain::ids::{ApplicationId, OrganisationId, PersonId};
use keywright_domain::time::Timestamp;

use crate::args;
use crate::engine::{FromRow, RowRef, Tx};
use crate::error::StoreError;
use crate::scope::Scope;

/// An application as the store keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Application {
    /// Its id.
    pub id: ApplicationId,
    /// Its owner.
    pub organisation: OrganisationId,
    /// Its name.
    pub name: String,
    /// What the organisation calls it among itself.
    pub internal_name: Option<String>,
    /// What it is.
    pub description: Option<String>,
    /// The host under which its users meet it.
    pub domain: Option<String>,
    /// Where its privacy policy is.
    pub privacy_url: Option<String>,
    /// Digest of its logo.
    pub logo: Option<String>,
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
            internal_name: row.opt_text(7)?,
            description: row.opt_text(8)?,
            privacy_url: row.opt_text(9)?,
            logo: row.opt_text(10)?,
            services: row.opt_text(11)?.unwrap_or_default().split_whitespace().map(str::to_owned).collect(),
        })
    }
}

/// Production credentials of one application that are looked at for the number of live ones.
pub const LIVE_KEYS_SEEN: u32 = 100;

/// How much an application is in use, for a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ApplicationUse {
    /// Which one.
    pub application: ApplicationId,
    /// Live production credentials among the newest.
    pub live_keys: u32,
    /// There are more production credentials than were looked at.
    pub at_least: bool,
    /// When it was last asked about a credential of it, whatever the verdict.
    pub last_call: Option<Timestamp>,
}

impl FromRow for ApplicationUse {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            application: row.parse(0)?,
            live_keys: u32::try_from(row.int(1)?).map_err(StoreError::corrupt)?.min(LIVE_KEYS_SEEN),
            at_least: row.int(2)? > i64::from(LIVE_KEYS_SEEN),
            last_call: row.opt_int(3)?.map(Timestamp::from_us),
        })
    }
}

/// The columns of an application, in the order in which [`Application`] reads them.
macro_rules! columns {
    () => {
        "a.id, a.organisation_id, a.name, a.domain, a.own, a.state, a.created_us, a.internal_name, a.description, a.privacy_url, a.logo, \
           (SELECT string_agg(s.service, ' ' ORDER BY s.service) FROM application_service s WHERE s.application_id = a.id)"
    };
}

/// The columns of an application's use, in the order in which [`ApplicationUse`] reads them; each is found by a few steps in an index, however
/// many credentials there are.
macro_rules! in_use {
    () => {
        "SELECT a.id, \
           (SELECT count(*) FROM (SELECT c.state, c.expires_us FROM credential c WHERE c.application_id = a.id AND c.environment = 'production' \
              ORDER BY c.id DESC LIMIT 101) k WHERE k.state <> 'revoked' AND (k.expires_us IS NULL OR k.expires_us > $4)), \
           (SELECT count(*) FROM (SELECT 1 FROM credential c WHERE c.application_id = a.id AND c.environment = 'production' LIMIT 101) k), \
           (SELECT h.last_us FROM usage_hour h WHERE h.subject = a.id ORDER BY h.hour DESC LIMIT 1) "
    };
}

impl Tx<'_> {
    /// Adds an application with its services.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn application_insert(&mut self, a: &Application) -> Result<(), StoreError> {
        self.exec(
            "INSERT INTO application (id, organisation_id, name, domain, own, state, created_us, internal_name, description, privacy_url, logo) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            args![
                a.id,
                a.organisation,
                a.name.as_str(),
                a.domain.as_deref(),
                a.own,
                a.state.as_str(),
                a.created_at,
                a.internal_name.as_deref(),
                a.description.as_deref(),
                a.privacy_url.as_deref(),
                a.logo.as_deref()
            ],
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
        self.opt(concat!("SELECT ", columns!(), " FROM application a WHERE a.organisation_id = $1 AND a.id = $2"), args![organisation, id]).await
    }

    /// Stores what may have changed of an application beside its state.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn application_save(&mut self, a: &Application) -> Result<(), StoreError> {
        self.exec(
            "UPDATE application SET name = $3, internal_name = $4, description = $5, domain = $6, privacy_url = $7, logo = $8 \
             WHERE organisation_id = $1 AND id = $2",
            args![
                a.organisation,
                a.id,
                a.name.as_str(),
                a.internal_name.as_deref(),
                a.description.as_deref(),
                a.domain.as_deref(),
                a.privacy_url.as_deref(),
                a.logo.as_deref()
            ],
        )
        .await?;
        for service in &a.services {
            self.exec("INSERT INTO application_service (application_id, service) VALUES ($1, $2) ON CONFLICT DO NOTHING", args![a.id, service.as_str()])
                .await?;
        }
        Ok(())
    }

    /// How many applications an organisation has, counted up to `max`.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn application_count(&mut self, organisation: OrganisationId, max: i64) -> Result<i64, StoreError> {
        self.one("SELECT count(*) FROM (SELECT 1 FROM application WHERE organisation_id = $1 LIMIT $2) n", args![organisation, max]).await
    }

    /// Whether an application has a credential.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn application_has_credential(&mut self, organisation: OrganisationId, id: ApplicationId) -> Result<bool, StoreError> {
        let sql = "SELECT 1 FROM credential WHERE organisation_id = $1 AND application_id = $2 LIMIT 1";
        Ok(self.opt::<()>(sql, args![organisation, id]).await?.is_some())
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
            "DELETE FROM registered_client WHERE credential_id IN (SELECT c.id FROM credential c WHERE c.organisation_id = $1 AND c.application_id = $2)",
            "DELETE FROM public_key_taken WHERE unproved_by IN (SELECT c.id FROM credential c WHERE c.organisation_id = $1 AND c.application_id = $2)",
            "DELETE FROM registration_token WHERE organisation_id = $1 AND application_id = $2",
        ] {
            self.exec(sql, args![organisation, id]).await?;
        }
        let credentials = self.exec("DELETE FROM credential WHERE organisation_id = $1 AND application_id = $2", args![organisation, id]).await?;
        self.exec("DELETE FROM usage_hour WHERE subject = $1", args![id]).await?;
        self.exec("DELETE FROM application_grant WHERE application_id = $1", args![id]).await?;
        self.exec("DELETE FROM application_service WHERE application_id = $1", args![id]).await?;
        self.exec("DELETE FROM application WHERE organisation_id = $1 AND id = $2", args![organisation, id]).await?;
        Ok(credentials)
    }
}

impl Scope<'_> {
    /// Applications, newest first, before the given id, at most `limit`: all of them, or those over which a person holds grants.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn application_list(&self, granted_to: Option<PersonId>, before: Option<ApplicationId>, limit: u32) -> Result<Vec<Application>, StoreError> {
        // '~' sorts after every character of an id.
        let before = before.map_or_else(|| "~".to_owned(), |id| id.to_string());
        match granted_to {
            None => {
                let sql = concat!("SELECT ", columns!(), " FROM application a WHERE a.organisation_id = $1 AND a.id < $2 ORDER BY a.id DESC LIMIT $3");
                self.all(sql, args![before, i64::from(limit)]).await
            }
            Some(person) => {
                let sql = concat!(
                    "SELECT ",
                    columns!(),
                    " FROM member m JOIN application_grant g ON g.member_id = m.id JOIN application a ON a.id = g.application_id \
                     WHERE m.organisation_id = $1 AND m.person_id = $4 AND g.application_id < $2 ORDER BY g.application_id DESC LIMIT $3"
                );
                self.all(sql, args![before, i64::from(limit), person]).await
            }
        }
    }

    /// For the applications from `oldest` to `newest` (all, or those over which a person holds grants): their live production credentials
    /// and their last call. Of an application with more than [`LIVE_KEYS_SEEN`] production credentials, the newest count.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn application_use(
        &self,
        granted_to: Option<PersonId>,
        oldest: ApplicationId,
        newest: ApplicationId,
        now: Timestamp,
    ) -> Result<Vec<ApplicationUse>, StoreError> {
        let args = args![oldest, newest, now];
        match granted_to {
            None => self.all(concat!(in_use!(), "FROM application a WHERE a.organisation_id = $1 AND a.id >= $2 AND a.id <= $3"), args).await,
            Some(person) => {
                let sql = concat!(
                    in_use!(),
                    "FROM member m JOIN application_grant g ON g.member_id = m.id JOIN application a ON a.id = g.application_id \
                     WHERE m.organisation_id = $1 AND m.person_id = $5 AND g.application_id >= $2 AND g.application_id <= $3"
                );
                self.all(sql, [args, args![person]].concat()).await
            }
        }
    }

    /// The same for applications whose name holds `text`, with how much each is in use.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn application_search(
        &self,
        granted_to: Option<PersonId>,
        text: &str,
        before: Option<ApplicationId>,
        limit: u32,
        now: Timestamp,
    ) -> Result<Vec<(Application, Option<ApplicationUse>)>, StoreError> {
        macro_rules! found {
            ($columns:expr, $pattern:literal, $person:literal) => {
                concat!(
                    "SELECT ",
                    $columns,
                    " FROM application a WHERE a.organisation_id = $1 AND a.id < $2 AND lower(a.name) LIKE ",
                    $pattern,
                    " ESCAPE '\\' AND (CAST(",
                    $person,
                    " AS TEXT) = '' OR EXISTS (SELECT 1 FROM member m JOIN application_grant g ON g.member_id = m.id \
                      WHERE m.organisation_id = $1 AND m.person_id = ",
                    $person,
                    " AND g.application_id = a.id)) ORDER BY a.id DESC LIMIT $3"
                )
            };
        }
        let before = before.map_or_else(|| "~".to_owned(), |id| id.to_string());
        let (pattern, person) = (crate::organisations::pattern(text), granted_to.map_or_else(String::new, |id| id.to_string()));
        self.together(async move |tx| {
            let page = || args![before.as_str(), i64::from(limit)];
            let wanted = || args![pattern.as_str(), person.as_str()];
            let listed = tx.all::<Application>(found!(columns!(), "$4", "$5"), [page(), wanted()].concat()).await?;
            if listed.is_empty() {
                return Ok(Vec::new());
            }
            let sql = concat!(in_use!(), "FROM application a WHERE a.organisation_id = $1 AND a.id IN (", found!("a.id", "$5", "$6"), ")");
            let used = tx.all::<ApplicationUse>(sql, [page(), args![now], wanted()].concat()).await?;
            let used_of = |id| used.iter().find(|u| u.application == id).copied();
            Ok(listed.into_iter().map(|a| (used_of(a.id), a)).map(|(used, a)| (a, used)).collect())
        })
        .await
    }

    /// The organisation's own application.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn own_application(&self) -> Result<Option<Application>, StoreError> {
        Ok(self.all(concat!("SELECT ", columns!(), " FROM application a WHERE a.organisation_id = $1 AND a.own"), args![]).await?.pop())
    }

    /// One application.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn application(&self, id: ApplicationId) -> Result<Option<Application>, StoreError> {
        Ok(self.all(concat!("SELECT ", columns!(), " FROM application a WHERE a.organisation_id = $1 AND a.id = $2"), args![id]).await?.pop())
    }
}
