//! The command line: its words, flags and help.
#![allow(rustdoc::bare_urls)] // These comments are what `--help` prints, as they stand.

mod customers;
mod key_pairs;
mod keys;
mod signatures;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub use customers::{Org, RegistrationToken, Token};
pub use key_pairs::{KeySourceFlags, Keygen};
pub use keys::{Key, KeyChange, Secret, Wait};
pub use signatures::{ExplainSignature, Sign};

/// The credential hub and verifier for companies that sell an API.
#[derive(Debug, Parser)]
#[command(name = "keywright", version, max_term_width = 110, disable_help_subcommand = true)]
#[command(after_help = "Exit codes: 0 done, 1 internal, 2 usage, 3 not found, 4 refused by a rule (verify: not valid), 5 store, 6 not reachable or 503.")]
pub struct Cli {
    /// Which store, which keys, how to print.
    #[command(flatten)]
    pub common: Common,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What every command takes.
#[derive(Debug, Clone, Default, Args)]
pub struct Common {
    /// Directory of the embedded store, or of a node's own files beside PostgreSQL [default: ./keywright-data]
    #[arg(long, global = true, help_heading = "Everywhere", env = "KEYWRIGHT_DATA", value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// PostgreSQL instead of the embedded store: postgres://user@host/database
    #[arg(long, global = true, help_heading = "Everywhere", env = "KEYWRIGHT_DATABASE_URL", value_name = "URL", hide_env_values = true)]
    pub database_url: Option<String>,
    /// File with the master key: 64 hexadecimal digits [default with the embedded store: DIR/master.key]
    #[arg(long, global = true, help_heading = "Everywhere", env = "KEYWRIGHT_MASTER_KEY_FILE", value_name = "FILE")]
    pub master_key_file: Option<PathBuf>,
    /// Command that prints the master key (run by `sh -c`)
    #[arg(long, global = true, help_heading = "Everywhere", env = "KEYWRIGHT_MASTER_KEY_COMMAND", value_name = "COMMAND")]
    pub master_key_command: Option<String>,
    /// File with settings; flags and variables go before it [default: ./keywright.toml, if there is one]
    #[arg(long, global = true, help_heading = "Everywhere", env = "KEYWRIGHT_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Print exactly one JSON value on standard output, and errors as problem documents on standard error
    #[arg(long, global = true, help_heading = "Everywhere")]
    pub json: bool,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start the hub and the verifier
    Serve(Box<Serve>),
    /// Organisations: the customers
    #[command(subcommand)]
    Org(Org),
    /// Applications: what customers register
    #[command(subcommand)]
    App(App),
    /// Credentials
    #[command(subcommand)]
    Key(Key),
    /// Make a key pair on this machine, without a store
    Keygen(Keygen),
    /// Resource servers: APIs and gateways that may ask for verdicts
    #[command(subcommand, name = "resource-server")]
    ResourceServer(ResourceServer),
    /// Management tokens: for programs that use the management API
    #[command(subcommand)]
    Token(Token),
    /// Operators: who works for the provider
    #[command(subcommand)]
    Operator(Operator),
    /// Make a link that signs somebody in once, within 15 minutes, in any browser
    #[command(name = "sign-in-link")]
    SignInLink {
        /// Mail address of the person
        email: String,
        /// How people reach the hub [default: what the server or its settings say]
        #[arg(long, env = "KEYWRIGHT_PUBLIC_URL", value_name = "URL")]
        public_url: Option<String>,
    },
    /// Ask a running server for a verdict; the credential on standard input, the token in KEYWRIGHT_TOKEN
    Verify(Verify),
    /// Sign a request: prints the headers to send with it
    Sign(Box<Sign>),
    /// Say why a request's signature was refused, and what to fix
    #[command(name = "explain-signature")]
    ExplainSignature(Box<ExplainSignature>),
    /// The catalogue of services
    #[command(subcommand)]
    Catalog(Catalog),
    /// The verifiers, with how far each has applied the log
    Verifiers,
    /// Revocation proofs
    #[command(subcommand)]
    Proof(Proof),
    /// Print the key with which verifier nodes open secrets of credentials; it tells nothing of the master key
    VerificationKey,
    /// Bring the store's tables to this release
    Migrate,
    /// Accept a store that was restored from a backup: starts a new epoch
    Restore {
        /// Say that what was written after the backup is lost, revocations too
        #[arg(long, required = true)]
        accept_rewind: bool,
    },
}

/// What a server does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Role {
    /// Hub and verifier
    All,
    /// Pages, management, the OAuth 2 server and housekeeping
    Hub,
    /// Verdicts only
    Verifier,
}

/// Settings of a server.
#[derive(Debug, Clone, Default, Args)]
pub struct Serve {
    /// Address to listen on [default: 127.0.0.1:8080]
    #[arg(long, env = "KEYWRIGHT_LISTEN", value_name = "ADDRESS")]
    pub listen: Option<String>,
    /// How customers reach it: https://keys.example.com; required unless it listens on loopback
    #[arg(long, env = "KEYWRIGHT_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<String>,
    /// What this server does [default: all]
    #[arg(long, env = "KEYWRIGHT_ROLE", value_enum)]
    pub role: Option<Role>,
    /// How long verifiers may answer without proof of freshness, 1s to 10s; stands in the store [default: 2s]
    #[arg(long, env = "KEYWRIGHT_LEASE", value_name = "SPAN")]
    pub lease: Option<String>,
    /// Network of a proxy whose X-Forwarded-For is believed; may be given several times
    #[arg(long, env = "KEYWRIGHT_TRUSTED_PROXY", value_name = "CIDR", value_delimiter = ',')]
    pub trusted_proxy: Vec<String>,
    /// Origin without cookies from which uploaded images come: https://images.example.com
    #[arg(long, env = "KEYWRIGHT_SHARE_URL", value_name = "URL")]
    pub share_url: Option<String>,
    /// File with the key with which a node of the role `verifier` opens secrets of credentials (see `keywright verification-key`)
    #[arg(long, env = "KEYWRIGHT_VERIFICATION_KEY_FILE", value_name = "FILE")]
    pub verification_key_file: Option<PathBuf>,
    /// Mail server: smtp://user@mail.example.com?from=keys@example.com [default: mails are files in DIR/outbox]
    #[arg(long, env = "KEYWRIGHT_SMTP_URL", value_name = "URL", hide_env_values = true)]
    pub smtp_url: Option<String>,
    /// Mail address of the first operator [default: the page of the link asks for it]
    #[arg(long, env = "KEYWRIGHT_OPERATOR", value_name = "EMAIL")]
    pub operator: Option<String>,
    /// Catalogue to apply at start
    #[arg(long, env = "KEYWRIGHT_CATALOG", value_name = "FILE")]
    pub catalog: Option<PathBuf>,
    /// A throw-away store with an example organisation, application, keys and a resource server
    #[arg(long)]
    pub demo: bool,
}

/// Which part of a long list.
#[derive(Debug, Clone, Default, Args)]
pub struct Page {
    /// Go on with what is older than this id (lists show 200 at a time)
    #[arg(long, value_name = "ID")]
    pub before: Option<String>,
}

/// Applications.
#[derive(Debug, Subcommand)]
pub enum App {
    /// Make an application
    Create {
        /// org_…
        #[arg(long, value_name = "ORG")]
        organisation: String,
        /// Its name
        #[arg(long)]
        name: String,
        /// Slug of a service that it uses; may be given several times
        #[arg(long, value_name = "SLUG", required = true, value_delimiter = ',')]
        service: Vec<String>,
        /// The host under which its users meet it: app.example.com
        #[arg(long)]
        domain: Option<String>,
    },
    /// An organisation's applications, newest first
    List {
        /// org_…
        #[arg(long, value_name = "ORG")]
        organisation: String,
        /// Which part of a long list.
        #[command(flatten)]
        page: Page,
    },
    /// Let its production credentials work; prints what the checklist misses
    Activate {
        /// app_…
        app: String,
    },
    /// Refuse all its credentials, keep everything
    Deactivate {
        /// app_…
        app: String,
    },
    /// Erase it with its credentials
    Delete {
        /// app_…
        app: String,
        /// Its name, exactly
        #[arg(long, value_name = "NAME")]
        confirm: String,
    },
    /// Tokens by which clients of it register themselves at /oauth2/register
    #[command(name = "registration-token", subcommand)]
    RegistrationToken(RegistrationToken),
}

/// Resource servers.
#[derive(Debug, Subcommand)]
pub enum ResourceServer {
    /// Make one; its token is shown this once
    Create {
        /// Its name
        name: String,
        /// Services that it may ask about
        #[arg(long, value_name = "A,B", required = true, value_delimiter = ',')]
        services: Vec<String>,
        /// Environments that it may ask about
        #[arg(long, value_name = "A,B", value_delimiter = ',', default_value = "production")]
        environments: Vec<String>,
    },
    /// All of them
    List,
    /// Make a new token, which is shown this once
    Rotate {
        /// rsv_…
        id: String,
        /// How long the previous token works; 0s ends it at once
        #[arg(long, value_name = "SPAN", default_value = "24h")]
        overlap: String,
    },
    /// Refuse its tokens for good
    Revoke {
        /// rsv_…
        id: String,
    },
}

/// Operators.
#[derive(Debug, Subcommand)]
pub enum Operator {
    /// Make a person an operator
    Add {
        /// Their mail address
        email: String,
    },
    /// All of them
    List,
    /// Make an operator an ordinary person again
    Remove {
        /// Their mail address
        email: String,
    },
}

/// A question to a running server.
#[derive(Debug, Args)]
pub struct Verify {
    /// Where it is: http://127.0.0.1:8080
    #[arg(long, env = "KEYWRIGHT_URL", default_value = "http://127.0.0.1:8080")]
    pub url: String,
    /// Slug of the service [default: every service of the resource server]
    #[arg(long, value_name = "SLUG")]
    pub service: Option<String>,
    /// production or sandbox [default: the resource server's]
    #[arg(long)]
    pub environment: Option<String>,
    /// Permissions that the request needs
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    pub permissions: Vec<String>,
    /// Address that the request came from
    #[arg(long, value_name = "ADDRESS")]
    pub source_ip: Option<String>,
    /// Origin of the request
    #[arg(long)]
    pub origin: Option<String>,
}

/// The catalogue.
#[derive(Debug, Subcommand)]
pub enum Catalog {
    /// Say what is wrong with a file, by line and column
    Check {
        /// catalog.toml
        file: PathBuf,
    },
    /// Put a file in the place of the catalogue
    Apply {
        /// catalog.toml
        file: PathBuf,
    },
    /// Print the catalogue that applies
    Show,
}

/// Revocation proofs.
#[derive(Debug, Subcommand)]
pub enum Proof {
    /// Check a proof; offline with --key
    Verify {
        /// File with the proof, or with the JSON that `key revoke --wait all` printed
        file: PathBuf,
        /// What /.well-known/keywright.json published, as a file [default: the key in the store]
        #[arg(long, value_name = "FILE")]
        key: Option<PathBuf>,
    },
}
