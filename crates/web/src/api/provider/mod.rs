//! What operators do.

pub(crate) mod catalogue;
pub(crate) mod leaks;
pub(crate) mod organisations;
pub(crate) mod resource_servers;
pub(crate) mod verifiers;
