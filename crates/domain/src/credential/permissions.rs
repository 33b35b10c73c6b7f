//! Permissions: scopes such as `payouts:write` that a service declares and a credential may hold.

use std::fmt;

/// A set of permission names in one canonical order, so that equal sets have equal texts.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Permissions(Vec<String>);

/// Names that a service does not declare.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: not among the permissions of {service} ({})", unknown.join(", "), if known.is_empty() { "it declares none".to_owned() } else { known.join(", ") })]
pub struct UnknownPermissions {
    /// The names that were given and are not known, in the order given.
    pub unknown: Vec<String>,
    /// The service that was asked.
    pub service: String,
    /// All names that it declares.
    pub known: Vec<String>,
}

impl Permissions {
    /// The empty set: nothing may be done.
    #[must_use]
    pub fn none() -> Self {
        Self(Vec::new())
    }

    /// The set of these names, each once.
    #[must_use]
    pub fn of<S: Into<String>>(names: impl IntoIterator<Item = S>) -> Self {
        let mut names: Vec<String> = names.into_iter().map(Into::into).collect();
        names.sort_unstable();
        names.dedup();
        Self(names)
    }

    /// The set of these names, if `service` declares them all.
    ///
    /// # Errors
    /// [`UnknownPermissions`] names every one that it does not declare.
    pub fn checked(names: &[String], service: &str, known: &[String]) -> Result<Self, UnknownPermissions> {
        let unknown: Vec<String> = names.iter().filter(|n| !known.contains(n)).map(|n| crate::text::repeated(n)).collect();
        if unknown.is_empty() {
            Ok(Self::of(names.iter().cloned()))
        } else {
            Err(UnknownPermissions { unknown, service: service.to_owned(), known: known.to_vec() })
        }
    }

    /// The names in canonical order.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.0
    }

    /// The canonical text: names separated by single spaces, as in an OAuth scope (RFC 6749 section 3.3).
    #[must_use]
    pub fn to_text(&self) -> String {
        self.0.join(" ")
    }

    /// The set of a canonical text.
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        Self::of(text.split(' ').filter(|n| !n.is_empty()))
    }
}

impl fmt::Display for Permissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_text())
    }
}

/// Whether a name may be declared: RFC 6749's scope-token without the comma, which separates names in query strings; at most 80 bytes.
#[must_use]
pub fn is_permission_name(name: &str) -> bool {
    (1..=80).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'"' | b'\\' | b','))
}
