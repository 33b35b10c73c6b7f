//! The protocols: parse, call, render. The only crate that serves HTTP.
//!
//! A connection's requests come to `listener`; what gateways and APIs ask on every request (`/verify` and its like) is answered before any
//! router, everything else by the one table of `routes`.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod answer;
pub mod api;
mod app;
mod body;
mod client_address;
mod extract;
mod health;
mod hosts;
mod hub;
mod idempotency;
mod kinds;
mod listener;
mod metrics;
mod oauth2;
mod problem;
pub mod routes;
mod share;
mod verify;
mod watch;
mod well_known;

pub use answer::{Answer, AnswerBody};
pub use app::{App, Figures, Hub, Node, Settings};
pub use client_address::client_address;
pub use hosts::is_public_url;
pub use listener::{serve, serve_images};
pub use problem::{FieldError, Kind, Problem, TraceId};
pub use watch::Timeouts;
