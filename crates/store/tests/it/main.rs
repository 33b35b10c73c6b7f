//! What the store promises, told on both engines.
#![allow(clippy::unwrap_used)]

mod support;

mod doors;
mod follow;
mod group_commit;
mod open;
mod outage;
mod positions;
mod rewind;
