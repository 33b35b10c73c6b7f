//! Mails: written and sealed by the operation that needs one, kept in its transaction, and handed out to whoever sends them.

mod letter;

use keywright_crypto::random;
use keywright_crypto::seal::Purpose;
use keywright_domain::caller::{Allowed, Caller, Facts, Right, allow};
use keywright_domain::ids::MailId;
use keywright_domain::limits;
use keywright_domain::time::{Span, Timestamp};
use keywright_store::mails::Waiting;
use keywright_store::{StoreError, Tx};

pub use letter::{Letter, code, invitation, name, sign_in};

use crate::{Error, Operations};

/// Mails that are sent before it is looked again who waits.
const AT_ONCE: u32 = 20;

/// A mail that is ready to be put into the store.
#[derive(Clone)]
pub struct SealedMail {
    /// Its id.
    pub id: MailId,
    sealed: Vec<u8>,
    now: Timestamp,
    until: Timestamp,
}

impl SealedMail {
    /// Puts it into the store, to leave after the commit. Tell the mail loop afterwards.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn insert(&self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        tx.mail_insert(self.id, &self.sealed, self.now, self.until).await
    }
}

/// A mail that is to be sent now, by whoever took it.
pub struct Outgoing {
    /// Its id.
    pub id: MailId,
    /// What to send.
    pub letter: Letter,
    /// Tries that failed.
    pub tries: i64,
}

/// What there is to do about mails.
#[derive(Default)]
pub struct Taken {
    /// To be sent now.
    pub outgoing: Vec<Outgoing>,
    /// Dropped: they could not be sent before what they say was over.
    pub over: Vec<MailId>,
    /// They do not open under this master key; they stay until they are over.
    pub unreadable: Vec<MailId>,
}

impl Operations {
    /// Seals a mail that is of use until `until`.
    ///
    /// # Errors
    /// [`Error::Keys`] without the master key, [`Error::Random`]
    pub(crate) fn mail_seal(&self, letter: &Letter, until: Timestamp) -> Result<SealedMail, Error> {
        let now = self.now();
        let id = MailId::from_parts(now.ms(), random::bits()?);
        let sealed = self.keys.master()?.seal(Purpose::Mail, &context(id), letter.to_json().expose().as_bytes())?;
        Ok(SealedMail { id, sealed, now, until })
    }

    /// Wakes whoever sends mails in this process; others look every few seconds.
    pub(crate) fn mail_added(&self) {
        self.mail_added.notify_one();
    }

    /// Until a mail was added in this process.
    pub async fn mail_waits(&self) {
        self.mail_added.notified().await;
    }

    /// Takes the mails that are due, at most twenty, and forgets those that are of no use any more. Nobody else gets them for
    /// [`limits::MAIL_LEASE`]; whoever takes one says what came of it before that.
    ///
    /// # Errors
    /// [`Error::Keys`] without the master key, [`Error::Store`]
    pub async fn mails_take(&self) -> Result<Taken, Error> {
        let master = self.keys.master()?;
        let now = self.now();
        let allowed = post()?;
        if !self.store.as_system(&allowed)?.mails_are_due(now).await? {
            return Ok(Taken::default());
        }
        let leased = self.store.housekeep(allowed, async move |tx| {
            let over = tx.mails_drop_over(now, 10 * AT_ONCE).await?;
            let leased = tx.mails_lease(now, now.plus(limits::MAIL_LEASE), AT_ONCE).await?;
            Ok::<_, Error>(((leased, over), vec![]))
        });
        let (leased, over): (Vec<Waiting>, Vec<MailId>) = leased.await?.value;
        let mut taken = Taken { over, ..Taken::default() };
        for mail in leased {
            let opened = master.open(Purpose::Mail, &context(mail.id), &mail.sealed).ok();
            match opened.and_then(|bytes| Letter::from_json(&bytes)) {
                Some(letter) => taken.outgoing.push(Outgoing { id: mail.id, letter, tries: mail.tries }),
                None => taken.unreadable.push(mail.id),
            }
        }
        Ok(taken)
    }

    /// The mail has left: it is forgotten.
    ///
    /// # Errors
    /// [`Error::Store`]
    pub async fn mail_left(&self, id: MailId) -> Result<(), Error> {
        self.store.housekeep(post()?, async move |tx| Ok::<_, Error>((tx.mail_remove(id).await?, vec![]))).await?;
        Ok(())
    }

    /// The mail could not be sent, for this reason (without addresses and secrets): it is tried again later.
    ///
    /// # Errors
    /// [`Error::Store`]
    pub async fn mail_stays(&self, mail: &Outgoing, trouble: &str) -> Result<(), Error> {
        let (id, trouble, next) = (mail.id, trouble.to_owned(), self.now().plus(again_after(mail.tries)));
        self.store.housekeep(post()?, async move |tx| Ok::<_, Error>((tx.mail_again(id, next, &trouble).await?, vec![]))).await?;
        Ok(())
    }
}

/// The permission to see to the mails.
fn post() -> Result<Allowed, Error> {
    Ok(allow(&Caller::System { job: "mail" }, Right::Housekeep, &Facts::default())?)
}

/// Where a sealed mail stands, so that it opens nowhere else.
fn context(id: MailId) -> String {
    format!("mail.sealed {id}")
}

/// How long to wait after so many tries that failed: soon at first, because somebody waits for it, and every five minutes in the end.
fn again_after(tries: i64) -> Span {
    Span::from_s(5 << tries.clamp(0, 6)).min(Span::from_s(300))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_become_rarer() {
        let waits: Vec<String> = (0..9).map(|tries| again_after(tries).to_string()).collect();
        assert_eq!(waits, ["5s", "10s", "20s", "40s", "80s", "160s", "5m", "5m", "5m"]);
    }
}
