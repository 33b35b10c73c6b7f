//! Organisations, persons and members.

use keywright_domain::ids::{MemberId, OrganisationId, PersonId};
use keywright_domain::organisation::Review;
use keywright_domain::time::Timestamp;

use crate::args;
use crate::engine::{FromRow, RowRef, Tx};
use crate::error::StoreError;
use crate::scope::AsOperator;

/// An organisation as the store keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organisation {
    /// Its id.
    pub id: OrganisationId,
    /// Its name.
    pub name: String,
    /// How far its review is.
    pub review: Review,
    /// Switched off by an operator.
    pub suspended: bool,
    /// When it was made.
    pub created_at: Timestamp,
}

impl FromRow for Organisation {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        Ok(Self { id: row.parse(0)?, name: row.text(1)?, review: row.parse(2)?, suspended: row.bool(3)?, created_at: Timestamp::from_us(row.int(4)?) })
    }
}

struct Person(PersonId);

impl FromRow for Person {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        Ok(Self(row.parse(0)?))
    }
}

impl Tx<'_> {
    /// Adds an organisation.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn organisation_insert(&mut self, o: &Organisation) -> Result<(), StoreError> {
        self.exec(
            "INSERT INTO organisation (id, name, review, suspended, created_us) VALUES ($1, $2, $3, $4, $5)",
            args![o.id, o.name.as_str(), o.review.as_str(), o.suspended, o.created_at],
        )
        .await?;
        Ok(())
    }

    /// An organisation, to be changed.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn organisation_for_update(&mut self, id: OrganisationId) -> Result<Option<Organisation>, StoreError> {
        self.lock_organisation(id).await?;
        self.opt("SELECT id, name, review, suspended, created_us FROM organisation WHERE id = $1", args![id]).await
    }

    /// Suspends or resumes an organisation.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn organisation_set_suspended(&mut self, id: OrganisationId, suspended: bool) -> Result<(), StoreError> {
        self.exec("UPDATE organisation SET suspended = $2 WHERE id = $1", args![id, suspended]).await?;
        Ok(())
    }

    /// The person with this mail address (in the form of [`keywright_domain::text::mail`]); made with `id` where there is none.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn person_of_mail(&mut self, mail: &str, id: PersonId, now: Timestamp) -> Result<PersonId, StoreError> {
        self.exec("INSERT INTO person (id, mail, name, created_us) VALUES ($1, $2, '', $3) ON CONFLICT (mail) DO NOTHING", args![id, mail, now]).await?;
        let person = self.one::<Person>("SELECT id FROM person WHERE mail = $1", args![mail]).await?;
        Ok(person.0)
    }

    /// Adds a member with grants, separated by spaces.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn member_insert(
        &mut self,
        id: MemberId,
        organisation: OrganisationId,
        person: PersonId,
        grants: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.exec(
            "INSERT INTO member (id, organisation_id, person_id, grants, created_us) VALUES ($1, $2, $3, $4, $5)",
            args![id, organisation, person, grants, now],
        )
        .await?;
        Ok(())
    }
}

impl AsOperator<'_> {
    /// Organisations, newest first, before the given id, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn organisation_list(&self, before: Option<OrganisationId>, limit: u32) -> Result<Vec<Organisation>, StoreError> {
        // '~' sorts after every character of an id.
        let before = before.map_or_else(|| "~".to_owned(), |id| id.to_string());
        self.all("SELECT id, name, review, suspended, created_us FROM organisation WHERE id < $1 ORDER BY id DESC LIMIT $2", args![before, i64::from(limit)])
            .await
    }

    /// One organisation.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn organisation(&self, id: OrganisationId) -> Result<Option<Organisation>, StoreError> {
        self.opt("SELECT id, name, review, suspended, created_us FROM organisation WHERE id = $1", args![id]).await
    }
}
