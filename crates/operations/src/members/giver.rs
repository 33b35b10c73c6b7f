//! Who gives and takes grants, and what they hold at that moment.

use keywright_domain::caller::{Caller, Refused, Right};
use keywright_domain::grants::{Held, OrganisationGrant, OrganisationGrants};
use keywright_domain::ids::{ManagementTokenId, OrganisationId, PersonId};
use keywright_domain::membership::{Giver, MemberGrants};
use keywright_domain::time::Timestamp;
use keywright_store::Tx;

use crate::{Error, Rule};

/// What the caller may give and take; none: everything. Whoever decides by it has locked the organisation before, so that it stays true.
pub(super) async fn giver(tx: &mut Tx<'_>, caller: &Caller, organisation: OrganisationId) -> Result<Option<Giver>, Error> {
    let found = match caller {
        Caller::Machine { .. } | Caller::System { .. } => return Ok(None),
        Caller::Person(person) => of_person(tx, organisation, person.id).await?,
        Caller::Token(token) => limited(tx, organisation, token.person, token.grants).await?,
        Caller::Registrar(_) | Caller::Client(_) => None,
    };
    let refused = || Error::Right(Refused { caller: caller.to_string(), right: Right::ManageMembers });
    Ok(Some(found.ok_or_else(refused)?))
}

/// What a management token may give and take; none: it has ended, or who made it is no member who manages members.
pub(super) async fn of_token(tx: &mut Tx<'_>, organisation: OrganisationId, id: ManagementTokenId, now: Timestamp) -> Result<Option<Giver>, Error> {
    let found = tx.management_token_for_update(organisation, id).await?;
    match found.filter(|token| token.revoked_at.is_none() && token.expires_at.is_none_or(|end| now < end)) {
        Some(token) => limited(tx, organisation, token.person, token.grants).await,
        None => Ok(None),
    }
}

/// What a token may give and take that a person made, or somebody at the machine.
async fn limited(tx: &mut Tx<'_>, organisation: OrganisationId, person: Option<PersonId>, limit: Held) -> Result<Option<Giver>, Error> {
    let maker = match person {
        Some(person) => of_person(tx, organisation, person).await?,
        // Made at the machine: it holds what it says.
        None => {
            let grants = MemberGrants { organisation: OrganisationGrants::of(&[OrganisationGrant::Admin]), ..MemberGrants::default() };
            Some(Giver { grants, limit: None })
        }
    };
    Ok(maker.map(|giver| Giver { limit: Some(limit), ..giver }))
}

/// What a person may give and take; none: they are no member who manages members.
pub(super) async fn of_person(tx: &mut Tx<'_>, organisation: OrganisationId, person: PersonId) -> Result<Option<Giver>, Error> {
    let member = tx.member_of_person(organisation, person).await?.filter(|m| m.grants.organisation.holds(OrganisationGrant::ManageMembers));
    Ok(member.map(|m| Giver { grants: m.grants, limit: None }))
}

/// Whether a giver may bring somebody from `before` to `after`.
pub(super) fn may(giver: Option<&Giver>, before: &MemberGrants, after: &MemberGrants) -> Result<(), Error> {
    giver.map_or(Ok(()), |giver| giver.may_change(before, after)).map_err(|e| Rule::Giving(e).into())
}
