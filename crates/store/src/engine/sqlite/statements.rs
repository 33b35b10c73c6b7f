//! Running statements on a SQLite connection.

use rusqlite::{Connection, Statement};

use crate::engine::{RowRef, Val};
use crate::error::StoreError;

/// Binds each argument to the parameter that has its number in its name: SQLite numbers `$3, $1` by their order in the text.
fn bind(statement: &mut Statement<'_>, args: &[Val]) -> Result<(), StoreError> {
    for index in 1..=statement.parameter_count() {
        let number = statement.parameter_name(index).and_then(|name| name.get(1..)?.parse::<usize>().ok());
        let value = number.and_then(|n| args.get(n.checked_sub(1)?));
        let value = value.ok_or_else(|| StoreError::Sql { what: format!("no argument for parameter {index}") })?;
        statement.raw_bind_parameter(index, value)?;
    }
    Ok(())
}

pub(in crate::engine) fn exec(connection: &Connection, sql: &str, args: &[Val]) -> Result<u64, StoreError> {
    let mut statement = connection.prepare_cached(sql)?;
    bind(&mut statement, args)?;
    Ok(statement.raw_execute()? as u64)
}

pub(in crate::engine) fn for_each(
    connection: &Connection,
    sql: &str,
    args: &[Val],
    each: &mut dyn FnMut(&RowRef<'_>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(sql)?;
    bind(&mut statement, args)?;
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next()? {
        each(&RowRef::Sqlite(row))?;
    }
    Ok(())
}
