//! Asking for a mail to sign in with.

use std::net::IpAddr;

use keywright_crypto::digest::sha256;
use keywright_crypto::random;
use keywright_crypto::secret::Secret;
use keywright_domain::ids::SignInId;
use keywright_domain::time::Timestamp;
use keywright_domain::{limits, sign_in, text};
use keywright_store::Done;
use keywright_store::sign_in::NewSignIn;

use super::{Asked, LINK_PATH, Progress, kept_source};
use crate::access::allowed_gate;
use crate::form::{CHECKED, Form};
use crate::{Error, Operations, Rule, mail};

/// The digest of a code. It is too short to be kept alone, so the request and, in a browser, its secret go in.
pub(super) fn code_digest(id: SignInId, browser: Option<&Secret>, code: &str) -> [u8; 32] {
    let browser = browser.map_or("", Secret::expose);
    sha256(format!("keywright code v1 {id} {browser} {code}").as_bytes())
}

impl Operations {
    /// A new secret for the cookie of a browser that asks for a sign-in and has none.
    ///
    /// # Errors
    /// [`Error::Random`]
    pub fn sign_in_browser(&self) -> Result<Secret, Error> {
        Ok(random::opaque()?)
    }

    /// Asks for a mail to sign in with. In a browser (`browser`: the secret in its cookie) it holds a link and a code; for the API, a code.
    /// `return_to` is where to lead the person afterwards; what is no path of the hub is left out. The answer is the same for
    /// addresses that are known, unknown, or have had [`limits::SIGN_IN_MAILS_HERE_MAX`] mails in the last
    /// quarter of an hour that were asked for here, or [`limits::SIGN_IN_MAILS_MAX`] in all, and get no more.
    ///
    /// # Errors
    /// [`Error::Invalid`] (`mail`), [`Rule::TooManySignIns`] for this source (429), [`Error::Keys`], [`Error::Store`]
    pub async fn sign_in_ask(&self, mail: &str, browser: Option<&Secret>, return_to: Option<&str>, source: Option<IpAddr>) -> Result<Asked, Error> {
        let mut form = Form::default();
        let to = form.take("mail", text::mail(mail));
        form.done()?;
        let to = to.expect(CHECKED);
        let now = self.now();
        let until = now.plus(limits::SIGN_IN_VALID);
        let id = SignInId::from_parts(now.ms(), random::bits()?);
        let (token, code) = (random::opaque()?, random::code()?);
        let shown_code = Secret::new(sign_in::shown_code(code.expose()));
        let letter = match browser {
            Some(_) => mail::sign_in(&self.base_url, &to, &Secret::new(format!("{}{LINK_PATH}{}", self.base_url, token.expose())), &shown_code),
            None => mail::code(&self.base_url, &to, &shown_code),
        };
        let sealed = self.mail_seal(&letter, until)?;
        let new = NewSignIn {
            id,
            mail: Some(to.clone()),
            browser: browser.map(Secret::digest),
            link: browser.map(|_| token.digest()),
            code: Some(code_digest(id, browser, code.expose())),
            return_to: return_to.and_then(sign_in::return_to).map(str::to_owned),
            operator: false,
            mail_id: Some(sealed.id),
            source: source.map(kept_source),
            now,
            until,
        };
        let since = Timestamp::from_us(now.us().saturating_sub(limits::SIGN_IN_VALID.us()));
        // Asking is nobody's act yet, so the audit trail says nothing of it.
        self.write(allowed_gate()?, async move |tx| {
            if let Some(source) = &new.source {
                tx.lock_address(source).await?;
            }
            tx.lock_address(&to).await?;
            let lately = tx.sign_ins_asked_since(&to, new.source.as_deref(), since).await?;
            if lately.of_source >= limits::SIGN_INS_PER_SOURCE_MAX {
                return Err(Rule::TooManySignIns { again_in_s: limits::SIGN_IN_VALID.us() / 1_000_000 }.into());
            }
            if lately.of_mail_here >= limits::SIGN_IN_MAILS_HERE_MAX || lately.of_mail >= limits::SIGN_IN_MAILS_MAX {
                // As if: the row counts for its source, and nobody knows a code for it.
                tx.sign_in_insert(&NewSignIn { mail_id: None, code: None, link: None, ..new.clone() }).await?;
                return Ok(Done::new(()));
            }
            tx.sign_in_insert(&new).await?;
            sealed.insert(tx).await?;
            Ok(Done::new(()))
        })
        .await?;
        self.mail_added();
        Ok(Asked { id, until })
    }

    /// The address of the last sign-in that this browser asked for, so that whoever mistyped it sees that.
    ///
    /// # Errors
    /// [`Error::Store`]
    pub async fn sign_in_address(&self, browser: &Secret) -> Result<Option<String>, Error> {
        let asked = self.gate(&allowed_gate()?)?.sign_ins_of_browser(&browser.digest()).await?;
        Ok(asked.into_iter().next().and_then(|last| last.mail))
    }

    /// How far the mail is of the last sign-in that this browser asked for, so that the page can say so.
    ///
    /// # Errors
    /// [`Error::Store`]
    pub async fn sign_in_progress(&self, browser: &Secret) -> Result<Progress, Error> {
        let found = self.gate(&allowed_gate()?)?.mail_of_sign_in(&browser.digest()).await?;
        Ok(match found {
            None => Progress::Nothing,
            Some(found) if found.until <= self.now() => Progress::Expired,
            Some(found) => match found.tries {
                None => Progress::Sent,
                Some(0) => Progress::Leaving,
                Some(_) => Progress::Delayed,
            },
        })
    }
}
