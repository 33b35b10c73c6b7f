//! `/organisations/{organisation}/settings/invitations`: inviting somebody, and withdrawing it.

use askama::Template;
use hyper::StatusCode;
use keywright_domain::caller::Right;
use keywright_domain::ids::InvitationId;
use keywright_operations::members::GrantsGiven;
use serde::Deserialize;

use super::grants::{self, GrantBox, OnApplication};
use super::member::{applications, own_grants};
use crate::extract::rights::ManageMembers;
use crate::extract::{Form, InOrganisation, Of, OnPage, Page as Paging};
use crate::hub::forms::{Field, Pressed, Wrong, mendable};
use crate::hub::frame::{Frame, Section};
use crate::hub::parts::{Crumb, Pager};
use crate::idempotency;
use crate::problem::Problem;
use crate::routes::{Html, Result};

#[derive(Template)]
#[template(path = "settings/invite.html")]
struct Page {
    frame: Frame,
    crumbs: Vec<Crumb>,
    action: String,
    once: String,
    wrong: Vec<Wrong>,
    mail: Field,
    over: Field,
    boxes: Vec<GrantBox>,
    on: Field,
    applications: Vec<OnApplication>,
    pager: Pager,
}

/// Whom to invite, and to what.
#[derive(Deserialize, Default)]
pub(crate) struct Invite {
    #[serde(default)]
    mail: String,
    /// Over the organisation.
    #[serde(default)]
    grants: Vec<String>,
    #[serde(default)]
    on: Vec<String>,
}

type Visit = OnPage<InOrganisation<ManageMembers>>;

async fn page(visit: &Visit, sent: &Invite, paging: &Paging, wrong: Vec<Wrong>) -> Result<Page> {
    let own = own_grants(visit, visit.id).await?;
    let (applications, pager) = applications(visit, visit.id, paging, &own, |id| grants::ticked_on(&sent.on, id)).await?;
    Ok(Page {
        frame: visit.frame("Invite a member", Section::Members, Some(visit.id)),
        crumbs: vec![Crumb::new(format!("/organisations/{}/settings/members", visit.id), "Members")],
        action: format!("/organisations/{}/settings/invitations", visit.id),
        once: idempotency::new_key(),
        mail: Field::new("mail", sent.mail.clone()).checked(&wrong),
        over: Field::new("grants", "").checked(&wrong),
        boxes: grants::over_organisation(grants::ticked(&sent.grants), own.organisation),
        on: Field::new("applications", "").checked(&wrong),
        applications,
        pager,
        wrong,
    })
}

/// The form.
pub(crate) async fn new(visit: Visit, paging: Paging) -> Result<Html> {
    visit.operations().over_organisation(visit.caller(), Right::ManageMembers, visit.id).await?;
    Html::page(&page(&visit, &Invite::default(), &paging, Vec::new()).await?)
}

/// Sends the invitation.
pub(crate) async fn create(visit: Visit, Form(sent): Form<Invite>, paging: Paging) -> Result<Html> {
    let given = GrantsGiven { organisation: Some(sent.grants.clone()), applications: Some(grants::by_application(&sent.on)) };
    match visit.operations().invitation_create(visit.caller(), visit.id, &sent.mail, given).await {
        Ok(_) => Ok(Html::see(format!("/organisations/{}/settings/members?done=invited", visit.id))),
        Err(error) => {
            let labels = [("mail", "Address"), ("grants", ""), ("applications", "")];
            let wrong = mendable(Problem::from(error), &labels)?;
            Html::page_as(StatusCode::BAD_REQUEST, &page(&visit, &sent, &paging, wrong).await?)
        }
    }
}

/// Withdraws one. Doing it twice changes nothing.
pub(crate) async fn withdraw(visit: OnPage<Of<InvitationId, ManageMembers>>, Form(Pressed {}): Form<Pressed>) -> Result<Html> {
    let withdrawn = visit.operations().invitation_withdraw(visit.caller(), visit.id).await?;
    Ok(Html::see(format!("/organisations/{}/settings/members?done=withdrawn", withdrawn.organisation)))
}
