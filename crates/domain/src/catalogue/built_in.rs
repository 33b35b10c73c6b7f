//! The catalogue that a new store starts with.

use super::{Catalogue, parse};

/// The text of the built-in catalogue.
pub const BUILT_IN: &str = include_str!("built_in.toml");

/// The built-in catalogue.
#[must_use]
pub fn built_in() -> Catalogue {
    parse(BUILT_IN).expect("the built-in catalogue is compiled in, and a test parses it").0
}
