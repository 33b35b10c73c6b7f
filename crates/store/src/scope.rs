//! The three doors to reading: an organisation's, the operator's, and Keywright's own.

use keywright_domain::caller::{Allowed, Right};
use keywright_domain::ids::OrganisationId;

use crate::Store;
use crate::engine::{Around, Effects, FromRow, Tx, Typed, Val};
use crate::error::StoreError;
use crate::write::received;

/// The queries of one organisation. Every statement gets the organisation as `$1`.
#[derive(Clone, Copy)]
pub struct Scope<'a> {
    store: &'a Store,
    organisation: OrganisationId,
}

/// The queries of an operator, over all organisations.
#[derive(Clone, Copy)]
pub struct AsOperator<'a> {
    store: &'a Store,
}

/// The queries of Keywright's own timers and loops.
#[derive(Clone, Copy)]
pub struct AsSystem<'a> {
    store: &'a Store,
}

impl Store {
    /// Opens the queries of the permission's organisation.
    ///
    /// # Errors
    /// [`StoreError::Door`] when the permission names no organisation.
    pub fn scope(&self, allowed: &Allowed) -> Result<Scope<'_>, StoreError> {
        let organisation = allowed.organisation().ok_or(StoreError::Door { door: "an organisation's queries" })?;
        Ok(Scope { store: self, organisation })
    }

    /// Opens the queries over all organisations.
    ///
    /// # Errors
    /// [`StoreError::Door`] unless the permission is an operator's.
    pub fn as_operator(&self, allowed: &Allowed) -> Result<AsOperator<'_>, StoreError> {
        if allowed.right() == Right::Operate { Ok(AsOperator { store: self }) } else { Err(StoreError::Door { door: "an operator's queries" }) }
    }

    /// Opens the queries of housekeeping.
    ///
    /// # Errors
    /// [`StoreError::Door`] unless the permission is for housekeeping.
    pub fn as_system(&self, allowed: &Allowed) -> Result<AsSystem<'_>, StoreError> {
        if allowed.right() == Right::Housekeep { Ok(AsSystem { store: self }) } else { Err(StoreError::Door { door: "the queries of housekeeping" }) }
    }

    /// Runs reading statements around which the engine keeps what `around` says.
    pub(crate) async fn read<T, F>(&self, around: Around, job: F) -> Result<T, StoreError>
    where
        F: AsyncFn(&mut Tx<'_>) -> Result<T, StoreError> + Send + Sync + 'static,
        T: Send + 'static,
    {
        let run = async move |tx: &mut Tx<'_>| -> Result<(T, Effects), StoreError> { Ok((job(tx).await?, Effects::default())) };
        let (job, answer) = Typed::boxed(run);
        self.engine().read(around, job)?;
        Ok(received(answer).await?.0)
    }

    pub(crate) async fn all<T: FromRow + 'static>(&self, sql: &'static str, args: Vec<Val>) -> Result<Vec<T>, StoreError> {
        self.read(Around::Statement, async move |tx: &mut Tx<'_>| tx.all(sql, args.clone()).await).await
    }

    pub(crate) async fn opt<T: FromRow + 'static>(&self, sql: &'static str, args: Vec<Val>) -> Result<Option<T>, StoreError> {
        self.read(Around::Statement, async move |tx: &mut Tx<'_>| tx.opt(sql, args.clone()).await).await
    }

    pub(crate) async fn one<T: FromRow + 'static>(&self, sql: &'static str, args: Vec<Val>) -> Result<T, StoreError> {
        self.read(Around::Statement, async move |tx: &mut Tx<'_>| tx.one(sql, args.clone()).await).await
    }
}

#[allow(dead_code)]
impl<'a> Scope<'a> {
    /// Whose queries these are.
    #[must_use]
    pub const fn organisation(&self) -> OrganisationId {
        self.organisation
    }

    fn with_organisation(&self, mut args: Vec<Val>) -> Vec<Val> {
        args.insert(0, self.organisation.into());
        args
    }

    pub(crate) async fn all<T: FromRow + 'static>(&self, sql: &'static str, args: Vec<Val>) -> Result<Vec<T>, StoreError> {
        self.store.all(sql, self.with_organisation(args)).await
    }

    pub(crate) async fn opt<T: FromRow + 'static>(&self, sql: &'static str, args: Vec<Val>) -> Result<Option<T>, StoreError> {
        self.store.opt(sql, self.with_organisation(args)).await
    }

    pub(crate) async fn one<T: FromRow + 'static>(&self, sql: &'static str, args: Vec<Val>) -> Result<T, StoreError> {
        self.store.one(sql, self.with_organisation(args)).await
    }

    /// Several statements that see the same state of the store; the job gets the organisation.
    pub(crate) async fn together<T, F>(&self, job: F) -> Result<T, StoreError>
    where
        F: AsyncFn(&mut Tx<'_>, OrganisationId) -> Result<T, StoreError> + Send + Sync + 'static,
        T: Send + 'static,
    {
        let organisation = self.organisation;
        self.store.read(Around::Snapshot, async move |tx: &mut Tx<'_>| job(tx, organisation).await).await
    }
}

macro_rules! doors {
    ($($door:ident),+) => { $(
        #[allow(dead_code)]
        impl $door<'_> {
            pub(crate) async fn all<T: FromRow + 'static>(&self, sql: &'static str, args: Vec<Val>) -> Result<Vec<T>, StoreError> {
                self.store.all(sql, args).await
            }

            pub(crate) async fn opt<T: FromRow + 'static>(&self, sql: &'static str, args: Vec<Val>) -> Result<Option<T>, StoreError> {
                self.store.opt(sql, args).await
            }

            pub(crate) async fn one<T: FromRow + 'static>(&self, sql: &'static str, args: Vec<Val>) -> Result<T, StoreError> {
                self.store.one(sql, args).await
            }

            /// Several statements that see the same state of the store.
            pub(crate) async fn together<T, F>(&self, job: F) -> Result<T, StoreError>
            where
                F: AsyncFn(&mut Tx<'_>) -> Result<T, StoreError> + Send + Sync + 'static,
                T: Send + 'static,
            {
                self.store.read(Around::Snapshot, job).await
            }
        }
    )+ };
}

doors!(AsOperator, AsSystem);
