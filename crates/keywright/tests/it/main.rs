//! Stories through the front door: the real program, a real store, real clients.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod faults;
mod readme;
mod rotation;
mod support;
mod verdicts;
