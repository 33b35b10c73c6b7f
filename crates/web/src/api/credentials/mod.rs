//! Credentials.

pub(crate) mod change;
pub(crate) mod create;
pub(crate) mod explain;
pub(crate) mod key_challenge;
pub(crate) mod list;
pub(crate) mod revoke;
pub(crate) mod rotate;
pub(crate) mod secrets;
pub(crate) mod show;
pub(crate) mod switch;
