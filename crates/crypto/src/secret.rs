//! Secrets that cannot leak by accident.

use zeroize::Zeroizing;

use crate::digest;

/// A secret text: no `Debug`, `Display`, `Clone`, `Serialize` or `PartialEq`, and wiped when dropped.
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes the text over.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text that these bytes are; none unless they are UTF-8.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        std::str::from_utf8(bytes).ok().map(|text| Self::new(text.to_owned()))
    }

    /// Takes a text over that is wiped already.
    pub(crate) const fn from_wiped(text: Zeroizing<String>) -> Self {
        Self(text)
    }

    /// The text, for a place that must have it. Each call is a place to look at in a review.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Its SHA-256, which is what the store keeps.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        digest::sha256(self.0.as_bytes())
    }

    /// Its last four characters, for lists. A secret that is not longer than eight shows nothing.
    #[must_use]
    pub fn hint(&self) -> String {
        if self.0.len() > 8 && self.0.is_ascii() { self.0[self.0.len() - 4..].to_owned() } else { String::new() }
    }

    /// Takes the value, so that a second showing does not compile.
    #[must_use]
    pub fn show_once(self) -> ShownOnce {
        ShownOnce(self.0)
    }
}

/// A secret on its way to the one who asked for it.
pub struct ShownOnce(Zeroizing<String>);

impl ShownOnce {
    /// The text, for the answer that carries it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}
