//! What mails say. The texts are files beside this one: the first line is the subject.

use keywright_crypto::secret::Secret;
use keywright_domain::ids::InvitationId;
use keywright_domain::time::Timestamp;
use serde_json::json;

/// A mail as it will be sent: plain text. It may hold secrets, so it is never printed.
pub struct Letter {
    /// Who gets it: one address.
    pub to: String,
    /// Its subject: one line.
    pub subject: String,
    /// What it says.
    pub text: Secret,
}

/// The mail for a sign-in in a browser: `link` is the whole address, `code` as people read it.
#[must_use]
pub fn sign_in(base_url: &str, to: &str, link: &Secret, code: &Secret) -> Letter {
    write(include_str!("sign_in.txt"), to, &[("host", host(base_url)), ("link", link.expose()), ("code", code.expose())])
}

/// The mail for a sign-in of the API: a code alone, as people read it.
#[must_use]
pub fn code(base_url: &str, to: &str, code: &Secret) -> Letter {
    write(include_str!("code.txt"), to, &[("host", host(base_url)), ("code", code.expose())])
}

/// The mail that invites somebody to an organisation. `inviter` is name (which may be empty) and address of who invites, none: the provider.
/// Names are as people gave them, and stand in the text only, the name beside the address, which was proved.
#[must_use]
pub fn invitation(base_url: &str, to: &str, inviter: Option<(&str, &str)>, organisation: &str, id: InvitationId, until: Timestamp) -> Letter {
    let link = format!("{}/invitations/{id}", base_url.trim_end_matches('/'));
    // To the minute: nobody reads fractions of a second.
    let until = until.to_string();
    let until = until.get(..16).map_or_else(|| until.clone(), |minute| format!("{} (UTC)", minute.replace('T', " ")));
    let inviter = match inviter.map(|(called, mail)| (name(called), mail)) {
        None => "The provider".to_owned(),
        Some((called, mail)) if called.is_empty() => mail.to_owned(),
        Some((called, mail)) => format!("{called} ({mail})"),
    };
    let organisation = name(organisation);
    let values = [("inviter", &*inviter), ("organisation", &organisation), ("host", host(base_url)), ("link", &link), ("to", to), ("until", &until)];
    write(include_str!("invitation.txt"), to, &values)
}

/// A name that somebody gave, as a mail may show it: on one line, and nothing in it that a program for mails takes for a link.
#[must_use]
pub fn name(given: &str) -> String {
    let shown: String = given.chars().map(|c| if c.is_control() || keywright_domain::text::is_hidden(c) { ' ' } else { c }).collect();
    let shown = shown.replace("://", " ").replace('@', " at ");
    let mut out = String::with_capacity(shown.len());
    let mut rest = shown.chars().peekable();
    while let Some(c) = rest.next() {
        // A dot inside a word makes a host name of it.
        let joins = c == '.' && out.ends_with(char::is_alphanumeric) && rest.peek().is_some_and(|next| next.is_alphanumeric());
        out.push(if joins { ' ' } else { c });
    }
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn host(base_url: &str) -> &str {
    base_url.split_once("://").map_or(base_url, |(_, rest)| rest).split('/').next().unwrap_or_default()
}

/// Fills a text in one pass, so that what a value says is never taken for a place to fill.
fn write(template: &str, to: &str, values: &[(&str, &str)]) -> Letter {
    let room = template.len() + values.iter().map(|(_, value)| 2 * value.len()).sum::<usize>();
    let mut filled = String::with_capacity(room);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let (place, after) = after.split_once('}').unwrap_or((after, ""));
        filled.push_str(values.iter().find(|(name, _)| *name == place).map_or("", |(_, value)| *value));
        rest = after;
    }
    filled.push_str(rest);
    let text = filled.split_off(filled.find('\n').map_or(filled.len(), |end| end + 1));
    Letter { to: to.to_owned(), subject: filled.trim_end().to_owned(), text: Secret::new(text) }
}

impl Letter {
    /// The form in which it is sealed.
    pub(super) fn to_json(&self) -> Secret {
        Secret::new(json!({ "to": self.to, "subject": self.subject, "text": self.text.expose() }).to_string())
    }

    /// None: these bytes are no letter.
    pub(super) fn from_json(bytes: &[u8]) -> Option<Self> {
        let value: serde_json::Value = serde_json::from_slice(bytes).ok()?;
        let field = |name: &str| Some(value.get(name)?.as_str()?.to_owned());
        Some(Self { to: field("to")?, subject: field("subject")?, text: Secret::new(field("text")?) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str = "https://keys.example.com";

    #[test]
    fn the_mails_say_what_they_must() {
        let (link, shown) = (Secret::new(format!("{BASE}/sign-in/link?token=abc")), Secret::new("ABCD-2345".into()));
        let letter = sign_in(BASE, "ann@example.com", &link, &shown);
        assert_eq!((letter.to.as_str(), letter.subject.as_str()), ("ann@example.com", "Sign in to keys.example.com"));
        assert!(
            letter.text.expose().contains("    ABCD-2345\n") && letter.text.expose().contains("\nhttps://keys.example.com/sign-in/link?token=abc\n"),
            "{}",
            letter.text.expose()
        );
        let letter = code(BASE, "ann@example.com", &shown);
        assert!(letter.text.expose().contains("    ABCD-2345\n") && !letter.text.expose().contains("token="), "{}", letter.text.expose());
        let until = "2026-03-02T10:11:12Z".parse().unwrap();
        let letter = invitation(BASE, "bob@example.com", Some(("Ann", "ann@example.com")), "Acme Ltd", InvitationId::from_bits(1), until);
        assert_eq!(letter.subject, "You are invited to an organisation at keys.example.com");
        assert!(letter.text.expose().starts_with("Ann (ann@example.com) invites you to join Acme Ltd at keys.example.com.\n"), "{}", letter.text.expose());
        assert!(
            letter.text.expose().contains("good until 2026-03-02 10:11 (UTC), once") && letter.text.expose().contains("/invitations/inv_"),
            "{}",
            letter.text.expose()
        );
        for letter in [sign_in(BASE, "a@b.c", &link, &shown), code(BASE, "a@b.c", &shown), letter] {
            assert!(!letter.text.expose().contains('{') && !letter.subject.contains('{'), "a place was not filled: {}", letter.text.expose());
        }
    }

    #[test]
    fn names_never_become_links_lines_or_places_to_fill() {
        assert_eq!(name("Acme Ltd."), "Acme Ltd.");
        assert_eq!(name("https://evil.example/x"), "https evil example/x");
        assert_eq!(name("www.evil.example"), "www evil example");
        assert_eq!(name("ann@evil.example"), "ann at evil example");
        assert_eq!(name("a\r\nBcc: x@y.z\u{202E}b"), "a Bcc: x at y z b");
        let letter = invitation(BASE, "b@example.com", Some(("{link}", "ann@example.com")), "A\nSubject: x", InvitationId::from_bits(1), Timestamp::from_us(0));
        assert_eq!(letter.subject, "You are invited to an organisation at keys.example.com", "nothing of it is what somebody typed");
        assert!(
            letter.text.expose().starts_with("{link} (ann@example.com) invites you to join A Subject: x at keys.example.com.\n"),
            "{}",
            letter.text.expose()
        );
    }

    #[test]
    fn a_letter_survives_being_sealed() {
        let letter = code(BASE, "ann@example.com", &Secret::new("ABCD-2345".into()));
        let again = Letter::from_json(letter.to_json().expose().as_bytes()).unwrap();
        assert_eq!((&again.to, &again.subject, again.text.expose()), (&letter.to, &letter.subject, letter.text.expose()));
        assert!(Letter::from_json(b"{}").is_none());
    }
}
