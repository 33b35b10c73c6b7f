//! Connections to PostgreSQL, alone and in pools.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{ClientWrapper, Hook, HookError, Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime, TimeoutType};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use tokio_postgres::config::{Host, SslMode, TargetSessionAttrs};
use tokio_postgres::{Config, NoTls, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::{LOCK_TIMEOUT_MS, fault};
use crate::engine::OpenError;
use crate::error::StoreError;

/// What does not answer within this is away.
pub(super) const CONNECT: Duration = Duration::from_secs(5);
/// Transactions that write at a time.
const WRITERS: usize = 16;
const READERS: usize = 8;
const POLLS: usize = 2;

/// Settings of every session, whatever the server's or the role's are: nobody holds locks for long, and what is acknowledged is on disk.
const SESSION: &str = "SET idle_in_transaction_session_timeout = '10s'; SET lock_timeout = '5s'; SET statement_timeout = '10s'; \
     SET synchronous_commit = on; SET default_transaction_isolation = 'read committed'";
/// The same for a snapshot, which takes as long as it takes.
const LONG_SESSION: &str = "SET idle_in_transaction_session_timeout = '60s'; SET statement_timeout = 0";

/// How to reach a database.
pub(super) struct Connector {
    config: Config,
    tls: Option<MakeRustlsConnect>,
    /// Host, port and database.
    pub(super) at: String,
    /// What is sent crosses a network unencrypted, and nobody has said that it should.
    pub(super) in_clear: bool,
}

impl Connector {
    /// Reads a URL. Beside what PostgreSQL's own clients know, `sslmode=verify-full` is the same as `require`, which always verifies here;
    /// `sslrootcert` names a file with the authorities to believe instead of the public ones.
    pub(super) fn new(url: &str) -> Result<Self, OpenError> {
        let (url, roots) = split_roots(url);
        // The parser's errors name the parameter, never a value.
        let mut config: Config = url.parse().map_err(|e: tokio_postgres::Error| OpenError::Url { why: fault::text(&e) })?;
        config
            .application_name("keywright")
            // A standby would give old rows to readers; of several hosts, only the primary is spoken to.
            .target_session_attrs(TargetSessionAttrs::ReadWrite)
            .tcp_user_timeout(Duration::from_secs(10))
            .keepalives_idle(Duration::from_secs(5))
            .keepalives_interval(Duration::from_secs(2))
            .keepalives_retries(3);
        if config.get_hosts().is_empty() {
            return Err(OpenError::Url { why: "it names no host".into() });
        }
        // A host that does not answer leaves time for those after it.
        let hosts = u32::try_from(config.get_hosts().len()).unwrap_or(u32::MAX);
        config.connect_timeout(CONNECT / hosts);
        let in_clear = config.get_ssl_mode() == SslMode::Prefer && config.get_hosts().iter().any(is_elsewhere);
        let tls = match config.get_ssl_mode() {
            SslMode::Require => Some(tls(roots.as_deref())?),
            // Without being asked for, TLS would fail where a server has a certificate that it made itself.
            _ => {
                config.ssl_mode(SslMode::Disable);
                None
            }
        };
        let at = describe(&config);
        Ok(Self { config, tls, at, in_clear })
    }

    /// A connection of its own, and the task that carries it.
    pub(super) async fn connect(&self) -> Result<ClientWrapper, tokio_postgres::Error> {
        let connecting = async {
            match &self.tls {
                Some(tls) => self.config.connect(tls.clone()).await.map(|(client, connection)| (client, carry(connection))),
                None => self.config.connect(NoTls).await.map(|(client, connection)| (client, carry(connection))),
            }
        };
        let (client, carried) = match tokio::time::timeout(CONNECT, connecting).await {
            Ok(connected) => connected?,
            Err(_) => return Err(tokio_postgres::Error::__private_api_timeout()),
        };
        Ok(ClientWrapper::new(client, carried))
    }

    /// A connection for a transaction that takes long.
    pub(super) async fn connect_long(&self) -> Result<ClientWrapper, StoreError> {
        let connect = async {
            let client = self.connect().await?;
            client.batch_execute(LONG_SESSION).await?;
            Ok(client)
        };
        connect.await.map_err(|e| fault::store_error(&e, &self.at))
    }

    /// A connection whose notifications are wanted.
    pub(super) async fn listen(
        &self,
        on_notification: impl Fn() + 'static,
    ) -> Result<(tokio_postgres::Client, tokio::task::JoinHandle<()>), tokio_postgres::Error> {
        Ok(match &self.tls {
            Some(tls) => {
                let (client, connection) = self.config.connect(tls.clone()).await?;
                (client, tokio::task::spawn_local(hear(connection, on_notification)))
            }
            None => {
                let (client, connection) = self.config.connect(NoTls).await?;
                (client, tokio::task::spawn_local(hear(connection, on_notification)))
            }
        })
    }
}

fn carry<S>(connection: tokio_postgres::Connection<Socket, S>) -> tokio::task::JoinHandle<()>
where
    S: tokio_postgres::tls::TlsStream + Unpin + Send + 'static,
{
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(error = fault::text(&error), "a connection to PostgreSQL ended");
        }
    })
}

async fn hear<S>(mut connection: tokio_postgres::Connection<Socket, S>, on_notification: impl Fn())
where
    S: tokio_postgres::tls::TlsStream + Unpin,
{
    while let Some(message) = std::future::poll_fn(|cx| connection.poll_message(cx)).await {
        match message {
            Ok(tokio_postgres::AsyncMessage::Notification(_)) => on_notification(),
            Ok(_) => {}
            Err(error) => return tracing::debug!(error = fault::text(&error), "the connection that listens ended"),
        }
    }
}

fn split_roots(url: &str) -> (String, Option<String>) {
    let Some((base, query)) = url.split_once('?') else { return (url.to_owned(), None) };
    let mut roots = None;
    let kept: Vec<&str> = query
        .split('&')
        .filter(|pair| match pair.strip_prefix("sslrootcert=") {
            Some(file) => {
                roots = Some(file.replace("%2F", "/"));
                false
            }
            None => true,
        })
        .map(|pair| if matches!(pair, "sslmode=verify-full" | "sslmode=verify-ca") { "sslmode=require" } else { pair })
        .collect();
    (format!("{base}?{}", kept.join("&")), roots)
}

fn tls(roots: Option<&str>) -> Result<MakeRustlsConnect, OpenError> {
    // Whoever was first has installed the same one.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let Some(file) = roots else { return Ok(MakeRustlsConnect::with_webpki_roots()) };
    let unreadable = |e: &dyn std::fmt::Display| OpenError::Url { why: format!("sslrootcert {file}: {e}") };
    let mut store = rustls::RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(file).map_err(|e| unreadable(&e))? {
        store.add(certificate.map_err(|e| unreadable(&e))?).map_err(|e| unreadable(&e))?;
    }
    if store.is_empty() {
        return Err(unreadable(&"it holds no certificate"));
    }
    Ok(MakeRustlsConnect::new(rustls::ClientConfig::builder().with_root_certificates(store).with_no_client_auth()))
}

/// Whether a network lies between this machine and the host.
fn is_elsewhere(host: &Host) -> bool {
    match host {
        Host::Unix(_) => false,
        Host::Tcp(name) => name != "localhost" && !name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback()),
    }
}

/// Host, port and database, without user and password.
fn describe(config: &Config) -> String {
    let hosts: Vec<String> = config
        .get_hosts()
        .iter()
        .enumerate()
        .map(|(i, host)| {
            let port = config.get_ports().get(i).or(config.get_ports().first()).copied().unwrap_or(5432);
            match host {
                Host::Tcp(name) => format!("{name}:{port}"),
                Host::Unix(path) => format!("{}:{port}", path.display()),
            }
        })
        .collect();
    format!("{}/{}", hosts.join(","), config.get_dbname().or(config.get_user()).unwrap_or(""))
}

/// The connections of a store: those of writers, of readers, and of polls, so that none waits for the others'.
pub(super) struct Pools {
    pub(super) writers: Pool,
    pub(super) readers: Pool,
    pub(super) polls: Pool,
    pub(super) connector: Arc<Connector>,
}

impl Pools {
    pub(super) fn new(connector: &Arc<Connector>) -> Result<Self, StoreError> {
        let pool = |size| pool(connector, size);
        Ok(Self { writers: pool(WRITERS)?, readers: pool(READERS)?, polls: pool(POLLS)?, connector: Arc::clone(connector) })
    }

    /// A connection of a pool; fails fast where the database is away.
    pub(super) async fn get(&self, pool: &Pool) -> Result<Object, StoreError> {
        pool.get().await.map_err(|error| {
            let away = |detail: String| StoreError::Away { at: self.connector.at.clone(), detail };
            match error {
                PoolError::Backend(e) | PoolError::PostCreateHook(HookError::Backend(e)) => fault::store_error(&e, &self.connector.at),
                PoolError::Timeout(TimeoutType::Wait) => StoreError::Busy { waited_ms: 2 * LOCK_TIMEOUT_MS, detail: "all connections were in use".into() },
                PoolError::Timeout(_) => away("no answer within 5 s".into()),
                PoolError::Closed => StoreError::Closed,
                other => away(other.to_string()),
            }
        })
    }
}

fn pool(connector: &Connector, size: usize) -> Result<Pool, StoreError> {
    let config = ManagerConfig { recycling_method: RecyclingMethod::Fast };
    let manager = match &connector.tls {
        Some(tls) => Manager::from_config(connector.config.clone(), tls.clone(), config),
        None => Manager::from_config(connector.config.clone(), NoTls, config),
    };
    Pool::builder(manager)
        .max_size(size)
        .wait_timeout(Some(Duration::from_millis(2 * LOCK_TIMEOUT_MS)))
        .create_timeout(Some(CONNECT))
        .recycle_timeout(Some(CONNECT))
        .runtime(Runtime::Tokio1)
        .post_create(Hook::async_fn(|client, _| Box::pin(async move { client.batch_execute(SESSION).await.map_err(HookError::Backend) })))
        .build()
        .map_err(|e| StoreError::Sql { what: e.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_holds_no_password_and_neither_does_an_error() {
        let connector = Connector::new("postgres://kw:hunter2@db.example:6432/keys").unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(connector.at, "db.example:6432/keys");
        for bad in ["postgres://kw:hunter2@db.example:hunter2/keys", "postgres://kw:hunter2@h/d?hunter=hunter2", "hunter2", "postgres://"] {
            let Err(error) = Connector::new(bad) else { panic!("{bad}") };
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
        }
    }

    #[test]
    fn clear_text_is_told_where_it_leaves_the_machine_and_was_not_asked_for() {
        for (url, in_clear) in [
            ("postgres://kw@db.example/keys", true),
            ("postgres://kw@db.example/keys?sslmode=prefer", true),
            ("postgres://kw@localhost,192.0.2.1/keys", true),
            ("postgres://kw@db.example/keys?sslmode=disable", false),
            ("postgres://kw@db.example/keys?sslmode=require", false),
            ("postgres://kw@localhost/keys", false),
            ("postgres://kw@127.0.0.1:6432/keys", false),
            ("postgres://kw@%2Fvar%2Frun%2Fpostgresql/keys", false),
        ] {
            assert_eq!(Connector::new(url).unwrap_or_else(|e| panic!("{e}")).in_clear, in_clear, "{url}");
        }
    }

    #[test]
    fn the_file_of_authorities_is_taken_out_of_the_url() {
        let (url, roots) = split_roots("postgres://h/d?sslmode=verify-full&sslrootcert=%2Fetc%2Fca.pem&connect_timeout=3");
        assert_eq!((url.as_str(), roots.as_deref()), ("postgres://h/d?sslmode=require&connect_timeout=3", Some("/etc/ca.pem")));
    }
}
