//! Measures the store: `cargo run --release -p keywright-store --example store_speed -- DIRECTORY [CREDENTIALS]`.
//!
//! Durable creations by 64 tasks against raw rows in batches of 64 in the same kind of file, and the streaming of a snapshot.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use keywright_domain::caller::{Allowed, Caller, Facts, Right, allow};
use keywright_domain::change::{Change, Record, SnapshotHead};
use keywright_domain::ids::{ApplicationId, CredentialId, OrganisationId};
use keywright_store::snapshot::SnapshotSink;
use keywright_store::{AuditEntry, Done, Location, OpenOptions, Purpose, Store, StoreError, Tx, args};

const CREDENTIAL: &str = "INSERT INTO credential (id, organisation_id, application_id, kind, service, environment, name, permissions, networks, origins, state, \
     created_us) VALUES ($1, $2, $3, 'api_key', 'business-api', 'production', 'Back end', 'payins:write payouts:write', '', '', 'active', 0)";
const VERSION: &str = "INSERT INTO version (credential_id, number, state, digest, hint, created_us) VALUES ($1, 1, 'active', $2, 'abcd', 0)";

fn operator() -> Allowed {
    allow(&Caller::Machine { user: "measure".into() }, Right::Operate, &Facts::default()).unwrap()
}

fn random<const N: usize>() -> [u8; N] {
    keywright_crypto::random::bytes().unwrap()
}

/// An id of this moment, as the product makes them: they grow with time.
fn fresh() -> CredentialId {
    let at_ms = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis();
    CredentialId::from_parts(at_ms as u64, u128::from_le_bytes(random()))
}

async fn open(location: Location) -> Store {
    Store::open(OpenOptions::new(location, Purpose::Serve)).await.unwrap()
}

async fn owners(store: &Store, organisation: OrganisationId, application: ApplicationId) {
    let job = async move |tx: &mut Tx<'_>| {
        tx.exec("INSERT INTO organisation (id, name, review, suspended, created_us) VALUES ($1, 'Acme', 'draft', $2, 0)", args![organisation, false]).await?;
        let sql = "INSERT INTO application (id, organisation_id, name, own, state, created_us) VALUES ($1, $2, 'Shop', $3, 'active', 0)";
        tx.exec(sql, args![application, organisation, false]).await?;
        Ok::<_, StoreError>(Done::new(()))
    };
    store.write(operator(), job).await.unwrap();
}

async fn create(store: &Store, organisation: OrganisationId, application: ApplicationId) {
    let (id, digest) = (fresh(), random::<32>());
    let job = async move |tx: &mut Tx<'_>| {
        tx.exec(CREDENTIAL, args![id, organisation, application]).await?;
        tx.exec(VERSION, args![id, digest]).await?;
        Ok::<_, StoreError>(Done::new(()).audit(AuditEntry::new("credential.created", id)).change(Change::Credential(id)))
    };
    store.write(operator(), job).await.unwrap();
}

/// Creations in a second by `tasks` tasks.
async fn creations(store: &Store, tasks: u64, span: Duration) -> f64 {
    let (organisation, application) = (OrganisationId::from_bits(u128::from_le_bytes(random())), ApplicationId::from_bits(u128::from_le_bytes(random())));
    owners(store, organisation, application).await;
    let start = Instant::now();
    let mut set = tokio::task::JoinSet::new();
    for _ in 0..tasks {
        let store = store.clone();
        set.spawn(async move {
            let mut made = 0u64;
            while start.elapsed() < span {
                create(&store, organisation, application).await;
                made += 1;
            }
            made
        });
    }
    let made: u64 = set.join_all().await.into_iter().sum();
    made as f64 / start.elapsed().as_secs_f64()
}

/// Raw rows in a second, so many in a commit, in a file of the same kind.
fn raw(path: &Path, batch: u64, span: Duration) -> f64 {
    let mut connection = Connection::open(path).unwrap();
    connection.pragma_update(None, "journal_mode", "WAL").unwrap();
    connection.pragma_update(None, "synchronous", "FULL").unwrap();
    connection.execute_batch("CREATE TABLE IF NOT EXISTS raw (id TEXT PRIMARY KEY, data BLOB NOT NULL, note TEXT NOT NULL) STRICT, WITHOUT ROWID").unwrap();
    let (start, mut rows) = (Instant::now(), 0);
    while start.elapsed() < span {
        let tx = connection.transaction().unwrap();
        for _ in 0..batch {
            let mut insert = tx.prepare_cached("INSERT INTO raw (id, data, note) VALUES (?1, ?2, ?3)").unwrap();
            insert.execute((fresh().to_string(), random::<32>(), "a row of about the size of the others, with a little text in it")).unwrap();
        }
        tx.commit().unwrap();
        rows += batch;
    }
    rows as f64 / start.elapsed().as_secs_f64()
}

/// Rows as a large store has them: ten credentials an application, ten applications an organisation.
fn fill(path: &Path, credentials: u64) {
    let mut connection = Connection::open(path).unwrap();
    connection.execute_batch("PRAGMA synchronous = OFF; PRAGMA cache_size = -400000").unwrap();
    let tx = connection.transaction().unwrap();
    let (mut organisation, mut application) = (String::new(), String::new());
    for n in 0..credentials {
        if n % 100 == 0 {
            organisation = OrganisationId::from_bits(u128::from_le_bytes(random())).to_string();
            tx.prepare_cached("INSERT INTO organisation VALUES (?1, 'Acme', 'draft', 0, 0)").unwrap().execute([&organisation]).unwrap();
        }
        if n % 10 == 0 {
            application = ApplicationId::from_bits(u128::from_le_bytes(random())).to_string();
            let sql = "INSERT INTO application VALUES (?1, ?2, 'Shop', NULL, 0, 'active', 0)";
            tx.prepare_cached(sql).unwrap().execute([&application, &organisation]).unwrap();
        }
        let id = fresh().to_string();
        tx.prepare_cached(CREDENTIAL).unwrap().execute((&id, &organisation, &application)).unwrap();
        tx.prepare_cached(VERSION).unwrap().execute((&id, random::<32>())).unwrap();
    }
    tx.commit().unwrap();
}

#[derive(Default)]
struct Count(u64, u64);

impl SnapshotSink for Count {
    fn begin(&mut self, _: &SnapshotHead) {}
    fn record(&mut self, record: Record) {
        self.0 += 1;
        if let Record::Credential(c) = record {
            self.1 += u64::from(c.versions[0].digest[0]) + c.permissions.len() as u64;
        }
    }
}

async fn snapshots(store: &Store) {
    for _ in 0..3 {
        let start = Instant::now();
        let count = store.snapshot(Count::default()).await.unwrap();
        println!("snapshot of {} records: {:.2} s ({})", count.0, start.elapsed().as_secs_f64(), count.1);
    }
}

/// A bare scan of the same rows, for comparison.
fn scan(path: &Path) {
    let connection = Connection::open(path).unwrap();
    let start = Instant::now();
    let mut sum = 0usize;
    for sql in ["SELECT * FROM credential", "SELECT * FROM version"] {
        let mut statement = connection.prepare(sql).unwrap();
        let columns = statement.column_count();
        let mut rows = statement.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            for column in 0..columns {
                sum += matches!(row.get_ref(column).unwrap(), rusqlite::types::ValueRef::Null) as usize;
            }
        }
    }
    println!("bare scan of both tables: {:.2} s ({sum})", start.elapsed().as_secs_f64());
}

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let directory = std::path::PathBuf::from(arguments.next().unwrap());
    let credentials = arguments.next().map_or(1_000_000, |n| n.parse().unwrap());
    let span = Duration::from_secs(3);
    if let Ok(url) = std::env::var("MEASURE_DATABASE_URL") {
        let store = open(Location::Postgres(url)).await;
        for tasks in [1, 64] {
            println!("PostgreSQL, {tasks} tasks: {:.0} creations/s", creations(&store, tasks, span).await);
        }
        snapshots(&store).await;
        return;
    }
    let path = directory.join("keywright.db");
    let filled = path.exists();
    let store = open(Location::Directory(directory.clone())).await;
    if !filled {
        fill(&path, credentials);
    }
    scan(&path);
    snapshots(&store).await;
    for _ in 0..3 {
        let created = creations(&store, 64, span).await;
        let rows = raw(&directory.join("raw.db"), 64, span);
        println!("64 tasks: {created:.0} creations/s; raw rows in batches of 64: {rows:.0}/s; ratio {:.2}", created / rows);
    }
    let (one, raw_one) = (creations(&store, 1, span).await, raw(&directory.join("raw.db"), 1, span));
    println!("one task: {:.0} µs a creation; raw commit of one row: {:.0} µs; ratio {:.2}", 1e6 / one, 1e6 / raw_one, raw_one / one);
}
