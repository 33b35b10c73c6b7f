//! An access token on a page, this once.

use keywright_domain::catalogue::Service;
use keywright_domain::credential::TokenForm;
use keywright_domain::time::Timestamp;
use keywright_operations::credentials::ClientToken;

use crate::hub::forms::Choice;
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

/// The forms of access tokens as cards, the one of the catalogue first.
pub(super) fn forms(service: &Service) -> Vec<Choice> {
    let default = service.token.form;
    let mut all = TokenForm::ALL.to_vec();
    all.sort_by_key(|form| *form != default);
    let card = |form: TokenForm| {
        let card = match form {
            TokenForm::Jwt => {
                Choice::new(form.as_str(), "JWT").line("Signed, and readable by everybody. An API can check it by itself, without asking us each time.")
            }
            TokenForm::Opaque => {
                Choice::new(form.as_str(), "Opaque").line("Sealed: only Keywright can read it, so an API asks us. It tells nothing to whoever finds it.")
            }
        };
        if form == default { card.tag("Default") } else { card }
    };
    all.into_iter().map(card).collect()
}
