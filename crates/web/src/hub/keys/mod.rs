//! API keys: the list, making one, and everything that is done with one.

pub(crate) mod change;
pub(crate) mod explain;
mod file;
mod key_source;
pub(crate) mod list;
mod made;
pub(crate) mod new;
pub(crate) mod revoke;
pub(crate) mod rotate;
mod samples;
pub(crate) mod secrets;
pub(crate) mod show;
pub(crate) mod switch;
pub(crate) mod token;
mod used;

use std::ops::Deref;

use keywright_operations::credentials::CredentialView;

use crate::extract::{OnPage, Who};
use crate::hub::applications::around::{keys_page, name};
use crate::hub::applications::framed_visit;
use crate::hub::frame::Frame;
use crate::hub::parts::{Crumb, EnvironmentLabel};
use crate::routes::Result;

/// The frame of a page about a key, and the way to it.
async fn framed<C: Deref<Target = Who>>(visit: &OnPage<C>, title: String, view: &CredentialView, deeper: bool) -> Result<(Frame, Vec<Crumb>)> {
    let application = &view.application;
    let frame = visit.frame(title, crate::hub::applications::around::section(application), Some(application.organisation));
    let frame = framed_visit(visit, frame, application.organisation).await?;
    let home = format!("/organisations/{}", application.organisation);
    let mut crumbs = if application.own {
        vec![Crumb::new(format!("{home}/settings/general"), "Settings")]
    } else {
        vec![Crumb::new(format!("{home}/applications"), "Applications"), Crumb::new(format!("/applications/{}", application.id), name(application))]
    };
    let words = if application.own { "API keys" } else { "Keys" };
    crumbs.push(Crumb::new(format!("{}?environment={}", keys_page(application), view.shown.credential.environment.as_str()), words));
    if deeper {
        crumbs.push(Crumb::new(format!("/keys/{}", view.shown.credential.id), view.shown.credential.name.as_str()));
    }
    Ok((frame, crumbs))
}

/// Where clients get access tokens.
fn token_url<C: Deref<Target = Who>>(visit: &OnPage<C>) -> String {
    format!("{}/oauth2/token", visit.hub().base_url.trim_end_matches('/'))
}

/// The environment of a key, with the label of its service.
fn label(view: &CredentialView, catalogue: &keywright_domain::catalogue::Catalogue) -> EnvironmentLabel {
    let credential = &view.shown.credential;
    EnvironmentLabel::labelled(credential.environment, catalogue.service(&credential.service).map(|s| s.label(credential.environment)))
}
