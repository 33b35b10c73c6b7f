//! `/person`: how somebody calls themselves, where they are signed in, and which organisations they belong to.

use askama::Template;
use hyper::StatusCode;
use keywright_domain::grants::{OrganisationGrant, OrganisationGrants};
use keywright_domain::ids::{OrganisationId, SessionId};
use keywright_operations::Error;
use serde::Deserialize;

use crate::extract::{Form, OnPage, SignedIn, cookies};
use crate::hub::agent::Agent;
use crate::hub::forms::{Field, Wrong, mendable};
use crate::hub::frame::{Frame, Section};
use crate::hub::words::When;
use crate::problem::Problem;
use crate::routes::{Html, Result};

#[derive(Template)]
#[template(path = "person.html")]
struct Page {
    frame: Frame,
    mail: String,
    name: Field,
    wrong: Vec<Wrong>,
    sessions: Vec<Session>,
    organisations: Vec<Organisation>,
    is_operator: bool,
}

/// A session or an access token.
struct Session {
    id: SessionId,
    is_this: bool,
    is_access_token: bool,
    agent: Agent,
    source: Option<String>,
    signed_in: When,
    seen: When,
}

/// An organisation that the person is a member of.
struct Organisation {
    id: OrganisationId,
    name: String,
    is_suspended: bool,
    grants: Vec<&'static str>,
}

/// A grant over an organisation, as people say it.
pub(crate) const fn grant_words(grant: OrganisationGrant) -> &'static str {
    match grant {
        OrganisationGrant::CreateApplications => "Create applications",
        OrganisationGrant::EditSettings => "Edit settings",
        OrganisationGrant::ManageMembers => "Manage members",
        OrganisationGrant::Admin => "Admin",
    }
}

fn words_of(grants: OrganisationGrants) -> Vec<&'static str> {
    OrganisationGrant::ALL.into_iter().filter(|grant| grants.has(*grant)).map(grant_words).collect()
}

async fn page(visit: &OnPage<SignedIn>, name: Option<String>, wrong: Vec<Wrong>) -> Result<Page> {
    let (now, this) = (visit.operations().now(), &visit.visit().session);
    let sessions = visit.operations().session_list(visit.caller()).await?;
    let sessions = sessions.into_iter().map(|listed| Session {
        is_this: listed.id == this.id,
        id: listed.id,
        is_access_token: listed.access_token,
        agent: Agent::of(&listed.agent),
        source: listed.source,
        signed_in: When::new(listed.signed_in_at, now),
        seen: When::new(listed.seen_at, now),
    });
    let organisations = visit.visit().memberships.iter().map(|membership| Organisation {
        id: membership.organisation,
        name: membership.name.clone(),
        is_suspended: membership.suspended,
        grants: words_of(membership.grants),
    });
    Ok(Page {
        frame: visit.frame("You", Section::Person, None),
        mail: this.mail.clone(),
        name: Field::new("name", name.unwrap_or_else(|| this.name.clone())).checked(&wrong),
        wrong,
        sessions: sessions.collect(),
        organisations: organisations.collect(),
        is_operator: this.person.operator,
    })
}

/// The page.
pub(crate) async fn show(visit: OnPage<SignedIn>) -> Result<Html> {
    Html::page(&page(&visit, None, Vec::new()).await?)
}

/// What the form of the name sends.
#[derive(Deserialize)]
pub(crate) struct Named {
    #[serde(default)]
    name: String,
}

/// Gives the person another name.
pub(crate) async fn rename(visit: OnPage<SignedIn>, Form(sent): Form<Named>) -> Result<Html> {
    match visit.operations().person_rename(visit.caller(), &sent.name).await {
        Ok(()) => Ok(Html::see("/person")),
        Err(error) => {
            let wrong = mendable(error.into(), &[("name", "The name")])?;
            Html::page_as(StatusCode::BAD_REQUEST, &page(&visit, Some(sent.name), wrong).await?)
        }
    }
}

/// Which session is to end.
#[derive(Deserialize)]
pub(crate) struct Ended {
    #[serde(default)]
    session: String,
}

/// Ends one session; one that has ended meanwhile is as its owner wanted it.
pub(crate) async fn end_session(visit: OnPage<SignedIn>, Form(sent): Form<Ended>) -> Result<Html> {
    let id: SessionId = sent.session.parse().map_err(|_| Problem::not_found())?;
    match visit.operations().session_end(visit.caller(), id).await {
        Ok(()) if id == visit.visit().session.id => Ok(Html::see("/sign-in").cookie(&cookies::forget(visit.hub(), visit.hub().session_cookie()))),
        Ok(()) | Err(Error::NotFound { .. }) => Ok(Html::see("/person")),
        Err(error) => Err(error.into()),
    }
}
