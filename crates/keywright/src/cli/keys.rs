//! What the command line says about credentials.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::{KeySourceFlags, Page};

/// Credentials.
#[derive(Debug, Subcommand)]
pub enum Key {
    /// Make a key; it is shown this once
    Create {
        /// app_…
        #[arg(long, value_name = "APP")]
        application: String,
        /// Slug of one of its services
        #[arg(long, value_name = "SLUG")]
        service: String,
        /// One of the kinds that the service takes [default: the first of them]
        #[arg(long)]
        kind: Option<String>,
        /// production or sandbox
        #[arg(long)]
        environment: String,
        /// A label
        #[arg(long)]
        name: String,
        /// What it may do [default: every permission of the service]; an empty text: nothing
        #[arg(long, value_name = "A,B")]
        permissions: Option<String>,
        /// When it ends: 2027-01-31T12:00:00Z
        #[arg(long, value_name = "TIME")]
        expires_at: Option<String>,
        /// Network that it may be used from; may be given several times
        #[arg(long, value_name = "CIDR")]
        network: Vec<String>,
        /// Origin that it may be used from; may be given several times
        #[arg(long, value_name = "ORIGIN")]
        origin: Vec<String>,
        /// Requests in a period, counted by each node: 100/1s
        #[arg(long, value_name = "N/SPAN")]
        rate_limit: Option<String>,
        /// Form of its access tokens: jwt or opaque [default: the service's]
        #[arg(long, value_name = "FORM")]
        token_form: Option<String>,
        /// Where its key comes from.
        #[command(flatten)]
        key: Box<KeySourceFlags>,
    },
    /// Print what to sign to prove that a private key is yours, for an application
    Challenge {
        /// app_…
        #[arg(long, value_name = "APP")]
        application: String,
    },
    /// An application's credentials, newest first
    List {
        /// app_…
        #[arg(long, value_name = "APP")]
        application: String,
        /// Which part of a long list.
        #[command(flatten)]
        page: Page,
    },
    /// One credential, its versions and who uses them
    Show {
        /// key_…
        key: String,
    },
    /// Change name, permissions, expiry, restrictions or the form of access tokens
    Change(Box<KeyChange>),
    /// Refuse it for now
    Suspend {
        /// key_…
        key: String,
    },
    /// Accept it again
    Resume {
        /// key_…
        key: String,
    },
    /// Make a new version of its secret, which is shown this once; where secrets stand side by side, add one
    Rotate {
        /// key_…
        key: String,
        /// immediate, overlap or on_first_use [default: the service's]
        #[arg(long)]
        policy: Option<String>,
        /// How long the previous version works: 24h [default: the service's]
        #[arg(long, value_name = "SPAN")]
        overlap: Option<String>,
        /// End a version that is still in its overlap
        #[arg(long)]
        replace: bool,
        /// Where the new key comes from.
        #[command(flatten)]
        source: Box<KeySourceFlags>,
    },
    /// Secrets side by side, where the service allows several
    #[command(subcommand)]
    Secret(Secret),
    /// End it for good
    Revoke {
        /// key_…
        key: String,
        /// Answer when no verifier accepts it any more, with the proof
        #[arg(long, value_name = "all")]
        wait: Option<Wait>,
    },
    /// Whose is this credential or access token? It is read from standard input
    Find {
        /// End the access token that was found; its credential lives on
        #[arg(long)]
        end_token: bool,
    },
}

/// Secrets side by side.
#[derive(Debug, Subcommand)]
pub enum Secret {
    /// Add a secret beside those that work
    Add {
        /// key_…
        key: String,
        /// What it is for
        #[arg(long)]
        description: Option<String>,
        /// When it ends by itself: 2027-01-31T12:00:00Z [default: with its credential]
        #[arg(long, value_name = "TIME")]
        expires_at: Option<String>,
        /// New file for the secret, which only its owner may read [default: it is printed]
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// End one of them, and the access tokens that were got by it
    Revoke {
        /// key_…
        key: String,
        /// Number of its version
        version: u32,
    },
}

/// For whom a revocation waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Wait {
    /// Every registered verifier
    All,
}

/// What to change of a credential.
#[derive(Debug, Args)]
pub struct KeyChange {
    /// key_…
    pub key: String,
    /// Another label
    #[arg(long)]
    pub name: Option<String>,
    /// All that it may do from now on; an empty text: nothing
    #[arg(long, value_name = "A,B")]
    pub permissions: Option<String>,
    /// Another end
    #[arg(long, value_name = "TIME", conflicts_with = "no_expiry")]
    pub expires_at: Option<String>,
    /// Without an end
    #[arg(long)]
    pub no_expiry: bool,
    /// All networks that it may be used from
    #[arg(long, value_name = "CIDR", conflicts_with = "no_network")]
    pub network: Vec<String>,
    /// From everywhere
    #[arg(long)]
    pub no_network: bool,
    /// All origins that it may be used from
    #[arg(long, value_name = "ORIGIN", conflicts_with = "no_origin")]
    pub origin: Vec<String>,
    /// From every origin
    #[arg(long)]
    pub no_origin: bool,
    /// Another rate limit: 100/1s
    #[arg(long, value_name = "N/SPAN", conflicts_with = "no_rate_limit")]
    pub rate_limit: Option<String>,
    /// Without a rate limit of its own
    #[arg(long)]
    pub no_rate_limit: bool,
    /// The form of its access tokens: jwt or opaque
    #[arg(long, value_name = "FORM", conflicts_with = "no_token_form")]
    pub token_form: Option<String>,
    /// The form of its access tokens that the service says
    #[arg(long)]
    pub no_token_form: bool,
}

impl KeyChange {
    /// Whether no flag says what to change.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        let cleared = self.no_expiry || self.no_network || self.no_origin || self.no_rate_limit || self.no_token_form;
        let set = self.name.is_some() || self.permissions.is_some() || self.expires_at.is_some() || self.rate_limit.is_some() || self.token_form.is_some();
        !cleared && !set && self.network.is_empty() && self.origin.is_empty()
    }
}
