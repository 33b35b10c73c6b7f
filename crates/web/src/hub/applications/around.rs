//! What stands above every page of an application, and what of it the person may do.

use std::ops::Deref;

use keywright_domain::application::State;
use keywright_domain::catalogue::Catalogue;
use keywright_domain::credential::Environment;
use keywright_domain::grants::{ApplicationGrant, ApplicationGrants};
use keywright_domain::ids::OrganisationId;
use keywright_operations::applications::ApplicationShown;
use keywright_store::applications::Application;

use crate::extract::{OnPage, Who};
use crate::hub::frame::{Frame, FrameOrganisation, Section};
use crate::hub::parts::{Badge, Crumb, Tab};
use crate::hub::words;
use crate::kinds;
use crate::routes::Result;

/// What the person may do with an application and its keys, so that pages show what works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct May {
    /// Change it; make, change and rotate keys.
    pub(crate) edit: bool,
    /// Suspend, resume and revoke keys.
    pub(crate) end: bool,
    /// Activate, deactivate and delete it; move an expiry away.
    pub(crate) admin: bool,
}

impl May {
    /// Operators end keys of every customer, and make and change none.
    pub(crate) fn of(held: ApplicationGrants, operator: bool) -> Self {
        let edit = held.holds(ApplicationGrant::Edit);
        Self { edit, end: edit || operator, admin: held.holds(ApplicationGrant::Admin) }
    }
}

/// Which page of an application it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Details,
    Keys(Environment),
    /// Initial access tokens of its clients.
    Registration,
    Usage,
    Activity,
    Edit,
}

/// What stands above every page of an application.
pub(crate) struct Around {
    pub(crate) crumbs: Vec<Crumb>,
    /// Its name; of an organisation's own application what the rail calls it.
    pub(crate) name: String,
    /// The organisation's name.
    pub(crate) organisation: String,
    pub(crate) own: bool,
    pub(crate) state: Badge,
    pub(crate) active: bool,
    pub(crate) tabs: Vec<Tab>,
    /// `/applications/app_…`
    pub(crate) href: String,
    pub(crate) logo: Option<String>,
    pub(crate) may: May,
    /// Whether the person may make a key and the release can.
    pub(crate) may_create: bool,
    /// Where one is made.
    pub(crate) new_key: String,
    /// What makes it: a verb and its object.
    pub(crate) create: &'static str,
    /// How far the checklist is, where the page knows.
    pub(crate) done: Option<(usize, usize)>,
    /// Whether it is the page of the details.
    details: bool,
}

impl Around {
    pub(crate) fn new(shown: &ApplicationShown, frame: &Frame, catalogue: &Catalogue, place: Place, logo: Option<String>) -> Self {
        let application = &shown.application;
        let organisation = frame.organisation.as_ref();
        let may = May::of(shown.held, frame.operator);
        let href = format!("/applications/{}", application.id);
        let environment = if let Place::Keys(environment) = place { environment } else { Environment::Production };
        let home = format!("/organisations/{}", application.organisation);
        let makeable = services(application, catalogue).next().is_some();
        Self {
            crumbs: if application.own {
                vec![Crumb::new(format!("{home}/settings/general"), "Settings")]
            } else {
                vec![Crumb::new(format!("{home}/applications"), "Applications")]
            },
            name: name(application).to_owned(),
            organisation: organisation.map_or_else(String::new, |o| o.name.clone()),
            own: application.own,
            state: application.state.into(),
            active: application.state == State::Active,
            tabs: tabs(application, may, place, super::registration_tokens::services(shown, catalogue).next().is_some()),
            new_key: format!("{href}/keys/new?environment={}", environment.as_str()),
            create: kinds::create(services(application, catalogue)),
            href,
            logo,
            may,
            may_create: may.edit && makeable && place != Place::Edit,
            done: None,
            details: place == Place::Details,
        }
    }

    /// Whether there is something to activate, and the person may.
    pub(crate) const fn may_activate(&self) -> bool {
        !self.active && !self.own && self.may.admin
    }

    /// Whether activating is the next thing to do.
    pub(crate) const fn activates_first(&self) -> bool {
        self.may_activate() && (self.details || !self.may_create)
    }

    /// Two letters in the place of a logo.
    pub(crate) fn initials(&self) -> String {
        words::initials(if self.own { &self.organisation } else { &self.name })
    }
}

/// What an application is called on pages.
pub(crate) fn name(application: &Application) -> &str {
    if application.own { "API keys" } else { &application.name }
}

/// Which link of the rail an application belongs to.
pub(crate) const fn section(application: &Application) -> Section {
    if application.own { Section::ApiKeys } else { Section::Applications }
}

/// Where the keys of an application are listed.
pub(crate) fn keys_page(application: &Application) -> String {
    if application.own { format!("/organisations/{}/settings/api-keys", application.organisation) } else { format!("/applications/{}/keys", application.id) }
}

/// Services of an application that the catalogue has.
pub(crate) fn services<'a>(application: &'a Application, catalogue: &'a Catalogue) -> impl Iterator<Item = &'a keywright_domain::catalogue::Service> {
    application.services.iter().filter_map(|slug| catalogue.service(slug))
}

fn tabs(application: &Application, may: May, place: Place, registers: bool) -> Vec<Tab> {
    let href = |rest: &str| format!("/applications/{}{rest}", application.id);
    let mut tabs = Vec::new();
    let mut tab = |href: String, words, current| tabs.push(Tab { href, words, current });
    if !application.own {
        tab(href(""), "Details", place == Place::Details);
    }
    tab(keys_page(application), "Keys", matches!(place, Place::Keys(_)));
    if registers {
        tab(href("/registration-tokens"), "Client registration", place == Place::Registration);
    }
    tab(href("/usage"), "Usage", place == Place::Usage);
    tab(href("/activity"), "Activity", place == Place::Activity);
    if may.edit && !application.own {
        tab(href("/edit"), "Edit", place == Place::Edit);
    }
    tabs
}

/// The frame of a page about an organisation, which operators see without being members.
///
/// # Errors
/// The organisation cannot be read.
pub(crate) async fn framed<C: Deref<Target = Who>>(
    visit: &OnPage<C>,
    title: impl Into<String>,
    section: Section,
    organisation: OrganisationId,
) -> Result<Frame> {
    let frame = visit.frame(title, section, Some(organisation));
    framed_visit(visit, frame, organisation).await
}

/// The same with a frame that is there.
///
/// # Errors
/// As [`framed`].
pub(crate) async fn framed_visit<C: Deref<Target = Who>>(visit: &OnPage<C>, mut frame: Frame, organisation: OrganisationId) -> Result<Frame> {
    if frame.organisation.is_none() {
        let seen = visit.operations().organisation_as_operator(visit.caller(), organisation).await?;
        frame.organisation = Some(FrameOrganisation { id: organisation.to_string(), name: seen.name });
    }
    Ok(frame)
}

/// Where an uploaded logo is served: an origin of its own, without cookies.
pub(crate) fn logo(who: &Who, application: &Application) -> Option<String> {
    let digest = application.logo.as_deref()?;
    who.hub().share_url.as_deref().map(|share| format!("{share}{}", crate::share::path_of(digest)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_end_keys_and_make_none() {
        let none = ApplicationGrants::NONE;
        assert_eq!(May::of(none, true), May { edit: false, end: true, admin: false });
        assert_eq!(May::of(none, false), May { edit: false, end: false, admin: false });
        let edit = ApplicationGrants::of(&[ApplicationGrant::Edit]);
        assert_eq!(May::of(edit, false), May { edit: true, end: true, admin: false });
    }
}
