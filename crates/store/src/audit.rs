//! The audit trail: who did what, written in the same transaction as what was done.

use keywright_domain::caller::Caller;
use keywright_domain::ids::{ApplicationId, OrganisationId};

/// One entry. When it was, and who did it unless that is said, are added by the write path; an entry without an organisation gets that of the permission.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditEntry {
    /// In whose Activity it shows; none: in the permission's, or in the installation's alone.
    pub organisation: Option<OrganisationId>,
    /// In whose application's Activity it shows.
    pub application: Option<ApplicationId>,
    /// Who did it, as the trail names them; none: whoever has the permission.
    pub actor: Option<String>,
    /// What was done: `credential.revoked`.
    pub action: &'static str,
    /// The id of what it was done to.
    pub subject: String,
    /// What else there is to know, without secrets and without personal values.
    pub detail: serde_json::Value,
    /// Personal values; kept in a side row that can be erased.
    pub personal: Option<serde_json::Value>,
}

impl AuditEntry {
    /// An entry without details.
    #[must_use]
    pub fn new(action: &'static str, subject: impl ToString) -> Self {
        Self {
            organisation: None,
            application: None,
            actor: None,
            action,
            subject: subject.to_string(),
            detail: serde_json::Value::Object(serde_json::Map::new()),
            personal: None,
        }
    }

    /// The same with details.
    #[must_use]
    pub fn with(mut self, detail: serde_json::Value) -> Self {
        self.detail = detail;
        self
    }

    /// The same with personal values.
    #[must_use]
    pub fn with_personal(mut self, personal: serde_json::Value) -> Self {
        self.personal = Some(personal);
        self
    }

    /// The same by somebody else than whoever has the permission, such as where what they do ends something of an organisation that must not learn of them.
    #[must_use]
    pub fn by(mut self, caller: &Caller) -> Self {
        self.actor = Some(caller.to_string());
        self
    }

    /// The same in an organisation's Activity.
    #[must_use]
    pub fn in_organisation(mut self, organisation: OrganisationId) -> Self {
        self.organisation = Some(organisation);
        self
    }

    /// The same in an application's Activity.
    #[must_use]
    pub const fn of_application(mut self, application: ApplicationId) -> Self {
        self.application = Some(application);
        self
    }
}
