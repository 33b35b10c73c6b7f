//! What a command prints: one JSON value with `--json`, lines for people without.

use std::io::Write;

use serde_json::Value;

/// What came of a command.
#[derive(Debug)]
pub struct Output {
    json: Option<Value>,
    text: String,
    /// For people, on standard error: what is no part of the result.
    beside: Option<String>,
    exit: u8,
}

impl Output {
    /// The JSON value, and the same in lines for people.
    #[must_use]
    pub fn new(json: Value, text: impl Into<String>) -> Self {
        Self { json: Some(json), text: text.into(), beside: None, exit: 0 }
    }

    /// The command has printed what there was.
    #[must_use]
    pub const fn nothing() -> Self {
        Self { json: None, text: String::new(), beside: None, exit: 0 }
    }

    /// With another exit code than 0.
    #[must_use]
    pub fn exit(mut self, code: u8) -> Self {
        self.exit = code;
        self
    }

    /// With a sentence on standard error, for people only: whoever redirects the result gets the result alone.
    #[must_use]
    pub fn beside(mut self, text: Option<String>) -> Self {
        self.beside = text;
        self
    }

    /// Prints it and gives the exit code. A reader that has gone away is no error.
    #[must_use]
    pub fn print(&self, json: bool) -> u8 {
        let text = match (&self.json, json) {
            (Some(value), true) => format!("{value}\n"),
            (None, true) => String::new(),
            (_, false) if self.text.is_empty() || self.text.ends_with('\n') => self.text.clone(),
            (_, false) => format!("{}\n", self.text),
        };
        let _ = std::io::stdout().lock().write_all(text.as_bytes());
        self.beside.iter().filter(|_| !json).for_each(|text| note(text));
        self.exit
    }
}

/// Says something beside the result, on standard error.
pub(crate) fn note(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Says something on standard output, beside no result.
pub(crate) fn say(text: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

/// Columns for people, each as wide as its widest cell.
pub(crate) fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    if rows.is_empty() {
        return "none".to_owned();
    }
    let width = |i: usize| rows.iter().map(|r| r[i].chars().count()).chain([head[i].chars().count()]).max().unwrap_or(0);
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let line = |cells: &[&str]| {
        let padded: Vec<String> = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        padded.join("  ").trim_end().to_owned()
    };
    let mut lines = vec![line(head)];
    lines.extend(rows.iter().map(|row| line(&row.iter().map(String::as_str).collect::<Vec<_>>())));
    lines.join("\n")
}

/// What follows a list that is cut at its largest size, as far as this can be seen from here.
pub(crate) fn more(listed: usize, last: Option<String>) -> String {
    match last {
        Some(last) if listed >= keywright_domain::limits::PAGE_ROWS_MAX => format!("\nthere may be more: --before {last}"),
        _ => String::new(),
    }
}

/// Names and values for people, one pair a line; pairs without a value are left out.
pub(crate) fn pairs(pairs: &[(&str, String)]) -> String {
    let width = pairs.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    let shown = pairs.iter().filter(|(_, value)| !value.is_empty());
    shown.map(|(name, value)| format!("{name:width$}  {value}")).collect::<Vec<_>>().join("\n")
}
