//! A server with a store of records, a clock that only tests move, and a client that sends exactly what it is told to.

mod client;
mod office;
mod world;

pub(crate) use client::{Client, Reply};
pub(crate) use office::{As, Office, machine};
pub(crate) use world::{World, rfc3339, settings};
