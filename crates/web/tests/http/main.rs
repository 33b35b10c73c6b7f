//! The protocols through the front door: a real server on a free port, and a verifier that was loaded from records made by hand.

#![allow(clippy::unwrap_used)]

mod batch;
mod calls;
mod forward;
mod freshness;
mod limits;
mod repeats;
mod routes;
mod shapes;
mod support;
mod table;
mod verdicts;
