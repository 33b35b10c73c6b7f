//! Invitations into an organisation.

use keywright_domain::grants::OrganisationGrants;
use keywright_domain::ids::{ApplicationId, InvitationId, ManagementTokenId, OrganisationId, PersonId};
use keywright_domain::membership::{InvitationState, MemberGrants, OnApplications};
use keywright_domain::time::Timestamp;

use crate::args;
use crate::engine::{FromRow, RowRef, Tx};
use crate::error::StoreError;
use crate::scope::{AsGate, Scope};

/// An invitation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// Its id, which is no secret: only the invited address can accept it.
    pub id: InvitationId,
    /// Where to.
    pub organisation: OrganisationId,
    /// The organisation's name.
    pub organisation_name: String,
    /// The invited address, as [`keywright_domain::text::mail`] writes it.
    pub mail: String,
    /// What whoever accepts it will hold.
    pub grants: MemberGrants,
    /// Who invited; none: somebody at the machine, or a token that was made there.
    pub inviter: Option<PersonId>,
    /// The management token that they invited with.
    pub inviter_token: Option<ManagementTokenId>,
    /// The inviter's address.
    pub inviter_mail: Option<String>,
    /// When.
    pub created_at: Timestamp,
    /// It cannot be accepted from then on.
    pub until: Timestamp,
    /// When it was accepted.
    pub accepted_at: Option<Timestamp>,
    /// When it was taken back.
    pub withdrawn_at: Option<Timestamp>,
}

impl Invitation {
    /// What can still become of it.
    #[must_use]
    pub fn state(&self, now: Timestamp) -> InvitationState {
        match (self.accepted_at, self.withdrawn_at) {
            (Some(_), _) => InvitationState::Accepted,
            (None, Some(_)) => InvitationState::Withdrawn,
            (None, None) if now < self.until => InvitationState::Open,
            (None, None) => InvitationState::Expired,
        }
    }
}

/// The columns of an invitation, in the order in which [`Invitation`] reads them.
macro_rules! columns {
    () => {
        "i.id, i.organisation_id, o.name, i.mail, i.grants, i.application_grants, i.inviter_id, q.mail, i.created_us, i.until_us, i.accepted_us, i.withdrawn_us, \
         i.inviter_token_id"
    };
}

macro_rules! tables {
    () => {
        " FROM invitation i JOIN organisation o ON o.id = i.organisation_id LEFT JOIN person q ON q.id = i.inviter_id "
    };
}

impl FromRow for Invitation {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        let time = |column| Ok::<_, StoreError>(row.opt_int(column)?.map(Timestamp::from_us));
        Ok(Self {
            id: row.parse(0)?,
            organisation: row.parse(1)?,
            organisation_name: row.text(2)?,
            mail: row.text(3)?,
            grants: MemberGrants { organisation: row.parse::<OrganisationGrants>(4)?, applications: row.parse::<OnApplications>(5)? },
            inviter: row.opt_text_ref(6)?.map(|id| id.parse().map_err(StoreError::corrupt)).transpose()?,
            inviter_token: row.opt_text_ref(12)?.map(|id| id.parse().map_err(StoreError::corrupt)).transpose()?,
            inviter_mail: row.opt_text(7)?,
            created_at: Timestamp::from_us(row.int(8)?),
            until: Timestamp::from_us(row.int(9)?),
            accepted_at: time(10)?,
            withdrawn_at: time(11)?,
        })
    }
}

/// How many invitations were made lately, whatever became of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvitedLately {
    /// By this organisation.
    pub by_organisation: i64,
    /// To this address, by any organisation.
    pub to_mail: i64,
    /// Open ones of this organisation to this address, whenever they were made.
    pub open: i64,
}

impl FromRow for InvitedLately {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        Ok(Self { by_organisation: row.int(0)?, to_mail: row.int(1)?, open: row.int(2)? })
    }
}

/// An invitation, and whether it is for whoever asked.
struct Asked(Invitation, bool);

impl FromRow for Asked {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        Ok(Self(Invitation::from_row(row)?, row.opt_bool(13)?.unwrap_or(false)))
    }
}

impl AsGate<'_> {
    /// An invitation, and whether it is for this person's address.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn invitation(&self, id: InvitationId, person: Option<PersonId>) -> Result<Option<(Invitation, bool)>, StoreError> {
        let sql = concat!("SELECT ", columns!(), ", p.mail = i.mail", tables!(), "LEFT JOIN person p ON p.id = $2 WHERE i.id = $1");
        Ok(self.opt::<Asked>(sql, args![id, person]).await?.map(|a| (a.0, a.1)))
    }

    /// Invitations that a person can accept, newest first, at most 50.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn invitations_for(&self, person: PersonId, now: Timestamp) -> Result<Vec<Invitation>, StoreError> {
        let sql = concat!(
            "SELECT ",
            columns!(),
            tables!(),
            "JOIN person p ON p.mail = i.mail WHERE p.id = $1 AND i.until_us > $2 AND i.accepted_us IS NULL AND i.withdrawn_us IS NULL \
             ORDER BY i.id DESC LIMIT 50"
        );
        self.all(sql, args![person, now]).await
    }
}

impl Scope<'_> {
    /// Invitations, newest first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn invitation_list(&self, limit: u32) -> Result<Vec<Invitation>, StoreError> {
        let sql = concat!("SELECT ", columns!(), tables!(), "WHERE i.organisation_id = $1 ORDER BY i.id DESC LIMIT $2");
        self.all(sql, args![i64::from(limit)]).await
    }
}

impl Tx<'_> {
    /// Adds an invitation.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn invitation_insert(&mut self, i: &Invitation) -> Result<(), StoreError> {
        self.exec(
            "INSERT INTO invitation (id, organisation_id, mail, grants, application_grants, inviter_id, inviter_token_id, created_us, until_us) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            args![
                i.id,
                i.organisation,
                i.mail.as_str(),
                i.grants.organisation.to_string(),
                i.grants.applications.to_string(),
                i.inviter,
                i.inviter_token,
                i.created_at,
                i.until
            ],
        )
        .await?;
        Ok(())
    }

    /// An invitation of this organisation, to be changed.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn invitation_for_update(&mut self, organisation: OrganisationId, id: InvitationId) -> Result<Option<Invitation>, StoreError> {
        self.lock_organisation(organisation).await?;
        let sql = concat!("SELECT ", columns!(), tables!(), "WHERE i.organisation_id = $1 AND i.id = $2");
        self.opt(sql, args![organisation, id]).await
    }

    /// Withdraws the open invitations that were made with a management token; gives how many they were.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn invitations_of_token_withdraw(&mut self, organisation: OrganisationId, token: ManagementTokenId, now: Timestamp) -> Result<u64, StoreError> {
        let sql = "UPDATE invitation SET withdrawn_us = $3 WHERE organisation_id = $1 AND inviter_token_id = $2 AND until_us > $3 \
                   AND accepted_us IS NULL AND withdrawn_us IS NULL";
        self.exec(sql, args![organisation, token, now]).await
    }

    /// Stores when an invitation was accepted or withdrawn.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn invitation_save(&mut self, i: &Invitation) -> Result<(), StoreError> {
        let sql = "UPDATE invitation SET accepted_us = $3, withdrawn_us = $4 WHERE organisation_id = $1 AND id = $2";
        self.exec(sql, args![i.organisation, i.id, i.accepted_at, i.withdrawn_at]).await?;
        Ok(())
    }

    /// How many invitations of an organisation are open.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn invitation_open_count(&mut self, organisation: OrganisationId, now: Timestamp) -> Result<i64, StoreError> {
        let sql = "SELECT count(*) FROM invitation WHERE organisation_id = $1 AND until_us > $2 AND accepted_us IS NULL AND withdrawn_us IS NULL";
        self.one(sql, args![organisation, now]).await
    }

    /// Invitations by this organisation and to this address that were made since `since`, withdrawn and accepted ones included.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn invited_since(&mut self, organisation: OrganisationId, mail: &str, since: Timestamp, now: Timestamp) -> Result<InvitedLately, StoreError> {
        self.one(
            "SELECT (SELECT count(*) FROM invitation WHERE organisation_id = $1 AND created_us > $3), \
             (SELECT count(*) FROM invitation WHERE mail = $2 AND created_us > $3), \
             (SELECT count(*) FROM invitation WHERE organisation_id = $1 AND mail = $2 AND until_us > $4 AND accepted_us IS NULL AND withdrawn_us IS NULL)",
            args![organisation, mail, since, now],
        )
        .await
    }

    /// Those of these applications that the organisation has not got.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn applications_unknown(&mut self, organisation: OrganisationId, among: &OnApplications) -> Result<Vec<ApplicationId>, StoreError> {
        let mut unknown = Vec::new();
        for (application, _) in among.iter() {
            let found = self.opt::<()>("SELECT 1 FROM application WHERE organisation_id = $1 AND id = $2", args![organisation, application]).await?;
            unknown.extend(found.is_none().then_some(application));
        }
        Ok(unknown)
    }
}
