//! The one showing of a new key: what to do with it, and code that uses it.

use std::ops::Deref;

use askama::Template;
use keywright_crypto::public_key::KeyType;
use keywright_domain::caller::Right;
use keywright_domain::ids::CredentialId;
use keywright_operations::Error;
use keywright_operations::credentials::{Handed, type_of};

use super::file::{OWN_PRIVATE_KEY, file_name};
use super::samples::{Fill, Set, Target};
use super::secrets::is_parallel;
use super::token::TokenShown;
use crate::extract::{OnPage, Who};
use crate::hub::applications::around::{keys_page, name, section};
use crate::hub::applications::framed;
use crate::hub::frame::Frame;
use crate::hub::parts::{Crumb, EnvironmentLabel};
use crate::hub::words::{Exact, Length, When};
use crate::kinds::words_of;
use crate::routes::{Html, Result};

/// Where the person goes once the key is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// To the page of the key.
    Key,
    /// To the application, of which it is the first.
    Application,
}

/// What a rotation did to the key that was in use.
pub(super) enum Rotated {
    /// It is refused.
    Ended,
    /// It works until then.
    Until(Exact, When),
    /// Its overlap of this length begins with the first use of the new one.
    AtFirstUse(Length),
    /// Nothing: the new one stands beside it.
    Added,
}

#[derive(Template)]
#[template(path = "keys/made.html")]
pub(super) struct Made {
    frame: Frame,
    crumbs: Vec<Crumb>,
    environment: EnvironmentLabel,
    version: u32,
    rotated: Option<Rotated>,
    /// What the public half is called, and itself.
    public_half: Option<(&'static str, String)>,
    /// What the secret is called, and itself.
    secret_words: &'static str,
    secret_title: &'static str,
    secret: String,
    /// It can be shown again.
    kept: bool,
    /// It is a key pair.
    key_pair: bool,
    /// It is a client that proves itself by a key of its own.
    by_key: bool,
    /// Secrets stand side by side: none of them is rotated.
    parallel: bool,
    /// The page of the credential.
    key: String,
    /// The browser has made it, and downloaded the private key.
    by_browser: bool,
    /// The name of the download.
    file: String,
    warning: Option<String>,
    /// Whether the key is accepted in the application's state.
    works: bool,
    application: String,
    service: String,
    docs: Option<String>,
    host: String,
    /// The catalogue says where requests go.
    declared: bool,
    /// How requests are made with it.
    usage: &'static str,
    samples: Vec<Set>,
    /// The first access token of a client.
    token: Option<TokenShown>,
    /// Why a client that works has none.
    no_token: Option<String>,
    /// Where a client gets access tokens.
    token_endpoint: Option<String>,
    next: String,
}

impl Made {
    /// The page with a key that was made or rotated.
    pub(super) async fn page<C: Deref<Target = Who>>(
        visit: &OnPage<C>,
        id: CredentialId,
        version: u32,
        handed: &Handed,
        rotated: Option<Rotated>,
        next: Next,
        by_browser: bool,
    ) -> Result<Html> {
        let view = visit.operations().credential_view(visit.caller(), Right::View, id).await?;
        let (catalogue, _) = visit.operations().catalogue().await?;
        let (application, credential) = (&view.application, &view.shown.credential);
        let service = catalogue.service(&credential.service);
        let target = Target::of(service, credential.environment);
        let words = words_of(credential);
        let title = match rotated {
            Some(Rotated::Added) => "Secret added".to_owned(),
            Some(_) => format!("{} rotated", words.credential),
            None => format!("{} created", words.credential),
        };
        let href = format!("/applications/{}", application.id);
        let token_url = super::token_url(visit);
        let works = application.state.works_in(credential.environment);
        let client = credential.kind.has_client_secrets();
        let by_key = credential.kind.may_bring_key() && credential.holds_key();
        // The secret is shown whatever becomes of the token: nobody can get at it a second time.
        let file = file_name(&credential.service, &credential.name, credential.environment, version, words.file);
        let (token, no_token) = match first_token(visit, id, &target, client && works && rotated.is_none()).await {
            Ok(token) => (token, None),
            Err(Error::Rule(rule)) => (None, Some(rule.to_string())),
            Err(_) => (None, Some("the server could not make one right now".to_owned())),
        };
        let of_version = credential.versions.iter().find(|v| v.number == version);
        let fill = Fill {
            public_half: credential.public_id.as_deref().unwrap_or_default(),
            key: handed.secret(),
            token_url: &token_url,
            pem_file: if handed.has_secret() || by_browser { &file } else { OWN_PRIVATE_KEY },
            rsa: of_version.and_then(type_of).is_some_and(KeyType::is_rsa),
        };
        let page = Self {
            token,
            no_token,
            token_endpoint: client.then(|| token_url.clone()),
            frame: framed(visit, title, section(application), application.organisation).await?,
            crumbs: vec![
                Crumb::new(if application.own { keys_page(application) } else { href.clone() }, name(application)),
                Crumb::new(format!("/keys/{id}"), credential.name.as_str()),
            ],
            environment: super::label(&view, &catalogue),
            version,
            rotated,
            public_half: words.public_half.zip(credential.public_id.clone()),
            secret_words: words.secret,
            secret_title: words.secret_title,
            secret: handed.secret().to_owned(),
            kept: client && view.shown.credential.versions.iter().any(|v| v.number == version && super::secrets::is_kept(&view, &catalogue, v)),
            key_pair: credential.kind.is_key_pair(),
            by_browser,
            // The catalogue warns of what the service's credentials are without a key of one's own.
            warning: service.and_then(|s| s.warning.clone()).filter(|_| !by_key),
            works,
            service: service.map_or_else(|| credential.service.clone(), |s| s.name.clone()),
            docs: service.and_then(|s| s.docs_url.clone()),
            usage: words.usage,
            samples: target.samples(&words, visit.operations().base_url(), fill),
            by_key,
            parallel: is_parallel(&view, &catalogue),
            key: format!("/keys/{id}"),
            file,
            host: target.host,
            declared: target.declared,
            next: match next {
                Next::Key => format!("/keys/{id}"),
                Next::Application => href.clone(),
            },
            application: href,
        };
        let html = Html::page(&page)?;
        Ok(if handed.has_secret() { html.shown_once(id, Some(version), format!("/keys/{id}")) } else { html })
    }
}

/// The token that comes with new keys.
async fn first_token<C: Deref<Target = Who>>(
    visit: &OnPage<C>,
    id: CredentialId,
    target: &Target,
    wanted: bool,
) -> std::result::Result<Option<TokenShown>, Error> {
    if !wanted {
        return Ok(None);
    }
    let made = visit.operations().credential_token(visit.caller(), id, None).await?;
    Ok(Some(TokenShown::of(&made, target, visit.operations().now())))
}
