//! Signing in by the link in the mail, or by one that was made at the machine.

use keywright_crypto::digest::equal;
use keywright_crypto::secret::Secret;
use keywright_domain::time::Timestamp;
use keywright_domain::{limits, text};
use keywright_store::sign_in::SignIn;

use super::finish::why_not;
use super::{Client, LinkState, SessionMade, SignInError};
use crate::access::allowed_gate;
use crate::{Error, Operations};

/// What a link is good for in this browser.
fn state(found: Option<&SignIn>, browser: Option<&Secret>, now: Timestamp) -> LinkState {
    let Some(found) = found else { return LinkState::Unknown };
    let same = found.browser.is_none_or(|wanted| browser.is_some_and(|given| equal(&wanted, &given.digest())));
    match &found.mail {
        _ if found.used_at.is_some() => LinkState::Used,
        _ if found.until <= now => LinkState::Expired,
        _ if !same => LinkState::OtherBrowser,
        Some(mail) => LinkState::Ready { mail: mail.clone() },
        None => LinkState::ReadyAskAddress,
    }
}

impl Operations {
    /// What a link is good for. It uses nothing up, so it may be asked any number of times, by scanners of mails too.
    ///
    /// # Errors
    /// [`Error::Store`]
    pub async fn sign_in_look(&self, token: &Secret, browser: Option<&Secret>) -> Result<LinkState, Error> {
        let found = self.gate(&allowed_gate()?)?.sign_in_of_link(&token.digest()).await?;
        Ok(state(found.as_ref(), browser, self.now()))
    }

    /// Signs a person in by a link: the button on its page. `mail` is the address where the page asked for it
    /// ([`LinkState::ReadyAskAddress`]) and counts only there. Of two requests at once, one signs in.
    ///
    /// # Errors
    /// [`SignInError`]: each state but the two that are ready, [`SignInError::Mail`], [`SignInError::NotTheFirst`], [`SignInError::Other`]
    pub async fn sign_in_by_link(&self, token: &Secret, browser: Option<&Secret>, mail: Option<&str>, client: Client<'_>) -> Result<SessionMade, SignInError> {
        let allowed = allowed_gate()?;
        let found = self.gate(&allowed)?.sign_in_of_link(&token.digest()).await?;
        let mail = match state(found.as_ref(), browser, self.now()) {
            LinkState::Ready { mail } => mail,
            LinkState::ReadyAskAddress => text::mail(mail.unwrap_or_default()).map_err(SignInError::Mail)?,
            LinkState::OtherBrowser => return Err(SignInError::OtherBrowser),
            LinkState::Used => return Err(SignInError::Used),
            LinkState::Expired => return Err(SignInError::Expired),
            LinkState::Unknown => return Err(SignInError::Unknown),
        };
        let Some(found) = found else { return Err(SignInError::Unknown) };
        let (secret, session) = self.session_to_make(&mail, client, "link").await?;
        let (now, until, person) = (self.now(), session.until(), session.person());
        self.store
            .write(session.allowed()?, async move |tx| {
                if !tx.sign_in_use(found.id, limits::SIGN_IN_TRIES_MAX, now).await? {
                    return Err(why_not(tx.sign_in(found.id).await?.as_ref(), now));
                }
                session.make(tx, &mail, found.operator).await
            })
            .await?;
        Ok(SessionMade { secret, person, until, return_to: found.return_to })
    }
}
