//! Tidy: the house rules that a program can check. Each finding says where, which rule, and what to do.

mod documents;
mod imports;
mod layers;
mod lexer;
mod records;
#[cfg(test)]
mod tests;
mod tree;
mod words;

use std::fmt;

pub(crate) use tree::Tree;

/// One place that breaks one rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    /// Relative to the root of the repository.
    path: String,
    /// From 1.
    line: usize,
    /// The rule's name.
    rule: &'static str,
    /// What is wrong and what to do.
    what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}: {}", self.path, self.line, self.rule, self.what)
    }
}

/// Everything that breaks a rule, by path and line.
pub(crate) fn findings(tree: &Tree) -> Vec<Finding> {
    let rules: [fn(&Tree) -> Vec<Finding>; 18] = [
        layers::sql,
        layers::cryptography,
        layers::connections,
        layers::serialised_forms,
        layers::inputs_are_passed_in,
        layers::folders_of_web,
        layers::kinds,
        imports::table,
        imports::unused,
        words::unfinished,
        words::ignored,
        words::places,
        words::long_files,
        documents::links,
        documents::dead_files,
        documents::named_tests,
        documents::tables,
        records::all,
    ];
    let mut found: Vec<Finding> = rules.iter().flat_map(|rule| rule(tree)).collect();
    found.sort();
    found
}
