//! `/keys/{credential}/secrets/…`: secrets side by side, each added, shown again and revoked by itself.

use std::ops::Deref;

use askama::Template;
use hyper::StatusCode;
use keywright_domain::caller::Right;
use keywright_domain::catalogue::{Catalogue, SecretVisibility};
use keywright_domain::credential::{Material, Version};
use keywright_domain::ids::CredentialId;
use keywright_domain::limits;
use keywright_operations::credentials::{CredentialView, NewSecret};
use keywright_operations::{Error, Rule};
use serde::Deserialize;

use super::file::file_name;
use super::made::{Made, Next, Rotated};
use super::samples::{Fill, Target};
use super::token::CheckedAlone;
use super::used::{Used, used};
use crate::extract::form::NoFields;
use crate::extract::rights::{Edit, End, Needs};
use crate::extract::{Form, OfCredential, OnPage, Who};
use crate::hub::days::{day_of, end_to_come};
use crate::hub::forms::{Field, Wrong, mendable};
use crate::hub::frame::Frame;
use crate::hub::kept_form::KeptForm;
use crate::hub::parts::{Crumb, Sample};
use crate::hub::words::{Length, When};
use crate::idempotency::new_key;
use crate::kinds::words;
use crate::problem::Problem;
use crate::routes::call::Call;
use crate::routes::endpoint::Caller;
use crate::routes::{Access, Html, Result, Way};

/// Somebody who calls about one secret of a credential.
pub(crate) struct OfSecret<R> {
    of: OfCredential<R>,
    id: CredentialId,
    version: u32,
}

impl<R> Deref for OfSecret<R> {
    type Target = Who;
    fn deref(&self) -> &Who {
        &self.of
    }
}

impl<R: Needs> Caller for OfSecret<R> {
    const WHO: Access = OfCredential::<R>::WHO;
    const WAY: Way = Way::Api;

    fn take(call: &Call) -> Result<Self> {
        let version = call.id("version").and_then(|text| text.parse().ok()).ok_or_else(Problem::not_found)?;
        let of = OfCredential::take(call)?;
        Ok(Self { id: of.id, of, version })
    }
}

/// Whether secrets of the credential stand side by side.
pub(super) fn is_parallel(view: &CredentialView, catalogue: &Catalogue) -> bool {
    let credential = &view.shown.credential;
    credential.kind.has_client_secrets() && !credential.holds_key() && catalogue.service(&credential.service).is_some_and(|s| s.parallel_secrets > 1)
}

/// Whether the secret of a version can be shown again.
pub(super) fn is_kept(view: &CredentialView, catalogue: &Catalogue, version: &Version) -> bool {
    let credential = &view.shown.credential;
    let retrievable = catalogue.service(&credential.service).is_some_and(|service| service.secret_visibility == SecretVisibility::Retrievable);
    credential.kind.has_client_secrets() && retrievable && version.accepts(view.shown.now) && matches!(version.material, Material::Sealed(_))
}

#[derive(Template)]
#[template(path = "keys/secret_new.html")]
struct NewPage {
    frame: Frame,
    crumbs: Vec<Crumb>,
    once: String,
    id: CredentialId,
    wrong: Vec<Wrong>,
    description: Field,
    expires_on: Field,
    today: String,
}

/// What was typed.
#[derive(Deserialize, Default)]
pub(crate) struct Typed {
    #[serde(default)]
    description: String,
    #[serde(default)]
    expires_on: String,
}

async fn new_page(visit: &OnPage<OfCredential<Edit>>, view: &CredentialView, typed: &Typed, wrong: Vec<Wrong>) -> Result<NewPage> {
    let (frame, crumbs) = super::framed(visit, "Add a secret".to_owned(), view, true).await?;
    Ok(NewPage {
        frame,
        crumbs,
        once: new_key(),
        id: visit.id,
        description: Field::new("description", typed.description.as_str()).checked(&wrong),
        expires_on: Field::new("expires_on", typed.expires_on.as_str()).checked(&wrong),
        today: day_of(visit.operations().now()),
        wrong,
    })
}

/// The form for another secret.
pub(crate) async fn ask_add(visit: OnPage<OfCredential<Edit>>) -> Result<Html> {
    let view = visit.operations().credential_view(visit.caller(), Right::Edit, visit.id).await?;
    let (catalogue, _) = visit.operations().catalogue().await?;
    if !is_parallel(&view, &catalogue) {
        return Ok(Html::see(format!("/keys/{}", visit.id)));
    }
    Html::page(&new_page(&visit, &view, &Typed::default(), Vec::new()).await?)
}

/// Adds the secret and shows it.
pub(crate) async fn add(visit: OnPage<OfCredential<Edit>>, Form(typed): Form<Typed>) -> Result<Html> {
    let mut wrong = Vec::new();
    let expires_at = match Some(typed.expires_on.as_str()).filter(|day| !day.is_empty()).map(|day| end_to_come(day, visit.operations().now())) {
        Some(Err(why)) => {
            wrong.push(Wrong::new("expires_on", why));
            None
        }
        Some(Ok(end)) => Some(end),
        None => None,
    };
    if wrong.is_empty() {
        let description = Some(typed.description.clone()).filter(|words| !words.trim().is_empty());
        let new = NewSecret { description, expires_at: expires_at.map(|at| at.to_string()) };
        match visit.operations().secret_add(visit.caller(), visit.id, new).await {
            Ok(added) => return Made::page(&visit, added.id, added.version, &added.handed, Some(Rotated::Added), Next::Key, false).await,
            Err(error) => wrong = mendable(error.into(), &[("description", "Description"), ("expires_at", "Last day")])?,
        }
    }
    for of_day in wrong.iter_mut().filter(|w| w.field == "expires_at") {
        of_day.field = "expires_on".into();
    }
    let view = visit.operations().credential_view(visit.caller(), Right::Edit, visit.id).await?;
    Html::page_as(StatusCode::BAD_REQUEST, &new_page(&visit, &view, &typed, wrong).await?)
}

/// A question about one secret.
#[derive(Template)]
#[template(path = "keys/secret_ask.html")]
struct AskPage {
    frame: Frame,
    crumbs: Vec<Crumb>,
    reveal: bool,
    verb: &'static str,
    action: String,
    back: String,
    hint: String,
    description: Option<String>,
    last: Option<Used>,
    lease: Length,
    checked_alone: Option<CheckedAlone>,
    signed_in: When,
    /// The sign-in is so fresh that the secret is shown at once.
    fresh: bool,
    mail: String,
}

async fn ask<R>(visit: &OnPage<OfSecret<R>>, right: Right, reveal: bool) -> Result<Html> {
    let view = visit.operations().credential_view(visit.caller(), right, visit.id).await?;
    let shown = &view.shown;
    let version = shown.credential.versions.iter().find(|v| v.number == visit.version).ok_or_else(Problem::not_found)?;
    let (verb, word) = if reveal { ("Show secret", "reveal") } else { ("Revoke secret", "revoke") };
    let (frame, crumbs) = super::framed(visit, format!("{verb} {}", version.number), &view, true).await?;
    let back = format!("/keys/{}", visit.id);
    let session = &visit.visit().session;
    let (catalogue, _) = visit.operations().catalogue().await?;
    Html::page(&AskPage {
        frame,
        crumbs,
        reveal,
        verb,
        action: format!("{back}/secrets/{}/{word}", version.number),
        back,
        hint: version.hint.clone(),
        description: version.description.clone(),
        last: used(shown, Some(version.number)),
        lease: super::revoke::lease(visit).await?,
        checked_alone: CheckedAlone::of(catalogue.service(&shown.credential.service), &shown.credential),
        signed_in: When::new(session.signed_in_at.min(shown.now), shown.now),
        fresh: shown.now.since(session.signed_in_at) <= limits::SESSION_FRESH,
        mail: session.mail.clone(),
    })
}

/// What revoking one secret does.
pub(crate) async fn ask_revoke(visit: OnPage<OfSecret<End>>) -> Result<Html> {
    ask(&visit, Right::End, false).await
}

/// Ends one secret.
pub(crate) async fn revoke(visit: OnPage<OfSecret<End>>, _: Form<NoFields>) -> Result<Html> {
    visit.operations().secret_revoke(visit.caller(), visit.id, visit.version).await?;
    Ok(Html::see(format!("/keys/{}", visit.id)))
}

/// What showing a secret again takes.
pub(crate) async fn ask_reveal(visit: OnPage<OfSecret<Edit>>) -> Result<Html> {
    ask(&visit, Right::Edit, true).await
}

/// A sign-in that is fresh is needed first.
#[derive(Template)]
#[template(path = "keys/secret_sign_in.html")]
struct SignInPage {
    frame: Frame,
    crumbs: Vec<Crumb>,
    signed_in: When,
    mail: String,
    /// What is done once the person has signed in.
    kept: String,
    back: String,
}

#[derive(Template)]
#[template(path = "keys/secret_shown.html")]
struct ShownPage {
    frame: Frame,
    crumbs: Vec<Crumb>,
    secret: String,
    file: String,
    token_endpoint: String,
    samples: Vec<Sample>,
    back: String,
}

/// Shows a secret again, to somebody who has signed in just now; whoever has not does so first.
pub(crate) async fn reveal(visit: OnPage<OfSecret<Edit>>, _: Form<NoFields>) -> Result<Html> {
    let signed_in_at = visit.visit().session.signed_in_at;
    let revealed = match visit.operations().credential_reveal(visit.caller(), visit.id, Some(visit.version), Some(signed_in_at)).await {
        Ok(revealed) => revealed,
        Err(Error::Rule(Rule::NotFresh)) => {
            let view = visit.operations().credential_view(visit.caller(), Right::Edit, visit.id).await?;
            let (frame, crumbs) = super::framed(&visit, "Sign in again".to_owned(), &view, true).await?;
            let (back, now) = (format!("/keys/{}", visit.id), view.shown.now);
            let kept = KeptForm::sent(&format!("{back}/secrets/{}/reveal", visit.version), b"").write();
            let mail = visit.visit().session.mail.clone();
            let page = SignInPage { frame, crumbs, signed_in: When::new(signed_in_at.min(now), now), mail, kept, back };
            return Html::page_as(StatusCode::UNAUTHORIZED, &page);
        }
        Err(error) => return Err(error.into()),
    };
    let view = visit.operations().credential_view(visit.caller(), Right::Edit, visit.id).await?;
    let (frame, crumbs) = super::framed(&visit, format!("Secret of version {}", revealed.version), &view, true).await?;
    let (catalogue, _) = visit.operations().catalogue().await?;
    let credential = &view.shown.credential;
    let token_endpoint = super::token_url(&visit);
    let file = file_name(&credential.service, &credential.name, credential.environment, revealed.version, words(credential.kind).file);
    let public_half = credential.public_id.as_deref().unwrap_or_default();
    let fill = Fill { public_half, key: "", token_url: &token_endpoint, pem_file: "", rsa: false };
    let target = Target::of(catalogue.service(&credential.service), credential.environment);
    let samples = target.getting_tokens(false, visit.operations().base_url(), fill);
    let (secret, back) = (revealed.handed.secret().to_owned(), format!("/keys/{}", visit.id));
    Html::page(&ShownPage { frame, crumbs, secret, file, samples, token_endpoint, back })
}
