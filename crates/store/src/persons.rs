//! Persons, and which of them are operators.

use keywright_domain::ids::PersonId;
use keywright_domain::time::Timestamp;

use crate::args;
use crate::engine::{FromRow, RowRef, Tx};
use crate::error::StoreError;
use crate::scope::{AsGate, AsOperator};

/// An operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operator {
    /// Who.
    pub person: PersonId,
    /// Their mail address.
    pub mail: String,
    /// Their name; may be empty.
    pub name: String,
    /// Since when.
    pub created_at: Timestamp,
}

impl FromRow for Operator {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        Ok(Self { person: row.parse(0)?, mail: row.text(1)?, name: row.text(2)?, created_at: Timestamp::from_us(row.int(3)?) })
    }
}

struct Id(PersonId);

impl FromRow for Id {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        Ok(Self(row.parse(0)?))
    }
}

impl AsGate<'_> {
    /// The person with this mail address, in the form of [`keywright_domain::text::mail`].
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn person_with_mail(&self, mail: &str) -> Result<Option<PersonId>, StoreError> {
        Ok(self.opt::<Id>("SELECT id FROM person WHERE mail = $1", args![mail]).await?.map(|found| found.0))
    }

    /// Whether there is any operator.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn has_operators(&self) -> Result<bool, StoreError> {
        Ok(self.opt::<()>("SELECT 1 FROM operator LIMIT 1", args![]).await?.is_some())
    }
}

impl AsOperator<'_> {
    /// All operators, oldest first. A provider has tens of them.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn operator_list(&self) -> Result<Vec<Operator>, StoreError> {
        self.all("SELECT p.id, p.mail, p.name, o.created_us FROM operator o JOIN person p ON p.id = o.person_id ORDER BY o.created_us, p.id", args![]).await
    }
}

impl Tx<'_> {
    /// Gives a person another name; false: there is no such person.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn person_rename(&mut self, id: PersonId, name: &str) -> Result<bool, StoreError> {
        Ok(self.exec("UPDATE person SET name = $2 WHERE id = $1", args![id, name]).await? == 1)
    }

    /// Makes a person an operator; false: they are one.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn operator_insert(&mut self, id: PersonId, now: Timestamp) -> Result<bool, StoreError> {
        Ok(self.exec("INSERT INTO operator (person_id, created_us) VALUES ($1, $2) ON CONFLICT (person_id) DO NOTHING", args![id, now]).await? == 1)
    }

    /// Makes a person the first operator; false: there is one.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn operator_insert_first(&mut self, id: PersonId, now: Timestamp) -> Result<bool, StoreError> {
        // The row of the catalogue is there from the beginning, and its lock makes two of these follow each other.
        self.exec("UPDATE catalogue SET applied_us = applied_us WHERE id = 1", args![]).await?;
        if self.opt::<()>("SELECT 1 FROM operator LIMIT 1", args![]).await?.is_some() {
            return Ok(false);
        }
        self.operator_insert(id, now).await
    }

    /// Makes the person with this mail address an operator no more, and gives who it was; none: they are no operator.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn operator_remove(&mut self, mail: &str) -> Result<Option<PersonId>, StoreError> {
        let found = self.opt::<Id>("SELECT p.id FROM person p JOIN operator o ON o.person_id = p.id WHERE p.mail = $1", args![mail]).await?;
        let Some(Id(id)) = found else { return Ok(None) };
        Ok((self.exec("DELETE FROM operator WHERE person_id = $1", args![id]).await? == 1).then_some(id))
    }
}
