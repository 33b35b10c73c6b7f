//! `/organisations/{organisation}/settings/members`: who belongs to it, and who is invited.

use askama::Template;
use keywright_domain::caller::Right;
use keywright_domain::grants::OrganisationGrant;
use keywright_domain::ids::{MemberId, PersonId};
use keywright_domain::membership::MemberGrants;
use keywright_domain::time::Timestamp;
use keywright_operations::members::{Invitation, Member, SeenSecret};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::extract::rights::{ManageMembers, See};
use crate::extract::{InOrganisation, OnPage, Page as Paging, Query};
use crate::hub::frame::{Frame, Section};
use crate::hub::parts::{Crumb, EnvironmentLabel, Pager};
use crate::hub::words::{When, initials};
use crate::routes::{Html, Result};

#[derive(Template)]
#[template(path = "settings/members.html")]
struct Page {
    frame: Frame,
    id: String,
    rows: Vec<Row>,
    pager: Pager,
    may: bool,
    invited: Vec<Invited>,
    /// What has just been done, as the address says it.
    done: String,
}

/// A member in the table.
pub(super) struct Row {
    pub(super) id: String,
    pub(super) initials: String,
    pub(super) name: Option<String>,
    pub(super) mail: String,
    pub(super) you: bool,
    pub(super) admin: bool,
    pub(super) grants: Vec<&'static str>,
    pub(super) applications: usize,
    pub(super) seen: Option<When>,
    pub(super) joined: When,
}

impl Row {
    pub(super) fn of(member: &Member, you: PersonId, now: Timestamp) -> Self {
        let name = Some(member.name.clone()).filter(|name| !name.is_empty());
        Self {
            id: member.id.to_string(),
            initials: initials(name.as_deref().unwrap_or_else(|| member.mail.split('@').next().unwrap_or_default())),
            mail: member.mail.clone(),
            name,
            you: member.person == you,
            admin: member.grants.organisation.has(OrganisationGrant::Admin),
            grants: member.grants.organisation.names(),
            applications: member.grants.applications.len(),
            seen: When::maybe(member.seen_at, now),
            joined: When::new(member.joined_at, now),
        }
    }

    /// Name, or else address.
    pub(super) fn shown(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.mail)
    }
}

/// Somebody who is invited and has not come.
struct Invited {
    id: String,
    mail: String,
    grants: Vec<&'static str>,
    applications: usize,
    by: Option<String>,
    sent: When,
    until: When,
}

impl Invited {
    fn of(invitation: &Invitation, now: Timestamp) -> Self {
        let MemberGrants { organisation, applications } = &invitation.grants;
        Self {
            id: invitation.id.to_string(),
            mail: invitation.mail.clone(),
            grants: organisation.names(),
            applications: applications.len(),
            by: invitation.inviter_mail.clone(),
            sent: When::new(invitation.created_at, now),
            until: When::new(invitation.until, now),
        }
    }
}

/// Where somebody comes from.
#[derive(Deserialize, ToSchema, Default)]
pub(crate) struct From {
    #[serde(default)]
    done: String,
}

/// The table.
pub(crate) async fn list(visit: OnPage<InOrganisation<See>>, Query(from): Query<From>, paging: Paging) -> Result<Html> {
    let operations = visit.operations();
    let mut members = operations.member_list(visit.caller(), visit.id, paging.before::<MemberId>()?, paging.ask()).await?;
    let pager = paging.pager(&mut members, |member| member.id);
    let may = visit.visit().member_of(visit.id).is_some_and(|member| member.grants.holds(OrganisationGrant::ManageMembers));
    let now = operations.now();
    let invited = if may { operations.invitation_list(visit.caller(), visit.id).await? } else { Vec::new() };
    let open = |i: &&Invitation| i.accepted_at.is_none() && i.withdrawn_at.is_none() && i.until > now;
    Html::page(&Page {
        frame: visit.frame("Members", Section::Members, Some(visit.id)),
        id: visit.id.to_string(),
        rows: members.iter().map(|member| Row::of(member, visit.visit().session.person.id, now)).collect(),
        pager,
        may,
        invited: invited.iter().filter(open).map(|invitation| Invited::of(invitation, now)).collect(),
        done: from.done,
    })
}

#[derive(Template)]
#[template(path = "settings/member_left.html")]
struct Left {
    frame: Frame,
    crumbs: Vec<Crumb>,
    keys: Vec<Key>,
}

/// A key whose secret somebody could have seen.
pub(super) struct Key {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) application: (String, String),
    pub(super) environment: EnvironmentLabel,
    /// Versions whose secrets they were shown and that still work, newest first.
    pub(super) versions: Vec<u32>,
    /// When they were last shown one.
    pub(super) last: When,
}

impl Key {
    /// Each credential once, however many of its versions were shown.
    pub(super) fn all(seen: &[SeenSecret], now: Timestamp) -> Vec<Self> {
        let mut keys: Vec<Self> = Vec::new();
        for one in seen {
            let id = one.credential.to_string();
            match keys.iter_mut().find(|key| key.id == id) {
                Some(key) => key.versions.push(one.version),
                None => keys.push(Self {
                    id,
                    name: one.name.clone(),
                    application: (one.application.to_string(), one.application_name.clone()),
                    environment: one.environment.into(),
                    versions: vec![one.version],
                    last: When::new(one.at, now),
                }),
            }
        }
        keys
    }
}

/// Who has left.
#[derive(Deserialize, ToSchema)]
pub(crate) struct Whom {
    #[serde(default)]
    person: String,
}

/// The keys whose secrets somebody who has left could have seen.
pub(crate) async fn left(visit: OnPage<InOrganisation<ManageMembers>>, Query(whom): Query<Whom>) -> Result<Html> {
    let Ok(person) = whom.person.parse::<PersonId>() else {
        visit.operations().over_organisation(visit.caller(), Right::ManageMembers, visit.id).await?;
        return Ok(Html::see(format!("/organisations/{}/settings/members", visit.id)));
    };
    let seen = visit.operations().credentials_possibly_seen(visit.caller(), visit.id, person).await?;
    let now = visit.operations().now();
    Html::page(&Left {
        frame: visit.frame("The member is removed", Section::Members, Some(visit.id)),
        crumbs: vec![Crumb::new(format!("/organisations/{}/settings/members", visit.id), "Members")],
        keys: Key::all(&seen, now),
    })
}
