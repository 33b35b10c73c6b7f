//! Where the master key comes from.

use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use keywright_crypto::keyring::Keyring;
use keywright_crypto::seal::MasterKey;
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::settings::Settings;

/// The variable that may hold it.
const VARIABLE: &str = "KEYWRIGHT_MASTER_KEY";
const VERIFICATION_VARIABLE: &str = "KEYWRIGHT_VERIFICATION_KEY";
/// The file beside an embedded store.
const FILE: &str = "master.key";

/// The master key that was given: by file, command or variable, or the file beside an embedded store. None: none of them.
///
/// # Errors
/// [`Failure`]: more than one was given, or what was given cannot be read.
pub(crate) fn find(settings: &Settings) -> Result<Option<MasterKey>, Failure> {
    let variable = std::env::var(VARIABLE).ok().map(Zeroizing::new);
    let given = [settings.master_key_file.is_some(), settings.master_key_command.is_some(), variable.is_some()];
    if given.iter().filter(|g| **g).count() > 1 {
        return Err(Failure::usage("the master key is given more than once: by --master-key-file, --master-key-command or KEYWRIGHT_MASTER_KEY; keep one"));
    }
    if let Some(path) = &settings.master_key_file {
        return read(path).map(Some);
    }
    if let Some(command) = &settings.master_key_command {
        return run(command).map(Some);
    }
    if let Some(text) = variable {
        return MasterKey::from_hex(&text).map(Some).map_err(|e| Failure::usage(format!("{VARIABLE}: {e}")));
    }
    let beside = beside(settings);
    match beside {
        Some(path) if path.exists() => read(&path).map(Some),
        _ => Ok(None),
    }
}

/// The key that opens secrets of credentials, by file or variable. None: neither of them is there. The master key is not looked at: a node that only
/// verifies should not have it.
///
/// # Errors
/// [`Failure`]: what was given cannot be read.
pub(crate) fn verification(file: Option<&Path>) -> Result<Option<Keyring>, Failure> {
    if let Some(path) = file {
        let wrong = |why: String| Failure::usage(format!("verification key file {}: {why}", path.display()));
        return Keyring::from_hex(&private_text(path).map_err(wrong)?).map(Some).map_err(|e| wrong(e.to_string()));
    }
    match std::env::var(VERIFICATION_VARIABLE).map(Zeroizing::new) {
        Ok(text) => Keyring::from_hex(&text).map(Some).map_err(|e| Failure::usage(format!("{VERIFICATION_VARIABLE}: {e}"))),
        Err(_) => Ok(None),
    }
}

/// The file beside an embedded store.
pub(crate) fn beside(settings: &Settings) -> Option<PathBuf> {
    settings.database_url.is_none().then(|| settings.data.join(FILE))
}

/// Makes a master key and puts it into a file that only its owner can read.
///
/// # Errors
/// [`Failure`]: no random bits, or the file cannot be written.
pub(crate) fn make(path: &Path) -> Result<MasterKey, Failure> {
    let key = MasterKey::generate()?;
    let wrong = |e: std::io::Error| Failure::store(format!("the master key cannot be written to {}: {e}", path.display()));
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(wrong)?;
    file.write_all(key.to_hex().as_bytes()).and_then(|()| file.write_all(b"\n")).and_then(|()| file.sync_all()).map_err(wrong)?;
    if let Some(parent) = path.parent() {
        std::fs::File::open(parent).and_then(|d| d.sync_all()).map_err(wrong)?;
    }
    Ok(key)
}

fn read(path: &Path) -> Result<MasterKey, Failure> {
    let wrong = |why: String| Failure::usage(format!("master key file {}: {why}", path.display()));
    MasterKey::from_hex(&private_text(path).map_err(wrong)?).map_err(|e| wrong(e.to_string()))
}

/// The text of a file that not everybody may read.
fn private_text(path: &Path) -> Result<Zeroizing<String>, String> {
    let mode = std::fs::metadata(path).map_err(|e| e.to_string())?.permissions().mode() & 0o777;
    if mode & 0o007 != 0 {
        return Err(format!("everybody on this machine can read it (mode {mode:o}): run chmod 600 on it"));
    }
    std::fs::read_to_string(path).map(Zeroizing::new).map_err(|e| e.to_string())
}

fn run(command: &str) -> Result<MasterKey, Failure> {
    let wrong = |why: String| Failure::usage(format!("--master-key-command: {why}"));
    let done = Command::new("sh").args(["-c", command]).stdin(Stdio::null()).stderr(Stdio::inherit()).output().map_err(|e| wrong(e.to_string()))?;
    let text = Zeroizing::new(done.stdout);
    if !done.status.success() {
        return Err(wrong(format!("it ended with {}", done.status)));
    }
    let text = std::str::from_utf8(&text).map_err(|_| wrong("it printed something that is not text".into()))?;
    MasterKey::from_hex(text).map_err(|e| wrong(e.to_string()))
}
