//! `/members/{member}`: one member, and what they may do.

use askama::Template;
use hyper::StatusCode;
use keywright_domain::grants::{ApplicationGrant, ApplicationGrants, OrganisationGrant};
use keywright_domain::ids::{ApplicationId, MemberId, OrganisationId};
use keywright_domain::membership::MemberGrants;
use keywright_operations::members::{GrantsGiven, Member};
use serde::Deserialize;
use utoipa::ToSchema;

use super::grants::{self, GrantBox, OnApplication};
use super::members::Row;
use crate::extract::rights::{ManageMembers, See};
use crate::extract::{Form, Of, OnPage, Page as Paging, Query};
use crate::hub::forms::{Field, Wrong, mendable};
use crate::hub::frame::{Frame, Section};
use crate::hub::parts::{Crumb, Pager};
use crate::problem::Problem;
use crate::routes::{Html, Result};

#[derive(Template)]
#[template(path = "settings/member.html")]
struct Page {
    frame: Frame,
    crumbs: Vec<Crumb>,
    organisation: String,
    row: Row,
    wrong: Vec<Wrong>,
    /// Whether whoever looks changes members at all, and may change this one.
    may: bool,
    admins_only: bool,
    over: Field,
    boxes: Vec<GrantBox>,
    on: Field,
    applications: Vec<OnApplication>,
    pager: Pager,
    saved: bool,
}

/// What has just been done, as the address says it.
#[derive(Deserialize, ToSchema, Default)]
pub(crate) struct Done {
    #[serde(default)]
    saved: bool,
}

/// What whoever looks holds in this organisation; an operator who is no member holds nothing that they could give.
pub(super) async fn own_grants<C>(visit: &OnPage<C>, organisation: OrganisationId) -> Result<MemberGrants>
where
    C: std::ops::Deref<Target = crate::extract::Who>,
{
    match visit.visit().member_of(organisation) {
        // An admin holds everything on every application, so nothing has to be looked up.
        Some(own) if own.grants.has(OrganisationGrant::Admin) => Ok(MemberGrants { organisation: own.grants, ..MemberGrants::default() }),
        Some(own) => Ok(visit.operations().member_show(visit.caller(), own.member).await?.grants),
        None => Ok(MemberGrants::default()),
    }
}

/// Applications that whoever looks can see, with the grants that they may give there and those that are `chosen`.
pub(super) async fn applications<C>(
    visit: &OnPage<C>,
    organisation: OrganisationId,
    paging: &Paging,
    own: &MemberGrants,
    chosen: impl Fn(ApplicationId) -> ApplicationGrants,
) -> Result<(Vec<OnApplication>, Pager)>
where
    C: std::ops::Deref<Target = crate::extract::Who>,
{
    let mut listed = visit.operations().application_list(visit.caller(), organisation, paging.before()?, paging.ask()).await?;
    let pager = paging.pager(&mut listed, |application| application.id);
    let row = |id: ApplicationId, name: &str| grants::over_application(id, name, chosen(id), grants::held_on(own, id));
    Ok((listed.iter().filter_map(|application| row(application.id, &application.name)).collect(), pager))
}

/// What was ticked, where a form is shown again.
#[derive(Deserialize, Default)]
pub(crate) struct Ticked {
    /// Over the organisation.
    #[serde(default)]
    grants: Vec<String>,
    /// The applications that the form was about.
    #[serde(default)]
    about: Vec<String>,
    /// `app_…:edit`
    #[serde(default)]
    on: Vec<String>,
}

async fn page<R>(visit: &OnPage<Of<MemberId, R>>, shown: Member, paging: &Paging, again: Option<&Ticked>, wrong: Vec<Wrong>) -> Result<Page> {
    let organisation = shown.organisation;
    let own = own_grants(visit, organisation).await?;
    let chosen = |id: ApplicationId| match again {
        Some(ticked) if ticked.about.iter().any(|about| *about == id.to_string()) => grants::ticked_on(&ticked.on, id),
        _ => shown.grants.applications.on(id),
    };
    let (applications, pager) = applications(visit, organisation, paging, &own, chosen).await?;
    let over = again.map_or(shown.grants.organisation, |ticked| grants::ticked(&ticked.grants));
    let manages = own.organisation.holds(OrganisationGrant::ManageMembers);
    let admins_only = shown.grants.organisation.has(OrganisationGrant::Admin) && !own.organisation.holds(OrganisationGrant::Admin);
    let row = Row::of(&shown, visit.visit().session.person.id, visit.operations().now());
    Ok(Page {
        frame: visit.frame(row.shown(), Section::Members, Some(organisation)),
        crumbs: vec![Crumb::new(format!("/organisations/{organisation}/settings/members"), "Members")],
        organisation: organisation.to_string(),
        row,
        may: manages && !admins_only,
        admins_only: manages && admins_only,
        over: Field::new("grants", "").checked(&wrong),
        boxes: grants::over_organisation(over, own.organisation),
        on: Field::new("applications", "").checked(&wrong),
        applications,
        pager,
        wrong,
        saved: false,
    })
}

/// The member.
pub(crate) async fn show(visit: OnPage<Of<MemberId, See>>, Query(done): Query<Done>, paging: Paging) -> Result<Html> {
    let shown = visit.operations().member_show(visit.caller(), visit.id).await?;
    Html::page(&Page { saved: done.saved, ..page(&visit, shown, &paging, None, Vec::new()).await? })
}

/// Changes what they may do.
pub(crate) async fn change(visit: OnPage<Of<MemberId, ManageMembers>>, Form(sent): Form<Ticked>, paging: Paging) -> Result<Html> {
    let operations = visit.operations();
    let shown = operations.member_show(visit.caller(), visit.id).await?;
    let own = own_grants(&visit, shown.organisation).await?;
    match operations.member_change(visit.caller(), visit.id, given(&shown.grants, &own, &sent)).await {
        Ok(changed) => Ok(Html::see(format!("/members/{}?saved=1", changed.id))),
        Err(error) => {
            let wrong = mendable(Problem::from(error), &[("grants", ""), ("applications", "")])?;
            Html::page_as(StatusCode::BAD_REQUEST, &page(&visit, shown, &paging, Some(&sent), wrong).await?)
        }
    }
}

/// All grants after the change: boxes that could not be ticked, and applications that stood on another page, stay as they are. Whether what was
/// ticked may be given is for the operation to say.
fn given(before: &MemberGrants, own: &MemberGrants, sent: &Ticked) -> GrantsGiven {
    let mut organisation = sent.grants.clone();
    let held = |grant: OrganisationGrant| before.organisation.has(grant) && !own.organisation.holds(grant);
    organisation.extend(OrganisationGrant::ALL.into_iter().filter(|grant| held(*grant)).map(|grant| grant.as_str().to_owned()));
    let mut on = sent.on.clone();
    for (application, grants) in before.applications.iter() {
        let id = application.to_string();
        let about = sent.about.contains(&id);
        let own = grants::held_on(own, application);
        let stays = |grant: ApplicationGrant| grants.has(grant) && (!about || !own.holds(grant));
        on.extend(ApplicationGrant::ALL.into_iter().filter(|grant| stays(*grant)).map(|grant| format!("{id}:{grant}")));
    }
    GrantsGiven { organisation: Some(organisation), applications: Some(grants::by_application(&on)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use keywright_domain::grants::OrganisationGrants;
    use keywright_domain::membership::OnApplications;

    #[test]
    fn what_cannot_be_ticked_stays() {
        let (a, b, c) = (ApplicationId::from_bits(1), ApplicationId::from_bits(2), ApplicationId::from_bits(3));
        let edit = ApplicationGrants::of(&[ApplicationGrant::Edit, ApplicationGrant::AccessReceipts]);
        let before = MemberGrants {
            organisation: OrganisationGrants::of(&[OrganisationGrant::CreateApplications, OrganisationGrant::EditSettings]),
            applications: OnApplications::of([(a, edit), (b, edit), (c, edit)]),
        };
        let own = MemberGrants {
            organisation: OrganisationGrants::of(&[OrganisationGrant::ManageMembers, OrganisationGrant::EditSettings]),
            applications: OnApplications::of([(a, ApplicationGrants::of(&[ApplicationGrant::Edit])), (c, edit)]),
        };
        // Both boxes of `a` were cleared, of which one was offered; `b` was not on the page; `c` was and is cleared.
        let sent = Ticked { grants: vec!["manage_members".into()], about: vec![a.to_string(), c.to_string()], on: Vec::new() };
        let given = given(&before, &own, &sent);
        assert_eq!(given.organisation.unwrap(), ["manage_members", "create_applications"]);
        let words = |list: &[&str]| list.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>();
        let left = vec![(a.to_string(), words(&["access_receipts"])), (b.to_string(), words(&["access_receipts", "edit"]))];
        assert_eq!(given.applications.unwrap(), left);
    }
}
