//! Applications.

pub(crate) mod change;
pub(crate) mod create;
pub(crate) mod life;
pub(crate) mod list;
pub(crate) mod show;
