//! What the command line says about organisations and their programs.

use clap::Subcommand;

use super::Page;

/// Organisations.
#[derive(Debug, Subcommand)]
pub enum Org {
    /// Make an organisation and its owner
    Create {
        /// Its name
        name: String,
        /// Mail address of the person who owns it
        #[arg(long, value_name = "EMAIL")]
        owner: String,
    },
    /// All organisations, newest first
    List(Page),
    /// Refuse its production credentials until it is resumed
    Suspend {
        /// org_…
        org: String,
    },
    /// Accept its credentials again
    Resume {
        /// org_…
        org: String,
    },
    /// One organisation: what it says of itself, its review, the services on request that it has
    Show {
        /// org_…
        org: String,
    },
    /// Say that the provider knows who it is
    Verify {
        /// org_…
        org: String,
    },
    /// Hand it back to be mended
    #[command(name = "hand-back")]
    HandBack {
        /// org_…
        org: String,
        /// What there is to mend; its members see it
        #[arg(long, value_name = "TEXT")]
        remark: String,
    },
    /// Enable a service that is given on request
    Allow {
        /// org_…
        org: String,
        /// Slug of the service
        service: String,
        /// Permissions that it gets [default: every permission of the service]
        #[arg(long, value_name = "A,B", value_delimiter = ',')]
        permissions: Option<Vec<String>>,
    },
    /// Make no more credentials for a service that is given on request; those that there are work on
    Disallow {
        /// org_…
        org: String,
        /// Slug of the service
        service: String,
    },
}

/// Management tokens.
#[derive(Debug, Subcommand)]
pub enum Token {
    /// Make one; it is shown this once
    Create {
        /// org_…
        #[arg(long, value_name = "ORG")]
        organisation: String,
        /// A label
        #[arg(long)]
        name: String,
        /// What it may do: admin, create_applications, edit_settings, manage_members; view, access_receipts, edit on every application
        #[arg(long, value_name = "A,B", required = true, value_delimiter = ',')]
        grants: Vec<String>,
        /// When it ends: 2027-01-31T12:00:00Z
        #[arg(long, value_name = "TIME")]
        expires_at: Option<String>,
    },
    /// An organisation's management tokens, newest first
    List {
        /// org_…
        #[arg(long, value_name = "ORG")]
        organisation: String,
    },
    /// Refuse it for good
    Revoke {
        /// mgt_…
        token: String,
    },
}

/// Initial access tokens.
#[derive(Debug, Subcommand)]
pub enum RegistrationToken {
    /// Make one; it is shown this once
    Create {
        /// app_…
        #[arg(long, value_name = "APP")]
        application: String,
        /// A label
        #[arg(long)]
        name: String,
        /// Slug of the service that the clients are for
        #[arg(long, value_name = "SLUG")]
        service: String,
        /// production or sandbox
        #[arg(long, value_name = "ENV")]
        environment: String,
        /// How many clients it may register [default: 1]
        #[arg(long, value_name = "N")]
        clients_max: Option<u32>,
        /// When it ends: 2027-01-31T12:00:00Z [default: in a day]
        #[arg(long, value_name = "TIME")]
        expires_at: Option<String>,
    },
    /// An application's initial access tokens, newest first
    List {
        /// app_…
        #[arg(long, value_name = "APP")]
        application: String,
    },
    /// Refuse it for good; the clients that it registered stay
    Revoke {
        /// app_…
        #[arg(long, value_name = "APP")]
        application: String,
        /// rgt_…
        token: String,
    },
}
