//! Files for secrets: new, and readable by their owner only.

use std::fs::{File, OpenOptions};
use std::io::{Error, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// A file that was not there before. It goes away again unless something is written into it.
pub(crate) struct NewFile {
    path: PathBuf,
    file: File,
    written: bool,
}

impl NewFile {
    /// Opened before a secret is made: one that is there stays as it is, because it may be somebody's only copy of a key.
    ///
    /// # Errors
    /// A usage failure that names `--out` and the reason.
    pub(crate) fn open(path: PathBuf) -> Result<Self, Failure> {
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).map_err(|e| Failure::usage(fault(&path, &e)))?;
        Ok(Self { path, file, written: false })
    }

    /// Writes a secret, byte for byte, down to the disk. What went wrong is a sentence.
    pub(crate) fn write(mut self, secret: &str) -> Result<PathBuf, String> {
        self.file.write_all(secret.as_bytes()).and_then(|()| self.file.sync_all()).map_err(|e| fault(&self.path, &e))?;
        self.written = true;
        Ok(self.path.clone())
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if !self.written {
            // One that stays is empty, and refused the next time: that says it well enough.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

fn fault(path: &Path, e: &Error) -> String {
    format!("--out {}: {e}", path.display())
}
