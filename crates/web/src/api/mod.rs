//! The JSON forms of the management API, which the command line prints too.

pub mod shapes;
