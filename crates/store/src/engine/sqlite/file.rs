//! Whether the file that is open is still the one under its name.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::error::StoreError;

/// A file as it was when it was opened. Somebody may put another in its place while it is open: then the open one has no name any more,
/// nobody else sees what is written to it, and it proves nothing.
#[derive(Debug, Clone)]
pub(super) struct OpenFile {
    path: PathBuf,
    device: u64,
    number: u64,
}

impl OpenFile {
    pub(super) fn new(path: &Path) -> io::Result<Self> {
        let found = fs::metadata(path)?;
        Ok(Self { path: path.to_owned(), device: found.dev(), number: found.ino() })
    }

    /// Costs a system call, no access to the disk.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        let detail = match fs::metadata(&self.path) {
            Ok(found) if (found.dev(), found.ino()) == (self.device, self.number) => return Ok(()),
            Ok(_) => "another file was put in its place".to_owned(),
            Err(e) => e.to_string(),
        };
        Err(StoreError::Replaced { path: self.path.display().to_string(), detail })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_was_removed_or_replaced_is_told() {
        let directory = tempfile::tempdir().unwrap();
        let (path, other) = (directory.path().join("a"), directory.path().join("b"));
        fs::write(&path, "a").unwrap();
        fs::write(&other, "b").unwrap();
        let file = OpenFile::new(&path).unwrap();
        file.check().unwrap();
        fs::write(&path, "more").unwrap();
        file.check().unwrap();
        fs::rename(&other, &path).unwrap();
        assert!(matches!(file.check(), Err(StoreError::Replaced { .. })));
        fs::remove_file(&path).unwrap();
        assert!(file.check().unwrap_err().to_string().contains("No such file"));
    }
}
