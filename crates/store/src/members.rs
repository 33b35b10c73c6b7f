//! Members of an organisation and their grants.

use keywright_domain::grants::{ApplicationGrants, OrganisationGrants};
use keywright_domain::ids::{ApplicationId, ManagementTokenId, MemberId, OrganisationId, PersonId};
use keywright_domain::membership::{MemberGrants, OnApplications};
use keywright_domain::time::Timestamp;

use crate::args;
use crate::engine::{FromRow, RowRef, Tx};
use crate::error::StoreError;
use crate::scope::{AsGate, Scope};

/// A person's place in one organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its id.
    pub id: MemberId,
    /// Where.
    pub organisation: OrganisationId,
    /// Who.
    pub person: PersonId,
    /// Their mail address.
    pub mail: String,
    /// Their name; may be empty.
    pub name: String,
    /// What they hold.
    pub grants: MemberGrants,
    /// Since when.
    pub joined_at: Timestamp,
    /// When they were last here, as far as a session or token tells that still is.
    pub seen_at: Option<Timestamp>,
}

/// The columns of a member, in the order in which [`Member`] reads them.
macro_rules! columns {
    () => {
        "m.id, m.organisation_id, m.person_id, p.mail, p.name, m.grants, m.created_us, (SELECT max(s.seen_us) FROM session s WHERE s.person_id = m.person_id) \
         FROM member m JOIN person p ON p.id = m.person_id"
    };
}

impl FromRow for Member {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.parse(0)?,
            organisation: row.parse(1)?,
            person: row.parse(2)?,
            mail: row.text(3)?,
            name: row.text(4)?,
            grants: MemberGrants { organisation: row.parse::<OrganisationGrants>(5)?, applications: OnApplications::default() },
            joined_at: Timestamp::from_us(row.int(6)?),
            seen_at: row.opt_int(7)?.map(Timestamp::from_us),
        })
    }
}

/// A member's grants over one application.
struct Granted(MemberId, ApplicationId, ApplicationGrants);

impl FromRow for Granted {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        Ok(Self(row.parse(0)?, row.parse(1)?, row.parse(2)?))
    }
}

fn with_grants(mut members: Vec<Member>, granted: Vec<Granted>) -> Vec<Member> {
    let mut by_member = std::collections::HashMap::<MemberId, Vec<(ApplicationId, ApplicationGrants)>>::new();
    for Granted(member, application, grants) in granted {
        by_member.entry(member).or_default().push((application, grants));
    }
    for member in &mut members {
        member.grants.applications = OnApplications::of(by_member.remove(&member.id).unwrap_or_default());
    }
    members
}

pub(crate) struct Owner(pub(crate) OrganisationId);

impl FromRow for Owner {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        Ok(Self(row.parse(0)?))
    }
}

struct TokenId(ManagementTokenId);

impl FromRow for TokenId {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        Ok(Self(row.parse(0)?))
    }
}

impl AsGate<'_> {
    /// The organisation of a member.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn organisation_of_member(&self, id: MemberId) -> Result<Option<OrganisationId>, StoreError> {
        Ok(self.opt::<Owner>("SELECT organisation_id FROM member WHERE id = $1", args![id]).await?.map(|o| o.0))
    }
}

/// A mail address and a name.
struct Called(String, String);

impl FromRow for Called {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        Ok(Self(row.text(0)?, row.text(1)?))
    }
}

impl AsGate<'_> {
    /// A person's mail address and name, which may be empty.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn person_called(&self, id: PersonId) -> Result<Option<(String, String)>, StoreError> {
        Ok(self.opt::<Called>("SELECT mail, name FROM person WHERE id = $1", args![id]).await?.map(|c| (c.0, c.1)))
    }
}

impl Scope<'_> {
    /// Members, newest first, before the given id, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn member_list(&self, before: Option<MemberId>, limit: u32) -> Result<Vec<Member>, StoreError> {
        // '~' sorts after every character of an id.
        let before = before.map_or_else(|| "~".to_owned(), |id| id.to_string());
        self.together(async move |tx| {
            let sql = concat!("SELECT ", columns!(), " WHERE m.organisation_id = $1 AND m.id < $2 ORDER BY m.id DESC LIMIT $3");
            let listed = tx.all::<Member>(sql, args![before.as_str(), i64::from(limit)]).await?;
            let Some(oldest) = listed.last() else { return Ok(listed) };
            let granted = tx
                .all::<Granted>(
                    "SELECT g.member_id, g.application_id, g.grants FROM member m JOIN application_grant g ON g.member_id = m.id \
                     WHERE m.organisation_id = $1 AND m.id < $2 AND m.id >= $3",
                    args![before.as_str(), oldest.id],
                )
                .await?;
            Ok(with_grants(listed, granted))
        })
        .await
    }

    /// One member.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn member(&self, id: MemberId) -> Result<Option<Member>, StoreError> {
        self.together(async move |tx| {
            let sql = concat!("SELECT ", columns!(), " WHERE m.organisation_id = $1 AND m.id = $2");
            let Some(found) = tx.opt::<Member>(sql, args![id]).await? else { return Ok(None) };
            let granted = tx
                .all::<Granted>(
                    "SELECT g.member_id, g.application_id, g.grants FROM member m JOIN application_grant g ON g.member_id = m.id \
                     WHERE m.organisation_id = $1 AND m.id = $2",
                    args![id],
                )
                .await?;
            Ok(with_grants(vec![found], granted).pop())
        })
        .await
    }
}

impl Tx<'_> {
    async fn with_grants_of(&mut self, found: Option<Member>) -> Result<Option<Member>, StoreError> {
        let Some(found) = found else { return Ok(None) };
        let granted = self.all::<Granted>("SELECT member_id, application_id, grants FROM application_grant WHERE member_id = $1", args![found.id]).await?;
        Ok(with_grants(vec![found], granted).pop())
    }

    /// A member of this organisation, to be changed.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn member_for_update(&mut self, organisation: OrganisationId, id: MemberId) -> Result<Option<Member>, StoreError> {
        self.lock_organisation(organisation).await?;
        let sql = concat!("SELECT ", columns!(), " WHERE m.organisation_id = $1 AND m.id = $2");
        let found = self.opt::<Member>(sql, args![organisation, id]).await?;
        self.with_grants_of(found).await
    }

    /// What a person is in this organisation. Whoever decides by it has locked the organisation before.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn member_of_person(&mut self, organisation: OrganisationId, person: PersonId) -> Result<Option<Member>, StoreError> {
        let sql = concat!("SELECT ", columns!(), " WHERE m.organisation_id = $1 AND m.person_id = $2");
        let found = self.opt::<Member>(sql, args![organisation, person]).await?;
        self.with_grants_of(found).await
    }

    /// Whether the organisation has an admin beside this member.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn member_is_other_admin(&mut self, organisation: OrganisationId, but: MemberId) -> Result<bool, StoreError> {
        let sql = "SELECT 1 FROM member WHERE organisation_id = $1 AND id <> $2 AND ' ' || grants || ' ' LIKE '% admin %' LIMIT 1";
        Ok(self.opt::<()>(sql, args![organisation, but]).await?.is_some())
    }

    /// How many members an organisation has.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn member_count(&mut self, organisation: OrganisationId) -> Result<i64, StoreError> {
        self.one("SELECT count(*) FROM member WHERE organisation_id = $1", args![organisation]).await
    }

    /// Of how many organisations a person is a member.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn membership_count(&mut self, person: PersonId) -> Result<i64, StoreError> {
        self.one("SELECT count(*) FROM member WHERE person_id = $1", args![person]).await
    }

    /// Stores a member's grants over the organisation, and those over applications that differ from `before`. Applications of other
    /// organisations are given back: nothing is stored for them.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn member_save(&mut self, before: &OnApplications, member: &Member) -> Result<Vec<ApplicationId>, StoreError> {
        let Member { id, organisation, grants, .. } = member;
        self.exec("UPDATE member SET grants = $3 WHERE organisation_id = $1 AND id = $2", args![*organisation, *id, grants.organisation.to_string()]).await?;
        for (application, _) in before.iter().filter(|(application, _)| grants.applications.on(*application).is_empty()) {
            self.exec("DELETE FROM application_grant WHERE application_id = $1 AND member_id = $2", args![application, *id]).await?;
        }
        let mut unknown = Vec::new();
        for (application, grants) in grants.applications.iter().filter(|(application, grants)| before.on(*application) != *grants) {
            if !self.application_grant_save(*organisation, application, *id, grants).await? {
                unknown.push(application);
            }
        }
        Ok(unknown)
    }

    /// Stores what a member holds over one application; false: the organisation has no such application.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn application_grant_save(
        &mut self,
        organisation: OrganisationId,
        application: ApplicationId,
        member: MemberId,
        grants: ApplicationGrants,
    ) -> Result<bool, StoreError> {
        let saved = self
            .exec(
                "INSERT INTO application_grant (application_id, member_id, grants) SELECT a.id, $3, $4 FROM application a \
                 WHERE a.organisation_id = $1 AND a.id = $2 ON CONFLICT (application_id, member_id) DO UPDATE SET grants = excluded.grants",
                args![organisation, application, member, grants.to_string()],
            )
            .await?;
        Ok(saved == 1)
    }

    /// Removes a member with all that reached into the organisation: grants, access tokens for it, management tokens, whose ids are given.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn member_remove(&mut self, member: &Member, now: Timestamp) -> Result<Vec<ManagementTokenId>, StoreError> {
        let (organisation, person) = (member.organisation, member.person);
        self.exec("DELETE FROM application_grant WHERE member_id = $1", args![member.id]).await?;
        self.exec("DELETE FROM member WHERE organisation_id = $1 AND id = $2", args![organisation, member.id]).await?;
        self.exec("DELETE FROM session WHERE person_id = $2 AND organisation_id = $1", args![organisation, person]).await?;
        let sql = "UPDATE management_token SET revoked_us = $3 WHERE organisation_id = $1 AND person_id = $2 AND revoked_us IS NULL RETURNING id";
        Ok(self.all::<TokenId>(sql, args![organisation, person, now]).await?.into_iter().map(|t| t.0).collect())
    }
}
