//! Words that must not stand in files, and files that are too long.

use super::Finding;
use super::tree::{File, Tree};

/// Lines that a file may have.
const LINES_MAX: usize = 450;

/// Files that may be longer, and why.
const LONG: [(&str, &str); 0] = [];

/// Marks of work that is not finished; in two parts so that this file is not found by its own rule.
const UNFINISHED: [&str; 4] = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X:"), concat!("unimple", "mented!")];

/// A test that does not run by itself.
const IGNORED: &str = concat!("#[ig", "nore");

/// Files that may have such tests, and why.
const MAY_IGNORE: [(&str, &str); 1] = [("crates/keywright/tests/it/faults/storm/writer.rs", "a process of its own, which the storm starts and kills")];

/// Hosts of package registries and places of one machine: the project speaks of itself alone.
const PLACES: [&str; 9] = [
    concat!("crates", ".io"),
    concat!("pypi", ".org"),
    concat!("npm", "js.com"),
    concat!("npm", "js.org"),
    concat!("gh", "cr.io"),
    concat!("/wo", "rk/main"),
    concat!("/wo", "rk/shared"),
    concat!("/tmp", "/kw/"),
    concat!("/ro", "ot/"),
];

fn is_written_by_hand(file: &File) -> bool {
    !file.path.ends_with("Cargo.lock") && !file.path.ends_with(".snap")
}

/// No work is left to be done later by a comment.
pub(super) fn unfinished(tree: &Tree) -> Vec<Finding> {
    lines_with(tree, &UNFINISHED, "unfinished", "finish it, or write it down where work is planned")
}

/// Every test runs.
pub(super) fn ignored(tree: &Tree) -> Vec<Finding> {
    let advice = "mend the test or remove it, or list its file with the reason in xtask/src/tidy/words.rs";
    let found = lines_with(tree, &[IGNORED], "ignored test", advice);
    found.into_iter().filter(|f| !MAY_IGNORE.iter().any(|(path, _)| *path == f.path)).collect()
}

/// No host of a package registry and no place of one machine.
pub(super) fn places(tree: &Tree) -> Vec<Finding> {
    lines_with(tree, &PLACES, "places", "it means nothing to a reader elsewhere: leave it out")
}

fn lines_with(tree: &Tree, words: &[&str], rule: &'static str, advice: &str) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in tree.files.iter().filter(|f| is_written_by_hand(f)) {
        for (i, line) in file.text.lines().enumerate() {
            if let Some(word) = words.iter().find(|word| line.contains(**word)) {
                found.push(Finding { path: file.path.clone(), line: i + 1, rule, what: format!("{word}: {advice}") });
            }
        }
    }
    found
}

/// A Rust file fits the head of a reader.
pub(super) fn long_files(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in tree.rust() {
        let lines = file.text.lines().count();
        if lines > LINES_MAX && !LONG.iter().any(|(path, _)| *path == file.path) {
            let what = format!(
                "{lines} lines, at most {LINES_MAX}: make it a folder with a file per verb or kind, or list it with its reason in xtask/src/tidy/words.rs"
            );
            found.push(Finding { path: file.path.clone(), line: lines, rule: "length", what });
        }
    }
    for (path, _) in LONG.iter().filter(|(path, _)| tree.file(path).is_none_or(|f| f.text.lines().count() <= LINES_MAX)) {
        let what = "listed as a long file, and is none: take it off the list in xtask/src/tidy/words.rs".into();
        found.push(Finding { path: (*path).to_owned(), line: 1, rule: "length", what });
    }
    found
}
