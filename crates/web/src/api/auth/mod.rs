//! Signing in from a program, by the code in a mail.

pub(crate) mod magic_link;
pub(crate) mod token;
