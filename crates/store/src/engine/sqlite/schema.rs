//! Making and migrating the tables in a file.

use rusqlite::{Connection, OptionalExtension};

use super::patiently;
use crate::engine::migrate::{self, VERSION};
use crate::engine::{now, sqlite};
use crate::error::StoreError;

/// The version of the schema; 0 in an empty file.
pub(super) fn version(connection: &Connection) -> Result<i64, StoreError> {
    let made = connection.query_row("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'schema_version'", [], |_| Ok(())).optional()?;
    if made.is_none() {
        return Ok(0);
    }
    Ok(connection.query_row("SELECT COALESCE(max(version), 0) FROM schema_version", [], |row| row.get(0))?)
}

/// Brings the schema to [`VERSION`] in one transaction.
pub(super) fn migrate(connection: &Connection, lease_ms: u64) -> Result<(), StoreError> {
    patiently(|| connection.execute_batch("BEGIN IMMEDIATE"))?;
    let done = steps(connection, lease_ms).and_then(|()| Ok(connection.execute_batch("COMMIT")?));
    if done.is_err() && !connection.is_autocommit() {
        connection.execute_batch("ROLLBACK")?;
    }
    done
}

fn steps(connection: &Connection, lease_ms: u64) -> Result<(), StoreError> {
    let found = version(connection)?;
    if found == 0 {
        connection.execute_batch(migrate::CREATE_VERSION)?;
    }
    for step in migrate::missing(found) {
        connection.execute_batch(&migrate::for_sqlite(step.sql))?;
        connection.execute("INSERT INTO schema_version (version, at_us) VALUES (?1, ?2)", (step.version, now().us()))?;
        tracing::info!(version = step.version, newest = VERSION, "schema migrated");
    }
    if found == 0 {
        for (sql, args) in migrate::first_rows(lease_ms, now())? {
            sqlite::exec(connection, sql, &args)?;
        }
    }
    Ok(())
}
