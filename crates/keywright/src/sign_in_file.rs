//! A link to sign in with, as a file that only this user can read: what is printed where no terminal is ends up in logs.

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use crate::failure::Failure;
use crate::settings::Settings;

/// The file for the link of the first operator.
pub(crate) const FIRST_OPERATOR: &str = "first-operator-link";
/// The file for a link that was asked for at the machine.
pub(crate) const ASKED_FOR: &str = "sign-in-link";

/// Puts the link into this file of the data directory, in the place of an earlier one, and gives its path.
///
/// # Errors
/// [`Failure`]: it cannot be written.
pub(crate) fn keep(settings: &Settings, name: &str, link: &str) -> Result<PathBuf, Failure> {
    let path = settings.data.join(name);
    let unfinished = settings.data.join(format!(".{name}"));
    let wrong = |e: std::io::Error| Failure::store(format!("the link cannot be written to {}: {e}", path.display()));
    fs::create_dir_all(&settings.data).map_err(wrong)?;
    // A new file each time, whose mode nobody has chosen before.
    match fs::remove_file(&unfinished) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(wrong(e)),
        _ => {}
    }
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unfinished).map_err(wrong)?;
    file.write_all(link.as_bytes()).and_then(|()| file.write_all(b"\n")).map_err(wrong)?;
    fs::rename(&unfinished, &path).map_err(wrong)?;
    Ok(path)
}
