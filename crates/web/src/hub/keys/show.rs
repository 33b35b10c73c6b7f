//! `/keys/{credential}`: one key, its versions and who uses them.

use std::collections::BTreeMap;
use std::ops::Deref;

use askama::Template;
use keywright_crypto::public_key::KeyType;
use keywright_domain::application::State;
use keywright_domain::caller::Right;
use keywright_domain::catalogue::{Catalogue, Service};
use keywright_domain::credential::{Credential, Standing, TokenForm, VersionState};
use keywright_domain::time::Timestamp;
use keywright_domain::verdict::Code;
use keywright_operations::credentials::{CredentialView, Shown, signs, type_of};

use super::file::OWN_PRIVATE_KEY;
use super::samples::{Fill, Set, Target};
use super::secrets::{is_kept, is_parallel};
use super::used::{Old, Used, ended_in_use, refused, retiring, used};
use crate::extract::rights::View;
use crate::extract::{OfCredential, OnPage, Who};
use crate::hub::applications::May;
use crate::hub::entries;
use crate::hub::frame::Frame;
use crate::hub::parts::{Badge, Crumb, EnvironmentLabel, Sample};
use crate::hub::words::{Length, Number, When};
use crate::kinds::words_of;
use crate::routes::{Html, Result};

#[derive(Template)]
#[template(path = "keys/show.html")]
struct Page {
    frame: Frame,
    crumbs: Vec<Crumb>,
    id: String,
    name: String,
    masked: String,
    /// What its public half is called, and itself.
    public_half: Option<(&'static str, String)>,
    /// What is masked: `secret key`.
    secret_title: &'static str,
    /// The same in a sentence.
    secret: &'static str,
    /// Whether requests are signed with it.
    signs: bool,
    /// Code for each way of signing; nothing in it is secret.
    samples: Vec<Set>,
    tokens: Option<GettingTokens>,
    state: Badge,
    environment: EnvironmentLabel,
    may: May,
    /// Neither revoked nor expired.
    live: bool,
    suspended: bool,
    expired: bool,
    revoked: bool,
    revoked_at: Option<When>,
    /// Whether the application's state lets it be accepted.
    works: bool,
    deactivated: bool,
    new_key: String,
    application: (String, String),
    service: String,
    /// Of a client: it gets JWTs.
    jwt: Option<bool>,
    /// Secrets stand side by side.
    parallel: bool,
    old_in_use: Option<OldInUse>,
    /// Versions that have ended, and with which somebody called lately.
    ended_in_use: Vec<(u32, Used)>,
    last: Option<Used>,
    created: When,
    expires: Option<When>,
    permissions: Vec<(String, String)>,
    networks: Vec<String>,
    origins: Vec<String>,
    rate_limit: Option<(Number, Length)>,
    versions: Vec<VersionRow>,
    verdicts: Vec<VerdictRow>,
    activity: Vec<entries::Line>,
}

/// How a client gets access tokens.
struct GettingTokens {
    endpoint: String,
    /// It proves itself by an assertion that its private key signs.
    by_key: bool,
    samples: Vec<Sample>,
}

/// A version that somebody still uses although its end is known.
struct OldInUse {
    number: u32,
    until: When,
    used: Used,
}

struct VersionRow {
    number: u32,
    hint: String,
    /// What it is for.
    description: Option<String>,
    /// It is accepted.
    works: bool,
    /// Its secret can be shown again.
    kept: bool,
    state: Badge,
    until: Option<When>,
    created: When,
    used: Option<Used>,
    /// Calls with it since it ended.
    refused: Option<Used>,
}

struct VerdictRow {
    code: &'static str,
    meaning: &'static str,
    last: When,
    count: Number,
}

/// Entries of the trail that the page shows.
const ACTIVITY_ROWS: u32 = 20;

/// The page of a key.
pub(crate) async fn show(visit: OnPage<OfCredential<View>>) -> Result<Html> {
    let view = visit.operations().credential_view(visit.caller(), Right::View, visit.id).await?;
    let entries = visit.operations().activity_of_credential(visit.caller(), visit.id, None, ACTIVITY_ROWS).await?;
    let (catalogue, _) = visit.operations().catalogue().await?;
    let (frame, crumbs) = super::framed(&visit, view.shown.credential.name.clone(), &view, false).await?;
    let CredentialView { shown, application, .. } = &view;
    let (credential, now) = (&shown.credential, shown.now);
    let service = catalogue.service(&credential.service);
    let standing = credential.standing(now);
    let live = matches!(standing, Standing::Active | Standing::Suspended);
    let explained = |name: &String| service.and_then(|s| s.permissions.iter().find(|(n, _)| n == name)).map_or_else(String::new, |(_, words)| words.clone());
    let href = format!("/applications/{}", application.id);
    Html::page(&Page {
        environment: super::label(&view, &catalogue),
        id: visit.id.to_string(),
        name: credential.name.clone(),
        masked: shown.masked.clone(),
        public_half: words_of(credential).public_half.zip(credential.public_id.clone()),
        secret_title: words_of(credential).column,
        secret: words_of(credential).secret,
        signs: signs(credential.kind),
        samples: if signs(credential.kind) && live { samples(service, credential, visit.operations().base_url(), now) } else { Vec::new() },
        tokens: getting_tokens(&visit, service, credential, now).filter(|_| live),
        state: standing.into(),
        may: May { edit: view.may_edit, end: view.may_end, admin: view.may_admin },
        live,
        suspended: standing == Standing::Suspended,
        expired: standing == Standing::Expired,
        revoked: standing == Standing::Revoked,
        revoked_at: When::maybe(credential.revoked_at.map(|at| at.min(now)), now),
        works: application.state.works_in(credential.environment),
        deactivated: application.state == State::Deactivated,
        new_key: format!("{href}/keys/new?environment={}&service={}", credential.environment.as_str(), credential.service),
        application: (href, application.name.clone()),
        service: service.map_or_else(|| credential.service.clone(), |s| s.name.clone()),
        jwt: (credential.kind.has_client_secrets())
            .then(|| credential.token_form.or(service.map(|s| s.token.form)).unwrap_or(TokenForm::Jwt) == TokenForm::Jwt),
        parallel: is_parallel(&view, &catalogue),
        old_in_use: retiring(shown).filter(|_| live).and_then(|Old { number, until, used }| Some(OldInUse { number, until, used: used? })),
        ended_in_use: if live { ended_in_use(shown) } else { Vec::new() },
        last: used(shown, None),
        created: When::new(credential.created_at.min(now), now),
        expires: credential.expires_at.map(|at| When::end(at, now)),
        permissions: credential.permissions.names().iter().map(|name| (name.clone(), explained(name))).collect(),
        networks: credential.restrictions.networks.list().iter().map(ToString::to_string).collect(),
        origins: credential.restrictions.origins.list().to_vec(),
        rate_limit: credential.restrictions.rate_limit.map(|limit| (Number(limit.requests().into()), Length(limit.per()))),
        versions: versions(&view, &catalogue, live),
        verdicts: verdicts(shown),
        activity: entries.iter().map(|entry| entries::Line::of(entry, now)).collect(),
        frame,
        crumbs,
    })
}

/// How requests are signed, with every version that works. The secret is read from the environment, so that the code can be shown at any time.
fn samples(service: Option<&Service>, credential: &Credential, issuer: &str, now: Timestamp) -> Vec<Set> {
    Target::of(service, credential.environment).samples(&words_of(credential), issuer, fill(credential, "", now))
}

fn fill<'a>(credential: &'a Credential, token_url: &'a str, now: Timestamp) -> Fill<'a> {
    let mut working = credential.versions.iter().filter(|version| version.accepts(now));
    let rsa = working.any(|version| type_of(version).is_some_and(KeyType::is_rsa));
    Fill { public_half: credential.public_id.as_deref().unwrap_or_default(), key: "", token_url, pem_file: OWN_PRIVATE_KEY, rsa }
}

/// How access tokens are got, by kinds that can.
fn getting_tokens<C: Deref<Target = Who>>(visit: &OnPage<C>, service: Option<&Service>, credential: &Credential, now: Timestamp) -> Option<GettingTokens> {
    if !credential.kind.gets_tokens() {
        return None;
    }
    let by_key = credential.holds_key();
    let endpoint = super::token_url(visit);
    let samples = Target::of(service, credential.environment).getting_tokens(by_key, visit.operations().base_url(), fill(credential, &endpoint, now));
    Some(GettingTokens { by_key, samples, endpoint })
}

/// Newest first.
fn versions(view: &CredentialView, catalogue: &Catalogue, live: bool) -> Vec<VersionRow> {
    let shown = &view.shown;
    let row = |v: &keywright_domain::credential::Version| VersionRow {
        number: v.number,
        hint: v.hint.clone(),
        description: v.description.clone(),
        works: live && v.accepts(shown.now),
        kept: live && is_kept(view, catalogue, v),
        // What its versions were no longer counts once the key has ended.
        state: if live { Badge::of_version(v.state_at(shown.now), shown.now) } else { shown.credential.standing(shown.now).into() },
        until: match v.state {
            _ if !live => None,
            VersionState::Retiring { until } | VersionState::Pending { until } => Some(When::new(until, shown.now)),
            VersionState::Active => v.expires_at.filter(|at| *at > shown.now).map(|at| When::end(at, shown.now)),
            VersionState::Retired { .. } => None,
        },
        created: When::new(v.created_at.min(shown.now), shown.now),
        used: used(shown, Some(v.number)),
        refused: refused(shown, v.number),
    };
    shown.credential.versions.iter().rev().map(row).collect()
}

/// What was answered about the key, of all versions together, the most frequent first.
fn verdicts(shown: &Shown) -> Vec<VerdictRow> {
    let mut by_code: BTreeMap<Code, (u64, Timestamp)> = BTreeMap::new();
    for entry in &shown.usage {
        let (count, last) = by_code.entry(entry.code).or_insert((0, entry.last));
        *count = count.saturating_add(entry.count);
        *last = (*last).max(entry.last);
    }
    let mut rows: Vec<(u64, VerdictRow)> = Vec::new();
    for (code, (count, last)) in by_code {
        let row = VerdictRow { code: code.as_str(), meaning: meaning(code), last: When::new(last.min(shown.now), shown.now), count: Number(count) };
        rows.push((count, row));
    }
    rows.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
    rows.into_iter().map(|(_, row)| row).collect()
}

/// What a verdict means to whoever looks after the key.
const fn meaning(code: Code) -> &'static str {
    match code {
        Code::Valid => "Accepted.",
        Code::Malformed | Code::Unknown => "No key of this installation.",
        Code::WrongEnvironment => "Used in the other environment.",
        Code::WrongService => "Used for another service.",
        Code::SignatureMissing => "Without a signature.",
        Code::BodyUnavailable => "The body that was signed could not be checked.",
        Code::DigestMismatch => "The body was not the one that was signed.",
        Code::SignatureInvalid => "The signature did not fit.",
        Code::TimestampOutOfWindow => "Signed by a clock that is wrong, or too long ago.",
        Code::NonceReused => "Sent twice: a replay.",
        Code::TokenInvalid => "With an access token that does not count.",
        Code::TokenExpired => "With an access token that had expired.",
        Code::TokenIssuerUnknown => "With an access token of another issuer.",
        Code::RetiredVersion => "With a version that has ended. Which one stands under the versions above.",
        Code::Revoked => "Used after it was revoked.",
        Code::Expired => "Used after it had expired.",
        Code::Suspended => "Used while it was suspended.",
        Code::ApplicationInactive => "Used while the application was not active.",
        Code::OrganisationSuspended => "Used while the organisation was suspended.",
        Code::NetworkNotAllowed => "From an address outside the key's networks.",
        Code::OriginNotAllowed => "From an origin that is not the key's.",
        Code::InsufficientPermissions => "For something that the key does not permit.",
        Code::RateLimited => "Too often.",
    }
}
