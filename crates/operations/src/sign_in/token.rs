//! An access token for the API, by the code in the mail and the id that the request returned.

use keywright_crypto::random;
use keywright_domain::credential::secret_form::Class;
use keywright_domain::ids::{OrganisationId, SignInId};
use keywright_domain::{limits, sign_in};

use super::by_code::{is_live, is_right};
use super::finish::{ForToken, why_not};
use super::{AccessToken, Choice, Client, SignInError};
use crate::Operations;
use crate::access::allowed_gate;

impl Operations {
    /// Makes an access token of [`limits::ACCESS_TOKEN_S`] for the person whose mail held the code. `organisation` is required of a person
    /// who is in several; the token of a person in one is for that one, of a person in none for none.
    ///
    /// # Errors
    /// [`SignInError::WrongCode`] counts a try; [`SignInError::WhichOrganisation`] and [`SignInError::NotInOrganisation`] leave the code
    /// as it was; [`SignInError::TooManyTries`], [`SignInError::Used`], [`SignInError::Expired`], [`SignInError::Unknown`],
    /// [`SignInError::Other`]
    pub async fn sign_in_for_token(
        &self,
        request: SignInId,
        code: &str,
        organisation: Option<OrganisationId>,
        client: Client<'_>,
    ) -> Result<AccessToken, SignInError> {
        let (allowed, now) = (allowed_gate()?, self.now());
        let gate = self.gate(&allowed)?;
        // What a browser asked for is not for the API, and the other way round.
        let found = gate.sign_in(request).await?.filter(|found| found.browser.is_none());
        let Some(found) = found.filter(|found| found.mail.is_some()) else { return Err(SignInError::Unknown) };
        if !is_live(&found, now) || found.tries >= limits::SIGN_IN_TRIES_MAX {
            return Err(why_not(Some(&found), now));
        }
        let code = sign_in::code(code).ok_or(SignInError::WrongCode)?;
        let Some(mail) = found.mail.clone().filter(|_| is_right(&found, None, &code)) else {
            return Err(self.wrong_code(vec![found.id]).await?);
        };
        let theirs = match gate.person_with_mail(&mail).await? {
            Some(person) => gate.memberships(person).await?,
            None => Vec::new(),
        };
        let organisation = match (organisation, theirs.as_slice()) {
            (Some(wanted), theirs) if theirs.iter().any(|m| m.organisation == wanted) => Some(wanted),
            (Some(wanted), _) => return Err(SignInError::NotInOrganisation(wanted)),
            (None, []) => None,
            (None, [one]) => Some(one.organisation),
            (None, several) => {
                let choices = several.iter().map(|m| Choice { id: m.organisation, name: m.name.clone() });
                return Err(SignInError::WhichOrganisation(choices.collect()));
            }
        };
        let (catalogue, _) = self.catalogue().await?;
        let token = random::secret(catalogue.brand(), Class::AccessToken).map_err(crate::Error::from)?;
        let session = self.to_make(&mail, client, "api", &token, Some(ForToken { organisation })).await?;
        self.store
            .write(session.allowed()?, async move |tx| {
                if !tx.sign_in_use(found.id, limits::SIGN_IN_TRIES_MAX, now).await? {
                    return Err(why_not(tx.sign_in(found.id).await?.as_ref(), now));
                }
                session.make(tx, &mail, false).await
            })
            .await?;
        Ok(AccessToken { token: token.show_once(), expires_in_s: limits::ACCESS_TOKEN_S, organisation })
    }
}
