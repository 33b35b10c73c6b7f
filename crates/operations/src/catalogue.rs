//! Checking and applying a catalogue.

use std::sync::Arc;

use keywright_domain::caller::Caller;
use keywright_domain::catalogue::{self, Availability, Catalogue, Dropped, Warning};
use keywright_domain::change::{Change, Place};
use keywright_domain::credential::Permissions;
use keywright_domain::time::Timestamp;
use keywright_store::{AuditEntry, Done, Tx};
use serde_json::json;

use crate::{Error, Field, Operations, Rule};

/// A catalogue that was applied.
#[derive(Debug)]
pub struct Applied {
    /// Whether it differs from the one before.
    pub changed: bool,
    /// What the author may want to look at.
    pub warnings: Vec<Warning>,
    /// Where the change stands in the log.
    pub place: Place,
    /// Slugs of its services.
    pub services: Vec<String>,
}

/// Reads a catalogue and says what is wrong with it.
///
/// # Errors
/// [`Error::Invalid`] with a field for each fault; its name is the line and column.
pub fn check(text: &str) -> Result<(Catalogue, Vec<Warning>), Error> {
    catalogue::parse(text).map_err(|faults| {
        let field = |f: &catalogue::Fault| Field { name: format!("line {}, column {}", f.line, f.column), message: f.message.clone() };
        Error::Invalid(faults.0.iter().map(field).collect())
    })
}

impl Operations {
    /// The catalogue that applies now, and when it was applied: the built-in one, since the beginning, where none was.
    ///
    /// # Errors
    /// [`Error::Store`]
    pub async fn catalogue(&self) -> Result<(Arc<Catalogue>, Timestamp), Error> {
        let known = self.catalogue.read().map(|known| known.clone()).unwrap_or_default();
        match known {
            Some((at, catalogue)) => Ok((catalogue, at)),
            None => self.catalogue_again().await,
        }
    }

    /// Looks whether another process has applied a catalogue, so that pages say what applies.
    ///
    /// # Errors
    /// [`Error::Store`]
    pub async fn catalogue_look(&self) -> Result<(), Error> {
        let applied_at = self.store.catalogue_applied_at().await?.unwrap_or(Timestamp::from_us(0));
        let known = self.catalogue.read().map(|known| known.as_ref().map(|(at, _)| *at)).unwrap_or_default();
        if known.is_some_and(|at| at != applied_at) {
            self.catalogue_again().await?;
        }
        Ok(())
    }

    /// Reads the catalogue anew: another process has applied one.
    pub(crate) async fn catalogue_again(&self) -> Result<(Arc<Catalogue>, Timestamp), Error> {
        let (catalogue, at) = match self.store.catalogue().await? {
            Some((catalogue, at)) => (catalogue, at),
            None => (Arc::new(catalogue::built_in()), Timestamp::from_us(0)),
        };
        if let Ok(mut known) = self.catalogue.write() {
            *known = Some((at, Arc::clone(&catalogue)));
        }
        Ok((catalogue, at))
    }

    /// The text of the catalogue that applies.
    ///
    /// # Errors
    /// [`Error::Store`]
    pub async fn catalogue_text(&self, caller: &Caller) -> Result<String, Error> {
        let allowed = self.operate(caller)?;
        let text = self.store.as_operator(&allowed)?.catalogue_text().await?;
        Ok(text.unwrap_or_else(|| catalogue::BUILT_IN.to_owned()))
    }

    /// Applies a catalogue in one transaction.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every fault of the text; [`Rule::CatalogueDrops`] when live credentials hold what it no longer has.
    pub async fn catalogue_apply(&self, caller: &Caller, text: &str) -> Result<Applied, Error> {
        let allowed = self.operate(caller)?;
        let (new, warnings) = check(text)?;
        let (text, now) = (text.to_owned(), self.now());
        let services: Vec<String> = new.slugs().into_iter().map(str::to_owned).collect();
        let new = Arc::new(new);
        let done = self
            .write(allowed, async move |tx| {
                let before = tx.catalogue_for_update().await?;
                let old = match &before {
                    Some(text) => check(text)?.0,
                    None => catalogue::built_in(),
                };
                let held = held(tx, &old, &new, now).await?;
                if !held.is_empty() {
                    return Err(Error::Rule(Rule::CatalogueDrops(held)));
                }
                let changed = before.as_deref() != Some(text.as_str());
                if !changed {
                    return Ok(Done { value: false, audit: vec![], changes: vec![] });
                }
                tx.catalogue_save(&text, now).await?;
                // Account-level services ask nothing of an application, so every organisation's own one has them.
                for service in new.services.iter().filter(|s| s.production_requires.is_empty() && s.availability == Availability::Open) {
                    tx.own_applications_add_service(&service.slug).await?;
                }
                let audit = AuditEntry::new("catalogue.applied", "catalogue").with(json!({ "services": new.slugs() }));
                Ok(Done { value: true, audit: vec![audit], changes: vec![Change::Catalogue] })
            })
            .await?;
        self.catalogue_again().await?;
        Ok(Applied { changed: done.value, warnings, place: done.place, services })
    }
}

/// Credentials that a refusal lists.
const HELD_LISTED: usize = 50;

/// What live credentials hold of what the new catalogue drops. A catalogue that drops nothing costs no look at the credentials.
async fn held(tx: &mut Tx<'_>, old: &Catalogue, new: &Catalogue, now: Timestamp) -> Result<Vec<String>, Error> {
    let mut held = Vec::new();
    let mut services: Vec<String> = Vec::new();
    for dropped in catalogue::diff_drops(old, new) {
        match dropped {
            Dropped::Brand(brand) => {
                if tx.credential_is_any_live(now).await? {
                    held.push(format!("brand {brand}: keys that begin with it would be malformed; add it to earlier_brands"));
                }
            }
            Dropped::Service(service) | Dropped::Kind { service, .. } | Dropped::Permission { service, .. } => {
                if !services.contains(&service) {
                    services.push(service);
                }
            }
        }
    }
    let mut more = 0_usize;
    for service in services {
        for holder in tx.credential_holders(&service, now).await? {
            match missing(new, &holder.service, &holder.kind, &holder.permissions) {
                Some(what) if held.len() < HELD_LISTED => held.push(format!("{}: {what}", holder.credential)),
                Some(_) => more += 1,
                None => {}
            }
        }
    }
    held.extend((more > 0).then(|| format!("and {more} more")));
    Ok(held)
}

/// What a live credential has that the new catalogue has not.
fn missing(new: &Catalogue, service: &str, kind: &str, permissions: &str) -> Option<String> {
    let Some(declared) = new.service(service) else { return Some(format!("service {service}")) };
    if !declared.kinds.iter().any(|k| k.as_str() == kind) {
        return Some(format!("kind {kind} of service {service}"));
    }
    let known = declared.permission_names();
    let held = Permissions::from_text(permissions);
    let gone: Vec<&str> = held.names().iter().filter(|p| !known.contains(p)).map(String::as_str).collect();
    (!gone.is_empty()).then(|| format!("permissions {} of service {service}", gone.join(", ")))
}
