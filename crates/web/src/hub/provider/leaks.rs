//! `/provider/leaks`: whose is this string, and does it still work?

use std::net::IpAddr;

use askama::Template;
use hyper::StatusCode;
use keywright_crypto::secret::Secret;
use keywright_domain::credential::{Credential, TokenForm};
use keywright_domain::ids::CredentialId;
use keywright_domain::time::Timestamp;
use keywright_domain::token::TokenId;
use keywright_domain::verdict::Code;
use keywright_operations::credentials::{Found, FoundToken};
use serde::Deserialize;

use crate::extract::{AsOperator, Form, OnPage};
use crate::hub::forms::{Field, Wrong, mendable};
use crate::hub::frame::{Frame, Section};
use crate::hub::parts::{Badge, EnvironmentLabel};
use crate::hub::words::{Number, When};
use crate::problem::{Kind, Problem};
use crate::routes::{Html, Result};

#[derive(Template)]
#[template(path = "provider/leaks.html")]
struct Page {
    frame: Frame,
    credential: Field,
    wrong: Vec<Wrong>,
    searched: Searched,
}

/// What was found. The string itself is never put on a page again.
enum Searched {
    NotYet,
    Nobody,
    Found(Box<Leak>),
    /// An access token of this credential was ended.
    Ended(String),
}

/// A credential whose secret was pasted.
struct Leak {
    title: &'static str,
    id: String,
    name: String,
    masked: String,
    service: String,
    environment: EnvironmentLabel,
    state: Badge,
    organisation: (String, String),
    application: (String, String),
    version: u32,
    versions: usize,
    version_state: Option<Badge>,
    /// Whether it was a secret.
    secret: bool,
    /// The access token that it was.
    token: Option<LeakedToken>,
    /// Whether the pasted secret has not ended.
    live: bool,
    /// Whether there is something left to revoke.
    revocable: bool,
    last_used: Option<When>,
    last_source: Option<IpAddr>,
    accepted: Number,
    refused: Number,
}

/// An access token that was pasted.
struct LeakedToken {
    form: &'static str,
    id: String,
    expires: When,
    expired: bool,
    revoked: bool,
    /// What its button sends: neither has a secret in it.
    end: String,
}

impl LeakedToken {
    fn of(token: &FoundToken, credential: CredentialId, now: Timestamp) -> Self {
        Self {
            form: if token.form == TokenForm::Jwt { "JWT" } else { "opaque" },
            id: token.id.to_string(),
            expires: When::new(token.expires_at, now),
            expired: token.expires_at <= now,
            revoked: token.revoked,
            end: format!("{credential} {} {}", token.id, token.expires_at),
        }
    }
}

impl Leak {
    fn of(found: &Found) -> Self {
        let (owner, credential, now) = (&found.owner, &found.shown.credential, found.shown.now);
        let state = credential.versions.iter().find(|v| v.number == owner.version).map(|v| v.state);
        let standing = credential.standing(now);
        // What is public is every version's.
        let used = found.shown.usage.iter().filter(|u| !found.by_secret() || u.version == owner.version);
        let last = used.clone().filter(|u| u.code == Code::Valid).max_by_key(|u| u.last);
        let count = |valid: bool| Number(used.clone().filter(|u| (u.code == Code::Valid) == valid).map(|u| u.count).sum());
        let revocable = is_live(credential, now);
        let token = found.token.as_ref().map(|token| LeakedToken::of(token, credential.id, now));
        let active = standing == keywright_domain::credential::Standing::Active;
        let live = if token.is_some() { found.is_accepted() } else { active && state.is_some_and(|state| state.accepts(now)) };
        Self {
            title: match (token.is_some(), live) {
                (true, true) => "This access token is live",
                (true, false) => "This access token has ended",
                (false, true) => "This secret is live",
                (false, false) => "This secret has ended",
            },
            id: credential.id.to_string(),
            name: credential.name.clone(),
            masked: found.shown.masked.clone(),
            service: credential.service.clone(),
            environment: credential.environment.into(),
            state: standing.into(),
            organisation: (owner.organisation.to_string(), owner.organisation_name.clone()),
            application: (owner.application.to_string(), owner.application_name.clone()),
            version: owner.version,
            versions: credential.versions.len(),
            // What its versions were no longer counts once the credential has ended.
            version_state: if revocable { state.map(|state| Badge::of_version(state, now)) } else { Some(standing.into()) },
            secret: found.by_secret(),
            live,
            token,
            revocable,
            last_used: When::maybe(last.map(|u| u.last), now),
            last_source: last.and_then(|u| u.source),
            accepted: count(true),
            refused: count(false),
        }
    }
}

fn is_live(credential: &Credential, now: Timestamp) -> bool {
    use keywright_domain::credential::Standing;
    matches!(credential.standing(now), Standing::Active | Standing::Suspended)
}

fn page(page: &OnPage<AsOperator>, wrong: Vec<Wrong>, searched: Searched) -> Page {
    let credential = Field::new("credential", "").checked(&wrong);
    Page { frame: page.frame("Find a leaked credential", Section::Leaks, None), credential, wrong, searched }
}

/// The box to paste into.
pub(crate) async fn show(visit: OnPage<AsOperator>) -> Result<Html> {
    visit.operations().operate(visit.caller())?;
    Html::page(&page(&visit, Vec::new(), Searched::NotYet))
}

/// What was pasted, or the token that was found before and is to end.
#[derive(Deserialize)]
pub(crate) struct Pasted {
    #[serde(default)]
    credential: String,
    #[serde(default)]
    end_token: String,
}

/// Credential, `jti` and expiry, as the page wrote them.
fn to_end(text: &str) -> Option<(CredentialId, TokenId, Timestamp)> {
    let mut words = text.split(' ');
    Some((words.next()?.parse().ok()?, words.next()?.parse().ok()?, words.next()?.parse().ok()?))
}

/// Whose it is.
pub(crate) async fn find(visit: OnPage<AsOperator>, Form(pasted): Form<Pasted>) -> Result<Html> {
    if let Some((credential, id, until)) = to_end(&pasted.end_token) {
        visit.operations().credential_token_end(visit.caller(), credential, id, until).await?;
        return Html::page(&page(&visit, Vec::new(), Searched::Ended(credential.to_string())));
    }
    let secret = Secret::new(pasted.credential);
    match visit.operations().credential_find(visit.caller(), &secret).await {
        Ok(found) => Html::page(&page(&visit, Vec::new(), Searched::Found(Box::new(Leak::of(&found))))),
        Err(error) => match Problem::from(error) {
            problem if problem.kind() == Kind::NotFound => Html::page(&page(&visit, Vec::new(), Searched::Nobody)),
            problem => {
                let wrong = mendable(problem, &[("credential", "")])?;
                Html::page_as(StatusCode::BAD_REQUEST, &page(&visit, wrong, Searched::NotYet))
            }
        },
    }
}
