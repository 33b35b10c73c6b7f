//! `/keys/{credential}/rotate`: a new version, and what happens to the one in use.

use askama::Template;
use hyper::StatusCode;
use keywright_crypto::public_key::KeyType;
use keywright_domain::caller::Right;
use keywright_domain::catalogue::Scheme;
use keywright_domain::credential::rotation::PolicyName;
use keywright_domain::limits;
use keywright_domain::time::Span;
use keywright_operations::credentials::{CredentialView, Rotation, present_type};
use serde::Deserialize;

use super::key_source::{self, KeyForm, KeyOf, TypedKey};
use super::made::{Made, Next, Rotated};
use super::secrets::is_parallel;
use super::token::CheckedAlone;
use super::used::{Old, Used, current, pending, retiring, used};
use crate::extract::rights::Edit;
use crate::extract::{Form, OfCredential, OnPage};
use crate::hub::forms::{Choice, Field, Wrong, mendable};
use crate::hub::frame::Frame;
use crate::hub::parts::{Crumb, EnvironmentLabel};
use crate::hub::words::{Exact, Length, When};
use crate::idempotency::new_key;
use crate::kinds::words_of;
use crate::problem::Problem;
use crate::routes::{Html, Result};

#[derive(Template)]
#[template(path = "keys/rotate.html")]
struct Page {
    frame: Frame,
    crumbs: Vec<Crumb>,
    once: String,
    id: String,
    back: String,
    environment: EnvironmentLabel,
    service: String,
    /// What the public half is called, and itself.
    public_half: Option<(&'static str, String)>,
    /// What is new: `secret key`.
    secret: &'static str,
    /// The service takes one for each environment: another one is a rotation of it.
    only_one: bool,
    /// The version that counts now, and the one that comes.
    current: u32,
    next: u32,
    /// The last use of the version that counts now.
    now_used: Option<Used>,
    retiring: Option<Old>,
    pending: Option<u32>,
    wrong: Vec<Wrong>,
    policy: Field,
    /// The catalogue's default first.
    policies: Vec<PolicyName>,
    overlap: Field,
    overlaps: Vec<Choice>,
    lease: Length,
    checked_alone: Option<CheckedAlone>,
    key: Option<KeyForm>,
    /// The key that counts is RSA, and programs may sign with it as Yoti's SDKs do, which know no other type.
    yoti_needs_rsa: bool,
}

/// What was chosen.
#[derive(Deserialize, Default)]
pub(crate) struct Chosen {
    #[serde(default)]
    policy: String,
    #[serde(default)]
    overlap: String,
    #[serde(default)]
    replace: String,
    #[serde(flatten)]
    key: TypedKey,
}

/// Lengths of an overlap that are offered beside the catalogue's.
const OVERLAPS: [(&str, &str); 5] = [("1h", "1 hour"), ("1d", "24 hours"), ("3d", "3 days"), ("7d", "7 days"), ("30d", "30 days")];

const LABELS: [(&str, &str); 2] = [("policy", "What happens to the old version"), ("overlap", "Overlap")];

async fn page(visit: &OnPage<OfCredential<Edit>>, view: &CredentialView, chosen: Option<&Chosen>, wrong: Vec<Wrong>) -> Result<Page> {
    let (catalogue, _) = visit.operations().catalogue().await?;
    let credential = &view.shown.credential;
    let (frame, crumbs) = super::framed(visit, format!("Rotate {}", credential.name), view, true).await?;
    let service = catalogue.service(&credential.service);
    let (default, overlap) = service.map_or((PolicyName::Overlap, limits::OVERLAP_DEFAULT), |s| s.rotation);
    let mut policies = vec![default];
    policies.extend([PolicyName::Overlap, PolicyName::OnFirstUse, PolicyName::Immediate].into_iter().filter(|policy| *policy != default));
    let current = current(&view.shown);
    let present = present_type(credential, view.shown.now);
    let key = if credential.kind.is_key_pair() || credential.holds_key() {
        let given = visit.operations().key_challenge(visit.caller(), credential.application).await?;
        let of = KeyOf {
            service,
            slug: &credential.service,
            name: &credential.name,
            environment: credential.environment,
            version: credential.newest() + 1,
            present,
        };
        let form = KeyForm::new(of, &given, chosen.map(|c| &c.key), &wrong);
        let form = if credential.kind.is_key_pair() { form } else { form.brought() };
        Some(match chosen {
            Some(chosen) => form.with_challenge_of(&chosen.key, &wrong),
            None => form,
        })
    } else {
        None
    };
    Ok(Page {
        key,
        yoti_needs_rsa: present.is_some_and(KeyType::is_rsa) && service.is_some_and(|s| s.schemes.contains(&Scheme::Yoti)),
        frame,
        crumbs,
        once: new_key(),
        id: visit.id.to_string(),
        back: format!("/keys/{}", visit.id),
        environment: super::label(view, &catalogue),
        service: service.map_or_else(|| credential.service.clone(), |s| s.name.clone()),
        public_half: words_of(credential).public_half.zip(credential.public_id.clone()),
        secret: words_of(credential).secret,
        only_one: service.is_some_and(|s| s.credentials_per_environment == 1),
        current,
        next: credential.newest() + 1,
        now_used: used(&view.shown, Some(current)),
        retiring: retiring(&view.shown),
        pending: pending(&view.shown),
        policy: Field::new("policy", chosen.map_or(default.as_str(), |c| c.policy.as_str())).checked(&wrong),
        policies,
        overlap: Field::new("overlap", chosen.map_or_else(|| overlap.to_string(), |c| c.overlap.clone())).checked(&wrong),
        overlaps: overlaps(overlap),
        lease: super::revoke::lease(visit).await?,
        checked_alone: CheckedAlone::of(service, credential),
        wrong,
    })
}

/// The lengths to choose from; the catalogue's own among them, wherever it belongs.
fn overlaps(of_catalogue: Span) -> Vec<Choice> {
    let mut all: Vec<(Span, String, String)> =
        OVERLAPS.iter().filter_map(|(value, words)| Some((value.parse().ok()?, (*value).to_owned(), (*words).to_owned()))).collect();
    if !all.iter().any(|(span, ..)| *span == of_catalogue) {
        all.push((of_catalogue, of_catalogue.to_string(), of_catalogue.to_string()));
    }
    all.sort_by_key(|(span, ..)| *span);
    all.into_iter().map(|(_, value, words)| Choice::new(value, words)).collect()
}

/// The three choices. Where secrets stand side by side, another one is added in the place of a rotation.
pub(crate) async fn ask(visit: OnPage<OfCredential<Edit>>) -> Result<Html> {
    let view = visit.operations().credential_view(visit.caller(), Right::Edit, visit.id).await?;
    let (catalogue, _) = visit.operations().catalogue().await?;
    if is_parallel(&view, &catalogue) {
        return Ok(Html::see(format!("/keys/{}/secrets/new", visit.id)));
    }
    Html::page(&page(&visit, &view, None, Vec::new()).await?)
}

/// Makes the new version and shows its key.
pub(crate) async fn rotate(visit: OnPage<OfCredential<Edit>>, Form(chosen): Form<Chosen>) -> Result<Html> {
    let immediate = chosen.policy == PolicyName::Immediate.as_str();
    let rotation = Rotation {
        policy: Some(chosen.policy.clone()),
        overlap: (!immediate && !chosen.overlap.is_empty()).then(|| chosen.overlap.clone()),
        replace: !chosen.replace.is_empty(),
        key: chosen.key.source(),
    };
    if let Some(wrong) = chosen.key.wrong() {
        let view = visit.operations().credential_view(visit.caller(), Right::Edit, visit.id).await?;
        return Html::page_as(StatusCode::BAD_REQUEST, &page(&visit, &view, Some(&chosen), vec![wrong]).await?);
    }
    let made = match visit.operations().credential_rotate(visit.caller(), visit.id, rotation).await {
        Ok(made) => made,
        Err(error) => {
            let view = visit.operations().credential_view(visit.caller(), Right::Edit, visit.id).await?;
            let wrong = mendable(Problem::from(error), &[&LABELS[..], &key_source::LABELS[..]].concat())?;
            return Html::page_as(StatusCode::BAD_REQUEST, &page(&visit, &view, Some(&chosen), wrong).await?);
        }
    };
    let now = visit.operations().now();
    let rotated = match made.previous_until {
        Some(until) => Rotated::Until(Exact(until), When::new(until, now)),
        None if immediate => Rotated::Ended,
        None => Rotated::AtFirstUse(Length(chosen.overlap.parse().unwrap_or(limits::OVERLAP_DEFAULT))),
    };
    Made::page(&visit, made.id, made.version, &made.handed, Some(rotated), Next::Key, chosen.key.by_browser()).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalogue_s_overlap_is_offered_once_and_in_its_place() {
        let values = |span: &str| overlaps(span.parse().unwrap()).into_iter().map(|c| c.value).collect::<Vec<_>>();
        assert_eq!(values("24h"), ["1h", "1d", "3d", "7d", "30d"]);
        assert_eq!(values("12h"), ["1h", "12h", "1d", "3d", "7d", "30d"]);
    }
}
