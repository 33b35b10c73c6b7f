//! Stories through the front door: the real program, a real store, real clients.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod bad_input;
mod catalogue;
mod command_line;
mod faults;
mod health;
mod help;
mod life;
mod nginx;
mod readme;
mod resource_servers;
mod restrictions;
mod revocation;
mod rotation;
mod secrets;
mod support;
mod verdicts;
