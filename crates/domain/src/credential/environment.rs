//! Sandbox or production.

use crate::words::words;

words! {
    /// Where a credential works. The catalogue may show other labels; these are the words of routes, the store and forms.
    pub enum Environment, EnvironmentError("an environment") {
        /// `test` in keys.
        Sandbox = "sandbox",
        /// `live` in keys.
        Production = "production",
    }
}

impl Environment {
    /// The word inside a key.
    #[must_use]
    pub const fn in_key(self) -> &'static str {
        match self {
            Self::Sandbox => "test",
            Self::Production => "live",
        }
    }
}
