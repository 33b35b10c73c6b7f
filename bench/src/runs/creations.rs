//! Making credentials, durably: many at once against raw rows, and one alone against one commit.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use keywright::clocks;
use keywright_domain::ids::ApplicationId;
use keywright_operations::applications::NewApplication;
use keywright_operations::credentials::NewCredential;
use keywright_operations::{Keys, Operations};
use keywright_store::{Location, OpenOptions, Purpose, Store};
use rusqlite::Connection;
use tokio_postgres::NoTls;

use crate::dataset::{DataSet, PERMISSION, SERVICE, application, machine};
use crate::keys::mixed;
use crate::options::Options;
use crate::postgres::Postgres;
use crate::report::{Report, Target, median};

/// Tasks that make credentials at the same time, and raw rows in one commit.
const TASKS: u64 = 64;
/// The table of raw rows, and one whose digests are indexed as a credential's are.
const RAW: &str = "benchmark_raw";
const RAW_UNIQUE: &str = "benchmark_raw_unique";
/// A row that nothing depends on, about as wide as a credential's.
const RAW_TABLE: &str = "CREATE TABLE benchmark_raw (id TEXT PRIMARY KEY, digest BYTEA NOT NULL, note TEXT NOT NULL, made BIGINT NOT NULL)";
const RAW_NOTE: &str = "a row of about the size of the others: business-api production transactions:read active and a name of the usual length";

/// Runs the part `creations`.
///
/// # Errors
/// A store refused.
pub(crate) async fn run(options: &Options, data: &DataSet, large: DataSet, report: &mut Report) -> Result<()> {
    let location = Location::Directory(data.data());
    let operations = open(location).await?;
    let raw = Connection::open(data.file())?;
    raw.pragma_update(None, "synchronous", "FULL")?;
    raw.busy_timeout(Duration::from_secs(10))?;
    // Checkpoints are the store's own work; this connection only adds to the same log.
    raw.pragma_update(None, "wal_autocheckpoint", 0)?;
    raw.execute_batch(&RAW_TABLE.replace("BYTEA", "BLOB"))?;
    raw.execute_batch(&RAW_TABLE.replace("BYTEA", "BLOB UNIQUE").replace(RAW, RAW_UNIQUE))?;
    let (next, mut rows) = (Arc::new(AtomicU64::new(0)), 0);
    let applications: Arc<[ApplicationId]> = (0..data.shape.applications).map(application).collect();

    let (mut created, mut raws, mut indexed) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..options.rounds {
        created.push(together(&operations, &applications, &next, options.turn).await?);
        raws.push(raw_rows(&raw, RAW, TASKS, options.turn, &mut rows)?.0);
        indexed.push(raw_rows(&raw, RAW_UNIQUE, TASKS, options.turn / 3, &mut rows)?.0);
        eprintln!("  {:.0} creations a second, {:.0} raw rows a second", created[created.len() - 1], raws[raws.len() - 1]);
    }
    report.row("durable creations by 64 tasks against raw rows in batches of 64", median(&created) / median(&raws), " ×", &Target::AtLeast(0.2));
    report.note(format!(
        "SQLite: {:.0} creations a second, {:.0} raw rows a second, on the file with {} keys. A creation writes four rows and two indexes more; raw rows with one \
         unique digest, as each key has one, come to {:.0} a second.",
        median(&created),
        median(&raws),
        data.shape.live,
        median(&indexed)
    ));
    on_large(options, large, report).await?;

    let (mut alone, mut commits) = (Vec::new(), Vec::new());
    for _ in 0..options.rounds.min(3) {
        alone.extend(one_by_one(&operations, &applications, &next, options.turn / 2).await?);
        commits.extend(raw_rows(&raw, RAW, 1, options.turn / 2, &mut rows)?.1);
    }
    lone("SQLite", &alone, &commits, 3.0, report);
    drop(operations);
    match Postgres::start()? {
        Some(postgres) => on_postgres(options, &postgres, report).await?,
        None => report.note("PostgreSQL is not installed here; a lone creation on it was not measured.".into()),
    }
    Ok(())
}

/// The same in a store that is large: each key's digest goes to another page of its index, most of which are not in memory.
async fn on_large(options: &Options, data: DataSet, report: &mut Report) -> Result<()> {
    let operations = open(Location::Directory(data.data())).await?;
    let applications: Arc<[ApplicationId]> = (0..data.shape.applications).map(application).collect();
    let created = together(&operations, &applications, &Arc::default(), options.turn).await?;
    report.note(format!("SQLite: {created:.0} creations a second on a file with {} keys.", data.shape.live));
    Ok(())
}

fn lone(engine: &str, alone: &[f64], commits: &[f64], most: f64, report: &mut Report) {
    report.row(&format!("a lone creation against a raw commit of one row, {engine}"), median(alone) / median(commits), " ×", &Target::AtMost(most));
    report.note(format!("{engine}: a lone creation takes {:.0} µs, a raw commit {:.0} µs (medians).", median(alone), median(commits)));
}

async fn open(location: Location) -> Result<Operations> {
    let store = Store::open(OpenOptions::new(location, Purpose::Serve)).await?;
    let keys = Keys::without_master(&store).await?;
    Ok(Operations::new(store, clocks::real(), Arc::new(keys), None))
}

fn new_credential() -> NewCredential {
    NewCredential {
        service: SERVICE.into(),
        environment: "production".into(),
        name: "Back end".into(),
        permissions: Some(vec![PERMISSION.into()]),
        ..NewCredential::default()
    }
}

/// Creations in a second by many tasks, each for the next application.
async fn together(operations: &Operations, applications: &Arc<[ApplicationId]>, next: &Arc<AtomicU64>, span: Duration) -> Result<f64> {
    let began = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..TASKS {
        let (operations, applications, next) = (operations.clone(), Arc::clone(applications), Arc::clone(next));
        tasks.spawn(async move {
            let mut made = 0u64;
            while began.elapsed() < span {
                let at = next.fetch_add(1, Relaxed) as usize % applications.len();
                operations.credential_create(&machine(), applications[at], new_credential()).await?;
                made += 1;
            }
            Ok::<_, keywright_operations::Error>(made)
        });
    }
    let mut made = 0;
    while let Some(task) = tasks.join_next().await {
        made += task??;
    }
    Ok(made as f64 / began.elapsed().as_secs_f64())
}

/// Microseconds of each of many creations, one after the other.
async fn one_by_one(operations: &Operations, applications: &[ApplicationId], next: &AtomicU64, span: Duration) -> Result<Vec<f64>> {
    let (began, mut each) = (Instant::now(), Vec::new());
    while began.elapsed() < span {
        let at = next.fetch_add(1, Relaxed) as usize % applications.len();
        let one = Instant::now();
        operations.credential_create(&machine(), applications[at], new_credential()).await?;
        each.push(one.elapsed().as_secs_f64() * 1e6);
    }
    Ok(each)
}

/// Raw rows in a second, so many in a commit, and the microseconds of each commit.
fn raw_rows(connection: &Connection, table: &str, at_once: u64, span: Duration, rows: &mut u64) -> Result<(f64, Vec<f64>)> {
    let (began, first, mut commits) = (Instant::now(), *rows, Vec::new());
    let mut insert = connection.prepare(&format!("INSERT INTO {table} (id, digest, note, made) VALUES (?1, ?2, ?3, ?4)"))?;
    while began.elapsed() < span {
        let one = Instant::now();
        connection.execute_batch("BEGIN IMMEDIATE")?;
        for _ in 0..at_once {
            insert.execute((raw_id(*rows), raw_digest(*rows), RAW_NOTE, rows.cast_signed()))?;
            *rows += 1;
        }
        connection.execute_batch("COMMIT")?;
        commits.push(one.elapsed().as_secs_f64() * 1e6);
    }
    Ok(((*rows - first) as f64 / began.elapsed().as_secs_f64(), commits))
}

fn raw_id(n: u64) -> String {
    format!("raw_{n:013}{:013}", mixed(n) >> 24)
}

fn raw_digest(n: u64) -> [u8; 32] {
    let mut digest = [0; 32];
    digest.chunks_exact_mut(8).enumerate().for_each(|(i, part)| part.copy_from_slice(&mixed(n << 2 | i as u64).to_be_bytes()));
    digest
}

async fn on_postgres(options: &Options, postgres: &Postgres, report: &mut Report) -> Result<()> {
    let operations = open(Location::Postgres(postgres.url())).await?;
    let caller = machine();
    operations.catalogue_apply(&caller, keywright_domain::catalogue::BUILT_IN).await?;
    let organisation = operations.organisation_create(&caller, "Benchmark", "bench@example.com").await?.id;
    let mut applications = Vec::new();
    for n in 0..2_000 {
        let new = NewApplication { name: format!("Application {n}"), services: vec![SERVICE.into()], ..NewApplication::default() };
        applications.push(operations.application_create(&caller, organisation, new).await?.id);
    }
    let (client, connection) = tokio_postgres::connect(&postgres.url(), NoTls).await.context("PostgreSQL")?;
    let connection = tokio::spawn(connection);
    client.batch_execute(RAW_TABLE).await?;
    let insert = client.prepare("INSERT INTO benchmark_raw (id, digest, note, made) VALUES ($1, $2, $3, $4)").await?;
    let (next, mut rows) = (AtomicU64::new(0), 0u64);
    let (mut alone, mut commits) = (Vec::new(), Vec::new());
    for _ in 0..options.rounds.min(3) {
        alone.extend(one_by_one(&operations, &applications, &next, options.turn / 2).await?);
        let began = Instant::now();
        while began.elapsed() < options.turn / 2 {
            let (id, digest) = (raw_id(rows), raw_digest(rows));
            let one = Instant::now();
            client.execute(&insert, &[&id, &digest.as_slice(), &RAW_NOTE, &rows.cast_signed()]).await?;
            commits.push(one.elapsed().as_secs_f64() * 1e6);
            rows += 1;
        }
    }
    drop(client);
    connection.await??;
    lone("PostgreSQL", &alone, &commits, 5.0, report);
    Ok(())
}
