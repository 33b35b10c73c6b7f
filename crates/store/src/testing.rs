//! Temporary stores on both engines, for tests here and in the crates above. It panics where a test cannot go on.
#![allow(clippy::unwrap_used, clippy::missing_panics_doc)]

use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::{Location, OpenOptions, Purpose, Store};

/// Defines a test for each engine from one story: `on_both_engines! { async fn name(place: TestPlace) { … } }`.
#[macro_export]
macro_rules! on_both_engines {
    ($($(#[$meta:meta])* async fn $name:ident($place:ident: TestPlace) $body:block)+) => { $(
        mod $name {
            #[allow(unused_imports)]
            use super::*;
            $(#[$meta])*
            async fn story($place: $crate::testing::TestPlace) $body
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_sqlite() {
                story($crate::testing::TestPlace::sqlite()).await;
            }
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_postgres() {
                story($crate::testing::TestPlace::postgres()).await;
            }
        }
    )+ };
}

/// A place for one store, which goes away with this value.
pub struct TestPlace {
    location: Location,
    directory: TempDir,
    database: Option<String>,
}

impl TestPlace {
    /// An empty directory.
    #[must_use]
    pub fn sqlite() -> Self {
        let directory = tempfile::Builder::new().prefix("keywright-").tempdir().unwrap();
        Self { location: Location::Directory(directory.path().join("data")), directory, database: None }
    }

    /// A database with a migrated, empty store, on a server that all tests of this process share.
    #[must_use]
    pub fn postgres() -> Self {
        let name = template_copy();
        let location = Location::Postgres(shared().url(&name));
        Self { location, directory: tempfile::Builder::new().prefix("keywright-").tempdir().unwrap(), database: Some(name) }
    }

    /// A place that the story has made itself, and that stays when this value goes away.
    #[must_use]
    pub fn of(location: Location) -> Self {
        Self { location, directory: tempfile::Builder::new().prefix("keywright-").tempdir().unwrap(), database: None }
    }

    /// Where it is.
    #[must_use]
    pub fn location(&self) -> Location {
        self.location.clone()
    }

    /// Whether it is on PostgreSQL.
    #[must_use]
    pub const fn is_postgres(&self) -> bool {
        matches!(self.location, Location::Postgres(_))
    }

    /// A directory for files beside the store; on SQLite the parent of the store's.
    #[must_use]
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// What the command line needs to find this store.
    #[must_use]
    pub fn flags(&self) -> Vec<String> {
        match &self.location {
            Location::Directory(path) => vec!["--data".into(), path.display().to_string()],
            Location::Postgres(url) => {
                vec!["--database-url".into(), url.clone(), "--data".into(), self.directory.path().join("data").display().to_string()]
            }
        }
    }

    /// Opens the store as a server does.
    pub async fn open(&self) -> Store {
        self.open_for(Purpose::Serve).await
    }

    /// Opens the store.
    pub async fn open_for(&self, purpose: Purpose) -> Store {
        Store::open(OpenOptions::new(self.location(), purpose)).await.unwrap()
    }
}

impl Drop for TestPlace {
    fn drop(&mut self) {
        if let Some(name) = &self.database {
            shared().sql("postgres", &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        }
    }
}

/// The server that all tests of this process share. It ends with the process.
pub fn shared() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(Server::start)
}

const TEMPLATE: &str = "keywright_template";

/// The name of a new copy of a database with an empty store in it.
fn template_copy() -> String {
    static TEMPLATE_MADE: Mutex<bool> = Mutex::new(false);
    static COPIES: AtomicUsize = AtomicUsize::new(0);
    let server = shared();
    {
        let mut made = TEMPLATE_MADE.lock().unwrap();
        if !*made {
            server.sql("postgres", &format!("CREATE DATABASE {TEMPLATE}"));
            let location = Location::Postgres(server.url(TEMPLATE));
            // A runtime of its own: the caller's may be the one that runs this very test.
            std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                runtime.block_on(async { drop(Store::open(OpenOptions::new(location, Purpose::Migrate)).await.unwrap()) });
            })
            .join()
            .unwrap();
            *made = true;
        }
    }
    let name = format!("keywright_{}", COPIES.fetch_add(1, Ordering::Relaxed));
    // The server may not have noticed yet that the migrating connection is gone.
    let end = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{TEMPLATE}'");
    let deadline = Instant::now() + Duration::from_secs(20);
    while let Err(error) = server.try_sql("postgres", &format!("CREATE DATABASE {name} TEMPLATE {TEMPLATE}")) {
        assert!(Instant::now() < deadline, "{error}");
        let _ = server.try_sql("postgres", &end);
    }
    name
}

/// A directory in memory, where there is room for the databases of some tests at a time. Each is three hundred files that are gone after seconds, and
/// file systems on disks take longer to find places for them than the server takes for the rest.
fn roomy_memory() -> Option<PathBuf> {
    const BYTES_MIN: u64 = 4 << 30;
    // Whoever says where temporary files go means these, too.
    if std::env::var_os("TMPDIR").is_some() {
        return None;
    }
    let place = Path::new("/dev/shm");
    let room = rustix::fs::statvfs(place).ok()?;
    (room.f_bavail.saturating_mul(room.f_frsize) >= BYTES_MIN && tempfile::tempfile_in(place).is_ok()).then(|| place.to_owned())
}

/// A PostgreSQL server of our own, in a temporary directory.
pub struct Server {
    port: u16,
    directory: PathBuf,
    running: Mutex<Option<Running>>,
}

struct Running {
    supervisor: Child,
    // The supervisor ends the server when this closes, so a test that dies leaves nothing behind.
    _alive: ChildStdin,
}

impl Server {
    /// Makes and starts one.
    #[must_use]
    pub fn start() -> Self {
        let directory = tempfile::Builder::new().prefix("keywright-pg-").tempdir_in(roomy_memory().unwrap_or_else(std::env::temp_dir)).unwrap().keep();
        if rustix::process::geteuid().is_root() {
            let (user, group) = ids_of("postgres");
            std::os::unix::fs::chown(&directory, Some(user), Some(group)).unwrap();
        }
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let server = Self { port, directory, running: Mutex::new(None) };
        let data = server.data();
        let initdb = server.command("initdb").args(["--auth=trust", "--username=postgres", "--no-sync", "--encoding=UTF8", "-D"]).arg(&data).output().unwrap();
        assert!(initdb.status.success(), "initdb: {}", String::from_utf8_lossy(&initdb.stderr));
        server.up();
        server
    }

    /// Starts it again after [`stop`](Self::stop) or [`kill`](Self::kill); the port stays the same.
    pub fn up(&self) {
        let mut running = self.running.lock().unwrap();
        assert!(running.is_none(), "the server runs");
        let script = "\"$@\" >>\"$LOG\" 2>&1 & server=$!; read how; \
             case \"$how\" in kill) kill -QUIT $server;; *) kill -INT $server;; esac; wait $server; \
             case \"$how\" in kill|stop) ;; *) rm -rf \"$DIRECTORY\";; esac";
        let server = self.command("postgres");
        let mut supervisor = Command::new("sh");
        supervisor.arg("-c").arg(script).arg("sh").arg(server.get_program()).args(server.get_args());
        for (name, value) in [("port", self.port.to_string()), ("max_connections", "400".into()), ("listen_addresses", "127.0.0.1".into())] {
            supervisor.arg("-c").arg(format!("{name}={value}"));
        }
        supervisor.args(["-c", "fsync=off", "-c", "full_page_writes=off", "-c", "logging_collector=off", "-c", "max_wal_size=256MB", "-c"]);
        supervisor.arg(format!("unix_socket_directories={}", self.directory.display())).arg("-D").arg(self.data());
        supervisor.env("LOG", self.directory.join("log")).env("DIRECTORY", &self.directory).env("PATH", std::env::var_os("PATH").unwrap_or_default());
        let mut child = supervisor.stdin(Stdio::piped()).stdout(Stdio::null()).process_group(0).spawn().unwrap();
        let alive = child.stdin.take().unwrap();
        *running = Some(Running { supervisor: child, _alive: alive });
        drop(running);
        let deadline = Instant::now() + Duration::from_secs(30);
        while let Err(error) = self.try_sql("postgres", "SELECT 1") {
            assert!(Instant::now() < deadline, "{error}: {}", fs::read_to_string(self.directory.join("log")).unwrap_or_default());
            std::thread::sleep(Duration::from_millis(30));
        }
    }

    /// Stops it; open transactions are rolled back, connections are told.
    pub fn stop(&self) {
        self.end("stop");
    }

    /// Stops it without warning, as a crash does.
    pub fn kill(&self) {
        self.end("kill");
    }

    fn end(&self, how: &str) {
        let Some(mut running) = self.running.lock().unwrap().take() else { panic!("the server does not run") };
        writeln!(running._alive, "{how}").unwrap();
        running.supervisor.wait().unwrap();
    }

    /// Makes it a standby from its next start on: it can be read, and nothing can be committed.
    pub fn demote(&self) {
        fs::write(self.data().join("standby.signal"), "").unwrap();
    }

    /// Its port on 127.0.0.1.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The URL of a database.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    /// Runs a statement in a database and gives what it prints.
    pub fn sql(&self, database: &str, sql: &str) -> String {
        self.try_sql(database, sql).unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// Runs a statement in a database.
    ///
    /// # Errors
    /// What psql said.
    pub fn try_sql(&self, database: &str, sql: &str) -> Result<String, String> {
        let port = self.port.to_string();
        let ran = Command::new(binary("psql"))
            .args(["-XqAt", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-U", "postgres", "-p", &port, "-d", database, "-c", sql])
            .output()
            .unwrap();
        if ran.status.success() { Ok(String::from_utf8_lossy(&ran.stdout).trim().to_owned()) } else { Err(String::from_utf8_lossy(&ran.stderr).into_owned()) }
    }

    fn data(&self) -> PathBuf {
        self.directory.join("data")
    }

    /// A program of PostgreSQL; its server refuses root.
    fn command(&self, program: &str) -> Command {
        let program = binary(program);
        let mut command = if rustix::process::geteuid().is_root() {
            let mut command = Command::new("setpriv");
            command.args(["--reuid", "postgres", "--regid", "postgres", "--clear-groups"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        command.current_dir(&self.directory);
        command
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut running) = self.running.lock().unwrap().take() {
            let _ = writeln!(running._alive, "end");
            let _ = running.supervisor.wait();
        }
        let _ = fs::remove_dir_all(&self.directory);
    }
}

/// Where a program of PostgreSQL is: the newest of Debian's places, or the path.
fn binary(name: &str) -> PathBuf {
    let mut places: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|e| e.path().join("bin").join(name)).collect();
    places.sort();
    let found = places.into_iter().rev().find(|p| p.exists()).or_else(|| {
        let path = std::env::var_os("PATH")?;
        std::env::split_paths(&path).map(|p| p.join(name)).find(|p| p.exists())
    });
    found.unwrap_or_else(|| panic!("{name} is not installed: the tests need the server of PostgreSQL 13 or later (on Debian the package postgresql)"))
}

fn ids_of(user: &str) -> (u32, u32) {
    let passwd = fs::read_to_string("/etc/passwd").unwrap();
    let line = passwd.lines().find(|l| l.split(':').next() == Some(user)).unwrap_or_else(|| panic!("there is no user {user}, and PostgreSQL refuses root"));
    let mut fields = line.split(':').skip(2).map(|f| f.parse().unwrap());
    (fields.next().unwrap(), fields.next().unwrap())
}
