//! Stories through the front door: the real program, a real store, real clients.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod faults;
mod life;
mod readme;
mod resource_servers;
mod restrictions;
mod revocation;
mod rotation;
mod support;
mod verdicts;
