//! Who is asking, and whether they may. Only [`allow`] can make an [`Allowed`], and the store opens nothing without one.

use std::fmt;

use crate::ids::OrganisationId;

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
}

impl fmt::Display for Caller {
    /// As the audit trail names it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Machine { user } => write!(f, "cli:{user}"),
            Self::System { job } => write!(f, "system:{job}"),
        }
    }
}

/// What somebody may want to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Right {
    /// Make organisations; list, suspend and resume all of them; catalogue, resource servers, verifiers.
    Operate,
    /// See an organisation's applications and credentials.
    View,
    /// Make and change an organisation's applications and credentials.
    Edit,
    /// Delete an application, move an expiry away.
    Admin,
    /// Put down what was used, end what is over: Keywright's own housekeeping.
    Housekeep,
}

/// What the decision depends on beside the caller: whose the thing is. None: it is the installation's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Facts {
    /// The organisation that owns the thing.
    pub organisation: Option<OrganisationId>,
}

/// A permission to act, for one caller, one right, one organisation. It opens the store's doors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowed {
    caller: Caller,
    right: Right,
    organisation: Option<OrganisationId>,
}

/// The caller may not do this.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{caller} may not do this: it takes the right {right:?}")]
pub struct Refused {
    /// Who asked.
    pub caller: String,
    /// What they lack.
    pub right: Right,
}

/// The one decision about rights.
///
/// # Errors
/// [`Refused`] when the caller does not hold the right over what `facts` describe.
pub fn allow(caller: &Caller, right: Right, facts: &Facts) -> Result<Allowed, Refused> {
    let may = match (caller, right) {
        // Whoever can read and write the store's files can do everything in it; the audit trail names the account.
        (Caller::Machine { .. }, Right::Operate | Right::View | Right::Edit | Right::Admin) => true,
        (Caller::System { .. }, Right::Housekeep) => true,
        (Caller::Machine { .. }, Right::Housekeep) | (Caller::System { .. }, _) => false,
    };
    if may { Ok(Allowed { caller: caller.clone(), right, organisation: facts.organisation }) } else { Err(Refused { caller: caller.to_string(), right }) }
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
}
