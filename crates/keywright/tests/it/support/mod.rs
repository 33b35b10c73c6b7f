//! What the stories stand on: a place for a store, the program run on it, and clients.

mod example;
mod http;
mod hub;
mod mail_server;
mod place;
mod ran;
mod server;
mod signer;
mod wait;

pub(crate) use example::Key;
pub(crate) use http::Reply;
pub(crate) use hub::{Browser, Form, Page};
pub(crate) use mail_server::MailServer;
pub(crate) use place::{PROGRAM, Place};
pub(crate) use ran::Ran;
pub(crate) use server::Server;
pub(crate) use signer::{Sent, Signer};
pub(crate) use wait::{DEADLINE, soon, time_in, wait_for, wait_until};

/// Tells each story on both engines. It gets a [`Place`] to start servers on as it likes, or a [`Server`] that runs with the defaults.
macro_rules! stories {
    ($($(#[$meta:meta])* async fn $name:ident($given:ident: $kind:ident) $body:block)+) => {
        keywright_store::on_both_engines! { $(
            $(#[$meta])*
            async fn $name(place: TestPlace) {
                #[allow(unused_mut)]
                let mut $given = crate::support::$kind::given(place).await;
                $body
            }
        )+ }
    };
}
pub(crate) use stories;
