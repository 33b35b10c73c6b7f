//! From starting the program to its first verdict, beside a bare scan of the same tables.

use std::collections::HashMap;
use std::time::Instant;

use anyhow::Result;
use rusqlite::{Connection, OpenFlags};

use super::first_verdict;
use crate::dataset::DataSet;
use crate::options::Options;
use crate::process::Server;
use crate::report::{Report, Target, median};

/// Runs the part `start-up`.
///
/// # Errors
/// The server does not start, or the file cannot be read.
pub(crate) fn run(options: &Options, data: &DataSet, report: &mut Report) -> Result<()> {
    let (mut starts, mut scans) = (Vec::new(), Vec::new());
    // The first scan brings the file into the system's cache for both.
    scan(data)?;
    for round in 0..options.rounds.min(3) {
        let began = Instant::now();
        let server = Server::keywright(&data.data(), None)?;
        first_verdict(&server, data)?;
        starts.push(began.elapsed().as_secs_f64());
        drop(server);
        let began = Instant::now();
        let rows = scan(data)?;
        scans.push(began.elapsed().as_secs_f64());
        eprintln!("  round {}: {:.2} s to the first verdict, {:.2} s to scan {rows} rows", round + 1, starts[round], scans[round]);
    }
    report.row("start with 1 M keys to the first verdict", median(&starts), " s", &Target::AtMost(4.0));
    report.row("the same against a scan of the tables into a map", median(&starts) / median(&scans), " ×", &Target::AtMost(6.0));
    report.note(format!("The scan alone takes {:.2} s (median of {}).", median(&scans), scans.len()));
    Ok(())
}

/// What a program would keep of a row that does nothing else with it.
struct Kept {
    _application: String,
    _permissions: String,
    _state: String,
    _expires_us: Option<i64>,
}

/// Reads the tables that a replica is made from into maps, with nothing checked and nothing shared. Gives the number of rows.
fn scan(data: &DataSet) -> Result<usize> {
    let connection = Connection::open_with_flags(data.file(), OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let pairs = |sql: &str| -> Result<HashMap<String, String>> {
        let mut statement = connection.prepare(sql)?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    };
    let organisations = pairs("SELECT id, review FROM organisation")?;
    let applications = pairs("SELECT id, organisation_id FROM application")?;
    let mut statement = connection.prepare("SELECT id, application_id, permissions, state, expires_us FROM credential")?;
    let rows = statement
        .query_map([], |row| Ok((row.get(0)?, Kept { _application: row.get(1)?, _permissions: row.get(2)?, _state: row.get(3)?, _expires_us: row.get(4)? })))?;
    let credentials: HashMap<String, Kept> = rows.collect::<rusqlite::Result<_>>()?;
    let mut statement = connection.prepare("SELECT digest, credential_id FROM version")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let versions: HashMap<[u8; 32], String> = rows.collect::<rusqlite::Result<_>>()?;
    Ok(organisations.len() + applications.len() + credentials.len() + versions.len())
}
