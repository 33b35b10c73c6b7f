//! `/sign-in/link`: where the link of a mail leads. Looking at it uses nothing up; the button does.

use askama::Template;
use hyper::StatusCode;
use keywright_crypto::secret::Secret;
use keywright_operations::sign_in::{LinkState, SignInError};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{client, enter};
use crate::extract::{Form, Query, Visitor};
use crate::hub::forms::{Field, Wrong};
use crate::hub::frame::Frame;
use crate::routes::{Html, Result};

/// What the page says.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Says {
    Ready(String),
    ReadyAskAddress,
    OtherBrowser,
    Used,
    Expired,
    Unknown,
    NotTheFirst,
}

impl From<LinkState> for Says {
    fn from(state: LinkState) -> Self {
        match state {
            LinkState::Ready { mail } => Self::Ready(mail),
            LinkState::ReadyAskAddress => Self::ReadyAskAddress,
            LinkState::OtherBrowser => Self::OtherBrowser,
            LinkState::Used => Self::Used,
            LinkState::Expired => Self::Expired,
            LinkState::Unknown => Self::Unknown,
        }
    }
}

impl Says {
    const fn title(&self) -> &'static str {
        match self {
            Self::Ready(_) => "Sign in",
            Self::ReadyAskAddress => "Become the first operator",
            Self::OtherBrowser => "Enter the code where you asked",
            Self::Used => "This link was used",
            Self::Expired => "This link is too old",
            Self::Unknown => "This link is not known",
            Self::NotTheFirst => "There is an operator already",
        }
    }

    /// The answer to looking at it: a link that is over is gone.
    const fn status(&self) -> StatusCode {
        match self {
            Self::Ready(_) | Self::ReadyAskAddress | Self::OtherBrowser => StatusCode::OK,
            Self::Used | Self::Expired | Self::NotTheFirst => StatusCode::GONE,
            Self::Unknown => StatusCode::NOT_FOUND,
        }
    }
}

#[derive(Template)]
#[template(path = "sign_in/link.html")]
struct Page {
    frame: Frame,
    says: Says,
    token: String,
    mail: Field,
    wrong: Vec<Wrong>,
}

fn page(visitor: &Visitor, says: Says, token: &Secret, mail: String, wrong: Vec<Wrong>) -> Result<Html> {
    let mut frame = visitor.frame(says.title());
    frame.path = "/sign-in".to_owned();
    let ready = matches!(says, Says::Ready(_) | Says::ReadyAskAddress);
    // Only the form that uses it needs it.
    let token = if ready { token.expose().to_owned() } else { String::new() };
    let status = if wrong.is_empty() { says.status() } else { StatusCode::BAD_REQUEST };
    Html::page_as(status, &Page { frame, says, token, mail: Field::new("mail", mail).checked(&wrong), wrong })
}

/// What leads here.
#[derive(Deserialize, ToSchema)]
pub(crate) struct Asked {
    token: Option<String>,
}

/// What the link is good for.
pub(crate) async fn show(visitor: Visitor, Query(asked): Query<Asked>) -> Result<Html> {
    let token = Secret::new(asked.token.unwrap_or_default());
    let browser = visitor.cookie(visitor.hub().browser_cookie());
    let state = visitor.operations().sign_in_look(&token, browser.as_ref()).await?;
    page(&visitor, state.into(), &token, String::new(), Vec::new())
}

/// What the form sends.
#[derive(Deserialize)]
pub(crate) struct Sent {
    #[serde(default)]
    token: String,
    #[serde(default)]
    mail: String,
}

/// Signs in.
pub(crate) async fn enter_by_link(visitor: Visitor, Form(sent): Form<Sent>) -> Result<Html> {
    let token = Secret::new(sent.token);
    let browser = visitor.cookie(visitor.hub().browser_cookie());
    let mail = Some(sent.mail.as_str()).filter(|mail| !mail.is_empty());
    let says = match visitor.operations().sign_in_by_link(&token, browser.as_ref(), mail, client(&visitor)).await {
        Ok(made) => return enter(&visitor, made, None).await,
        Err(SignInError::Other(error)) => return Err(error.into()),
        Err(SignInError::Mail(error)) => {
            let wrong = vec![Wrong::new("mail", format!("The address {error}."))];
            return page(&visitor, Says::ReadyAskAddress, &token, sent.mail, wrong);
        }
        Err(SignInError::OtherBrowser) => Says::OtherBrowser,
        Err(SignInError::Used) => Says::Used,
        Err(SignInError::Expired | SignInError::TooManyTries) => Says::Expired,
        Err(SignInError::NotTheFirst) => Says::NotTheFirst,
        Err(SignInError::Unknown | SignInError::WrongCode | SignInError::WhichOrganisation(_) | SignInError::NotInOrganisation(_)) => Says::Unknown,
    };
    page(&visitor, says, &token, String::new(), Vec::new())
}
