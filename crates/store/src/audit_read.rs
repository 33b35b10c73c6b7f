//! Reading the audit trail: an organisation's Activity, and the whole of it for operators.

use keywright_domain::credential::{Environment, VersionState};
use keywright_domain::ids::{ApplicationId, CredentialId, OrganisationId, PersonId};
use keywright_domain::time::Timestamp;
use serde_json::Value;

use crate::args;
use crate::engine::{FromRow, RowRef, Val};
use crate::error::StoreError;
use crate::scope::{AsOperator, Scope};

/// An entry, with the names of who and what it is about, as far as they still exist.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// Its number; later entries have larger ones.
    pub id: i64,
    /// When.
    pub at: Timestamp,
    /// Who, as the trail names them.
    pub actor: String,
    /// The mail address of the person or operator who did it.
    pub actor_mail: Option<String>,
    /// The name of the person or management token that did it.
    pub actor_name: Option<String>,
    /// What was done.
    pub action: String,
    /// The id of what it was done to.
    pub subject: String,
    /// Its name.
    pub subject_name: Option<String>,
    /// In whose Activity it shows.
    pub organisation: Option<OrganisationId>,
    /// In which application's.
    pub application: Option<ApplicationId>,
    /// What else there is to know.
    pub detail: Value,
    /// Personal values, unless they were erased.
    pub personal: Option<Value>,
}

impl FromRow for Recorded {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        let json = |text: &str| serde_json::from_str(text).map_err(StoreError::corrupt);
        Ok(Self {
            id: row.int(0)?,
            at: Timestamp::from_us(row.int(1)?),
            actor: row.text(2)?,
            action: row.text(3)?,
            subject: row.text(4)?,
            organisation: row.opt_text_ref(5)?.map(|id| id.parse().map_err(StoreError::corrupt)).transpose()?,
            application: row.opt_text_ref(6)?.map(|id| id.parse().map_err(StoreError::corrupt)).transpose()?,
            detail: json(row.text_ref(7)?)?,
            personal: row.opt_text_ref(8)?.map(json).transpose()?,
            actor_mail: row.opt_text(9)?,
            actor_name: row.opt_text(10)?,
            subject_name: row.opt_text(11)?,
        })
    }
}

/// Which part of the trail: entries before a number, of actions that begin with `action` (empty: all), at most `limit`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Older than this one; none: from the newest.
    pub before: Option<i64>,
    /// Such as `credential.`.
    pub action: String,
    /// At most so many.
    pub limit: u32,
}

/// What a reading of one organisation's trail is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum About {
    /// All of it.
    Everything,
    /// One application and what belongs to it.
    Application(ApplicationId),
    /// One thing.
    Subject(String),
    /// What one caller did, as the trail names them.
    Actor(String),
}

/// The names are looked up for the entries of one page only, so that the plan does not depend on how many of each there are.
macro_rules! read {
    ($condition:literal, $before:literal, $action:literal, $limit:literal) => {
        concat!(
            "SELECT e.id, e.at_us, e.actor, e.action, e.subject, e.organisation_id, e.application_id, e.detail, v.value, p.mail, COALESCE(p.name, t.name), \
               COALESCE(c.name, a.name, o.name, k.name, s.name, i.mail, w.mail, n.mail) \
             FROM (SELECT x.id, x.at_us, x.actor, x.action, x.subject, x.organisation_id, x.application_id, x.detail FROM audit x WHERE ",
            $condition,
            " AND x.id < ",
            $before,
            " AND substr(x.action, 1, length(",
            $action,
            ")) = ",
            $action,
            " ORDER BY x.id DESC LIMIT ",
            $limit,
            ") e LEFT JOIN audit_personal v ON v.audit_id = e.id \
             LEFT JOIN person p ON p.id = CASE WHEN e.actor LIKE 'operator:%' THEN substr(e.actor, 10) ELSE e.actor END \
             LEFT JOIN management_token t ON t.id = e.actor \
             LEFT JOIN credential c ON c.id = e.subject LEFT JOIN application a ON a.id = e.subject LEFT JOIN organisation o ON o.id = e.subject \
             LEFT JOIN management_token k ON k.id = e.subject LEFT JOIN resource_server s ON s.id = e.subject \
             LEFT JOIN invitation i ON i.id = e.subject LEFT JOIN member m ON m.id = e.subject LEFT JOIN person w ON w.id = m.person_id \
             LEFT JOIN person n ON n.id = e.subject ORDER BY e.id DESC"
        )
    };
}

impl Part {
    fn args(&self) -> Vec<Val> {
        args![self.before.unwrap_or(i64::MAX), self.action.as_str(), i64::from(self.limit)]
    }
}

/// Somebody was given a secret of a credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenSecret {
    /// Which one.
    pub credential: CredentialId,
    /// When.
    pub at: Timestamp,
    /// Number of the version.
    pub version: u32,
    /// The credential's name.
    pub name: String,
    /// Its environment.
    pub environment: Environment,
    /// Its application.
    pub application: ApplicationId,
    /// The application's name.
    pub application_name: String,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
    /// The version's state now.
    pub state: VersionState,
}

/// An entry about a secret, or one that does not name the version whose state was read.
struct Given(Option<SeenSecret>);

impl FromRow for Given {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        let detail: Value = serde_json::from_str(row.text_ref(2)?).map_err(StoreError::corrupt)?;
        // What was made has version 1; what was rotated says which.
        let version = detail.get("version").map_or(Some(1), Value::as_u64);
        let number = row.int(8)?;
        if version.map(u64::cast_signed) != Some(number) {
            return Ok(Self(None));
        }
        let state = VersionState::from_parts(row.text_ref(9)?, row.opt_int(10)?.map(Timestamp::from_us));
        Ok(Self(Some(SeenSecret {
            credential: row.parse(0)?,
            at: Timestamp::from_us(row.int(1)?),
            version: u32::try_from(number).map_err(StoreError::corrupt)?,
            name: row.text(3)?,
            environment: row.parse(4)?,
            application: row.parse(5)?,
            application_name: row.text(6)?,
            expires_at: row.opt_int(7)?.map(Timestamp::from_us),
            state: state.ok_or_else(|| StoreError::corrupt("a version's state"))?,
        })))
    }
}

impl Scope<'_> {
    /// The organisation's trail, newest first.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn audit(&self, about: About, part: Part) -> Result<Vec<Recorded>, StoreError> {
        match about {
            About::Everything => self.all(read!("x.organisation_id = $1", "$2", "$3", "$4"), part.args()).await,
            About::Application(id) => {
                self.all(read!("x.organisation_id = $1 AND x.application_id = $5", "$2", "$3", "$4"), [part.args(), args![id]].concat()).await
            }
            About::Subject(id) => self.all(read!("x.organisation_id = $1 AND x.subject = $5", "$2", "$3", "$4"), [part.args(), args![id]].concat()).await,
            About::Actor(actor) => self.all(read!("x.organisation_id = $1 AND x.actor = $5", "$2", "$3", "$4"), [part.args(), args![actor]].concat()).await,
        }
    }

    /// The secrets of credentials that are not revoked, and that a person, or a management token of theirs, was given; newest first. With
    /// `granted_to`: of applications over which that person holds grants. At most `limit` entries of the trail are looked at.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn secrets_seen_by(&self, person: PersonId, granted_to: Option<PersonId>, limit: u32) -> Result<Vec<SeenSecret>, StoreError> {
        let granted_to = granted_to.map_or_else(String::new, |p| p.to_string());
        let given = self
            .all::<Given>(
                "SELECT e.subject, e.at_us, e.detail, c.name, c.environment, a.id, a.name, c.expires_us, v.number, v.state, v.until_us \
                 FROM (SELECT x.id, x.subject, x.at_us, x.detail FROM audit x \
                   WHERE x.actor IN (SELECT CAST($2 AS TEXT) UNION ALL SELECT t.id FROM management_token t WHERE t.person_id = $2 AND t.organisation_id = $1) \
                     AND x.organisation_id = $1 AND x.action IN ('credential.created', 'credential.rotated') ORDER BY x.id DESC LIMIT $4) e \
                 JOIN credential c ON c.id = e.subject JOIN application a ON a.id = c.application_id JOIN version v ON v.credential_id = c.id \
                 WHERE c.organisation_id = $1 AND c.state <> 'revoked' AND v.state <> 'retired' \
                   AND (CAST($3 AS TEXT) = '' OR EXISTS (SELECT 1 FROM member m JOIN application_grant g ON g.member_id = m.id \
                     WHERE m.organisation_id = $1 AND m.person_id = $3 AND g.application_id = a.id)) \
                 ORDER BY e.id DESC",
                args![person, granted_to, i64::from(limit)],
            )
            .await?;
        Ok(given.into_iter().filter_map(|g| g.0).collect())
    }
}

impl AsOperator<'_> {
    /// The whole trail, newest first.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn audit(&self, about: About, part: Part) -> Result<Vec<Recorded>, StoreError> {
        match about {
            About::Everything => self.all(read!("1 = 1", "$1", "$2", "$3"), part.args()).await,
            About::Application(id) => self.all(read!("x.application_id = $4", "$1", "$2", "$3"), [part.args(), args![id]].concat()).await,
            About::Subject(id) => self.all(read!("x.subject = $4", "$1", "$2", "$3"), [part.args(), args![id]].concat()).await,
            About::Actor(actor) => self.all(read!("x.actor = $4", "$1", "$2", "$3"), [part.args(), args![actor]].concat()).await,
        }
    }
}
