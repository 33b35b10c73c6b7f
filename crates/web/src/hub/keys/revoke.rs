//! `/keys/{credential}/revoke`: what it ends, and the proof that it has.

use std::ops::Deref;
use std::time::Instant;

use askama::Template;
use keywright_domain::caller::Right;
use keywright_domain::promise::Effect;
use keywright_domain::time::Span;
use keywright_operations::credentials::{CredentialView, Effective, Revoked};

use super::token::CheckedAlone;
use super::used::{Used, pending, retiring, used};
use crate::extract::form::NoFields;
use crate::extract::rights::End;
use crate::extract::{Form, OfCredential, OnPage, Who};
use crate::hub::frame::Frame;
use crate::hub::parts::{Crumb, EnvironmentLabel};
use crate::hub::words::{Exact, Length, Number};
use crate::routes::{Html, Result};

#[derive(Template)]
#[template(path = "keys/revoke.html")]
struct Page {
    frame: Frame,
    crumbs: Vec<Crumb>,
    action: String,
    back: String,
    environment: EnvironmentLabel,
    masked: String,
    last: Option<Used>,
    old: Option<(u32, Used)>,
    pending: Option<u32>,
    verifiers: usize,
    lease: Length,
    checked_alone: Option<CheckedAlone>,
}

#[derive(Template)]
#[template(path = "keys/revoked.html")]
struct RevokedPage {
    frame: Frame,
    crumbs: Vec<Crumb>,
    id: String,
    name: String,
    masked: String,
    committed: Exact,
    lease: Length,
    checked_alone: Option<CheckedAlone>,
    proof: Option<Proof>,
}

/// A revocation that has taken effect.
struct Proof {
    text: String,
    repeated: bool,
    position: Number,
    effective: Exact,
    /// From the commit until nobody accepted it any more.
    after: String,
    of: usize,
    /// Verifiers that have said so; the others are silent, and their leases over.
    applied: usize,
    verifiers: Vec<VerifierRow>,
}

struct VerifierRow {
    node: String,
    id: String,
    applied: Option<(Number, Exact)>,
}

impl Proof {
    fn of(revoked: &Revoked, effective: Effective, waited_us: u128) -> Self {
        let rows = effective.verifiers.iter().map(|v| VerifierRow {
            node: v.node.clone(),
            id: v.id.to_string(),
            applied: match v.effect {
                Effect::Applied { position, at } => Some((Number(position.0), Exact(at))),
                Effect::LeaseExpired => None,
            },
        });
        let verifiers: Vec<VerifierRow> = rows.collect();
        Self {
            repeated: revoked.repeated,
            position: Number(revoked.place.position.0),
            effective: Exact(effective.effective_at),
            after: milliseconds(waited_us),
            // Silent ones accept nothing either: it is in effect on all of them.
            applied: verifiers.len(),
            of: verifiers.len(),
            verifiers,
            text: effective.proof,
        }
    }
}

/// `3 ms`; below one, what was measured.
fn milliseconds(us: u128) -> String {
    if us < 1_000 { format!("0.{} ms", (us / 100).max(1)) } else { format!("{} ms", us / 1_000) }
}

/// How long a silent verifier may go on.
pub(super) async fn lease<C: Deref<Target = Who>>(visit: &OnPage<C>) -> Result<Length> {
    let lease_ms = visit.operations().store().installation().await?.lease_ms;
    Ok(Length(Span::from_us(lease_ms.cast_signed().saturating_mul(1_000))))
}

/// What revoking does, with numbers.
pub(crate) async fn ask(visit: OnPage<OfCredential<End>>) -> Result<Html> {
    let view = visit.operations().credential_view(visit.caller(), Right::End, visit.id).await?;
    let (catalogue, _) = visit.operations().catalogue().await?;
    let (frame, crumbs) = super::framed(&visit, format!("Revoke {}", view.shown.credential.name), &view, true).await?;
    let verifiers = visit.operations().store().verifiers().await?.len();
    let back = format!("/keys/{}", visit.id);
    Html::page(&Page {
        frame,
        crumbs,
        action: format!("{back}/revoke"),
        back,
        environment: super::label(&view, &catalogue),
        masked: view.shown.masked.clone(),
        last: used(&view.shown, None),
        old: retiring(&view.shown).and_then(|old| Some((old.number, old.used?))),
        pending: pending(&view.shown),
        verifiers,
        lease: lease(&visit).await?,
        checked_alone: CheckedAlone::of(catalogue.service(&view.shown.credential.service), &view.shown.credential),
    })
}

/// Revokes the key, waits until that is in effect everywhere, and shows the proof.
pub(crate) async fn revoke(visit: OnPage<OfCredential<End>>, _: Form<NoFields>) -> Result<Html> {
    let revoked = visit.operations().credential_revoke(visit.caller(), visit.id).await?;
    let committed = Instant::now();
    let proof = match visit.operations().revocation_effective(&revoked).await {
        Ok(effective) => Some(Proof::of(&revoked, effective, committed.elapsed().as_micros())),
        // It is revoked all the same, and in effect a lease later.
        Err(error) => {
            tracing::error!(%error, credential = %visit.id, "a revocation is saved, and its proof could not be made");
            None
        }
    };
    let view = visit.operations().credential_view(visit.caller(), Right::View, visit.id).await?;
    page(&visit, &view, &revoked, proof).await
}

async fn page(visit: &OnPage<OfCredential<End>>, view: &CredentialView, revoked: &Revoked, proof: Option<Proof>) -> Result<Html> {
    let name = view.shown.credential.name.clone();
    let (catalogue, _) = visit.operations().catalogue().await?;
    let (frame, crumbs) = super::framed(visit, format!("{name} is revoked"), view, true).await?;
    Html::page(&RevokedPage {
        frame,
        crumbs,
        id: visit.id.to_string(),
        name,
        masked: view.shown.masked.clone(),
        committed: Exact(revoked.committed_at),
        lease: lease(visit).await?,
        checked_alone: CheckedAlone::of(catalogue.service(&view.shown.credential.service), &view.shown.credential),
        proof,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_is_said_in_milliseconds() {
        assert_eq!([20, 340, 3_900, 1_980_000].map(milliseconds), ["0.1 ms", "0.3 ms", "3 ms", "1980 ms"]);
    }
}
