//! Signing in: a mail with a link and a code is asked for, and one of the two is used, once.
//!
//! What is asked for in a browser is bound to it by a secret in a cookie ([`Operations::sign_in_browser`](crate::Operations::sign_in_browser)): its link and its code work
//! with that cookie only. What the API asks for is bound to the id that the request returned, and has a code only. A link that was made
//! at the machine is bound to nothing. The store keeps digests of all of them; nothing about a person is made before the proof.

mod ask;
mod by_code;
mod by_link;
mod finish;
mod made_here;
mod token;

use std::net::IpAddr;

use keywright_crypto::secret::{Secret, ShownOnce};
use keywright_domain::ids::{OrganisationId, PersonId, SignInId};
use keywright_domain::text::TextError;
use keywright_domain::time::Timestamp;

use crate::Error;

/// A sign-in that was asked for. It looks alike whether the address is known, unknown, or has had too many mails lately.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// What the API calls the request.
    pub id: SignInId,
    /// Link and code are accepted until then.
    pub until: Timestamp,
}

/// What a link is good for, found out without using it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkState {
    /// A button signs this person in.
    Ready {
        /// The address.
        mail: String,
    },
    /// A button signs the first operator in, who says which address is theirs.
    ReadyAskAddress,
    /// Another browser asked for it: enter the code there.
    OtherBrowser,
    /// It was used.
    Used,
    /// It is over.
    Expired,
    /// No such link was ever made, or it was forgotten.
    Unknown,
}

/// How far the mail is of the last sign-in that a browser asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// The browser asked for nothing, or it is forgotten.
    Nothing,
    /// The mail is about to leave.
    Leaving,
    /// The mail server could not be reached yet: the mail waits and is tried again.
    Delayed,
    /// The mail has left.
    Sent,
    /// Link and code are over.
    Expired,
}

/// From where somebody signs in, as it is put down beside the session.
#[derive(Debug, Clone, Copy, Default)]
pub struct Client<'a> {
    /// What the browser calls itself (`User-Agent`).
    pub agent: &'a str,
    /// The client's address.
    pub source: Option<IpAddr>,
}

/// A session of the hub that was made.
pub struct SessionMade {
    /// Its secret, for the cookie: new with each sign-in.
    pub secret: Secret,
    /// Whose.
    pub person: PersonId,
    /// It ends then at the latest.
    pub until: Timestamp,
    /// Where to lead the person: a checked path of the hub.
    pub return_to: Option<String>,
}

/// An access token for the API that was made.
pub struct AccessToken {
    /// The token: `<brand>_at_…`.
    pub token: ShownOnce,
    /// Its life in seconds.
    pub expires_in_s: i64,
    /// The organisation that it is for; none: the person is in none.
    pub organisation: Option<OrganisationId>,
}

/// Why somebody is not signed in. Nothing is used up by it, but for a try of a wrong code.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// Another browser asked for the link.
    #[error("this link works only in the browser that asked for it: enter the code from the mail there")]
    OtherBrowser,
    /// The link or code was used.
    #[error("this was used already, and works once: ask for another")]
    Used,
    /// The link or code is over.
    #[error("this is older than 15 minutes: ask for another")]
    Expired,
    /// No such link or request, or it is forgotten.
    #[error("this is not known, or too old: ask for another")]
    Unknown,
    /// The code is wrong.
    #[error("this is not the code in the mail: look again, it has 8 letters and digits")]
    WrongCode,
    /// The code was wrong too often; the right one is not accepted either.
    #[error("a wrong code was given 5 times: ask for another")]
    TooManyTries,
    /// The first operator's address cannot be used, or is missing.
    #[error("mail: {0}")]
    Mail(TextError),
    /// A link for the first operator, and there is one.
    #[error("there is an operator already: ask them to add you")]
    NotTheFirst,
    /// The person is in several organisations, and an access token is for one; these are theirs, by name. The code is good for another try.
    #[error("organisation: say which one the token is for: {}", .0.iter().map(|o| format!("{} ({})", o.id, o.name)).collect::<Vec<_>>().join(", "))]
    WhichOrganisation(Vec<Choice>),
    /// The person is not in the organisation that was named, or there is none. The code is good for another try.
    #[error("organisation: {0} is none of yours")]
    NotInOrganisation(OrganisationId),
    /// Something else than the proof.
    #[error(transparent)]
    Other(#[from] Error),
}

/// An organisation to choose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// Its id.
    pub id: OrganisationId,
    /// Its name.
    pub name: String,
}

impl From<keywright_store::StoreError> for SignInError {
    fn from(error: keywright_store::StoreError) -> Self {
        Self::Other(error.into())
    }
}

/// A link that was made at the machine or for the first operator: the whole address, with its secret.
pub struct LinkMade {
    /// The address to open.
    pub link: ShownOnce,
    /// Accepted until then.
    pub until: Timestamp,
}

/// What a link's address starts with, after the base URL.
const LINK_PATH: &str = "/sign-in/link?token=";

/// What is kept of a client's address: whole for IPv4, the /64 for IPv6, of which a client has all addresses.
fn kept_source(source: IpAddr) -> String {
    match source.to_canonical() {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            format!("{}/64", std::net::Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}
