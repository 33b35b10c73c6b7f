//! Opening a store in a database: is it a primary that we speak to directly, and is its schema ours?

use deadpool_postgres::ClientWrapper;
use keywright_domain::time::Timestamp;
use tokio_postgres::SimpleQueryMessage;

use super::connect::Connector;
use super::{Postgres, fault};
use crate::engine::migrate::{self, VERSION};
use crate::engine::{OpenError, OpenOptions, Purpose, now};
use crate::error::StoreError;

/// The key of the advisory lock that a migrating node holds: "keywrigh" in ASCII.
const MIGRATION_LOCK: i64 = 0x6b65_7977_7269_6768;
/// `pg_current_xact_id` and `pg_xact_status` came with 13.
const SERVER_VERSION_MIN: i32 = 130_000;

/// Opens the store under `url`; gives it with the words for where it is.
pub(crate) async fn open(url: &str, options: &OpenOptions) -> Result<(Postgres, String), OpenError> {
    let connector = Connector::new(url)?;
    let at = connector.at.clone();
    if connector.in_clear {
        tracing::warn!(database = at, "the connection to the database is not encrypted: add sslmode=require to the URL, or sslmode=disable if that is meant");
    }
    let store = |cause: StoreError| OpenError::Store { at: at.clone(), cause };
    let client = connect(&connector).await?;
    check_server(&client, &at).await?;
    check_pooler(&client, &connector).await?;
    let found = version(&client, &at).await.map_err(&store)?;
    match (found, options.purpose) {
        (newer, _) if newer > VERSION => return Err(OpenError::Newer { at, found: newer, known: VERSION }),
        (0, Purpose::Command) => return Err(OpenError::Missing { at }),
        (older, Purpose::Command) if older < VERSION => return Err(OpenError::Older { at, found: older, known: VERSION }),
        (older, _) if older < VERSION => migrate(&client, &at, options.lease_ms).await.map_err(&store)?,
        _ => {}
    }
    let engine = Postgres::start(connector, options.purpose == Purpose::Serve).map_err(&store)?;
    Ok((engine, at))
}

async fn connect(connector: &Connector) -> Result<ClientWrapper, OpenError> {
    connector.connect().await.map_err(|error| {
        let (at, why) = (connector.at.clone(), fault::text(&error));
        if fault::is_read_only_server(&error) {
            OpenError::Standby { at }
        } else if error.code().is_some() && !fault::is_transient(&error) || why.contains("password") || why.contains("authentication") {
            OpenError::RefusedByServer { at, why }
        } else {
            OpenError::Unreachable { at, why }
        }
    })
}

async fn check_server(client: &ClientWrapper, at: &str) -> Result<(), OpenError> {
    let row = client
        .query_one("SELECT pg_is_in_recovery(), current_setting('server_version_num')::integer, current_setting('server_version')", &[])
        .await
        .map_err(|e| OpenError::Store { at: at.to_owned(), cause: fault::store_error(&e, at) })?;
    let (standby, number, found): (bool, i32, String) = (row.get(0), row.get(1), row.get(2));
    if number < SERVER_VERSION_MIN {
        return Err(OpenError::OldServer { at: at.to_owned(), found });
    }
    if standby { Err(OpenError::Standby { at: at.to_owned() }) } else { Ok(()) }
}

/// Times that the check for a pooler is made: a busy one may happen to look like two servers once.
const POOLER_ROUNDS: usize = 3;

/// Two connections that are open at once have two servers behind them, unless a pooler lends one server to both in turn. While the one
/// holds a transaction, the other cannot have the same server.
async fn check_pooler(first: &ClientWrapper, connector: &Connector) -> Result<(), OpenError> {
    let at = connector.at.as_str();
    let second = connect(connector).await?;
    let ask = async {
        for _ in 0..POOLER_ROUNDS {
            for (idle, busy) in [(first, &second), (&second, first)] {
                let before = server_of(idle).await?;
                busy.batch_execute("BEGIN").await?;
                let lent = server_of(busy).await?;
                let after = server_of(idle).await?;
                busy.batch_execute("ROLLBACK").await?;
                if before == lent || before != after {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    };
    let pooled = ask.await.map_err(|e: tokio_postgres::Error| OpenError::Store { at: at.to_owned(), cause: fault::store_error(&e, at) })?;
    if pooled { Err(OpenError::TransactionPooler { at: at.to_owned() }) } else { Ok(()) }
}

/// The process that serves this connection now. Asked for without a prepared statement: closing one is a message of its own, which comes
/// later and takes a server too.
async fn server_of(client: &ClientWrapper) -> Result<Option<String>, tokio_postgres::Error> {
    let rows = client.simple_query("SELECT pg_backend_pid()").await?;
    Ok(rows.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    }))
}

/// The version of the schema; 0 in an empty database.
async fn version(client: &ClientWrapper, at: &str) -> Result<i64, StoreError> {
    let ask = async {
        let made: bool = client.query_one("SELECT to_regclass('schema_version') IS NOT NULL", &[]).await?.get(0);
        if !made {
            return Ok(0);
        }
        Ok(client.query_one("SELECT COALESCE(max(version), 0) FROM schema_version", &[]).await?.get(0))
    };
    ask.await.map_err(|e: tokio_postgres::Error| fault::store_error(&e, at))
}

/// Brings the schema to [`VERSION`] in one transaction, one node at a time.
async fn migrate(client: &ClientWrapper, at: &str, lease_ms: u64) -> Result<(), StoreError> {
    let failed = |e: tokio_postgres::Error| fault::store_error(&e, at);
    client.batch_execute("BEGIN").await.map_err(failed)?;
    client.execute("SELECT pg_advisory_xact_lock($1)", &[&MIGRATION_LOCK]).await.map_err(failed)?;
    // Another node may have done it while this one waited.
    let found = version(client, at).await?;
    if found == 0 {
        client.batch_execute(migrate::CREATE_VERSION).await.map_err(failed)?;
    }
    for step in migrate::missing(found) {
        client.batch_execute(&migrate::for_postgres(step.sql)).await.map_err(failed)?;
        client.execute("INSERT INTO schema_version (version, at_us) VALUES ($1, $2)", &[&step.version, &now().us()]).await.map_err(failed)?;
        tracing::info!(version = step.version, newest = VERSION, "schema migrated");
    }
    if found == 0 {
        let at = "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)";
        let at = Timestamp::from_us(client.query_one(at, &[]).await.map_err(failed)?.get(0));
        for (sql, args) in migrate::first_rows(lease_ms, at)? {
            client.execute_raw(sql, &args).await.map_err(failed)?;
        }
    }
    client.batch_execute("COMMIT").await.map_err(failed)
}
