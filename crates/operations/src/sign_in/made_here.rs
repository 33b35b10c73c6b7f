//! Links that are made at the machine: for whoever is locked out of their mail, and for the first operator.

use keywright_crypto::random;
use keywright_crypto::secret::Secret;
use keywright_domain::caller::{Caller, Refused, Right};
use keywright_domain::ids::SignInId;
use keywright_domain::{limits, text};
use keywright_store::sign_in::NewSignIn;
use keywright_store::{AuditEntry, Done};
use serde_json::json;

use super::{LINK_PATH, LinkMade};
use crate::form::Form;
use crate::{Error, Operations};

impl Operations {
    /// A link that signs whoever has this address in, once, within [`limits::SIGN_IN_VALID`], in any browser. Only somebody at the machine
    /// gets one: an operator does not sign in as somebody else.
    ///
    /// # Errors
    /// [`Error::Invalid`], [`Error::Right`], [`Error::Store`]
    pub async fn sign_in_link(&self, caller: &Caller, mail: &str) -> Result<LinkMade, Error> {
        self.link(caller, Some(mail), false).await
    }

    /// A link that makes whoever opens it the first operator, while there is none; without an address, the page asks for it.
    ///
    /// # Errors
    /// [`Error::Invalid`], [`Error::Right`], [`Error::Store`]
    pub async fn first_operator_link(&self, caller: &Caller, mail: Option<&str>) -> Result<LinkMade, Error> {
        self.link(caller, mail, true).await
    }

    async fn link(&self, caller: &Caller, mail: Option<&str>, operator: bool) -> Result<LinkMade, Error> {
        let allowed = self.operate(caller)?;
        if !matches!(caller, Caller::Machine { .. }) {
            return Err(Refused { caller: caller.to_string(), right: Right::Gate }.into());
        }
        let mut form = Form::default();
        let mail = form.take_some("mail", mail.map(text::mail));
        form.done()?;
        let now = self.now();
        let until = now.plus(limits::SIGN_IN_VALID);
        let id = SignInId::from_parts(now.ms(), random::bits()?);
        let token = random::opaque()?;
        let link = Secret::new(format!("{}{LINK_PATH}{}", self.base_url, token.expose()));
        let new =
            NewSignIn { id, mail, browser: None, link: Some(token.digest()), code: None, return_to: None, operator, mail_id: None, source: None, now, until };
        self.write(allowed, async move |tx| {
            tx.sign_in_insert(&new).await?;
            let audit = AuditEntry::new("sign_in_link.made", id).with(json!({ "first_operator": operator, "until": until.to_string() }));
            Ok::<_, Error>(Done::new(()).audit(audit.with_personal(json!({ "mail": new.mail }))))
        })
        .await?;
        Ok(LinkMade { link: link.show_once(), until })
    }
}
