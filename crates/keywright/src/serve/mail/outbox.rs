//! Mails as files, for an installation without a mail server.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use keywright_domain::ids::MailId;

/// Keeps a mail as `<id>.eml`, which only this user can read. It appears whole or not at all.
///
/// # Errors
/// What the file system says.
pub(super) fn keep(directory: &Path, id: MailId, message: &[u8]) -> Result<(), String> {
    let wrong = |e: std::io::Error| format!("{} cannot be written to: {e}", directory.display());
    match fs::DirBuilder::new().mode(0o700).create(directory) {
        Err(e) if e.kind() != std::io::ErrorKind::AlreadyExists => return Err(wrong(e)),
        _ => {}
    }
    let (unfinished, whole) = (directory.join(format!(".{id}")), directory.join(format!("{id}.eml")));
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&unfinished).map_err(wrong)?;
    file.write_all(message).and_then(|()| file.sync_all()).map_err(wrong)?;
    fs::rename(&unfinished, &whole).map_err(wrong)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn only_this_user_can_read_a_mail() {
        let place = tempfile::tempdir().unwrap();
        let outbox = place.path().join("outbox");
        for _ in 0..2 {
            keep(&outbox, MailId::from_bits(7), b"hello").unwrap();
        }
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let files: Vec<_> = fs::read_dir(&outbox).unwrap().map(|e| e.unwrap().path()).collect();
        assert_eq!((files.len(), mode(&outbox), mode(&files[0])), (1, 0o700, 0o600));
        assert!(keep(&files[0], MailId::from_bits(7), b"x").is_err());
    }
}
