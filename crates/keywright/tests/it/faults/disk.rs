//! A disk that is full or cannot be written: verification goes on, writes say what to do, and all is well once there is room.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use keywright_domain::limits::LEASE_MS_DEFAULT;
use keywright_store::Location;
use keywright_store::testing::TestPlace;

use super::askers::{Asked, Askers};
use super::kit::{detail, does_not_serve, is_root, says};
use crate::support::{Place, wait_until};

/// A small disk of its own, in memory.
struct Disk(tempfile::TempDir);

impl Disk {
    /// None where this user may not mount one; says so.
    fn mount(story: &str) -> Option<Self> {
        if !is_root(story) {
            return None;
        }
        let directory = tempfile::Builder::new().prefix("keywright-disk-").tempdir().unwrap();
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=4m,mode=0700", "tmpfs"]).arg(directory.path()).output().unwrap();
        if !mounted.status.success() {
            eprintln!("{story}: no disk can be mounted here, so it was not told: {}", String::from_utf8_lossy(&mounted.stderr));
            return None;
        }
        Some(Self(directory))
    }

    async fn place(&self) -> Place {
        Place::given(TestPlace::of(Location::Directory(self.path().join("data")))).await
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn ballast(&self) -> std::path::PathBuf {
        self.path().join("ballast")
    }

    /// Until not one more page fits.
    fn fill(&self) {
        use std::io::Write;
        let mut file = fs::File::create(self.ballast()).unwrap();
        while file.write_all(&[1; 4096]).is_ok() {}
    }

    fn make_room(&self) {
        fs::remove_file(self.ballast()).unwrap();
    }

    fn remount(&self, how: &str) {
        let done = Command::new("mount").args(["-o", how]).arg(self.path()).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily: a server of a story that failed may still be there.
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_stops_writes_and_not_verdicts() {
    let Some(disk) = Disk::mount("a full disk") else { return };
    let kw = disk.place().await;
    let mut server = kw.serve(&[]).await;
    let app = kw.application().await;
    let (key, other) = (kw.key(&app, &[]).await, kw.key(&app, &[]).await);
    server.settled().await;
    let token = kw.token().await.to_owned();
    let asked = Asked::new(&key.key);
    let askers = Askers::start(&server.address, &token, std::slice::from_ref(&asked), 2);
    askers.until_accepted(20).await;

    disk.fill();
    let full = Instant::now();
    let create = ["key", "create", "--application", &app.id, "--service", "business-api", "--environment", "production", "--name", "Full", "--json"];
    // What was left of the last page of the log may still hold a write or two.
    let refused = crate::support::wait_for("the disk is full", async || {
        let ran = kw.cli(&create).await;
        (ran.exit != 0).then_some(ran)
    })
    .await
    .exits(5);
    assert_eq!(refused.problem()["code"], "disk_full", "{refused:?}");
    says(&detail(&refused), &["the disk of the store is full", "make room"]);
    for arguments in [&["key", "revoke", &key.id][..], &["key", "revoke", &other.id, "--wait", "all"], &["key", "rotate", &key.id]] {
        let ran = kw.cli(&[arguments, &["--json"]].concat()).await.exits(5);
        says(&detail(&ran), &["full", "make room"]);
    }
    kw.done(&["key", "list", "--application", &app.id]).await;
    // Freshness is proven by reading: verdicts go on for longer than any lease.
    tokio::time::sleep(Duration::from_millis(2 * LEASE_MS_DEFAULT + 500).saturating_sub(full.elapsed())).await;
    assert_eq!((server.code(&key.key).await, server.code(&other.key).await), ("valid".into(), "valid".into()), "nothing of what was refused was kept");
    let tally = askers.finish().await;
    assert!(tally.unavailable * 10 < tally.accepted && tally.lost == 0, "{tally:?}");

    disk.make_room();
    kw.done(&["key", "revoke", &key.id, "--wait", "all"]).await;
    assert_eq!(server.code(&key.key).await, "revoked");
    wait_until("what was counted meanwhile is put down", async || kw.done(&["key", "show", &other.id]).await["last_used_at"].is_string()).await;
    let log = server.stderr();
    assert!(log.lines().filter(|l| l.contains("WARN")).count() < 12, "it is said, and not each time:\n{log}");

    // Nothing starts on a full disk, and it says so.
    server.terminate().await;
    disk.fill();
    says(&does_not_serve(&kw, &[], &[], 5).await, &["full", "make room"]);
    disk.make_room();
    server.restart().await;
    assert_eq!((server.code(&key.key).await, server.code(&other.key).await), ("revoked".into(), "valid".into()));
}

#[tokio::test]
async fn a_disk_that_cannot_be_written_is_named() {
    let Some(disk) = Disk::mount("a read-only disk") else { return };
    let kw = disk.place().await;
    kw.serve(&[]).await.terminate().await;
    disk.remount("remount,ro");
    for arguments in [&["org", "list", "--json"][..], &["org", "create", "Acme", "--owner", "ann@example.com", "--json"]] {
        says(&detail(&kw.cli(arguments).await.exits(5)), &["data", "Read-only file system"]);
    }
    says(&does_not_serve(&kw, &[], &[], 5).await, &["data", "Read-only file system"]);
    disk.remount("remount,rw");
    kw.serve(&[]).await;
}
