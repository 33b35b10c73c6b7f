//! Changing and removing members.

use keywright_domain::caller::{Caller, Right};
use keywright_domain::grants::OrganisationGrant;
use keywright_domain::ids::{MemberId, OrganisationId, PersonId};
use keywright_domain::limits;
use keywright_domain::membership::MemberGrants;
use keywright_store::members::Member;
use keywright_store::{AuditEntry, Done, Tx};
use serde_json::{Value, json};

use super::{GrantsGiven, as_member, checked, giver, unknown_applications};
use crate::form::Form;
use crate::{Error, Operations, Rule};

/// A member who was removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Removed {
    /// Where from.
    pub organisation: OrganisationId,
    /// The place that they had.
    pub member: MemberId,
    /// Who.
    pub person: PersonId,
    /// How many of their management tokens were revoked with it.
    pub tokens: usize,
}

/// Grants as the audit trail has them.
pub(super) fn words(grants: &MemberGrants) -> Value {
    let applications: serde_json::Map<String, Value> = grants.applications.iter().map(|(id, g)| (id.to_string(), json!(g.names()))).collect();
    json!({ "grants": grants.organisation.names(), "applications": applications })
}

/// The last admin stays one. Whoever asks has locked the organisation, so that two who leave at once do not both find the other.
async fn keep_an_admin(tx: &mut Tx<'_>, member: &Member, after: Option<&MemberGrants>) -> Result<(), Error> {
    let is_admin = |grants: &MemberGrants| grants.organisation.has(OrganisationGrant::Admin);
    if is_admin(&member.grants) && !after.is_some_and(is_admin) && !tx.member_is_other_admin(member.organisation, member.id).await? {
        return Err(Rule::LastAdmin.into());
    }
    Ok(())
}

impl Operations {
    /// Changes what a member holds. Changing nothing writes nothing.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Right`], [`Error::Invalid`], [`Rule::Giving`], [`Rule::LastAdmin`], [`Error::Store`]
    pub async fn member_change(&self, caller: &Caller, id: MemberId, given: GrantsGiven) -> Result<Member, Error> {
        let organisation = self.organisation_of_member(id).await?;
        let allowed = self.over_organisation(caller, Right::ManageMembers, organisation).await.map_err(|e| as_member(e, id))?;
        let given = checked(&given, Form::default(), limits::APPLICATION_GRANTS_MAX)?;
        let caller = caller.clone();
        let done = self
            .write(allowed, async move |tx| {
                let mut member = tx.member_for_update(organisation, id).await?.ok_or_else(|| Error::not_found("member", id))?;
                let after = given.over(&member.grants);
                let giver = giver::giver(tx, &caller, organisation).await?;
                giver::may(giver.as_ref(), &member.grants, &after)?;
                if after == member.grants {
                    return Ok(Done::new(member));
                }
                keep_an_admin(tx, &member, Some(&after)).await?;
                let before = std::mem::replace(&mut member.grants, after);
                let unknown = tx.member_save(&before.applications, &member).await?;
                if !unknown.is_empty() {
                    return Err(unknown_applications(&unknown));
                }
                let detail = json!({ "person": member.person.to_string(), "before": words(&before), "after": words(&member.grants) });
                Ok::<_, Error>(Done::new(member).audit(AuditEntry::new("member.changed", id).with(detail)))
            })
            .await?;
        Ok(done.value)
    }

    /// Removes a member; a person may remove themselves. What reached into the organisation through them ends in the same moment: grants, access
    /// tokens for it, and the management tokens that they made. Credentials belong to applications and live on.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Right`], [`Rule::Giving`], [`Rule::LastAdmin`], [`Error::Store`]
    pub async fn member_remove(&self, caller: &Caller, id: MemberId) -> Result<Removed, Error> {
        let organisation = self.organisation_of_member(id).await?;
        let seen = self.over_organisation(caller, Right::See, organisation).await.map_err(|e| as_member(e, id))?;
        let member = self.store.scope(&seen)?.member(id).await?.ok_or_else(|| Error::not_found("member", id))?;
        let themselves = matches!(caller, Caller::Person(person) if person.id == member.person);
        let allowed = if themselves { seen } else { self.over_organisation(caller, Right::ManageMembers, organisation).await? };
        let (caller, now) = (caller.clone(), self.now());
        let done = self
            .write(allowed, async move |tx| {
                let member = tx.member_for_update(organisation, id).await?.ok_or_else(|| Error::not_found("member", id))?;
                if !themselves {
                    let giver = giver::giver(tx, &caller, organisation).await?;
                    giver::may(giver.as_ref(), &member.grants, &MemberGrants::default())?;
                }
                keep_an_admin(tx, &member, None).await?;
                let tokens = tx.member_remove(&member, now).await?;
                let action = if themselves { "member.left" } else { "member.removed" };
                let detail = json!({ "person": member.person.to_string(), "before": words(&member.grants), "tokens": tokens.len() });
                let audit = AuditEntry::new(action, id).with(detail).with_personal(json!({ "mail": member.mail }));
                let mut done = Done::new(Removed { organisation, member: id, person: member.person, tokens: tokens.len() }).audit(audit);
                for token in tokens {
                    done = done.audit(AuditEntry::new("management_token.revoked", token).with(json!({ "because": action })));
                }
                Ok::<_, Error>(done)
            })
            .await?;
        Ok(done.value)
    }
}
