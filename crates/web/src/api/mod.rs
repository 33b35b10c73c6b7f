//! The management API: one folder per resource, one file per endpoint. The JSON forms are printed by the command line too.

pub(crate) mod applications;
pub(crate) mod docs;
pub mod shapes;
