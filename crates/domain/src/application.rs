//! The states of an application.

use crate::credential::Environment;
use crate::words::words;

words! {
    /// `inactive` (new) → `active` ↔ `deactivated`. A deleted application has no state: its row is gone.
    pub enum State, StateError("a state of an application") {
        /// New: sandbox credentials work.
        Inactive = "inactive",
        /// Both environments work.
        Active = "active",
        /// Nothing works; everything is kept.
        Deactivated = "deactivated",
    }
}

impl State {
    /// Whether credentials of this environment work in this state.
    #[must_use]
    pub const fn works_in(self, environment: Environment) -> bool {
        match (self, environment) {
            (Self::Active, _) | (Self::Inactive, Environment::Sandbox) => true,
            (Self::Inactive, Environment::Production) | (Self::Deactivated, _) => false,
        }
    }
}
