//! The provider's pages, for operators. To everybody else there is nothing at these addresses.

pub(crate) mod audit;
pub(crate) mod catalogue;
pub(crate) mod leaks;
pub(crate) mod organisation;
pub(crate) mod organisations;
pub(crate) mod resource_servers;
pub(crate) mod review;
pub(crate) mod verifiers;
