//! `/keys/{credential}/token`: an access token on a page, this once.

use std::fmt;

use askama::Template;
use hyper::StatusCode;
use keywright_domain::caller::Right;
use keywright_domain::catalogue::Service;
use keywright_domain::credential::{Credential, TokenForm};
use keywright_domain::time::Timestamp;
use keywright_operations::credentials::{ClientToken, CredentialView};
use serde::Deserialize;

use super::samples::Target;
use crate::extract::rights::Edit;
use crate::extract::{Form, OfCredential, OnPage};
use crate::hub::forms::{Choice, Field, Wrong, mendable};
use crate::hub::frame::Frame;
use crate::hub::parts::{Crumb, Sample};
use crate::hub::words::{Length, When};
use crate::idempotency::new_key;
use crate::routes::{Html, Result};

/// A token and what is to be known of it.
pub(super) struct TokenShown {
    /// The whole token.
    pub(super) text: String,
    /// Its `jti`, by which it is named in verdicts and in Activity.
    pub(super) id: String,
    /// Its scopes, with spaces between them; empty: none.
    pub(super) scope: String,
    /// It is a JWT.
    pub(super) jwt: bool,
    /// When it expires.
    pub(super) expires: When,
    /// A line that calls the API with it.
    pub(super) line: Vec<Sample>,
    /// What stands in it for the address of the API, where the catalogue does not say it.
    pub(super) placeholder: Option<String>,
}

impl TokenShown {
    pub(super) fn of(made: &ClientToken, target: &Target, now: Timestamp) -> Self {
        Self {
            text: made.token.reveal().to_owned(),
            id: made.id.to_string(),
            scope: made.scope.clone(),
            jwt: made.form == TokenForm::Jwt,
            expires: When::new(made.expires_at, now),
            line: vec![target.with_token()],
            placeholder: (!target.declared).then(|| target.host.clone()),
        }
    }
}

/// What is said wherever something is ended whose access tokens are JWTs.
pub(super) struct CheckedAlone(Length);

impl CheckedAlone {
    /// None: the credential gets no access tokens, or such as only Keywright can read.
    pub(super) fn of(service: Option<&Service>, credential: &Credential) -> Option<Self> {
        let token = service.filter(|_| credential.kind.gets_tokens())?.token;
        (credential.token_form.unwrap_or(token.form) == TokenForm::Jwt).then_some(Self(Length(token.life)))
    }
}

impl fmt::Display for CheckedAlone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "An API that checks JWTs by itself, without asking us, goes on taking one until it expires: at most {} after it was made.", self.0)
    }
}

/// The forms of access tokens as cards, the one of the catalogue first.
pub(super) fn forms(service: &Service) -> Vec<Choice> {
    let default = service.token.form;
    let mut all = TokenForm::ALL.to_vec();
    all.sort_by_key(|form| *form != default);
    let card = |form: TokenForm| {
        let card = match form {
            TokenForm::Jwt => {
                let alone = format!(
                    "An API can check it by itself. Such an API hears of no revocation: a token works there until it expires, at most {}.",
                    Length(service.token.life)
                );
                Choice::new(form.as_str(), "JWT").line("Signed, and readable by everybody.").line(alone)
            }
            TokenForm::Opaque => {
                Choice::new(form.as_str(), "Opaque").line("Sealed: only Keywright can read it, so an API asks us. It tells nothing to whoever finds it.")
            }
        };
        if form == default { card.tag("Default") } else { card }
    };
    all.into_iter().map(card).collect()
}

#[derive(Template)]
#[template(path = "keys/token.html")]
struct Page {
    frame: Frame,
    crumbs: Vec<Crumb>,
    once: String,
    back: String,
    wrong: Vec<Wrong>,
    field: Field,
    /// The client proves itself by a key of its own.
    by_key: bool,
    /// Names, and whether they are ticked.
    permissions: Vec<(String, bool)>,
    life: Option<Length>,
    /// None: it is still to be made.
    token: Option<TokenShown>,
}

/// What was ticked.
#[derive(Deserialize, Default)]
pub(crate) struct Ticked {
    #[serde(default)]
    permissions: Vec<String>,
}

async fn page(
    visit: &OnPage<OfCredential<Edit>>,
    view: &CredentialView,
    ticked: Option<&Ticked>,
    wrong: Vec<Wrong>,
    token: Option<TokenShown>,
) -> Result<Page> {
    let credential = &view.shown.credential;
    let (catalogue, _) = visit.operations().catalogue().await?;
    let title = if token.is_some() { "Access token made" } else { "Make an access token" };
    let (frame, crumbs) = super::framed(visit, title.to_owned(), view, true).await?;
    Ok(Page {
        frame,
        crumbs,
        once: new_key(),
        back: format!("/keys/{}", visit.id),
        by_key: credential.holds_key(),
        field: Field::new("permissions", "").checked(&wrong),
        permissions: credential.permissions.names().iter().map(|name| (name.clone(), ticked.is_none_or(|t| t.permissions.contains(name)))).collect(),
        life: catalogue.service(&credential.service).map(|service| Length(service.token.life)),
        token,
        wrong,
    })
}

/// The form for a token.
pub(crate) async fn ask(visit: OnPage<OfCredential<Edit>>) -> Result<Html> {
    let view = visit.operations().credential_view(visit.caller(), Right::Edit, visit.id).await?;
    if !view.shown.credential.kind.has_client_secrets() {
        return Ok(Html::see(format!("/keys/{}", visit.id)));
    }
    Html::page(&page(&visit, &view, None, Vec::new(), None).await?)
}

/// Makes the token and shows it.
pub(crate) async fn make(visit: OnPage<OfCredential<Edit>>, Form(ticked): Form<Ticked>) -> Result<Html> {
    let view = visit.operations().credential_view(visit.caller(), Right::Edit, visit.id).await?;
    let none_of_some = ticked.permissions.is_empty() && !view.shown.credential.permissions.names().is_empty();
    let wrong = if none_of_some {
        vec![Wrong::new("permissions", "Permissions are not chosen: a token without any can do nothing. Tick at least one.")]
    } else {
        match visit.operations().credential_token(visit.caller(), visit.id, Some(&ticked.permissions)).await {
            Ok(made) => {
                let (catalogue, _) = visit.operations().catalogue().await?;
                let credential = &view.shown.credential;
                let target = Target::of(catalogue.service(&credential.service), credential.environment);
                let token = TokenShown::of(&made, &target, visit.operations().now());
                let html = Html::page(&page(&visit, &view, Some(&ticked), Vec::new(), Some(token)).await?)?;
                return Ok(html.shown_once(visit.id, None, format!("/keys/{}", visit.id)));
            }
            Err(error) => mendable(error.into(), &[("permissions", "Permissions")])?,
        }
    };
    Html::page_as(StatusCode::BAD_REQUEST, &page(&visit, &view, Some(&ticked), wrong, None).await?)
}
