//! The three ways of signing a request, as pure code: what a request carries, what must be covered, and the text that is signed.
//!
//! No key is used here. What comes out is bytes to be signed or checked, and the bytes of a signature; whoever holds the key puts the two together.

pub mod content_digest;
pub mod detect;
pub mod explain;
pub mod fault;
pub mod http_message_signatures;
pub mod request;
pub mod sign;
mod structured_field;
#[cfg(test)]
mod tests;
pub mod tylt;
pub mod window;
pub mod yoti;

pub use fault::{Fault, Kind};
pub use request::{Body, Request, UriScheme};
