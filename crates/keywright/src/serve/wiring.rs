//! From settings to a running server.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use keywright_crypto::keyring::Keyring;
use keywright_domain::credential::restrictions::Networks;
use keywright_domain::limits;
use keywright_domain::time::Span;
use keywright_operations::{Keys, LocalVerifier, Operations};
use keywright_store::node_place::NodePlace;
use keywright_store::{Location, OpenOptions, Purpose, Store};
use keywright_verifier::{NonceClaim, Verifier};
use keywright_web::{App, Hub};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::node::Process;
use super::{follow, images, limits_of_process, mail, report, timers};
use crate::cli::{Role, Serve};
use crate::commands::machine;
use crate::failure::{Exit, Failure};
use crate::settings::Settings;
use crate::{clocks, master_key};

/// Where a server listens unless it is told otherwise.
pub(crate) const LISTEN: &str = "127.0.0.1:8080";

/// A server that runs.
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    /// What it does.
    pub role: Role,
    /// Where its store is.
    pub store_at: String,
    /// The address for people, if one was given.
    pub public_url: Option<String>,
    /// Where uploaded images come from.
    pub share_url: Option<String>,
    /// The operations on its store, with its own verifier wired in.
    pub operations: Operations,
    /// Its replica, with what answers from it. A node whose role is `hub` asks it about clients and tokens only.
    pub verifier: Arc<Verifier>,
    stop: watch::Sender<bool>,
    listening: JoinHandle<()>,
    end: watch::Sender<bool>,
    loops: Vec<JoinHandle<()>>,
}

/// Starts a server and gives it once it listens.
///
/// # Errors
/// [`Failure`]: what was wrong, where, and what to do.
pub async fn start(settings: &Settings, given: &Serve) -> Result<Running, Failure> {
    let serve = settings.serve(given)?;
    let role = serve.role.unwrap_or(Role::All);
    let address = listen_address(&serve)?;
    let trusted_proxies = Networks::parse(&serve.trusted_proxy).map_err(|e| Failure::usage(format!("--trusted-proxy: {e}")))?;
    let post = mail::Post::new(settings, &serve)?;
    let outbox = post.outbox();
    let lease_ms = serve.lease.as_deref().map(lease_ms).transpose()?;
    let connections_max = limits_of_process::arrange(keywright_web::Settings::default().connections_max);

    // Listening comes first: a port that is taken leaves no trace. Whoever connects meanwhile waits.
    let listener = TcpListener::bind(address).await.map_err(|e| {
        Failure::new(
            Exit::Unreachable,
            "address_not_available",
            format!("{address} cannot be listened on ({e}): stop what uses it, or give another with --listen"),
        )
    })?;
    let address = listener.local_addr().map_err(|e| Failure::new(Exit::Internal, "internal", e.to_string()))?;
    let store = open(settings, lease_ms).await?;
    let keys = keys(settings, &store, role).await?;
    let place = NodePlace::open(place_file(&settings.data)).map_err(|e| rewind(&e))?;
    place.check(&store).await.map_err(|e| rewind(&e))?;
    let (applied, seen) = watch::channel(None);
    if !store.is_embedded() {
        store.begin_nonces().await?;
    }
    let verifier = Arc::new(verifier(&serve, &store, &keys, address)?);
    if store.is_embedded() {
        let kept = store.nonces_kept((clocks::real().wall)()).await?;
        verifier.remember_nonces(kept.into_iter().map(|nonce| NonceClaim { key: nonce.key, created: nonce.created, until: nonce.until }));
    }
    let operations =
        Operations::new(store.clone(), clocks::real(), Arc::new(keys), Some(LocalVerifier { applied: seen })).reached_at(&base_url(&serve, address));
    if role != Role::Verifier {
        apply_catalogue(&operations, &serve).await?;
        operations.signing_keys_keep().await?;
    }

    let ((stop, stopped), (end, ended)) = (watch::channel(false), watch::channel(false));
    let process = Process::new(operations.clone(), Arc::clone(&verifier));
    let mut loops = Vec::new();
    // A hub alone follows and is waited for, too: what it says of clients and tokens is under the same promise as a verdict.
    let follow = follow::Follow::new(store.clone(), Arc::clone(&verifier), follow::node_name(address), role, place, applied);
    loops.push(tokio::spawn(follow.run(ended.clone())));
    let report = report::Reporter::new(operations.clone(), Arc::clone(&verifier), follow::node_name(address), process.backlog());
    loops.push(tokio::spawn(report.run(ended.clone())));
    if role != Role::Verifier {
        settings.note_base_url(operations.base_url());
        loops.push(tokio::spawn(mail::run(operations.clone(), post, ended.clone())));
        loops.push(tokio::spawn(timers::run(operations.clone(), ended)));
    }
    let web = keywright_web::Settings {
        trusted_proxies: trusted_proxies.list().to_vec(),
        public_url: serve.public_url.clone(),
        hub: role != Role::Verifier,
        verify: role != Role::Hub,
        connections_max,
        ..keywright_web::Settings::default()
    };
    let shares = if role == Role::Verifier { images::Origin::default() } else { images::origin(&serve, address).await };
    let hub = (role != Role::Verifier).then(|| hub(&operations, &serve, shares.url.clone(), outbox.as_deref()));
    let app = Arc::new(App::new(Some(Arc::clone(&verifier)), hub, clocks::boot, web, Box::new(process)));
    if let Some(listener) = shares.listener {
        loops.push(tokio::spawn(keywright_web::serve_images(listener, Arc::clone(&app), wait_for(stopped.clone()))));
    }
    let listening = tokio::spawn(keywright_web::serve(listener, app, wait_for(stopped)));
    Ok(Running {
        address,
        role,
        store_at: store.at().to_owned(),
        public_url: serve.public_url,
        share_url: shares.url,
        operations,
        verifier,
        stop,
        listening,
        end,
        loops,
    })
}

/// How people reach this node. Without a public URL the hub is for this machine, under the address that it listens on.
fn base_url(serve: &Serve, address: SocketAddr) -> String {
    serve.public_url.clone().unwrap_or_else(|| format!("http://{address}"))
}

/// What people and programs reach on this node.
fn hub(operations: &Operations, serve: &Serve, share_url: Option<String>, outbox: Option<&Path>) -> Hub {
    let base_url = operations.base_url().to_owned();
    let secure_cookies = base_url.get(..8).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https://"));
    // A path of this machine is told to people at this machine only.
    let outbox = outbox.filter(|_| serve.public_url.is_none()).map(|path| path.display().to_string());
    Hub { operations: operations.clone(), base_url, share_url, secure_cookies, outbox }
}

/// Until it is time to stop; also when nobody is left who could say so.
pub(super) async fn wait_for(mut stopped: watch::Receiver<bool>) {
    let _ = stopped.wait_for(|stopped| *stopped).await;
}

impl Running {
    /// When it has stopped listening by itself, which it should not.
    pub async fn ended(&mut self) {
        let _ = (&mut self.listening).await;
    }

    /// Answers what was asked, puts down what was counted, and leaves.
    ///
    /// # Errors
    /// [`Failure`]: a part of it had broken off before.
    pub async fn stop(self) -> Result<(), Failure> {
        // Everything has ended already where nobody listens.
        let _ = self.stop.send(true);
        let mut broken = !self.listening.is_finished() && self.listening.await.is_err();
        // Not before: while open connections still get verdicts, the verifier must follow the log, and whoever revokes must wait for it.
        let _ = self.end.send(true);
        for ended in self.loops {
            broken |= ended.await.is_err();
        }
        if broken { Err(Failure::new(Exit::Internal, "internal", "a part of the server broke off; the log says why")) } else { Ok(()) }
    }
}

fn listen_address(serve: &Serve) -> Result<SocketAddr, Failure> {
    let text = serve.listen.as_deref().unwrap_or(LISTEN);
    let address: SocketAddr = text.parse().map_err(|_| Failure::usage(format!("--listen {text}: write an address and a port, such as {LISTEN}")))?;
    if let Some(url) = &serve.public_url
        && !keywright_web::is_public_url(url)
    {
        // It is not repeated: somebody's password may stand in it.
        return Err(Failure::usage("--public-url: write the whole address with a host and without a name or password, such as https://keys.example.com"));
    }
    if serve.share_url.as_deref().is_some_and(|url| !keywright_web::is_public_url(url)) {
        return Err(Failure::usage("--share-url: write the whole address with a host and without a name or password, such as https://images.example.com"));
    }
    if !address.ip().is_loopback() && serve.public_url.is_none() {
        return Err(Failure::usage(format!(
            "{address} can be reached from other machines: say with --public-url how people reach it, such as https://keys.example.com"
        )));
    }
    Ok(address)
}

fn lease_ms(text: &str) -> Result<u64, Failure> {
    let span: Span = text.parse().map_err(|e: keywright_domain::time::SpanError| Failure::usage(format!("--lease: {e}")))?;
    Ok(span.us().unsigned_abs() / 1_000)
}

async fn open(settings: &Settings, lease_ms: Option<u64>) -> Result<Store, Failure> {
    let location = match &settings.database_url {
        Some(url) => Location::Postgres(url.clone()),
        None => Location::Directory(settings.data.clone()),
    };
    if let Some(ms) = lease_ms.filter(|ms| !(limits::LEASE_MS_MIN..=limits::LEASE_MS_MAX).contains(ms)) {
        return Err(Failure::usage(format!("a lease of {ms} ms is out of range: {} to {} ms", limits::LEASE_MS_MIN, limits::LEASE_MS_MAX)));
    }
    let mut options = OpenOptions::new(location, Purpose::Serve);
    options.lease_ms = lease_ms.unwrap_or(options.lease_ms);
    let store = Store::open(options).await?;
    if let Some(wanted_ms) = lease_ms {
        store.ensure_lease(wanted_ms).await.map_err(|e| Failure::store(e.to_string()))?;
    }
    Ok(store)
}

fn verifier(serve: &Serve, store: &Store, keys: &Keys, address: SocketAddr) -> Result<Verifier, Failure> {
    let role = serve.role.unwrap_or(Role::All);
    let keyring = match keys.keyring() {
        Ok(keyring) => Some(Arc::clone(keyring)),
        Err(_) => master_key::verification(serve.verification_key_file.as_deref())?.map(Arc::new),
    };
    if keyring.is_none() {
        tracing::warn!("without a verification key this node cannot check requests that are signed under a secret: see `keywright verification-key`");
    }
    let with_keys = |verifier: Verifier, keyring: Arc<Keyring>| match role {
        Role::Hub => verifier.with_token_keys(keyring.token_keys()),
        Role::All | Role::Verifier => verifier.with_keyring(keyring),
    };
    let verifier = keyring.into_iter().fold(Verifier::new(), with_keys);
    // A node that only verifies may not know under which address people reach the others.
    let issuer = serve.public_url.clone().or_else(|| (role != Role::Verifier).then(|| base_url(serve, address)));
    let verifier = issuer.iter().fold(verifier, |verifier, issuer| verifier.with_issuer(issuer.trim_end_matches('/')));
    Ok(if store.is_embedded() { verifier } else { verifier.sharing_nonces() })
}

async fn keys(settings: &Settings, store: &Store, role: Role) -> Result<Keys, Failure> {
    if role == Role::Verifier {
        // All that it opens are secrets of credentials, which takes a sub-key only: a key that is not there cannot be stolen.
        return Ok(Keys::without_master(store).await?);
    }
    if let Some(master) = master_key::find(settings)? {
        return Ok(Keys::open(store, &master, true).await?);
    }
    let new = store.installation().await?.master_key_check.is_none();
    match master_key::beside(settings).filter(|_| new) {
        Some(path) => {
            let master = master_key::make(&path)?;
            tracing::info!(file = %path.display(), "made the master key: keep a copy of it apart from the backups of the store");
            Ok(Keys::open(store, &master, true).await?)
        }
        None => Err(Failure::new(
            Exit::Usage,
            "master_key_missing",
            if new {
                "a store in PostgreSQL needs a master key, which every hub node gets: make one with `openssl rand -hex 32`, keep it in a secrets manager, and give it with --master-key-file, KEYWRIGHT_MASTER_KEY or --master-key-command".to_owned()
            } else {
                format!(
                    "this store was made under a master key, which is not there: put it back to {} or give it with --master-key-file, KEYWRIGHT_MASTER_KEY or --master-key-command",
                    master_key::beside(settings).map_or_else(|| "its place".into(), |p| p.display().to_string())
                )
            },
        )),
    }
}

/// The file in which this node remembers how far the store was. It stands beside the data directory, so that putting back an older copy
/// of the whole directory is noticed; inside, where nothing can be written beside.
fn place_file(data: &Path) -> PathBuf {
    let inside = data.join("node.place");
    // One name for `data`, `./data` and `data/`.
    let Ok(whole) = std::path::absolute(data) else { return inside };
    let (Some(parent), Some(name)) = (whole.parent(), whole.file_name()) else { return inside };
    let mut beside = name.to_owned();
    beside.push(".place");
    let beside = parent.join(beside);
    if beside.exists() || rustix::fs::access(parent, rustix::fs::Access::WRITE_OK).is_ok() { beside } else { inside }
}

fn rewind(error: &keywright_store::node_place::RewindError) -> Failure {
    Failure::new(Exit::Store, "store_went_back", error.to_string())
}

async fn apply_catalogue(operations: &Operations, serve: &Serve) -> Result<(), Failure> {
    if let Some(path) = &serve.catalog {
        let text = crate::commands::read_file(path, limits::CATALOGUE_BYTES_MAX)?;
        for warning in operations.catalogue_apply(&machine(), &text).await?.warnings {
            tracing::warn!(file = %path.display(), line = warning.line, column = warning.column, "{}", warning.message);
        }
    } else if operations.store().catalogue().await?.is_none() {
        operations.catalogue_apply(&machine(), keywright_domain::catalogue::BUILT_IN).await?;
    }
    Ok(())
}
