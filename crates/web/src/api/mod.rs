//! The management API: one folder per resource, one file per endpoint. The JSON forms are printed by the command line too.

pub(crate) mod activity;
pub(crate) mod applications;
pub(crate) mod auth;
pub(crate) mod business;
pub(crate) mod credentials;
pub(crate) mod docs;
pub mod explained;
pub(crate) mod members;
pub(crate) mod organisations;
pub(crate) mod provider;
pub mod registration_tokens;
pub mod shapes;
pub(crate) mod tokens;
mod words;
