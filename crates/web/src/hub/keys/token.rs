//! An access token on a page, this once.

use keywright_domain::credential::TokenForm;
use keywright_domain::time::Timestamp;
use keywright_operations::credentials::ClientToken;

use crate::hub::words::When;

/// A token and what is to be known of it.
pub(super) struct TokenShown {
    /// The whole token.
    pub(super) text: String,
    /// Its `jti`, by which it is named in verdicts and in Activity.
    pub(super) id: String,
    /// Its scopes, with spaces between them; empty: none.
    pub(super) scope: String,
    /// It is a JWT.
    pub(super) jwt: bool,
    /// When it expires.
    pub(super) expires: When,
}

impl TokenShown {
    pub(super) fn of(made: &ClientToken, now: Timestamp) -> Self {
        Self {
            text: made.token.reveal().to_owned(),
            id: made.id.to_string(),
            scope: made.scope.clone(),
            jwt: made.form == TokenForm::Jwt,
            expires: When::new(made.expires_at, now),
        }
    }
}
