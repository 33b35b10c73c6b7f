//! `/sign-in`: the address to which a link and a code go.

pub(crate) mod link;
pub(crate) mod sent;

use askama::Template;
use hyper::StatusCode;
use keywright_domain::sign_in::return_to;
use keywright_operations::sign_in::{Client, SessionMade};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::extract::{Form, Query, Visitor, cookies};
use crate::hub::forms::{Field, Wrong, mendable};
use crate::hub::frame::Frame;
use crate::hub::kept_form::{self, Because, KeptForm};
use crate::routes::{Html, Result};

/// The browser's secret is kept as long as it is of use to tell what became of the last mail.
const BROWSER_KEPT_S: u64 = 24 * 3_600;

#[derive(Template)]
#[template(path = "sign_in/ask.html")]
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
        let mut frame = visitor.frame("Sign in");
        frame.path = "/sign-in".to_owned();
        Self { frame, mail: Field::new("mail", ""), wrong: Vec::new(), return_to: String::new(), kept: String::new() }
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
    Html::page_as(StatusCode::UNAUTHORIZED, &Page { kept: kept.write(), ..Page::new(visitor) })
}

/// What the form sends.
#[derive(Deserialize)]
pub(crate) struct Sent {
    #[serde(default)]
    mail: String,
    #[serde(default)]
    return_to: String,
    #[serde(default)]
    kept: String,
}

/// Asks for the mail, and binds it to this browser.
pub(crate) async fn ask(visitor: Visitor, Form(sent): Form<Sent>) -> Result<Html> {
    let browser = match visitor.cookie(visitor.hub().browser_cookie()) {
        Some(browser) => browser,
        None => visitor.operations().sign_in_browser()?,
    };
    let asked = visitor.operations().sign_in_ask(&sent.mail, Some(&browser), return_to(&sent.return_to), visitor.source()).await;
    if let Err(error) = asked {
        let wrong = mendable(error.into(), &[("mail", "The address")])?;
        let mail = Field::new("mail", sent.mail).checked(&wrong);
        let page = Page { mail, wrong, return_to: return_to(&sent.return_to).unwrap_or_default().to_owned(), kept: sent.kept, ..Page::new(&visitor) };
        return Html::page_as(StatusCode::BAD_REQUEST, &page);
    }
    let cookie = cookies::keep(visitor.hub(), visitor.hub().browser_cookie(), browser.expose(), BROWSER_KEPT_S);
    // Without something to hand on, the next page has an address of its own, so that loading it again sends nothing.
    let next = if sent.kept.is_empty() { Html::see("/sign-in/sent") } else { sent::page(&visitor, &browser, sent.kept, Vec::new()).await? };
    Ok(next.cookie(&cookie))
}

/// From where somebody signs in.
fn client(visitor: &Visitor) -> Client<'_> {
    Client { agent: visitor.agent(), source: visitor.source() }
}

/// Gives the browser its new session, and leads to where the person wanted to go, or to the form that was kept. The session that the browser had
/// before ends.
async fn enter(visitor: &Visitor, made: SessionMade, kept: Option<KeptForm>) -> Result<Html> {
    let (hub, operations) = (visitor.hub(), visitor.operations());
    if let Some(before) = visitor.visit() {
        // It may have ended by itself.
        let _ = operations.session_end(&before.caller, before.session.id).await;
    }
    let life_s = u64::try_from(made.until.since(operations.now()).us() / 1_000_000).unwrap_or(0);
    let session = cookies::keep(hub, hub.session_cookie(), made.secret.expose(), life_s);
    let next = match kept {
        Some(kept) => match operations.session_of(&made.secret).await? {
            Some(visit) => kept_form::page(visitor.frame_of(&visit, ""), &kept, Because::SignedInAgain)?,
            None => Html::see("/"),
        },
        None => Html::see(made.return_to.as_deref().unwrap_or("/")),
    };
    Ok(next.cookie(&session).cookie(&cookies::forget(hub, hub.browser_cookie())))
}
