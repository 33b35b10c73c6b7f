//! Who may import whom, read from the crates' `Cargo.toml`.

use super::Finding;
use super::tree::{File, Tree};

/// A crate, the crates of this workspace that it may import, and libraries that it must not have.
struct Crate {
    name: &'static str,
    may_import: &'static [&'static str],
    never: &'static [&'static str],
}

/// Runtimes, databases, HTTP.
const IO: &[&str] = &["tokio", "axum", "hyper", "hyper-util", "rusqlite", "tokio-postgres", "deadpool-postgres", "reqwest", "tracing"];

const CRATES: [Crate; 7] = [
    Crate {
        name: "domain",
        may_import: &[],
        never: &["tokio", "axum", "hyper", "hyper-util", "rusqlite", "tokio-postgres", "deadpool-postgres", "reqwest", "tracing", "aws-lc-rs"],
    },
    Crate { name: "crypto", may_import: &["domain"], never: IO },
    Crate { name: "store", may_import: &["domain", "crypto"], never: &["axum", "hyper", "reqwest", "aws-lc-rs"] },
    Crate { name: "verifier", may_import: &["domain", "crypto"], never: IO },
    Crate { name: "operations", may_import: &["domain", "crypto", "store"], never: &["axum", "hyper", "rusqlite", "tokio-postgres", "aws-lc-rs"] },
    Crate { name: "web", may_import: &["domain", "crypto", "store", "verifier", "operations"], never: &["rusqlite", "tokio-postgres", "reqwest", "aws-lc-rs"] },
    Crate { name: "keywright", may_import: &["domain", "crypto", "store", "verifier", "operations", "web"], never: &["aws-lc-rs"] },
];

/// The table, applied. Development dependencies of the binary are free: its tests look at everything.
pub(super) fn table(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in tree.files.iter().filter(|f| f.path.starts_with("crates/") && f.path.ends_with("/Cargo.toml")) {
        let name = file.path.split('/').nth(1).unwrap_or_default();
        let Some(rules) = CRATES.iter().find(|c| c.name == name) else {
            let what =
                "a crate that the table does not know: a crate exists because it forbids an import; add it to xtask/src/tidy/imports.rs or to another crate";
            found.push(Finding { path: file.path.clone(), line: 1, rule: "imports", what: what.into() });
            continue;
        };
        for (line, dependency, section) in dependencies(&file.text) {
            if section == "dev-dependencies" && name == "keywright" {
                continue;
            }
            let own = dependency.strip_prefix("keywright-").or((dependency == "keywright").then_some("keywright"));
            let wrong = match own {
                // A crate that names itself opens one of its own features to its tests.
                Some(other) => other != name && !rules.may_import.contains(&other),
                None => rules.never.contains(&dependency.as_str()),
            };
            if wrong {
                let what = format!("{name} must not import {dependency}: see \"Who imports whom\" in ARCHITECTURE.md");
                found.push(Finding { path: file.path.clone(), line, rule: "imports", what });
            }
        }
    }
    found
}

/// Each dependency is named by the code of its crate, and each dependency of the workspace by a crate.
pub(super) fn unused(tree: &Tree) -> Vec<Finding> {
    let manifests: Vec<&File> = tree.files.iter().filter(|f| f.path.ends_with("/Cargo.toml") && !f.path.starts_with("fuzz/")).collect();
    let finding = |file: &File, line: usize, what: String| Finding { path: file.path.clone(), line, rule: "unused dependency", what };
    let mut found = Vec::new();
    for manifest in &manifests {
        let home = manifest.path.trim_end_matches("Cargo.toml");
        for (line, name, _) in dependencies(&manifest.text) {
            let word = name.replace('-', "_");
            if !tree.rust().any(|f| f.path.starts_with(home) && names(&f.text, &word)) {
                found.push(finding(manifest, line, format!("no code of this crate names {word}: remove it")));
            }
        }
    }
    if let Some(workspace) = tree.file("Cargo.toml") {
        for (line, name, section) in dependencies(&workspace.text) {
            let used = manifests.iter().any(|m| dependencies(&m.text).iter().any(|(_, other, _)| *other == name));
            if section == "workspace.dependencies" && !used {
                found.push(finding(workspace, line, format!("no crate depends on {name}: remove it")));
            }
        }
    }
    found
}

/// Whether a text has this word, and not only as a part of another one.
fn names(text: &str, word: &str) -> bool {
    let inside = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word).any(|(at, _)| !text[..at].ends_with(inside) && !text[at + word.len()..].starts_with(inside))
}

/// Line, name and section of each dependency.
fn dependencies(manifest: &str) -> Vec<(usize, String, String)> {
    let mut section = String::new();
    let mut found = Vec::new();
    for (i, line) in manifest.lines().enumerate() {
        let line = line.trim();
        if let Some(name) = line.strip_prefix('[') {
            section = name.trim_end_matches(']').to_owned();
        } else if section.ends_with("dependencies") && !line.starts_with('#') {
            let name: String = line.chars().take_while(|c| c.is_alphanumeric() || matches!(c, '-' | '_')).collect();
            if !name.is_empty() {
                found.push((i + 1, name, section.clone()));
            }
        }
    }
    found
}
