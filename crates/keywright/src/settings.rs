//! Settings: from flags, `KEYWRIGHT_*` variables (both read by the command line's parser), then `keywright.toml`.

use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use keywright_domain::limits;
use serde::Deserialize;

use crate::cli::{Common, Role, Serve};
use crate::failure::Failure;

/// The file's name where none is given.
const FILE: &str = "keywright.toml";
/// The file in the data directory in which a server notes how people reach it.
const REACHED_AT: &str = "reached-at";
/// What every command needs to know.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Directory of the embedded store; with PostgreSQL, of this node's own files.
    pub data: PathBuf,
    /// PostgreSQL instead of it.
    pub database_url: Option<String>,
    /// Where the master key is.
    pub master_key_file: Option<PathBuf>,
    /// What prints the master key.
    pub master_key_command: Option<String>,
    /// The file's settings of a server.
    file: File,
}

/// `keywright.toml`: the names of the flags, with underscores.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    data: Option<PathBuf>,
    database_url: Option<String>,
    master_key_file: Option<PathBuf>,
    master_key_command: Option<String>,
    listen: Option<String>,
    public_url: Option<String>,
    role: Option<String>,
    lease: Option<String>,
    trusted_proxy: Option<Vec<String>>,
    share_url: Option<String>,
    smtp_url: Option<String>,
    verification_key_file: Option<PathBuf>,
    operator: Option<String>,
    catalog: Option<PathBuf>,
}

impl Settings {
    /// Reads the file, if there is one, and puts flags and variables before it.
    ///
    /// # Errors
    /// [`Failure`]: the file cannot be read, or says something that is not a setting.
    pub fn read(common: &Common) -> Result<Self, Failure> {
        let file = match &common.config {
            Some(path) => read(path)?,
            None if Path::new(FILE).exists() => read(Path::new(FILE))?,
            None => File::default(),
        };
        let database_url = common.database_url.clone().or_else(|| file.database_url.clone());
        if let Some(url) = &database_url
            && !(url.starts_with("postgres://") || url.starts_with("postgresql://"))
        {
            // The address may hold a password, so it is not repeated.
            return Err(Failure::usage("--database-url is not the address of a PostgreSQL database: write postgres://user@host/database"));
        }
        if common.database_url.as_deref().is_some_and(has_password) && given_as_argument("--database-url") {
            return Err(Failure::usage(
                "--database-url holds a password, which every user of this machine can read among a process's arguments: give the address in \
                 KEYWRIGHT_DATABASE_URL or in keywright.toml",
            ));
        }
        Ok(Self {
            data: common.data.clone().or_else(|| file.data.clone()).unwrap_or_else(|| PathBuf::from("keywright-data")),
            database_url,
            master_key_file: common.master_key_file.clone().or_else(|| file.master_key_file.clone()),
            master_key_command: common.master_key_command.clone().or_else(|| file.master_key_command.clone()),
            file,
        })
    }

    /// These settings, for a store of its own in `data`.
    #[must_use]
    pub fn throw_away(&self, data: PathBuf) -> Self {
        // An example's mails stay with it.
        let file = File { smtp_url: None, ..self.file.clone() };
        Self { data, database_url: None, master_key_file: None, master_key_command: None, file }
    }

    /// A server's settings, with the file's where flags and variables say nothing.
    ///
    /// # Errors
    /// [`Failure`]: the file names a role that is none.
    pub fn serve(&self, given: &Serve) -> Result<Serve, Failure> {
        if given.smtp_url.as_deref().is_some_and(|url| has_password(before_query(url))) && given_as_argument("--smtp-url") {
            return Err(Failure::usage(
                "--smtp-url holds a password, which every user of this machine can read among a process's arguments: give the address in \
                 KEYWRIGHT_SMTP_URL or in keywright.toml",
            ));
        }
        let role = match &self.file.role {
            Some(role) => {
                Some(<Role as clap::ValueEnum>::from_str(role, false).map_err(|_| Failure::usage(format!("role = {role:?}: write all, hub or verifier")))?)
            }
            None => None,
        };
        let trusted_proxy = if given.trusted_proxy.is_empty() { self.file.trusted_proxy.clone().unwrap_or_default() } else { given.trusted_proxy.clone() };
        Ok(Serve {
            listen: given.listen.clone().or_else(|| self.file.listen.clone()),
            public_url: given.public_url.clone().or_else(|| self.file.public_url.clone()),
            role: given.role.or(role),
            lease: given.lease.clone().or_else(|| self.file.lease.clone()),
            trusted_proxy,
            share_url: given.share_url.clone().or_else(|| self.file.share_url.clone()),
            verification_key_file: given.verification_key_file.clone().or_else(|| self.file.verification_key_file.clone()),
            smtp_url: given.smtp_url.clone().or_else(|| self.file.smtp_url.clone()),
            operator: given.operator.clone().or_else(|| self.file.operator.clone()),
            catalog: given.catalog.clone().or_else(|| self.file.catalog.clone()),
            demo: given.demo,
        })
    }
}

impl Settings {
    /// How people reach the hub, as far as a command can know: as it was told, as the server on this data directory noted, or by default.
    pub(crate) fn base_url(&self, given: Option<&str>) -> String {
        let noted = || std::fs::read_to_string(self.data.join(REACHED_AT)).ok().map(|text| text.trim().to_owned()).filter(|url| !url.is_empty());
        let told = given.map(str::to_owned).or_else(|| self.file.public_url.clone()).or_else(noted);
        told.unwrap_or_else(|| format!("http://{}", self.file.listen.as_deref().unwrap_or(crate::serve::LISTEN)))
    }

    /// Notes how people reach the hub, for the commands beside this server. Without the note they are told with --public-url.
    pub(crate) fn note_base_url(&self, url: &str) {
        let _ = std::fs::create_dir_all(&self.data).and_then(|()| std::fs::write(self.data.join(REACHED_AT), format!("{url}\n")));
    }
}

/// Whether an address has a password before its host.
fn has_password(url: &str) -> bool {
    let after_scheme = url.split_once("://").map_or(url, |(_, rest)| rest);
    // A password may hold any character, so everything before the last '@' counts.
    after_scheme.rsplit_once('@').is_some_and(|(user, _)| user.contains(':')) || url.contains("password=")
}

/// An address without what follows its host: a sender there has an `@` of its own.
fn before_query(url: &str) -> &str {
    url.split_once('?').map_or(url, |(before, _)| before)
}

fn given_as_argument(flag: &str) -> bool {
    std::env::args_os().any(|a| a.to_string_lossy().starts_with(flag))
}

/// A settings file can name a command to run and a store to use, so whoever could write it could act as this user.
fn ensure_ours(path: &Path, file: &std::fs::File) -> Result<(), Failure> {
    let meta = file.metadata().map_err(|e| Failure::usage(format!("{}: {e}", path.display())))?;
    let (owner, me, mode) = (meta.uid(), rustix::process::geteuid().as_raw(), meta.mode() & 0o777);
    if !meta.is_file() {
        return Err(Failure::usage(format!("{} is not a file", path.display())));
    }
    if owner != me && owner != 0 {
        return Err(Failure::usage(format!(
            "{} belongs to the user with id {owner}, and settings are believed only from this user ({me}) or root: run chown on it, or start elsewhere",
            path.display()
        )));
    }
    if mode & 0o022 != 0 {
        return Err(Failure::usage(format!("others than its owner can write {} (mode {mode:o}): run chmod go-w on it", path.display())));
    }
    Ok(())
}

fn read(path: &Path) -> Result<File, Failure> {
    // Opened once, so that what is judged is what is read; without waiting, as a pipe would make it.
    let nonblocking = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).unwrap_or(0);
    let file = std::fs::OpenOptions::new().read(true).custom_flags(nonblocking).open(path);
    let file = file.map_err(|e| Failure::usage(format!("{}: {e}", path.display())))?;
    ensure_ours(path, &file)?;
    let text = crate::commands::read_open(path, file, limits::SETTINGS_FILE_BYTES_MAX)?;
    toml::from_str(&text).map_err(|e| {
        // The place and the setting's name; the line itself may hold the password of a database.
        let line = e.span().and_then(|at| text.get(..at.start)).map_or(1, |before| before.matches('\n').count() + 1);
        let setting = text.lines().nth(line - 1).and_then(|l| l.split_once('=')).map_or("", |(name, _)| name.trim());
        let message = format!("line {line}: {setting}: {}", e.message()).replace(": : ", ": ");
        Failure::usage(format!("{}: {}", path.display(), keywright_domain::text::without_secrets(&message)))
    })
}
