//! Organisations, persons and members.

use keywright_domain::ids::{MemberId, OrganisationId, PersonId};
use keywright_domain::organisation::Review;
use keywright_domain::time::Timestamp;

use crate::args;
use crate::engine::{FromRow, RowRef, Tx};
use crate::error::StoreError;
use crate::scope::{AsOperator, Scope};

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

    /// Stores an organisation's name and review, and its name as that of its own application.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn organisation_save(&mut self, o: &Organisation) -> Result<(), StoreError> {
        self.exec("UPDATE organisation SET name = $2, review = $3 WHERE id = $1", args![o.id, o.name.as_str(), o.review.as_str()]).await?;
        self.exec("UPDATE application SET name = $2 WHERE organisation_id = $1 AND own", args![o.id, o.name.as_str()]).await?;
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

/// Which organisations an operator looks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Search {
    /// Part of the name in either case, an id, or a member's whole mail address; empty: all.
    pub text: String,
    /// Only of this review.
    pub review: Option<Review>,
    /// Only those that are suspended, or are not.
    pub suspended: Option<bool>,
    /// Those before this one, which are older; none: from the newest.
    pub before: Option<OrganisationId>,
    /// At most so many.
    pub limit: u32,
}

/// `%text%`, with what LIKE would take for a pattern escaped.
pub(crate) fn pattern(text: &str) -> String {
    format!("%{}%", text.to_lowercase().replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_"))
}

impl Scope<'_> {
    /// The organisation itself.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn organisation_row(&self) -> Result<Option<Organisation>, StoreError> {
        Ok(self.all("SELECT id, name, review, suspended, created_us FROM organisation WHERE id = $1", args![]).await?.pop())
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

    /// The organisations that an operator looks for, newest first.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn organisation_search(&self, search: &Search) -> Result<Vec<Organisation>, StoreError> {
        let before = search.before.map_or_else(|| "~".to_owned(), |id| id.to_string());
        let review = search.review.map_or("", Review::as_str);
        let suspended = search.suspended.map_or(-1, i64::from);
        self.all(
            "SELECT o.id, o.name, o.review, o.suspended, o.created_us FROM organisation o WHERE o.id < $1 \
               AND (CAST($2 AS TEXT) = '' OR o.review = $2) AND (CAST($3 AS BIGINT) < 0 OR CASE WHEN o.suspended THEN 1 ELSE 0 END = $3) \
               AND (CAST($4 AS TEXT) = '' OR o.id = $4 OR lower(o.name) LIKE $5 ESCAPE '\\' \
                 OR EXISTS (SELECT 1 FROM member m JOIN person p ON p.id = m.person_id WHERE m.organisation_id = o.id AND p.mail = lower($4))) \
             ORDER BY o.id DESC LIMIT $6",
            args![before, review, suspended, search.text.as_str(), pattern(&search.text), i64::from(search.limit)],
        )
        .await
    }
}
