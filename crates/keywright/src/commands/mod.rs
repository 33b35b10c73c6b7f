//! The commands: each opens the store, calls an operation and prints what came of it.

mod app;
mod catalog;
mod explain_signature;
mod key;
mod keygen;
mod operator;
mod org;
mod proof;
mod registration_token;
mod resource_server;
mod sign;
mod sign_in_link;
mod store;
mod token;
mod verifiers;
mod verify;

use std::io::{IsTerminal, Read};
use std::sync::Arc;

use keywright_crypto::secret::Secret;
use keywright_domain::caller::Caller;
use keywright_operations::{Keys, Operations};
use keywright_store::{Location, OpenOptions, Purpose, Store};

use crate::cli::{Cli, Command};
use crate::failure::Failure;
use crate::output::Output;
use crate::settings::Settings;
use crate::{clocks, master_key};

/// What a command works with.
pub(crate) struct Context {
    /// Who asks: the account that runs the command.
    pub(crate) caller: Caller,
    /// The operations on the store.
    pub(crate) operations: Operations,
}

/// Runs what the command line asks for.
///
/// # Errors
/// [`Failure`], to be printed.
pub async fn run(cli: Cli) -> Result<Output, Failure> {
    let settings = Settings::read(&cli.common)?;
    match cli.command {
        Command::Serve(serve) => crate::serve::run(&settings, &serve).await.map(|()| Output::nothing()),
        Command::Org(command) => org::run(&Context::open(&settings).await?, command).await,
        Command::App(command) => app::run(&Context::open(&settings).await?, command).await,
        Command::Key(command) => key::run(&settings, command).await,
        Command::Keygen(wanted) => keygen::run(wanted).await,
        Command::ResourceServer(command) => resource_server::run(&Context::open(&settings).await?, command).await,
        Command::Token(command) => token::run(&Context::open(&settings).await?, command).await,
        Command::Operator(command) => operator::run(&Context::open(&settings).await?, command).await,
        Command::SignInLink { email, public_url } => sign_in_link::run(&settings, &email, public_url.as_deref(), cli.common.json).await,
        Command::Verify(question) => verify::run(question).await,
        Command::ExplainSignature(asked) => explain_signature::run(&settings, *asked).await,
        Command::Sign(asked) => sign::run(&asked),
        Command::Catalog(command) => catalog::run(&settings, command).await,
        Command::Verifiers => verifiers::run(&Context::open(&settings).await?).await,
        Command::Proof(command) => proof::run(&settings, command).await,
        Command::VerificationKey => verification_key(&settings).await,
        Command::Migrate => store::migrate(&settings).await,
        Command::Restore { accept_rewind: _ } => store::accept_rewind(&settings).await,
    }
}

/// Only of the master key that the store was made with: with another one, nodes would open nothing.
async fn verification_key(settings: &Settings) -> Result<Output, Failure> {
    let context = Context::open_with_keys(settings).await?;
    let key = context.operations.keys().keyring()?.to_hex();
    Ok(Output::new(serde_json::json!({ "verification_key": key.as_str() }), key.as_str().to_owned()))
}

impl Context {
    /// Opens the store without the master key, which most commands do not need.
    pub(crate) async fn open(settings: &Settings) -> Result<Self, Failure> {
        let store = open_store(settings, Purpose::Command).await?;
        let keys = Keys::without_master(&store).await?;
        Ok(Self::new(store, keys))
    }

    /// Opens the store beside no server, where the engine can tell.
    pub(crate) async fn open_alone(settings: &Settings) -> Result<Self, Failure> {
        // As a command first, which makes and migrates nothing.
        drop(open_store(settings, Purpose::Command).await?);
        let store = open_store(settings, Purpose::Migrate).await?;
        let keys = Keys::without_master(&store).await?;
        Ok(Self::new(store, keys))
    }

    /// Opens the store and the keys of the installation.
    pub(crate) async fn open_with_keys(settings: &Settings) -> Result<Self, Failure> {
        let store = open_store(settings, Purpose::Command).await?;
        let keys = match master_key::find(settings)? {
            Some(master) => Keys::open(&store, &master, false).await?,
            None => return Err(keywright_operations::KeysError::Missing.into()),
        };
        Ok(Self::new(store, keys))
    }

    /// Opens the store, and the keys of the installation where the master key is at hand and a server has put down which one it is.
    pub(crate) async fn open_with_keys_if_there(settings: &Settings) -> Result<Self, Failure> {
        let store = open_store(settings, Purpose::Command).await?;
        let keys = match master_key::find(settings)? {
            Some(master) => match Keys::open(&store, &master, false).await {
                Err(keywright_operations::KeysError::Missing) => Keys::without_master(&store).await?,
                opened => opened?,
            },
            None => Keys::without_master(&store).await?,
        };
        Ok(Self::new(store, keys))
    }

    fn new(store: Store, keys: Keys) -> Self {
        Self { caller: machine(), operations: Operations::new(store, clocks::real(), Arc::new(keys), None) }
    }
}

pub(crate) async fn open_store(settings: &Settings, purpose: Purpose) -> Result<Store, Failure> {
    let location = match &settings.database_url {
        Some(url) => Location::Postgres(url.clone()),
        None => Location::Directory(settings.data.clone()),
    };
    Ok(Store::open(OpenOptions::new(location, purpose)).await?)
}

/// The account that runs this process, as the audit trail names it.
pub(crate) fn machine() -> Caller {
    Caller::Machine { user: crate::account::name() }
}

/// Reads a secret from standard input: all of it, `max` bytes at most, less the newline at its end.
pub(crate) fn secret_from_stdin(what: &str, max: usize) -> Result<Secret, Failure> {
    if std::io::stdin().is_terminal() {
        crate::output::note(&format!("Paste the {what} and press Enter, then Ctrl-D:"));
    }
    let mut text = String::with_capacity(1024);
    // Room for the newline, and for one byte that says that there is more.
    std::io::stdin().take(max as u64 + 3).read_to_string(&mut text).map_err(|_| Failure::usage(format!("the {what} on standard input is not text")))?;
    let trimmed = text.trim_end_matches(['\r', '\n']).len();
    text.truncate(trimmed);
    if text.len() > max {
        return Err(Failure::usage(format!("standard input is larger than {max} bytes: give the {what} alone")));
    }
    if text.is_empty() {
        return Err(Failure::usage(format!("no {what} on standard input: pipe it in, such as `printf %s \"$KEY\" | keywright …`")));
    }
    Ok(Secret::new(text))
}

/// An id as it was typed.
pub(crate) fn id<T: std::str::FromStr<Err = keywright_domain::ids::IdError>>(text: &str) -> Result<T, Failure> {
    text.parse().map_err(|e: keywright_domain::ids::IdError| Failure::usage(e.to_string()))
}

/// Names separated by commas; an empty text is an empty list.
pub(crate) fn names(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|n| !n.is_empty()).map(str::to_owned).collect()
}

/// The options that a page of a list starts from.
pub(crate) fn before<T: std::str::FromStr<Err = keywright_domain::ids::IdError>>(page: &crate::cli::Page) -> Result<Option<T>, Failure> {
    page.before.as_deref().map(id).transpose()
}

/// Reads a file that the user named.
pub(crate) fn read_file(path: &std::path::Path, max: usize) -> Result<String, Failure> {
    let wrong = |why: String| Failure::usage(format!("{}: {why}", path.display()));
    let file = std::fs::File::open(path).map_err(|e| wrong(e.to_string()))?;
    read_open(path, file, max)
}

/// Reads a file that the user named, whatever is in it.
pub(crate) fn read_bytes(path: &std::path::Path, max: usize) -> Result<Vec<u8>, Failure> {
    let wrong = |why: String| Failure::usage(format!("{}: {why}", path.display()));
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(|e| wrong(e.to_string()))?;
    file.take(max as u64 + 1).read_to_end(&mut bytes).map_err(|e| wrong(e.to_string()))?;
    if bytes.len() > max { Err(wrong(format!("is larger than {max} bytes"))) } else { Ok(bytes) }
}

/// Reads a file that is open already; `path` names it in messages.
pub(crate) fn read_open(path: &std::path::Path, file: std::fs::File, max: usize) -> Result<String, Failure> {
    let wrong = |why: String| Failure::usage(format!("{}: {why}", path.display()));
    let mut text = String::new();
    file.take(max as u64 + 1).read_to_string(&mut text).map_err(|e| wrong(e.to_string()))?;
    if text.len() > max {
        return Err(wrong(format!("is larger than {max} bytes")));
    }
    Ok(text)
}
