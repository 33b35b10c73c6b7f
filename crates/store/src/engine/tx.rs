//! A transaction: the only way to run a statement.

use futures_util::TryStreamExt;

use keywright_domain::change::{Place, Report};
use keywright_domain::ids::OrganisationId;
use keywright_domain::time::Timestamp;

use crate::args;

use super::postgres::fault;
use super::{FromRow, RowRef, Val, now, sqlite};
use crate::error::StoreError;

/// An open transaction of either engine. Statements are written once, with `$1`, `$2` for their arguments.
///
/// After a statement has failed, every later one of the same transaction answers [`StoreError::Aborted`] and nothing of it is kept,
/// as PostgreSQL has it; so a job behaves alike on both engines.
pub struct Tx<'a> {
    inner: Inner<'a>,
    failed: Option<StoreError>,
    again: bool,
    ran: u64,
}

enum Inner<'a> {
    Sqlite(&'a rusqlite::Connection),
    Postgres { client: &'a deadpool_postgres::ClientWrapper, at: &'a str },
}

impl<'a> Tx<'a> {
    pub(crate) fn sqlite(connection: &'a rusqlite::Connection) -> Self {
        Self { inner: Inner::Sqlite(connection), failed: None, again: false, ran: 0 }
    }

    /// `at` names the database in messages.
    pub(crate) fn postgres(client: &'a deadpool_postgres::ClientWrapper, at: &'a str) -> Self {
        Self { inner: Inner::Postgres { client, at }, failed: None, again: false, ran: 0 }
    }

    /// Statements that were run so far.
    pub(crate) const fn ran(&self) -> u64 {
        self.ran
    }

    /// What the first failed statement answered.
    pub(crate) fn failed(&self) -> Option<&StoreError> {
        self.failed.as_ref()
    }

    /// Whether it failed for a reason that may be gone when the job runs again: a deadlock, a lost connection.
    pub(crate) fn again(&self) -> bool {
        self.again
    }

    fn fail(&mut self, error: StoreError) -> StoreError {
        self.failed.get_or_insert_with(|| error.clone());
        error
    }

    fn fail_postgres(&mut self, error: &tokio_postgres::Error) -> StoreError {
        self.again |= fault::is_transient(error);
        let Inner::Postgres { at, .. } = self.inner else { return StoreError::Aborted };
        self.fail(fault::store_error(error, at))
    }

    /// Runs a statement that gives no rows; gives the number of rows that it changed.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn exec(&mut self, sql: &'static str, args: Vec<Val>) -> Result<u64, StoreError> {
        if self.failed.is_some() {
            return Err(StoreError::Aborted);
        }
        self.ran += 1;
        match self.inner {
            Inner::Sqlite(connection) => sqlite::exec(connection, sql, &args).map_err(|e| self.fail(e)),
            Inner::Postgres { client, .. } => {
                let run = async { client.execute_raw(&client.prepare_cached(sql).await?, &args).await };
                run.await.map_err(|e| self.fail_postgres(&e))
            }
        }
    }

    /// Runs a statement and hands each row to `each` as it comes; memory stays flat however many there are.
    ///
    /// # Errors
    /// [`StoreError`], also the one that `each` gives.
    pub async fn for_each(&mut self, sql: &'static str, args: Vec<Val>, mut each: impl FnMut(&RowRef<'_>) -> Result<(), StoreError>) -> Result<(), StoreError> {
        if self.failed.is_some() {
            return Err(StoreError::Aborted);
        }
        self.ran += 1;
        match self.inner {
            Inner::Sqlite(connection) => sqlite::for_each(connection, sql, &args, &mut each).map_err(|e| self.fail(e)),
            Inner::Postgres { client, .. } => {
                let start = async { client.query_raw(&client.prepare_cached(sql).await?, &args).await };
                let rows = start.await.map_err(|e| self.fail_postgres(&e))?;
                let mut rows = std::pin::pin!(rows);
                while let Some(row) = rows.try_next().await.map_err(|e| self.fail_postgres(&e))? {
                    each(&RowRef::Postgres(&row)).map_err(|e| self.fail(e))?;
                }
                Ok(())
            }
        }
    }

    /// All rows of a statement.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn all<T: FromRow>(&mut self, sql: &'static str, args: Vec<Val>) -> Result<Vec<T>, StoreError> {
        let mut rows = Vec::new();
        self.for_each(sql, args, |row| {
            rows.push(T::from_row(row)?);
            Ok(())
        })
        .await?;
        Ok(rows)
    }

    /// The first row of a statement, if there is one.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn opt<T: FromRow>(&mut self, sql: &'static str, args: Vec<Val>) -> Result<Option<T>, StoreError> {
        let mut first = None;
        self.for_each(sql, args, |row| {
            if first.is_none() {
                first = Some(T::from_row(row)?);
            }
            Ok(())
        })
        .await?;
        Ok(first)
    }

    /// The one row of a statement that always gives one.
    ///
    /// # Errors
    /// [`StoreError`]; without a row, [`StoreError::Corrupt`].
    pub async fn one<T: FromRow>(&mut self, sql: &'static str, args: Vec<Val>) -> Result<T, StoreError> {
        let row = self.opt(sql, args).await?;
        row.ok_or_else(|| self.fail(StoreError::corrupt("a row that is always there is missing")))
    }

    /// When the catalogue was applied (1970: none was, and the built-in one holds). Nobody applies another one before this transaction ends.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn lock_catalogue(&mut self) -> Result<Timestamp, StoreError> {
        let sql = match self.inner {
            // SQLite's one writer holds every lock already.
            Inner::Sqlite(_) => "SELECT applied_us FROM catalogue WHERE id = 1",
            Inner::Postgres { .. } => "SELECT applied_us FROM catalogue WHERE id = 1 FOR SHARE",
        };
        Ok(Timestamp::from_us(self.one(sql, Vec::new()).await?))
    }

    /// [`lock_catalogue`](Self::lock_catalogue) and [`lock_organisation`](Self::lock_organisation) in one round trip. None: there is no such
    /// organisation.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn lock_catalogue_and_organisation(&mut self, organisation: OrganisationId) -> Result<Option<Timestamp>, StoreError> {
        let sql = match self.inner {
            Inner::Sqlite(_) => "SELECT k.applied_us FROM catalogue k, organisation o WHERE k.id = 1 AND o.id = $1",
            Inner::Postgres { .. } => "SELECT k.applied_us FROM catalogue k, organisation o WHERE k.id = 1 AND o.id = $1 FOR SHARE OF k FOR NO KEY UPDATE OF o",
        };
        Ok(self.opt::<i64>(sql, args![organisation]).await?.map(Timestamp::from_us))
    }

    /// Locks an organisation's row, so that writes of one organisation follow each other. False: there is no such organisation.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn lock_organisation(&mut self, organisation: OrganisationId) -> Result<bool, StoreError> {
        let sql = match self.inner {
            // SQLite's one writer holds every lock already.
            Inner::Sqlite(_) => "SELECT 1 FROM organisation WHERE id = $1",
            // Not FOR UPDATE: rows that refer to the organisation may still be inserted beside it.
            Inner::Postgres { .. } => "SELECT 1 FROM organisation WHERE id = $1 FOR NO KEY UPDATE",
        };
        Ok(self.opt::<()>(sql, vec![organisation.into()]).await?.is_some())
    }

    /// Lets what counts the mails to one address, or from one network, follow each other, until this transaction ends. Whoever locks an organisation
    /// does so before, and a network before an address.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn lock_address(&mut self, address: &str) -> Result<(), StoreError> {
        match self.inner {
            // SQLite's one writer holds every lock already.
            Inner::Sqlite(_) => Ok(()),
            Inner::Postgres { .. } => self.opt::<()>("SELECT 1 FROM pg_advisory_xact_lock(hashtextextended($1, 1))", args![address]).await.map(drop),
        }
    }

    /// The store's clock: the machine's where the store is a file, the server's otherwise.
    ///
    /// # Errors
    /// [`StoreError`]
    pub(crate) async fn store_now(&mut self) -> Result<Timestamp, StoreError> {
        match self.inner {
            Inner::Sqlite(_) => Ok(now()),
            Inner::Postgres { .. } => {
                self.one("SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)", Vec::new()).await.map(Timestamp::from_us)
            }
        }
    }

    /// A verifier's sign of life; false: its row is gone. On PostgreSQL it is written, so that only a primary can commit it; a file has
    /// no standby, and reports are written beside.
    pub(crate) async fn heartbeat(&mut self, report: &Report) -> Result<bool, StoreError> {
        match self.inner {
            Inner::Sqlite(_) => Ok(self.opt::<()>("SELECT 1 FROM verifier WHERE id = $1", vec![report.verifier.into()]).await?.is_some()),
            Inner::Postgres { .. } => {
                let Place { epoch, position, tag } = report.applied;
                let args = args![report.verifier, epoch.0.to_be_bytes(), position.0.cast_signed(), tag.0.to_be_bytes()];
                // A place that is not in this store's log is put down as 0: a node that followed another branch of the past has not
                // seen what this one holds, however far it is.
                let written = self
                    .exec(
                        "UPDATE verifier SET epoch = $2, \
                         applied_position = CASE WHEN EXISTS (SELECT 1 FROM change_log l WHERE l.position = $3 AND l.tag = $4) THEN $3 ELSE 0 END, \
                         reported_us = CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT) WHERE id = $1",
                        args,
                    )
                    .await?;
                Ok(written > 0)
            }
        }
    }
}
