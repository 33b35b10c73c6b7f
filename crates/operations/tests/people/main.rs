//! Organisations, members, applications and tokens: who may do what, told on both engines.
#![allow(clippy::unwrap_used)]

mod activity;
mod applications;
mod invitations;
mod members;
mod organisations;
mod tokens;
mod usage;
mod world;
