//! `/invitations/{invitation}`: who invites where, with which grants, and a button.

use askama::Template;
use hyper::StatusCode;
use keywright_domain::grants::{ApplicationGrant, OrganisationGrant};
use keywright_domain::ids::InvitationId;
use keywright_operations::Error;

use crate::extract::rights::Register;
use crate::extract::{Form, NoFields, Of, OnPage};
use crate::hub::forms::{Wrong, mendable};
use crate::hub::frame::{Frame, Section};
use crate::hub::person::grant_words;
use crate::hub::words::When;
use crate::routes::{Html, Result};

type Visit = OnPage<Of<InvitationId, Register>>;

#[derive(Template)]
#[template(path = "invitation.html")]
struct Page {
    frame: Frame,
    id: InvitationId,
    organisation: String,
    inviter: Option<String>,
    /// Over the organisation.
    grants: Vec<&'static str>,
    /// Over applications: how many, and what the widest of them allows.
    applications: usize,
    widest: &'static str,
    until: When,
    wrong: Vec<Wrong>,
}

#[derive(Template)]
#[template(path = "invitation_none.html")]
struct NoInvitation {
    frame: Frame,
    mail: String,
}

/// What somebody may do with an application, in one word.
const fn widest(grant: ApplicationGrant) -> &'static str {
    match grant {
        ApplicationGrant::View => "see",
        ApplicationGrant::AccessReceipts => "see, and read the receipts of,",
        ApplicationGrant::Edit => "see and change",
        ApplicationGrant::Admin => "administer",
    }
}

/// The same for an invitation that never was, is over, or is for another address: whoever follows a link learns nothing about it.
fn none(visit: &Visit) -> Result<Html> {
    let frame = visit.frame("There is no such invitation for you", Section::None, None);
    Html::page_as(StatusCode::NOT_FOUND, &NoInvitation { frame, mail: visit.visit().session.mail.clone() })
}

async fn page(visit: &Visit, wrong: Vec<Wrong>) -> Result<Html> {
    let invitation = match visit.operations().invitation_show(visit.caller(), visit.id).await {
        Ok(invitation) => invitation,
        Err(Error::NotFound { .. }) => return none(visit),
        Err(error) => return Err(error.into()),
    };
    if let Some(accepted) = visit.visit().member_of(invitation.organisation).filter(|_| invitation.accepted_at.is_some()) {
        return Ok(Html::see(format!("/organisations/{}", accepted.organisation)));
    }
    let now = visit.operations().now();
    if invitation.accepted_at.is_some() || invitation.withdrawn_at.is_some() || invitation.until <= now {
        return none(visit);
    }
    let given = &invitation.grants;
    let on_applications = |grant: &ApplicationGrant| given.applications.iter().any(|(_, grants)| grants.has(*grant));
    let most = [ApplicationGrant::Admin, ApplicationGrant::Edit, ApplicationGrant::AccessReceipts].into_iter().find(on_applications);
    let status = if wrong.is_empty() { StatusCode::OK } else { StatusCode::CONFLICT };
    let page = Page {
        frame: visit.frame(format!("Join {}", invitation.organisation_name), Section::None, None),
        id: invitation.id,
        organisation: invitation.organisation_name.clone(),
        inviter: invitation.inviter_mail.clone(),
        grants: OrganisationGrant::ALL.into_iter().filter(|grant| given.organisation.has(*grant)).map(grant_words).collect(),
        applications: given.applications.len(),
        widest: widest(most.unwrap_or(ApplicationGrant::View)),
        until: When::new(invitation.until, now),
        wrong,
    };
    Html::page_as(status, &page)
}

/// The invitation, for whom it is.
pub(crate) async fn show(visit: Visit) -> Result<Html> {
    page(&visit, Vec::new()).await
}

/// Accepts it.
pub(crate) async fn accept(visit: Visit, Form(NoFields {}): Form<NoFields>) -> Result<Html> {
    match visit.operations().invitation_accept(visit.caller(), visit.id).await {
        Ok(accepted) => Ok(Html::see(format!("/organisations/{}", accepted.organisation))),
        Err(Error::NotFound { .. }) => none(&visit),
        Err(error) => {
            let wrong = mendable(error.into(), &[])?;
            page(&visit, wrong).await
        }
    }
}
