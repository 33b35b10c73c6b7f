//! Documents: links lead somewhere, and every file is reached.

use super::Finding;
use super::tree::{File, Tree};

/// Each relative link leads to a file or directory, and to a heading of it where it names one.
pub(super) fn links(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    for document in tree.documents() {
        for (line, target) in targets(document) {
            let (path, heading) = target.split_once('#').unwrap_or((target.as_str(), ""));
            let path = if path.is_empty() { document.path.clone() } else { resolved(&document.path, path) };
            let what = match tree.file(&path) {
                None if tree.files.iter().any(|f| f.path.starts_with(&format!("{path}/"))) => continue,
                None => format!("{target} leads nowhere: there is no {path}"),
                Some(file) if !heading.is_empty() && file.is_document() && !headings(file).iter().any(|h| h == heading) => {
                    format!("{target} leads nowhere: {path} has no such heading")
                }
                Some(_) => continue,
            };
            found.push(Finding { path: document.path.clone(), line, rule: "links", what });
        }
    }
    found
}

/// Each file under `docs/` is linked from a document, or named by code that uses it.
pub(super) fn dead_files(tree: &Tree) -> Vec<Finding> {
    let linked: Vec<String> =
        tree.documents().flat_map(|d| targets(d).into_iter().map(|(_, t)| resolved(&d.path, t.split('#').next().unwrap_or_default()))).collect();
    let is_reached = |file: &File| {
        let in_linked_directory = linked.iter().any(|l| !l.is_empty() && file.path.starts_with(&format!("{l}/")));
        linked.contains(&file.path) || in_linked_directory || tree.rust().any(|f| f.text.contains(&file.path))
    };
    let dead = tree.files.iter().filter(|f| f.path.starts_with("docs/") && !is_reached(f));
    dead.map(|f| Finding {
        path: f.path.clone(),
        line: 1,
        rule: "dead file",
        what: "no document links here: link it where a reader would look, or remove it".into(),
    })
    .collect()
}

/// A test that a document names is there. Names of tests are the only words in code marks with so many underscores.
pub(super) fn named_tests(tree: &Tree) -> Vec<Finding> {
    let is_name = |word: &str| {
        word.matches('_').count() >= 4 && !word.starts_with("keywright_") && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    };
    let mut found = Vec::new();
    for document in tree.documents() {
        for (i, line) in document.text.lines().enumerate() {
            for name in line.split('`').skip(1).step_by(2).filter(|word| is_name(word)) {
                if !tree.rust().any(|f| f.text.contains(&format!("fn {name}("))) {
                    let what = format!("there is no test {name}: name the one that would fail, or write it");
                    found.push(Finding { path: document.path.clone(), line: i + 1, rule: "named tests", what });
                }
            }
        }
    }
    found
}

/// Each block of table rows begins with a header and the line below it: without them it is shown as text with bars in it.
pub(super) fn tables(tree: &Tree) -> Vec<Finding> {
    let is_rule = |line: &str| line.contains("---") && line.bytes().all(|b| b"|-: ".contains(&b));
    let mut found = Vec::new();
    for document in tree.documents() {
        let lines = outside_code(document);
        for (at, (line, text)) in lines.iter().enumerate().filter(|(_, (_, text))| text.starts_with('|')) {
            let begins = at == 0 || !lines[at - 1].1.starts_with('|');
            if begins && !lines.get(at + 1).is_some_and(|(_, next)| next.starts_with('|') && is_rule(next)) {
                let what = format!("a row without a header above it: {text:.40}; write one, or take the empty line away that splits the table");
                found.push(Finding { path: document.path.clone(), line: *line, rule: "tables", what });
            }
        }
    }
    found
}

/// The lines of a document with their numbers, those of code left empty.
fn outside_code(document: &File) -> Vec<(usize, &str)> {
    let mut in_code = false;
    let lines = document.text.lines().enumerate().map(|(i, line)| {
        let fence = line.trim_start().starts_with("```");
        in_code ^= fence;
        (i + 1, if in_code || fence { "" } else { line })
    });
    lines.collect()
}

/// Line and target of each link that is not an address elsewhere. Code is left out.
fn targets(document: &File) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (number, line) in outside_code(document) {
        let prose: String = line.split('`').step_by(2).collect::<Vec<_>>().join("`");
        for (at, _) in prose.match_indices("](") {
            let target = prose[at + 2..].split(')').next().unwrap_or_default();
            if !target.contains("://") && !target.starts_with("mailto:") {
                found.push((number, target.to_owned()));
            }
        }
    }
    found
}

/// A relative path from the place of `document`, without `.` and `..`.
fn resolved(document: &str, path: &str) -> String {
    let mut parts: Vec<&str> = document.split('/').collect();
    parts.pop();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// The names under which headings can be linked: lower case, signs left out, spaces as `-`.
fn headings(document: &File) -> Vec<String> {
    let titles = document.text.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    let name = |title: &str| {
        let kept = title.to_lowercase();
        kept.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_')).map(|c| if c == ' ' { '-' } else { c }).collect()
    };
    titles.map(name).collect()
}
