//! The four doors to reading: an organisation's, the operator's, Keywright's own, and the gate's, before anybody's rights are known.

use std::sync::Arc;

use keywright_domain::caller::{Allowed, Right};
use keywright_domain::ids::OrganisationId;

use crate::Store;
use crate::engine::{Around, Effects, FromRow, Tx, Typed, Val};
use crate::error::StoreError;
use crate::statements::Door;
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

/// The queries that find out who is asking and what they hold, before any right is known.
#[derive(Clone, Copy)]
pub struct AsGate<'a> {
    store: &'a Store,
}

impl Store {
    /// Opens the queries of the gate.
    ///
    /// # Errors
    /// [`StoreError::Door`] unless the permission is the gate's.
    pub fn as_gate(&self, allowed: &Allowed) -> Result<AsGate<'_>, StoreError> {
        if allowed.right() == Right::Gate { Ok(AsGate { store: self }) } else { Err(StoreError::Door { door: "the gate's queries" }) }
    }

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
        self.read_by(Door::Installation, around, job).await
    }

    pub(crate) async fn read_by<T, F>(&self, door: Door, around: Around, job: F) -> Result<T, StoreError>
    where
        F: AsyncFn(&mut Tx<'_>) -> Result<T, StoreError> + Send + Sync + 'static,
        T: Send + 'static,
    {
        let statements = Arc::clone(&self.statements);
        let run = async move |tx: &mut Tx<'_>| -> Result<(T, Effects), StoreError> {
            let before = tx.ran();
            let read = job(tx).await;
            statements.add(door, tx.ran() - before);
            Ok((read?, Effects::default()))
        };
        let (job, answer) = Typed::boxed(run);
        self.engine().read(around, job)?;
        Ok(received(answer).await?.0)
    }

    pub(crate) async fn one<T: FromRow + 'static>(&self, sql: &'static str, args: Vec<Val>) -> Result<T, StoreError> {
        self.read(Around::Statement, async move |tx: &mut Tx<'_>| tx.one(sql, args.clone()).await).await
    }

    pub(crate) async fn opt<T: FromRow + 'static>(&self, sql: &'static str, args: Vec<Val>) -> Result<Option<T>, StoreError> {
        self.opt_by(Door::Installation, sql, args).await
    }

    pub(crate) async fn all<T: FromRow + 'static>(&self, sql: &'static str, args: Vec<Val>) -> Result<Vec<T>, StoreError> {
        self.all_by(Door::Installation, sql, args).await
    }

    async fn all_by<T: FromRow + 'static>(&self, door: Door, sql: &'static str, args: Vec<Val>) -> Result<Vec<T>, StoreError> {
        self.read_by(door, Around::Statement, async move |tx: &mut Tx<'_>| tx.all(sql, args.clone()).await).await
    }

    async fn opt_by<T: FromRow + 'static>(&self, door: Door, sql: &'static str, args: Vec<Val>) -> Result<Option<T>, StoreError> {
        self.read_by(door, Around::Statement, async move |tx: &mut Tx<'_>| tx.opt(sql, args.clone()).await).await
    }
}

impl Scope<'_> {
    /// Whose queries these are.
    #[must_use]
    pub const fn organisation(&self) -> OrganisationId {
        self.organisation
    }

    pub(crate) async fn all<T: FromRow + 'static>(&self, sql: &'static str, args: Vec<Val>) -> Result<Vec<T>, StoreError> {
        self.store.all_by(Door::Scope, sql, with_organisation(self.organisation, args)).await
    }

    /// Several statements that see the same state of the store.
    pub(crate) async fn together<T, F>(&self, job: F) -> Result<T, StoreError>
    where
        F: AsyncFn(&mut ScopedTx<'_, '_>) -> Result<T, StoreError> + Send + Sync + 'static,
        T: Send + 'static,
    {
        let organisation = self.organisation;
        self.store.read_by(Door::Scope, Around::Snapshot, async move |tx: &mut Tx<'_>| job(&mut ScopedTx { tx, organisation }).await).await
    }
}

/// A reading transaction in which every statement gets the organisation as `$1`.
pub(crate) struct ScopedTx<'a, 't> {
    tx: &'a mut Tx<'t>,
    organisation: OrganisationId,
}

impl ScopedTx<'_, '_> {
    pub(crate) async fn all<T: FromRow>(&mut self, sql: &'static str, args: Vec<Val>) -> Result<Vec<T>, StoreError> {
        self.tx.all(sql, with_organisation(self.organisation, args)).await
    }

    pub(crate) async fn opt<T: FromRow>(&mut self, sql: &'static str, args: Vec<Val>) -> Result<Option<T>, StoreError> {
        self.tx.opt(sql, with_organisation(self.organisation, args)).await
    }
}

fn with_organisation(organisation: OrganisationId, mut args: Vec<Val>) -> Vec<Val> {
    args.insert(0, organisation.into());
    args
}

macro_rules! doors {
    ($($door:ident),+) => { $(
        impl $door<'_> {
            pub(crate) async fn all<T: FromRow + 'static>(&self, sql: &'static str, args: Vec<Val>) -> Result<Vec<T>, StoreError> {
                self.store.all_by(Self::DOOR, sql, args).await
            }

            pub(crate) async fn opt<T: FromRow + 'static>(&self, sql: &'static str, args: Vec<Val>) -> Result<Option<T>, StoreError> {
                self.store.opt_by(Self::DOOR, sql, args).await
            }
        }
    )+ };
}

doors!(AsOperator, AsSystem, AsGate);

impl AsOperator<'_> {
    const DOOR: Door = Door::Operator;
}

impl AsSystem<'_> {
    const DOOR: Door = Door::System;
}

impl AsGate<'_> {
    const DOOR: Door = Door::Gate;
}

impl AsSystem<'_> {
    pub(crate) async fn one<T: FromRow + 'static>(&self, sql: &'static str, args: Vec<Val>) -> Result<T, StoreError> {
        self.store.one(sql, args).await
    }
}
