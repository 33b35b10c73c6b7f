//! Settings of an organisation: its name, members, tokens, billing, verification and activity.

pub(crate) mod activity;
pub(crate) mod billing;
pub(crate) mod general;
pub(crate) mod grants;
pub(crate) mod invitations;
pub(crate) mod leave;
pub(crate) mod member;
pub(crate) mod members;
pub(crate) mod remove;
pub(crate) mod tokens;
pub(crate) mod verification;
