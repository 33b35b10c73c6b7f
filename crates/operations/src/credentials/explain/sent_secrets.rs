//! Secrets that stand in what was pasted: whoever sent one has shown it to somebody, and nothing here repeats it.

use keywright_domain::credential::secret_form::{self, Brand, Class};

use super::SignatureExplained;

/// Said of a secret key. It leads, whatever else is wrong.
pub(super) const SENT: &str = "a secret key stands in what was pasted: it signs and is never sent, so whoever saw it can sign as you. Rotate it, and send the \
                               API key, which is beside it on the page of the credential";

/// What stands in its place.
const SHOWN: &str = "(a secret)";

/// Secrets that are taken out of an explanation one by one; with more, its texts are left out whole.
const HIDDEN_MAX: usize = 8;

/// Secret keys in a text, each once, and no more than it takes to know that there are too many.
pub(super) fn within(text: &str, brands: &[Brand]) -> Vec<String> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).filter(|word| !word.is_empty());
    let mut found: Vec<String> = Vec::new();
    for word in words.filter(|word| matches!(secret_form::recognise(word.as_bytes(), brands), Ok(Class::SecretKey(_)))) {
        if !found.iter().any(|known| known == word) {
            found.push(word.to_owned());
        }
        if found.len() > HIDDEN_MAX {
            break;
        }
    }
    found
}

/// The same explanation without them.
pub(super) fn hidden(mut explained: SignatureExplained, secrets: &[String]) -> SignatureExplained {
    if secrets.is_empty() {
        return explained;
    }
    if secrets.len() > HIDDEN_MAX {
        explained.server.clear();
        explained.comparison = None;
    }
    let hide = |text: &mut String| {
        for secret in secrets {
            *text = text.replace(secret, SHOWN);
        }
    };
    hide(&mut explained.sentence);
    explained.also.iter_mut().for_each(hide);
    explained.server.iter_mut().for_each(hide);
    if let Some(both) = &mut explained.comparison {
        both.lines.iter_mut().flat_map(|pair| [&mut pair.server, &mut pair.client]).flatten().for_each(hide);
        // It shows pieces, and a piece of a secret cannot be recognised.
        both.first = None;
    }
    explained
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secret_keys_are_found_wherever_they_stand_and_nothing_else() {
        let made = |start: &str| {
            let mut key = start.to_owned() + &"0".repeat(secret_form::RANDOM_DIGITS);
            secret_form::complete(&mut key);
            key
        };
        let (secret, public) = (made("kw_sk_test_"), made("kw_ak_test_"));
        let text = format!("Authorization: Bearer {secret}\r\nX: keyid=\"{secret}\";{public}, x{secret}");
        assert_eq!(within(&text, &[Brand::default()]), [secret]);
    }
}
