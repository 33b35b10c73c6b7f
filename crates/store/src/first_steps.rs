//! How far an organisation is with its first application.

use keywright_domain::application::State;
use keywright_domain::ids::{ApplicationId, PersonId};

use crate::args;
use crate::engine::{FromRow, RowRef};
use crate::error::StoreError;
use crate::scope::Scope;

/// The newest application that is not the organisation's own, as its first steps need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Newest {
    /// Its id.
    pub id: ApplicationId,
    /// Its state.
    pub state: State,
    /// Whether it has a credential that is not revoked.
    pub has_key: bool,
    /// Its services.
    pub services: Vec<String>,
    /// Whether it or one of those shortly before it is active.
    pub any_active: bool,
}

/// The same with one of its services.
struct Row(Newest);

impl FromRow for Row {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        let services = row.opt_text(4)?.into_iter().collect();
        Ok(Self(Newest { id: row.parse(0)?, state: row.parse(1)?, has_key: row.bool(2)?, any_active: row.bool(3)?, services }))
    }
}

/// Of the newest fifty applications, of which a person sees those over which they hold grants (an empty `$2`: all).
macro_rules! newest {
    ($columns:literal, $limit:literal) => {
        concat!(
            "(SELECT ",
            $columns,
            " FROM application a WHERE a.organisation_id = $1 AND NOT a.own AND (CAST($2 AS TEXT) = '' OR EXISTS (SELECT 1 FROM member m \
               JOIN application_grant g ON g.member_id = m.id WHERE m.organisation_id = $1 AND m.person_id = $2 AND g.application_id = a.id)) \
             ORDER BY a.id DESC LIMIT ",
            $limit,
            ")"
        )
    };
}

impl Scope<'_> {
    /// The newest application beside the organisation's own, and whether any of the newest is active; none: there is no such application yet.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn newest_application(&self, granted_to: Option<PersonId>) -> Result<Option<Newest>, StoreError> {
        let sql = concat!(
            "SELECT n.id, n.state, \
               EXISTS (SELECT 1 FROM credential c WHERE c.organisation_id = $1 AND c.application_id = n.id AND c.revoked_us IS NULL), \
               EXISTS (SELECT 1 FROM ",
            newest!("a.state AS state", "50"),
            " s WHERE s.state = 'active'), u.service FROM ",
            newest!("a.id AS id, a.state AS state", "1"),
            " n LEFT JOIN application_service u ON u.application_id = n.id ORDER BY u.service"
        );
        let rows = self.all::<Row>(sql, args![granted_to.map_or_else(String::new, |p| p.to_string())]).await?;
        Ok(rows.into_iter().map(|row| row.0).reduce(|mut newest, further| {
            newest.services.extend(further.services);
            newest
        }))
    }
}
