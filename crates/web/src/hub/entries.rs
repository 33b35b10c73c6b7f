//! Entries of the audit trail as lines of a page. Each action has its whole sentence in `templates/entries.html`.

use keywright_domain::time::Timestamp;
use keywright_operations::activity::{Actor, Entry};
use serde_json::Value;

use crate::hub::parts::ShortId;
use crate::hub::words::When;

/// One thing that somebody did.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Line {
    /// When.
    pub(crate) at: When,
    /// Who.
    pub(crate) who: Who,
    /// `credential.revoked`
    pub(crate) action: String,
    /// The id of what it was done to.
    pub(crate) subject: String,
    /// Its name, where it has one that is still known.
    pub(crate) name: Option<String>,
    /// Its page, where it has one.
    pub(crate) link: Option<String>,
    /// In which organisation.
    pub(crate) organisation: Option<String>,
    detail: Value,
    personal: Option<Value>,
}

/// Who did something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Who {
    /// A person, by name or address.
    Person(String),
    /// Somebody who works for the provider; customers do not learn who.
    Provider(Option<String>),
    /// A program with a management token, by the token's name.
    Token(String),
    /// Somebody at the machine, by account.
    Machine(String),
    /// Keywright itself.
    System,
    /// A client that registers itself.
    Client,
    /// Somebody of whom no more than the id is known.
    Gone,
}

impl Line {
    /// Of an entry, seen from `now`.
    pub(crate) fn of(entry: &Entry, now: Timestamp) -> Self {
        let who = match &entry.actor {
            Actor::Person { mail, name, .. } => Who::Person(if name.is_empty() { mail.clone() } else { name.clone() }),
            Actor::Operator { mail, .. } => Who::Provider(mail.clone()),
            Actor::Token { name, .. } => Who::Token(name.clone()),
            Actor::Machine { user } => Who::Machine(user.clone()),
            Actor::System { .. } => Who::System,
            Actor::Client { .. } => Who::Client,
            Actor::Gone { .. } => Who::Gone,
        };
        Self {
            at: When::new(entry.at, now),
            who,
            action: entry.action.clone(),
            subject: entry.subject.clone(),
            name: entry.subject_name.clone(),
            link: link(&entry.subject, &entry.action),
            organisation: entry.organisation.map(|id| id.to_string()),
            detail: entry.detail.clone(),
            personal: entry.personal.clone(),
        }
    }

    /// The subject's id, shortened.
    pub(crate) fn short(&self) -> ShortId {
        ShortId::of(&self.subject)
    }

    /// A text of the details, personal ones first; empty where there is none.
    pub(crate) fn text(&self, field: &str) -> &str {
        self.personal.as_ref().and_then(|personal| text_of(personal, field)).or_else(|| text_of(&self.detail, field)).unwrap_or_default()
    }

    /// A number of the details, or how long a list of them is.
    pub(crate) fn count(&self, field: &str) -> u64 {
        match self.detail.get(field) {
            Some(Value::Number(number)) => number.as_u64().unwrap_or(0),
            Some(Value::Array(list)) => list.len() as u64,
            _ => 0,
        }
    }

    /// The texts of a list of the details.
    pub(crate) fn list(&self, field: &str) -> Vec<&str> {
        self.detail.get(field).and_then(Value::as_array).map(|all| all.iter().filter_map(Value::as_str).collect()).unwrap_or_default()
    }
}

fn text_of<'v>(value: &'v Value, field: &str) -> Option<&'v str> {
    value.get(field).and_then(Value::as_str)
}

/// The page of a subject; what was deleted has none.
fn link(subject: &str, action: &str) -> Option<String> {
    if action.ends_with(".deleted") || action.ends_with(".removed") || action.ends_with(".left") {
        return None;
    }
    match subject.split_once('_')?.0 {
        "key" => Some(format!("/keys/{subject}")),
        "app" => Some(format!("/applications/{subject}")),
        "mbr" => Some(format!("/members/{subject}")),
        _ => None,
    }
}
