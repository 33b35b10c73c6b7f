//! Who did what: an organisation's Activity, and the whole trail for operators.

use keywright_domain::caller::{Caller, Right};
use keywright_domain::ids::{ApplicationId, CredentialId, ManagementTokenId, OrganisationId, PersonId, RegistrationTokenId};
use keywright_domain::limits;
use keywright_domain::time::Timestamp;
use keywright_store::audit_read::{About, Part, Recorded};
use serde_json::Value;

use crate::{Error, Operations};

/// Who did something, as far as whoever reads may know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// A person of the organisation.
    Person {
        /// Who.
        id: PersonId,
        /// Their mail address.
        mail: String,
        /// Their name; may be empty.
        name: String,
    },
    /// Somebody who works for the provider.
    Operator {
        /// Who; to operators only.
        id: Option<PersonId>,
        /// Their mail address; to operators only.
        mail: Option<String>,
    },
    /// A program with a management token.
    Token {
        /// Which one.
        id: ManagementTokenId,
        /// Its label.
        name: String,
    },
    /// Somebody at the machine.
    Machine {
        /// Name of the user account.
        user: String,
    },
    /// Keywright itself.
    System {
        /// Which part of it.
        job: String,
    },
    /// A client that registered itself, or looked after its registration.
    Client {
        /// The initial access token that it registered by, or the credential that it is.
        id: String,
    },
    /// Somebody of whom nothing is known any more.
    Gone {
        /// What the trail has.
        id: String,
    },
}

/// An entry of the trail.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Its number; later entries have larger ones.
    pub id: i64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: Actor,
    /// What was done: `credential.revoked`.
    pub action: String,
    /// The id of what it was done to.
    pub subject: String,
    /// Its name, if it still exists.
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

/// Which part of an organisation's Activity.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ActivityFilter {
    /// Actions that begin like this: `credential.`.
    pub action: Option<String>,
    /// What this person or management token did, by id.
    pub actor: Option<String>,
    /// What was done to this one thing, by id.
    pub subject: Option<String>,
    /// Entries before this one; none: from the newest.
    pub before: Option<i64>,
    /// At most so many, and never more than [`limits::PAGE_ROWS_ASKED`].
    pub limit: u32,
}

/// Which part of the whole trail.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Of one organisation.
    pub organisation: Option<OrganisationId>,
    /// As in an organisation's Activity.
    pub part: ActivityFilter,
}

impl ActivityFilter {
    fn split(self) -> (About, Part) {
        let part = Part { before: self.before, action: self.action.unwrap_or_default(), limit: self.limit.min(limits::PAGE_ROWS_ASKED as u32) };
        let about = match (self.subject, self.actor) {
            (Some(subject), _) => About::Subject(subject),
            (None, Some(actor)) => About::Actor(actor),
            (None, None) => About::Everything,
        };
        (about, part)
    }
}

/// Who an entry says did it. `by_operator`: an operator reads, and may know colleagues.
fn actor(recorded: &Recorded, by_operator: bool) -> Actor {
    let text = recorded.actor.as_str();
    let known = || (recorded.actor_mail.clone(), recorded.actor_name.clone().unwrap_or_default());
    if let Some(id) = text.strip_prefix("operator:") {
        let id = id.parse().ok().filter(|_| by_operator);
        return Actor::Operator { id, mail: recorded.actor_mail.clone().filter(|_| by_operator) };
    }
    if let Some(user) = text.strip_prefix("cli:") {
        return Actor::Machine { user: user.to_owned() };
    }
    if let Some(job) = text.strip_prefix("system:") {
        return Actor::System { job: job.to_owned() };
    }
    if let Some(credential) = text.strip_prefix("client:") {
        return Actor::Client { id: credential.to_owned() };
    }
    if text.parse::<RegistrationTokenId>().is_ok() {
        return Actor::Client { id: text.to_owned() };
    }
    match (text.parse::<PersonId>(), text.parse::<ManagementTokenId>(), known()) {
        (Ok(id), _, (Some(mail), name)) => Actor::Person { id, mail, name },
        (_, Ok(id), (_, name)) if recorded.actor_name.is_some() => Actor::Token { id, name },
        _ => Actor::Gone { id: text.to_owned() },
    }
}

fn entries(recorded: Vec<Recorded>, by_operator: bool) -> Vec<Entry> {
    let entry = |r: Recorded| Entry {
        actor: actor(&r, by_operator),
        id: r.id,
        at: r.at,
        action: r.action,
        subject: r.subject,
        subject_name: r.subject_name,
        organisation: r.organisation,
        application: r.application,
        detail: r.detail,
        personal: r.personal,
    };
    recorded.into_iter().map(entry).collect()
}

impl Operations {
    /// What was done in an organisation, newest first.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Right`], [`Error::Store`]
    pub async fn activity(&self, caller: &Caller, organisation: OrganisationId, filter: ActivityFilter) -> Result<Vec<Entry>, Error> {
        let allowed = self.over_organisation(caller, Right::Administer, organisation).await?;
        let (about, part) = filter.split();
        Ok(entries(self.store.scope(&allowed)?.audit(about, part).await?, false))
    }

    /// What was done to an application and its credentials, newest first.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Store`]
    pub async fn activity_of_application(&self, caller: &Caller, id: ApplicationId, before: Option<i64>, limit: u32) -> Result<Vec<Entry>, Error> {
        let allowed = self.over_application(caller, Right::View, id).await?;
        let (_, part) = ActivityFilter { before, limit, ..ActivityFilter::default() }.split();
        Ok(entries(self.store.scope(&allowed)?.audit(About::Application(id), part).await?, false))
    }

    /// What was done to a credential, newest first.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Store`]
    pub async fn activity_of_credential(&self, caller: &Caller, id: CredentialId, before: Option<i64>, limit: u32) -> Result<Vec<Entry>, Error> {
        let allowed = self.over_credential(caller, Right::View, id).await?;
        let (_, part) = ActivityFilter { before, limit, ..ActivityFilter::default() }.split();
        Ok(entries(self.store.scope(&allowed)?.audit(About::Subject(id.to_string()), part).await?, false))
    }

    /// What was done anywhere, newest first, for operators.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Right`], [`Error::Store`]
    pub async fn audit_list(&self, caller: &Caller, filter: AuditFilter) -> Result<Vec<Entry>, Error> {
        let operator = self.operate(caller)?;
        let (about, part) = filter.part.split();
        let recorded = match filter.organisation {
            Some(organisation) => {
                let allowed = self.over_organisation(caller, Right::See, organisation).await?;
                self.store.scope(&allowed)?.audit(about, part).await?
            }
            None => self.store.as_operator(&operator)?.audit(about, part).await?,
        };
        Ok(entries(recorded, true))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorded(actor: &str, mail: Option<&str>, name: Option<&str>) -> Recorded {
        Recorded {
            id: 1,
            at: Timestamp::from_us(0),
            actor: actor.into(),
            actor_mail: mail.map(Into::into),
            actor_name: name.map(Into::into),
            action: "x.y".into(),
            subject: String::new(),
            subject_name: None,
            organisation: None,
            application: None,
            detail: Value::Null,
            personal: None,
        }
    }

    #[test]
    fn customers_do_not_learn_which_operator_it_was() {
        let person = PersonId::from_bits(1);
        let by_operator = recorded(&format!("operator:{person}"), Some("ann@provider.example"), Some("Ann"));
        assert_eq!(actor(&by_operator, false), Actor::Operator { id: None, mail: None });
        assert_eq!(actor(&by_operator, true), Actor::Operator { id: Some(person), mail: Some("ann@provider.example".into()) });
    }

    #[test]
    fn everybody_else_is_named() {
        let (person, token) = (PersonId::from_bits(1), ManagementTokenId::from_bits(2));
        let ann = recorded(&person.to_string(), Some("ann@example.com"), Some(""));
        assert_eq!(actor(&ann, false), Actor::Person { id: person, mail: "ann@example.com".into(), name: String::new() });
        assert_eq!(actor(&recorded(&token.to_string(), None, Some("CI")), false), Actor::Token { id: token, name: "CI".into() });
        assert_eq!(actor(&recorded("cli:root", None, None), false), Actor::Machine { user: "root".into() });
        assert_eq!(actor(&recorded("system:usage", None, None), false), Actor::System { job: "usage".into() });
        for (id, actor_of) in [("rgt_01HX9KZMB3F7VNQP8R2WDGT4E5", ""), ("key_01HX9KZMB3F7VNQP8R2WDGT4E5", "client:")] {
            assert_eq!(actor(&recorded(&format!("{actor_of}{id}"), None, None), false), Actor::Client { id: id.to_owned() });
        }
        assert_eq!(actor(&recorded(&person.to_string(), None, None), false), Actor::Gone { id: person.to_string() });
    }
}
