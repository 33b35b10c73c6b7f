//! Who did what: an organisation's Activity, and the whole trail for operators.

use keywright_domain::ids::{IdError, OrganisationId};
use keywright_operations::activity::{ActivityFilter, Actor, AuditFilter, Entry};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::extract::rights::Administer;
use crate::extract::{AsOperator, InOrganisation, Page, Query};
use crate::problem::{FieldError, Problem};
use crate::routes::{Listed, Result};

/// Which entries.
#[derive(Deserialize, ToSchema)]
pub(crate) struct Filter {
    /// Actions that begin like this, such as `credential.`
    action: Option<String>,
    /// Id of the person or management token that did it.
    actor: Option<String>,
    /// Id of what it was done to.
    subject: Option<String>,
    /// For operators: of one organisation.
    organisation: Option<String>,
}

/// Something that was done.
#[derive(Serialize, ToSchema)]
pub(crate) struct EntryShape {
    /// Number of the entry; later ones are higher.
    id: i64,
    /// When it was done, RFC 3339 in UTC.
    #[schema(format = DateTime)]
    at: String,
    /// Who did it.
    actor: ActorShape,
    /// Such as `credential.revoked`
    action: String,
    /// Id of what it was done to.
    subject: String,
    /// Its name, if it still exists.
    subject_name: Option<String>,
    /// Id of the organisation that it happened in; null: in none.
    organisation_id: Option<String>,
    /// Id of the application that it happened in; null: in none.
    application_id: Option<String>,
    /// What else there is to know.
    #[schema(value_type = Object)]
    detail: serde_json::Value,
}

/// Who did it.
#[derive(Serialize, ToSchema)]
pub(crate) struct ActorShape {
    /// `person`, `operator`, `token`, `client` (one that registers itself), `machine`, `system`, or `gone` where nothing is known of them any more
    kind: &'static str,
    /// Id of the person or token; of a client the token by which it registered, or its credential. Absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    /// Name or mail address, as far as the caller may see it.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

impl From<&Actor> for ActorShape {
    fn from(actor: &Actor) -> Self {
        let of = |kind, id: Option<String>, name: Option<String>| Self { kind, id, name };
        match actor {
            Actor::Person { id, mail, name } => of("person", Some(id.to_string()), Some(if name.is_empty() { mail.clone() } else { name.clone() })),
            Actor::Operator { id, mail } => of("operator", id.map(|id| id.to_string()), mail.clone()),
            Actor::Token { id, name } => of("token", Some(id.to_string()), Some(name.clone())),
            Actor::Machine { user } => of("machine", None, Some(user.clone())),
            Actor::System { job } => of("system", None, Some(job.clone())),
            Actor::Client { id } => of("client", Some(id.clone()), None),
            Actor::Gone { id } => of("gone", Some(id.clone()), None),
        }
    }
}

impl From<&Entry> for EntryShape {
    fn from(e: &Entry) -> Self {
        Self {
            id: e.id,
            at: e.at.to_string(),
            actor: (&e.actor).into(),
            action: e.action.clone(),
            subject: e.subject.clone(),
            subject_name: e.subject_name.clone(),
            organisation_id: e.organisation.map(|id| id.to_string()),
            application_id: e.application.map(|id| id.to_string()),
            detail: e.detail.clone(),
        }
    }
}

fn part(filter: &Filter, page: &Page) -> Result<ActivityFilter> {
    let (action, actor, subject) = (filter.action.clone(), filter.actor.clone(), filter.subject.clone());
    Ok(ActivityFilter { action, actor, subject, before: page.before()?, limit: page.ask() })
}

/// What was done in an organisation, newest first.
pub(crate) async fn list(org: InOrganisation<Administer>, page: Page, Query(filter): Query<Filter>) -> Result<Listed<EntryShape>> {
    let rows = org.operations().activity(org.caller(), org.id, part(&filter, &page)?).await?;
    Ok(Listed::new(&page, rows, |e| e.id, |e| e.into()))
}

/// What was done anywhere, newest first.
pub(crate) async fn audit(operator: AsOperator, page: Page, Query(filter): Query<Filter>) -> Result<Listed<EntryShape>> {
    let bad = |error: IdError| Problem::invalid(vec![FieldError { field: "organisation".into(), message: error.to_string() }]);
    let organisation = filter.organisation.as_deref().map(|text| text.parse::<OrganisationId>().map_err(bad)).transpose()?;
    let rows = operator.operations().audit_list(operator.caller(), AuditFilter { organisation, part: part(&filter, &page)? }).await?;
    Ok(Listed::new(&page, rows, |e| e.id, |e| e.into()))
}
