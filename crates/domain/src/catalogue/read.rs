//! Typed reading of TOML values, with their place kept: each reader either gives the value or notes a fault and gives nothing.

use std::ops::Range;
use std::str::FromStr;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::faults::Findings;

/// A table with the name that messages use for it.
pub(super) struct Table<'t> {
    /// Such as `service.maps`; empty for the file itself.
    pub(super) name: String,
    table: &'t DeTable<'t>,
}

/// One entry: its name in messages, the place of its value, and the value.
pub(super) struct Entry<'t> {
    /// Such as `service.maps.kinds`.
    pub(super) name: String,
    /// Its own key, without the table's name.
    pub(super) key: &'t str,
    pub(super) key_at: Range<usize>,
    pub(super) at: Range<usize>,
    value: &'t DeValue<'t>,
}

/// A value and the place where it stands.
pub(super) type Placed<T> = (T, Range<usize>);

/// As much of a text as a message should repeat.
pub(super) fn short(text: &str) -> String {
    format!("{:?}", crate::text::repeated(text))
}

fn listed(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [before @ .., last] => format!("{} or {last}", before.join(", ")),
    }
}

fn type_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

impl<'t> Table<'t> {
    pub(super) fn root(table: &'t Spanned<DeTable<'t>>) -> Self {
        Self { name: String::new(), table: table.get_ref() }
    }

    /// The entry of this key, if the file has it.
    pub(super) fn entry(&self, key: &str) -> Option<Entry<'t>> {
        self.table.get_key_value(key).map(|(key, value)| self.named(key, value))
    }

    /// All entries in the order of the file.
    pub(super) fn entries(&self) -> Vec<Entry<'t>> {
        let mut entries: Vec<Entry<'t>> = self.table.iter().map(|(key, value)| self.named(key, value)).collect();
        entries.sort_by_key(|e| e.key_at.start);
        entries
    }

    fn named(&self, key: &'t Spanned<toml::de::DeString<'t>>, value: &'t Spanned<DeValue<'t>>) -> Entry<'t> {
        let bare: &str = key.get_ref();
        let shown: String = bare.chars().take(80).collect();
        let name = if self.name.is_empty() { shown } else { format!("{}.{shown}", self.name) };
        Entry { name, key: bare, key_at: key.span(), at: value.span(), value: value.get_ref() }
    }

    /// Notes each key that is not in `known`, and names those that are.
    pub(super) fn refuse_unknown(&self, known: &[&str], found: &mut Findings) {
        for entry in self.entries() {
            if !known.contains(&entry.key) {
                let whose = if self.name.is_empty() { "the catalogue".to_owned() } else { self.name.clone() };
                let message = format!("{} is not known: {whose} takes {}", short(entry.key), known.join(", "));
                found.fault(&entry.key_at, message);
            }
        }
    }
}

impl<'t> Entry<'t> {
    fn wrong_type(&self, wanted: &str, found: &mut Findings) {
        found.fault(&self.at, format!("{} is {}: write {wanted}", self.name, type_of(self.value)));
    }

    pub(super) fn text(&self, found: &mut Findings) -> Option<&'t str> {
        let DeValue::String(text) = self.value else {
            self.wrong_type("a text in quotes", found);
            return None;
        };
        Some(text)
    }

    /// A text that `check` accepts; its error completes the entry's name to a sentence.
    pub(super) fn checked<T>(&self, found: &mut Findings, check: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        let text = self.text(found)?;
        check(text).map_err(|why| found.fault(&self.at, format!("{} {why}", self.name))).ok()
    }

    /// A text of a type that says itself what is wrong with it.
    pub(super) fn parsed<T: FromStr<Err: std::fmt::Display>>(&self, found: &mut Findings) -> Option<T> {
        let text = self.text(found)?;
        text.parse().map_err(|why: T::Err| found.fault(&self.at, format!("{}: {why}", self.name))).ok()
    }

    /// One of a few words.
    pub(super) fn word<T: Copy>(&self, words: &[(&str, T)], found: &mut Findings) -> Option<T> {
        let text = self.text(found)?;
        let known = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        if known.is_none() {
            let names: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            found.fault(&self.at, format!("{}: {} is not possible: write {}", self.name, short(text), listed(&names)));
        }
        known
    }

    /// A whole number of this range.
    pub(super) fn number(&self, from: u32, to: u32, found: &mut Findings) -> Option<u32> {
        let DeValue::Integer(number) = self.value else {
            self.wrong_type("a whole number", found);
            return None;
        };
        let value = u32::from_str_radix(number.as_str(), number.radix()).ok().filter(|n| (from..=to).contains(n));
        if value.is_none() {
            let given: String = number.to_string().chars().take(40).collect();
            found.fault(&self.at, format!("{} is {given}: write a whole number from {from} to {to}", self.name));
        }
        value
    }

    /// A list of texts, each with its place, none twice. Items that are no texts are noted and left out.
    pub(super) fn texts(&self, max: usize, found: &mut Findings) -> Vec<Placed<&'t str>> {
        let DeValue::Array(items) = self.value else {
            self.wrong_type("a list of texts, such as [\"one\", \"two\"]", found);
            return Vec::new();
        };
        if items.len() > max {
            found.fault(&self.at, format!("{} has {} entries: at most {max} are taken", self.name, items.len()));
            return Vec::new();
        }
        let mut texts: Vec<Placed<&'t str>> = Vec::new();
        for item in items.iter() {
            match item.get_ref() {
                DeValue::String(text) if texts.iter().any(|(known, _)| *known == text.as_ref()) => {
                    found.fault(&item.span(), format!("{}: {} stands there twice: write it once", self.name, short(text)));
                }
                DeValue::String(text) => texts.push((text.as_ref(), item.span())),
                other => found.fault(&item.span(), format!("{} contains {}: write texts in quotes", self.name, type_of(other))),
            }
        }
        texts
    }

    /// A list of words, each with its place.
    pub(super) fn words<T: Copy>(&self, words: &[(&str, T)], found: &mut Findings) -> Vec<Placed<T>> {
        let names: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let mut values = Vec::new();
        for (text, at) in self.texts(100, found) {
            match words.iter().find(|(word, _)| *word == text) {
                Some((_, value)) => values.push((*value, at)),
                None => found.fault(&at, format!("{}: {} is not possible: write {}", self.name, short(text), listed(&names))),
            }
        }
        values
    }

    pub(super) fn table(&self, found: &mut Findings) -> Option<Table<'t>> {
        let DeValue::Table(table) = self.value else {
            self.wrong_type("a table, such as { name = \"text\" }", found);
            return None;
        };
        Some(Table { name: self.name.clone(), table })
    }
}
