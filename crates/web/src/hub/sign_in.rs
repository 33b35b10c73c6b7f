//! `/sign-in`: the address to which a link and a code go.

use askama::Template;
use hyper::StatusCode;
use keywright_domain::sign_in::return_to;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::extract::{Query, Visitor};
use crate::hub::forms::{Field, Wrong};
use crate::hub::frame::Frame;
use crate::hub::kept_form::KeptForm;
use crate::routes::{Html, Result};

#[derive(Template)]
#[template(path = "sign_in.html")]
struct Page {
    frame: Frame,
    mail: Field,
    wrong: Vec<Wrong>,
    /// Where to go afterwards; empty: to where the person works.
    return_to: String,
    /// A form that waits to be sent again; empty: none.
    kept: String,
}

impl Page {
    fn new(visitor: &Visitor) -> Self {
        Self { frame: visitor.frame("Sign in"), mail: Field::new("mail", ""), wrong: Vec::new(), return_to: String::new(), kept: String::new() }
    }
}

/// What leads here.
#[derive(Deserialize, ToSchema)]
pub(crate) struct Asked {
    return_to: Option<String>,
}

/// Asks for the address.
pub(crate) async fn show(visitor: Visitor, Query(asked): Query<Asked>) -> Result<Html> {
    let wanted = asked.return_to.as_deref().and_then(return_to);
    if visitor.visit().is_some() {
        return Ok(Html::see(wanted.unwrap_or("/")));
    }
    Html::page(&Page { return_to: wanted.unwrap_or_default().to_owned(), ..Page::new(&visitor) })
}

/// A form came from somebody whose session has ended: it is kept while they sign in.
///
/// # Errors
/// The template broke off.
pub(crate) fn session_ended(visitor: &Visitor, kept: &KeptForm) -> Result<Html> {
    let mut page = Page { kept: kept.write(), ..Page::new(visitor) };
    page.frame.path = "/sign-in".to_owned();
    Html::page_as(StatusCode::UNAUTHORIZED, &page)
}
