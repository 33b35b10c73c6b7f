//! What was typed into the form for a new credential, and what it comes to.

use keywright_domain::time::Timestamp;
use keywright_operations::credentials::NewCredential;
use serde::Deserialize;

use super::super::key_source::TypedKey;
use crate::hub::days::{after, end_to_come};
use crate::hub::forms::Wrong;

/// What was typed.
#[derive(Deserialize, Default)]
pub(crate) struct Typed {
    #[serde(default)]
    pub(super) service: String,
    #[serde(default)]
    pub(super) kind: String,
    /// `key`: a client that proves itself by a key of its own.
    #[serde(default)]
    pub(super) proof_by: String,
    #[serde(default)]
    pub(super) environment: String,
    #[serde(default)]
    pub(super) first: String,
    #[serde(default)]
    pub(super) name: String,
    #[serde(default)]
    pub(super) permissions_which: String,
    #[serde(default)]
    pub(super) permissions: Vec<String>,
    #[serde(default)]
    pub(super) expiry: String,
    #[serde(default)]
    pub(super) expires_on: String,
    #[serde(default)]
    pub(super) reason: String,
    #[serde(default)]
    pub(super) networks: String,
    #[serde(default)]
    pub(super) token_form: String,
    #[serde(flatten)]
    pub(super) key: TypedKey,
}

/// What chooses a client that proves itself by a key of its own.
pub(super) const BY_KEY: &str = "key";

/// Words of a box that takes one a line; commas do as well, and spaces between what could be addresses.
pub(in crate::hub::keys) fn words(typed: &str) -> Vec<String> {
    let lines = typed.split([',', ';', '\r', '\n']).map(str::trim).filter(|line| !line.is_empty());
    let words = lines.flat_map(|line| {
        let several = line.split_whitespace().all(|word| word.contains(['.', ':']));
        if several { line.split_whitespace().collect() } else { vec![line] }
    });
    words.map(str::to_owned).collect()
}

/// What the form comes to, and what only a form can have wrong.
pub(super) fn read(typed: &Typed, now: Timestamp) -> (NewCredential, Vec<Wrong>) {
    let mut wrong = Vec::new();
    let mut reason = None;
    let expires_at = match typed.expiry.as_str() {
        "none" if typed.reason.trim().is_empty() => {
            wrong.push(Wrong::new("reason", "Why it never expires is empty: write a sentence for whoever looks after this key when you do not."));
            None
        }
        "none" => {
            reason = Some(typed.reason.clone());
            None
        }
        "date" => {
            let end = end_to_come(&typed.expires_on, now);
            end.map_err(|why| wrong.push(Wrong::new("expires_on", why))).ok()
        }
        choice => {
            let end = after(choice, now);
            if end.is_none() {
                wrong.push(Wrong::new("expiry", "Expiry is not chosen: choose when the key ends, or that it never does."));
            }
            end
        }
    };
    if typed.permissions_which == "chosen" && typed.permissions.is_empty() {
        wrong.push(Wrong::new("permissions", "Permissions are not chosen: a key without any can do nothing. Tick at least one, or choose all that you hold."));
    }
    wrong.extend(typed.key.wrong());
    if typed.proof_by == BY_KEY && typed.key.wrong().is_none() && !typed.key.is_brought() {
        wrong.push(Wrong::new(
            "key_from",
            "The key pair is not there: say where it is made. We make none for a client, so that only you ever have its private key.",
        ));
    }
    let new = NewCredential {
        service: typed.service.clone(),
        kind: Some(typed.kind.clone()).filter(|kind| !kind.is_empty()),
        environment: typed.environment.clone(),
        name: typed.name.clone(),
        permissions: (typed.permissions_which == "chosen").then(|| typed.permissions.clone()),
        expires_at: expires_at.map(|at| at.to_string()),
        networks: words(&typed.networks),
        reason,
        token_form: Some(typed.token_form.clone()).filter(|form| !form.is_empty()),
        key: typed.key.source(),
        ..NewCredential::default()
    };
    (new, wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(expiry: &str) -> Typed {
        Typed { expiry: expiry.into(), permissions_which: "all".into(), ..Typed::default() }
    }

    #[test]
    fn each_choice_of_an_expiry_is_read_and_what_it_lacks_is_said() {
        let now: Timestamp = "2026-03-26T12:00:00Z".parse().unwrap();
        let fields = |typed: &Typed| read(typed, now).1.into_iter().map(|w| w.field).collect::<Vec<_>>();
        assert_eq!(read(&typed("90d"), now).0.expires_at.as_deref(), Some("2026-06-24T12:00:00Z"));
        assert_eq!(fields(&typed("none")), ["reason"]);
        assert_eq!(fields(&typed("")), ["expiry"]);
        assert_eq!(fields(&typed("date")), ["expires_on"]);
        assert_eq!(fields(&Typed { expires_on: "2026-03-25".into(), ..typed("date") }), ["expires_on"]);
        let today = Typed { expires_on: "2026-03-26".into(), ..typed("date") };
        assert_eq!(read(&today, now).0.expires_at.as_deref(), Some("2026-03-27T00:00:00Z"));
        let reasoned = Typed { reason: "A printer".into(), ..typed("none") };
        assert_eq!((read(&reasoned, now).0.reason.as_deref(), fields(&reasoned).len()), (Some("A printer"), 0));
        let nothing = Typed { permissions_which: "chosen".into(), ..typed("30d") };
        assert_eq!(fields(&nothing), ["permissions"]);
    }

    #[test]
    fn networks_are_taken_however_they_are_listed() {
        assert_eq!(words("10.0.0.0/8,\r\n 2001:db8::/32\n\n192.0.2.1 192.0.2.2"), ["10.0.0.0/8", "2001:db8::/32", "192.0.2.1", "192.0.2.2"]);
        assert_eq!(words("not a network"), ["not a network"]);
    }
}
