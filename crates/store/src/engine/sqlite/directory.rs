//! Opening a store's directory: whose it is, who else uses it, and what is in it.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use rustix::fs::FlockOperation;
use tokio::sync::mpsc;

use super::file::OpenFile;
use super::{Access, OpenError, OpenOptions, Purpose, Sqlite, connect, readers, reports, schema, thread, upkeep, writer};
use crate::engine::Waker;
use crate::engine::migrate::VERSION;
use crate::error::StoreError;

const FILE: &str = "keywright.db";
const LOCK: &str = "serve.lock";
/// Writes that may wait before the next one is held back.
const QUEUE: usize = 4_096;

/// Opens the store in `directory`.
pub(crate) fn open(directory: &Path, options: &OpenOptions) -> Result<Sqlite, OpenError> {
    let at = directory.display().to_string();
    let store = |cause: StoreError| OpenError::Store { at: at.clone(), cause };
    let path = directory.join(FILE);
    prepare(directory, &path, options.purpose)?;
    let lock = match options.purpose {
        Purpose::Serve | Purpose::Migrate => Some(lock(directory)?),
        Purpose::Command => None,
    };
    let connection = connect(&path, Access::Write).map_err(&store)?;
    // A property of the file; setting it again changes nothing.
    super::patiently(|| connection.pragma_update(None, "journal_mode", "WAL")).map_err(&store)?;
    let found = schema::version(&connection).map_err(&store)?;
    match (found, options.purpose) {
        (newer, _) if newer > VERSION => return Err(OpenError::Newer { at, found: newer, known: VERSION }),
        (0, Purpose::Command) => return Err(OpenError::Missing { at }),
        (older, Purpose::Command) if older < VERSION => return Err(OpenError::Older { at, found: older, known: VERSION }),
        (older, _) if older < VERSION => schema::migrate(&connection, options.lease_ms).map_err(&store)?,
        _ => {}
    }
    if let Some(pages) = options.pages_max {
        connection.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(())).map_err(|e| store(e.into()))?;
    }
    start(path, connection, lock, options.purpose).map_err(&store)
}

fn start(path: PathBuf, connection: rusqlite::Connection, lock: Option<File>, purpose: Purpose) -> Result<Sqlite, StoreError> {
    let waker = Waker::new();
    let queue = Arc::new(AtomicUsize::new(0));
    let file = OpenFile::new(&path).map_err(|e| StoreError::Disk { detail: e.to_string() })?;
    let (lists, mut threads) = readers::Readers::start(&path, readers::LISTS)?;
    let (polls, handles) = readers::Readers::start(&path, readers::POLLS)?;
    threads.extend(handles);
    let (reports, handle) = reports::Reports::start(&path)?;
    threads.push(handle);
    let upkeep = if purpose == Purpose::Serve {
        let (upkeep, handles) = upkeep::Upkeep::start(&path, waker.clone())?;
        threads.extend(handles);
        Some(upkeep)
    } else {
        None
    };
    let (jobs, waiting) = mpsc::channel(QUEUE);
    let writer = writer::Writer { connection, waker: waker.clone(), queue: Arc::clone(&queue), file: file.clone() };
    let writer = Some(thread("writer", move || writer.run(waiting))?);
    Ok(Sqlite {
        jobs: Some(jobs),
        lists: Some(lists),
        polls: Some(polls),
        reports: Some(reports),
        upkeep,
        threads,
        writer,
        queue,
        waker,
        path,
        file,
        _lock: lock,
    })
}

/// Makes directory and file where that is wanted, and checks that both can be written by their owner, who must be this user.
fn prepare(directory: &Path, file: &Path, purpose: Purpose) -> Result<(), OpenError> {
    let not_writable = |path: &Path| {
        let path = path.to_owned();
        move |cause| OpenError::NotWritable { path, cause }
    };
    match fs::metadata(directory) {
        Ok(_) => {}
        Err(e) if e.kind() == io::ErrorKind::NotFound && purpose == Purpose::Command => {
            return Err(OpenError::Missing { at: directory.display().to_string() });
        }
        Err(e) if e.kind() == io::ErrorKind::NotFound => {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(not_writable(directory))?;
        }
        Err(e) => return Err(not_writable(directory)(e)),
    }
    let owner = fs::metadata(directory).map_err(not_writable(directory))?.uid();
    let user = rustix::process::geteuid().as_raw();
    if owner != user {
        return Err(OpenError::Owner { path: directory.to_owned(), owner: user_name(owner), user: user_name(user) });
    }
    rustix::fs::access(directory, rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK).map_err(|e| not_writable(directory)(e.into()))?;
    if !file.exists() && purpose == Purpose::Command {
        return Err(OpenError::Missing { at: directory.display().to_string() });
    }
    // SQLite gives its side files the rights of this one.
    File::options().read(true).write(true).create(true).truncate(false).mode(0o600).open(file).map_err(not_writable(file))?;
    Ok(())
}

/// Holds the directory for as long as the file is open.
fn lock(directory: &Path) -> Result<File, OpenError> {
    let path = directory.join(LOCK);
    let opened = File::options().write(true).create(true).truncate(false).mode(0o600).open(&path);
    let file = opened.map_err(|cause| OpenError::NotWritable { path: path.clone(), cause })?;
    match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(file),
        Err(rustix::io::Errno::WOULDBLOCK) => Err(OpenError::InUse { path }),
        Err(e) => Err(OpenError::NotWritable { path, cause: e.into() }),
    }
}

/// The name of a user, or the number where the system knows none.
fn user_name(uid: u32) -> String {
    let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let named = passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(uid)).then(|| name.to_owned())
    });
    named.unwrap_or_else(|| format!("number {uid}"))
}
