//! Accepting an invitation.

use keywright_crypto::random;
use keywright_domain::caller::{Caller, Facts, Right, allow};
use keywright_domain::ids::{InvitationId, MemberId, OrganisationId, PersonId};
use keywright_domain::limits;
use keywright_domain::membership::{InvitationState, MemberGrants, OnApplications};
use keywright_domain::time::Timestamp;
use keywright_store::invitations::Invitation;
use keywright_store::members::Member;
use keywright_store::{AuditEntry, Done, Tx};
use serde_json::json;

use super::change::words;
use super::{Accepted, giver};
use crate::access::allowed_gate;
use crate::persons::themselves;
use crate::{Error, Operations, Rule};

impl Operations {
    /// Accepts an invitation: the person becomes a member, or holds what it says beside what they held already.
    ///
    /// # Errors
    /// [`Error::NotFound`] for everybody but the invited address, [`Error::Right`], [`Rule::InvitationOver`], [`Rule::InviterLost`],
    /// [`Rule::TooMany`], [`Error::Store`]
    pub async fn invitation_accept(&self, caller: &Caller, id: InvitationId) -> Result<Accepted, Error> {
        let person = themselves(caller)?.id;
        let gone = move || Error::not_found("invitation", id);
        let found = self.gate(&allowed_gate()?)?.invitation(id, Some(person)).await?;
        let organisation = found.filter(|(_, mine)| *mine).ok_or_else(gone)?.0.organisation;
        let allowed = allow(caller, Right::Register, &Facts::of(organisation))?;
        let now = self.now();
        let new = MemberId::from_parts(now.ms(), random::bits()?);
        let done = self
            .write(allowed, async move |tx| {
                let mut invitation = tx.invitation_for_update(organisation, id).await?.ok_or_else(gone)?;
                let state = invitation.state(now);
                if state != InvitationState::Open {
                    return Err(Rule::InvitationOver(state).into());
                }
                let known = tx.member_of_person(organisation, person).await?;
                let before = known.as_ref().map_or_else(MemberGrants::default, |m| m.grants.clone());
                let after = before.or(&still_there(tx, &invitation).await?);
                inviter_may(tx, &invitation, &before, &after, now).await?;
                let member = match &known {
                    Some(member) => member.id,
                    None => join(tx, organisation, person, new, now).await?,
                };
                let place = placed(tx, organisation, person).await?;
                tx.member_save(&before.applications, &Member { grants: after.clone(), ..place }).await?;
                invitation.accepted_at = Some(now);
                tx.invitation_save(&invitation).await?;
                let detail = json!({ "person": person.to_string(), "invitation": id.to_string(), "after": words(&after) });
                let audit = AuditEntry::new(if known.is_some() { "member.changed" } else { "member.joined" }, member).with(detail);
                let accepted = AuditEntry::new("invitation.accepted", id).with(json!({ "member": member.to_string() }));
                Ok::<_, Error>(Done::new(Accepted { organisation, member }).audit(accepted).audit(audit))
            })
            .await?;
        Ok(done.value)
    }

    /// Invitations that the person who asks can accept, newest first.
    ///
    /// # Errors
    /// [`Error::Right`] unless a person asks, [`Error::Store`]
    pub async fn invitations_for(&self, caller: &Caller) -> Result<Vec<Invitation>, Error> {
        let person = themselves(caller)?.id;
        Ok(self.gate(&allowed_gate()?)?.invitations_for(person, self.now()).await?)
    }
}

/// What the invitation gives, without applications that were deleted since.
async fn still_there(tx: &mut Tx<'_>, invitation: &Invitation) -> Result<MemberGrants, Error> {
    let MemberGrants { organisation, applications } = &invitation.grants;
    let gone = tx.applications_unknown(invitation.organisation, applications).await?;
    let applications = OnApplications::of(applications.iter().filter(|(id, _)| !gone.contains(id)));
    Ok(MemberGrants { organisation: *organisation, applications })
}

/// Whoever invited must still be able to give all this, with the token that they did it with. What was made at the machine stays.
async fn inviter_may(tx: &mut Tx<'_>, invitation: &Invitation, before: &MemberGrants, after: &MemberGrants, now: Timestamp) -> Result<(), Error> {
    let giver = match (invitation.inviter_token, invitation.inviter) {
        (Some(token), _) => giver::of_token(tx, invitation.organisation, token, now).await?,
        (None, Some(person)) => giver::of_person(tx, invitation.organisation, person).await?,
        (None, None) => return Ok(()),
    };
    giver.ok_or(Rule::InviterLost)?.may_change(before, after).map_err(|_| Rule::InviterLost.into())
}

async fn join(tx: &mut Tx<'_>, organisation: OrganisationId, person: PersonId, id: MemberId, now: Timestamp) -> Result<MemberId, Error> {
    for (count, max, whose, what, remedy) in [
        (tx.member_count(organisation).await?, limits::MEMBERS_MAX, "the organisation", "members", "remove one first"),
        (tx.membership_count(person).await?, limits::MEMBERSHIPS_MAX, "the person", "memberships", "leave an organisation first"),
    ] {
        if count >= max {
            return Err(Rule::TooMany { whose, what, max, remedy }.into());
        }
    }
    tx.member_insert(id, organisation, person, "", now).await?;
    Ok(id)
}

/// The place that the person has by now.
async fn placed(tx: &mut Tx<'_>, organisation: OrganisationId, person: PersonId) -> Result<Member, Error> {
    let member = tx.member_of_person(organisation, person).await?;
    member.ok_or_else(|| Error::not_found("person", person))
}
