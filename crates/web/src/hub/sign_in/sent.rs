//! `/sign-in/sent`: a mail is on its way, and its code is entered here.

use askama::Template;
use hyper::StatusCode;
use keywright_crypto::secret::Secret;
use keywright_operations::sign_in::{Progress, SignInError};
use serde::Deserialize;

use super::{client, enter};
use crate::extract::{Form, Visitor};
use crate::hub::forms::{Field, Wrong};
use crate::hub::frame::Frame;
use crate::hub::kept_form::KeptForm;
use crate::routes::{Html, Result};

#[derive(Template)]
#[template(path = "sign_in/sent.html")]
struct Page {
    frame: Frame,
    progress: Progress,
    /// To which address; none: it is forgotten.
    mail: Option<String>,
    /// Where mails are files that whoever looks at this machine can read.
    outbox: Option<String>,
    code: Field,
    wrong: Vec<Wrong>,
    kept: String,
}

impl Page {
    /// Whether a code can still be entered.
    fn is_open(&self) -> bool {
        matches!(self.progress, Progress::Leaving | Progress::Delayed | Progress::Sent)
    }

    fn is_delayed(&self) -> bool {
        self.progress == Progress::Delayed
    }
}

/// The page for this browser.
pub(super) async fn page(visitor: &Visitor, browser: &Secret, kept: String, wrong: Vec<Wrong>) -> Result<Html> {
    let operations = visitor.operations();
    let progress = operations.sign_in_progress(browser).await?;
    if progress == Progress::Nothing {
        return Ok(Html::see("/sign-in"));
    }
    let mut frame = visitor.frame("Look at your mail");
    frame.path = "/sign-in/sent".to_owned();
    let status = if wrong.is_empty() { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    let mail = operations.sign_in_address(browser).await?;
    // A wrong code is not shown again: it is typed anew from the mail.
    let code = Field::new("code", "").checked(&wrong);
    Html::page_as(status, &Page { frame, progress, mail, outbox: visitor.hub().outbox.clone(), code, wrong, kept })
}

/// How far the mail is, and the field for its code.
pub(crate) async fn show(visitor: Visitor) -> Result<Html> {
    match visitor.cookie(visitor.hub().browser_cookie()) {
        _ if visitor.visit().is_some() => Ok(Html::see("/")),
        Some(browser) => page(&visitor, &browser, String::new(), Vec::new()).await,
        None => Ok(Html::see("/sign-in")),
    }
}

/// What the forms send.
#[derive(Deserialize)]
pub(crate) struct Sent {
    #[serde(default)]
    code: String,
    #[serde(default)]
    kept: String,
}

/// The same page again, with the form that is kept on it. Whoever has signed in meanwhile, in another tab, comes to that form instead: the token of
/// the session that there is then is not this page's.
pub(crate) async fn again(visitor: Visitor, Form(sent): Form<Sent>) -> Result<Html> {
    match visitor.cookie(visitor.hub().browser_cookie()) {
        Some(browser) => page(&visitor, &browser, sent.kept, Vec::new()).await,
        None => Ok(Html::see("/sign-in")),
    }
}

/// Signs in by the code.
pub(crate) async fn code(visitor: Visitor, Form(sent): Form<Sent>) -> Result<Html> {
    let Some(browser) = visitor.cookie(visitor.hub().browser_cookie()) else { return Ok(Html::see("/sign-in")) };
    let wrong = match visitor.operations().sign_in_by_code(&browser, &sent.code, client(&visitor)).await {
        Ok(made) => return enter(&visitor, made, KeptForm::read(&sent.kept)).await,
        Err(SignInError::Other(error)) => return Err(error.into()),
        Err(SignInError::WrongCode) => Wrong::new("code", "This is not the code in the mail. Look again: it has 8 letters and digits."),
        Err(SignInError::TooManyTries) => Wrong::new("", "A wrong code was given 5 times, so this mail is of no use any more. Send another one."),
        Err(SignInError::Used) => Wrong::new("", "This code was used already, and works once. Send another mail."),
        Err(SignInError::Expired) => Wrong::new("", "This code is older than 15 minutes. Send another mail."),
        Err(
            SignInError::Unknown
            | SignInError::OtherBrowser
            | SignInError::Mail(_)
            | SignInError::NotTheFirst
            | SignInError::WhichOrganisation(_)
            | SignInError::NotInOrganisation(_),
        ) => Wrong::new("", "This browser has asked for no mail lately. Send another one."),
    };
    page(&visitor, &browser, sent.kept, vec![wrong]).await
}
