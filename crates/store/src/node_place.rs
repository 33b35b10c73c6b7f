//! The place that a node has seen, kept in a file beside its data, so that it notices when the store goes back in time.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use keywright_domain::change::{Epoch, Place, Position, Tag};

use crate::Store;
use crate::error::StoreError;

/// The file is written at most this often.
const EVERY: Duration = Duration::from_secs(1);
const HEADER: &str = "keywright-place-1";

/// A node's memory of the store's place.
#[derive(Debug)]
pub struct NodePlace {
    path: PathBuf,
    known: Option<Place>,
    written: Option<(Instant, Place)>,
}

/// Why a node does not start on a store.
#[derive(Debug, thiserror::Error)]
pub enum RewindError {
    /// The store ends before what this node has seen.
    #[error(
        "the store has gone back in time: this node has seen position {seen}, and the store ends at {head}. An older copy was put back, so keys that \
         were revoked since then may be accepted again. Put the newer store back, or accept the loss with `keywright restore --accept-rewind`"
    )]
    Behind {
        /// What this node has seen.
        seen: Position,
        /// Where the store ends.
        head: Position,
    },
    /// The store has another entry at the place that this node has seen.
    #[error(
        "the store is not the one that this node has seen: at position {seen} it holds another entry. A copy went another way from some point on. Put the \
         right store back, or accept this one with `keywright restore --accept-rewind`"
    )]
    Forked {
        /// What this node has seen.
        seen: Position,
    },
    /// The file cannot be read or written.
    #[error("{} cannot be used ({cause}): it must be readable and writable by this user", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// The file holds something else.
    #[error("{} is not a file of this release: if it was damaged, remove it; the node then believes the store as it is", path.display())]
    Form {
        /// Which file.
        path: PathBuf,
    },
    /// The store could not say where it is.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl NodePlace {
    /// Reads the file; it need not be there.
    ///
    /// # Errors
    /// [`RewindError::File`], [`RewindError::Form`]
    pub fn open(path: PathBuf) -> Result<Self, RewindError> {
        let known = match fs::read_to_string(&path) {
            Ok(text) => Some(parse(&text).ok_or_else(|| RewindError::Form { path: path.clone() })?),
            Err(e) if e.kind() == io::ErrorKind::NotFound => None,
            Err(cause) => return Err(RewindError::File { path, cause }),
        };
        Ok(Self { path, known, written: None })
    }

    /// The place that the node has seen last, as far as it is remembered.
    #[must_use]
    pub const fn known(&self) -> Option<Place> {
        self.known
    }

    /// Compares what is remembered with the store.
    ///
    /// # Errors
    /// [`RewindError::Behind`] and [`RewindError::Forked`], unless a later epoch says that a rewind was accepted; or the store's.
    pub async fn check(&self, store: &Store) -> Result<(), RewindError> {
        let Some(seen) = self.known else { return Ok(()) };
        let (head, tag) = store.place(seen.position).await?;
        compare(seen, head, tag)
    }

    /// Remembers a place; it is written at once when the last writing is a second ago, or when `now` demands it.
    ///
    /// # Errors
    /// [`RewindError::File`]
    pub fn remember(&mut self, place: Place, now: bool) -> Result<(), RewindError> {
        self.known = Some(place);
        let wait = self.written.is_some_and(|(at, last)| last == place || (!now && at.elapsed() < EVERY));
        if wait {
            return Ok(());
        }
        write(&self.path, place).map_err(|cause| RewindError::File { path: self.path.clone(), cause })?;
        self.written = Some((Instant::now(), place));
        Ok(())
    }
}

/// Whether a store at `head`, which has `tag` at the position of `seen`, continues what was seen.
fn compare(seen: Place, head: Place, tag: Option<Tag>) -> Result<(), RewindError> {
    if head.epoch != seen.epoch {
        // Epochs grow: a later one was begun by somebody who accepted the rewind; an earlier one is an older copy.
        return if head.epoch.0 > seen.epoch.0 { Ok(()) } else { Err(RewindError::Behind { seen: seen.position, head: head.position }) };
    }
    if head.position < seen.position {
        return Err(RewindError::Behind { seen: seen.position, head: head.position });
    }
    let tag = if head.position == seen.position { Some(head.tag) } else { tag };
    // Without a tag the log was trimmed beyond the place: the node was away for longer than the log is kept.
    if tag.is_some_and(|tag| tag != seen.tag) { Err(RewindError::Forked { seen: seen.position }) } else { Ok(()) }
}

fn parse(text: &str) -> Option<Place> {
    let mut words = text.split_whitespace();
    let header = words.next()?;
    let place = Place {
        epoch: Epoch(u128::from_str_radix(words.next()?, 16).ok()?),
        position: Position(words.next()?.parse().ok()?),
        tag: Tag(u128::from_str_radix(words.next()?, 16).ok()?),
    };
    (header == HEADER && words.next().is_none()).then_some(place)
}

/// Puts a new file in the old one's place, whole or not at all.
fn write(path: &Path, place: Place) -> io::Result<()> {
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory)?;
    }
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    // What a crash has left there, or a link that somebody else has put there, is not written through.
    match fs::remove_file(&beside) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
        _ => {}
    }
    let mut file = File::options().write(true).create_new(true).mode(0o600).open(&beside)?;
    writeln!(file, "{HEADER} {:032x} {} {:032x}", place.epoch.0, place.position, place.tag.0)?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    if let Some(directory) = path.parent().filter(|d| !d.as_os_str().is_empty()) {
        File::open(directory)?.sync_all()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(epoch: u128, position: u64, tag: u128) -> Place {
        Place { epoch: Epoch(epoch), position: Position(position), tag: Tag(tag) }
    }

    #[test]
    fn a_store_behind_or_on_another_branch_is_told() {
        let seen = place(5, 10, 77);
        assert!(compare(seen, place(5, 10, 77), None).is_ok());
        assert!(compare(seen, place(5, 20, 1), Some(Tag(77))).is_ok());
        assert!(compare(seen, place(5, 20, 1), None).is_ok(), "trimmed");
        assert!(matches!(compare(seen, place(5, 9, 76), None), Err(RewindError::Behind { .. })));
        assert!(matches!(compare(seen, place(5, 10, 78), Some(Tag(78))), Err(RewindError::Forked { .. })));
        assert!(matches!(compare(seen, place(5, 20, 1), Some(Tag(78))), Err(RewindError::Forked { .. })));
        assert!(compare(seen, place(6, 3, 1), None).is_ok(), "accepted");
        assert!(matches!(compare(seen, place(4, 30, 1), Some(Tag(1))), Err(RewindError::Behind { .. })), "an older life");
    }

    #[test]
    fn a_place_survives_its_file_and_a_broken_file_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("place");
        let mut memory = NodePlace::open(path.clone()).unwrap();
        assert_eq!(memory.known(), None);
        memory.remember(place(u128::MAX, 3, 9), false).unwrap();
        memory.remember(place(u128::MAX, 4, 8), false).unwrap();
        assert_eq!(NodePlace::open(path.clone()).unwrap().known(), Some(place(u128::MAX, 3, 9)), "at most once a second");
        memory.remember(place(u128::MAX, 4, 8), true).unwrap();
        assert_eq!(NodePlace::open(path.clone()).unwrap().known(), Some(place(u128::MAX, 4, 8)));
        let elsewhere = directory.path().join("elsewhere");
        fs::write(&elsewhere, "mine").unwrap();
        std::os::unix::fs::symlink(&elsewhere, directory.path().join("place.new")).unwrap();
        memory.remember(place(u128::MAX, 5, 7), true).unwrap();
        assert_eq!(fs::read_to_string(&elsewhere).unwrap(), "mine", "no link is followed");
        assert_eq!(NodePlace::open(path.clone()).unwrap().known(), Some(place(u128::MAX, 5, 7)));
        fs::write(&path, "keywright-place-1 0 x 0").unwrap();
        assert!(matches!(NodePlace::open(path), Err(RewindError::Form { .. })));
    }
}
