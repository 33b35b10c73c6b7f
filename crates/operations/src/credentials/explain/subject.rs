//! Which credential a pasted request is about.

use keywright_crypto::digest::sha256;
use keywright_crypto::scheme::explain::{Ask, names_a_key, paste, scheme};
use keywright_crypto::scheme::http_message_signatures::Coverage;
use keywright_domain::caller::Caller;
use keywright_domain::credential::secret_form::{self, Brand, Class};
use keywright_domain::ids::CredentialId;

use super::sent_secrets;
use crate::{Error, Field, Operations};

/// Public halves that are looked up: a request names one, and some requests hold other UUIDs.
const LOOKED_UP: usize = 16;

impl Operations {
    /// The credential whose public half stands in a request; for operators and the command line, who see every organisation's.
    ///
    /// # Errors
    /// [`Error::Invalid`] where the text is no request, or no signed one, or its signature names nobody; [`Error::NotFound`] where nobody here has what it
    /// names; [`Error::Right`]; [`Error::Store`]
    pub async fn signature_subject(&self, caller: &Caller, request: &str) -> Result<CredentialId, Error> {
        let allowed = self.operate(caller)?;
        let (catalogue, _) = self.catalogue().await?;
        let operator = self.store.as_operator(&allowed)?;
        for public_half in public_halves(request, &catalogue.brands).take(LOOKED_UP) {
            if let Some(owner) = operator.credential_by_public_id(&public_half).await? {
                return Ok(owner.credential);
            }
        }
        // Whoever sends the secret in the place of the public half names the credential too.
        let secrets = sent_secrets::within(request, &catalogue.brands);
        for secret in secrets.iter().take(LOOKED_UP) {
            if let Some(owner) = operator.credential_by_digest(&sha256(secret.as_bytes())).await? {
                return Ok(owner.credential);
            }
        }
        Err(if secrets.is_empty() { no_subject(request) } else { invalid(sent_secrets::SENT.to_owned()) })
    }
}

/// Why no credential was found.
fn no_subject(request: &str) -> Error {
    const OR_SAY: &str = "or say which credential is meant: keywright explain-signature KEY";
    let any = Ask { scheme: None, keyid: None, coverage: Coverage::STANDARD, base_paths: &[], now_ms: None, window_s: 0, signed_text: None };
    let why = match paste::read(request).map(|pasted| pasted.see(|request| scheme(request, &any).map(|scheme| names_a_key(request, scheme)))) {
        Err(fault) => fault.to_string(),
        Ok(Err(fault)) => format!("{fault}; {OR_SAY}"),
        Ok(Ok(false)) => {
            format!("its signature names no key that can be read: send the public half with it (as keyid, X-TLP-APIKEY or X-Yoti-Auth-Id), {OR_SAY}")
        }
        Ok(Ok(true)) => {
            return Error::not_found(
                "credential",
                format!("with the public half that the request names: it is mistyped, or of another installation. Compare it with key list, {OR_SAY}"),
            );
        }
    };
    invalid(why)
}

fn invalid(message: String) -> Error {
    Error::Invalid(vec![Field { name: "request".into(), message }])
}

/// Words that have the form of a public half.
fn public_halves<'t>(text: &'t str, brands: &'t [Brand]) -> impl Iterator<Item = String> + 't {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-')).filter(|word| !word.is_empty());
    words.filter_map(move |word| {
        let coined = matches!(secret_form::recognise(word.as_bytes(), brands), Ok(Class::HmacApiKey(_)));
        if coined { Some(word.to_owned()) } else { is_uuid(word).then(|| word.to_ascii_lowercase()) }
    })
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36 && text.bytes().enumerate().all(|(at, byte)| if matches!(at, 8 | 13 | 18 | 23) { byte == b'-' } else { byte.is_ascii_hexdigit() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_halves_are_found_wherever_they_stand() {
        let mut key = "kw_ak_test_".to_owned() + &"0".repeat(secret_form::RANDOM_DIGITS);
        secret_form::complete(&mut key);
        let uuid = "8F1C7A3E-93D1-4b5a-a00d-2a6c1e4b7d90";
        let text = format!("POST /p?sdkId={uuid}&x HTTP/1.1\r\nX-TLP-APIKEY: {key}\r\nkeyid=\"{key}\"\r\nid: {key}x");
        let found: Vec<String> = public_halves(&text, &[Brand::default()]).collect();
        assert_eq!(found, [uuid.to_ascii_lowercase(), key.clone(), key]);
    }
}
