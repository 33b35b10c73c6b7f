//! What somebody holds over something, found by its id.

use keywright_domain::caller::Facts;
use keywright_domain::grants::{ApplicationGrants, Held, OrganisationGrants};
use keywright_domain::ids::{ApplicationId, CredentialId, OrganisationId, PersonId};

use crate::args;
use crate::engine::{FromRow, RowRef};
use crate::error::StoreError;
use crate::scope::AsGate;

/// Owner and grants; no member: no grants.
struct Found(Facts);

impl FromRow for Found {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        let organisation = row.parse(0)?;
        let member = match row.opt_text_ref(1)? {
            None => None,
            Some(grants) => Some(Held {
                organisation: grants.parse::<OrganisationGrants>().map_err(StoreError::corrupt)?,
                application: row.opt_text_ref(2)?.unwrap_or_default().parse::<ApplicationGrants>().map_err(StoreError::corrupt)?,
            }),
        };
        Ok(Self(Facts { organisation: Some(organisation), member }))
    }
}

/// Nobody has this id, so it finds no member.
fn nobody(person: Option<PersonId>) -> String {
    person.map_or_else(String::new, |p| p.to_string())
}

impl AsGate<'_> {
    /// What a person holds in an organisation; none: there is no such organisation.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn facts_of_organisation(&self, id: OrganisationId, person: Option<PersonId>) -> Result<Option<Facts>, StoreError> {
        let found = self
            .opt::<Found>(
                "SELECT o.id, m.grants, NULL FROM organisation o LEFT JOIN member m ON m.organisation_id = o.id AND m.person_id = $2 WHERE o.id = $1",
                args![id, nobody(person)],
            )
            .await?;
        Ok(found.map(|f| f.0))
    }

    /// What a person holds over an application; none: there is no such application.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn facts_of_application(&self, id: ApplicationId, person: Option<PersonId>) -> Result<Option<Facts>, StoreError> {
        let found = self
            .opt::<Found>(
                "SELECT a.organisation_id, m.grants, g.grants FROM application a \
                 LEFT JOIN member m ON m.organisation_id = a.organisation_id AND m.person_id = $2 \
                 LEFT JOIN application_grant g ON g.application_id = a.id AND g.member_id = m.id WHERE a.id = $1",
                args![id, nobody(person)],
            )
            .await?;
        Ok(found.map(|f| f.0))
    }

    /// What a person holds over the application of a credential; none: there is no such credential.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn facts_of_credential(&self, id: CredentialId, person: Option<PersonId>) -> Result<Option<Facts>, StoreError> {
        let found = self
            .opt::<Found>(
                "SELECT c.organisation_id, m.grants, g.grants FROM credential c \
                 LEFT JOIN member m ON m.organisation_id = c.organisation_id AND m.person_id = $2 \
                 LEFT JOIN application_grant g ON g.application_id = c.application_id AND g.member_id = m.id WHERE c.id = $1",
                args![id, nobody(person)],
            )
            .await?;
        Ok(found.map(|f| f.0))
    }
}
