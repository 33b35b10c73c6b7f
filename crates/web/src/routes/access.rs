//! Who may call a route, as the table says it and the matrix of rights lists it.

use std::fmt;

use keywright_domain::caller::Right;

/// Who may call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anybody.
    Public,
    /// Any person who has signed in, and programs with a token, each with what is their own.
    SignedIn,
    /// Who holds this right over the organisation.
    Organisation(Right),
    /// Who holds this right over the application.
    Application(Right),
    /// Operators of the provider.
    Operator,
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Public => f.write_str("public"),
            Self::SignedIn => f.write_str("signed in"),
            Self::Organisation(right) => write!(f, "organisation: {right:?}"),
            Self::Application(right) => write!(f, "application: {right:?}"),
            Self::Operator => f.write_str("operator"),
        }
    }
}

/// What a route is to its callers: which proof of who they are it takes, and how it says no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// For machines of the installation, whatever the `Host`, on every node.
    Machine,
    /// Answers JSON to anybody who names this host, on every node.
    Open,
    /// The management API: session, access token or management token; problem documents.
    Api,
    /// A page of the hub: session; a page or a redirect says no.
    Page,
}

/// A row of the matrix of rights.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatrixRow {
    /// `GET`
    pub method: &'static str,
    /// `/api/v1/credentials/{credential}`
    pub path: &'static str,
    /// API or page.
    pub way: Way,
    /// Who may call.
    pub access: Access,
    /// What it does.
    pub summary: &'static str,
}
