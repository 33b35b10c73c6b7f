//! What PostgreSQL's errors mean. Only code, message and constraint are passed on: details hold values.

use std::error::Error as _;

use tokio_postgres::error::{DbError, SqlState};

use crate::error::StoreError;

/// Whether the same job may succeed when it runs again: nothing of it was kept.
pub(in crate::engine) fn is_transient(error: &tokio_postgres::Error) -> bool {
    match error.code() {
        Some(code) => {
            *code == SqlState::T_R_SERIALIZATION_FAILURE
                || *code == SqlState::T_R_DEADLOCK_DETECTED
                || is_away(code)
                || error.as_db_error().is_some_and(is_by_standby)
        }
        None => is_lost(error),
    }
}

/// Whether the connection is gone, by the client's own account.
pub(super) fn is_lost(error: &tokio_postgres::Error) -> bool {
    let by_io = error.source().is_some_and(|cause| cause.is::<std::io::Error>());
    error.is_closed() || by_io || error.code().is_some_and(is_away)
}

/// Codes of a server that ends, starts or recovers, or has no connection left: class 08, 57P01 to 57P03, 53300.
fn is_away(code: &SqlState) -> bool {
    let code = code.code();
    code.starts_with("08") || matches!(code, "57P01" | "57P02" | "57P03" | "57P05" | "53300" | "25P03")
}

/// The server has become a standby, or takes no writes for another reason. It has no code of its own for "cannot assign TransactionIds
/// during recovery".
fn is_by_standby(db: &DbError) -> bool {
    *db.code() == SqlState::READ_ONLY_SQL_TRANSACTION || db.message().ends_with("during recovery")
}

/// Whether the server was reached, and the client went away again because it takes no writes.
pub(super) fn is_read_only_server(error: &tokio_postgres::Error) -> bool {
    error.source().and_then(|cause| cause.downcast_ref::<std::io::Error>()).is_some_and(|cause| cause.to_string() == "database does not allow writes")
}

/// What an error means to the caller; `at` names the database.
pub(in crate::engine) fn store_error(error: &tokio_postgres::Error, at: &str) -> StoreError {
    let Some(db) = error.as_db_error() else {
        return if is_lost(error) || error.source().is_some() || error.to_string().starts_with("timeout") {
            StoreError::Away { at: at.to_owned(), detail: text(error) }
        } else {
            StoreError::Sql { what: error.to_string() }
        };
    };
    let what = || db.constraint().map_or_else(|| said(db), str::to_owned);
    match db.code() {
        c if *c == SqlState::UNIQUE_VIOLATION => StoreError::Taken { what: what() },
        c if *c == SqlState::FOREIGN_KEY_VIOLATION => StoreError::Reference { what: what() },
        c if *c == SqlState::DISK_FULL || *c == SqlState::OUT_OF_MEMORY => StoreError::Full { detail: said(db) },
        c if *c == SqlState::IO_ERROR => StoreError::Disk { detail: said(db) },
        _ if is_by_standby(db) => StoreError::Away { at: at.to_owned(), detail: said(db) },
        c if *c == SqlState::LOCK_NOT_AVAILABLE || *c == SqlState::QUERY_CANCELED => StoreError::Busy { waited_ms: super::LOCK_TIMEOUT_MS, detail: said(db) },
        c if *c == SqlState::T_R_SERIALIZATION_FAILURE || *c == SqlState::T_R_DEADLOCK_DETECTED => StoreError::Busy { waited_ms: 0, detail: said(db) },
        c if *c == SqlState::IN_FAILED_SQL_TRANSACTION => StoreError::Aborted,
        c if is_away(c) => StoreError::Away { at: at.to_owned(), detail: said(db) },
        _ => StoreError::Sql { what: said(db) },
    }
}

fn said(db: &DbError) -> String {
    format!("{} [{}]", db.message(), db.code().code())
}

/// An error with its cause, in one line.
pub(super) fn text(error: &tokio_postgres::Error) -> String {
    match (error.as_db_error(), error.source()) {
        (Some(db), _) => said(db),
        (None, Some(cause)) => format!("{error}: {cause}"),
        (None, None) => error.to_string(),
    }
}
