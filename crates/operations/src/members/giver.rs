//! Who gives and takes grants, and what they hold at that moment.

use keywright_domain::caller::{Caller, Refused, Right};
use keywright_domain::grants::{OrganisationGrant, OrganisationGrants};
use keywright_domain::ids::{OrganisationId, PersonId};
use keywright_domain::membership::{Giver, MemberGrants};
use keywright_store::Tx;

use crate::{Error, Rule};

/// What the caller may give and take; none: everything. Whoever decides by it has locked the organisation before, so that it stays true.
pub(super) async fn giver(tx: &mut Tx<'_>, caller: &Caller, organisation: OrganisationId) -> Result<Option<Giver>, Error> {
    let (person, limit) = match caller {
        Caller::Machine { .. } | Caller::System { .. } => return Ok(None),
        Caller::Person(person) => (person.id, None),
        Caller::Token(token) => match token.person {
            Some(person) => (person, Some(token.grants)),
            // Made at the machine: it holds what it says.
            None => {
                let grants = MemberGrants { organisation: OrganisationGrants::of(&[OrganisationGrant::Admin]), ..MemberGrants::default() };
                return Ok(Some(Giver { grants, limit: Some(token.grants) }));
            }
        },
    };
    let found = of_person(tx, organisation, person).await?;
    let refused = || Error::Right(Refused { caller: caller.to_string(), right: Right::ManageMembers });
    Ok(Some(Giver { limit, ..found.ok_or_else(refused)? }))
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
