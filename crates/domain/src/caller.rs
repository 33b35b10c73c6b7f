//! Who is asking, and whether they may. Only [`allow`] can make an [`Allowed`], and the store opens nothing without one.

use std::fmt;

use crate::grants::{ApplicationGrant, ApplicationGrants, Held, OrganisationGrant, OrganisationGrants};
use crate::ids::{ApplicationId, CredentialId, ManagementTokenId, OrganisationId, PersonId, RegistrationTokenId};

/// Whoever asks for something to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// Somebody at the machine, on the command line: `cli:root`.
    Machine {
        /// Name of the user account.
        user: String,
    },
    /// Keywright's own timers and loops: `system:usage`.
    System {
        /// Which one.
        job: &'static str,
    },
    /// A person who has signed in.
    Person(Person),
    /// A program with a management token.
    Token(Token),
    /// A client that registers itself, by an initial access token.
    Registrar(Registrar),
    /// A registered client, about itself.
    Client(Client),
}

/// A person who has signed in, to the hub or for an access token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Person {
    /// Who.
    pub id: PersonId,
    /// Works for the provider.
    pub operator: bool,
    /// The organisation that an access token is for; none: all of the person's.
    pub only: Option<OrganisationId>,
}

/// A program with a management token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    /// Which one.
    pub id: ManagementTokenId,
    /// Whose it is.
    pub organisation: OrganisationId,
    /// The member who made it, whose own grants bound it; none: it was made at the machine.
    pub person: Option<PersonId>,
    /// What it was made for; over applications: over all of the organisation's.
    pub grants: Held,
}

/// Whoever holds an initial access token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Registrar {
    /// Which one.
    pub id: RegistrationTokenId,
    /// Whose it is.
    pub organisation: OrganisationId,
    /// The one application that it is for.
    pub application: ApplicationId,
    /// The person who made it, whose own grants bound it; none: it was made at the machine.
    pub person: Option<PersonId>,
}

/// A client that has registered itself, and holds its registration access token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Client {
    /// The one credential that it is.
    pub credential: CredentialId,
    /// Whose it is.
    pub organisation: OrganisationId,
}

/// What the two hold, over the one thing that they are for.
fn of_registration() -> Held {
    Held { organisation: OrganisationGrants::NONE, application: ApplicationGrants::of(&[ApplicationGrant::Edit]) }
}

impl fmt::Display for Caller {
    /// As the audit trail names it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Machine { user } => write!(f, "cli:{user}"),
            Self::System { job } => write!(f, "system:{job}"),
            Self::Person(person) => person.id.fmt(f),
            Self::Token(token) => token.id.fmt(f),
            Self::Registrar(registrar) => registrar.id.fmt(f),
            Self::Client(client) => write!(f, "client:{}", client.credential),
        }
    }
}

/// What somebody may want to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Right {
    /// List, review, suspend and resume all organisations; catalogue, resource servers, verifiers, leaks.
    Operate,
    /// Put down what was used, end what is over: Keywright's own housekeeping.
    Housekeep,
    /// Find out who is asking and what they hold, before any right is known.
    Gate,
    /// Make an organisation, accept an invitation, end one's own sessions.
    Register,
    /// See an organisation: its name and members.
    See,
    /// Make applications.
    CreateApplications,
    /// Change the organisation's settings, hand it in for review.
    EditSettings,
    /// Invite, change and remove members.
    ManageMembers,
    /// See the whole Activity; make and revoke management tokens.
    Administer,
    /// See an application, its credentials and their use.
    View,
    /// Suspend, resume and revoke a credential.
    End,
    /// Change an application; make, change and rotate its credentials.
    Edit,
    /// Activate, deactivate and delete an application; move an expiry away.
    Admin,
}

impl Right {
    /// All of them, for the matrix of rights and for tests.
    pub const ALL: [Self; 13] = [
        Self::Operate,
        Self::Housekeep,
        Self::Gate,
        Self::Register,
        Self::See,
        Self::CreateApplications,
        Self::EditSettings,
        Self::ManageMembers,
        Self::Administer,
        Self::View,
        Self::End,
        Self::Edit,
        Self::Admin,
    ];

    /// What the caller lacks, for messages.
    #[must_use]
    pub const fn lacking(self) -> &'static str {
        match self {
            Self::Operate => "it takes an operator",
            Self::Housekeep | Self::Gate => "it is for Keywright itself",
            Self::Register => "it takes a person who has signed in",
            Self::See => "it takes a member of the organisation",
            Self::CreateApplications => "it takes the grant create_applications",
            Self::EditSettings => "it takes the grant edit_settings",
            Self::ManageMembers => "it takes the grant manage_members",
            Self::Administer => "it takes the grant admin of the organisation",
            Self::View => "it takes the grant view of the application",
            Self::End | Self::Edit => "it takes the grant edit of the application",
            Self::Admin => "it takes the grant admin of the application",
        }
    }

    /// Operators see metadata, review, suspend and revoke; they neither make, rotate nor change what is a customer's.
    const fn is_every_operators(self) -> bool {
        matches!(self, Self::Operate | Self::See | Self::View | Self::End)
    }
}

/// What the decision depends on beside the caller: whose the thing is, and what the caller holds there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Facts {
    /// The organisation that owns the thing; none: it is the installation's.
    pub organisation: Option<OrganisationId>,
    /// What the person holds as a member of it; none: no member.
    pub member: Option<Held>,
}

impl Facts {
    /// About something of this organisation, asked for by somebody whose grants do not matter.
    #[must_use]
    pub const fn of(organisation: OrganisationId) -> Self {
        Self { organisation: Some(organisation), member: None }
    }
}

/// A permission to act, for one caller, one right, one organisation. It opens the store's doors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowed {
    caller: Caller,
    right: Right,
    organisation: Option<OrganisationId>,
    held: Option<Held>,
}

/// The caller may not do this.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{caller} may not do this: {}", right.lacking())]
pub struct Refused {
    /// Who asked.
    pub caller: String,
    /// What they lack.
    pub right: Right,
}

/// What the caller holds over what `facts` describe; none: nothing at all, so to the caller it does not exist.
fn held(caller: &Caller, facts: &Facts) -> Option<Held> {
    match caller {
        Caller::Machine { .. } | Caller::System { .. } => None,
        Caller::Person(person) => facts.member.filter(|_| person.only.is_none_or(|only| facts.organisation == Some(only))),
        Caller::Token(token) if facts.organisation != Some(token.organisation) => None,
        // Whoever leaves takes the reach of their tokens along.
        Caller::Token(token) => match token.person {
            Some(_) => facts.member.map(|member| member.and(token.grants)),
            None => Some(token.grants),
        },
        Caller::Registrar(registrar) if facts.organisation == Some(registrar.organisation) => match registrar.person {
            Some(_) => facts.member.map(|member| member.and(of_registration())),
            None => Some(of_registration()),
        },
        Caller::Client(client) if facts.organisation == Some(client.organisation) => Some(of_registration()),
        Caller::Registrar(_) | Caller::Client(_) => None,
    }
}

/// The one decision about rights.
///
/// # Errors
/// [`Refused`] when the caller does not hold the right over what `facts` describe.
pub fn allow(caller: &Caller, right: Right, facts: &Facts) -> Result<Allowed, Refused> {
    let held = held(caller, facts);
    let may = match caller {
        // Whoever can read and write the store's files can do everything in it; the audit trail names the account.
        Caller::Machine { .. } => !matches!(right, Right::Housekeep | Right::Gate | Right::Register),
        Caller::System { .. } => matches!(right, Right::Housekeep | Right::Gate),
        // An access token for one organisation does not reach beyond it.
        Caller::Person(person) => match right {
            Right::Register => person.only.is_none(),
            _ if person.operator && person.only.is_none() && right.is_every_operators() => true,
            _ => held.is_some_and(|held| holds(held, right)),
        },
        Caller::Token(_) => held.is_some_and(|held| holds(held, right)),
        // They neither see the organisation nor anything else of it.
        Caller::Registrar(_) => matches!(right, Right::View | Right::Edit) && held.is_some_and(|held| holds(held, right)),
        Caller::Client(_) => matches!(right, Right::View | Right::Edit | Right::End) && held.is_some_and(|held| holds(held, right)),
    };
    if may { Ok(Allowed { caller: caller.clone(), right, organisation: facts.organisation, held }) } else { Err(Refused { caller: caller.to_string(), right }) }
}

/// Whether the caller may know that what `facts` describe exists at all. To everybody else it is as if it never was.
#[must_use]
pub fn sees(caller: &Caller, facts: &Facts) -> bool {
    match caller {
        Caller::Machine { .. } => true,
        Caller::Person(person) if person.operator && person.only.is_none() => true,
        _ => held(caller, facts).is_some(),
    }
}

fn holds(held: Held, right: Right) -> bool {
    match right {
        Right::Operate | Right::Housekeep | Right::Gate | Right::Register => false,
        Right::See => true,
        Right::CreateApplications => held.organisation.holds(OrganisationGrant::CreateApplications),
        Right::EditSettings => held.organisation.holds(OrganisationGrant::EditSettings),
        Right::ManageMembers => held.organisation.holds(OrganisationGrant::ManageMembers),
        Right::Administer => held.organisation.holds(OrganisationGrant::Admin),
        Right::View => held.on_application().holds(ApplicationGrant::View),
        Right::End | Right::Edit => held.on_application().holds(ApplicationGrant::Edit),
        Right::Admin => held.on_application().holds(ApplicationGrant::Admin),
    }
}

impl Allowed {
    /// Who was allowed.
    #[must_use]
    pub const fn caller(&self) -> &Caller {
        &self.caller
    }
    /// What was allowed.
    #[must_use]
    pub const fn right(&self) -> Right {
        self.right
    }
    /// In which organisation; none: in the installation.
    #[must_use]
    pub const fn organisation(&self) -> Option<OrganisationId> {
        self.organisation
    }
    /// What the caller holds there; none: the right comes from elsewhere, as an operator's or the machine's does.
    #[must_use]
    pub const fn held(&self) -> Option<Held> {
        self.held
    }
    /// Whether the same caller may do this too, over the same thing.
    #[must_use]
    pub fn also(&self, right: Right) -> bool {
        allow(&self.caller, right, &Facts { organisation: self.organisation, member: self.held }).is_ok()
    }
    /// Who did it, as the audit trail names it: an operator who is no member says so.
    #[must_use]
    pub fn actor(&self) -> String {
        match (&self.caller, self.held) {
            (Caller::Person(person), None) if person.operator => format!("operator:{}", person.id),
            (caller, _) => caller.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORG: OrganisationId = OrganisationId::from_bits(1);
    const OTHER: OrganisationId = OrganisationId::from_bits(2);

    fn person(operator: bool, only: Option<OrganisationId>) -> Caller {
        Caller::Person(Person { id: PersonId::from_bits(1), operator, only })
    }

    fn rights(caller: &Caller, facts: Facts) -> Vec<Right> {
        Right::ALL.into_iter().filter(|r| allow(caller, *r, &facts).is_ok()).collect()
    }

    fn member(organisation: &[OrganisationGrant], application: &[ApplicationGrant]) -> Facts {
        let held = Held { organisation: OrganisationGrants::of(organisation), application: ApplicationGrants::of(application) };
        Facts { organisation: Some(ORG), member: Some(held) }
    }

    #[test]
    fn the_matrix() {
        use Right::{Admin, Administer, CreateApplications, Edit, EditSettings, End, Gate, Housekeep, ManageMembers, Operate, Register, See, View};
        let anybody = person(false, None);
        assert_eq!(rights(&anybody, Facts::of(ORG)), [Register]);
        assert_eq!(rights(&anybody, member(&[], &[])), [Register, See]);
        assert_eq!(rights(&anybody, member(&[], &[ApplicationGrant::View])), [Register, See, View]);
        assert_eq!(rights(&anybody, member(&[], &[ApplicationGrant::Edit])), [Register, See, View, End, Edit]);
        let admin = [Register, See, CreateApplications, EditSettings, ManageMembers, Administer, View, End, Edit, Admin];
        assert_eq!(rights(&anybody, member(&[OrganisationGrant::Admin], &[])), admin);
        assert_eq!(rights(&person(true, None), Facts::of(ORG)), [Operate, Register, See, View, End]);
        assert_eq!(rights(&person(true, Some(ORG)), member(&[], &[])), [See]);
        assert_eq!(rights(&Caller::System { job: "x" }, Facts::default()), [Housekeep, Gate]);
        assert_eq!(rights(&person(false, Some(OTHER)), member(&[OrganisationGrant::Admin], &[])), []);
    }

    #[test]
    fn a_token_reaches_no_further_than_its_maker_does_now() {
        let grants = Held { organisation: OrganisationGrants::of(&[OrganisationGrant::Admin]), application: ApplicationGrants::NONE };
        let token = |person| Caller::Token(Token { id: ManagementTokenId::from_bits(1), organisation: ORG, person, grants });
        let of_member = token(Some(PersonId::from_bits(1)));
        assert!(allow(&of_member, Right::Edit, &member(&[OrganisationGrant::Admin], &[])).is_ok());
        assert!(allow(&of_member, Right::Edit, &member(&[], &[ApplicationGrant::View])).is_err());
        assert!(allow(&of_member, Right::See, &Facts::of(ORG)).is_err(), "its maker has left");
        assert!(allow(&token(None), Right::Administer, &Facts::of(ORG)).is_ok());
        assert!(allow(&token(None), Right::See, &Facts::of(OTHER)).is_err());
        assert!(!sees(&token(None), &Facts::of(OTHER)) && sees(&token(None), &Facts::of(ORG)));
    }

    #[test]
    fn who_registers_clients_does_nothing_else_and_no_more_than_the_maker_of_the_token() {
        use Right::{Edit, End, View};
        let registrar = |person| {
            let (id, application) = (RegistrationTokenId::from_bits(1), ApplicationId::from_bits(1));
            Caller::Registrar(Registrar { id, organisation: ORG, application, person })
        };
        let of_member = registrar(Some(PersonId::from_bits(1)));
        assert_eq!(rights(&registrar(None), Facts::of(ORG)), [View, Edit]);
        assert_eq!(rights(&registrar(None), Facts::of(OTHER)), []);
        assert_eq!(rights(&of_member, member(&[OrganisationGrant::Admin], &[])), [View, Edit]);
        assert_eq!(rights(&of_member, member(&[], &[ApplicationGrant::View])), [View]);
        assert_eq!(rights(&of_member, Facts::of(ORG)), [], "its maker has left");
        let client = Caller::Client(Client { credential: CredentialId::from_bits(1), organisation: ORG });
        assert_eq!(rights(&client, Facts::of(ORG)), [View, End, Edit]);
        assert_eq!(rights(&client, Facts::of(OTHER)), []);
    }

    #[test]
    fn an_operator_who_is_no_member_is_named_as_one() {
        let operator = person(true, None);
        assert!(allow(&operator, Right::End, &Facts::of(ORG)).unwrap().actor().starts_with("operator:prs_"));
        assert!(allow(&operator, Right::End, &member(&[OrganisationGrant::Admin], &[])).unwrap().actor().starts_with("prs_"));
    }
}
