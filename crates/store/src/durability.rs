//! How safe an acknowledged write is, and which release's tables the store has.

use crate::engine::Engine;
use crate::error::StoreError;
use crate::{Store, args};

/// What an acknowledged write survives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// Crashes and power cuts of one machine; not its loss, nor the promotion of an asynchronous standby.
    OneMachine,
    /// The loss of a machine too: a synchronous standby has it.
    Replicated,
}

impl Durability {
    /// As proofs and pages say it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OneMachine => "durable on one machine",
            Self::Replicated => "durable on a synchronous standby too",
        }
    }
}

impl Store {
    /// What an acknowledged write survives, as the engine is set up now.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn durability(&self) -> Result<Durability, StoreError> {
        match self.engine() {
            Engine::Sqlite(_) => Ok(Durability::OneMachine),
            Engine::Postgres(_) => {
                let standbys: String = self.one("SELECT current_setting('synchronous_standby_names')", args![]).await?;
                Ok(if standbys.trim().is_empty() { Durability::OneMachine } else { Durability::Replicated })
            }
        }
    }

    /// The version of the store's tables.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn schema_version(&self) -> Result<i64, StoreError> {
        self.one("SELECT max(version) FROM schema_version", args![]).await
    }
}
