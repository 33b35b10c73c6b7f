//! What is wrong with a catalogue file, and where.

use std::fmt;
use std::ops::Range;

use crate::limits;

/// One mistake, with the place of the text that is wrong and what to write there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// A sentence for the person who wrote the file.
    pub message: String,
}

/// Something that is allowed, and that its author should know about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// A sentence for the person who wrote the file.
    pub message: String,
}

/// All mistakes of a file in the order of the text, at most [`limits::CATALOGUE_FAULTS_MAX`]. Never empty.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.iter().map(Fault::to_string).collect::<Vec<_>>().join("\n"))]
pub struct Faults(pub Vec<Fault>);

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.message)
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.message)
    }
}

/// Collects what is found while a file is read, by place in bytes.
pub(super) struct Findings {
    faults: Vec<(usize, String)>,
    warnings: Vec<(usize, String)>,
}

impl Findings {
    pub(super) fn new() -> Self {
        Self { faults: Vec::new(), warnings: Vec::new() }
    }

    pub(super) fn fault(&mut self, at: &Range<usize>, message: impl Into<String>) {
        self.faults.push((at.start, message.into()));
    }

    pub(super) fn warning(&mut self, at: &Range<usize>, message: impl Into<String>) {
        self.warnings.push((at.start, message.into()));
    }

    /// How many faults were noted so far.
    pub(super) fn count(&self) -> usize {
        self.faults.len()
    }

    pub(super) fn into_faults(mut self, text: &str) -> Faults {
        self.faults.sort();
        self.faults.dedup();
        let lines = Lines::of(text);
        let place = |(at, message): (usize, String)| {
            let (line, column) = lines.place(at);
            Fault { line, column, message }
        };
        Faults(self.faults.into_iter().take(limits::CATALOGUE_FAULTS_MAX).map(place).collect())
    }

    pub(super) fn into_warnings(mut self, text: &str) -> Vec<Warning> {
        self.warnings.sort();
        let lines = Lines::of(text);
        let place = |(at, message): (usize, String)| {
            let (line, column) = lines.place(at);
            Warning { line, column, message }
        };
        self.warnings.into_iter().map(place).collect()
    }
}

/// Where the lines of a text begin.
struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    fn of(text: &'t str) -> Self {
        let after_breaks = text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(i, _)| i + 1);
        Self { text, starts: std::iter::once(0).chain(after_breaks).collect() }
    }

    /// Line and column of a byte, both from 1. A byte inside a character, or after the end, counts as the character or the end.
    fn place(&self, at: usize) -> (usize, usize) {
        let at = self.text.floor_char_boundary(at);
        let line = self.starts.partition_point(|start| *start <= at).max(1);
        let start = self.starts[line - 1];
        (line, self.text[start..at].chars().count() + 1)
    }
}
