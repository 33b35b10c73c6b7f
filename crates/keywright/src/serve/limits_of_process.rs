//! What the system grants a server: as many sockets as it may have, and no image of its memory on a disk.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Files that are no client's connection: the store's, those of the loops, standard streams.
const OWN_FILES: u64 = 64;

/// Raises the soft limit of open files to the hard one, and forbids core dumps: one would hold the key that signs proofs. Gives how many
/// connections can be served at a time, `wanted` at most.
pub(super) fn arrange(wanted: usize) -> usize {
    if let Err(error) = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) }) {
        tracing::warn!(%error, "core dumps could not be forbidden: if this process crashes, one may hold keys");
    }
    let files = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: files.maximum, maximum: files.maximum }) {
        tracing::warn!(%error, "the limit of open files could not be raised");
    }
    let connections = connections(getrlimit(Resource::Nofile).current, wanted);
    if connections < wanted {
        tracing::warn!(connections, "few files may be open at a time (ulimit -n), so this many connections are served at most");
    }
    connections
}

fn connections(files: Option<u64>, wanted: usize) -> usize {
    let room = files.map_or(u64::MAX, |files| files.saturating_sub(OWN_FILES).max(1));
    usize::try_from(room).unwrap_or(usize::MAX).min(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_files_for_the_store() {
        assert_eq!([Some(1_024), Some(1_048_576), None, Some(10)].map(|files| connections(files, 10_000)), [960, 10_000, 10_000, 1]);
    }

    #[test]
    fn all_files_that_may_be_had_are_had_and_there_is_no_core() {
        arrange(10_000);
        let files = getrlimit(Resource::Nofile);
        assert_eq!(files.current, files.maximum);
        assert_eq!(getrlimit(Resource::Core).maximum, Some(0));
    }
}
