//! From a letter to a message of RFC 5322.

use keywright_domain::ids::MailId;
use keywright_operations::mail::Letter;
use lettre::Message;
use lettre::message::Mailbox;
use lettre::message::header::{ContentType, Header, HeaderName, HeaderValue};

/// Tells programs that answer by themselves not to (RFC 3834 section 5).
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

/// The message, from the given sender or one under the installation's host.
///
/// # Errors
/// An address that no mail can be sent to; it is not repeated.
pub(super) fn write(letter: &Letter, id: MailId, from: Option<&Mailbox>, base_url: &str) -> Result<Message, String> {
    let host = sending_host(base_url);
    let from = match from {
        Some(from) => from.clone(),
        None => format!("Keywright <keywright@{host}>").parse().map_err(|_| "no sender can be made of the public URL: give one with ?from= in --smtp-url")?,
    };
    let to: Mailbox = letter.to.parse().map_err(|_| "its address is none that a mail can be sent to")?;
    let message = Message::builder()
        .from(from)
        .to(to)
        .subject(letter.subject.clone())
        .date_now()
        .message_id(Some(format!("<{id}@{host}>")))
        .header(AutoSubmitted)
        .header(ContentType::TEXT_PLAIN)
        .body(letter.text.expose().to_owned());
    message.map_err(|_| "it cannot be written as a message".into())
}

/// The host of a base URL, as the right half of an address; `localhost` where it has no name.
fn sending_host(base_url: &str) -> &str {
    let rest = base_url.split_once("://").map_or(base_url, |(_, rest)| rest);
    let authority = rest.split('/').next().unwrap_or_default();
    let name = authority.rsplit_once(':').map_or(authority, |(name, _)| name);
    let is_name = name.contains('.') && name.split('.').next_back().is_some_and(|last| last.starts_with(|c: char| c.is_ascii_alphabetic()));
    if is_name { name } else { "localhost" }
}

#[cfg(test)]
mod tests {
    use keywright_crypto::secret::Secret;

    use super::*;

    fn letter(to: &str, subject: &str) -> Letter {
        Letter { to: to.into(), subject: subject.into(), text: Secret::new("Hello\n\n    ABCD-2345\n".into()) }
    }

    #[test]
    fn a_letter_is_a_plain_message() {
        let text = String::from_utf8(write(&letter("ann@example.com", "Sign in"), MailId::from_bits(1), None, "https://keys.example.com").unwrap().formatted())
            .unwrap();
        for line in [
            "From: Keywright <keywright@keys.example.com>\r\n",
            "To: ann@example.com\r\n",
            "Subject: Sign in\r\n",
            "Auto-Submitted: auto-generated\r\n",
            "Content-Type: text/plain; charset=utf-8\r\n",
            "@keys.example.com>\r\n",
            "\r\n\r\nHello\r\n\r\n    ABCD-2345\r\n",
        ] {
            assert!(text.contains(line), "{line:?} in {text}");
        }
    }

    #[test]
    fn a_subject_never_becomes_a_header() {
        let text = String::from_utf8(
            write(&letter("ann@example.com", "x\r\nBcc: eve@example.com"), MailId::from_bits(1), None, "http://127.0.0.1:8080").unwrap().formatted(),
        )
        .unwrap();
        assert!(!text.contains("\r\nBcc:") && text.contains("keywright@localhost"), "{text}");
        assert!(write(&letter("ann", "x"), MailId::from_bits(1), None, "http://[::1]:8080").is_err());
    }
}
