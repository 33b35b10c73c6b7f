//! For people: why a signature does not fit.

pub mod paste;
