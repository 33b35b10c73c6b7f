//! Permissions as verdicts show them.

use std::fmt::Write;

use keywright_domain::credential::Permissions;

/// Permissions of a credential, kept once for all credentials that hold the same ones, and written out in advance.
#[derive(Debug)]
pub struct PermissionSet {
    names: Vec<String>,
    json: String,
    commas: String,
}

impl PermissionSet {
    /// Nothing may be done.
    pub(crate) const NONE: &'static Self = &Self { names: Vec::new(), json: String::new(), commas: String::new() };

    /// The set of a canonical text.
    pub(crate) fn from_text(text: &str) -> Self {
        let names = Permissions::from_text(text).names().to_vec();
        let mut json = String::from("[");
        for (i, name) in names.iter().enumerate() {
            json.push_str(if i == 0 { "\"" } else { ",\"" });
            for c in name.chars() {
                // Names have no such characters; a store that was written to by hand must not break the JSON.
                if c < ' ' || matches!(c, '"' | '\\') {
                    let _ = write!(json, "\\u{:04x}", c as u32);
                } else {
                    json.push(c);
                }
            }
            json.push('"');
        }
        json.push(']');
        json.shrink_to_fit();
        Self { commas: names.join(","), json, names }
    }

    /// The names, sorted.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// As a JSON array.
    #[must_use]
    pub fn json(&self) -> &str {
        if self.json.is_empty() { "[]" } else { &self.json }
    }

    /// Separated by commas, for a header.
    #[must_use]
    pub fn commas(&self) -> &str {
        &self.commas
    }

    /// Whether all of these are held. A name that no service declares is held by nobody.
    #[must_use]
    pub fn holds_all<S: AsRef<str>>(&self, asked: &[S]) -> bool {
        asked.iter().all(|asked| self.names.binary_search_by(|name| name.as_str().cmp(asked.as_ref())).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_written_out_and_asked() {
        let set = PermissionSet::from_text("payouts:write balances:read");
        assert_eq!(set.json(), r#"["balances:read","payouts:write"]"#);
        assert_eq!(set.commas(), "balances:read,payouts:write");
        assert!(set.holds_all(&["payouts:write"]) && set.holds_all::<&str>(&[]));
        assert!(!set.holds_all(&["payouts:write", "payouts"]) && !set.holds_all(&[""]));
        assert_eq!(PermissionSet::from_text("").json(), "[]");
        assert_eq!(PermissionSet::NONE.json(), "[]");
        assert_eq!(PermissionSet::from_text("a\"b\\").json(), r#"["a\u0022b\u005c"]"#);
    }
}
