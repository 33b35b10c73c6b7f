//! Inviting people into an organisation.

use keywright_crypto::random;
use keywright_domain::caller::{Caller, Right};
use keywright_domain::ids::{InvitationId, MemberId, OrganisationId};
use keywright_domain::membership::{InvitationState, MemberGrants};
use keywright_domain::organisation::Review;
use keywright_domain::time::Timestamp;
use keywright_domain::{limits, text};
use keywright_store::invitations::Invitation;
use keywright_store::{AuditEntry, Done, Tx};
use serde_json::json;

use super::change::words;
use super::{GrantsGiven, checked, giver, good, unknown_applications};
use crate::access::{allowed_gate, grants_of};
use crate::form::Form;
use crate::{Error, Operations, Rule, mail};

/// An invitation that was accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accepted {
    /// Where.
    pub organisation: OrganisationId,
    /// The place that the person has there.
    pub member: MemberId,
}

impl Operations {
    /// Invites somebody by mail, with grants that they will hold. It can be accepted once, for seven days, by the invited address only.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Right`], [`Error::Invalid`], [`Rule::Giving`], [`Rule::TooMany`], [`Rule::TooManyInvitations`] (429),
    /// [`Rule::InvitationOpen`], [`Error::Keys`] where the mail cannot be sealed, [`Error::Store`]
    pub async fn invitation_create(&self, caller: &Caller, organisation: OrganisationId, mail: &str, given: GrantsGiven) -> Result<Invitation, Error> {
        let allowed = self.over_organisation(caller, Right::ManageMembers, organisation).await?;
        let mut form = Form::default();
        let to = form.take("mail", text::mail(mail));
        let grants = checked(&given, form, limits::INVITED_APPLICATIONS_MAX)?.over(&MemberGrants::default());
        let (to, now) = (good(to), self.now());
        let found = self.store.scope(&allowed)?.organisation_row().await?.ok_or_else(|| Error::not_found("organisation", organisation))?;
        let (organisation_name, review) = (found.name, found.review);
        let inviter = grants_of(caller);
        let called = match inviter {
            Some(person) => self.gate(&allowed_gate()?)?.person_called(person).await?,
            None => None,
        };
        let (id, until) = (InvitationId::from_parts(now.ms(), random::bits()?), now.plus(limits::INVITATION_KEPT));
        let by = called.as_ref().map(|(mail, name)| (name.as_str(), mail.as_str()));
        let letter = mail::invitation(self.base_url(), &to, by, &organisation_name, id, until);
        let inviter_mail = called.map(|(mail, _)| mail);
        let letter = self.mail_seal(&letter, until)?;
        let invitation = Invitation {
            id,
            organisation,
            organisation_name,
            mail: to,
            grants,
            inviter,
            inviter_token: match caller {
                Caller::Token(token) => Some(token.id),
                Caller::Machine { .. } | Caller::System { .. } | Caller::Person(_) | Caller::Registrar(_) | Caller::Client(_) => None,
            },
            inviter_mail,
            created_at: now,
            until,
            accepted_at: None,
            withdrawn_at: None,
        };
        let caller = caller.clone();
        let done = self
            .write(allowed, async move |tx| {
                tx.lock_organisation(organisation).await?;
                let giver = giver::giver(tx, &caller, organisation).await?;
                giver::may(giver.as_ref(), &MemberGrants::default(), &invitation.grants)?;
                let unknown = tx.applications_unknown(organisation, &invitation.grants.applications).await?;
                if !unknown.is_empty() {
                    return Err(unknown_applications(&unknown));
                }
                if tx.invitation_open_count(organisation, now).await? >= limits::INVITATIONS_OPEN_MAX {
                    let (what, remedy) = ("open invitations", "withdraw one, or wait until somebody has accepted");
                    return Err(Rule::TooMany { whose: "the organisation", what, max: limits::INVITATIONS_OPEN_MAX, remedy }.into());
                }
                not_too_often(tx, &invitation, review).await?;
                tx.invitation_insert(&invitation).await?;
                letter.insert(tx).await?;
                let audit = AuditEntry::new("invitation.created", id).with(words(&invitation.grants)).with_personal(json!({ "mail": invitation.mail }));
                Ok::<_, Error>(Done::new(invitation.clone()).audit(audit))
            })
            .await?;
        self.mail_added();
        Ok(done.value)
    }

    /// Invitations of an organisation, newest first, at most [`limits::PAGE_ROWS_MAX`].
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Right`], [`Error::Store`]
    pub async fn invitation_list(&self, caller: &Caller, organisation: OrganisationId) -> Result<Vec<Invitation>, Error> {
        let allowed = self.over_organisation(caller, Right::ManageMembers, organisation).await?;
        Ok(self.store.scope(&allowed)?.invitation_list(limits::PAGE_ROWS_ASKED as u32).await?)
    }

    /// Takes an invitation back. Doing it twice changes nothing.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Right`], [`Rule::InvitationOver`] when it was accepted, [`Rule::Giving`] when it gives what the caller may
    /// not take, [`Error::Store`]
    pub async fn invitation_withdraw(&self, caller: &Caller, id: InvitationId) -> Result<Invitation, Error> {
        let gone = move || Error::not_found("invitation", id);
        let (invitation, _) = self.gate(&allowed_gate()?)?.invitation(id, None).await?.ok_or_else(gone)?;
        let organisation = invitation.organisation;
        let allowed = self.over_organisation(caller, Right::ManageMembers, organisation).await.map_err(|e| as_invitation(e, id))?;
        let (now, caller) = (self.now(), caller.clone());
        let done = self
            .write(allowed, async move |tx| {
                let mut invitation = tx.invitation_for_update(organisation, id).await?.ok_or_else(gone)?;
                match invitation.state(now) {
                    InvitationState::Withdrawn => return Ok(Done::new(invitation)),
                    over @ InvitationState::Accepted => return Err(Rule::InvitationOver(over).into()),
                    InvitationState::Open | InvitationState::Expired => {}
                }
                let giver = giver::giver(tx, &caller, organisation).await?;
                giver::may(giver.as_ref(), &invitation.grants, &MemberGrants::default())?;
                invitation.withdrawn_at = Some(now);
                tx.invitation_save(&invitation).await?;
                Ok::<_, Error>(Done::new(invitation).audit(AuditEntry::new("invitation.withdrawn", id)))
            })
            .await?;
        Ok(done.value)
    }

    /// One invitation, for whoever has the invited address, or manages members.
    ///
    /// # Errors
    /// [`Error::NotFound`] for everybody else, [`Error::Store`]
    pub async fn invitation_show(&self, caller: &Caller, id: InvitationId) -> Result<Invitation, Error> {
        let gone = || Error::not_found("invitation", id);
        let person = match caller {
            Caller::Person(person) if person.only.is_none() => Some(person.id),
            _ => None,
        };
        let (invitation, mine) = self.gate(&allowed_gate()?)?.invitation(id, person).await?.ok_or_else(gone)?;
        if !mine {
            self.over_organisation(caller, Right::ManageMembers, invitation.organisation).await.map_err(|_| gone())?;
        }
        Ok(invitation)
    }
}

/// Each invitation is a mail to an address that somebody typed, so it counts also after it was withdrawn.
async fn not_too_often(tx: &mut Tx<'_>, new: &Invitation, review: Review) -> Result<(), Error> {
    let counted = limits::INVITATIONS_COUNTED;
    let since = Timestamp::from_us(new.created_at.us().saturating_sub(counted.us()));
    tx.lock_address(&new.mail).await?;
    let lately = tx.invited_since(new.organisation, &new.mail, since, new.created_at).await?;
    if lately.open > 0 {
        return Err(Rule::InvitationOpen.into());
    }
    let per_organisation = if review == Review::Draft { limits::INVITATIONS_PER_DAY_DRAFT_MAX } else { limits::INVITATIONS_PER_DAY_MAX };
    let too_many = |told: String| Err(Rule::TooManyInvitations { told, again_in_s: counted.us() / 1_000_000 }.into());
    if lately.to_mail >= limits::INVITATIONS_PER_ADDRESS_MAX {
        return too_many("this address cannot be invited now".to_owned());
    }
    if lately.by_organisation >= per_organisation {
        return too_many(format!("the organisation has made {per_organisation} invitations in the last 24 hours, which is the most"));
    }
    Ok(())
}

/// To whoever may not manage an organisation's members, its invitations are as if they never were.
fn as_invitation(error: Error, id: InvitationId) -> Error {
    match error {
        Error::NotFound { .. } => Error::not_found("invitation", id),
        other => other,
    }
}
