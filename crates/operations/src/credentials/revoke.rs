//! Revoking a credential, and waiting until the revocation has taken effect everywhere.

use std::time::Duration;

use keywright_domain::caller::{Caller, Right};
use keywright_domain::change::{Change, Place};
use keywright_domain::ids::{CredentialId, VerifierId};
use keywright_domain::promise::{Effect, Reported, Wait};
use keywright_domain::time::{Boot, Timestamp};
use keywright_store::verifiers::Verifier;
use keywright_store::{AuditEntry, Done};
use serde_json::{Value, json};

use super::organisation;
use crate::{Error, LocalVerifier, Operations};

/// A revocation that is saved.
#[derive(Debug, Clone, Copy)]
pub struct Revoked {
    /// The credential.
    pub id: CredentialId,
    /// Where it stands in the log.
    pub place: Place,
    /// When the credential was revoked: for a repetition, the first time.
    pub committed_at: Timestamp,
    /// Whether it was revoked before this call, so that `place` is where the log was then, at or behind the revocation.
    pub repeated: bool,
    /// This machine's clock after the commit was acknowledged.
    acknowledged: Boot,
}

/// A revocation that has taken effect: no verifier accepts the credential any more.
#[derive(Debug, Clone)]
pub struct Effective {
    /// When that was certain.
    pub effective_at: Timestamp,
    /// Each registered verifier, and why it is certain of it.
    pub verifiers: Vec<VerifierEffect>,
    /// The proof: a compact JWS.
    pub proof: String,
}

/// One verifier's part in a revocation.
#[derive(Debug, Clone)]
pub struct VerifierEffect {
    /// Its id.
    pub id: VerifierId,
    /// The machine that it runs on.
    pub node: String,
    /// Why it no longer accepts the credential.
    pub effect: Effect,
}

/// How often the store is asked how far verifiers of other processes are.
const ASK_AGAIN: Duration = Duration::from_millis(5);

impl Operations {
    /// Ends a credential for good. Repeating it changes nothing and gives the newest position.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Store`]
    pub async fn credential_revoke(&self, caller: &Caller, id: CredentialId) -> Result<Revoked, Error> {
        let allowed = self.over_credential(caller, Right::End, id).await?;
        let organisation = organisation(&allowed, id)?;
        let now = self.now();
        let done = self
            .write(allowed, async move |tx| {
                let mut stored = tx.credential_for_update(organisation, id).await?.ok_or_else(|| Error::not_found("credential", id))?;
                if let Some(revoked_at) = stored.credential.revoked_at {
                    return Ok(Done { value: (revoked_at, true), audit: vec![], changes: vec![] });
                }
                stored.credential.revoke(now);
                tx.credential_save(&stored).await?;
                let audit = AuditEntry::new("credential.revoked", id).of_application(stored.credential.application);
                Ok::<_, Error>(Done { value: (now, false), audit: vec![audit], changes: vec![Change::Credential(id)] })
            })
            .await?;
        let (committed_at, repeated) = done.value;
        Ok(Revoked { id, place: done.place, committed_at, repeated, acknowledged: self.boot() })
    }

    /// Waits until every registered verifier has applied the revocation or can no longer answer, and signs the proof of it.
    ///
    /// # Errors
    /// [`Error::Keys`] before anything is waited for when there is no key to sign with; [`Error::Store`]
    pub async fn revocation_effective(&self, revoked: &Revoked) -> Result<Effective, Error> {
        let key = self.keys.proof()?;
        let installation = self.store.installation().await?;
        let wait = Wait::new(revoked.place.epoch, revoked.place.position, revoked.acknowledged, installation.lease_ms);
        // Whoever registers after this has taken its snapshot after the commit: it is not waited for.
        let mut listed = self.store.verifiers().await?;
        let mut local = self.local.clone();
        let effects = loop {
            let reported = self.reports(&mut local, &listed);
            if let Some(effects) = wait.outcome(self.boot(), &reported) {
                break effects;
            }
            if self.only_local(&wait, &reported) {
                self.local_progress(&mut local, wait.until()).await;
            } else {
                tokio::time::sleep(ASK_AGAIN).await;
                let newer = self.store.verifiers().await?;
                listed.retain_mut(|known| match newer.iter().find(|n| n.reported.verifier == known.reported.verifier) {
                    Some(newer) => {
                        *known = newer.clone();
                        true
                    }
                    // Its row is gone: it left in good order, or has been silent for ten leases; but a row says nothing, only the clock does.
                    None => self.boot() < wait.until(),
                });
            }
        };
        let effective_at = self.now();
        let verifiers: Vec<VerifierEffect> = effects
            .into_iter()
            .map(|(id, effect)| {
                let node = listed.iter().find(|l| l.reported.verifier == id).map_or_else(String::new, |l| l.node.clone());
                VerifierEffect { id, node, effect }
            })
            .collect();
        let claims = json!({
            "credential": revoked.id.to_string(),
            "epoch": format!("{:?}", revoked.place.epoch),
            "position": revoked.place.position.0,
            "repeated": revoked.repeated,
            "committed_at": revoked.committed_at.to_string(),
            "effective_at": effective_at.to_string(),
            "lease_ms": installation.lease_ms,
            "durability": self.store.durability().await?.as_str(),
            "verifiers": verifiers.iter().map(VerifierEffect::to_json).collect::<Vec<Value>>(),
        });
        Ok(Effective { effective_at, verifiers, proof: key.sign(&claims) })
    }

    /// What each listed verifier has reported; the one in this process says so itself.
    fn reports(&self, local: &mut Option<LocalVerifier>, listed: &[Verifier]) -> Vec<Reported> {
        let local = local.as_mut().and_then(|l| *l.applied.borrow_and_update());
        let report = |v: &Verifier| match local {
            Some((id, place)) if id == v.reported.verifier => Reported { verifier: id, epoch: place.epoch, position: place.position, at: self.now() },
            _ => v.reported,
        };
        listed.iter().map(report).collect()
    }

    /// Whether nobody but the verifier in this process is still waited for.
    fn only_local(&self, wait: &Wait, reported: &[Reported]) -> bool {
        let Some((local, _)) = self.local.as_ref().and_then(|l| *l.applied.borrow()) else { return false };
        let others: Vec<Reported> = reported.iter().filter(|r| r.verifier != local).copied().collect();
        wait.outcome(self.boot(), &others).is_some()
    }

    /// Until the verifier in this process has applied more, or until `until`.
    async fn local_progress(&self, local: &mut Option<LocalVerifier>, until: Boot) {
        let Some(local) = local else { return };
        let left = Duration::from_nanos(until.ns_since(self.boot()));
        // Seen is what `reports` has read; a change between the two makes another round at once.
        tokio::select! {
            _ = local.applied.changed() => {}
            () = tokio::time::sleep(left.min(ASK_AGAIN)) => {}
        }
    }
}

impl VerifierEffect {
    /// As the proof and the command line show it.
    #[must_use]
    pub fn to_json(&self) -> Value {
        match self.effect {
            Effect::Applied { position, at } => json!({ "id": self.id.to_string(), "node": self.node, "position": position.0, "at": at.to_string() }),
            Effect::LeaseExpired => json!({ "id": self.id.to_string(), "node": self.node, "lease_expired": true }),
        }
    }
}
