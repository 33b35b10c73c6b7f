//! Verdicts by the hour, for charts: about an application and, added up, about an organisation.

use std::collections::BTreeMap;

use keywright_domain::ids::{ApplicationId, OrganisationId, PersonId};
use keywright_domain::time::{Span, Timestamp};
use keywright_domain::verdict::Code;

use super::{UsageEntry, UsageOwner};
use crate::args;
use crate::engine::{FromRow, RowRef, Tx};
use crate::error::StoreError;
use crate::scope::Scope;

const HOUR_US: i64 = Span::from_h(1).us();

/// The hour in which a time is, counted from 1970.
const fn hour_of(at: Timestamp) -> i64 {
    at.us().div_euclid(HOUR_US)
}

/// What was counted in one hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HourCount {
    /// When the hour began.
    pub hour: Timestamp,
    /// Verdicts that said `valid`.
    pub accepted: u64,
    /// All others.
    pub refused: u64,
}

impl FromRow for HourCount {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        Ok(Self { hour: Timestamp::from_us(row.int(0)?.saturating_mul(HOUR_US)), accepted: count(row, 1)?, refused: count(row, 2)? })
    }
}

fn count(row: &RowRef<'_>, column: usize) -> Result<u64, StoreError> {
    u64::try_from(row.int(column)?).map_err(StoreError::corrupt)
}

/// How much an application was used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MostUsed {
    /// Which one.
    pub application: ApplicationId,
    /// Its name.
    pub name: String,
    /// Verdicts that said `valid`.
    pub accepted: u64,
    /// All others.
    pub refused: u64,
}

impl FromRow for MostUsed {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        Ok(Self { application: row.parse(0)?, name: row.text(1)?, accepted: count(row, 2)?, refused: count(row, 3)? })
    }
}

/// Counts that are gathered while entries are put down, so that each row is written once. Rows are written in order of their keys: two
/// nodes that do it at once wait for each other, and never in a circle.
#[derive(Debug, Default)]
pub struct Hours(BTreeMap<(String, i64), Row>);

#[derive(Debug)]
struct Row {
    organisation: Option<OrganisationId>,
    accepted: u64,
    refused: u64,
    last: Timestamp,
}

impl Hours {
    /// Counts an entry for its application and its organisation, in the hour of its last use.
    pub fn add(&mut self, owner: UsageOwner, entry: &UsageEntry) {
        let hour = hour_of(entry.last);
        for (subject, organisation) in [(owner.application.to_string(), Some(owner.organisation)), (owner.organisation.to_string(), None)] {
            let row = self.0.entry((subject, hour)).or_insert(Row { organisation, accepted: 0, refused: 0, last: entry.last });
            let count = if entry.code == Code::Valid { &mut row.accepted } else { &mut row.refused };
            *count = count.saturating_add(entry.count);
            row.last = row.last.max(entry.last);
        }
    }
}

fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

impl Tx<'_> {
    /// Adds what was gathered to its rows.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn usage_hours_add(&mut self, hours: &Hours) -> Result<(), StoreError> {
        for ((subject, hour), row) in &hours.0 {
            self.exec(
                "INSERT INTO usage_hour (subject, hour, organisation_id, accepted, refused, last_us) VALUES ($1, $2, $3, $4, $5, $6) \
                 ON CONFLICT (subject, hour) DO UPDATE SET accepted = usage_hour.accepted + excluded.accepted, \
                   refused = usage_hour.refused + excluded.refused, \
                   last_us = CASE WHEN excluded.last_us > usage_hour.last_us THEN excluded.last_us ELSE usage_hour.last_us END",
                args![subject.as_str(), *hour, row.organisation, number(row.accepted), number(row.refused), row.last],
            )
            .await?;
        }
        Ok(())
    }

    /// Erases hours before `before`, at most `limit`; the newest of each subject stays, because it says when the last call was.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn usage_hours_forget(&mut self, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
        self.exec(
            "DELETE FROM usage_hour WHERE (subject, hour) IN (SELECT o.subject, o.hour FROM usage_hour o WHERE o.hour < $1 \
               AND EXISTS (SELECT 1 FROM usage_hour n WHERE n.subject = o.subject AND n.hour > o.hour) ORDER BY o.hour LIMIT $2)",
            args![hour_of(before), i64::from(limit)],
        )
        .await
    }
}

impl Scope<'_> {
    /// The hours of an application since `since` in which there was something, oldest first.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn usage_hours_of_application(&self, application: ApplicationId, since: Timestamp) -> Result<Vec<HourCount>, StoreError> {
        self.all(
            "SELECT hour, accepted, refused FROM usage_hour WHERE organisation_id = $1 AND subject = $2 AND hour >= $3 ORDER BY hour",
            args![application, hour_of(since)],
        )
        .await
    }

    /// The hours of the organisation since `since` in which there was something, oldest first.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn usage_hours_of_organisation(&self, since: Timestamp) -> Result<Vec<HourCount>, StoreError> {
        self.all("SELECT hour, accepted, refused FROM usage_hour WHERE subject = $1 AND hour >= $2 ORDER BY hour", args![hour_of(since)]).await
    }

    /// The applications (with `granted_to`: over which that person holds grants) that were used most since `since`, as far as the newest `rows`
    /// hours of all applications tell.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn applications_most_used(&self, since: Timestamp, granted_to: Option<PersonId>, rows: u32, limit: u32) -> Result<Vec<MostUsed>, StoreError> {
        self.all(
            "SELECT a.id, a.name, u.accepted, u.refused \
             FROM (SELECT h.subject, CAST(sum(h.accepted) AS BIGINT) AS accepted, CAST(sum(h.refused) AS BIGINT) AS refused \
               FROM (SELECT subject, accepted, refused FROM usage_hour WHERE organisation_id = $1 AND hour >= $2 ORDER BY hour DESC LIMIT $3) h \
               GROUP BY h.subject) u \
             JOIN application a ON a.id = u.subject \
             WHERE CAST($4 AS TEXT) = '' OR EXISTS (SELECT 1 FROM member m JOIN application_grant g ON g.member_id = m.id \
               WHERE m.organisation_id = $1 AND m.person_id = $4 AND g.application_id = a.id) \
             ORDER BY u.accepted + u.refused DESC, a.id LIMIT $5",
            args![hour_of(since), i64::from(rows), granted_to.map_or_else(String::new, |p| p.to_string()), i64::from(limit)],
        )
        .await
    }
}
