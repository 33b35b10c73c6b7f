//! The program: settings, commands, and the loops of a server.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod account;
pub mod cli;
pub mod clocks;
pub mod commands;
pub mod failure;
pub mod log;
mod master_key;
mod new_file;
mod output;
pub mod serve;
pub mod settings;
mod sign_in_file;
