//! What has to be written down: the change log, the reason of a migration, and tests for snapshots.

use super::Finding;
use super::tree::{File, Tree};

/// All records.
pub(super) fn all(tree: &Tree) -> Vec<Finding> {
    let mut found = change_log(tree);
    found.extend(tree.files.iter().filter(|f| f.path.contains("/migrations/") && f.path.ends_with(".sql")).filter_map(migration));
    found.extend(tree.files.iter().filter(|f| f.path.ends_with(".snap")).filter_map(|f| snapshot(tree, f)));
    found
}

/// `CHANGELOG.md` begins with what is not released yet, in the four sections.
fn change_log(tree: &Tree) -> Vec<Finding> {
    let path = "CHANGELOG.md";
    let finding = |what: String| vec![Finding { path: path.into(), line: 1, rule: "change log", what }];
    let Some(file) = tree.file(path) else { return finding("there is none: write it for the operator".into()) };
    let Some((_, rest)) = file.text.split_once("\n## Unreleased\n") else {
        return finding("no section \"## Unreleased\": add it above the releases".into());
    };
    let unreleased = rest.split("\n## ").next().unwrap_or_default();
    let titles: Vec<&str> = unreleased.lines().filter_map(|line| line.strip_prefix("### ")).collect();
    let known = ["Upgrade notes", "Security", "New", "Fixed"];
    match titles.iter().find(|title| !known.contains(title)) {
        Some(title) => finding(format!("\"{title}\" is not one of its sections: {}", known.join(", "))),
        None => Vec::new(),
    }
}

/// A migration begins with a comment that says why.
fn migration(file: &File) -> Option<Finding> {
    let comment: usize = file.text.lines().take_while(|line| line.starts_with("--")).map(str::len).sum();
    let what = "a migration begins with a comment that says why, and how the previous release lives with it".into();
    (comment < 40).then(|| Finding { path: file.path.clone(), line: 1, rule: "migrations", what })
}

/// A snapshot belongs to a test that is still there: its source is named in its head, and its name in that source.
fn snapshot(tree: &Tree, file: &File) -> Option<Finding> {
    let finding = |what: String| Some(Finding { path: file.path.clone(), line: 1, rule: "snapshots", what });
    let Some(source) = file.text.lines().find_map(|line| line.strip_prefix("source: ")) else {
        return finding("it does not say which source it belongs to: make it again with `cargo xtask snapshots`".into());
    };
    let Some(source_file) = tree.file(source.trim_matches('"')) else {
        return finding(format!("{source}, where its test was, is not there: remove it"));
    };
    let name = file.path.rsplit('/').next().unwrap_or_default().trim_end_matches(".snap");
    let name = name.rsplit("__").next().unwrap_or_default();
    let test = name.rsplit_once('-').filter(|(_, n)| n.bytes().all(|b| b.is_ascii_digit())).map_or(name, |(test, _)| test);
    let used = [name, test].iter().any(|n| source_file.text.contains(&format!("fn {n}")) || source_file.text.contains(&format!("\"{n}\"")));
    if used { None } else { finding(format!("no test in {source} is called {test}: remove it")) }
}
