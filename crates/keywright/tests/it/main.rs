//! Stories through the front door: the real program, a real store, real clients.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod bad_input;
mod browser;
mod business_api_seed;
mod catalogue;
mod command_line;
mod customers;
mod faults;
mod health;
mod help;
mod hub_keys;
mod life;
mod mail;
mod nginx;
mod readme;
mod resource_servers;
mod restrictions;
mod revocation;
mod rights;
mod rotation;
mod secrets;
mod sign_in;
mod sign_in_pages;
mod sign_in_cli;
mod support;
mod verdicts;
