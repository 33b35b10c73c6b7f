//! Signing in by the code in the mail, in the browser that asked for it.

use keywright_crypto::digest::equal;
use keywright_crypto::secret::Secret;
use keywright_domain::ids::SignInId;
use keywright_domain::time::Timestamp;
use keywright_domain::{limits, sign_in};
use keywright_store::Done;
use keywright_store::sign_in::SignIn;

use super::ask::code_digest;
use super::finish::why_not;
use super::{Client, SessionMade, SignInError};
use crate::access::allowed_gate;
use crate::{Error, Operations};

/// Whether it may still be used, as far as a code can be tried.
pub(super) fn is_live(found: &SignIn, now: Timestamp) -> bool {
    found.used_at.is_none() && found.until > now
}

/// Whether the code, in its one form, is this sign-in's.
pub(super) fn is_right(found: &SignIn, browser: Option<&Secret>, code: &str) -> bool {
    found.code.is_some_and(|wanted| equal(&wanted, &code_digest(found.id, browser, code)))
}

impl Operations {
    /// Signs a person in by a code, typed in any case, with or without dashes and spaces, in the browser that asked. If it asked several
    /// times, the code of any of the mails will do. Of two requests at once, one signs in.
    ///
    /// # Errors
    /// [`SignInError::WrongCode`] counts a try; [`SignInError::TooManyTries`], [`SignInError::Used`], [`SignInError::Expired`],
    /// [`SignInError::Unknown`], [`SignInError::Other`]
    pub async fn sign_in_by_code(&self, browser: &Secret, code: &str, client: Client<'_>) -> Result<SessionMade, SignInError> {
        let (allowed, now) = (allowed_gate()?, self.now());
        let asked = self.gate(&allowed)?.sign_ins_of_browser(&browser.digest()).await?;
        let live: Vec<&SignIn> = asked.iter().filter(|s| is_live(s, now)).collect();
        if live.is_empty() {
            return Err(why_not(asked.first(), now));
        }
        // What has not the form of a code is a slip, and no guess.
        let code = sign_in::code(code).ok_or(SignInError::WrongCode)?;
        let Some(found) = live.iter().find(|s| is_right(s, Some(browser), &code)).map(|s| (*s).clone()) else {
            return Err(self.wrong_code(live.iter().map(|s| s.id).collect()).await?);
        };
        let Some(mail) = found.mail.clone() else { return Err(SignInError::Unknown) };
        let (secret, session) = self.session_to_make(&mail, client, "code").await?;
        let (until, person) = (session.until(), session.person());
        self.store
            .write(session.allowed()?, async move |tx| {
                if !tx.sign_in_use(found.id, limits::SIGN_IN_TRIES_MAX, now).await? {
                    return Err(why_not(tx.sign_in(found.id).await?.as_ref(), now));
                }
                session.make(tx, &mail, false).await
            })
            .await?;
        Ok(SessionMade { secret, person, until, return_to: found.return_to })
    }

    /// Counts a try of each of these, and says what to answer.
    pub(super) async fn wrong_code(&self, tried: Vec<SignInId>) -> Result<SignInError, Error> {
        let now = self.now();
        let counted = self.write(allowed_gate()?, async move |tx| {
            let mut counted = false;
            for id in &tried {
                counted |= tx.sign_in_try(*id, limits::SIGN_IN_TRIES_MAX, now).await?;
            }
            Ok(Done::new(counted))
        });
        Ok(if counted.await?.value { SignInError::WrongCode } else { SignInError::TooManyTries })
    }
}
