//! The files of the repository, in memory.

use std::path::Path;

/// Directories that hold no source.
const SKIPPED: [&str; 6] = ["target", ".git", "keywright-data", "corpus", "artifacts", "node_modules"];

/// All files, by path.
pub(crate) struct Tree {
    pub(crate) files: Vec<File>,
}

/// A file.
pub(crate) struct File {
    /// Relative to the root, with `/`.
    pub(crate) path: String,
    /// Empty where it is not text.
    pub(crate) text: String,
}

impl File {
    pub(crate) fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    pub(crate) fn is_document(&self) -> bool {
        self.path.ends_with(".md")
    }

    /// Whether all of it is code of tests.
    pub(crate) fn is_test(&self) -> bool {
        self.path.contains("/tests/") || self.path.ends_with("/tests.rs") || self.path.ends_with("_tests.rs") || self.path.starts_with("fuzz/")
    }

    pub(crate) fn lies_in(&self, places: &[&str]) -> bool {
        places.iter().any(|place| self.path.starts_with(place))
    }
}

impl Tree {
    /// Reads everything under `root`.
    pub(crate) fn read(root: &Path) -> Result<Self, String> {
        let mut files = Vec::new();
        read_into(root, "", &mut files)?;
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(Self { files })
    }

    pub(crate) fn file(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|f| f.path == path)
    }

    pub(crate) fn rust(&self) -> impl Iterator<Item = &File> {
        self.files.iter().filter(|f| f.is_rust())
    }

    pub(crate) fn documents(&self) -> impl Iterator<Item = &File> {
        self.files.iter().filter(|f| f.is_document())
    }
}

fn read_into(directory: &Path, prefix: &str, files: &mut Vec<File>) -> Result<(), String> {
    let entries = std::fs::read_dir(directory).map_err(|why| format!("{} cannot be read: {why}", directory.display()))?;
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{prefix}{name}");
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() {
            if !SKIPPED.contains(&name.as_str()) {
                read_into(&entry.path(), &format!("{path}/"), files)?;
            }
        } else if kind.is_file() {
            let bytes = std::fs::read(entry.path()).map_err(|why| format!("{path} cannot be read: {why}"))?;
            files.push(File { path, text: String::from_utf8(bytes).unwrap_or_default() });
        }
    }
    Ok(())
}
