//! Persons and operators.

use keywright_crypto::random;
use keywright_domain::caller::{Caller, Facts, Person, Right, allow};
use keywright_domain::ids::PersonId;
use keywright_domain::text;
use keywright_store::persons::Operator;
use keywright_store::{AuditEntry, Done};
use serde_json::json;

use crate::access::allowed_gate;
use crate::form::{CHECKED, Form};
use crate::{Error, Operations};

/// The person that a caller is, where it is one who may see to what is their own.
pub(crate) fn themselves(caller: &Caller) -> Result<Person, Error> {
    let allowed = allow(caller, Right::Register, &Facts::default())?;
    match allowed.caller() {
        Caller::Person(person) => Ok(*person),
        // Nobody else is allowed to register.
        _ => Err(Error::not_found("person", caller)),
    }
}

impl Operations {
    /// Gives the person who asks another name; an empty one: none.
    ///
    /// # Errors
    /// [`Error::Invalid`], [`Error::Right`] unless a person asks, [`Error::Store`]
    pub async fn person_rename(&self, caller: &Caller, name: &str) -> Result<(), Error> {
        let person = themselves(caller)?.id;
        let mut form = Form::default();
        let name = if name.trim().is_empty() { Some(String::new()) } else { form.take("name", text::name(name)) };
        form.done()?;
        let name = name.expect(CHECKED);
        let allowed = allow(caller, Right::Register, &Facts::default())?;
        self.write(allowed, async move |tx| {
            if !tx.person_rename(person, &name).await? {
                return Err(Error::not_found("person", person));
            }
            Ok(Done::new(()).audit(AuditEntry::new("person.renamed", person).with_personal(json!({ "name": name }))))
        })
        .await?;
        Ok(())
    }

    /// Makes whoever has this address an operator; the person too, if nobody has it. False: they are one already.
    ///
    /// # Errors
    /// [`Error::Invalid`], [`Error::Right`], [`Error::Store`]
    pub async fn operator_add(&self, caller: &Caller, mail: &str) -> Result<(PersonId, bool), Error> {
        let allowed = self.operate(caller)?;
        let mut form = Form::default();
        let mail = form.take("mail", text::mail(mail));
        form.done()?;
        let (mail, now) = (mail.expect(CHECKED), self.now());
        let new = PersonId::from_parts(now.ms(), random::bits()?);
        let added = self.write(allowed, async move |tx| {
            let person = tx.person_of_mail(&mail, new, now).await?;
            let added = tx.operator_insert(person, now).await?;
            let done = Done::new((person, added));
            Ok::<_, Error>(if added { done.audit(operator_added(person, &mail)) } else { done })
        });
        Ok(added.await?.value)
    }

    /// Makes the operator with this address an operator no more: the next request of theirs is a customer's.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Invalid`], [`Error::Right`], [`Error::Store`]
    pub async fn operator_remove(&self, caller: &Caller, mail: &str) -> Result<PersonId, Error> {
        let allowed = self.operate(caller)?;
        let mut form = Form::default();
        let mail = form.take("mail", text::mail(mail));
        form.done()?;
        let mail = mail.expect(CHECKED);
        let removed = self.write(allowed, async move |tx| {
            let person = tx.operator_remove(&mail).await?.ok_or_else(|| Error::not_found("operator", &mail))?;
            Ok::<_, Error>(Done::new(person).audit(AuditEntry::new("operator.removed", person).with_personal(json!({ "mail": mail }))))
        });
        Ok(removed.await?.value)
    }

    /// All operators, oldest first.
    ///
    /// # Errors
    /// [`Error::Right`], [`Error::Store`]
    pub async fn operator_list(&self, caller: &Caller) -> Result<Vec<Operator>, Error> {
        let allowed = self.operate(caller)?;
        Ok(self.store.as_operator(&allowed)?.operator_list().await?)
    }

    /// Whether there is any operator; where there is none, a server prints a link for the first one.
    ///
    /// # Errors
    /// [`Error::Store`]
    pub async fn has_operators(&self) -> Result<bool, Error> {
        Ok(self.gate(&allowed_gate()?)?.has_operators().await?)
    }
}

pub(crate) fn operator_added(person: PersonId, mail: &str) -> AuditEntry {
    AuditEntry::new("operator.added", person).with_personal(json!({ "mail": mail }))
}
